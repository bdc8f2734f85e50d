"""Signature Version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from aiopartnercentral.emulator.errors import ServiceFaultError, protocol_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"
# How far a client's clock may be off.
_SKEW: Final = timedelta(minutes=5)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+"
    r"Credential=(?P<access_key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request,\s*"
    r"SignedHeaders=(?P<headers>[^,\s]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


@attrs.frozen
class Signed:
    """What an Authorization header says.

    Attributes:
        access_key: whose secret has signed.
        date, region, service: what the signature is good for.
        headers: names of the headers that are signed.
        signature: 64 hexadecimal digits.
        moment: when the request was signed, as the request spells it.
    """

    access_key: str
    date: str
    region: str
    service: str
    headers: tuple[str, ...]
    signature: str = attrs.field(repr=False)
    moment: str

    @property
    def scope(self) -> str:
        """What the signature is good for, as it is signed."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


@attrs.frozen
class SignatureVersion4:
    """Reads and verifies signatures. The errors are those that DynamoDB, also JSON 1.0, publishes for them.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html

    Arguments:
        service: the service's signing name.
        wall_clock: what time it is outside, where requests are signed; moving the emulator's time moves no client's.
    """

    service: str
    wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def read(self, request: web.BaseRequest) -> Signed:
        """Return what a request says about its signature.

        Raises:
            ServiceFaultError: there is none, or it is not complete.
        """
        authorization = request.headers.get("Authorization")
        if not authorization:
            raise protocol_error("MissingAuthenticationTokenException", "Request is missing Authentication Token")
        found = _AUTHORIZATION.fullmatch(authorization.strip())
        moment = request.headers.get("X-Amz-Date", "")
        if not found or not moment:
            message = f"The request needs X-Amz-Date and an Authorization of {_ALGORITHM}"
            raise protocol_error("IncompleteSignatureException", message)
        headers = tuple(found["headers"].split(";"))
        names = ("access_key", "date", "region", "service", "signature")
        return Signed(**{name: found[name] for name in names}, headers=headers, moment=moment)

    def check(self, signed: Signed, request: web.BaseRequest, body: bytes, secret: str) -> None:
        """Verify that a secret signed a request, for this service and not long ago.

        Raises:
            ServiceFaultError: it did not.
        """
        if signed.service != self.service:
            raise _invalid("Credential should be scoped to the service's signing name")
        try:
            moment = datetime.strptime(signed.moment, _DATE_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            raise _invalid("X-Amz-Date must be of the form YYYYMMDDTHHMMSSZ") from None
        if not signed.moment.startswith(signed.date) or abs(self.wall_clock() - moment) > _SKEW:
            raise _invalid("Signature expired, or not yet current: is the clock right?")
        if not {"host", "x-amz-date"} <= set(signed.headers):
            raise _invalid("Host and X-Amz-Date must be signed")
        if not hmac.compare_digest(_signature(signed, request, body, secret), signed.signature):
            raise _invalid("The signature does not match: is the secret access key right?")


def _invalid(message: str) -> ServiceFaultError:
    return protocol_error("InvalidSignatureException", message)


def _signature(signed: Signed, request: web.BaseRequest, body: bytes, secret: str) -> str:
    """Return the signature that a request should have."""
    canonical = hashlib.sha256(_as_sent(_canonical(signed, request, body))).hexdigest()
    to_sign = f"{_ALGORITHM}\n{signed.moment}\n{signed.scope}\n{canonical}"
    key = f"AWS4{secret}".encode()
    for part in (signed.date, signed.region, signed.service, "aws4_request"):
        key = hmac.digest(key, _as_sent(part), "sha256")
    return hmac.digest(key, _as_sent(to_sign), "sha256").hex()


def _as_sent(text: str) -> bytes:
    """Return the bytes of headers, which may be no text."""
    return text.encode(errors="surrogateescape")


def _canonical(signed: Signed, request: web.BaseRequest, body: bytes) -> str:
    path, _, query = request.raw_path.partition("?")
    pairs = sorted(tuple(pair.partition("=")[::2]) for pair in query.split("&") if pair)
    headers = [
        f"{name}:{','.join(' '.join(value.split()) for value in request.headers.getall(name, []))}\n"
        for name in signed.headers
    ]
    return "\n".join(
        (
            request.method,
            path,
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(headers),
            ";".join(signed.headers),
            hashlib.sha256(body).hexdigest(),
        )
    )
