"""AWS JSON 1.0 over HTTP: parses requests, and defines the entries of the list of recent requests."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec
from aiohttp import HttpVersion11

from aiopartnercentral.emulator.errors import EmulatedServiceError, protocol_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aiohttp import web

    from aiopartnercentral.emulator.validation import ModelValidator

CONTENT_TYPE = "application/x-amz-json-1.0"
MAX_BODY: Final = 1024**2
"""The largest size of a request in bytes, decompressed."""
WRONG_ENCODING: Final = "The body does not match its Content-Encoding"


@attrs.define
class RecordedRequest:
    """A request that a client sent, and its response.

    Attributes:
        at: when it was received, by the emulator's clock.
        account: the account that sent the request.
        operation: the operation's name, or the text of `X-Amz-Target` if that has none.
        catalog: the catalog that the request names, if that is a possible name.
        status: HTTP status of the response; 0 if the connection ended before the request was executed.
        error: name of the error, or None.
        has_page_token: whether it requested a later page.
        faults: kinds of the faults that were injected, such as `reset`.
        body: the request as JSON; not in the repr, as it may hold sensitive values.
        seconds: how long the response took, delays included; None before, and if the client did not wait for it.
        size: size of the body in bytes.
    """

    at: datetime
    account: str
    operation: str
    catalog: str | None
    status: int
    error: str | None
    has_page_token: bool
    body: Mapping[str, Any] = attrs.field(repr=False)
    faults: tuple[str, ...] = ()
    seconds: float | None = None
    size: int = attrs.field(default=0, repr=False)


def operation_name(request: web.BaseRequest) -> str:
    """Return the operation in `X-Amz-Target`; bytes that are not UTF-8 are replaced."""
    target = request.headers.get("X-Amz-Target", "").encode(errors="surrogateescape")
    return target.decode(errors="replace").rpartition(".")[2]


async def ask_for_body(request: web.BaseRequest) -> None:
    """Send the interim response to a client that waits for one before it sends the body."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def check(request: web.BaseRequest, validator: ModelValidator) -> None:
    """Check a request without its body.

    Raises:
        EmulatedServiceError: method, path or content type is wrong, or the operation is unknown.
    """
    if (request.method, request.path) != ("POST", "/"):
        raise protocol_error("UnknownOperationException", "Every operation is a POST to /", status=404)
    if request.content_type != CONTENT_TYPE:
        message = f"The Content-Type must be {CONTENT_TYPE}"
        raise protocol_error("UnsupportedMediaTypeException", message, status=415)
    prefix, _, operation = request.headers.get("X-Amz-Target", "").partition(".")
    if prefix != validator.target_prefix or operation not in validator.operations:
        message = f"X-Amz-Target must be {validator.target_prefix}. followed by the name of an operation"
        raise protocol_error("UnknownOperationException", message)


def decompress(request: web.BaseRequest, raw: bytes) -> bytes:
    """Return the decompressed body of a request.

    Raises:
        EmulatedServiceError: the Content-Encoding is wrong or unsupported, or the body is too large.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower() or "identity"
    if encoding == "identity":
        return raw
    if encoding not in ("gzip", "deflate"):
        message = "The Content-Encoding must be gzip, deflate or identity"
        raise protocol_error("UnsupportedMediaTypeException", message, status=415)
    # 32: detect the header, zlib or gzip.
    decompressor = zlib.decompressobj(zlib.MAX_WBITS + 32)
    try:
        body = decompressor.decompress(raw, MAX_BODY + 1)
    except zlib.error:
        body = b""
    if len(body) > MAX_BODY:
        raise too_large()
    if not decompressor.eof or decompressor.unused_data:
        raise protocol_error("SerializationException", WRONG_ENCODING)
    return body


def too_large() -> EmulatedServiceError:
    """Return the error for a body that is too large."""
    return protocol_error("RequestEntityTooLargeException", "The body is too large", status=413)


def parse(raw: bytes) -> dict[str, Any]:
    """Return the JSON object of a body.

    Raises:
        EmulatedServiceError: the body is not a JSON object; the message does not quote it.
    """
    try:
        parsed = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise protocol_error("SerializationException", "The body is not a JSON object")
    return parsed
