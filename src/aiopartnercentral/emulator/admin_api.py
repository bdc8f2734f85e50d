"""What the service has no operation for, over HTTP below `/_emulator/`: its time, its e-mails, a registrant's visit."""

from __future__ import annotations

import math
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from aiopartnercentral.emulator.errors import NOT_KEPT
from aiopartnercentral.emulator.operations.verification import COMPLETION_PATH
from aiopartnercentral.emulator.persistence.records import StateError
from aiopartnercentral.emulator.state.clock import STILL, stamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aiopartnercentral.emulator.persistence.replay import History
    from aiopartnercentral.emulator.state.catalog import SentCode

PREFIX: Final = "/_emulator/"


@attrs.frozen
class Control:
    """The emulator's own interface.

        GET  /_emulator/clock                    {"Now": ...}
        POST /_emulator/clock                    {"AdvanceSeconds": 86400} -> {"Now": ...}
        GET  /_emulator/codes                    {"Codes": [...]}: the latest verification code for each address
        GET  /_emulator/verifications/<secret>   a completion URL: the registrant identifies themselves

    Arguments:
        history: what changes the world and its time.
    """

    history: History

    def answer(self, method: str, path: str, raw: bytes) -> tuple[int, bytes]:
        """Return status and JSON body of the answer."""
        try:
            if path.startswith(COMPLETION_PATH) and method in ("GET", "POST"):
                with STILL:
                    return self._complete(path.removeprefix(COMPLETION_PATH))
            handler = self._handlers().get((method, path))
            return handler(raw) if handler else _failed(HTTPStatus.NOT_FOUND, "There is nothing here")
        except StateError:
            return _failed(HTTPStatus.INTERNAL_SERVER_ERROR, NOT_KEPT)

    def _handlers(self) -> Mapping[tuple[str, str], Callable[[bytes], tuple[int, bytes]]]:
        return {
            ("GET", f"{PREFIX}clock"): lambda _: _told(self.history.clock.now()),
            ("POST", f"{PREFIX}clock"): self._advance,
            ("GET", f"{PREFIX}codes"): lambda _: _done({"Codes": [_code(sent) for sent in self.codes()]}),
        }

    def codes(self) -> Sequence[SentCode]:
        """Return the verification codes that can be used."""
        now = self.history.clock.now()
        return [code for code in self.history.world.codes() if now < code.expires_at]

    def _advance(self, raw: bytes) -> tuple[int, bytes]:
        try:
            sent = msgspec.json.decode(raw)
            seconds = sent["AdvanceSeconds"]
            if type(seconds) not in (int, float) or not math.isfinite(seconds):
                raise ValueError("AdvanceSeconds must be a number")  # noqa: TRY301 - one answer for all that is wrong
            return _told(self.history.clock.advance(timedelta(seconds=seconds)))
        except (msgspec.DecodeError, LookupError, TypeError, ValueError, OverflowError, RecursionError):
            message = 'The body must be {"AdvanceSeconds": NUMBER}, within the calendar and not backwards'
            return _failed(HTTPStatus.BAD_REQUEST, message)

    def _complete(self, secret: str) -> tuple[int, bytes]:
        now, verification = self.history.clock.now(), self.history.world.registrant(secret)
        if verification is None:
            return _failed(HTTPStatus.NOT_FOUND, "No verification has this address")
        if verification.status(now) == "FAILED":
            return _failed(HTTPStatus.GONE, "This address is no longer good; start another verification")
        self.history.visit(verification, now)
        return _done({"VerificationStatus": verification.status(now)})


def _code(sent: SentCode) -> dict[str, str]:
    return {
        "Account": sent.account,
        "Catalog": sent.catalog,
        "Email": sent.email,
        "Code": sent.code,
        "ExpiresAt": stamp(sent.expires_at),
    }


def _told(now: datetime) -> tuple[int, bytes]:
    return _done({"Now": stamp(now)})


def _done(body: dict[str, Any]) -> tuple[int, bytes]:
    return HTTPStatus.OK.value, encode(body)


def _failed(status: HTTPStatus, message: str) -> tuple[int, bytes]:
    return status.value, encode({"Message": message})
