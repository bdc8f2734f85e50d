"""The `Sink` protocol, and the pages that a sink writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, runtime_checkable

import attrs

from aiopartnercentral._utils import validators

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from aiopartnercentral.types import JsonValue, MalformedItem

__all__ = [
    "MISMATCHES",
    "PARENT_COLUMN",
    "SOURCE_COLUMNS",
    "EarlierFile",
    "Page",
    "Sink",
    "WrongClassError",
    "begin_run",
    "check_classes",
    "check_output",
    "chosen_columns",
    "earlier_files",
    "mismatch_text",
    "origin_cells",
    "origin_columns",
    "output_paths",
    "parent_text",
    "paths_at",
    "spooled_files",
]

SOURCE_COLUMNS: Final = ("source_label", "source_catalog")
"""The columns of a CSV or Parquet file that name an item's source."""

PARENT_COLUMN: Final = "source_parent"
"""The column after them that names the parent of an item of a nested listing."""

MISMATCHES: Final = (TypeError, ValueError, AttributeError, ArithmeticError, NotImplementedError)
"""The errors of converting an item that does not match its class; their messages quote values."""


class WrongClassError(TypeError):
    """A value is not of the expected class; unlike those of other errors, the message quotes no value."""


@attrs.frozen
class Page:
    """Items of one source that are written together.

    Attributes:
        label: the source's label.
        catalog: the catalog that the items are from.
        operation: the operation that listed them; in a bulk collection, the listing's name.
        items: the typed items; empty if only their JSON was fetched. Not in the repr, since members may be sensitive.
        raw: each item's JSON on one line, as the service sent it; empty if only typed items were fetched. Not in the
            repr either.
        malformed: items that could not be decoded, and so are not among the items.
        account: the source's account.
        service: the service's name, such as `partnercentral-account`.
        parent: for items of a nested listing, the request members that their parent gave; None for others. Not in the
            repr, since they may be sensitive.
    """

    label: str
    catalog: str
    operation: str
    items: Sequence[object] = attrs.field(default=(), repr=False)
    raw: Sequence[bytes] = attrs.field(default=(), repr=False)
    malformed: Sequence[MalformedItem] = ()
    account: str = attrs.field(default="", kw_only=True)
    service: str = attrs.field(default="", kw_only=True)
    parent: Mapping[str, str] | None = attrs.field(default=None, kw_only=True, repr=False)

    @property
    def parent_text(self) -> str | None:
        """The parent as a column has it: the value of its only member, or a JSON object of several."""
        return parent_text(self.parent)


@attrs.frozen
class EarlierFile:
    """A file that an earlier run wrote: this run could have written it, and has not.

    Attributes:
        path: its path.
        written_at: when it was last written, in UTC.
    """

    path: str
    written_at: datetime


@runtime_checkable
class Sink(Protocol):
    """Writes pages. Call `open` first and `commit` or `abort` last, and make one call at a time.

    After `abort`, `open` can be called again; nothing of the run before has an effect on that.

    The output is written atomically: until `commit` it is a partial file next to the final path. `flush` returns a
    position, which is plain JSON. A later process that passes it to `open` resumes exactly there. So save the position
    together with the progress of the fetching, and no item is lost or written twice.

    A sink that writes files may have more methods. `run_began(began)`, called before all others and again before
    `open`, gets the time at which the run began, or the run that it resumes. `paths(pages)` returns the paths of the
    files. `paths_at(position)` returns those of the earlier run that has saved the position, if they may be others. The
    async method `earlier_files()`, called after `commit` or `abort`, returns each `EarlierFile`. The async method
    `check()`, called before `open`, raises `SinkError` if the output cannot be written, as far as that can be known
    before anything is collected; then `abort` is called, too. `check_classes(classes)`, called before `check`, gets the
    class of each listing's items, and raises `TypeError` or `ValueError` if the sink cannot write them.
    """

    @property
    def wants(self) -> Literal["raw", "items"]:
        """The attribute of a page that the sink writes."""
        ...

    async def open(self, position: JsonValue | None = None, *, run_id: str | None = None) -> None:
        """Start a new output, or resume one and drop what was written after the position.

        If this is cancelled, nothing that a later `open` needs is lost. Call `abort` to close what was opened.

        Arguments:
            position: what `flush` returned, to resume there; None to start over.
            run_id: identifies the run that starts the output, and names the partial files. Starting over with the same
                one replaces the partial files of an earlier process. Without it, starting over removes what killed
                processes without an id have left of the output.

        Raises:
            SinkError: the output cannot be written.
            PositionError: the output cannot be resumed: the partial file is missing, too short or was changed.
        """
        ...

    async def write(self, page: Page) -> None:
        """Write a page; returns when there is room for another.

        If this is cancelled, it is unknown whether the page was written: resume from the last position.

        Raises:
            SinkError: the output cannot be written. The sink writes nothing more; the last position stays valid.
            ValueError: the page does not have what the sink wants.
        """
        ...

    async def flush(self) -> JsonValue:
        """Sync everything written so far to disk, and return the position after it, which survives a power failure.

        If this is cancelled, the position that the previous `flush` returned stays valid.

        Raises:
            SinkError: as for `write`.
        """
        ...

    async def commit(self) -> None:
        """Complete the output and move it to its final path. A cancellation does not interrupt this halfway.

        Raises:
            SinkError: that failed. An earlier output is unchanged, and the last position stays valid.
        """
        ...

    async def abort(self, *, keep: bool) -> None:
        """Close the sink without completing the output; does nothing after `commit` or `abort`.

        It runs to completion even if it is cancelled.

        Arguments:
            keep: whether to keep the partial file, so that a later `open` can resume; otherwise it is deleted.
        """
        ...


