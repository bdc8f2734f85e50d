"""Authentication: the account that a request comes from, and its Signature Version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator import iam
from aiopartnercentral.emulator.errors import EmulatedServiceError, protocol_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from aiopartnercentral.emulator.state.clock import Clock

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"
# How far a client's clock may be off.
_MAX_CLOCK_SKEW: Final = timedelta(minutes=5)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+"
    r"Credential=(?P<access_key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request,\s*"
    r"SignedHeaders=(?P<headers>[^,\s]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_ACCESS_KEY = re.compile(r"AWS4-HMAC-SHA256\s.*?Credential=(?P<key>[^/,\s]+)/")
_ACCOUNT_ID = re.compile(iam.ACCOUNT_ID)


@attrs.frozen
class Credential:
    """The secret and the account of an access key id.

    Arguments:
        secret_access_key: the secret access key; never shown.
        account_id: the account, twelve digits.
        session_token: the session token of temporary credentials; never shown.

    Raises:
        TypeError: an argument is not a string.
        ValueError: an argument is empty, or the account is not twelve digits.
    """

    secret_access_key: str = attrs.field(repr=False, validator=validators.text)
    account_id: str = attrs.field(validator=iam.account_id)
    session_token: str | None = attrs.field(default=None, repr=False, validator=validators.optional(validators.text))


@attrs.frozen
class AuthorizationHeader:
    """The contents of an Authorization header.

    Attributes:
        access_key: the access key id.
        date, region, service: the scope of the credentials.
        headers: names of the signed headers.
        signature: 64 hexadecimal digits.
        timestamp: when the request was signed, as in `X-Amz-Date`.
    """

    access_key: str
    date: str
    region: str
    service: str
    headers: tuple[str, ...]
    signature: str = attrs.field(repr=False)
    timestamp: str

    @property
    def scope(self) -> str:
        """The credential scope."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


@attrs.frozen
class SignatureVersion4:
    """Verifies signatures. The errors are those of DynamoDB, which speaks JSON 1.0 too and publishes them.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html

    Arguments:
        clock: the emulator's clock. Clients sign with the real time, or with that of earlier responses.
    """

    clock: Clock

    def parse(self, request: web.BaseRequest) -> AuthorizationHeader:
        """Return the Authorization header of a request.

        Raises:
            EmulatedServiceError: it is missing or incomplete.
        """
        authorization = request.headers.get("Authorization")
        if not authorization:
            raise protocol_error("MissingAuthenticationTokenException", "Request is missing Authentication Token")
        found = _AUTHORIZATION.fullmatch(authorization.strip())
        timestamp = request.headers.get("X-Amz-Date", "")
        if not found or not timestamp:
            message = f"The request needs X-Amz-Date and an Authorization of {_ALGORITHM}"
            raise protocol_error("IncompleteSignatureException", message)
        headers = tuple(found["headers"].split(";"))
        names = ("access_key", "date", "region", "service", "signature")
        return AuthorizationHeader(**{name: found[name] for name in names}, headers=headers, timestamp=timestamp)

    def check(
        self, header: AuthorizationHeader, request: web.BaseRequest, body: bytes, secret: str, signing_name: str
    ) -> None:
        """Verify that a request was signed with a secret, for a service, and recently.

        Raises:
            EmulatedServiceError: it was not.
        """
        if header.service != signing_name:
            raise _invalid("Credential should be scoped to the service's signing name")
        try:
            moment = datetime.strptime(header.timestamp, _DATE_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            raise _invalid("X-Amz-Date must be of the form YYYYMMDDTHHMMSSZ") from None
        skew = min(abs(now - moment) for now in (datetime.now(UTC), self.clock.now()))
        if not header.timestamp.startswith(header.date) or skew > _MAX_CLOCK_SKEW:
            raise _invalid("Signature expired, or not yet current: is the clock right?")
        if not {"host", "x-amz-date"} <= set(header.headers):
            raise _invalid("Host and X-Amz-Date must be signed")
        if not hmac.compare_digest(_signature(header, request, body, secret), header.signature):
            raise _invalid("The signature does not match: is the secret access key right?")


@attrs.frozen
class Authenticator:
    """Finds and verifies the account of a request.

    Arguments:
        owner: the account that owns the seeded data.
        credentials: the known credentials by access key id; None to accept any.
        signature: verifies signatures.
    """

    owner: str
    credentials: Mapping[str, Credential] | None = attrs.field(repr=False)
    signature: SignatureVersion4

    def account_of(self, request: web.BaseRequest) -> str:
        """Return the account that a request claims to come from, verified or not.

        Where any credentials are accepted, an access key id of twelve digits is that account; any other is the owner.
        """
        found = _ACCESS_KEY.match(request.headers.get("Authorization", ""))
        key = found["key"] if found else ""
        if self.credentials is not None:
            known = self.credentials.get(key)
            return known.account_id if known else self.owner
        return key if _ACCOUNT_ID.fullmatch(key) else self.owner

    def check(self, request: web.BaseRequest, body: bytes, signing_name: str) -> None:
        """Verify the signature of a request, unless any credentials are accepted.

        Arguments:
            request: the request.
            body: its body.
            signing_name: the name that requests of the service are signed with.

        Raises:
            EmulatedServiceError: the signature is missing or wrong, or its access key id is unknown.
        """
        if self.credentials is None:
            return
        header = self.signature.parse(request)
        known = self.credentials.get(header.access_key)
        if known is None or request.headers.get("X-Amz-Security-Token") != known.session_token:
            message = "The security token included in the request is invalid"
            raise protocol_error("UnrecognizedClientException", message)
        self.signature.check(header, request, body, known.secret_access_key, signing_name)


def _invalid(message: str) -> EmulatedServiceError:
    return protocol_error("InvalidSignatureException", message)


def _signature(header: AuthorizationHeader, request: web.BaseRequest, body: bytes, secret: str) -> str:
    """Return the expected signature of a request."""
    canonical = hashlib.sha256(_raw_bytes(_canonical(header, request, body))).hexdigest()
    to_sign = f"{_ALGORITHM}\n{header.timestamp}\n{header.scope}\n{canonical}"
    key = f"AWS4{secret}".encode()
    for part in (header.date, header.region, header.service, "aws4_request"):
        key = hmac.digest(key, _raw_bytes(part), "sha256")
    return hmac.digest(key, _raw_bytes(to_sign), "sha256").hex()


def _raw_bytes(text: str) -> bytes:
    """Return the bytes of headers, which may not be valid UTF-8."""
    return text.encode(errors="surrogateescape")


def _canonical(header: AuthorizationHeader, request: web.BaseRequest, body: bytes) -> str:
    path, _, query = request.raw_path.partition("?")
    pairs = sorted(tuple(pair.partition("=")[::2]) for pair in query.split("&") if pair)
    headers = [
        f"{name}:{','.join(' '.join(value.split()) for value in request.headers.getall(name, []))}\n"
        for name in header.headers
    ]
    return "\n".join(
        (
            request.method,
            path,
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(headers),
            ";".join(header.headers),
            hashlib.sha256(body).hexdigest(),
        )
    )
