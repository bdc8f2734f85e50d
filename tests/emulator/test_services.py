"""All six services on one port: protocols, errors, permissions, signatures, and the operations that are not served."""

from __future__ import annotations

from datetime import UTC
from random import Random
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from aiopartnercentral.emulator import (
    Credential,
    Denial,
    EmptyPage,
    Emulator,
    ExpiredPageToken,
    Fault,
    InvalidJson,
    ServerError,
    UnknownEnumValue,
)
from aiopartnercentral.emulator.operations.registry import HANDLERS
from aiopartnercentral.emulator.services import SERVICES
from tests.emulator.conformance import assert_answer_conforms, botocore_session
from tests.emulator.model_values import ModelValues

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio
NAMES = sorted(SERVICES)
NOT_SERVED = [
    (name, operation) for name in NAMES for operation in SERVICES[name].validator.operations
    if operation not in HANDLERS.get(name, {})
]  # fmt: skip


def connect(name: str, url: str, key: str = "111111111111", secret: str = "any") -> Any:  # noqa: S107 - of nothing
    session = boto3.session.Session(key, secret, region_name="us-east-1", botocore_session=botocore_session())
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False, signature_version="v4")
    return session.client(name, endpoint_url=url, config=config)


def listing(name: str) -> str:
    """Return an operation that needs a catalog only."""
    shapes = SERVICES[name].shapes
    for operation, described in SERVICES[name].validator.operations.items():
        if [each.lower() for each in shapes[described["input"]["shape"]].get("required", ())] == ["catalog"]:
            return operation
    raise LookupError(name)


async def ask(http: httpx2.AsyncClient, url: str, name: str, operation: str, request: object, **headers: str) -> Any:
    """Send a request without a client library, and return the response and its value."""
    service = SERVICES[name]
    prefix = service.validator.target_prefix
    if service.is_cbor:
        url = f"{url}/service/{prefix}/operation/{operation}"
        framing = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor", **headers}
        body = request if isinstance(request, bytes) else service.encode(request)
    else:
        target = f"{prefix}.{operation}"
        framing = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target, **headers}
        body = request if isinstance(request, bytes) else service.encode(request)
    response = await http.post(url, headers=framing, content=body)
    return response, service.decode(response.content)


def error_of(value: Any) -> str:
    return value["__type"].rpartition("#")[2]


def catalog(name: str, value: str = "AWS") -> dict[str, str]:
    shapes = SERVICES[name].shapes
    members = shapes[SERVICES[name].validator.operations[listing(name)]["input"]["shape"]]["members"]
    return {next(each for each in members if each.lower() == "catalog"): value}


@pytest.mark.parametrize("name", NAMES)
async def test_errors_have_the_form_of_the_service(name, http):
    async with Emulator(denied_catalogs=["Sandbox"]) as emulator:
        url, operation = emulator.endpoint_url, listing(name)
        for request, error in (
            ({}, "ValidationException"),
            (catalog(name, "No where"), "ValidationException"),
            (catalog(name, "Sandbox"), "AccessDeniedException"),
        ):
            response, value = await ask(http, url, name, operation, request)
            assert error_of(value) == error
            assert_answer_conforms(operation, response.status_code, value, name)
            assert response.headers["content-type"] == SERVICES[name].content_type
            assert response.headers.get("smithy-protocol") == SERVICES[name].headers.get("smithy-protocol")
        emulator.requests_per_second = 0.001
        answers = [await ask(http, url, name, operation, {}) for _ in range(2)]
        assert [error_of(value) for _, value in answers] == ["ValidationException", "ThrottlingException"]
        assert_answer_conforms(operation, answers[1][0].status_code, answers[1][1], name)
    logged = [(each.service, each.operation, each.error) for each in emulator.requests]
    errors = ["ValidationException", "ValidationException", "AccessDeniedException", "ValidationException"]
    assert logged == [(name, operation, error) for error in [*errors, "ThrottlingException"]]


@pytest.mark.parametrize("name", NAMES)
async def test_a_rate_limit_is_for_an_account_in_a_service(name, http):
    async with Emulator(requests_per_second=0.001) as emulator:
        asked = (name, name, next(other for other in NAMES if other != name))
        answers = [await ask(http, emulator.endpoint_url, service, listing(service), {}) for service in asked]
        other = {"Authorization": "AWS4-HMAC-SHA256 Credential=222222222222/"}
        answers.append(await ask(http, emulator.endpoint_url, name, listing(name), {}, **other))
    outcomes = [error_of(value) for _, value in answers]
    assert outcomes == ["ValidationException", "ThrottlingException", "ValidationException", "ValidationException"]


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_no_request_of_the_service_is_refused(name, http):
    async with Emulator() as emulator:
        url, operation, is_cbor = emulator.endpoint_url, listing(name), SERVICES[name].is_cbor
        for request, headers, error, status in (
            (b"\xff", {}, "SerializationException", 400),
            (SERVICES[name].encode([1]), {}, "SerializationException", 400),
            ({}, {"Content-Type": "application/json"}, "UnsupportedMediaTypeException", 415),
            *([({}, {"smithy-protocol": "rpc-v2-json"}, "UnknownOperationException", 400)] if is_cbor else []),
        ):
            response, value = await ask(http, url, name, operation, request, **headers)
            assert (error_of(value), response.status_code) == (error, status)
        response, value = await ask(http, url, name, "ListNothing", {})
        assert (error_of(value), response.status_code) == ("UnknownOperationException", 400)


