"""`Writes`: one operation for many rows, each executed at most once."""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Collection as AnyCollection,
    Iterable,
    Iterator,
    Mapping,
)
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack

import anyio

from aiopartnercentral._pagination.ignored_errors import ignoring
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.needs_block import NeedsBlock, RefusesAwait
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.bulk.client_pool import ClientPool, check_client_options
from aiopartnercentral.bulk.limits import Limits
from aiopartnercentral.bulk.rows import RowEncoder, Rows
from aiopartnercentral.bulk.source import Source, check_sources
from aiopartnercentral.bulk.write_stream import WriteSpec, WriteStream

if TYPE_CHECKING:
    import os
    from types import TracebackType

    from aiopartnercentral._client import ClientOptions
    from aiopartnercentral._pagination.merge import OnError
    from aiopartnercentral.bulk.instrumentation.write_events import WriteObserver
    from aiopartnercentral.bulk.write_report import WriteReport
    from aiopartnercentral.types import Request

__all__ = ["TOKEN_MAX_AGE", "Writes"]

ResponseT = TypeVar("ResponseT")

TOKEN_MAX_AGE = timedelta(hours=1)

_LIMITS = validators.instance_of(Limits)
_OBSERVER = validators.optional(validators.observer())
_KEY = validators.optional(validators.observer("a function that returns the key of a row"))
_ON_ERROR: validators.Check[OnError] = validators.one_of(("finish", "raise", "report"))
_ROW_KEYS = validators.collection_of(validators.text, "True, False or a collection of row keys")


