"""The list that `collect` returns, and its conversion to tables."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aiopartnercentral._pagination.report import KeyT
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._pagination.report import Report

__all__ = ["Collected"]

EntryT = TypeVar("EntryT")

_FEW: Final = 5
"""How many entries of each of many listings a notebook shows at least."""


class Collected(list[tuple[KeyT, EntryT]]):
    """The list of `(key, entry)` that `collect` returns.

    Attributes:
        report: the progress of each source.
        item_classes: the class of each listing's items, by the listing's name; empty if the entries are not items, but
            pages, batches or bytes.
    """

    report: Report[KeyT]
    item_classes: Mapping[str, Any] = MappingProxyType({})

    def __repr__(self) -> str:
        """Return how many entries it has, and the totals of the report."""
        report = getattr(self, "report", None)  # which it has in the end
        return (
            f"<Collected of {counted(len(self), 'entry', 'entries')}{'' if report is None else f': {report.totals}'}>"
        )

    def _repr_html_(self) -> str:
        """Return a table of the first entries; if there are several listings, one for each."""
        from aiopartnercentral.types.item_html import ROWS, entries_html  # noqa: PLC0415 - only in notebooks

        by_listing: dict[str, list[tuple[KeyT, EntryT]]] = {listing: [] for listing in self.item_classes}
        only = next(iter(self.item_classes), "")
        for key, entry in self:
            by_listing.setdefault(_listing(key, only), []).append((key, entry))
        if len(by_listing) <= 1:
            return entries_html(self, caption="Collected")
        rows = max(_FEW, ROWS // len(by_listing))
        parts = by_listing.items()
        return "".join(entries_html(part, caption=f"Collected, {listing}", rows=rows) for listing, part in parts)

    def to_arrow(self, listing: str | None = None) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Return the items as a `pyarrow.Table`, whose first column is their source.

        Arguments:
            listing: the name of the listing whose items to convert; needed if the listings' items are of several
                classes.

        Raises:
            ImportError: pyarrow is not installed.
            TypeError: the entries are not items.
            ValueError: there is no such listing, or it is needed.
        """
        return self._converted("to_arrow", listing)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the items as an Arrow PyCapsule; see `to_arrow` for the columns and errors.

        `pyarrow.RecordBatchReader.from_stream`, arro3 and nanoarrow use it. Functions that also take lists, such as
        `pyarrow.table`, `polars.DataFrame` and `duckdb.from_arrow`, do not: pass them `to_arrow()`.

        Arguments:
            requested_schema: the capsule of a schema to convert to, if Arrow can do so.
        """
        capsule: object = self.to_arrow().__arrow_c_stream__(requested_schema)
        return capsule

    def to_pandas(self, listing: str | None = None) -> Any:  # noqa: ANN401 - pandas is optional
        """Return the items as a `pandas.DataFrame`; see `to_arrow`.

        Raises:
            ImportError: pandas or pyarrow is not installed.
            TypeError, ValueError: as for `to_arrow`.
        """
        return self._converted("to_pandas", listing)

    def to_polars(self, listing: str | None = None) -> Any:  # noqa: ANN401 - polars is optional
        """Return the items as a `polars.DataFrame`; see `to_arrow`.

        Raises:
            ImportError: polars or pyarrow is not installed.
            TypeError, ValueError: as for `to_arrow`.
        """
        return self._converted("to_polars", listing)

    def _converted(self, function: str, listing: str | None) -> Any:  # noqa: ANN401 - as above
        from aiopartnercentral.sinks import dataframes  # noqa: PLC0415 - rarely needed

        classes = self.item_classes
        if not classes:
            raise TypeError(
                "only items become a table, not pages, batches or bytes: collect without pages(), batches(), raw()"
            )
        if listing is not None or len(set(classes.values())) > 1:
            listing = validators.one_of(classes)("listing", listing)
        entries = self if listing is None else [entry for entry in self if _listing(entry[0], listing) == listing]
        cls = next(iter(classes.values())) if listing is None else classes[listing]
        has_parents = any(getattr(key, "parent", None) is not None for key, _ in entries)
        return getattr(dataframes, function)(entries, cls, pairs=True, parent=has_parents)


def _listing(key: object, only: str) -> str:
    """Return the name of an origin's listing; a catalog is listed by the only one."""
    return getattr(key, "listing", only)
