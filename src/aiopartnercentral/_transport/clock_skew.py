"""Corrects the time of signatures where this machine's clock is wrong.

A service refuses a signature whose time differs too much from its own. Its responses have the right time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ServiceClock", "moment_of"]

_REFUSED = frozenset(
    {
        *("RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"),
        *("AuthFailure", "InvalidSignatureException", "SignatureDoesNotMatch"),
    }
)
_TOLERANCE = timedelta(minutes=4)  # services tolerate five minutes or more
_LAST_YEAR = 9000  # later times would end the calendar, whose last year is 9999
_SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request,")


@attrs.define(eq=False, repr=False)
class ServiceClock:
    """The clock of the service that one connection leads to.

    Attributes:
        signer: botocore's signer of the client; None as long as there is none.
        offset: how far it is ahead of this machine's clock; zero until the service refuses the time of a signature.
    """

    signer: Any = None
    offset: timedelta = timedelta()
    _second: float | None = attrs.field(default=None, init=False)
    _text: str = attrs.field(default="", init=False)

    def corrects(self, code: str, headers: Mapping[str, str], signed_with: timedelta) -> bool:
        """Set the offset after an error that a wrong clock has caused, and return whether that was so.

        Arguments:
            code: the error's code.
            headers: the response's headers, names in lower case.
            signed_with: the offset that the request was signed with.
        """
        if code not in _REFUSED:
            return False
        moment = moment_of(headers.get("date"))
        if moment is None or moment.year > _LAST_YEAR:
            return False
        offset = moment - _now()
        if abs(offset - signed_with) < _TOLERANCE:
            return False
        self.offset = offset
        return True

    def timestamp(self) -> str:
        """Return the service's time, in the form of signatures."""
        moment = _now() + self.offset
        second = moment.timestamp() // 1
        if second != self._second:  # once a second, as it takes twice the time of the rest
            text = moment.isoformat()  # five times as fast as a format
            self._text = f"{text[:4]}{text[5:7]}{text[8:13]}{text[14:16]}{text[17:19]}Z"
            self._second = second
        return self._text

    async def sign(self, request: Any, credentials: Any) -> None:  # noqa: ANN401 - botocore's
        """Replace the signature of a request of the signer by one with the service's time, if the clocks differ.

        Arguments:
            request: botocore's request.
            credentials: what signs it; None for the signer's own credentials.
        """
        scope = _SCOPE.match(request.headers.get("Authorization", "")) if self.offset else None
        if scope is None:
            return
        own = {} if credentials is None else {"request_credentials": credentials}
        auth = await self.signer.get_auth_instance(scope["service"], scope["region"], "v4", **own)
        moment = self.timestamp()
        for name in ("Authorization", "X-Amz-Date"):
            del request.headers[name]
        request.headers["X-Amz-Date"] = request.context["timestamp"] = moment
        text = auth.string_to_sign(request, auth.canonical_request(request))
        signed = auth.signed_headers(auth.headers_to_sign(request))
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={signed}, "
            f"Signature={auth.signature(text, request)}"
        )


def moment_of(text: str | None) -> datetime | None:
    """Return the time of a date header; None if there is none that can be read."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - slow to load

    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _now() -> datetime:
    return datetime.now(UTC)
