"""Malformed requests, sent without a client library."""

from __future__ import annotations

from contextlib import closing

import anyio.to_thread
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from aiopartnercentral.emulator import Credential, Emulator, pipeline
from aiopartnercentral.emulator.operations.account.handlers import HANDLERS
from aiopartnercentral.emulator.services import ACCOUNT, JSON_CONTENT_TYPE

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"{}{}", b'{"Catalog": "\xff"}', b"\xff\xfe", b"[" * 200_000, b'{"a":}'],
    ids=["empty", "cut", "list", "null", "string", "two", "bad utf-8", "utf-16", "deep", "no value"],
)  # fmt: skip
async def test_a_body_that_is_not_a_json_object(body, emulator, post):
    response = await post(emulator.endpoint_url, "ListConnections", body)
    assert (response.status_code, response.json()["__type"]) == (400, "SerializationException")
    assert emulator.requests[-1].error == "SerializationException"


@pytest.mark.parametrize(
    "target",
    [
        "",
        "ListConnections",
        "PartnerCentralAccount.",
        "PartnerCentralAccount.Nope",
        "PartnerCentralSelling.ListConnections",
    ],
)
async def test_a_target_that_is_not_an_operation(target, emulator, post):
    response = await post(emulator.endpoint_url, "", {"Catalog": "AWS"}, **{"X-Amz-Target": target})
    assert (response.status_code, response.json()["__type"]) == (400, "UnknownOperationException")


async def test_another_path_method_or_content_type(emulator, post, http):
    wrong_path = await post(f"{emulator.endpoint_url}/elsewhere", "ListConnections", {"Catalog": "AWS"})
    wrong_method = await http.put(emulator.endpoint_url)
    wrong_type = await post(
        emulator.endpoint_url, "ListConnections", {"Catalog": "AWS"}, **{"Content-Type": "application/json"}
    )
    assert [(r.status_code, r.json()["__type"]) for r in (wrong_path, wrong_method, wrong_type)] == [
        (404, "UnknownOperationException"),
        (404, "UnknownOperationException"),
        (415, "UnsupportedMediaTypeException"),
    ]


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("sts", lambda client: client.get_caller_identity()),  # query
        ("s3", lambda client: client.list_buckets()),  # XML
        ("dynamodb", lambda client: client.list_tables()),  # JSON
        ("lambda", lambda client: client.list_functions()),  # JSON at paths
    ],
)
async def test_a_request_for_another_service_says_so(service, call, emulator):
    def ask():
        session = boto3.session.Session("AKIDEXAMPLE", "example", region_name="us-east-1")
        config = Config(retries={"total_max_attempts": 1})
        client = session.client(service, endpoint_url=emulator.endpoint_url, config=config)
        with closing(client), pytest.raises(ClientError) as caught:
            call(client)
        return caught.value.response["Error"]

    error = await anyio.to_thread.run_sync(ask)
    assert error["Code"] == "UnknownOperationException"
    assert f"The emulator serves Partner Central only, and not {service}. Set AWS_ENDPOINT_URL_" in error["Message"]


async def test_every_response_has_a_request_id_and_a_content_type(emulator, post):
    answers = [
        await post(emulator.endpoint_url, name, {"Catalog": "AWS"}) for name in ("ListPartners", "Nope", "TagResource")
    ]
    assert len({answer.headers["x-amzn-requestid"] for answer in answers}) == 3
    assert {answer.headers["content-type"] for answer in answers} == {JSON_CONTENT_TYPE}


def test_every_operation_of_the_model_has_a_handler():
    assert set(HANDLERS) == set(ACCOUNT.validator.operations)
    assert len(HANDLERS) == 34


async def test_a_body_that_is_too_large_is_refused_like_any_other(emulator, post):
    body = b'{"Catalog": "' + b"A" * 2_000_000 + b'"}'
    response = await post(emulator.endpoint_url, "ListConnections", body)
    assert (response.status_code, response.json()["__type"]) == (413, "RequestEntityTooLargeException")
    assert response.headers["x-amzn-requestid"]
    assert emulator.requests[-1].status == 413


async def test_a_body_that_is_too_large_is_no_signature_error(post):
    async with Emulator(credentials={"AKID": Credential("secret", "111122223333")}) as emulator:
        response = await post(emulator.endpoint_url, "ListConnections", b"x" * 2_000_000)
        assert (response.status_code, response.json()["__type"]) == (413, "RequestEntityTooLargeException")
        response = await post(emulator.endpoint_url, "ListConnections", b"x")
        assert response.json()["__type"] == "MissingAuthenticationTokenException"


