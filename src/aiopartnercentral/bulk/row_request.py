"""Sends the request of one row: rate limit, journal, a client, and the retries that cannot execute it twice.

RowRequest.send ─ RateLimiter.acquire ─ Journal: sending ─ ClientPool ─ the service ─ Journal: written, not written
                           └──────────────── retry ─────────────────────────┘
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import anyio
import attrs

from aiopartnercentral._transport.retries import asked_wait, backoff, is_retryable, is_unexecuted
from aiopartnercentral._utils.threads import own_cancellation_only
from aiopartnercentral.bulk.instrumentation.write_events import RowRetried
from aiopartnercentral.bulk.write_journal import JournalEntry, State
from aiopartnercentral.bulk.write_report import RowOutcome, RowResult
from aiopartnercentral.errors import CheckpointError, ServiceError, TimeExceededError, attempts_of, error_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral._utils.notifier import Notifier
    from aiopartnercentral.bulk.client_pool import ClientPool
    from aiopartnercentral.bulk.instrumentation.write_events import WriteEvent
    from aiopartnercentral.bulk.limits import Limits, RateLimiter
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
        token_max_age: how long after its first use an idempotency token is sent again.
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
    token_max_age: timedelta
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

    def knows_token(self, row: Row, since: datetime | None) -> bool:
        """Return whether a row has a token that the service still knows, so that it is executed only once.

        A time in the future is not trusted: a clock was wrong, so nobody knows how old the token is.

        Arguments:
            row: the row.
            since: when the token was first sent; None if it was not.
        """
        age = timedelta() if since is None else datetime.now(UTC) - since
        return row.has_token and timedelta() <= age <= self.token_max_age

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
    outcome is unknown. A client sends each request once, also the caller's own, so that this decides about every one.

    Attributes:
        run: the state of the run.
        row: the row.
        token_since: when a request that may have been executed was first sent with the row's token: by an earlier run,
            or else by this one; None before.
        may_be_executed: whether a request of this row may have been executed although no answer arrived, also one that
            an earlier run has sent.
        attempts: how often it was sent.
        failure: the error of the journal if it could not be written after the row was; None otherwise.
    """

    run: WriteRun
    row: Row
    token_since: datetime | None
    may_be_executed: bool = attrs.field(init=False)
    attempts: int = 0
    failure: CheckpointError | None = None
    _is_journalled: bool = attrs.field(init=False)
    _tries: int = 0
    _is_in_flight: bool = False
    _was_corrected: bool = False

    def __attrs_post_init__(self) -> None:
        """Leave the line of an earlier run as it is, since it says when the token was first used."""
        self.may_be_executed = self._is_journalled = self.token_since is not None

    @property
    def is_repeatable(self) -> bool:
        """Whether sending the request again now has the effect of having sent it once.

        The model also marks operations as idempotent that are so only by their token.
        """
        if self.row.has_token:
            return self.run.knows_token(self.row, self.token_since)
        operation = self.run.encoder.operation
        return operation.idempotent or operation.readonly

    async def send(self) -> RowResult[Any]:
        """Send the row, and return its outcome once it is in the journal, or once `failure` says why it is not.

        If this is cancelled while an attempt is in flight, the journal says so.

        Raises:
            CheckpointError: the journal cannot be written, and the row was not.
        """
        error: Exception | None = None
        try:
            while True:
                await self.run.acquire()
                if self.may_be_executed and not self.is_repeatable:  # its token has become too old during the wait
                    return self._unknown(error)
                response = await self._attempt()
                if not isinstance(response, Exception):
                    return await self._written(response)
                error = response
                if not self._may_repeat(error):
                    return await self._failed(error)
                await self._wait_after(error)
        except TimeExceededError as exceeded:
            return await self._failed(exceeded)
        except anyio.get_cancelled_exc_class():
            is_certain = not self.may_be_executed and not self._is_in_flight
            if error is not None and self._is_journalled and is_certain:
                await self._note(State.NOT_WRITTEN, error=error_type(error))
            raise

    async def _attempt(self) -> Any:  # noqa: ANN401 - of the operation
        """Send the request once, and return the response or the error."""
        run = self.run
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
                run.limiter.throttled(sent_at, asked_wait(error, run.limits.retry_after))
            return error
        run.limiter.succeeded()
        return response

    async def _sent(self) -> Any:  # noqa: ANN401 - as above
        run = self.run
        async with run.pool.lease(run.source, run.encoder.client_class) as client:
            if not self.may_be_executed:
                self.token_since = datetime.now(UTC)
            await self._note(State.SENDING)
            self._is_in_flight = True  # until it has failed
            return await client.with_options(attempts=1).call_operation(run.encoder.operation, self.row.request)

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
            wait = max(backoff(run.limits.backoff, self._tries), asked_wait(error, run.limits.retry_after) or 0.0)
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
        """Return the result of a row after its last attempt."""
        if self.may_be_executed:
            return self._unknown(error)
        if self._is_journalled:
            await self._note(State.NOT_WRITTEN, error=error_type(error))
        outcome = RowOutcome.SKIPPED if self.run.ignores(error) else RowOutcome.FAILED
        return self._result(outcome, error=error, request_id=getattr(error, "request_id", None))

    def _unknown(self, error: Exception | None) -> RowResult[Any]:
        """Return the result of a row that may have been executed; the journal keeps it in flight."""
        return self._result(RowOutcome.UNKNOWN, error=error, request_id=getattr(error, "request_id", None))

    def _result(self, outcome: RowOutcome, **values: Any) -> RowResult[Any]:  # noqa: ANN401 - as above
        return RowResult(row=self.row.key, outcome=outcome, attempts=self.attempts, **values)

    async def _note(self, state: State, *, ids: dict[str, str] | None = None, error: str | None = None) -> None:
        """Put a state into the journal, if there is one; that the row is about to be sent, once."""
        journal = self.run.journal
        if journal is None or (state is State.SENDING and self._is_journalled):
            return
        await journal.append(JournalEntry.of(self.row.key, state, self.row.digest, ids=ids, error=error))
        self._is_journalled = True
