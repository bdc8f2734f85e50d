"""The explanations of errors in reports: what to do, and nothing that the service or another library says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import exceptions as boto

from aiopartnercentral import account, errors
from aiopartnercentral._pagination.explanations import explanation
from aiopartnercentral._pagination.report import Outcome, Report, SourceReport
from aiopartnercentral.bulk.write_report import RowOutcome, RowResult

SECRET = "x-amz-security-token THE-TOKEN"
REASONS = [
    (account.AccessDeniedException(message=SECRET), "the caller's policy must allow"),
    (account.ThrottlingException(message=SECRET), "try again later, or set a lower rate"),
    (account.ValidationException(message=SECRET), "correct the request"),
    (errors.CredentialsError("role x: no: check profile 'p'"), "role x: no: check profile 'p'"),
    (boto.NoCredentialsError(), "no AWS credentials: log in"),
    (boto.ProfileNotFound(profile="acme"), "there is no profile 'acme'"),
    (boto.EndpointConnectionError(endpoint_url="https://u:p@host"), "cannot connect to https://host:"),
    (boto.ParamValidationError(report=f"Invalid type for parameter X, value: {SECRET}"), "a value cannot be sent"),
    (errors.TimeExceededError(5, "timeout", 1, "https://x"), "https://x did not answer within 5 s"),
    (errors.EncodeError("expected text", path="$.X"), "a value cannot be sent: $.X: expected text"),
]


def report_of(error: Exception) -> Report[str]:
    state = SourceReport(outcome=Outcome.FAILED, error=error)
    return Report(sources={"AWS": state}, elapsed=1.0, run_id="r", started_at=datetime(2026, 11, 29, tzinfo=UTC))


@pytest.mark.parametrize(("error", "reason"), REASONS)
def test_a_report_explains_an_error_without_the_text_of_others(error: Exception, reason: str) -> None:
    report = report_of(error)
    row: RowResult[Any] = RowResult(row="1", outcome=RowOutcome.FAILED, error=error)
    messages = [report.as_json()["sources"][0]["error"]["message"], row.as_json()["error"]["message"], row.problem]
    assert messages == [explanation(error)] * 3
    assert reason in messages[0]
    page, fragment = report.to_html(), report._repr_html_()
    shown = reason.replace("'", "&#x27;")
    assert shown in page
    assert shown in fragment
    assert "THE-TOKEN" not in "".join([*messages, page, fragment])


@pytest.mark.parametrize("error", [ValueError(SECRET), OSError(2, SECRET, "/srv/me/secret")])
def test_an_unexpected_error_has_only_its_name(error: Exception) -> None:
    found = report_of(error).as_json()["sources"][0]["error"]
    assert found == {"type": type(error).__name__, "message": type(error).__name__}
