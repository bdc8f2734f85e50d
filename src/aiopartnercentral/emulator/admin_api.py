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
from aiopartnercentral.emulator.operations.selling.bulk_jobs import REPORTS
from aiopartnercentral.emulator.persistence.records import StateError
from aiopartnercentral.emulator.scenario import read_tables, shipped
from aiopartnercentral.emulator.state.clock import CLOCK_LOCK, format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aiopartnercentral.emulator.persistence.store import StateStore
    from aiopartnercentral.emulator.settings import Settings
    from aiopartnercentral.emulator.state.catalog import VerificationCode

PREFIX: Final = "/_emulator/"

_CODE_ARGUMENTS: Final = {"Email": "email", "Code": "code", "Catalog": "catalog", "Account": "account_id"}
_RESET_ARGUMENTS: Final = {"Seed": "seed", "Everything": "everything"}
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode
_shipped = validators.one_of(shipped())
_seconds = validators.number(least=0)


@attrs.frozen
class Route:
    """A method and a path of the admin API.

    Attributes:
        method: the HTTP method.
        path: the path, in which `SECRET` stands for a part that is different each time.
        does: what it does, and what the response has.
        body: the members of the body, and examples of their values; empty if there is none.
        handler: makes the status and the JSON body of the response; None if the path has parts that vary.
    """

    method: str
    path: str
    does: str
    body: Mapping[str, Any] = attrs.field(factory=dict)
    handler: Callable[[bytes], tuple[int, bytes]] | None = None


@attrs.frozen
class AdminApi:
    """The emulator's own API, whose index is at `/_emulator/`.

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
            handler = next((each.handler for each in self.routes() if (each.method, each.path) == (method, path)), None)
            if handler is None:
                return _failed(
                    HTTPStatus.NOT_FOUND, f"Not found: GET {PREFIX} lists the methods and paths that there are"
                )
            if method == "POST" and content_type != "application/json":
                # Browsers send any other type to other sites without asking them first.
                return _failed(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The Content-Type must be application/json")
            return handler(raw)
        except StateError:
            return _failed(HTTPStatus.INTERNAL_SERVER_ERROR, STATE_NOT_WRITABLE)

    def routes(self) -> Sequence[Route]:
        """Return everything that there is below `/_emulator/`."""
        change = {"scenario": "outage", "latency": 0.1, "clock": {"advance_seconds": 60}}
        code = {"Email": "ada@example.com", "Code": "123456", "Catalog": "AWS", "Account": "111122223333"}
        reset = "undoes changes of items; with Everything, restores what the emulator was started with"
        return (
            Route("GET", PREFIX, "lists this table", {}, self._index),
            Route("GET", f"{PREFIX}ready", "has status 200 as soon as requests are served", {}, self._ready),
            Route("GET", f"{PREFIX}scenario", "the present situation, with the keys of a scenario", {}, self._present),
            Route("POST", f"{PREFIX}scenario", "sets these keys of a scenario, or starts one", change, self._change),
            Route("POST", f"{PREFIX}reset", reset, {"Everything": True, "Seed": 7}, self._reset),
            Route("GET", f"{PREFIX}clock", "the time of the clock", {}, self._now),
            Route("POST", f"{PREFIX}clock", "moves the clock forward", {"AdvanceSeconds": 86400}, self._advance),
            Route("GET", f"{PREFIX}codes", "the valid verification codes", {}, self._codes),
            Route("POST", f"{PREFIX}codes", "makes a verification code valid", code, self._set_code),
            Route("GET", f"{COMPLETION_PATH}SECRET", "opens a completion URL, or an authorization URL"),
            Route("GET", f"{REPORTS}SECRET", "the report of a bulk job"),
        )

    def _index(self, _: bytes) -> tuple[int, bytes]:
        shown = [
            {"Method": each.method, "Path": each.path, "Does": each.does, **({"Body": each.body} if each.body else {})}
            for each in self.routes()
        ]
        return _ok({"Routes": shown})

    def _ready(self, _: bytes) -> tuple[int, bytes]:
        return _ok({"Ready": True, "InFlight": self.settings.in_flight})

    def _present(self, _: bytes) -> tuple[int, bytes]:
        return _ok(self.settings.scenario)

    def _now(self, _: bytes) -> tuple[int, bytes]:
        return _time(self.store.clock.now())

    def _codes(self, _: bytes) -> tuple[int, bytes]:
        return _ok({"Codes": [_code(sent) for sent in self.settings.codes]})

    def _change(self, raw: bytes) -> tuple[int, bytes]:
        try:
            given = _object(raw)
            # Over HTTP, only a scenario of the library: a path would let clients find out about files.
            named = read_tables(_shipped("scenario", given.pop("scenario")))[1] if "scenario" in given else {}
            self.settings.change({**named, **given})
        except (TypeError, ValueError) as error:
            return _failed(HTTPStatus.BAD_REQUEST, str(error))
        return _ok(self.settings.scenario)

    def _reset(self, raw: bytes) -> tuple[int, bytes]:
        try:
            given = _object(raw)
            for key in given:
                validators.one_of(_RESET_ARGUMENTS)("each key", key)
            self.settings.reset(**{_RESET_ARGUMENTS[key]: value for key, value in given.items()})
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
        return self._codes(raw)

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