async def test_unknown_members_and_nulls_are_ignored(emulator, post):
    plain = {"Catalog": "AWS", "MaxResults": 5}
    decorated = {**plain, "Novelty": {"a": [1]}, "NextToken": None, "ConnectionType": None, "__type": "x"}
    first, second = [(await post(emulator.endpoint_url, "ListConnections", body)).json() for body in (plain, decorated)]
    assert first == second
    assert [request.has_page_token for request in emulator.requests] == [False, False]
    later = {**decorated, "NextToken": first["NextToken"]}
    assert (await post(emulator.endpoint_url, "ListConnections", later)).status_code == 200


async def test_requests_are_recorded_and_their_repr_hides_the_body(emulator, post):
    await post(
        emulator.endpoint_url, "ListConnections", {"Catalog": "AWS", "OtherParticipantIdentifiers": ["secret-one"]}
    )
    (request,) = emulator.requests
    assert (request.operation, request.catalog, request.status) == ("ListConnections", "AWS", 200)
    assert request.body["OtherParticipantIdentifiers"] == ["secret-one"]
    assert "secret-one" not in repr(request)


async def test_only_the_latest_requests_are_kept(post, monkeypatch):
    monkeypatch.setattr(pipeline, "RECORDED_REQUESTS", 2)
    async with Emulator() as emulator:
        for catalog in ("AWS", "Sandbox", "AWS"):
            await post(emulator.endpoint_url, "ListPartners", {"Catalog": catalog})
        assert [request.catalog for request in emulator.requests] == ["Sandbox", "AWS"]


async def test_fewer_large_requests_are_kept(post, monkeypatch):
    monkeypatch.setattr(pipeline, "RECORDED_BYTES", 10_000)
    async with Emulator() as emulator:
        for number in range(8):
            await post(emulator.endpoint_url, "ListPartners", {"Catalog": "AWS", "Padding": [number] * 2_000})
            assert len(emulator.requests) == min(number + 1, 2)  # of four thousand bytes each
        await post(emulator.endpoint_url, "ListPartners", {"Catalog": "AWS"})
        assert [request.body.get("Padding", [None])[0] for request in emulator.requests] == [6, 7, None]


async def test_a_broken_handler_is_the_services_internal_error(emulator, post, monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError("the reason")

    monkeypatch.setitem(HANDLERS, "ListPartners", broken)
    response = await post(emulator.endpoint_url, "ListPartners", {"Catalog": "AWS"})
    assert (response.status_code, response.json()["__type"]) == (500, "InternalServerException")
    assert "the reason" in caplog.text
    assert "the reason" not in response.text


async def test_a_target_that_is_not_utf8_is_refused_and_shown(emulator, http):
    sent = {b"X-Amz-Target": b"PartnerCentralAccount.\xff", b"Content-Type": b"application/x-amz-json-1.0"}
    response = await http.post(emulator.endpoint_url, headers=sent, content=b"{}")
    assert (response.status_code, response.json()["__type"]) == (400, "UnknownOperationException")
    page = await http.get(emulator.endpoint_url)
    assert (page.status_code, "\ufffd" in page.text) == (200, True)


@pytest.mark.parametrize("host", [b"\xff", b"", b"a b", b'x"<y>', b"a" * 300, b"x:123456", b"[x]", b"x/y"])
async def test_an_invalid_host_gets_into_no_url(host, emulator, post):
    details = {"VerificationDetails": {"RegistrantVerificationDetails": {}}}
    response = await post(emulator.endpoint_url, "StartVerification", details, Host=host)
    assert (response.status_code, response.json()["__type"]) == (400, "MalformedHttpRequestException")


@pytest.mark.parametrize("host", ["localhost", "partner_central:8080", "10.0.0.1:80", "[::1]:8080", "xn--a.example."])
async def test_a_completion_url_has_the_host_of_the_request(host, post):
    details = {"VerificationDetails": {"RegistrantVerificationDetails": {}}}
    async with Emulator(allowed_hosts=["*"]) as emulator:
        response = await post(emulator.endpoint_url, "StartVerification", details, Host=host)
    told = response.json()["VerificationResponseDetails"]["RegistrantVerificationResponse"]
    assert told["CompletionUrl"].startswith(f"http://{host}/_emulator/verifications/")


async def test_an_impossible_catalog_name_is_not_recorded(emulator, post):
    for catalog in ("Sandbox", "Sandpit", "ada@example.com", "A" * 100_000, 5):
        await post(emulator.endpoint_url, "ListPartners", {"Catalog": catalog})
    assert [request.catalog for request in emulator.requests] == ["Sandbox", "Sandpit", None, None, None]
