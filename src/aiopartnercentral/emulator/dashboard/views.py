"""The contents of each page, as JSON, taken from the state and from the recent requests without changing them."""

from __future__ import annotations

from functools import partial
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from aiopartnercentral.emulator.dashboard import requests
from aiopartnercentral.emulator.dashboard.kinds import collections
from aiopartnercentral.emulator.dashboard.pages import ROWS, page_of, paged
from aiopartnercentral.emulator.dashboard.redaction import redacted_item, redacted_request, redacted_response
from aiopartnercentral.emulator.dashboard.resources import BUDGET_SECONDS, INDEXED, Budget, Index, history
from aiopartnercentral.emulator.operations.account.verification import COMPLETION_PATH
from aiopartnercentral.emulator.operations.registry import is_read
from aiopartnercentral.emulator.recording import Recorder, Replay
from aiopartnercentral.emulator.scenario import CHANGEABLE, shipped
from aiopartnercentral.emulator.services import SERVICES
from aiopartnercentral.emulator.state.clock import CLOCK_LOCK, format_timestamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.steps import in_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aiopartnercentral.emulator.dashboard.resources import Collection, Entry
    from aiopartnercentral.emulator.persistence.store import StateStore
    from aiopartnercentral.emulator.pipeline import RequestPipeline
    from aiopartnercentral.emulator.state.tasks import Verification

MOST_SEED: Final = 10**18 - 1
"""The largest seed that the form accepts, so that it is exact in JSON."""
_FEW: Final = 12
_ORDERS: Final = ("newest", "name", "status", "details", "account", "created", "updated")

Data = dict[str, Any]


@attrs.frozen
class View:
    """The contents of a page.

    Attributes:
        template: the name of its template.
        data: everything that it shows.
        status: the HTTP status.
    """

    template: str
    data: Data
    status: int = 200


