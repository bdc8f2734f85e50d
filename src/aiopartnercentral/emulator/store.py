"""The items of one catalog: made on first use, encoded once, found by identifier or by filter."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import attrs
import msgspec

from aiopartnercentral.emulator.dice import index_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiopartnercentral.emulator.seed import Seed

_REMEMBERED_FILTERS = 64

_encoder = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """Return a value as compact JSON."""
    return _encoder.encode(value)


@cache
def _shared(labels: frozenset[str]) -> frozenset[str]:
    """Return one and the same object for equal labels: there are few combinations and many items."""
    return labels


@attrs.frozen
class Facets:
    """What an item can be found by.

    Attributes:
        labels: what filters name, such as `SUBSIDIARY`, `SUBSIDIARY:ACTIVE`, `PENDING` and `SENDER`.
        others: identifiers of the other participant: its account, and profiles where it shows them.
    """

    labels: frozenset[str]
    others: tuple[str, ...] = ()


@attrs.define
class Shelf:
    """The items of one kind in one catalog.

    Arguments:
        count: how many there are.
        make: makes the item at an index, with everything that its Get operations tell.
        summarise: cuts an item down to what its List operation tells.
        facets_of: says what an item can be found by.
    """

    count: int
    _make: Callable[[int], dict[str, Any]]
    _summarise: Callable[[dict[str, Any]], dict[str, Any]]
    _facets_of: Callable[[dict[str, Any]], Facets]
    _encoded: dict[int, bytes] = attrs.field(factory=dict, init=False, repr=False)
    _facets: list[Facets] | None = attrs.field(default=None, init=False, repr=False)
    _matches: OrderedDict[tuple[frozenset[str], frozenset[str]], Sequence[int]] = attrs.field(
        factory=OrderedDict, init=False, repr=False
    )

    def find(self, identifier: str) -> dict[str, Any] | None:
        """Return the item with this identifier, or None."""
        index = index_of(identifier)
        if index >= self.count:
            return None
        item = self._make(index)
        return item if item["Id"] == identifier else None

    def summaries(self, indices: Sequence[int]) -> list[bytes]:
        """Return the summaries at these indices as JSON."""
        return [self._encoded.get(index) or self._encode(index) for index in indices]

    def _encode(self, index: int) -> bytes:
        made = self._encoded[index] = encode(self._summarise(self._make(index)))
        return made

    def matching(self, labels: frozenset[str], others: frozenset[str]) -> Sequence[int]:
        """Return the indices of the items that have all labels and, if there are others, one of them.

        The first filter walks every item; the pages of one list are then cut from one remembered answer.
        """
        if not labels and not others:
            return range(self.count)
        found = self._matches.pop((labels, others), None)
        if found is None:
            if self._facets is None:
                self._facets = [self._facets_of(self._make(index)) for index in range(self.count)]
            found = [
                index
                for index, facets in enumerate(self._facets)
                if labels <= facets.labels and (not others or not others.isdisjoint(facets.others))
            ]
        self._matches[labels, others] = found
        if len(self._matches) > _REMEMBERED_FILTERS:
            self._matches.popitem(last=False)
        return found


def _connection_summary(connection: dict[str, Any]) -> dict[str, Any]:
    types = connection["ConnectionTypes"]
    return connection | {
        "ConnectionTypes": {
            name: {"Status": kind["Status"], "OtherParticipant": kind["OtherParticipant"]}
            for name, kind in types.items()
        }
    }


def _connection_facets(connection: dict[str, Any]) -> Facets:
    labels = set()
    others = {connection["OtherParticipantAccountId"]}
    for name, kind in connection["ConnectionTypes"].items():
        labels |= {name, f"{name}:{kind['Status']}"}
        others |= {other["Id"] for other in kind["OtherParticipant"].values() if "Id" in other}
    return Facets(_shared(frozenset(labels)), tuple(others))


def _invitation_summary(invitation: dict[str, Any]) -> dict[str, Any]:
    hidden = ("InvitationMessage", "InviterEmail", "InviterName")
    return {name: value for name, value in invitation.items() if name not in hidden}


def _invitation_facets(invitation: dict[str, Any]) -> Facets:
    labels = frozenset(invitation[name] for name in ("ConnectionType", "Status", "ParticipantType"))
    return Facets(_shared(labels), (invitation["OtherParticipantIdentifier"],))


def _partner_summary(partner: dict[str, Any]) -> dict[str, Any]:
    return {name: partner[name] for name in ("Catalog", "Arn", "Id", "LegalName", "CreatedAt")}


def _partner_facets(partner: dict[str, Any]) -> Facets:
    return Facets(frozenset(), (partner["Id"],))


@attrs.frozen
class Catalog:
    """One catalog's connections, invitations and partners; its preferences are the seed's."""

    seed: Seed
    connections: Shelf
    invitations: Shelf
    partners: Shelf

    @classmethod
    def of(cls, seed: Seed) -> Self:
        """Return the catalog whose items this seed makes."""
        return cls(
            seed,
            Shelf(seed.connections, seed.connection, _connection_summary, _connection_facets),
            Shelf(seed.invitations, seed.invitation, _invitation_summary, _invitation_facets),
            Shelf(seed.partners, seed.partner, _partner_summary, _partner_facets),
        )
