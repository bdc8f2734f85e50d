"""The errors of the emulated services: exceptions of handlers, without the form that each service gives them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# AWS publishes no quota for the request rate, so this code is the emulator's own.
THROTTLED_QUOTA: Final = "L-EMULATED"


STATE_NOT_WRITABLE: Final = "The request was not executed: the emulator cannot write its state file; see its log"
"""The message for a change that cannot be written to the state file."""


@attrs.frozen
class FieldProblem:
    """One problem of one field.

    Attributes:
        name: the field, such as `OtherParticipantIdentifiers[3]`.
        message: what is expected; never the value that was sent.
        code: one of the Account API's FieldValidationCode values, or of those of another service.
    """

    name: str
    message: str
    code: str


class EmulatedServiceError(Exception):
    """An error response; the model of a service determines which of these facts it contains.

    Attributes:
        shape: the error's name.
        message: its message.
        reason: one of the reasons that the model of the service knows; None if there is none.
        problems: the problems of fields.
        rules: messages of violated business rules, by code.
        details: further members by their name in PascalCase, such as `QuotaCode`.
        status: HTTP status; None for that of the model.
    """

    def __init__(
        self,
        shape: str,
        message: str,
        *,
        reason: str | None = None,
        problems: Iterable[FieldProblem] = (),
        rules: Mapping[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{shape}: {message}")
        self.shape = shape
        self.message = message
        self.reason = reason
        self.problems: tuple[FieldProblem, ...] = tuple(problems)
        self.rules: Mapping[str, str] = dict(rules or {})
        self.details: Mapping[str, Any] = dict(details or {})
        self.status = status


def validation_failed(problems: Iterable[FieldProblem]) -> EmulatedServiceError:
    """Return the ValidationException that lists every problem of a request."""
    listed = list(problems)
    noun = "problem" if len(listed) == 1 else "problems"
    counts = Counter(problem.name for problem in listed)
    names = ", ".join(name if count == 1 else f"{name} ({count})" for name, count in counts.items())
    return EmulatedServiceError(
        "ValidationException",
        f"The request has {len(listed)} {noun}: {names}",
        reason="REQUEST_VALIDATION_FAILED",
        problems=listed,
    )


def invalid_field(name: str, message: str, code: str = "INVALID_VALUE") -> EmulatedServiceError:
    """Return the ValidationException for one field."""
    return validation_failed([FieldProblem(name, message, code)])


def business_rule_violation(rules: Mapping[str, str]) -> EmulatedServiceError:
    """Return the ValidationException for violated business rules.

    Arguments:
        rules: messages by BusinessValidationCode.
    """
    message = f"The request violates a rule: {', '.join(rules)}"
    return EmulatedServiceError("ValidationException", message, reason="BUSINESS_VALIDATION_FAILED", rules=rules)


def invalid_state(name: str, message: str, code: str = "INVALID_RESOURCE_STATE") -> EmulatedServiceError:
    """Return the ValidationException for a request that the state of a resource does not allow."""
    text = f"The state does not allow the request: {name} {message}"
    problems = [FieldProblem(name, message, code)]
    return EmulatedServiceError("ValidationException", text, reason="BUSINESS_VALIDATION_FAILED", problems=problems)


def conflict(reason: str, details: Mapping[str, str] | None = None) -> EmulatedServiceError:
    """Return the ConflictException with one of the model's reasons, such as `DUPLICATE_CONNECTION`."""
    message = f"The current state does not allow this: {_words(reason)}"
    return EmulatedServiceError("ConflictException", message, reason=reason, details=details)


def quota_exceeded(reason: str) -> EmulatedServiceError:
    """Return the ServiceQuotaExceededException with one of the model's reasons."""
    return EmulatedServiceError("ServiceQuotaExceededException", _words(reason).capitalize(), reason=reason)


def _words(reason: str) -> str:
    return reason.replace("_", " ").lower()


def not_found(reason: str) -> EmulatedServiceError:
    """Return the ResourceNotFoundException with one of the model's reasons, such as `CONNECTION_NOT_FOUND`."""
    what = _words(reason.removesuffix("_NOT_FOUND"))
    return EmulatedServiceError("ResourceNotFoundException", f"The {what} does not exist", reason=reason)


def access_denied() -> EmulatedServiceError:
    """Return the AccessDeniedException."""
    message = "The caller is not allowed to do this"
    return EmulatedServiceError("AccessDeniedException", message, reason="ACCESS_DENIED")


def throttled(service_code: str, quota_code: str = THROTTLED_QUOTA) -> EmulatedServiceError:
    """Return the ThrottlingException."""
    details = {"ServiceCode": service_code, "QuotaCode": quota_code}
    return EmulatedServiceError("ThrottlingException", "Rate exceeded", details=details)


def internal_error(message: str = "The emulator failed; see its log") -> EmulatedServiceError:
    """Return the InternalServerException; its reason is in the emulator's log."""
    return EmulatedServiceError("InternalServerException", message, status=500)


def not_implemented(operation: str) -> EmulatedServiceError:
    """Return the error for an operation that the emulator does not serve."""
    message = f"The emulator does not implement {operation}"
    return EmulatedServiceError("NotImplementedException", message, status=501)


def protocol_error(shape: str, message: str, *, status: int = 400) -> EmulatedServiceError:
    """Return an error of the protocol, which the service model does not list."""
    return EmulatedServiceError(shape, message, status=status)
