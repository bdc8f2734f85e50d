"""Passes events to a log and to an observer, whose failure changes nothing but the log."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

__all__ = ["Notifier"]

EventT = TypeVar("EventT")


@attrs.define(eq=False)
class Notifier(Generic[EventT]):
    """Passes events to the log and to an observer; the observer's first failure is logged without its text.

    Attributes:
        observer: called with each event, or None.
        log: logs an event.
        logger: gets the failure of the observer.
        subject: returns the subject of an event for that record, such as `run 1a2b`.
    """

    observer: Callable[[EventT], object] | None
    log: Callable[[EventT], object]
    logger: logging.Logger
    subject: Callable[[Any], str]
    _has_failed: bool = attrs.field(default=False, init=False)

    def __call__(self, event: EventT) -> None:
        """Log an event and call the observer."""
        self.log(event)
        if self.observer is None:
            return
        try:
            self.observer(event)
        except Exception as failure:  # noqa: BLE001 - an observer must not change what it observes
            if not self._has_failed:
                self._has_failed = True
                # Neither its text nor its context, which may quote the service's response.
                frames = "".join(_frames(failure))
                self.logger.error(  # noqa: TRY400 - as above
                    "%s: the observer failed with %s\n%s", self.subject(event), type(failure).__name__, frames
                )


def _frames(failure: BaseException) -> list[str]:
    """Return the traceback lines of a failure and of each exception in its groups, without messages."""
    lines = traceback.format_tb(failure.__traceback__)
    if isinstance(failure, BaseExceptionGroup):
        for part in failure.exceptions:
            lines += [f"  {type(part).__name__}\n", *_frames(part)]
    return lines
