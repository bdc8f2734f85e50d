"""The contents of each web page, taken from the state without changing it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aiopartnercentral.emulator.persistence.store import StateStore
    from aiopartnercentral.emulator.protocol import RecordedRequest
    from aiopartnercentral.emulator.state.catalog import AccountCatalog

T = TypeVar("T")

ROWS: Final = 50
"""The number of rows of a page."""
_OVERVIEW_ROWS: Final = 15

View = tuple[str, dict[str, Any]]
"""The name of a template, and its variables."""


@attrs.frozen(kw_only=True)
class DashboardPage(Generic[T]):
    """One page of a long list, newest first.

    Attributes:
        rows: the rows of the page.
        number: the page's number, from 1.
        last: the number of the last page.
        start: the number of rows on the pages before.
        total: the number of rows on all pages.
    """

    rows: list[T]
    number: int
    last: int
    start: int
    total: int

    @classmethod
    def of(cls, total: int, make: Callable[[int], T], *, number: int = 1, size: int = ROWS) -> Self:
        """Return a page of a list, making only its rows.

        Arguments:
            total: the length of the list.
            make: makes the row at an index of the list.
            number: the number of the page; the nearest page if it does not exist.
            size: the number of rows of a page.
        """
        last = max(1, -(-total // size))
        number = min(max(1, number), last)
        start = (number - 1) * size
        rows = [make(total - 1 - position) for position in range(start, min(start + size, total))]
        return cls(rows=rows, number=number, last=last, start=start, total=total)


@attrs.frozen
class Views:
    """Makes the contents of the pages.

    Arguments:
        store: has the state and the clock.
        requests: the recent requests, oldest first.
    """

    store: StateStore
    requests: Sequence[RecordedRequest]

    def overview(self) -> View:
        """Return the first page: accounts, catalogs, and the latest requests."""
        catalogs, requests = self._catalogs(1, size=_OVERVIEW_ROWS), self._requests(1, size=_OVERVIEW_ROWS)
        return "overview.html", {"catalogs": catalogs, "requests": requests}

    def accounts(self, number: int) -> View:
        """Return a page of all accounts and their catalogs."""
        return "accounts.html", {"catalogs": self._catalogs(number)}

    def recent(self, number: int) -> View:
        """Return a page of the recent requests."""
        return "requests.html", {"requests": self._requests(number)}

    def catalog(self, account: str, catalog: str, kind: str, number: int) -> View | None:
        """Return a page of the items of one kind of an account in a catalog; None if the account is unknown."""
        wanted = (account, catalog)
        found = next((each for each in self._every_catalog() if (each.account, each.name) == wanted), None)
        row = _ROWS.get(kind)
        if found is None or row is None:
            return None
        collection = getattr(found, kind)
        now = self.store.clock.now()
        found.update_profiles(now)
        items = DashboardPage.of(len(collection), lambda index: row(collection.item(index), now), number=number)
        return "catalog.html", {"catalog": _counted(found), "kind": kind, "items": items}

    def _every_catalog(self) -> Iterator[AccountCatalog]:
        state = self.store.state
        for name in state.sizes:
            yield from state.catalogs_unsettled(name)

    def _catalogs(self, number: int, **size: int) -> DashboardPage[Mapping[str, Any]]:
        owner = self.store.state.owner
        catalogs = sorted(self._every_catalog(), key=lambda each: (each.account != owner, each.account, each.name))
        return DashboardPage.of(len(catalogs), lambda index: _counted(catalogs[-1 - index]), number=number, **size)

    def _requests(self, number: int, **size: int) -> DashboardPage[RecordedRequest]:
        return DashboardPage.of(len(self.requests), self.requests.__getitem__, number=number, **size)


def _counted(catalog: AccountCatalog) -> Mapping[str, Any]:
    kinds = {kind: len(getattr(catalog, kind)) for kind in _ROWS}
    return {"account": catalog.account, "name": catalog.name, "kinds": kinds}


def _connection(item: Mapping[str, Any], _: datetime) -> Mapping[str, Any]:
    types = []
    for name, details in item["ConnectionTypes"].items():
        ((participant_type, participant),) = details["OtherParticipant"].items()
        types.append(
            {
                "type": name,
                "status": details["Status"],
                "participant_type": participant_type,
                "participant": participant,
            }
        )
    return {"id": item["Id"], "other": item["OtherParticipantAccountId"], "types": types, "updated": item["UpdatedAt"]}


def _invitation(item: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    status, expires = item["Status"], item.get("ExpiresAt")
    # The catalog itself marks expired invitations only when its account sends a request.
    if status == "PENDING" and datetime.fromisoformat(item["ExpiresAt"]) <= now:
        status = "EXPIRED"
    return {
        "id": item["Id"],
        "role": item["ParticipantType"],
        "other": item["OtherParticipantIdentifier"],
        "type": item["ConnectionType"],
        "status": status,
        "created": item["CreatedAt"],
        "expires": expires if status == "PENDING" else None,
        "connection": item.get("ConnectionId"),
    }


def _partner(item: Mapping[str, Any], _: datetime) -> Mapping[str, Any]:
    # The display name, as the model calls the legal name sensitive.
    return {
        "id": item["Id"],
        "name": item["Profile"]["DisplayName"],
        "profile": item["Profile"]["ProfileId"],
        "visibility": item["Visibility"],
        "created": item["CreatedAt"],
    }


_ROWS: Final[Mapping[str, Callable[[Mapping[str, Any], datetime], Mapping[str, Any]]]] = {
    "connections": _connection,
    "invitations": _invitation,
    "partners": _partner,
}
