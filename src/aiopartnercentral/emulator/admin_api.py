"""The admin API below `/_emulator/`: readiness, settings, the clock, verification codes, and completion URLs."""

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
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from aiopartnercentral.emulator.persistence.store import StateStore
    from aiopartnercentral.emulator.settings import Settings
    from aiopartnercentral.emulator.state.catalog import VerificationCode

PREFIX: Final = "/_emulator/"

_CODE_ARGUMENTS: Final = {"Email": "email", "Code": "code", "Catalog": "catalog", "Account": "account_id"}
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode
_seconds = validators.number(least=0)


@attrs.frozen
class AdminApi:
    """The emulator's own API.

        GET  /_emulator/ready                    {"Ready": true, "InFlight": 0}: it serves requests, so many at present
        GET  /_emulator/scenario                 the present situation, with the keys of a scenario file
        POST /_emulator/scenario                 sets the given keys of a scenario -> the present situation
        POST /_emulator/reset                    {} undoes all changes of items -> {"Now": ...}; optional: Seed
        GET  /_emulator/clock                    {"Now": ...}
        POST /_emulator/clock                    {"AdvanceSeconds": 86400} -> {"Now": ...}
        GET  /_emulator/codes                    {"Codes": [...]}: the valid verification codes
        POST /_emulator/codes                    {"Email": ..., "Code": ...} sets one; optional: Catalog, Account
        GET  /_emulator/verifications/<secret>   a completion URL: verifies the registrant

    Arguments:
        store: executes changes of the state.
        settings: what can be set.
    """

    store: StateStore
    settings: Settings

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
            ("GET", f"{PREFIX}ready"): lambda _: _ok({"Ready": True, "InFlight": self.settings.in_flight}),
            ("GET", f"{PREFIX}scenario"): lambda _: _ok(self.settings.scenario),
            ("POST", f"{PREFIX}scenario"): self._change,
            ("POST", f"{PREFIX}reset"): self._reset,
            ("GET", f"{PREFIX}clock"): lambda _: _time(self.store.clock.now()),
            ("POST", f"{PREFIX}clock"): self._advance,
            ("GET", f"{PREFIX}codes"): lambda _: self._codes(),
            ("POST", f"{PREFIX}codes"): self._set_code,
        }

    def _codes(self) -> tuple[int, bytes]:
        return _ok({"Codes": [_code(sent) for sent in self.settings.codes]})

    def _change(self, raw: bytes) -> tuple[int, bytes]:
        try:
            self.settings.change(_object(raw))
        except (TypeError, ValueError) as error:
            return _failed(HTTPStatus.BAD_REQUEST, str(error))
        return _ok(self.settings.scenario)

    def _reset(self, raw: bytes) -> tuple[int, bytes]:
        try:
            given = _object(raw)
            for key in given:
                validators.one_of(("Seed",))("each key", key)
            self.settings.reset(given.get("Seed"))
        except (TypeError, ValueError) as error:
            return _failed(HTTPStatus.BAD_REQUEST, str(error))
        return _time(self.store.clock.now())

    def _set_code(self, raw: bytes) -> tuple[int, bytes]:
        try:
            given = _object(raw)
            for key in given:
                validators.one_of(_CODE_ARGUMENTS)("each key", key)
            for key in ("Email", "Code"):
                if key not in given:
                    raise ValueError(f"{key} is missing")  # noqa: TRY301 - answered like every other error
            self.settings.set_code(**{_CODE_ARGUMENTS[key]: value for key, value in given.items()})
        except (TypeError, ValueError) as error:
            return _failed(HTTPStatus.BAD_REQUEST, str(error))
        return self._codes()

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


def _object(raw: bytes) -> dict[str, Any]:
    """Return the object of a body, or raise ValueError."""
    try:
        return _decode_object(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("The body must be a JSON object") from None


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


def _ok(body: Mapping[str, Any]) -> tuple[int, bytes]:
    return HTTPStatus.OK.value, encode(body)


def _failed(status: HTTPStatus, message: str) -> tuple[int, bytes]:
    return status.value, encode({"Message": message})
