"""Errors keep everything when they are pickled or copied: their text, attributes and notes (PEP 678)."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from aiopartnercentral import SourcesFailedError, account, errors

if TYPE_CHECKING:
    from collections.abc import Callable

DENIED = account.AccessDeniedException(message="no", reason=account.AccessDeniedExceptionReason.ACCESS_DENIED)
ERRORS = [
    errors.CheckpointError("it is damaged"),
    errors.CredentialsError("no role", code="AccessDenied", is_retryable=True),
    errors.DecodeError("expected string, got number", path="$.Id", operation="ListPartners", request_id="r"),
    errors.EncodeError("expected str, got int", path="$.Id"),
    errors.MalformedItemsError("catalog AWS", 3),
    errors.PaginationError("catalog AWS", 2, empty_pages=1),
    errors.PositionError("a.csv", "it was changed"),
    errors.RedirectError("a.example", "b.example"),
    errors.ResponseTooLargeError(5),
    errors.ServiceError({"Error": {"Code": "Throttling"}}, "ListPartners"),
    errors.SinkError("a.csv", "disk full"),
    errors.SourcesFileError("no table"),
    errors.TimeExceededError(1.5, "timeout", 2, "https://partners.example"),
    DENIED,
    SourcesFailedError({"AWS": ValueError("x")}),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_copy_of_an_error_has_its_text_attributes_and_notes(error: Exception, copied: Callable) -> None:
    error.__notes__ = ["in the nightly run"]
    again = copied(error)
    assert (type(again), str(again), repr(again)) == (type(error), str(error), repr(error))
    assert again.__notes__ == ["in the nightly run"]
    ours, theirs = dict(vars(error)), dict(vars(again))
    assert str(ours.pop("failures", None)) == str(theirs.pop("failures", None))  # exceptions are compared by identity
    assert theirs == ours


def test_every_public_error_is_tested() -> None:
    public = {getattr(errors, name) for name in errors.__all__ if name.endswith("Error")}
    assert public <= {errors.AioPartnerCentralError, *map(type, ERRORS)}
