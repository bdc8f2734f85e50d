"""Records the answers of another Partner Central in a file, and replays them. The file has no secrets.

The first line of a file is a header; each other line is a request and its answer, as JSON. Times and bytes of CBOR are
objects with one key, `$time` or `$bytes`.
"""

from __future__ import annotations

import base64
import logging
import os
from collections import Counter
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, TypeAlias

import attrs
import msgspec

from aiopartnercentral.emulator.cleaner import Cleaner
from aiopartnercentral.emulator.errors import EmulatedServiceError, protocol_error
from aiopartnercentral.emulator.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from aiopartnercentral.emulator.services import Service

logger: logging.Logger = logging.getLogger(__name__)

_HEADER: Final = {"format": "aiopartnercentral-recording", "version": 1}
_sorted: Final = msgspec.json.Encoder(order="sorted")


@attrs.frozen
class Answer:
    """An answer of a service.

    Attributes:
        status: the HTTP status.
        body: the body, in the protocol of the service.
        error: the name of the error; None if there is none.
    """

    status: int
    body: bytes = attrs.field(repr=False)
    error: str | None = None


class Upstream(Protocol):
    """Answers requests instead of the operations of the emulator."""

    async def answer(self, service: Service, operation: str, request: Mapping[str, Any]) -> Answer:
        """Return the answer to a request.

        Raises:
            EmulatedServiceError: there is none.
        """
        ...


Forward: TypeAlias = "Callable[[Service, str, bytes], Awaitable[tuple[int, bytes]]]"
"""Sends the body of a request for an operation; returns status and body of the answer, or raises OSError."""


class RecordedExchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a file."""

    service: str
    operation: str
    request: dict[str, Any]
    status: Annotated[int, msgspec.Meta(ge=200, le=599)]
    response: dict[str, Any]

    def __repr__(self) -> str:
        return f"RecordedExchange({self.service!r}, {self.operation!r})"


_decode_line = msgspec.json.Decoder(RecordedExchange).decode


@attrs.define(eq=False)
class Recorder:
    """Forwards requests, and writes each with its answer to a new file.

        with Recorder(path, forward) as recorder:
            async with Emulator(upstream=recorder) as proxy:

    Arguments:
        path: the file, which must not exist.
        forward: sends a request. The credentials of the client that sent it are not passed on.
    """

    path: Path
    forward: Forward
    _file: Any = attrs.field(default=None, init=False, repr=False)
    _cleaner: Cleaner = attrs.field(factory=Cleaner, init=False, repr=False)
    _is_empty: bool = attrs.field(default=True, init=False, repr=False)

    def __enter__(self) -> Self:
        """Create the file, which only its owner can read.

        Raises:
            OSError: it exists, or cannot be created.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._file = os.fdopen(os.open(self.path, flags, 0o600), "wb", buffering=0)
        self._append(_HEADER)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file; if nothing was recorded, remove it, so that the same command can be started again."""
        with self._file:
            if self._is_empty:
                with suppress(OSError):
                    self.path.unlink()

    async def answer(self, service: Service, operation: str, request: Mapping[str, Any]) -> Answer:
        """Return the answer of the other service; if this is cancelled, the request may have been executed."""
        try:
            status, body = await self.forward(service, operation, service.encode(request))
        except OSError as error:
            message = f"The service whose answers are recorded cannot be reached: {error}"
            raise protocol_error("BadGatewayException", message, status=502) from None
        try:
            value = service.decode(body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            # Nothing says what in it is secret.
            logger.warning("an answer to %s with status %d is not recorded: it is not an object", operation, status)
            return Answer(status, body, _error(status, {}))
        failed = _error(status, value)
        described = service.validator.operations[operation]
        shapes = [described.get(kind, {}).get("shape") for kind in ("input", "output")]
        cleaned = self._cleaner.clean(service, shapes[0], request, renumber=True)
        is_error = failed is not None
        answered = self._cleaner.clean(service, failed or shapes[1], value, renumber=True, is_error=is_error)
        if is_error:
            answered = {name: self._cleaner.clean_text(text) for name, text in answered.items()}
        line = {"service": service.name, "operation": operation, "request": cleaned, "status": status}
        try:
            self._append(line | {"response": answered})
            self._is_empty = False
        except OSError as error:
            # Not an error of the request: its client would send it again, and it would be executed twice.
            logger.error("an answer to %s is not recorded: %s", operation, error.strerror)  # noqa: TRY400 - complete
        return Answer(status, body, failed)

    def _append(self, line: Mapping[str, Any]) -> None:
        """Append a line, or nothing at all if it cannot be written completely.

        Raises:
            OSError: it cannot be written.
        """
        end = os.fstat(self._file.fileno()).st_size
        rest = msgspec.json.encode(_as_json(line)) + b"\n"
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._file.truncate(end)
            raise


@attrs.define(eq=False)
class Replay:
    """Answers requests as a file says: those that are equal without their secrets, in the order of the file.

    The last answer to a request is repeated.

    Arguments:
        path: the file.

    Raises:
        ValueError: the file cannot be read, or a line is wrong; the message names file and line.
    """

    path: Path
    _answers: dict[tuple[str, str], dict[bytes, list[Answer]]] = attrs.field(factory=dict, init=False, repr=False)
    _next: Counter[tuple[str, str, bytes]] = attrs.field(factory=Counter, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Read the file."""
        for exchange, answer in _exchanges(self.path):
            of_operation = self._answers.setdefault((exchange.service, exchange.operation), {})
            of_operation.setdefault(_sorted.encode(exchange.request), []).append(answer)

    def restart(self) -> None:
        """Begin again with the first answer to each request."""
        self._next.clear()

    async def answer(self, service: Service, operation: str, request: Mapping[str, Any]) -> Answer:
        """Return the next recorded answer to a request.

        Raises:
            EmulatedServiceError: there is none; the message has no value of the request.
        """
        shape = service.validator.operations[operation].get("input", {}).get("shape")
        cleaned = _as_json(Cleaner().clean(service, shape, request, renumber=False))
        key = _sorted.encode(cleaned)
        answers = self._answers.get((service.name, operation), {}).get(key)
        if answers is None:
            raise self._unknown(service, operation, shape, cleaned)
        position = min(self._next[service.name, operation, key], len(answers) - 1)
        self._next[service.name, operation, key] += 1
        return answers[position]

    def _unknown(
        self, service: Service, operation: str, shape: str | None, request: Mapping[str, Any]
    ) -> EmulatedServiceError:
        recorded = self._answers.get((service.name, operation))
        if recorded is None:
            counts = [f"{name} {each} ({sum(map(len, all_.values()))})" for (name, each), all_ in self._answers.items()]
            has = ", ".join(counts) or "no requests"
            text = f"{operation} of {service.name} was not recorded; {self.path.name} has {has}"
        else:
            others = [msgspec.json.decode(each) for each in recorded]
            closest = min((_different(request, other) for other in others), key=len)
            known = service.shapes[shape]["members"] if shape else {}
            names = ", ".join(sorted({name if name in known else "an unknown member" for name in closest}))
            requests = f"{len(recorded)} request{'s' if len(recorded) > 1 else ''} of {operation}"
            text = f"{self.path.name} has {requests}; the most similar one differs in {names}"
        return protocol_error("NotImplementedException", text, status=501)


