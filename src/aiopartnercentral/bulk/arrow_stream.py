"""Collections as Arrow record batches, page by page, for engines that read Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import attrs

from aiopartnercentral._pagination.page_iterator import items_together
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.lazy_imports import import_optional
from aiopartnercentral._utils.needs_block import NeedsBlock, RefusesArrow, RefusesAsync, RefusesAwait, RefusesFor
from aiopartnercentral._utils.text import listed
from aiopartnercentral.bulk.blocking import Streams
from aiopartnercentral.bulk.stream import CollectionView
from aiopartnercentral.errors import SinkError
from aiopartnercentral.sinks.arrow import arrow_schema, record_batch
from aiopartnercentral.sinks.base import MISMATCHES, mismatch_text, origin_columns, parent_text
from aiopartnercentral.sinks.schema import item_class
from aiopartnercentral.types import NestedListing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from aiopartnercentral._pagination.merge import Stream
    from aiopartnercentral._pagination.report import Report
    from aiopartnercentral.bulk.blocking import BlockingStream
    from aiopartnercentral.bulk.source import Origin
    from aiopartnercentral.bulk.spec import Spec

__all__ = ["ArrowBatches", "ArrowStream", "BlockingArrowStream", "ListingTable", "listing_table"]


@attrs.frozen
class ListingTable:
    """The Arrow table of one listing: its schema, and its record batches.

    Attributes:
        name: the listing's name.
        cls: the class of its items.
        columns: the columns that say where an item is from.
        schema: its `pyarrow.Schema`.
    """

    name: str
    cls: Any
    columns: tuple[str, ...]
    schema: Any

    def batch(self, origin: Origin, items: Sequence[Any]) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Return the `pyarrow.RecordBatch` of the items of one page.

        Raises:
            SinkError: an item does not match its class.
        """
        cells = (origin.label, origin.catalog, parent_text(origin.parent))
        texts = {name: [cell] * len(items) for name, cell in zip(self.columns, cells, strict=False)}
        try:
            return record_batch(items, self.cls, texts)
        except MISMATCHES as error:
            problem = mismatch_text(error)
        # Raised outside of the handler, since the messages of such errors quote values.
        raise SinkError(f"a record batch of {origin}", f"an item does not match its class ({problem})")


def listing_table(spec: Spec, listing: str | None) -> ListingTable:
    """Return the Arrow table of a listing of a collection; None for its only one.

    Raises:
        ImportError: pyarrow is not installed.
        TypeError: `listing` is not a string.
        ValueError: there is no such listing, or the collection has several and none is named.
    """
    names = list(spec.listings)
    if listing is None and len(names) > 1:
        raise ValueError(f"listing must name one of {listed(names)}: each listing has an Arrow schema of its own")
    name = names[0] if listing is None else validators.one_of(names)("listing", listing)
    found = spec.listings[name]
    cls = item_class(found.pagination)
    columns = origin_columns(source=True, parent=isinstance(found, NestedListing))
    return ListingTable(name, cls, columns, arrow_schema(cls, text_columns=columns))


