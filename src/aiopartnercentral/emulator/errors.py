"""The errors of the emulated service: exceptions of handlers, and error responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

THROTTLED_SERVICE: Final = "partnercentral-account"
# AWS publishes no quota for the request rate, so this code is the emulator's own.
THROTTLED_QUOTA: Final = "L-EMULATED"


STATE_NOT_WRITABLE: Final = "The request was not executed: the emulator cannot write its state file; see its log"
"""The message for a change that cannot be written to the state file."""


class EmulatedServiceError(Exception):
    """An error response.

    Attributes:
        shape: the error's name, the `__type` of the response.
        fields: the error's members as JSON, `Message` among them.
        status: HTTP status.
    """

    def __init__(self, shape: str, fields: dict[str, Any], *, status: int = 400) -> None:
        super().__init__(f"{shape}: {fields['Message']}")
        self.shape = shape
        self.fields = fields
        self.status = status

    def payload(self) -> dict[str, Any]:
        """Return the body of the response."""
        return {"__type": self.shape, **self.fields}


@attrs.frozen
class FieldProblem:
    """One problem of one field.

    Attributes:
        name: the field, such as `OtherParticipantIdentifiers[3]`.
        message: what is expected; never the value that was sent.
        code: one of the model's FieldValidationCode values.
    """

    name: str
    message: str
    code: str


def validation_failed(problems: Iterable[FieldProblem]) -> EmulatedServiceError:
    """Return the ValidationException that lists every problem of a request."""
    listed = list(problems)
    noun = "problem" if len(listed) == 1 else "problems"
    return EmulatedServiceError(
        "ValidationException",
        {
            "Message": f"The request has {len(listed)} {noun}: {', '.join(problem.name for problem in listed)}",
            "Reason": "REQUEST_VALIDATION_FAILED",
            "ErrorDetails": [
                {"FieldValidationError": {"Name": problem.name, "Message": problem.message, "Code": problem.code}}
                for problem in listed
            ],
        },
    )


def invalid_field(name: str, message: str, code: str = "INVALID_VALUE") -> EmulatedServiceError:
    """Return the ValidationException for one field."""
    return validation_failed([FieldProblem(name, message, code)])


def business_rule_violation(rules: Mapping[str, str]) -> EmulatedServiceError:
    """Return the ValidationException for violated business rules.

    Arguments:
        rules: messages by BusinessValidationCode.
    """
    return EmulatedServiceError(
        "ValidationException",
        {
            "Message": f"The request violates a rule: {', '.join(rules)}",
            "Reason": "BUSINESS_VALIDATION_FAILED",
            "ErrorDetails": [
                {"BusinessValidationError": {"Message": message, "Code": code}} for code, message in rules.items()
            ],
        },
    )


def conflict(reason: str) -> EmulatedServiceError:
    """Return the ConflictException with one of the model's reasons, such as `DUPLICATE_CONNECTION`."""
    return EmulatedServiceError(
        "ConflictException",
        {"Message": f"The current state does not allow this: {_words(reason)}", "Reason": reason},
    )


def quota_exceeded(reason: str) -> EmulatedServiceError:
    """Return the ServiceQuotaExceededException with one of the model's reasons."""
    return EmulatedServiceError(
        "ServiceQuotaExceededException", {"Message": _words(reason).capitalize(), "Reason": reason}
    )


def _words(reason: str) -> str:
    return reason.replace("_", " ").lower()


def not_found(reason: str) -> EmulatedServiceError:
    """Return the ResourceNotFoundException with one of the model's reasons, such as `CONNECTION_NOT_FOUND`."""
    what = _words(reason.removesuffix("_NOT_FOUND"))
    return EmulatedServiceError(
        "ResourceNotFoundException", {"Message": f"The {what} does not exist", "Reason": reason}
    )


def access_denied() -> EmulatedServiceError:
    """Return the AccessDeniedException."""
    return EmulatedServiceError(
        "AccessDeniedException", {"Message": "The caller is not allowed to do this", "Reason": "ACCESS_DENIED"}
    )


def throttled(service_code: str = THROTTLED_SERVICE, quota_code: str = THROTTLED_QUOTA) -> EmulatedServiceError:
    """Return the ThrottlingException."""
    return EmulatedServiceError(
        "ThrottlingException", {"Message": "Rate exceeded", "ServiceCode": service_code, "QuotaCode": quota_code}
    )


def internal_error(message: str = "The emulator failed; see its log") -> EmulatedServiceError:
    """Return the InternalServerException; its reason is in the emulator's log."""
    return EmulatedServiceError("InternalServerException", {"Message": message}, status=500)


def protocol_error(shape: str, message: str, *, status: int = 400) -> EmulatedServiceError:
    """Return an error of the protocol, which the service model does not list."""
    return EmulatedServiceError(shape, {"Message": message}, status=status)
