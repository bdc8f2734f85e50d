"""What changes the world, carried out; where a state is kept, written down too, and carried out again at a start."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from hashlib import blake2b
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral.emulator.errors import ServiceFaultError
from aiopartnercentral.emulator.operations import HANDLERS, READS
from aiopartnercentral.emulator.operations.context import Call
from aiopartnercentral.emulator.persistence.log import Journal
from aiopartnercentral.emulator.persistence.records import Asked, Entry, Header, Moved, StateError, Visited, read
from aiopartnercentral.emulator.state.clock import STILL

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from aiopartnercentral.emulator.state.clock import Clock
    from aiopartnercentral.emulator.state.state import World
    from aiopartnercentral.emulator.state.tasks import Verification

logger: logging.Logger = logging.getLogger(__name__)

_DIGEST_BYTES = 8
# How many lines are carried out between two looks at whether they still matter.
_STRIDE = 256


@attrs.define(eq=False)
class History:
    """The one way in which the world changes.

    A change is carried out and written down in one go, before anything else happens. What cannot be written down has
    not happened: the world is then made again from what is.

    Arguments:
        world: what there is.
        clock: its time.
    """

    world: World
    clock: Clock
    _journal: Journal | None = attrs.field(default=None, init=False)
    _lost: StateError | None = attrs.field(default=None, init=False)
    _closing: ExitStack = attrs.field(factory=ExitStack, init=False, repr=False)

    def open(self, path: Path, check_canceled: Callable[[], None]) -> None:
        """Make world and time what a file says, and keep them there from now on.

        Arguments:
            path: the file; if it does not exist or is empty, the world begins anew.
            check_canceled: called now and then; what it raises ends this.

        Raises:
            StateError: the file cannot be used, or is of another world; it is left as it was.
            RuntimeError: the clock belongs to another history.
        """
        with ExitStack() as stack:
            journal = Journal.open(path)
            stack.callback(journal.close)
            self._lost = None
            latest = self._make_again(journal, check_canceled)
            with STILL:
                stack.enter_context(self.clock.watched(self._moved))
                if journal.is_empty:
                    journal.protect()
                    journal.add(Header.of(self.world).said())
                if latest is not None:
                    self.clock.resume(latest.resumed(time.time()))
                self._journal = journal
                stack.callback(setattr, self, "_journal", None)
                self._moved(self.clock.now(), self.clock.running)
                self._closing = stack.pop_all()

    def close(self) -> None:
        """Give the file up; without one, there is nothing to do."""
        with STILL:
            self._closing.close()

    def carry_out(self, call: Call) -> bytes:
        """Return the answer to a request.

        Raises:
            ServiceFaultError: it cannot be carried out.
            StateError: it cannot be written down, and so was not carried out.
        """
        self._check_there()
        if call.operation in READS:
            return HANDLERS[call.operation](call)
        self._check_writable(call.now)
        return self.world.tokens.once(
            call.account, call.operation, call.request, now=call.now, carry_out=lambda: self._carried_out(call)
        )

    def _carried_out(self, call: Call) -> bytes:
        try:
            answer = HANDLERS[call.operation](call)
        except ServiceFaultError:
            raise
        except Exception:
            # A handler that breaks may have changed something, which no line would tell.
            if self._journal is not None:
                self._undo(self._journal)
            raise
        if self._journal is not None:
            self._write(
                self._journal,
                Asked(
                    at=call.now,
                    wall=self._wall(),
                    account=call.account,
                    operation=call.operation,
                    request=dict(call.request),
                    origin=call.origin,
                    answer=_digest(answer),
                ),
            )
        return answer

    def visit(self, verification: Verification, now: datetime) -> None:
        """Let a registrant open their completion URL, of which the first time counts.

        Raises:
            StateError: it cannot be written down, and so did not happen.
        """
        if verification.opened_at is not None:
            return
        self._check_there()
        self._check_writable(now)
        verification.opened_at = now
        if self._journal is not None:
            self._write(self._journal, Visited(at=now, wall=self._wall(), secret=verification.secret or ""))

    def _write(self, journal: Journal, entry: Entry) -> None:
        """Write down what was carried out, or undo it."""
        try:
            journal.add(entry.said())
        except StateError as error:
            logger.error("nothing changes any more: %s", error)  # noqa: TRY400 - it says all
            self._undo(journal)
            raise

    def _undo(self, journal: Journal) -> None:
        """Make the world again without what was not written down."""
        try:
            self._make_again(journal, lambda: None)
        except StateError as worse:
            self._lost = worse
            logger.error("start the emulator again: %s", worse)  # noqa: TRY400 - it says all

    def _check_there(self) -> None:
        """Raise StateError if the world could not be made again."""
        if self._lost is not None:
            raise self._lost

    def _check_writable(self, now: datetime) -> None:
        """Raise StateError if nothing could be written last and still cannot: then there will be nothing to undo."""
        if self._journal is not None and self._journal.cut_short:
            self._moved(now, self.clock.running)

    def _moved(self, moment: datetime, running: bool) -> None:  # noqa: FBT001 - the clock's interface
        """Write down what time it will be."""
        if self._journal is not None:
            self._journal.add(Moved(at=moment, wall=time.time() if running else None).said())

    def _wall(self) -> float | None:
        return time.time() if self.clock.running else None

    def _make_again(self, journal: Journal, check_canceled: Callable[[], None]) -> Entry | None:
        """Make the world from the beginning, and return the latest entry.

        Raises:
            StateError: the journal is no journal of this world.
        """
        self.world.begin()
        header = Header.of(self.world)
        latest: Entry | None = None
        for number, (said, intact) in enumerate(journal.objects(), 1):
            if number % _STRIDE == 0:
                check_canceled()
            try:
                if number == 1:
                    header.check(said)
                if not intact:
                    raise ValueError("it is damaged, or a line before it is gone")  # noqa: TRY301 - as all that is wrong
                if number > 1:
                    entry = latest = read(said, latest)
                    self._repeat(entry)
            except Exception as error:
                # What another release has written breaks a handler in any way.
                why = error if isinstance(error, ValueError) else "it cannot be carried out"
                raise StateError(f"{journal.path}, line {number}: {why}") from error
        if journal.is_empty and not journal.begins_with(header.said()):
            raise StateError(f"{journal.path}, line 1: this is no state of an emulator")
        return latest

    def _repeat(self, entry: Entry) -> None:
        """Carry out what an entry says, as it was then."""
        match entry:
            case Asked():
                handler = HANDLERS[entry.operation]
                call = Call(entry.operation, entry.request, entry.account, entry.at, entry.origin, self.world)
                answer = self.world.tokens.once(
                    call.account, call.operation, call.request, now=call.now, carry_out=lambda: handler(call)
                )
                if _digest(answer) != entry.answer:
                    raise ValueError("its answer is not what it was: the emulator is another")
            case Visited():
                verification = self.world.registrant(entry.secret)
                if verification is None:
                    raise ValueError("no verification has this address")
                verification.opened_at = entry.at


def _digest(answer: bytes) -> str:
    return blake2b(answer, digest_size=_DIGEST_BYTES).hexdigest()
