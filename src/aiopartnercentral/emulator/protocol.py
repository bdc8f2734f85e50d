"""AWS JSON 1.0 and Smithy RPC v2 CBOR over HTTP: parses requests, and defines the entries of their list."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any, Final

import attrs
from aiohttp import HttpVersion11

from aiopartnercentral.emulator import cbor
from aiopartnercentral.emulator.errors import EmulatedServiceError, protocol_error
from aiopartnercentral.emulator.services import ACCOUNT, SERVICES, service_of_host, services_by_target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aiohttp import web

    from aiopartnercentral.emulator.services import Service

# The name of the service in the scope of a signature.
_SCOPE: Final = re.compile(r"Credential=[^ ,]+/[0-9]{8}/[a-z0-9-]{1,32}/([a-z0-9-]{1,64})/aws4_request")
MAX_BODY: Final = 1024**2
"""The largest size of a request in bytes, decompressed."""
_PATH: Final = re.compile("/service/(?P<service>[^/]*)/operation/(?P<operation>[^/]*)")
WRONG_ENCODING: Final = "The body does not match its Content-Encoding"


@attrs.define
class RecordedRequest:
    """A request that a client sent, and its response.

    Attributes:
        at: when it was received, by the emulator's clock.
        account: the account that sent the request.
        service: the name of the service, such as `partnercentral-selling`.
        operation: the operation's name, or the text of `X-Amz-Target` if that has none.
        catalog: the catalog that the request names, if that is a possible name.
        status: HTTP status of the response; 0 if the connection ended before the request was executed.
        error: name of the error, or None.
        has_page_token: whether it requested a later page.
        faults: kinds of the faults that were injected, such as `reset`.
        body: the request as JSON, or the values of CBOR; not in the repr, as it may hold sensitive values.
        seconds: how long the response took, delays included; None before, and if the client did not wait for it.
        size: size of the body in bytes.
        request_id: the request id in the response's headers.
        text: the request's body as it was sent, decompressed; not in the repr.
        response: the response's body; None if there is none, or if the bodies of later responses have replaced it.
    """

    at: datetime
    account: str
    service: str
    operation: str
    catalog: str | None
    status: int
    error: str | None
    has_page_token: bool
    body: Mapping[str, Any] = attrs.field(repr=False)
    faults: tuple[str, ...] = ()
    seconds: float | None = None
    size: int = attrs.field(default=0, repr=False)
    request_id: str = ""
    text: bytes = attrs.field(default=b"", repr=False)
    response: bytes | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Target:
    """The operation that a request is for.

    Attributes:
        service: the service; `account` if the request names none.
        operation: the name of the operation, which the service may not have.
        is_known: whether the service has been named.
    """

    service: Service
    operation: str
    is_known: bool

    @classmethod
    def of(cls, request: web.BaseRequest) -> Target:
        """Return the target in the path, or in `X-Amz-Target`; bytes that are not UTF-8 are replaced."""
        if request.path != "/" and (path := _PATH.fullmatch(request.path)):
            is_cbor, prefix, operation = True, path["service"], path["operation"]
        else:
            target = request.headers.get("X-Amz-Target", "").encode(errors="surrogateescape").decode(errors="replace")
            is_cbor, (prefix, _, operation) = False, target.rpartition(".")
        found = services_by_target().get((is_cbor, prefix))
        return cls(found or ACCOUNT, operation, found is not None)


class OtherServiceError(EmulatedServiceError):
    """The request is for a service that is not part of Partner Central.

    Attributes:
        body: the error as XML, if the protocol of the service has errors in XML; otherwise None.
    """

    def __init__(self, name: str, *, is_query: bool) -> None:
        message = (
            f"The emulator serves Partner Central only, and not {name}. Set {ACCOUNT.endpoint_variable} and the like "
            "instead of AWS_ENDPOINT_URL"
        )
        super().__init__("UnknownOperationException", message, status=400)
        text = f"<Error><Code>{self.shape}</Code><Message>{message}</Message></Error>"
        self.body: str | None = f"<ErrorResponse>{text}</ErrorResponse>" if is_query else text if name == "s3" else None


def _check_service(request: web.BaseRequest) -> None:
    """Raise OtherServiceError if the signature of a request is for another service than those of Partner Central."""
    scope = _SCOPE.search(request.headers.get("Authorization", ""))
    if scope and scope[1] not in {each.validator.signing_name for each in SERVICES.values()}:
        is_query = request.content_type == "application/x-www-form-urlencoded"
        raise OtherServiceError(scope[1], is_query=is_query)


async def ask_for_body(request: web.BaseRequest) -> None:
    """Send the interim response to a client that waits for one before it sends the body."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def check(request: web.BaseRequest, target: Target) -> None:
    """Check a request without its body.

    Raises:
        EmulatedServiceError: method, path, host, content type or protocol is wrong, or the operation is unknown.
    """
    if not target.is_known:
        _check_service(request)
    service = target.service
    path = f"/service/{service.validator.target_prefix}/operation/{target.operation}" if service.is_cbor else "/"
    if (request.method, request.path) != ("POST", path):
        message = f"Every operation is a POST to {'a path of the service' if service.is_cbor else '/'}"
        raise protocol_error("UnknownOperationException", message, status=404)
    if request.content_type != service.content_type:
        message = f"The Content-Type must be {service.content_type}"
        raise protocol_error("UnsupportedMediaTypeException", message, status=415)
    if service.is_cbor and request.headers.get(cbor.PROTOCOL_HEADER) != cbor.PROTOCOL:
        raise protocol_error("UnknownOperationException", f"{cbor.PROTOCOL_HEADER} must be {cbor.PROTOCOL}")
    if not target.is_known:
        prefixes = ", ".join(prefix for is_cbor, prefix in services_by_target() if not is_cbor)
        message = f"X-Amz-Target must be one of {prefixes}, a dot, and the name of an operation"
        raise protocol_error("UnknownOperationException", message)
    if target.operation not in service.validator.operations:
        raise protocol_error("UnknownOperationException", f"{service.name} has no operation of this name")
    if service_of_host(request.host.partition(":")[0].lower()) not in (None, service):
        raise protocol_error("UnknownOperationException", f"This is not a host of {service.name}", status=404)


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


def parse(raw: bytes, service: Service) -> dict[str, Any]:
    """Return the object of a body.

    Raises:
        EmulatedServiceError: the body is not an object in the protocol of the service; the message does not quote it.
    """
    try:
        parsed = service.decode(raw)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        kind = "CBOR map" if service.is_cbor else "JSON object"
        raise protocol_error("SerializationException", f"The body is not a {kind}")
    return parsed