@pytest.mark.parametrize("name", NAMES)
async def test_a_request_is_signed_for_its_service(name, http):
    keys = {"AKIDEXAMPLE": Credential("secret", "111122223333")}
    async with Emulator({"AWS": 0}, credentials=keys) as emulator:
        _, value = await ask(http, emulator.endpoint_url, name, listing(name), {})
        assert error_of(value) == "MissingAuthenticationTokenException"

        def send(secret: str) -> str:
            client = connect(name, emulator.endpoint_url, "AKIDEXAMPLE", secret)
            with pytest.raises(ClientError) as caught:
                client._make_api_call(listing(name), {})
            return caught.value.response["Error"]["Code"]

        codes = [await anyio.to_thread.run_sync(send, secret) for secret in ("secret", "wrong")]
    assert codes == ["ValidationException", "InvalidSignatureException"]


async def test_an_operation_that_is_not_served_says_so(http):
    assert NOT_SERVED
    async with Emulator({"AWS": 1, "Sandbox": 0}) as emulator:
        for name, operation in NOT_SERVED:
            values = ModelValues(SERVICES[name], Random(operation))
            request = values.request(operation)
            response, value = await ask(http, emulator.endpoint_url, name, operation, request)
            assert (response.status_code, error_of(value)) == (501, "NotImplementedException"), (name, value)
            assert operation in str(value)


async def test_denials_and_faults_select_a_service(http):
    selling, revenue = "partnercentral-selling", "partnercentral-revenue-measurement"
    faults = [Fault(ServerError(), service=selling), Fault(InvalidJson(), service="*-revenue-*", calls="2")]
    denials = [Denial(service=revenue, catalog="AWS")]
    async with Emulator(faults=faults, denials=denials) as emulator:
        url = emulator.endpoint_url
        response, value = await ask(http, url, selling, listing(selling), {})
        assert (response.status_code, error_of(value)) == (500, "InternalServerException")
        _, value = await ask(http, url, "partnercentral-account", "ListPartners", catalog("partnercentral-account"))
        assert value["PartnerSummaryList"]
        response, value = await ask(http, url, revenue, listing(revenue), catalog(revenue))
        assert (response.status_code, error_of(value)) == (403, "AccessDeniedException")
        with pytest.raises(ValueError, match="not CBOR"):
            await ask(http, url, revenue, listing(revenue), catalog(revenue))
    with pytest.raises(ValueError, match="'selling' matches no service"):
        Emulator(faults=[Fault(ServerError(), service="selling")])
    with pytest.raises(ValueError, match="'ListConnections' matches no operation"):
        Emulator(denials=[Denial(service=selling, operation="ListConnections")])


async def test_faults_change_cbor_and_pages_of_every_service(http):
    revenue, channel = "partnercentral-revenue-measurement", "partnercentral-channel"
    faults = [
        Fault(UnknownEnumValue(shape="TenancyModel"), service=revenue, operation="Get*"),
        Fault(EmptyPage(), service=channel, operation="List*", calls="1"),
        Fault(ExpiredPageToken(), service=channel, calls="3"),
    ]
    async with Emulator({"AWS": 0}, faults=faults) as emulator:
        url, named = emulator.endpoint_url, {"Name": "Engine", "TenancyModel": "MULTI_TENANT"}
        _, made = await ask(http, url, revenue, "CreateRevenueAttribution", {"Catalog": "AWS", **named})
        _, found = await ask(http, url, revenue, "GetRevenueAttribution", {"Catalog": "AWS", "Identifier": made["Id"]})
        assert (found["TenancyModel"], found["CreatedDate"].tzinfo) == ("NOVELTY", UTC)
        request = {"catalog": "AWS"}
        _, page = await ask(http, url, channel, "ListRelationships", request)
        assert page["items"] == []
        later = request | {"nextToken": page["nextToken"]}
        assert (await ask(http, url, channel, "ListRelationships", later))[1] == {"items": []}
        _, error = await ask(http, url, channel, "ListRelationships", later)
        assert [each["name"] for each in error["fieldList"]] == ["nextToken"]
    assert [each.faults for each in emulator.requests][-1] == ("expired_page_token",)


async def test_a_services_own_host_is_trusted_for_that_service_only(http):
    async with Emulator() as emulator:
        own, other = "partnercentral-selling.us-east-1.api.aws", "partnercentral-channel.global.api.aws"
        for host, error, status in ((own, "ValidationException", 400), (other, "UnknownOperationException", 404)):
            response, value = await ask(
                http, emulator.endpoint_url, "partnercentral-selling", "ListOpportunities", {}, Host=host
            )
            assert (error_of(value), response.status_code) == (error, status)
        response, value = await ask(
            http, emulator.endpoint_url, "partnercentral-selling", "ListOpportunities", {}, Host="selling.example"
        )
        assert (error_of(value), response.status_code) == ("UntrustedHostException", 403)


async def test_the_dashboard_lists_requests_with_their_service(http):
    async with Emulator() as emulator:
        await ask(http, emulator.endpoint_url, "partnercentral-marketing", "ListCampaigns", {})
        page = (await http.get(f"{emulator.endpoint_url}/requests")).text
    assert "List<wbr>Campaigns" in page
    assert '<span class="of">marketing</span>' in page
