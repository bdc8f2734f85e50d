"""Verification codes: sent to an e-mail address, and good once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aiopartnercentral.emulator.errors import invalid_field, quota_exceeded
from aiopartnercentral.emulator.state.catalog import SentCode
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import Call

# AWS does not publish how long a code is good.
_GOOD_FOR: Final = timedelta(minutes=15)


def send_email_verification_code(call: Call) -> bytes:
    """Make a code; instead of an e-mail, `Emulator.codes` and `/_emulator/codes` have it. The last one sent is good."""
    email = call.request["Email"]
    sent = call.catalog.used[f"codes to {email}"]
    if sent.at(call.now) >= call.world.quotas.codes_a_day:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_EMAIL")
    sent.add(call.now)
    code = f"{call.world.dice('code').roll(1_000_000):06d}"
    call.catalog.codes[email] = SentCode(call.account, call.catalog.name, email, code, call.now + _GOOD_FOR)
    return encode({})


def check_code(call: Call, email: str) -> None:
    """Raise ServiceFaultError if the code of a request is not the one that was sent to the address."""
    sent = call.catalog.codes.get(email)
    if sent is None or call.now >= sent.expires_at or sent.code != call.request.get("EmailVerificationCode"):
        raise invalid_field("EmailVerificationCode", "is not the code last sent to this address, or no longer")


def use_code(call: Call, email: str) -> None:
    """Take a code out of use: it verifies once."""
    call.catalog.codes.pop(email, None)
