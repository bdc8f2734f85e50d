"""E-mail verification codes; each can be used once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aiopartnercentral.emulator.errors import invalid_field, quota_exceeded
from aiopartnercentral.emulator.state.catalog import VerificationCode
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext

# AWS does not publish how long a code is valid.
_VALID_FOR: Final = timedelta(minutes=15)


def send_email_verification_code(context: RequestContext) -> bytes:
    """Make a code, which is not sent but listed in `Emulator.codes` and `/_emulator/codes`; the latest one is valid."""
    email = context.request["Email"]
    sent = context.catalog.usage[f"codes to {email}"]
    if sent.count(context.now) >= context.state.quotas.codes_per_day:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_EMAIL")
    sent.add(context.now)
    code = f"{context.state.random('code').below(1_000_000):06d}"
    context.catalog.codes[email] = VerificationCode(
        context.account, context.catalog.name, email, code, context.now + _VALID_FOR
    )
    return encode({})


def check_code(context: RequestContext, email: str) -> None:
    """Raise EmulatedServiceError unless a request has the code that was sent to an address."""
    sent = context.catalog.codes.get(email)
    if sent is None or context.now >= sent.expires_at or sent.code != context.request.get("EmailVerificationCode"):
        raise invalid_field("EmailVerificationCode", "is not the latest code sent to this address, or has expired")


def use_code(context: RequestContext, email: str) -> None:
    """Invalidate a code that was used."""
    context.catalog.codes.pop(email, None)
