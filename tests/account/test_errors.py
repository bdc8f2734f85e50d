from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from aiopartnercentral import account
from aiopartnercentral.errors import AioPartnerCentralError, ServiceError
from tests.support.clients import without_backoff
from tests.support.servers import Reply

if TYPE_CHECKING:
    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio


async def raised(server: ScriptedServer, client: account.Client, body: Any, status: int = 400, **headers: str) -> Any:
    server.replies(Reply(body, status=status, headers=headers))
    with pytest.raises(ServiceError) as caught:
        await client.list_connections(catalog="AWS")
    assert isinstance(caught.value, ClientError)
    assert isinstance(caught.value, AioPartnerCentralError)
    return caught.value


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    without_backoff(monkeypatch)


async def test_access_denied(server: ScriptedServer, client: account.Client) -> None:
    body = {"__type": "AccessDeniedException", "Message": "no", "Reason": "ACCESS_DENIED"}
    error = await raised(server, client, body)
    assert type(error) is account.AccessDeniedException
    assert error.message == "no"
    assert error.reason is account.AccessDeniedExceptionReason.ACCESS_DENIED
    assert (error.code, error.http_status, error.request_id, error.attempts) == (
        "AccessDeniedException",
        400,
        "request-1",
        1,
    )
    assert error.operation_name == "ListConnections"
    assert error.response["Error"] == {"Code": "AccessDeniedException", "Message": "no"}
    assert error.response["Reason"] == "ACCESS_DENIED"
    assert str(error) == "An error occurred (AccessDeniedException) when calling the ListConnections operation: no"
    assert error.problems == ()
    assert error.__notes__ == ["request id request-1"]


async def test_a_hook_for_an_error_does_not_take_its_members_away(server: ScriptedServer) -> None:
    converter = account.make_json_converter()
    converter.register_structure_hook(account.ThrottlingException, lambda *_: None)
    body = {"__type": "ThrottlingException", "Message": "slow", "ServiceCode": "pc", "QuotaCode": "L-1"}
    async with account.connect(endpoint_url=server.url, json_converter=converter) as client:
        error = await raised(server, client, body)
    assert (error.message, error.service_code, error.quota_code) == ("slow", "pc", "L-1")


async def test_throttling(server: ScriptedServer, client: account.Client) -> None:
    body = {"__type": "ThrottlingException", "Message": "slow", "ServiceCode": "pc", "QuotaCode": "L-1"}
    error = await raised(server, client, body)
    assert type(error) is account.ThrottlingException
    assert (error.message, error.service_code, error.quota_code) == ("slow", "pc", "L-1")
    assert error.attempts == len(server.received) == 3


async def test_validation(server: ScriptedServer, client: account.Client) -> None:
    body = {
        "__type": "ValidationException",
        "Message": "bad",
        "Reason": "REQUEST_VALIDATION_FAILED",
        "ErrorDetails": [
            {"FieldValidationError": {"Name": "Catalog", "Message": "m", "Code": "INVALID_VALUE"}},
            {"BusinessValidationError": {"Message": "n", "Code": "INELIGIBLE_ACCOUNT_TIER"}},
            {"MoodValidationError": {"Mood": "sour"}},
        ],
    }
    error = await raised(server, client, body)
    assert type(error) is account.ValidationException
    assert error.reason is account.ValidationExceptionReason.REQUEST_VALIDATION_FAILED
    assert error.error_details == [
        account.ValidationErrorFieldValidationError(
            account.FieldValidationError(name="Catalog", message="m", code=account.FieldValidationCode.INVALID_VALUE)
        ),
        account.ValidationErrorBusinessValidationError(
            account.BusinessValidationError(message="n", code=account.BusinessValidationCode.INELIGIBLE_ACCOUNT_TIER)
        ),
        account.ValidationErrorUnknown("MoodValidationError", {"Mood": "sour"}),
    ]
    assert error.__notes__ == ["rejected: Catalog m, n", "request id request-1"]
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)


async def test_internal_server_error(server: ScriptedServer, client: account.Client) -> None:
    error = await raised(server, client, {"__type": "InternalServerException", "Message": "oops"}, 500)
    assert type(error) is account.InternalServerException
    assert error.message == "oops"
    assert error.attempts == 3


async def test_a_namespace_in_the_type_does_not_matter(server: ScriptedServer, client: account.Client) -> None:
    body = {"__type": "com.amazonaws.partnercentral.account#AccessDeniedException", "Message": "no"}
    assert type(await raised(server, client, body)) is account.AccessDeniedException


async def test_a_gateway_that_leaves_members_out_does_not_hide_the_error(
    server: ScriptedServer, client: account.Client
) -> None:
    error = await raised(server, client, {"__type": "AccessDeniedException", "message": "User is not authorized"}, 403)
    assert type(error) is account.AccessDeniedException
    assert error.message == "User is not authorized"
    assert error.reason is None
    assert error.problems == ()


@pytest.mark.parametrize(
    ("details", "problem"),
    [
        ([{}], "$.ErrorDetails[0]: expected exactly one union member, got none"),
        ([{"FieldValidationError": {}, "BusinessValidationError": {}}], "expected exactly one union member, got Field"),
        ("all", "$.ErrorDetails: expected array, got string"),
        ([{"FieldValidationError": {"Name": "n"}}], "$.ErrorDetails[0].FieldValidationError.Message: required member"),
    ],
)
async def test_malformed_members_do_not_hide_the_error(
    details: Any, problem: str, server: ScriptedServer, client: account.Client
) -> None:
    body = {"__type": "ValidationException", "Message": "bad", "Reason": "X", "ErrorDetails": details}
    error = await raised(server, client, body)
    assert type(error) is account.ValidationException
    assert error.message == "bad"
    assert error.reason == "X"
    assert error.reason.is_unknown
    assert error.error_details is None
    assert problem in str(error.problems[0])


async def test_an_error_that_is_not_modelled_is_a_plain_service_error(
    server: ScriptedServer, client: account.Client
) -> None:
    error = await raised(server, client, {"__type": "UnrecognizedClientException", "message": "who?"})
    assert type(error) is ServiceError
    assert error.code == "UnrecognizedClientException"
    assert type(pickle.loads(pickle.dumps(error))) is ServiceError


@pytest.mark.parametrize(
    "body", [b"", b"<html>no</html>", b"[]", b"5", b"null", b'"x"', b"{", b"\xff\xfe", b'{"__type": 5}']
)
@pytest.mark.parametrize("status", [400, 403, 503])
async def test_an_error_without_a_proper_body_is_a_service_error(
    body: bytes, status: int, server: ScriptedServer, client: account.Client
) -> None:
    error = await raised(server, client, body, status)
    assert type(error) is ServiceError
    assert error.http_status == status
    assert error.code == str(status)


async def test_an_error_can_be_made_from_its_members_alone() -> None:
    error = account.AccessDeniedException(message="no", reason=account.AccessDeniedExceptionReason.ACCESS_DENIED)
    assert error.code == "AccessDeniedException"
    assert error.request_id is None
    assert str(error) == "An error occurred (AccessDeniedException): no"
    assert account.json_converter.dumps(error) == b'{"Message":"no","Reason":"ACCESS_DENIED"}'