class Writes(RefusesAwait, NeedsBlock, Generic[ResponseT]):
    """Sends one operation for many rows, such as the opportunities of a file; executes each row at most once.

        writes = Writes(
            selling.CreateOpportunityRequest,
            ((row["id"], request_of(row)) for row in rows),
            source=Source("AWS", profile="acme"),
            checkpoint="opportunities.journal",
        )
        async with writes as stream:
            async for key, result in stream:
                print(key, result.outcome, result.ids)
        print(stream.report)

    Rows are taken while the stream is open, at most `limits.concurrency` ahead, and are not kept in memory. Of each row
    that was taken, a fingerprint of its key is kept, about a hundred bytes.
    """

    _usage = "`async with writes as stream:` and `async for key, result in stream:`, or `await writes.run()`"

    def __init__(
        self,
        operation: type[Request[ResponseT]],
        rows: Rows,
        source: str | Source,
        *,
        key: Callable[[Any], str] | None = None,
        limits: Limits | None = None,
        on_error: OnError = "finish",
        ignore_errors: AnyCollection[str] = (),
        checkpoint: str | os.PathLike[str] | None = None,
        token_max_age: timedelta = TOKEN_MAX_AGE,
        resend_unknown: bool | AnyCollection[str] = False,
        observer: WriteObserver | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        """Check the arguments; nothing is sent yet.

        Arguments:
            operation: the class of the requests, such as `selling.CreateOpportunityRequest`.
            rows: pairs of a key and a request, in an iterable or an async iterable. Only the latter may wait: an
                iterable runs in the event loop. A key is a string that no other row has, and that is the same in every
                run. It may be in logs, reports and the checkpoint. A request is an object of the class, or a mapping
                of its members by their names on the wire, whose catalog may be left out.
            source: the catalog and the credentials to write with; a plain catalog means the default AWS credentials.
            key: a function that returns the key of a row; then the rows are requests instead of pairs.
            limits: limits of concurrency, request rate, attempts and time; `Limits()` by default.
            on_error: what happens after a row that failed or whose outcome is unknown. `"finish"` writes the others,
                then raises a `RowsNotWrittenError`. `"raise"` takes no further row, waits for those in flight, and
                raises the error. `"report"` raises nothing; the report has the error.
            ignore_errors: error codes or names of exception classes, such as `ConflictException`; a row that fails with
                one of them is skipped.
            checkpoint: a file that gets the outcome of each row. If it exists, the run resumes: rows that are written
                are not sent again. It is kept at the end, so that the same rows are never written twice.
            token_max_age: a row that may have been executed, in this run or in one that was killed, is sent again, with
                the same idempotency token, until this long after it was first sent. The service forgets tokens after an
                unpublished time.
            resend_unknown: whether rows whose outcome is unknown after an earlier run are sent again, although that may
                execute them twice: True for all of them, or their keys.
            observer: called with each event; see `bulk.WriteEvent`.
            options: the options of all clients; see `ClientOptions`.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: an argument has a value that is not allowed.
        """
        limits = Limits() if limits is None else _LIMITS("limits", limits)
        check_client_options("Writes()", options, Writes.__init__)
        given: object = rows
        if not isinstance(given, Iterable | AsyncIterable) or isinstance(given, str | bytes | Mapping):
            hint = ": pass its items()" if isinstance(given, Mapping) and key is None else ""
            raise TypeError(f"rows must be an iterable of pairs of a key and a request, not {type_name(rows)}{hint}")
        encoder = RowEncoder(operation)
        for name in limits.rates:
            if name not in {each.name for each in encoder.service.operations}:
                raise ValueError(f"limits.rates names {name!r}, which is not an operation of {encoder.service.name}")
        self._spec = WriteSpec(
            encoder=encoder,
            rows=rows,
            key=_KEY("key", key),
            source=_one_source(source),
            limits=limits,
            on_error=_ON_ERROR("on_error", on_error),
            ignores=ignoring(ignore_errors, [encoder.service]),
            checkpoint=_local_checkpoint(checkpoint),
            token_max_age=validators.positive_duration("token_max_age", token_max_age),
            resends=_resends(resend_unknown),
            observer=_OBSERVER("observer", observer),
            open_pool=lambda: ClientPool(max_connections=limits.concurrency, **options),
        )
        self._entered: dict[int, list[WriteStream[ResponseT]]] = {}
        self._is_used_up = False

    async def __aenter__(self) -> WriteStream[ResponseT]:
        """Open a new stream and begin to send; it iterates over the rows again.

        Raises:
            CheckpointError: the checkpoint cannot be used.
            RuntimeError: the rows are an iterator, such as a generator, that an earlier stream has used up.
        """
        if self._is_used_up:
            raise RuntimeError("the rows are an iterator, which gives its rows only once: create new Writes")
        stream: WriteStream[ResponseT] = WriteStream(self._spec)
        self._is_used_up = isinstance(self._spec.rows, Iterator | AsyncIterator)
        try:
            await stream.__aenter__()
        except BaseException:
            self._is_used_up = False
            raise
        self._entered.setdefault(anyio.get_current_task().id, []).append(stream)
        return stream

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Close the stream that this task entered last; see `WriteStream`.

        Raises:
            RuntimeError: this task has not entered it.
        """
        task = anyio.get_current_task().id
        streams = self._entered.get(task)
        if not streams:
            raise RuntimeError(
                "a stream must be left by the task that entered it, and a framework has run this generator in several "
                "tasks: call `run()`, or let a task of your own enter the stream and send on its results"
            )
        stream = streams.pop()
        if not streams:
            del self._entered[task]
        await stream.__aexit__(exc_type, exc, tb)

    async def run(self) -> WriteReport:
        """Write all rows, and return the report.

        If this is cancelled, no further row is sent; with a checkpoint, a later run knows which rows were in flight.

        Raises:
            RowsNotWrittenError: with `"finish"`, if rows failed or have an unknown outcome.
            Exception: any other error of the stream.
        """
        async with self as stream:
            async for _ in stream:
                pass
        return stream.report


def _local_checkpoint(given: object) -> Path | None:
    path = None if given is None else validators.path("checkpoint", given)
    if path is not None and path.startswith("s3:/"):
        raise ValueError(
            "checkpoint must be a local file: each row is appended to it before it is sent, and objects in S3 cannot "
            "be appended to"
        )
    return None if path is None else Path(path)


def _one_source(given: object) -> Source:
    if not isinstance(given, str | Source):
        raise TypeError(f"source must be a catalog or a Source, not {type_name(given)}")
    return check_sources(given)[0]


def _resends(given: bool | AnyCollection[str]) -> Callable[[str], bool]:  # noqa: FBT001 - an argument of `Writes`
    if isinstance(given, bool):
        return lambda _: given
    return frozenset(_ROW_KEYS("resend_unknown", given)).__contains__
