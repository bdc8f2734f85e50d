"""Verification of an account's business and registrant, which a partner needs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import conflict, invalid_field, not_found
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.tasks import BUSINESS, REGISTRANT, Verification

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext

# The path of completion URLs.
COMPLETION_PATH: Final = "/_emulator/verifications/"
# AWS does not publish when completion URLs expire.
_URL_VALID_FOR: Final = timedelta(hours=24)
_SECRET_LENGTH: Final = 20


def start_verification(context: RequestContext) -> bytes:
    """Start a verification; one that failed can be started again.

    VerificationDetails is optional in the model, but without it there is nothing to verify.
    """
    details: dict[str, dict[str, str]] | None = context.request.get("VerificationDetails")
    if details is None:
        raise invalid_field("VerificationDetails", "is required", "REQUIRED_FIELD_MISSING")
    business = details.get("BusinessVerificationDetails")
    kind = REGISTRANT if business is None else BUSINESS
    before = context.state.verifications.get((context.account, kind))
    status = before.status(context.now) if before else None
    if status == "SUCCEEDED":
        raise conflict("ACCOUNT_ALREADY_VERIFIED")
    if status in ("IN_PROGRESS", "PENDING_CUSTOMER_ACTION"):
        raise conflict("VERIFICATION_ALREADY_IN_PROGRESS")
    started = _registrant(context) if business is None else _business(context, business)
    context.state.verifications[context.account, kind] = started
    return encode(started.as_response(context.now))


def get_verification(context: RequestContext) -> bytes:
    """Return the latest verification of a type."""
    verification = context.state.verifications.get((context.account, context.request["VerificationType"]))
    if verification is None:
        raise not_found("VERIFICATION_NOT_FOUND")
    return encode(verification.as_response(context.now))


def _business(context: RequestContext, details: dict[str, str]) -> Verification:
    # No register has an entry with the number zero, so tests can use it to get a rejection.
    unregistered = not details["RegistrationId"].strip("0 -")
    return Verification(
        BUSINESS,
        {"BusinessVerificationResponse": {"BusinessVerificationDetails": details}},
        started_at=context.now,
        duration=context.state.task_time,
        rejection="No register has this registration identifier" if unregistered else None,
    )


def _registrant(context: RequestContext) -> Verification:
    secret = context.state.random("verification").text(_SECRET_LENGTH)
    url_expires_at = context.now + _URL_VALID_FOR
    response: dict[str, Any] = {
        "CompletionUrl": f"{context.origin}{COMPLETION_PATH}{secret}",
        "CompletionUrlExpiresAt": format_timestamp(url_expires_at),
    }
    return Verification(
        REGISTRANT,
        {"RegistrantVerificationResponse": response},
        started_at=context.now,
        duration=context.state.task_time,
        secret=secret,
        url_expires_at=url_expires_at,
    )
