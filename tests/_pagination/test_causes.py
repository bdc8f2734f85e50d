"""The cause of a failure: what happened, who can fix it, and what to do."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto

from aiopartnercentral import account, errors
from aiopartnercentral._pagination.causes import StoredError, by_cause, cause_of
from aiopartnercentral._pagination.source_report import SourceReport
from aiopartnercentral._transport.credentials import Role, external_id_of
from aiopartnercentral.cli.messages import explain_all


def service_error(code: str, status: int = 400) -> errors.ServiceError:
    metadata = {"HTTPStatusCode": status}
    return errors.ServiceError({"Error": {"Code": code}, "ResponseMetadata": metadata}, "ListConnections")


CASES = [
    (account.AccessDeniedException(message="no", reason="ACCESS_DENIED"), "access denied"),
    (account.ThrottlingException(message="no"), "throttled"),
    (account.ValidationException(message="no", reason="REQUEST_VALIDATION_FAILED"), "request refused"),
    (account.InternalServerException(message="no"), "service error"),
    (service_error("ServiceUnavailable", 503), "service error"),
    (service_error("ExpiredTokenException"), "no valid credentials"),
    (errors.CredentialsError("role x: no"), "no valid credentials"),
    (boto.NoCredentialsError(), "no valid credentials"),
    (boto.ProfileNotFound(profile="x"), "no valid credentials"),
    (boto.EndpointConnectionError(endpoint_url="https://x"), "network"),
    (boto.ReadTimeoutError(endpoint_url="https://x"), "network"),
    (errors.DecodeError("x", path="$"), "malformed response"),
    (errors.EncodeError("x", path="$"), "request refused"),
    (errors.TimeExceededError(5, "source_seconds"), "time limit"),
    (ZeroDivisionError(), "other error"),
    (errors.AioPartnerCentralError("x"), "other error"),
]
ALIVE = [
    (errors.TimeExceededError(5, "timeout", 1, "https://x"), "network"),
    (errors.CredentialsError("role x: no", is_retryable=True), "network"),
    (errors.CredentialsError("role x: no", code="InternalFailure", is_retryable=True), "service error"),
]


@pytest.mark.parametrize(("error", "name"), [*CASES, *ALIVE])
def test_the_cause_of_an_error(error: Exception, name: str) -> None:
    assert cause_of(error).name == name


@pytest.mark.parametrize(("error", "name"), CASES)
def test_the_cause_of_an_error_of_a_file(error: Exception, name: str) -> None:
    entry = SourceReport(error=error).as_json()["error"]
    stored = StoredError(entry["message"], entry["type"])
    assert (SourceReport(error=stored).as_json()["error"], cause_of(stored).name) == (entry, name)


def test_a_variable_that_is_not_set_is_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARTNER_ID", raising=False)
    role = "arn:aws:iam::111122223333:role/reader"
    with pytest.raises(errors.CredentialsError, match=r"PARTNER_ID, which .* is not set: set it$") as caught:
        external_id_of(Role(arn=role, external_id_env="PARTNER_ID"))
    live, stored = caught.value, StoredError(str(caught.value), "CredentialsError")
    assert [cause_of(each).step for each in (live, stored)] == ["set the environment variable that the error names"] * 2


def test_errors_that_differ_only_in_the_account_of_the_role_are_one_line() -> None:
    roles = [f"arn:aws:iam::{number:012}:role/reader" for number in range(3)]
    reason, shown = "AccessDenied: not allowed on", "arn:aws:iam::*:role/reader"
    failures = {
        role[13:25]: errors.CredentialsError(f"role {role} cannot be assumed: {reason} {role}") for role in roles
    }
    other = errors.CredentialsError(f"role {roles[0]} cannot be assumed: the endpoint is wrong")
    assert explain_all({**failures, "other": other}) == [
        f"{', '.join(failures)}: role {shown} cannot be assumed: {reason} {shown}",
        f"other: {other}",
    ]


@pytest.mark.parametrize("name", ["", "annotations", "TYPE_CHECKING", "__class__", "Exception"])
def test_a_file_may_name_anything_as_the_class_of_an_error(name: str) -> None:
    assert cause_of(StoredError("x", name)).name in ("other error", "request refused")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (account.ThrottlingException(message="no"), "you can fix it: run again later, or set a lower rate"),
        (
            boto.EndpointConnectionError(endpoint_url="https://x"),
            (
                "you or your network's administrator can fix it: check the connection, the proxy and the endpoint; "
                "then run again"
            ),
        ),
        (
            account.InternalServerException(message="no"),
            "fixed by AWS; run again later, or give the request id to AWS Support",
        ),
        (
            errors.DecodeError("x", path="$"),
            "fixed by AWS or this library; collect NDJSON, or leave malformed items out; then report it",
        ),
    ],
)
def test_only_somebody_who_can_fix_it_is_told_how(error: Exception, advice: str) -> None:
    assert cause_of(error).advice == advice


def test_the_most_frequent_cause_comes_first() -> None:
    denied, throttled = (cause_of(error) for error, _ in CASES[:2])
    failures = [(denied, 1), (throttled, 2), (throttled, 3)]
    assert by_cause(failures) == [(throttled, [2, 3]), (denied, [1])]
