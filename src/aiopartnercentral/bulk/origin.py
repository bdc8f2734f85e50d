"""`Origin`: the source and listing of an entry of a bulk collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from aiopartnercentral.bulk.source import Source

__all__ = ["Origin"]


@attrs.frozen(kw_only=True, eq=False)
class Origin:
    """One source and one of the listings that are collected from it.

    Attributes:
        source: the source.
        service: the service's name, such as `partnercentral-account`.
        listing: the listing's name; by default the operation's wire name.
        operation: the operation's wire name, such as `ListConnections`.
    """

    source: Source
    service: str
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
        """The account whose limits the source shares."""
        return self.source.account

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON, without credentials."""
        return {
            "label": self.label,
            "catalog": self.catalog,
            "account": self.account,
            "service": self.service,
            "listing": self.listing,
            "operation": self.operation,
        }

    def __str__(self) -> str:
        return f"{self.label} {self.listing}"