class ArrowStream(RefusesArrow, RefusesFor):
    """The record batches of all sources, while the `async with` block of `collection.arrow()` is open.

    Attributes:
        schema: the `pyarrow.Schema` of the batches.
    """

    _usage = "`async for batch in stream:`"

    def __init__(self, stream: Stream[Origin, Sequence[Any]], table: ListingTable) -> None:
        """Take an open stream of batches of items."""
        self._stream = stream
        self._table = table
        self.schema: Any = table.schema

    def __repr__(self) -> str:
        return f"<ArrowStream of {self._stream!r}>"

    @property
    def report(self) -> Report[Origin]:
        """A snapshot of what has been handed over so far."""
        return self._stream.report

    def __aiter__(self) -> Self:
        """Return the stream itself; each batch is yielded once."""
        return self

    async def __anext__(self) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Return the next `pyarrow.RecordBatch`: the items of one page; a cancellation loses no batch.

        Raises:
            StopAsyncIteration: everything has been handed over.
            Exception: as iterating over a stream of the collection.
            SinkError: an item does not match its class.
        """
        async for origin, items in self._stream:
            if items:  # pages without items are of no use to an engine
                return self._table.batch(origin, items)
        raise StopAsyncIteration


class BlockingArrowStream(RefusesAsync):
    """The record batches of all sources, while its `with` block is open; see `BlockingStream`.

    It has the Arrow PyCapsule interface, so that pyarrow, polars, DuckDB and other engines read it page by page.

    Attributes:
        schema: the `pyarrow.Schema` of the batches.
    """

    _usage = (
        "`with collection.arrow().blocking() as stream:` and `for batch in stream:`, or "
        "`async with collection.arrow() as stream:` in async code"
    )

    def __init__(self, stream: BlockingStream[Sequence[Any]], table: ListingTable) -> None:
        """Prepare the stream; it opens when it is entered, once."""
        self._stream = stream
        self._table = table
        self._is_over = False
        self._has_reader = False
        self._failure: BaseException | None = None
        self.schema: Any = table.schema

    def __repr__(self) -> str:
        return f"<BlockingArrowStream of {self._stream!r}>"

    @property
    def report(self) -> Report[Origin]:
        """A snapshot of what has been handed over so far.

        Raises:
            RuntimeError: the stream was never entered.
        """
        return self._stream.report

    def __enter__(self) -> Self:
        """Open the stream and begin to fetch.

        Raises:
            RuntimeError: the stream was entered before.
            CheckpointError: as for an `async with` block of the collection.
        """
        self._stream.__enter__()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Cancel all fetching, save the checkpoint, close the clients, and end the thread.

        Raises:
            Exception: the error of the stream that the engine reading it has raised as one of its own.
        """
        self._stream.__exit__(exc_type, exc, tb)
        failure, self._failure = self._failure, None
        if failure is not None and exc is not None and exc is not failure:
            raise failure from exc

    def __iter__(self) -> Self:
        """Return the stream itself; each batch is yielded once."""
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Return the next `pyarrow.RecordBatch`: the items of one page.

        Raises:
            StopIteration: everything has been handed over.
            Exception: as iterating over a stream of the collection.
            RuntimeError: the block is not open, or it was opened by the process that this one was forked from.
            SinkError: an item does not match its class.
        """
        self._stream.check_open()
        try:
            for origin, items in self._stream:
                if items:  # pages without items are of no use to an engine
                    return self._table.batch(origin, items)
        except BaseException:
            self._is_over = True
            raise
        self._is_over = True
        raise StopIteration

    def __arrow_c_schema__(self) -> object:
        """Return the schema as an Arrow PyCapsule."""
        capsule: object = self.schema.__arrow_c_schema__()
        return capsule

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the batches that have not been handed over yet as an Arrow PyCapsule; a reader fetches as it reads.

        An engine may ask for several capsules, and read one of them.

        Arguments:
            requested_schema: the capsule of a schema to convert to, if Arrow can do so.

        Raises:
            RuntimeError: the block is not open, all batches have been handed over already, or an engine reads them.
        """
        self._stream.check_open()
        self._check_unread()
        reader = import_optional("pyarrow", extra="arrow").RecordBatchReader.from_batches(
            self.schema, self._until_failure()
        )
        capsule: object = reader.__arrow_c_stream__(requested_schema)
        return capsule

    def _check_unread(self) -> None:
        """Refuse a second reader, which would silently get only a part of the batches, or none."""
        if self._is_over or self._has_reader:
            raise RuntimeError("a stream can be read once, and this one was: call `blocking()` again for a new stream")

    def _until_failure(self) -> Iterator[Any]:
        """Yield the batches, and keep the error that ends them: what an engine raises has only its text."""
        try:
            self._check_unread()
            self._has_reader = True
            yield from self
        except GeneratorExit:  # an engine needs no more
            raise
        except BaseException as error:
            self._failure = error
            raise


class ArrowBatches(RefusesArrow, RefusesAwait, NeedsBlock):
    """The items of one listing as Arrow record batches; each `async with` block opens a new stream.

    Attributes:
        schema: the `pyarrow.Schema` of the batches.
    """

    _usage = (
        "`async with collection.arrow() as stream:` and `async for batch in stream:`, or "
        "`with collection.arrow().blocking() as stream:` in code that is not async"
    )

    def __init__(self, spec: Spec, listing: str | None) -> None:
        """Prepare to be entered; see `Collection.arrow`."""
        self._table = listing_table(spec, listing)
        if len(spec.listings) > 1 and spec.checkpoint is not None:
            raise ValueError(
                "a checkpoint belongs to all listings of its collection, and arrow() collects one of them: make a "
                "collection with a checkpoint of its own for each listing"
            )
        self._batches: Streams[Sequence[Any]] = Streams(spec.only(self._table.name), CollectionView(items_together))
        self.schema: Any = self._table.schema

    async def __aenter__(self) -> ArrowStream:
        """Open a new stream and begin to fetch.

        Raises:
            CheckpointError: as for an `async with` block of the collection.
        """
        return ArrowStream(await self._batches.__aenter__(), self._table)

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Close the stream that this task entered last; an exception of the block propagates unchanged.

        Raises:
            RuntimeError: this task has not entered it.
        """
        await self._batches.__aexit__(exc_type, exc, tb)

    def blocking(self) -> BlockingArrowStream:
        """Return a new stream for a `with` block, and for engines that read Arrow.

            with collection.arrow().blocking() as stream:
                table = pyarrow.table(stream)
            print(stream.report)

        Raises:
            ValueError: a source has an open client, which belongs to another event loop.
        """
        return BlockingArrowStream(self._batches.blocking(), self._table)
