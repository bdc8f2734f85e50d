"""What each page shows, taken from the world without changing or completing it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.emulator.dashboard.slices import Slice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aiopartnercentral.emulator.persistence.replay import History
    from aiopartnercentral.emulator.protocol import RecordedRequest
    from aiopartnercentral.emulator.state.catalog import Catalog

_ON_THE_OVERVIEW: Final = 15

View = tuple[str, dict[str, Any]]
"""A template, and what it is about."""


@attrs.frozen
class Views:
    """Makes what the pages show.

    Arguments:
        history: has what there is, and the emulator's time.
        requests: what was asked, the latest last.
    """

    history: History
    requests: Sequence[RecordedRequest]

    def overview(self) -> View:
        """Return what stands on the first page: where everybody is, and what was asked last."""
        sides, requests = self._sides(1, size=_ON_THE_OVERVIEW), self._requests(1, size=_ON_THE_OVERVIEW)
        return "overview.html", {"sides": sides, "requests": requests}

    def accounts(self, number: int) -> View:
        """Return a page of all accounts and their catalogs."""
        return "accounts.html", {"sides": self._sides(number)}

    def recent(self, number: int) -> View:
        """Return a page of the requests that are remembered."""
        return "requests.html", {"requests": self._requests(number)}

    def catalog(self, account: str, catalog: str, kind: str, number: int) -> View | None:
        """Return a page of the items of one kind of an account in a catalog; None if there is no such account."""
        side = next((side for side in self._every_side() if (side.account, side.name) == (account, catalog)), None)
        row = _ROWS.get(kind)
        if side is None or row is None:
            return None
        shelf = getattr(side, kind)
        now = self.history.clock.now()
        side.update_profiles(now)
        items = Slice.of(len(shelf), lambda index: row(shelf.item(index), now), number=number)
        return "catalog.html", {"side": _counted(side), "kind": kind, "items": items}

    def _every_side(self) -> Iterator[Catalog]:
        world = self.history.world
        for catalog in world.sizes:
            yield from world.sides_as_they_stand(catalog)

    def _sides(self, number: int, **size: int) -> Slice[Mapping[str, Any]]:
        owner = self.history.world.owner
        sides = sorted(self._every_side(), key=lambda side: (side.account != owner, side.account, side.name))
        return Slice.of(len(sides), lambda index: _counted(sides[-1 - index]), number=number, **size)

    def _requests(self, number: int, **size: int) -> Slice[RecordedRequest]:
        return Slice.of(len(self.requests), self.requests.__getitem__, number=number, **size)


def _counted(side: Catalog) -> Mapping[str, Any]:
    kinds = {kind: len(getattr(side, kind)) for kind in _ROWS}
    return {"account": side.account, "catalog": side.name, "kinds": kinds}


def _connection(item: Mapping[str, Any], _: datetime) -> Mapping[str, Any]:
    types = [
        {
            "type": name,
            "status": kind["Status"],
            **dict(zip(("shown_as", "participant"), next(iter(kind["OtherParticipant"].items())), strict=True)),
        }
        for name, kind in item["ConnectionTypes"].items()
    ]
    return {"id": item["Id"], "other": item["OtherParticipantAccountId"], "types": types, "updated": item["UpdatedAt"]}


def _invitation(item: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    status, expires = item["Status"], item.get("ExpiresAt")
    # It expires by itself, which the catalog takes note of when its account asks for something.
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
    # Not the legal name, which the model calls sensitive: the name that a profile shows.
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
