"""Verification of an account's business and registrant, which comes before it can be a partner."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import conflict, invalid_field, not_found
from aiopartnercentral.emulator.state.clock import stamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.tasks import BUSINESS, REGISTRANT, Verification

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import Call

# Where the emulator serves completion URLs.
COMPLETION_PATH: Final = "/_emulator/verifications/"
# AWS does not publish how long a completion URL can be opened.
_URL_GOOD_FOR: Final = timedelta(hours=24)
_SECRET_LENGTH: Final = 20


def start_verification(call: Call) -> bytes:
    """Begin a verification; one that failed can be begun again.

    The model lets VerificationDetails be absent, but what is to be verified would then be unknown.
    """
    details: dict[str, dict[str, str]] | None = call.request.get("VerificationDetails")
    if details is None:
        raise invalid_field("VerificationDetails", "is required", "REQUIRED_FIELD_MISSING")
    business = details.get("BusinessVerificationDetails")
    kind = REGISTRANT if business is None else BUSINESS
    before = call.world.verifications.get((call.account, kind))
    status = before.status(call.now) if before else None
    if status == "SUCCEEDED":
        raise conflict("ACCOUNT_ALREADY_VERIFIED")
    if status in ("IN_PROGRESS", "PENDING_CUSTOMER_ACTION"):
        raise conflict("VERIFICATION_ALREADY_IN_PROGRESS")
    started = _registrant(call) if business is None else _business(call, business)
    call.world.verifications[call.account, kind] = started
    return encode(started.told(call.now))


def get_verification(call: Call) -> bytes:
    """Return the latest verification of a kind."""
    verification = call.world.verifications.get((call.account, call.request["VerificationType"]))
    if verification is None:
        raise not_found("VERIFICATION_NOT_FOUND")
    return encode(verification.told(call.now))


def _business(call: Call, details: dict[str, str]) -> Verification:
    # No register has an entry without a number, so that a rejection can be had for one of zeros.
    unregistered = not details["RegistrationId"].strip("0 -")
    return Verification(
        BUSINESS,
        {"BusinessVerificationResponse": {"BusinessVerificationDetails": details}},
        started_at=call.now,
        takes=call.world.task_time,
        rejected="No register has this registration identifier" if unregistered else None,
    )


def _registrant(call: Call) -> Verification:
    secret = call.world.dice("verification").text(_SECRET_LENGTH)
    waits_until = call.now + _URL_GOOD_FOR
    told: dict[str, Any] = {
        "CompletionUrl": f"{call.origin}{COMPLETION_PATH}{secret}",
        "CompletionUrlExpiresAt": stamp(waits_until),
    }
    return Verification(
        REGISTRANT,
        {"RegistrantVerificationResponse": told},
        started_at=call.now,
        takes=call.world.task_time,
        secret=secret,
        waits_until=waits_until,
    )
