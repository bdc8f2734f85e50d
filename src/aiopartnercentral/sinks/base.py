"""What every sink takes, and what every sink does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, runtime_checkable

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiopartnercentral.types import JsonValue, MalformedItem

__all__ = ["SOURCE", "Page", "Sink"]

SOURCE: Final = ("source_label", "source_catalog")
"""The columns of a table that say where an item is from."""


@attrs.frozen
class Page:
    """What is written in one piece.

    Attributes:
        label: of the source.
        catalog: that the items are from.
        operation: what they were listed by; from a bulk collection, the listing's name.
        items: the typed items; empty where only their JSON was fetched.
        raw: each item's JSON on one line, as served; empty where only typed items were fetched. Neither is in the repr,
            since members may be sensitive.
        malformed: items of the page that are not among the items, because they cannot be decoded.
    """

    label: str
    catalog: str
    operation: str
    items: Sequence[object] = attrs.field(default=(), repr=False)
    raw: Sequence[bytes] = attrs.field(default=(), repr=False)
    malformed: Sequence[MalformedItem] = ()


@runtime_checkable
class Sink(Protocol):
    """Where pages go. One call at a time; `open` comes first, `finish` or `abandon` last.

    A file appears whole or not at all: what is written lies beside it under another name until `finish`. The position
    that `flush` gives is plain JSON. A later process that opens the sink with it goes on exactly there, so an output
    is exact if the position is kept together with where the fetching was.
    """

    @property
    def wants(self) -> Literal["raw", "items"]:
        """What it needs of a page."""
        ...

    async def open(self, position: JsonValue | None = None, *, token: str | None = None) -> None:
        """Begin anew, or go on at a position that `flush` gave, and drop whatever was written after it.

        Arguments:
            position: where to go on; None to begin anew.
            token: what unfinished files are named after, such as the identity of a run. Whoever begins anew with the
                same one replaces what an earlier process left; by default it is something new each time.

        Cancelling it leaves what a later `open` needs; `abandon` closes what it may have opened.

        Raises:
            SinkError: the output cannot be written, or what was unfinished is not there any more, or shorter than the
                position says, or other than it was.
        """
        ...

    async def write(self, page: Page) -> None:
        """Take the page over; returns when there is room for another.

        After cancelling it, only the position of the last `flush` says what is written.

        Raises:
            SinkError: it cannot be written. Nothing more can be, then; the position of the last `flush` stays good.
            ValueError: the page does not hold what the sink wants.
        """
        ...

    async def flush(self) -> JsonValue:
        """Hand everything taken over to the operating system, and return the position after it.

        After cancelling it, the position that the last `flush` returned stays good.

        Raises:
            SinkError: as `write`.
        """
        ...

    async def finish(self) -> None:
        """Complete the output and put it in its place. Cancelling it does not interrupt it half way.

        Raises:
            SinkError: it cannot be done. An earlier output is as it was, and a position of `flush` stays good.
        """
        ...

    async def abandon(self, *, keep: bool) -> None:
        """Close. It runs to its end even when cancelled; once the sink is finished or abandoned it does nothing.

        Arguments:
            keep: whether the unfinished output stays for a later `open`; otherwise it is removed.
        """
        ...
