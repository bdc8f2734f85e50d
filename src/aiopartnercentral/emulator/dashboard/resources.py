"""The items of all services in one form: their kinds, how they are found by identifier, and a summary of each."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import anyio.lowlevel
import attrs

from aiopartnercentral.emulator import services
from aiopartnercentral.emulator.dashboard.redaction import HIDDEN, redacted_item
from aiopartnercentral.emulator.state.collection import ItemCollection
from aiopartnercentral.emulator.state.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiopartnercentral.emulator.services import Service
    from aiopartnercentral.emulator.state.state import State

Item = dict[str, Any]

INDEXED: Final = 50_000
"""How many items of a collection are filtered, sorted and searched, the newest first."""
BUDGET_SECONDS: Final = 0.4
"""How long a page may take to summarise items; the next request of the page continues."""
_CHUNK: Final = 50

_RECORD_KINDS: Final[Mapping[Service, tuple[str, ...]]] = {
    services.BENEFITS: ("benefit-application",),
    services.CHANNEL: ("program-management-account", "relationship", "channel-handshake"),
    services.MARKETING: ("campaign",),
    services.REVENUE: ("revenue-attribution", "marketplace-revenue-share", "allocation"),
}
"""The kinds that are shown even if there are no items of them."""

# The members that a summary is made of, in any case of their first letter; the first one that an item has is used.
_NAMES: Final = ("DisplayName", "EngagementTitle", "Title", "CampaignName", "Name", "CustomerUseCase")
_STATUSES: Final = ("Status", "State", "ReviewStatus", "TaskStatus", "Visibility")
_DETAILS: Final = (
    *("ConnectionType", "ParticipantType", "OpportunityType", "Stage", "Industry", "Category", "PayloadType"),
    *("Program", "HandshakeType", "AssociationType", "FulfillmentTypes", "TenancyModel", "CampaignType", "Type"),
)
_CREATED: Final = ("CreatedAt", "CreatedDate", "InvitationDate", "StartTime")
_UPDATED: Final = ("UpdatedAt", "LastModifiedDate", "LastModifiedAt", "ModifiedAt", "LastSuccessfulExecutionDate")
_TIMES: Final = (*(f"{name[0].lower()}{name[1:]}" for name in _UPDATED), *_UPDATED, *_CREATED)
_EXPIRES: Final = ("ExpiresAt", "ExpirationDate")
_MOST_DETAILS: Final = 3
_MOST_CHANGES: Final = 40


@attrs.frozen
class Summary:
    """A row of a list.

    Attributes:
        identifier: the identifier.
        account: the account that owns the item.
        name: its name, or another text that tells it from others.
        details: values such as types and stages.
        status: its status, and that of each of its parts.
        created: when it was created.
        updated: when it was changed.
        expires: when it expires if it is still pending then.
        text: all its values in lower case, one a line, for the search.
    """

    identifier: str
    account: str
    name: str
    details: str
    status: str
    created: str
    updated: str
    expires: str
    text: str = attrs.field(repr=False)

    def shown(self, now: datetime) -> dict[str, str]:
        """Return what is shown at a time."""
        # The state itself marks expired items only when a request is executed.
        is_expired = self.status == "PENDING" and self.expires and datetime.fromisoformat(self.expires) <= now
        return {
            "id": self.identifier,
            "name": self.name,
            "details": self.details,
            "status": "EXPIRED" if is_expired else self.status,
            "account": self.account,
            "created": self.created,
            "updated": self.updated or self.created,
        }


@attrs.frozen(eq=False, slots=False)
class Collection:
    """The items of one kind in a catalog: those of one account, or those of all accounts.

    Arguments:
        service: the service.
        kind: the name of the kind.
        catalog: the name of the catalog.
        account: the account that owns them; None if several accounts do.
        items: the items themselves, or records of them.
    """

    service: Service
    kind: str
    catalog: str
    account: str | None
    items: ItemCollection | Mapping[str, Item] | Mapping[str, Record]

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def _entries(self) -> list[tuple[str, Item | Record]]:
        # A copy, as other requests are served while the items are summarised.
        return [] if isinstance(self.items, ItemCollection) else list(self.items.items())

    def at(self, index: int) -> tuple[str, str, Item]:
        """Return identifier, account and contents of an item."""
        if isinstance(self.items, ItemCollection):
            item = self.items.item(index)
            return item["Id"], self.account or _owner(item), item
        identifier, found = self._entries[index]
        if isinstance(found, Record):
            return identifier, found.account, found.item
        return identifier, self.account or "", found

    def has(self, identifier: str) -> bool:
        """Return whether there is an item with an identifier."""
        if isinstance(self.items, ItemCollection):
            return self.items.find(identifier) is not None
        return identifier in self.items

    def owners(self) -> list[str]:
        """Return the account of each record; empty if the items have no records."""
        return [found.account for _, found in self._entries if isinstance(found, Record)]

    def versions(self, identifier: str) -> list[Item]:
        """Return the latest versions of an item, oldest first; empty if it does not exist."""
        if isinstance(self.items, ItemCollection):
            return self.items.versions(identifier)
        found = self.items.get(identifier)
        if isinstance(found, Record):
            return list(found.revisions)
        return [] if found is None else [found]

    def owner_of(self, identifier: str) -> str:
        """Return the account that owns an existing item."""
        if self.account is None and isinstance(self.items, ItemCollection):
            return _owner(self.items.find(identifier) or {})
        found = None if isinstance(self.items, ItemCollection) else self.items.get(identifier)
        return found.account if isinstance(found, Record) else self.account or ""

    def summary(self, index: int) -> Summary:
        """Return the summary of an item."""
        identifier, account, item = self.at(index)
        members: dict[str, list[str]] = {}
        for name, text in _leaves("", redacted_item(self.service, item)):
            if text != HIDDEN:
                members.setdefault(f"{name[:1].upper()}{name[1:]}", []).append(text)

        def first(names: tuple[str, ...]) -> list[str]:
            return next((members[name] for name in names if name in members), [])

        details = [text for name in _DETAILS for text in dict.fromkeys(members.get(name, ()))]
        if "ConnectionTypes" in item:
            details = [*item["ConnectionTypes"]]
        return Summary(
            identifier,
            account,
            next(iter(first(_NAMES)), ""),
            ", ".join(details[:_MOST_DETAILS]),
            ", ".join(dict.fromkeys(first(_STATUSES))),
            next(iter(first(_CREATED)), ""),
            next(iter(first(_UPDATED)), ""),
            next(iter(first(_EXPIRES)), ""),
            "\n".join((identifier, account, *(text for _, text in _leaves("", item)))).lower(),
        )


def _owner(item: Mapping[str, Any]) -> str:
    """Return the account that has made an item which several accounts share."""
    return str(item.get("CreatedBy") or item.get("SenderAwsAccountId") or "")


def _leaves(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(str(key), item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(name, item)
    elif value is not None:
        yield name, str(value)


def history(versions: list[Item]) -> list[Item]:
    """Return what each version of an item has changed, the latest first."""
    changes: list[Item] = []
    for number, (before, after) in enumerate(zip([{}, *versions], versions, strict=False), 1):
        old, new = dict(_flat("", before)), dict(_flat("", after))
        differences = [
            {"member": name, "before": old.get(name), "after": new.get(name)}
            for name in dict.fromkeys((*old, *new))
            if old.get(name) != new.get(name)
        ]
        moment = next((new[name] for name in _TIMES if name in new), None)
        shown = differences[:_MOST_CHANGES] if number > 1 else []
        changes.append({"version": number, "at": moment, "changes": shown, "count": len(differences)})
    return changes[::-1]


def _flat(path: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield the path and the value of everything in a JSON value that is not an object or a list."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if entries is None:
        yield path, value
    else:
        for key, item in entries:
            yield from _flat(f"{path}.{key}" if path else str(key), item)


def collections(state: State, now: datetime) -> Iterator[Collection]:
    """Yield all collections; those of the owner of the seeded data come before those of other accounts."""
    for name in state.sizes:
        for own in state.catalogs_unsettled(name):
            own.update_profiles(now)
            preferences = {own.preferences["Arn"].rpartition("/")[2]: own.preferences}
            named = {"connections": own.connections, "connection-invitations": own.invitations}
            named |= {"partners": own.partners}
            for kind, items in named.items():
                yield Collection(services.ACCOUNT, kind, name, own.account, items)
            yield Collection(services.ACCOUNT, "connection-preferences", name, own.account, preferences)
        selling = state.selling(name, now)
        for each in selling.accounts():
            yield Collection(services.SELLING, "opportunities", name, each.account, each.opportunities)
            yield Collection(services.SELLING, "solutions", name, each.account, each.solutions)
            yield Collection(services.SELLING, "tasks", name, each.account, each.tasks)
            yield Collection(services.SELLING, "resource-snapshot-jobs", name, each.account, each.jobs)
        yield Collection(services.SELLING, "engagements", name, None, selling.engagements)
        yield Collection(services.SELLING, "engagement-invitations", name, None, selling.invitations)
        yield Collection(services.SELLING, "resource-snapshots", name, None, selling.snapshots)
        for service, kinds in _RECORD_KINDS.items():
            records = state.records(service.name, name).records
            for kind in dict.fromkeys((*kinds, *records)):
                yield Collection(service, kind, name, None, records.get(kind, {}))


@attrs.define(eq=False)
class Index:
    """Summaries of items that were needed before, so that the next filter, order or search needs less time."""

    _known: dict[tuple[str, str, str, str | None], tuple[object, dict[int, tuple[object, Summary]]]] = attrs.field(
        factory=dict, init=False, repr=False
    )

    async def summaries(self, collection: Collection, deadline: float) -> tuple[list[Summary], bool]:
        """Return the summaries of the newest items, newest first, and whether these are all.

        Other requests are served in between. Cancelling this keeps what is known so far.

        Arguments:
            collection: the items.
            deadline: when to stop, by `time.perf_counter`.
        """
        key = (collection.service.name, collection.kind, collection.catalog, collection.account)
        items = collection.items
        owner, known = self._known.get(key, (None, {}))
        if owner is not items:
            known = {}
            self._known[key] = (items, known)
        found: list[Summary] = []
        made = 0
        oldest = max(0, len(collection) - INDEXED)
        for index in range(len(collection) - 1, oldest - 1, -1):
            stored = items.stored(index) if isinstance(items, ItemCollection) else None
            cached = known.get(index) if isinstance(items, ItemCollection) else None
            if cached is None or cached[0] is not stored:
                if made and made % _CHUNK == 0:
                    await anyio.lowlevel.checkpoint()
                    if perf_counter() > deadline:
                        return found, False
                made += 1
                cached = (stored, collection.summary(index))
                if isinstance(items, ItemCollection):
                    known[index] = cached
            found.append(cached[1])
        return found, oldest == 0