def _error(status: int, value: Mapping[str, Any]) -> str | None:
    """Return the name of the error of an answer; None if it is none."""
    name = str(value.get("__type", "UnknownError"))
    return name.rpartition("#")[2] if status >= HTTPStatus.BAD_REQUEST else None


def _different(first: Mapping[str, Any], second: Mapping[str, Any]) -> set[str]:
    return {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}


def _exchanges(path: Path) -> Iterator[tuple[RecordedExchange, Answer]]:
    """Yield the lines of a file, each with the answer in the protocol of its service."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ValueError(f"cannot read the recording {path}: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        try:
            if number == 1:
                if msgspec.json.decode(line) != _HEADER:
                    raise ValueError(line)  # noqa: TRY301 - handled like a line that is not JSON
                continue
            exchange = _decode_line(line)
            service = SERVICES[exchange.service]
            if exchange.operation not in service.validator.operations:
                raise LookupError(exchange.operation)  # noqa: TRY301 - handled like an unknown service
            value = _from_json(exchange.response) if service.is_cbor else exchange.response
            answer = Answer(exchange.status, service.encode(value), _error(exchange.status, value))
        except LookupError:
            raise ValueError(f"{path}, line {number}: the models have no such operation") from None
        except (ValueError, OverflowError, RecursionError):
            reason = "this is not a recording" if number == 1 else "the line is damaged"
            raise ValueError(f"{path}, line {number}: {reason}") from None
        yield exchange, answer
    if not lines:
        raise ValueError(f"{path}, line 1: this is not a recording")


def _as_json(value: Any) -> Any:  # noqa: ANN401 - of any type
    """Return a value with the times and bytes of CBOR as objects."""
    match value:
        case dict():
            return {key: _as_json(item) for key, item in value.items()}
        case list():
            return [_as_json(item) for item in value]
        case datetime():
            return {"$time": value.isoformat()}
        case bytes():
            return {"$bytes": base64.b64encode(value).decode()}
        case None | bool() | int() | float() | str():
            return value
    return str(value)


def _from_json(value: Any) -> Any:  # noqa: ANN401 - of any type
    match value:
        case {"$time": str(text), **others} if not others:
            return datetime.fromisoformat(text)
        case {"$bytes": str(text), **others} if not others:
            return base64.b64decode(text)
        case dict():
            return {key: _from_json(item) for key, item in value.items()}
        case list():
            return [_from_json(item) for item in value]
    return value
