"""The service's errors, as what a handler raises and what goes over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

THROTTLED_SERVICE: Final = "partnercentral-account"
# The service publishes no quota for its request rate, so this code is the emulator's own.
THROTTLED_QUOTA: Final = "L-EMULATED"


NOT_KEPT: Final = "This was not carried out: the emulator cannot write its state, and its log says why"
"""What a caller is told whose request would change what cannot be kept."""


class ServiceFaultError(Exception):
    """An answer that is an error.

    Attributes:
        shape: the error's name, which travels as `__type`.
        fields: the error's members as JSON, `Message` among them.
        status: HTTP status of the answer.
    """

    def __init__(self, shape: str, fields: dict[str, Any], *, status: int = 400) -> None:
        super().__init__(f"{shape}: {fields['Message']}")
        self.shape = shape
        self.fields = fields
        self.status = status

    def payload(self) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        return {"__type": self.shape, **self.fields}


@attrs.frozen
class FieldProblem:
    """One thing wrong with one field.

    Attributes:
        name: where the field stands, such as `OtherParticipantIdentifiers[3]`.
        message: what the model asks for; never the value that was sent.
        code: one of the model's FieldValidationCode values.
    """

    name: str
    message: str
    code: str


def validation_failed(problems: Iterable[FieldProblem]) -> ServiceFaultError:
    """Return the ValidationException that lists every problem of a request."""
    listed = list(problems)
    noun = "problem" if len(listed) == 1 else "problems"
    return ServiceFaultError(
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


def invalid_field(name: str, message: str, code: str = "INVALID_VALUE") -> ServiceFaultError:
    """Return the ValidationException for one field that only the service can judge."""
    return validation_failed([FieldProblem(name, message, code)])


def business_rules_broken(rules: Mapping[str, str]) -> ServiceFaultError:
    """Return the ValidationException for what the model allows and the business does not.

    Arguments:
        rules: the model's BusinessValidationCode values, and what is asked for.
    """
    return ServiceFaultError(
        "ValidationException",
        {
            "Message": f"The request breaks a rule: {', '.join(rules)}",
            "Reason": "BUSINESS_VALIDATION_FAILED",
            "ErrorDetails": [
                {"BusinessValidationError": {"Message": message, "Code": code}} for code, message in rules.items()
            ],
        },
    )


def conflict(reason: str) -> ServiceFaultError:
    """Return the ConflictException with one of the model's reasons, such as `DUPLICATE_CONNECTION`."""
    return ServiceFaultError(
        "ConflictException",
        {"Message": f"The present state does not allow this: {_words(reason)}", "Reason": reason},
    )


def quota_exceeded(reason: str) -> ServiceFaultError:
    """Return the ServiceQuotaExceededException with one of the model's reasons."""
    return ServiceFaultError(
        "ServiceQuotaExceededException", {"Message": _words(reason).capitalize(), "Reason": reason}
    )


def _words(reason: str) -> str:
    return reason.replace("_", " ").lower()


def not_found(reason: str) -> ServiceFaultError:
    """Return the ResourceNotFoundException with one of the model's reasons, such as `CONNECTION_NOT_FOUND`."""
    what = _words(reason.removesuffix("_NOT_FOUND"))
    return ServiceFaultError("ResourceNotFoundException", {"Message": f"There is no such {what}", "Reason": reason})


def access_denied() -> ServiceFaultError:
    """Return what a caller gets whose policy does not allow this."""
    return ServiceFaultError(
        "AccessDeniedException", {"Message": "The caller is not allowed to do this", "Reason": "ACCESS_DENIED"}
    )


def throttled(service_code: str = THROTTLED_SERVICE, quota_code: str = THROTTLED_QUOTA) -> ServiceFaultError:
    """Return what a caller gets who sends more requests a second than allowed."""
    return ServiceFaultError(
        "ThrottlingException", {"Message": "Rate exceeded", "ServiceCode": service_code, "QuotaCode": quota_code}
    )


def internal_error(message: str = "The emulator failed; its log says why") -> ServiceFaultError:
    """Return what a caller gets when a handler breaks; the reason is in the emulator's log."""
    return ServiceFaultError("InternalServerException", {"Message": message}, status=500)


def protocol_error(shape: str, message: str, *, status: int = 400) -> ServiceFaultError:
    """Return an error of the framing, which the service model does not list."""
    return ServiceFaultError(shape, {"Message": message}, status=status)
