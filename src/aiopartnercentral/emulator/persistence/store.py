"""Executes changes of the state; with a state file, appends each to a log, and replays the log at the start."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral.emulator.errors import EmulatedServiceError
from aiopartnercentral.emulator.operations.context import RequestContext
from aiopartnercentral.emulator.operations.registry import handler_of, is_read
from aiopartnercentral.emulator.persistence.log import StateLog
from aiopartnercentral.emulator.persistence.records import (
    NOT_A_STATE_FILE,
    ClockRecord,
    CodeRecord,
    QuotasRecord,
    Record,
    RequestRecord,
    ResetRecord,
    StateError,
    StateHeader,
    VerificationRecord,
    decode_record,
)
from aiopartnercentral.emulator.services import SERVICES
from aiopartnercentral.emulator.state.catalog import VerificationCode
from aiopartnercentral.emulator.state.clock import CLOCK_LOCK
from aiopartnercentral.emulator.state.quotas import Quotas
from aiopartnercentral.emulator.state.steps import UnfinishedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from aiopartnercentral.emulator.state.clock import Clock
    from aiopartnercentral.emulator.state.state import State
    from aiopartnercentral.emulator.state.tasks import Verification

logger: logging.Logger = logging.getLogger(__name__)

_DIGEST_BYTES = 8
# How many records are replayed between two checks for cancellation.
_CHECK_EVERY = 256


@attrs.define(eq=False)
class StateStore:
    """Executes all changes of the state.

    With a state file, a change is executed and written in one step, before anything else happens. If it cannot be
    written, it has not happened: the state is restored by replaying the log.

    Arguments:
        state: the state.
        clock: the emulator's clock.
    """

    state: State
    clock: Clock
    _quotas: Quotas = attrs.field(init=False, default=attrs.Factory(lambda self: self.state.quotas, takes_self=True))
    _log: StateLog | None = attrs.field(default=None, init=False)
    _failure: StateError | None = attrs.field(default=None, init=False)
    _together: list[Record] | None = attrs.field(default=None, init=False)
    _closing: ExitStack = attrs.field(factory=ExitStack, init=False, repr=False)

    @property
    def has_file(self) -> bool:
        """Whether there is a state file."""
        return self._log is not None

    def open(self, path: Path, check_canceled: Callable[[], None]) -> None:
        """Restore state and clock from a file, and write all changes to it from now on.

        Arguments:
            path: the file; if it does not exist or is empty, the state starts without changes.
            check_canceled: called regularly; an exception that it raises ends this.

        Raises:
            StateError: the file cannot be used, or is of an emulator with other options; it is left as it was.
            RuntimeError: the clock belongs to another emulator with a state file.
        """
        with ExitStack() as stack:
            log = StateLog.open(path)
            stack.callback(log.close)
            self._failure = None
            latest = self._replay(log, check_canceled)
            with CLOCK_LOCK:
                stack.enter_context(self.clock.observed(self._write_clock))
                if log.is_empty:
                    log.protect()
                    log.append(StateHeader.of(self.state).encode())
                if latest is not None:
                    self.clock.catch_up(latest.resumed_at(time.time()))
                self._log = log
                stack.callback(setattr, self, "_log", None)
                self._write_clock(self.clock.now(), self.clock.running)
                self._closing = stack.pop_all()

    def close(self) -> None:
        """Close the state file, if there is one."""
        with CLOCK_LOCK:
            self._closing.close()

    def execute(self, context: RequestContext) -> bytes:
        """Return the response to a request.

        Raises:
            EmulatedServiceError: the response is an error.
            StateError: the change cannot be written, and was not executed.
        """
        self._check_usable()
        if is_read(context.operation):
            return handler_of(context.service, context.operation)(context)
        self._check_writable(context.now)
        return self._run_once(context, lambda: self._run_handler(context))

    def _run_once(self, context: RequestContext, execute: Callable[[], bytes]) -> bytes:
        account, request = context.account, context.request
        operation = f"{context.service.name}.{context.operation}"
        return self.state.idempotency.run_once(account, operation, request, now=context.now, execute=execute)

    def _run_handler(self, context: RequestContext) -> bytes:
        try:
            response = handler_of(context.service, context.operation)(context)
        except (EmulatedServiceError, UnfinishedError):
            raise
        except Exception:
            # A handler that breaks may have changed something that no record holds.
            if self._log is not None:
                self._restore(self._log)
            raise
        if self._log is not None:
            self._write(
                self._log,
                RequestRecord(
                    at=context.now,
                    wall_clock=self._wall_clock(),
                    account=context.account,
                    service=context.service.name,
                    operation=context.operation,
                    request=dict(context.request),
                    origin=context.origin,
                    response_digest=_digest(response),
                ),
            )
        return response

    @contextmanager
    def together(self) -> Iterator[None]:
        """Execute several changes of quotas, codes and clock as one: if one fails, none has happened.

        Raises:
            StateError: the changes cannot be written.
        """
        with CLOCK_LOCK:
            self._check_usable()
            records: list[Record] = []
            self._together = records
            try:
                with self.clock.restored_on_error():
                    yield
                    self._together = None
                    if self._log is not None and records:
                        self._write(self._log, *records)
            finally:
                self._together = None

    def open_completion_url(self, verification: Verification, now: datetime) -> None:
        """Start a registrant verification whose completion URL is opened for the first time.

        Raises:
            StateError: the change cannot be written, and was not executed.
        """
        if verification.opened_at is not None:
            return
        self._check_usable()
        self._check_writable(now)
        verification.opened_at = now
        if self._log is not None:
            secret = verification.secret or ""
            self._write(self._log, VerificationRecord(at=now, wall_clock=self._wall_clock(), secret=secret))

    def set_quotas(self, quotas: Quotas) -> None:
        """Set the quotas.

        Raises:
            StateError: the change cannot be written, and was not executed.
        """
        with CLOCK_LOCK:
            self._change(lambda now: self._set_quotas(quotas, now))

    def set_code(self, code: VerificationCode) -> None:
        """Set a verification code.

        Raises:
            StateError: the change cannot be written, and was not executed.
        """
        with CLOCK_LOCK:
            self._change(lambda now: self._set_code(code, now))

    def reset(self, seed: int) -> None:
        """Undo all changes of items, and forget verifications, idempotency tokens and used quotas.

        Arguments:
            seed: the seed of the generated data from now on.

        Raises:
            ValueError: there is a state file, which is of another seed.
            StateError: the change cannot be written, and was not executed.
        """
        with CLOCK_LOCK:
            if self._log is not None and seed != self.state.seed:
                raise ValueError("seed can be set at the start only, as there is a state file")
            self._change(self._reset)
            self.state.seed = seed

    def _reset(self, now: datetime) -> Record:
        self.state.reset()
        return ResetRecord(at=now, wall_clock=self._wall_clock())

    def _change(self, change: Callable[[datetime], Record]) -> None:
        """Execute a change that returns its record."""
        now = self.clock.now()
        self._check_usable()
        self._check_writable(now)
        record = change(now)
        if self._log is not None:
            self._write(self._log, record)

    def _set_quotas(self, quotas: Quotas, now: datetime) -> Record:
        self.state.quotas = quotas
        return QuotasRecord(at=now, wall_clock=self._wall_clock(), quotas=attrs.asdict(quotas))

    def _set_code(self, code: VerificationCode, now: datetime) -> Record:
        self.state.catalog(code.catalog, code.account, now).codes[code.email] = code
        return CodeRecord(at=now, wall_clock=self._wall_clock(), **attrs.asdict(code))

    def _write(self, log: StateLog, *records: Record) -> None:
        """Append the records of executed changes, or undo the changes."""
        if self._together is not None:
            self._together += records
            return
        try:
            log.append(*(record.encode() for record in records))
        except StateError as error:
            logger.error("changes are refused until the state file can be written: %s", error)  # noqa: TRY400 - complete
            self._restore(log)
            raise

    def _restore(self, log: StateLog) -> None:
        """Undo what is not in the log."""
        try:
            self._replay(log, lambda: None)
        except StateError as failure:
            self._failure = failure
            logger.error("restart the emulator: %s", failure)  # noqa: TRY400 - complete

    def _check_usable(self) -> None:
        """Raise StateError if the state could not be restored."""
        if self._failure is not None:
            raise self._failure

    def _check_writable(self, now: datetime) -> None:
        """Raise StateError if the last write failed and writing still fails: then nothing needs to be undone."""
        if self._log is not None and self._log.is_truncated and self._together is None:
            self._write_clock(now, self.clock.running)

    def _write_clock(self, moment: datetime, running: bool) -> None:  # noqa: FBT001 - the clock's interface
        record = ClockRecord(at=moment, wall_clock=time.time() if running else None)
        if self._together is not None:
            self._together.append(record)
        elif self._log is not None:
            self._log.append(record.encode())

    def _wall_clock(self) -> float | None:
        return time.time() if self.clock.running else None

    def _replay(self, log: StateLog, check_canceled: Callable[[], None]) -> Record | None:
        """Restore the state from the log, and return the latest record.

        Raises:
            StateError: the file is not a state file, is damaged, or is of an emulator with other options.
        """
        self.state.reset()
        self.state.quotas = self._quotas
        header = StateHeader.of(self.state)
        latest: Record | None = None
        for number, (payload, is_intact) in enumerate(log.payloads(), 1):
            if number % _CHECK_EVERY == 0:
                check_canceled()
            try:
                if number == 1:
                    header.check(payload)
                if not is_intact:
                    raise ValueError("the line is damaged, or one before it is missing")  # noqa: TRY301 - handled alike
                if number > 1:
                    record = latest = decode_record(payload, latest)
                    self._replay_record(record)
            except Exception as error:
                # A record of another release may break a handler in any way.
                reason = error if isinstance(error, ValueError) else "the change cannot be replayed"
                raise StateError(f"{log.path}, line {number}: {reason}") from error
        if log.is_empty and not log.may_begin_with(header.encode()):
            raise StateError(f"{log.path}, line 1: {NOT_A_STATE_FILE}")
        return latest

    def _replay_record(self, record: Record) -> None:
        """Execute a change again, at its time."""
        match record:
            case RequestRecord():
                service = SERVICES[record.service]
                handler = handler_of(service, record.operation)
                context = RequestContext(
                    service, record.operation, record.request, record.account, record.at, record.origin, self.state
                )
                response = self._run_once(context, lambda: handler(context))
                if _digest(response) != record.response_digest:
                    raise ValueError("the replayed response differs: the file is of another release")
            case VerificationRecord():
                verification = self.state.registrant(record.secret)
                if verification is None:
                    raise ValueError("no verification has this completion URL")
                verification.opened_at = record.at
            case ResetRecord():
                self.state.reset()
            case QuotasRecord():
                self._set_quotas(Quotas(**record.quotas), record.at)
            case CodeRecord():
                code = VerificationCode(record.account, record.catalog, record.email, record.code, record.expires_at)
                self._set_code(code, record.at)


def _digest(response: bytes) -> str:
    return blake2b(response, digest_size=_DIGEST_BYTES).hexdigest()