@attrs.frozen
class Views:
    """Makes the contents of the pages.

    Arguments:
        store: has the state and the clock.
        pipeline: has the recent requests, the faults and the other settings.
    """

    store: StateStore
    pipeline: RequestPipeline
    _index: Index = attrs.field(factory=Index, init=False)

    @property
    def now(self) -> datetime:
        """The emulator's time."""
        return self.store.clock.now()

    def revision(self) -> tuple[object, ...]:
        """Return something that differs after a request, another list of faults, or a stop of the clock."""
        return self.pipeline.processed, id(self.pipeline.settings.injector), self.store.clock.running

    def clock_offset(self) -> float:
        """Return seconds that differ only after the clock was moved."""
        return self.now.timestamp() - (perf_counter() if self.store.clock.running else 0)

    async def settle(self) -> None:
        """Apply the changes by time that may be many, and let other requests be served in between."""
        for name in self.store.state.sizes:
            await in_steps(partial(self._settle, name))

    def _settle(self, name: str) -> None:
        with CLOCK_LOCK:
            self.store.state.settle(name, self.now)

    def collections(self) -> list[Collection]:
        """Return all collections of items; there are none if another service or a file answers requests."""
        return [] if self.pipeline.upstream is not None else list(collections(self.store.state, self.now))

    def overview(self) -> View:
        """Return how many items of each kind each catalog has, and the latest requests."""
        latest = [requests.row(each) for each in islice(reversed(self.pipeline.requests), _FEW)]
        data = {"catalogs": [*self.store.state.sizes], "services": self._counts(len), "requests": latest}
        return View("overview.html", data | self.facts())

    def _counts(self, count: Callable[[Collection], int]) -> dict[str, list[Data]]:
        """Return for each service its kinds, with what a function counts in each catalog."""
        found: dict[str, dict[str, dict[str, int]]] = {name: {} for name in SERVICES}
        for each in self.collections():
            row = found[each.service.name].setdefault(each.kind, dict.fromkeys(self.store.state.sizes, 0))
            row[each.catalog] += count(each)
        return {name: [{"kind": kind, "counts": row} for kind, row in kinds.items()] for name, kinds in found.items()}

    def facts(self) -> Data:
        """Return the figures that every page shows, and what answers requests instead of the emulator."""
        settings, upstream = self.pipeline.settings, self.pipeline.upstream
        return {
            "recorded_requests": len(self.pipeline.requests),
            "valid_codes": len(settings.codes),
            "completion_urls": sum(1 for _ in self._waiting()),
            "active_faults": len(settings.injector.faults),
            "record": str(upstream.path) if isinstance(upstream, Recorder) else None,
            "replay": str(upstream.path) if isinstance(upstream, Replay) else None,
            "answers_itself": upstream is None,
        }

    def _waiting(self) -> Iterator[tuple[str, Verification]]:
        """Yield each verification that waits for its completion URL to be opened, with its account."""
        for (account, _), each in list(self.store.state.verifications.items()):
            if each.secret is not None and each.status(self.now) == "PENDING_CUSTOMER_ACTION":
                yield account, each

    def _accounts(self) -> dict[str, dict[str, int]]:
        """Return the number of requests and the numbers of items of each account, by service; the owner comes first."""
        found: dict[str, dict[str, int]] = {self.store.state.owner: {}}
        for each in self.collections():
            for account, count in each.sizes().items():
                if not account:  # what AWS publishes
                    continue
                row = found.setdefault(account, {})
                row[each.service.name] = row.get(each.service.name, 0) + count
        for record in self.pipeline.requests:
            row = found.setdefault(record.account, {})
            row["requests"] = row.get("requests", 0) + 1
        return found

    def accounts(self, query: Mapping[str, str]) -> View:
        """Return a page of all accounts."""
        found = self._accounts()
        owner = self.store.state.owner
        names = sorted(found, key=lambda account: (account != owner, account))
        at = paged(len(names), page_of(query))
        rows = [
            {"account": name, "items": sum(found[name].get(each, 0) for each in SERVICES), **found[name]}
            for name in names[at["start"] : at["start"] + ROWS]
        ]
        return View("accounts.html", {"owner": owner, "rows": rows, **at})

    def account(self, account: str) -> View:
        """Return the items, the verifications, the used quotas and the latest requests of an account."""
        state, now = self.store.state, self.now
        counts = self._counts(lambda each: each.sizes().get(account, 0))
        services = {name: [row for row in kinds if any(row["counts"].values())] for name, kinds in counts.items()}
        verifications = [
            {"kind": each.kind, "status": each.status(now), "started": format_timestamp(each.started_at)}
            for (owner, _), each in state.verifications.items()
            if owner == account
        ]
        usage = [
            {"catalog": own.name, "usage": "codes for one address" if "@" in name else name, "used": counter.count(now)}
            for catalog in state.sizes
            for own in state.catalogs_unsettled(catalog)
            if own.account == account
            for name, counter in own.usage.items()
        ]
        roles = [
            {"catalog": name, "role": own.role}
            for name in state.sizes
            for own in state.selling(name, now).accounts()
            if own.account == account and own.role is not None
        ]
        latest = [requests.row(each) for each in reversed(self.pipeline.requests) if each.account == account]
        data = {"account": account, "is_owner": account == state.owner, "usage": usage}
        data |= {"catalogs": [*state.sizes], "services": {name: kinds for name, kinds in services.items() if kinds}}
        more = {"verifications": verifications, "roles": roles, "requests": latest[:_FEW]}
        return View("account.html", data | more)

    async def listed(self, catalog: str, service: str, kind: str, query: Mapping[str, str]) -> View | None:
        """Return a page of the items of a kind; None if there is no such kind or catalog."""
        found = [
            each
            for each in self.collections()
            if (each.catalog, each.service.name, each.kind) == (catalog, service, kind)
        ]
        if not found:
            return None
        found.sort(key=lambda each: each.account == self.store.state.owner)  # what clients have made comes first
        account, order = query.get("account", ""), _choice(query, "sort", _ORDERS)
        wanted = {name: query.get(name, "").lower() for name in ("q", "status")}
        if account:
            found = [each for each in found if each.account in (account, None)]
        is_shared = any(each.account is None for each in found)
        is_complete = True
        if order == "newest" and not any(wanted.values()) and not (account and is_shared):
            at = paged(sum(map(len, found)), page_of(query))
            rows = [each.summary(index).shown(self.now) for each, index in _newest(found, at["start"], ROWS)]
        else:
            is_summarised = order != "newest" or bool(wanted["status"] or account)
            parts = [name for name, is_needed in (("text", wanted["q"]), ("summary", is_summarised)) if is_needed]
            entries, is_complete = await self._entries(found, *parts)
            kept = [each for each in entries if not wanted["q"] or wanted["q"] in each.text]
            if is_summarised:
                kept = [
                    each
                    for each in kept
                    if _is_in(wanted["status"], each.summary.shown(self.now)["status"])
                    and account in ("", each.summary.account)
                ]
            if order != "newest":
                is_latest_first = order in ("created", "updated")
                kept.sort(key=lambda each: each.summary.shown(self.now)[order], reverse=is_latest_first)
            at = paged(len(kept), page_of(query))
            rows = [each.summary.shown(self.now) for each in kept[at["start"] : at["start"] + ROWS]]
        data = {"catalog": catalog, "service": service, "kind": kind, "rows": rows, "sort": order, "orders": _ORDERS}
        more = {"is_complete": is_complete, "limit": INDEXED, "of": sum(map(len, found))}
        return View("items.html", data | more | at)

    async def _entries(self, found: Iterable[Collection], *parts: str) -> tuple[list[Entry], bool]:
        """Return the items that could be examined in the time of a page, and whether these are all."""
        budget, complete = Budget(BUDGET_SECONDS), True
        entries: list[Entry] = []
        for each in found:
            more, is_all = await self._index.entries(each, budget, *parts)
            entries += more
            complete = complete and is_all
        return entries, complete

    def places(self, identifier: str) -> list[Data]:
        """Return where an item is, from the point of view of each account that has it."""
        return [
            {
                "service": each.service.name,
                "kind": each.kind,
                "catalog": each.catalog,
                "account": each.owner_of(identifier),
                "versions": [redacted_item(each.service, item) for item in versions],
                "tags": each.tags_of(versions[-1]),
            }
            for each in self.collections()
            if (versions := each.versions(identifier))
        ]

    def item(self, identifier: str) -> View | None:
        """Return an item, its history, and the requests that touched it; None if nothing is known of it."""
        places = self.places(identifier)
        for place in places:
            place["item"] = place["versions"][-1]
            place["history"] = history(place.pop("versions"))
        wanted = identifier.encode()
        touching = [
            each
            for each in reversed(self.pipeline.requests)
            if wanted in each.text or (each.response is not None and wanted in each.response)
        ]
        if not places and not touching:
            return None
        changes = [requests.row(each) for each in touching if not is_read(each.operation)]
        reads = [requests.row(each) for each in touching if is_read(each.operation)]
        data = {"id": identifier, "places": places, "changes": changes[:ROWS], "reads": reads[:ROWS]}
        return View("item.html", data | {"touched": len(touching)})

    def requests(self, query: Mapping[str, str]) -> View:
        """Return a page of the recent requests that pass the filters."""
        found = requests.selected(self.pipeline.requests, query)
        at = paged(len(found), page_of(query))
        rows = [requests.row(each) for each in found[at["start"] : at["start"] + ROWS]]
        kinds = sorted({kind for each in self.pipeline.requests for kind in each.faults})
        data = {"rows": rows, "sort": requests.order(query), "orders": requests.ORDERS, "faults": kinds}
        more = {"services": [*SERVICES], "recorded": len(self.pipeline.requests)}
        return View("requests.html", data | more | at)

    def request(self, request_id: str) -> View | None:
        """Return a recent request with its body and response; None if it is not recorded any more."""
        record = next((each for each in reversed(self.pipeline.requests) if each.request_id == request_id), None)
        if record is None:
            return None
        service = SERVICES[record.service]
        data = {
            **requests.row(record),
            "request_bytes": record.size,
            "response_bytes": None if record.response is None else len(record.response),
            "request": redacted_request(service, record),
            "response": redacted_response(service, record, is_own=self.pipeline.upstream is None),
        }
        return View("request.html", {"request": data})

    def inbox(self, *, problem: str = "", done: str = "") -> View:
        """Return the valid verification codes, and the verifications that wait for their completion URL.

        Arguments:
            problem: why the form was refused.
            done: what the form has done.
        """
        codes = [
            {
                "account": each.account,
                "catalog": each.catalog,
                "email": each.email,
                "code": each.code,
                "expires": format_timestamp(each.expires_at),
            }
            for each in self.pipeline.settings.codes
        ]
        waiting = [
            {
                "account": account,
                "kind": each.kind,
                "started": format_timestamp(each.started_at),
                "completion_path": f"{COMPLETION_PATH}{each.secret}",
            }
            for account, each in self._waiting()
        ]
        data = {
            "catalogs": [*self.store.state.sizes],
            "owner": self.store.state.owner,
            "problem": problem,
            "done": done,
        }
        return View("inbox.html", data | {"codes": codes, "verifications": waiting}, 400 if problem else 200)

    def settings(self, *, problem: str = "", form: str = "", text: str | None = None, done: str = "") -> View:
        """Return the settings with the keys of a scenario, and what can be set.

        Arguments:
            problem: why a form was refused.
            form: the name of that form, or of the one that was accepted.
            text: what was sent instead of the changes that the page proposes.
            done: what a form has done.
        """
        struck: dict[str, int] = {}
        for record in self.pipeline.requests:
            for kind in record.faults:
                struck[kind] = struck.get(kind, 0) + 1
        scenario = dict(self.pipeline.settings.scenario)
        changes = {key: scenario[key] for key in CHANGEABLE if key != "clock"}
        data = {**scenario, "struck": struck, "scenarios": list(shipped()), "problem": problem, "form": form}
        proposed = msgspec.json.format(encode(changes), indent=2).decode()
        more = {"done": done, "changes": proposed if text is None else text, "most_seed": MOST_SEED}
        more |= {"has_state_file": self.store.has_file}
        return View("settings.html", data | more, 400 if problem else 200)

    def connect(self, endpoint_url: str) -> View:
        """Return what clients need to use the emulator."""
        catalog = next(iter(self.store.state.sizes), "AWS")
        variables = {name: each.endpoint_variable for name, each in SERVICES.items()}
        is_open = self.pipeline.authenticator.credentials is None
        data = {"endpoint_url": endpoint_url, "catalog": catalog, "variables": variables, "accepts_any": is_open}
        return View("connect.html", data | {"owner": self.store.state.owner})

    async def search(self, query: Mapping[str, str]) -> View:
        """Return the items, requests and accounts that contain a text."""
        text = query.get("q", "").strip()
        data: Data = {"q": text, "places": [], "rows": [], "requests": [], "accounts": []}
        more: Data = {"is_complete": True, "limit": INDEXED, "request_count": 0, **paged(0, 1)}
        if not text:
            return View("search.html", data | more)
        identifier = text.rpartition("/")[2]
        data["places"] = [{**each, "versions": len(each["versions"])} for each in self.places(identifier)]
        data["id"] = identifier
        data["accounts"] = [each for each in self._accounts() if text in each][:_FEW]
        touching = [each for each in reversed(self.pipeline.requests) if requests.mentions(each, text)]
        data["requests"] = [requests.row(each) for each in touching[:_FEW]]
        more["request_count"] = len(touching)
        entries, more["is_complete"] = await self._entries(self.collections(), "text")
        kept = [each for each in entries if text.lower() in each.text]
        at = paged(len(kept), page_of(query))
        for each in kept[at["start"] : at["start"] + ROWS]:
            place = {name: getattr(each.collection, name) for name in ("kind", "catalog")}
            data["rows"].append({"service": each.collection.service.name, **place, **each.summary.shown(self.now)})
        return View("search.html", data | more | at)


def _choice(query: Mapping[str, str], name: str, options: Sequence[str]) -> str:
    return query[name] if query.get(name) in options else options[0]


def _newest(found: Iterable[Collection], start: int, size: int) -> Iterator[tuple[Collection, int]]:
    """Yield a part of the items of several collections, each newest first."""
    for each in found:
        taken = min(max(0, len(each) - start), size)
        for position in range(start, start + taken):
            yield each, each.indices[len(each) - 1 - position]
        start, size = max(0, start - len(each)), size - taken


def _is_in(wanted: str, status: str) -> bool:
    """Return whether one of the parts of a status begins with a text; so `active` does not select what is inactive."""
    return any(each.startswith(wanted.replace(" ", "_")) for each in status.lower().replace(" ", "_").split(",_"))
