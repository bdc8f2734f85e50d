"""The admin API below `/_emulator/`: the clock, the e-mail verification codes, and completion URLs."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator.errors import STATE_NOT_WRITABLE
from aiopartnercentral.emulator.operations.account.verification import COMPLETION_PATH
from aiopartnercentral.emulator.persistence.records import StateError
from aiopartnercentral.emulator.state.clock import CLOCK_LOCK, format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aiopartnercentral.emulator.persistence.store import StateStore
    from aiopartnercentral.emulator.state.catalog import VerificationCode

PREFIX: Final = "/_emulator/"

_seconds = validators.number(least=0)


@attrs.frozen
class AdminApi:
    """The emulator's own API.

        GET  /_emulator/clock                    {"Now": ...}
        POST /_emulator/clock                    {"AdvanceSeconds": 86400} -> {"Now": ...}
        GET  /_emulator/codes                    {"Codes": [...]}: the valid verification codes
        GET  /_emulator/verifications/<secret>   a completion URL: verifies the registrant

    Arguments:
        store: executes changes of the state.
    """

    store: StateStore

    def respond(self, method: str, path: str, content_type: str, raw: bytes) -> tuple[int, bytes]:
        """Return the status and the JSON body of the response."""
        try:
            if path.startswith(COMPLETION_PATH) and method in ("GET", "POST"):
                with CLOCK_LOCK:
                    return self._complete(path.removeprefix(COMPLETION_PATH))
            handler = self._handlers().get((method, path))
            if handler and method == "POST" and content_type != "application/json":
                # Browsers send any other type to other sites without asking them first.
                return _failed(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The Content-Type must be application/json")
            return handler(raw) if handler else _failed(HTTPStatus.NOT_FOUND, "Not found")
        except StateError:
            return _failed(HTTPStatus.INTERNAL_SERVER_ERROR, STATE_NOT_WRITABLE)

    def _handlers(self) -> Mapping[tuple[str, str], Callable[[bytes], tuple[int, bytes]]]:
        return {
            ("GET", f"{PREFIX}clock"): lambda _: _time(self.store.clock.now()),
            ("POST", f"{PREFIX}clock"): self._advance,
            ("GET", f"{PREFIX}codes"): lambda _: _ok({"Codes": [_code(sent) for sent in self.codes()]}),
        }

    def codes(self) -> Sequence[VerificationCode]:
        """Return the valid verification codes."""
        now = self.store.clock.now()
        return [code for code in self.store.state.codes() if now < code.expires_at]

    def _advance(self, raw: bytes) -> tuple[int, bytes]:
        try:
            seconds = _seconds("AdvanceSeconds", msgspec.json.decode(raw)["AdvanceSeconds"])
            return _time(self.store.clock.advance(timedelta(seconds=seconds)))
        except (msgspec.DecodeError, LookupError, TypeError, ValueError, OverflowError, RecursionError):
            message = 'The body must be {"AdvanceSeconds": NUMBER}, not negative and within the calendar'
            return _failed(HTTPStatus.BAD_REQUEST, message)

    def _complete(self, secret: str) -> tuple[int, bytes]:
        now, verification = self.store.clock.now(), self.store.state.registrant(secret)
        if verification is None:
            return _failed(HTTPStatus.NOT_FOUND, "No verification has this completion URL")
        if verification.status(now) == "FAILED":
            return _failed(HTTPStatus.GONE, "This completion URL has expired; start another verification")
        self.store.open_completion_url(verification, now)
        return _ok({"VerificationStatus": verification.status(now)})


def _code(sent: VerificationCode) -> dict[str, str]:
    return {
        "Account": sent.account,
        "Catalog": sent.catalog,
        "Email": sent.email,
        "Code": sent.code,
        "ExpiresAt": format_timestamp(sent.expires_at),
    }


def _time(now: datetime) -> tuple[int, bytes]:
    return _ok({"Now": format_timestamp(now)})


def _ok(body: dict[str, Any]) -> tuple[int, bytes]:
    return HTTPStatus.OK.value, encode(body)


def _failed(status: HTTPStatus, message: str) -> tuple[int, bytes]:
    return status.value, encode({"Message": message})
