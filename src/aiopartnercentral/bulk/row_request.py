"""Sends the request of one row: rate limit, journal, a client, and the retries that cannot execute it twice.

RowRequest.send ─ RateLimiter.acquire ─ Journal: sending ─ ClientPool ─ the service ─ Journal: written, not written
                           └──────────────── retry ─────────────────────────┘
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import attrs

from aiopartnercentral._transport.retries import backoff, is_retryable, is_unexecuted, retry_after
from aiopartnercentral._utils.cancellation import own_cancellation_only
from aiopartnercentral.bulk.instrumentation.write_events import RowRetried
from aiopartnercentral.bulk.write_journal import JournalEntry, State
from aiopartnercentral.bulk.write_report import RowOutcome, RowResult
from aiopartnercentral.errors import CheckpointError, ServiceError, TimeExceededError, attempts_of, error_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral.bulk.client_pool import ClientPool
    from aiopartnercentral.bulk.instrumentation.logging import Notifier
    from aiopartnercentral.bulk.instrumentation.write_events import WriteEvent
    from aiopartnercentral.bulk.limits import Limits
    from aiopartnercentral.bulk.rate_limiter import RateLimiter
    from aiopartnercentral.bulk.rows import Row, RowEncoder
    from aiopartnercentral.bulk.source import Source
    from aiopartnercentral.bulk.write_journal import Journal

__all__ = ["RowRequest", "WriteRun"]


@attrs.define(kw_only=True, eq=False)
class WriteRun:
    """The state that all rows of one run share.

    Attributes:
        name: identifies the run in events and log messages.
        encoder: the operation.
        source: the source that is written to.
        limits: the limits.
        limiter: the rate limiter of the account.
        pool: the pool of clients.
        journal: the journal, or None.
        ignores: returns whether a row that fails with an error is skipped.
        notify: passes an event to the log and the observer.
        deadline: when the run exceeds its time limit, by anyio's clock.
        retries: how often requests were sent again.
        throttled: how often the service throttled a request.
    """

    name: str
    encoder: RowEncoder
    source: Source
    limits: Limits
    limiter: RateLimiter
    pool: ClientPool
    journal: Journal | None
    ignores: Callable[[Exception], bool]
    notify: Notifier[WriteEvent]
    deadline: float = math.inf
    retries: int = 0
    throttled: int = 0

    async def acquire(self) -> None:
        """Wait for the account's rate limit.

        Raises:
            TimeExceededError: the run has exceeded its time limit.
        """
        with anyio.CancelScope(deadline=self.deadline):
            return await self.limiter.acquire()
        raise self._time_exceeded()

    def check_time(self) -> None:
        """Raise an error if the run has exceeded its time limit.

        Raises:
            TimeExceededError: it has.
        """
        if anyio.current_time() >= self.deadline:
            raise self._time_exceeded()

    def _time_exceeded(self) -> TimeExceededError:
        return TimeExceededError(self.limits.run_seconds or 0.0, "run_seconds")


@attrs.define(eq=False)
class RowRequest:
    """Sends one row.

    A request that is not repeatable is sent again only if the service certainly has not executed it. Otherwise, the
    outcome is unknown.

    Attributes:
        run: the state of the run.
        row: the row.
        may_be_executed: whether a request of this row may have been executed although no answer arrived, also one that
            an earlier run has sent.
        attempts: how often it was sent.
        failure: the error of the journal if it could not be written after the row was; None otherwise.
    """

    run: WriteRun
    row: Row
    may_be_executed: bool
    attempts: int = 0
    failure: CheckpointError | None = None
    _is_journalled: bool = attrs.field(init=False)
    _tries: int = 0
    _is_in_flight: bool = False
    _was_corrected: bool = False

    def __attrs_post_init__(self) -> None:
        """Leave the line of an earlier run as it is, since it says when the token was first used."""
        self._is_journalled = self.may_be_executed

    @property
    def is_repeatable(self) -> bool:
        """Whether sending the request twice has the effect of sending it once."""
        operation = self.run.encoder.operation
        return self.row.has_token or operation.idempotent or operation.readonly

    async def send(self) -> RowResult[Any]:
        """Send the row, and return its outcome once it is in the journal.

        If this is cancelled while an attempt is in flight, the journal says so.

        Raises:
            CheckpointError: the journal cannot be written, and the row was not.
        """
        error: Exception | None = None
        try:
            while True:
                response = await self._attempt()
                if not isinstance(response, Exception):
                    return await self._written(response)
                error = response
                if not self._may_repeat(error):
                    return await self._failed(error)
                await self._wait_after(error)
        except anyio.get_cancelled_exc_class():
            is_certain = not self.may_be_executed and not self._is_in_flight
            if error is not None and self._is_journalled and is_certain:
                await self._note(State.NOT_WRITTEN, error=error_type(error))
            raise

    async def _attempt(self) -> Any:  # noqa: ANN401 - of the operation
        """Send the request once, and return the response or the error."""
        run = self.run
        try:
            await run.acquire()
        except TimeExceededError as error:
            return error
        self._tries += 1  # more than `attempts` if there was no client to send it
        sent_at = anyio.current_time()
        try:
            with own_cancellation_only("the credentials provider"):
                response = await self._sent()
        except CheckpointError:
            raise
        except Exception as error:  # noqa: BLE001 - the caller decides about every failure
            if self._is_in_flight:  # otherwise there is no client, such as without credentials
                self.attempts += max(1, attempts_of(error))
                self.may_be_executed |= not is_unexecuted(error)
            self._is_in_flight = False
            if isinstance(error, ServiceError) and error.is_throttling:
                run.throttled += 1
                run.limiter.throttled(sent_at, self._asked_wait(error))
            return error
        run.limiter.succeeded()
        return response

    async def _sent(self) -> Any:  # noqa: ANN401 - as above
        run = self.run
        async with run.pool.lease(run.source, run.encoder.client_class) as client:
            # The caller's own client would also repeat what may have been executed.
            sender = client if self.is_repeatable else client.with_options(attempts=1)
            await self._note(State.SENDING)
            self._is_in_flight = True  # until it has failed
            return await sender.call_operation(run.encoder.operation, self.row.request)

    def _may_repeat(self, error: Exception) -> bool:
        if isinstance(error, TimeExceededError) and not error.is_retryable:
            return False
        if max(self._tries, self.attempts) >= self.run.limits.attempts or (
            self.may_be_executed and not self.is_repeatable
        ):
            return False
        if not (isinstance(error, ServiceError) and error.is_corrected):
            return is_retryable(error)
        was_corrected, self._was_corrected = self._was_corrected, True
        return not was_corrected

    async def _wait_after(self, error: Exception) -> None:
        run = self.run
        is_throttled = isinstance(error, ServiceError) and error.is_throttling
        is_corrected = isinstance(error, ServiceError) and error.is_corrected
        wait = 0.0
        if not is_throttled and not is_corrected:
            wait = max(backoff(run.limits.backoff, self._tries), self._asked_wait(error) or 0.0)
        run.retries += 1
        run.notify(
            RowRetried(
                run=run.name,
                row=self.row.key,
                attempt=self.attempts,
                wait=wait,
                rate=run.limiter.rate if is_throttled else None,
                error=error,
                request_id=getattr(error, "request_id", None),
            )
        )
        if wait:
            await anyio.sleep(min(wait, max(0.0, run.deadline - anyio.current_time())))

    def _asked_wait(self, error: Exception) -> float | None:
        if not isinstance(error, ServiceError):
            return None
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return retry_after(headers, self.run.limits.retry_after)

    async def _written(self, response: Any) -> RowResult[Any]:  # noqa: ANN401 - as above
        metadata = getattr(response, "response_metadata", None)
        self.attempts += 1 if metadata is None else metadata.attempts
        ids = self.run.encoder.ids(response)
        try:
            await self._note(State.WRITTEN, ids=ids)
        except CheckpointError as error:
            self.failure = error
        request_id = getattr(metadata, "request_id", None)
        return self._result(RowOutcome.WRITTEN, response=response, ids=ids, request_id=request_id)

    async def _failed(self, error: Exception) -> RowResult[Any]:
        """Return the result of a row after its last attempt; if it may be executed, the journal keeps it in flight."""
        result = partial(self._result, error=error, request_id=getattr(error, "request_id", None))
        if self.may_be_executed:
            return result(RowOutcome.UNKNOWN)
        if self._is_journalled:
            await self._note(State.NOT_WRITTEN, error=error_type(error))
        return result(RowOutcome.SKIPPED if self.run.ignores(error) else RowOutcome.FAILED)

    def _result(self, outcome: RowOutcome, **values: Any) -> RowResult[Any]:  # noqa: ANN401 - as above
        return RowResult(row=self.row.key, outcome=outcome, attempts=self.attempts, **values)

    async def _note(self, state: State, *, ids: dict[str, str] | None = None, error: str | None = None) -> None:
        """Put a state into the journal, if there is one; that the row is about to be sent, once."""
        journal = self.run.journal
        if journal is None or (state is State.SENDING and self._is_journalled):
            return
        await journal.append(JournalEntry.of(self.row.key, state, self.row.digest, ids=ids, error=error))
        self._is_journalled = True