def parent_text(parent: Mapping[str, str | None] | None) -> str | None:
    """Return a parent as a column has it: the value of its only member, or a JSON object of several."""
    if parent is None or len(parent) == 1:
        return None if parent is None else next(iter(parent.values()))
    return json.dumps(dict(parent), separators=(",", ":"))


def origin_columns(*, source: bool, parent: bool) -> tuple[str, ...]:
    """Return the columns that say where an item is from: its source, and its parent."""
    return (*(SOURCE_COLUMNS if source else ()), *((PARENT_COLUMN,) if parent else ()))


def origin_cells(page: Page, *, source: bool, parent: bool) -> tuple[str | None, ...]:
    """Return the values of these columns for the items of a page."""
    return (*((page.label, page.catalog) if source else ()), *((page.parent_text,) if parent else ()))


def chosen_columns(columns: Sequence[str] | None, available: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns to write; all of those that are available for None.

    Raises:
        TypeError: `columns` is not a collection of names.
        ValueError: it is empty, has a name twice, or one that is not available.
    """
    if columns is None:
        return tuple(available)
    name = validators.one_of(available)
    return validators.collection_of(name, "a collection of column names", not_empty=True, unique=True)(
        "columns", columns
    )


def begin_run(sink: Sink, began: datetime) -> None:
    """Tell a sink when the run that it is opened for began; does nothing if it has no such method.

    So every file of a run has the same day in its name, no matter when the sink was made or is opened.
    """
    run_began: Callable[[datetime], None] | None = getattr(sink, "run_began", None)
    if run_began is not None and isinstance(sink, Sink):
        run_began(began)


def output_paths(sink: Sink, pages: Iterable[Page]) -> Sequence[str]:
    """Return the paths of the files that a sink would write pages to; none for a sink without a method `paths`.

    Raises:
        ValueError: pages that belong in different files would be written to the same one.
    """
    paths: Callable[[Iterable[Page]], Sequence[str]] | None = getattr(sink, "paths", None)
    return () if paths is None else paths(pages)


def paths_at(sink: Sink, position: JsonValue) -> Sequence[str]:
    """Return the paths of the files of the run that has saved a position; none for a sink without this method."""
    paths: Callable[[JsonValue], Sequence[str]] | None = getattr(sink, "paths_at", None)
    return () if paths is None else paths(position)


async def spooled_files(sink: Sink) -> Sequence[str] | None:
    """Return the partial files of any run in the spool directory of a sink; None if it has no such directory."""
    find: Callable[[], Awaitable[Sequence[str] | None]] | None = getattr(sink, "spooled_files", None)
    return None if find is None else await find()


async def check_output(sink: Sink) -> None:
    """Check whether the output of a sink can be written; does nothing if it has no such method.

    Raises:
        SinkError: it cannot be written.
    """
    check: Callable[[], Awaitable[None]] | None = getattr(sink, "check", None)
    if check is not None:
        await check()


def check_classes(sink: Sink, classes: Mapping[str, Any]) -> None:
    """Check whether a sink can write the items of listings; does nothing if it has no such method.

    Arguments:
        sink: the sink.
        classes: the class of each listing's items.

    Raises:
        TypeError, ValueError: it cannot.
    """
    check: Callable[[Mapping[str, Any]], None] | None = getattr(sink, "check_classes", None)
    if check is not None:
        check(classes)


def mismatch_text(error: Exception) -> str:
    """Return what an error of `MISMATCHES` says, without the values that it may quote."""
    return str(error) if isinstance(error, WrongClassError) else type(error).__name__


async def earlier_files(sink: Sink) -> Sequence[EarlierFile]:
    """Return the files of earlier runs that a sink has left in place; none if it has no such method."""
    find: Callable[[], Awaitable[Sequence[EarlierFile]]] | None = getattr(sink, "earlier_files", None)
    return () if find is None else await find()
