"""JSON 1.0 over HTTP: which operation a request is for, what it says, and what is remembered of it."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from aiopartnercentral.emulator.errors import ServiceFaultError, protocol_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aiohttp import web

    from aiopartnercentral.emulator.validation import Validator

CONTENT_TYPE = "application/x-amz-json-1.0"
MAX_BODY: Final = 1024**2
"""How many bytes a request may have, unpacked."""
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


@attrs.define
class RecordedRequest:
    """What a client asked for, and how it was answered.

    Attributes:
        at: when it came, by the emulator's time.
        account: the account that asked.
        operation: the operation's name, or what stood in `X-Amz-Target` if that is no operation.
        catalog: what the request named as its catalog, where that can be one's name.
        status: HTTP status of the answer; 0 if the connection ended before the request was carried out.
        error: name of the error, or None.
        page_token_given: whether this asked for a later page.
        faults: the kinds of the faults that changed something of it, such as `reset`.
        body: the request as JSON; out of the repr, for it may hold sensitive values.
        seconds: how long the answer took, held-back time included; None until then, and if the client did not wait.
        size: how many bytes the body was.
    """

    at: datetime
    account: str
    operation: str
    catalog: str | None
    status: int
    error: str | None
    page_token_given: bool
    body: Mapping[str, Any] = attrs.field(repr=False)
    faults: tuple[str, ...] = ()
    seconds: float | None = None
    size: int = attrs.field(default=0, repr=False)


def operation_name(request: web.BaseRequest) -> str:
    """Return what stands behind the service's name in `X-Amz-Target`, where bytes that are no text are replaced."""
    target = request.headers.get("X-Amz-Target", "").encode(errors="surrogateescape")
    return target.decode(errors="replace").rpartition(".")[2]


def check(request: web.BaseRequest, validator: Validator) -> None:
    """Look at everything of a request but its body.

    Raises:
        ServiceFaultError: wrong method, path or host, wrong kind of body, or no operation of the model.
    """
    if not _HOST.fullmatch(request.host):
        # It becomes a part of completion URLs.
        raise protocol_error("MalformedHttpRequestException", "The Host header must be a host, perhaps with its port")
    if (request.method, request.path) != ("POST", "/"):
        raise protocol_error("UnknownOperationException", "Every operation is a POST to /", status=404)
    if request.content_type != CONTENT_TYPE:
        message = f"The Content-Type must be {CONTENT_TYPE}"
        raise protocol_error("UnsupportedMediaTypeException", message, status=415)
    prefix, _, operation = request.headers.get("X-Amz-Target", "").partition(".")
    if prefix != validator.target_prefix or operation not in validator.operations:
        message = f"X-Amz-Target must be {validator.target_prefix}. and the name of an operation"
        raise protocol_error("UnknownOperationException", message)


def unpacked(request: web.BaseRequest, raw: bytes) -> bytes:
    """Return the body of a request without its Content-Encoding.

    Raises:
        ServiceFaultError: it is not encoded as it says, is encoded in another way, or is too large.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower() or "identity"
    if encoding == "identity":
        return raw
    if encoding not in ("gzip", "deflate"):
        message = "The Content-Encoding must be gzip, deflate or identity"
        raise protocol_error("UnsupportedMediaTypeException", message, status=415)
    # 32 stands for either header, of zlib or of gzip.
    decompressor = zlib.decompressobj(zlib.MAX_WBITS + 32)
    try:
        body = decompressor.decompress(raw, MAX_BODY + 1)
    except zlib.error:
        body = b""
    if len(body) > MAX_BODY:
        raise too_large()
    if not decompressor.eof or decompressor.unused_data:
        raise protocol_error("SerializationException", "The body is not encoded as it says")
    return body


def too_large() -> ServiceFaultError:
    """Return what a caller gets whose body is too large."""
    return protocol_error("RequestEntityTooLargeException", "The body is too large", status=413)


def parse(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that a request is.

    Raises:
        ServiceFaultError: it is none; the message does not repeat what was sent.
    """
    try:
        parsed = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise protocol_error("SerializationException", "The body is not a JSON object")
    return parsed
