"""The stream of a run that writes: takes the rows one by one, sends several at once, and yields their results."""

from __future__ import annotations

import secrets
from collections import Counter
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import anyio
import attrs

from aiopartnercentral._utils.needs_block import RefusesFor
from aiopartnercentral._utils.text import state_text
from aiopartnercentral._utils.threads import own_cancellation_only
from aiopartnercentral.bulk.instrumentation.logging import notifier
from aiopartnercentral.bulk.instrumentation.write_events import RowFinished, WritesFinished, WritesStarted, log_write
from aiopartnercentral.bulk.limits import RateLimiter
from aiopartnercentral.bulk.row_request import RowRequest, WriteRun
from aiopartnercentral.bulk.rows import RowSource
from aiopartnercentral.bulk.write_journal import Journal, JournalHeader, State, fingerprint
from aiopartnercentral.bulk.write_report import MAX_PROBLEMS, RowOutcome, RowResult, WriteReport
from aiopartnercentral.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from pathlib import Path
    from types import TracebackType

    from aiopartnercentral._pagination.merge import OnError
    from aiopartnercentral.bulk.client_pool import ClientPool
    from aiopartnercentral.bulk.instrumentation.write_events import WriteObserver
    from aiopartnercentral.bulk.limits import Limits
    from aiopartnercentral.bulk.rows import Row, RowEncoder, Rows
    from aiopartnercentral.bulk.source import Source
    from aiopartnercentral.bulk.write_journal import JournalEntry

__all__ = ["WriteSpec", "WriteStream"]

ResponseT = TypeVar("ResponseT")


@attrs.frozen(kw_only=True)
class WriteSpec:
    """What is written, checked before anything is sent.

    Attributes:
        encoder: the operation.
        rows: the rows.
        key: returns the key of a row; None if the rows are pairs.
        source: the source that is written to.
        limits: the limits.
        on_error: what a row that failed does.
        ignores: returns whether a row that fails with an error is skipped.
        checkpoint: the file of the journal, or None.
        token_max_age: how long after its first use an idempotency token is sent again.
        resends: returns whether a row whose outcome is unknown may be sent again.
        observer: called with each event, or None.
        open_pool: creates the pool of clients.
    """

    encoder: RowEncoder
    rows: Rows
    key: Callable[[Any], str] | None
    source: Source
    limits: Limits
    on_error: OnError
    ignores: Callable[[Exception], bool]
    checkpoint: Path | None
    token_max_age: timedelta
    resends: Callable[[str], bool]
    observer: WriteObserver | None
    open_pool: Callable[[], ClientPool]


