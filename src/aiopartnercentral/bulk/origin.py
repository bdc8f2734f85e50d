"""Where the entries of a bulk collection come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from aiopartnercentral.bulk.source import Source

__all__ = ["Origin"]


@attrs.frozen(kw_only=True, eq=False)
class Origin:
    """One source and one of the listings that are made of it.

    Attributes:
        source: whose data it is.
        listing: the listing's name: the operation's on the wire, unless it was given another.
        operation: the operation's name on the wire, such as `ListConnections`.
    """

    source: Source
    listing: str
    operation: str

    @property
    def label(self) -> str:
        """The source's label."""
        return self.source.label

    @property
    def catalog(self) -> str:
        """The source's catalog."""
        return self.source.catalog

    @property
    def account(self) -> str:
        """What shares the source's limits."""
        return self.source.account

    def __str__(self) -> str:
        return f"{self.label} {self.listing}"
