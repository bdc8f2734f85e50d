"""The events of a client's calls: objects that are passed to one callback, its observer, and to the log.

    CallStarted
      CallRetried    before each further attempt
    CallFinished     last, also if the call is cancelled

    async with account.connect(observer=show) as client: ...

The callback is called in the task and the context of the call, so that it may set context variables for the call, and
must not block. An exception of the callback does not affect the call; the first one is logged. No event holds a request
or a response. The text of an error may quote what was sent: log its `error_type`.

The logger `aiopartnercentral.client` gets a record of each retry (INFO) and of the end of each call (DEBUG).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, TypeVar

import attrs

from aiopartnercentral._utils.notifier import Notifier
from aiopartnercentral._utils.text import counted
from aiopartnercentral.errors import attempts_of, error_type

if TYPE_CHECKING:
    from collections.abc import Awaitable

__all__ = ["LOGGER", "CallEvent", "CallFinished", "CallObserver", "CallRetried", "CallStarted", "CallWatch", "notifier"]

T = TypeVar("T")

LOGGER: Final = logging.getLogger("aiopartnercentral.client")
_NUMBERS: Final = count(1)


@attrs.frozen(kw_only=True)
class CallStarted:
    """A call has begun; nothing has been sent yet.

    Attributes:
        call: identifies the call in all its events; a number that is unique in this process.
        service: the service's name, such as `partnercentral-account`.
        operation: the operation's wire name, such as `ListConnections`.
        endpoint_url: the URL of the endpoint by the client's configuration.
    """

    call: int
    service: str
    operation: str
    endpoint_url: str


@attrs.frozen(kw_only=True)
class CallRetried:
    """An attempt has failed, and the request is sent again now.

    Attributes:
        call: identifies the call.
        service: the service's name.
        operation: the operation's wire name.
        attempt: how often the request was sent before.
        seconds: the time since the failure, most of which is the backoff.
        error: the error code or the class name of the failure.
        http_status: the HTTP status of the failed attempt; None without a response.
        request_id: the service's id of the failed attempt, or None.
    """

    call: int
    service: str
    operation: str
    attempt: int
    seconds: float
    error: str
    http_status: int | None
    request_id: str | None


@attrs.frozen(kw_only=True)
class CallFinished:
    """A call has ended: with a response, an error or a cancellation.

    Attributes:
        call: identifies the call.
        service: the service's name.
        operation: the operation's wire name.
        attempts: how often the request was sent; 0 if it was not.
        seconds: how long the call took, with its retries and the decoding of the response.
        error: the exception that the caller gets, or None.
        http_status: the HTTP status of the last response; None without one.
        request_id: the service's id of the last attempt, or None.
    """

    call: int
    service: str
    operation: str
    attempts: int
    seconds: float
    error: BaseException | None = attrs.field(repr=error_type)
    http_status: int | None
    request_id: str | None


CallEvent: TypeAlias = CallStarted | CallRetried | CallFinished
"""Every event of a call."""

CallObserver: TypeAlias = Callable[[CallEvent], object]
"""A callback for the events of a client's calls."""


def notifier(observer: CallObserver | None) -> Notifier[CallEvent] | None:
    """Return what passes the events of one client's calls to the log and to its observer; None without an observer."""
    return None if observer is None else _notifier(observer)


def _notifier(observer: CallObserver | None) -> Notifier[CallEvent]:
    return Notifier(observer, _log, LOGGER, lambda event: str(event.operation))


def _log(event: CallEvent) -> None:
    level = logging.INFO if isinstance(event, CallRetried) else logging.DEBUG
    if LOGGER.isEnabledFor(level) and not isinstance(event, CallStarted):
        LOGGER.log(level, "%s: %s", event.operation, _words(event))


def _words(event: CallRetried | CallFinished) -> str:
    if isinstance(event, CallRetried):
        details = _details(event.http_status, event.request_id)
        return f"attempt {event.attempt} failed with {event.error}{details}, sent again after {event.seconds:.2f} s"
    how = "succeeded" if event.error is None else f"failed with {error_type(event.error)}"
    details = _details(event.http_status, event.request_id)
    return f"{how}{details} after {event.seconds:.3f} s, {counted(event.attempts, 'attempt')}"


def _details(http_status: int | None, request_id: str | None) -> str:
    known = [
        *([] if http_status is None else [f"HTTP {http_status}"]),
        *([f"request id {request_id}"] if request_id else []),
    ]
    return f" ({', '.join(known)})" if known else ""


_LOG_ONLY: Final = _notifier(None)


class _Sent(Protocol):
    """The state of a call; see `CallContext`."""

    status: int
    request_id: str | None

    @property
    def sent(self) -> int:
        """How often the request was sent."""
        ...


@attrs.define(eq=False)
class CallWatch:
    """Reports the events of one call.

    Attributes:
        service: the service's name.
        operation: the operation's wire name.
        endpoint_url: the URL of the endpoint.
        notify: gets the events; None for the log alone.
        context: the state of the call, once its request is encoded.
    """

    service: str
    operation: str
    endpoint_url: str
    notify: Notifier[CallEvent] | None
    context: _Sent | None = None
    _number: int = attrs.field(factory=lambda: next(_NUMBERS), init=False)
    _failed: tuple[str, int | None, str | None, float] | None = attrs.field(default=None, init=False)

    async def around(self, send: Callable[[], Awaitable[T]]) -> T:
        """Make the call, and return what it returns.

        Raises:
            BaseException: what the call raises.
        """
        __tracebackhide__ = True  # as in `ServiceClient.call`
        notify = self.notify or _LOG_ONLY
        service, operation, began = self.service, self.operation, perf_counter()
        notify(CallStarted(call=self._number, service=service, operation=operation, endpoint_url=self.endpoint_url))
        error: BaseException | None = None
        try:
            return await send()
        except BaseException as raised:
            error = raised
            raise
        finally:
            context = self.context
            sent = 0 if context is None else context.sent
            status, request_id = (None, None) if context is None else (context.status or None, context.request_id)
            if error is not None and self._failed is not None:  # the last attempt may have got no response
                _, status, request_id, _ = self._failed
            notify(
                CallFinished(
                    call=self._number,
                    service=service,
                    operation=operation,
                    attempts=max(sent, attempts_of(error)) if sent and isinstance(error, Exception) else sent,
                    seconds=perf_counter() - began,
                    error=error,
                    http_status=status,
                    request_id=request_id,
                )
            )
            del error  # its traceback has this frame

    def failed(self, error: str, http_status: int | None, request_id: str | None) -> None:
        """Take note of an attempt that failed, which may be the last one."""
        self._failed = error, http_status, request_id, perf_counter()

    def resent(self, attempt: int) -> None:
        """Report that the request is sent again.

        Arguments:
            attempt: how often it was sent before.
        """
        error, status, request_id, at = self._failed or ("an unknown error", None, None, perf_counter())
        (self.notify or _LOG_ONLY)(
            CallRetried(
                call=self._number,
                service=self.service,
                operation=self.operation,
                attempt=attempt,
                seconds=perf_counter() - at,
                error=error,
                http_status=status,
                request_id=request_id,
            )
        )