class WriteStream(RefusesFor, Generic[ResponseT]):
    """The results of all rows, each with its key, in the order in which they end.

    A consumer that does not request the next result pauses the run. Leaving the block, also by an exception, stops
    taking rows, cancels the wait for the next one, and waits for those in flight. A cancellation does not wait, and
    leaves their outcome unknown.
    """

    _usage = "`async for key, result in stream:`"

    def __init__(self, spec: WriteSpec) -> None:
        """Prepare the stream; it opens when it is entered, once."""
        self._spec = spec
        self._stack = AsyncExitStack()
        self._send, self._receive = anyio.create_memory_object_stream[tuple[str, RowResult[ResponseT]]]()
        self._run: WriteRun | None = None
        self._source = RowSource(spec.rows, spec.key)
        self._taking = anyio.Lock()
        self._waiting = anyio.CancelScope()
        self._taken: set[bytes] = set()
        self._counts: Counter[RowOutcome] = Counter()
        self._problems: list[RowResult[ResponseT]] = []
        self._has_stopped = self._has_failed = self._is_exhausted = self._has_ended = False
        self._failure: Exception | None = None
        self._run_id = secrets.token_hex(6)
        self._started_at = datetime.now(UTC)
        self._began = self._ended = 0.0

    def __repr__(self) -> str:
        """Return whether it is open, and how many rows have ended, by outcome."""
        has_run = self._run is not None
        state = state_text(was_opened=has_run, is_open=has_run and not self._has_ended)
        counts = ", ".join(f"{number} {outcome}" for outcome, number in self._counts.items())
        return f"<WriteStream, {state}: {counts or 'no rows'}>"

    @property
    def report(self) -> WriteReport:
        """The report of what has ended so far."""
        run, journal = self._run, None if self._run is None else self._run.journal
        now = self._ended if self._has_ended else 0.0 if run is None else anyio.current_time()
        rows = {outcome: self._counts[outcome] for outcome in RowOutcome}
        unwritten = rows[RowOutcome.FAILED] + rows[RowOutcome.SKIPPED] + rows[RowOutcome.UNKNOWN]
        return WriteReport(
            run_id=self._run_id,
            started_at=self._started_at,
            elapsed=now - self._began,
            resumes=None if journal is None else journal.resumes,
            rows=rows,
            retries=0 if run is None else run.retries,
            throttled=0 if run is None else run.throttled,
            problems=tuple(self._problems),
            complete=self._has_ended and self._is_exhausted and not unwritten and not self._has_failed,
        )

    async def __aenter__(self) -> Self:
        """Open the checkpoint, if there is one, and start to send.

        Raises:
            CheckpointError: it cannot be read or written, is in use or damaged, or belongs to other writes.
            RuntimeError: the stream was entered before.
        """
        if self._run is not None:
            raise RuntimeError("a stream can be entered only once")
        spec = self._spec
        self._began = anyio.current_time()
        async with AsyncExitStack() as stack:
            stack.callback(self._send.close)
            stack.callback(self._receive.close)
            journal = None if spec.checkpoint is None else await Journal.open(spec.checkpoint, self._header())
            if journal is not None:
                stack.push_async_callback(journal.close)
            limits, operation = spec.limits, spec.encoder.operation.name
            self._run = WriteRun(
                name=self._run_id,
                encoder=spec.encoder,
                source=spec.source,
                limits=limits,
                limiter=RateLimiter(limits.rates.get(operation, limits.rate)),
                pool=await stack.enter_async_context(spec.open_pool()),
                journal=journal,
                ignores=spec.ignores,
                token_max_age=spec.token_max_age,
                notify=notifier(spec.observer, log_write),
            )
            if limits.run_seconds is not None:
                self._run.deadline = self._began + limits.run_seconds
            self._run.notify(
                WritesStarted(
                    run=self._run_id,
                    source=spec.source,
                    service=spec.encoder.service.name,
                    operation=operation,
                    resumes=None if journal is None else journal.resumes,
                )
            )
            stack.push_async_callback(self._source.aclose)  # until here, a failure leaves the rows as they are
            group = await stack.enter_async_context(anyio.create_task_group())
            group.start_soon(self._work, self._run)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Take no further row, wait for those in flight, and close the clients and the checkpoint.

        Raises:
            Exception: the rows or the checkpoint have failed since the last result, unless the block raised an error.
        """
        self._has_stopped = True
        self._waiting.cancel()
        self._receive.close()
        error = exc
        try:
            # The task group gets an error of the block only if that is a cancellation, so that it waits otherwise.
            is_cancelled = exc is not None and not isinstance(exc, Exception)
            await self._stack.__aexit__(*((exc_type, exc, tb) if is_cancelled else (None, None, None)))
            self._raise_failure(unless=exc)
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._ended, self._has_ended = anyio.current_time(), True
            if self._run is not None:
                self._run.notify(WritesFinished(run=self._run_id, report=self.report, error=error))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[str, RowResult[ResponseT]]:
        """Return the next key and result.

        Raises:
            RowsNotWrittenError: with `"finish"`, at the end, if rows failed or have an unknown outcome.
            TimeExceededError: the run has exceeded its time limit.
            CheckpointError: the checkpoint cannot be written.
            Exception: with `"raise"`, the first failure, once the rows in flight have ended; or an error of the rows.
        """
        with suppress(anyio.EndOfStream):
            return await self._receive.receive()
        self._raise_failure(unless=None)
        if self._spec.on_error == "finish" and (error := self.report.as_error()) is not None:
            raise error
        raise StopAsyncIteration

    def _header(self) -> JournalHeader:
        spec = self._spec
        return JournalHeader(
            service=spec.encoder.service.name,
            operation=spec.encoder.operation.name,
            source=spec.source.label,
            catalog=spec.source.catalog,
            run_id=secrets.token_hex(16),
            began=self._started_at,
        )

    def _raise_failure(self, unless: BaseException | None) -> None:
        """Raise the failure that the consumer has not seen, unless there is an error of its own."""
        failure, self._failure = self._failure, None
        if failure is not None and unless is None:
            raise failure

    def _stop(self, failure: Exception) -> None:
        """Take no further row, and remember the first failure, which is raised once those in flight have ended."""
        self._has_stopped = self._has_failed = True
        self._failure = self._failure or failure
        self._waiting.cancel()

    async def _work(self, run: WriteRun) -> None:
        with self._send:
            async with anyio.create_task_group() as workers:
                for number in range(run.limits.concurrency):
                    workers.start_soon(self._write_rows, run, name=f"write {run.source.label} {number}")
            if run.journal is not None and self._is_exhausted:
                await self._report_forgotten(run, run.journal)

    async def _write_rows(self, run: WriteRun) -> None:
        while (taken := await self._take(run)) is not None:
            key, given, earlier = taken
            began = anyio.current_time()
            try:
                result = await self._write(run, key, given, earlier)
            except CheckpointError as error:
                self._stop(error)
                return
            await self._ended_with(run, result, anyio.current_time() - began)

    async def _take(self, run: WriteRun) -> tuple[str, object, JournalEntry | None] | None:
        """Return the next row and what the journal has about it; None if no further row shall be sent."""
        async with self._taking:
            if self._has_stopped or self._is_exhausted:
                return None
            try:
                run.check_time()
                taken = await self._next(run)
                if self._waiting.cancel_called:  # whatever the rows have made of that
                    run.check_time()
                    return None
                if taken is None:
                    self._is_exhausted = True
                    return None
                key, given = taken
                mark = self._mark(key)
                return key, given, None if run.journal is None else await run.journal.take(mark)
            except Exception as error:  # noqa: BLE001 - raised by the stream, once the rows in flight have ended
                self._stop(error)
                return None

    async def _next(self, run: WriteRun) -> tuple[str, object] | None:
        """Return the next key and request; None after the last one, or if the wait was cancelled."""
        with anyio.CancelScope(deadline=run.deadline) as self._waiting, own_cancellation_only("the rows"):
            return await self._source.next()
        return None

    def _mark(self, key: str) -> bytes:
        """Return what stands for the key of a row.

        Raises:
            ValueError: another row has the same key.
        """
        mark = fingerprint(key)
        if mark in self._taken:
            raise ValueError(f"rows must have different keys, and {key!r} came twice")
        self._taken.add(mark)
        return mark

    async def _write(
        self, run: WriteRun, key: str, given: object, earlier: JournalEntry | None
    ) -> RowResult[ResponseT]:
        first_run = self._run_id if run.journal is None else run.journal.header.run_id
        try:
            row = run.encoder.row(key, given, run.source.catalog, first_run)
            _check_unchanged(row, earlier)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a row is the row's failure
            outcome = RowOutcome.SKIPPED if run.ignores(error) else RowOutcome.FAILED
            if earlier is not None and earlier.state is State.SENDING:
                outcome = RowOutcome.UNKNOWN  # whatever the row is now
            # The frames of its traceback would keep the row in memory for as long as the report exists.
            error.__traceback__ = error.__context__ = None
            return RowResult(row=key, outcome=outcome, error=error)
        token_since = None
        if earlier is not None and earlier.state is State.WRITTEN:
            return RowResult(row=key, outcome=RowOutcome.DONE, ids=earlier.ids)
        if earlier is not None and earlier.state is State.SENDING and not self._spec.resends(key):
            if not run.knows_token(row, earlier.at):
                return RowResult(row=key, outcome=RowOutcome.UNKNOWN)
            token_since = earlier.at
        request = RowRequest(run, row, token_since)
        result: RowResult[ResponseT] = await request.send()
        if request.failure is not None:
            self._stop(request.failure)
        return result

    async def _report_forgotten(self, run: WriteRun, journal: Journal) -> None:
        """Report the rows that were in flight when an earlier run ended, and that this one was not given."""
        for mark in list(journal.earlier):
            entry = await journal.take(mark)
            if entry is not None and entry.state is State.SENDING:
                await self._ended_with(run, RowResult(row=entry.row, outcome=RowOutcome.UNKNOWN), 0.0)

    async def _ended_with(self, run: WriteRun, result: RowResult[ResponseT], seconds: float) -> None:
        """Count the result of a row, and hand it to the consumer, unless that has left."""
        self._counts[result.outcome] += 1
        if result.outcome in {RowOutcome.FAILED, RowOutcome.UNKNOWN}:
            if len(self._problems) < MAX_PROBLEMS:
                self._problems.append(result)
            if self._spec.on_error == "raise":
                self._stop(result.error or _unknown(result.row))
        run.notify(RowFinished(run=run.name, result=result, seconds=seconds))
        with suppress(anyio.BrokenResourceError):
            await self._send.send((result.row, result))


def _check_unchanged(row: Row, earlier: JournalEntry | None) -> None:
    """Raise an error if a row that was sent before has another request now."""
    if earlier is None or earlier.state is State.NOT_WRITTEN or earlier.digest == row.digest:
        return
    what = "written" if earlier.state is State.WRITTEN else "in flight"
    raise CheckpointError(
        f"the request of row {row.key!r} has changed since an earlier run, in which the row was {what}: "
        "restore the request, or give the changed row another key"
    )


def _unknown(key: str) -> CheckpointError:
    return CheckpointError(f"row {key!r} was in flight when an earlier run ended: it may have been written")
