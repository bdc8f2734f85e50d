from __future__ import annotations

import json
import pickle
import uuid
from contextlib import nullcontext
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import attrs
import boto3
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.httpxsession import HttpxSession
from aiobotocore.session import get_session
from aiobotocore.stub import AioStubber
from botocore.exceptions import BotoCoreError, ParamValidationError, ProfileNotFound
from botocore.loaders import Loader

from aiopartnercentral import account
from aiopartnercentral.errors import DecodeError, EncodeError, ServiceError
from tests.support.clients import TRIO, session_with_models, without_backoff
from tests.support.servers import Reply, socket_server
from tests.support.shown_errors import shown
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from tests.support.servers import Received, ScriptedServer

pytestmark = pytest.mark.anyio

PREFERENCES = {
    "Catalog": "AWS",
    "Arn": "arn:aws:partnercentral:us-east-1:123456789012:catalog/AWS/connection-preferences",
    "AccessType": "ALLOW_ALL",
    "UpdatedAt": "2024-05-01T12:00:00Z",
    "Revision": 7,
}
EMPTY_PAGE = {"ConnectionSummaries": []}


class OwnSession(AIOHTTPSession):  # type: ignore[misc] # which has no types
    """An HTTP client of the caller's own."""


def cause_of_retries(server: ScriptedServer) -> None:
    server.replies(Reply({"__type": "InternalServerException", "Message": "later"}, status=500))


async def test_a_method_sends_its_arguments_under_their_wire_names(
    server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply(EMPTY_PAGE))
    await client.list_connections(
        catalog="AWS", max_results=5, connection_type="SUBSIDIARY", other_participant_identifiers=("a", "b")
    )
    (received,) = server.received
    assert received.operation == "ListConnections"
    assert received.body == {
        "Catalog": "AWS",
        "MaxResults": 5,
        "ConnectionType": "SUBSIDIARY",
        "OtherParticipantIdentifiers": ["a", "b"],
    }


async def test_what_botocore_refuses_is_not_quoted(server: ScriptedServer, client: account.Client) -> None:
    with pytest.raises(ParamValidationError) as caught:
        await client.list_connections(catalog="AWS", max_results=-424242, next_token="")
    text = str(caught.value)
    assert "Invalid value for parameter MaxResults, valid min value: 1" in text
    assert "Invalid length for parameter NextToken, value: 0, valid min length: 1" in text
    assert "424242" not in text
    assert caught.value.__context__ is None
    assert server.received == []


async def test_a_response_is_typed_and_has_its_metadata_outside_equality(
    server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply(PREFERENCES))
    response = await client.call(account.GetConnectionPreferencesRequest(catalog="AWS"))
    assert response.access_type is account.AccessType.ALLOW_ALL
    assert response.revision == 7
    metadata = response.response_metadata
    assert metadata is not None
    assert (metadata.request_id, metadata.http_status, metadata.attempts) == ("request-1", 200, 1)
    assert metadata.http_headers["x-amzn-requestid"] == "request-1"
    again = await client.get_connection_preferences(catalog="AWS")
    assert again == response
    assert again.response_metadata != metadata
    assert "metadata" not in repr(again)


async def test_calls_are_signed_for_the_only_region_whatever_the_environment_says(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies(Reply(EMPTY_PAGE))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    async with account.connect(endpoint_url=server.url) as client:
        await client.list_connections(catalog="AWS")
    async with account.connect(endpoint_url=server.url, region_name="eu-west-3") as client:
        await client.list_connections(catalog="AWS")
    scopes = [received.headers["authorization"].split("/", 2)[2].split(",")[0] for received in server.received]
    assert scopes == [f"{region}/partnercentral-account/aws4_request" for region in ("us-east-1", "eu-west-3")]


async def test_the_endpoint_is_the_one_that_the_pinned_rules_resolve() -> None:
    class StoppedError(Exception):
        pass

    def stop(request: Any, **_: object) -> None:
        raise StoppedError(request.url)

    async with account.connect() as client:
        inner: Any = (await client._api.transport.connection.opened_botocore()).client
        inner.meta.events.register("before-sign.partnercentral-account", stop)
        with pytest.raises(StoppedError, match=r"^https://partnercentral-account\.us-east-1\.api\.aws/$"):
            await client.list_connections(catalog="AWS")


async def test_an_idempotency_token_is_filled_in_and_kept_over_retries(
    server: ScriptedServer, client: account.Client
) -> None:
    cause_of_retries(server)
    with pytest.raises(account.InternalServerException):
        await client.start_verification()
    tokens = {received.body["ClientToken"] for received in server.received}
    assert len(server.received) == 3
    assert len(tokens) == 1
    assert uuid.UUID(tokens.pop()).version == 4
    server.received.clear()
    with pytest.raises(account.InternalServerException):
        await client.start_verification(client_token="mine")
    assert {received.body["ClientToken"] for received in server.received} == {"mine"}


@pytest.mark.parametrize(
    ("config", "environment", "attempts"),
    [
        (None, {}, 3),
        (AioConfig(read_timeout=9), {}, 3),
        (AioConfig(retries={"mode": "legacy"}), {}, 5),
        (AioConfig(retries={"max_attempts": 1}), {}, 2),
        (AioConfig(retries={"total_max_attempts": 1}), {}, 1),
        (None, {"AWS_RETRY_MODE": "legacy"}, 5),
        (None, {"AWS_MAX_ATTEMPTS": "2"}, 2),
    ],
)
async def test_retries_are_standard_unless_the_caller_says_otherwise(
    config: AioConfig | None,
    environment: dict[str, str],
    attempts: int,
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_backoff(monkeypatch)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    cause_of_retries(server)
    options: Any = {} if config is None else {"config": config}
    async with account.connect(endpoint_url=server.url, **options) as client:
        with pytest.raises(account.InternalServerException) as caught:
            await client.list_connections(catalog="AWS")
    assert len(server.received) == caught.value.attempts == attempts


async def test_attempts_count_the_retries(server: ScriptedServer, client: account.Client) -> None:
    server.replies(Reply({"__type": "InternalServerException", "Message": "later"}, status=500), Reply(EMPTY_PAGE))
    page = await client.list_connections(catalog="AWS")
    assert page.response_metadata is not None
    assert page.response_metadata.attempts == 2


async def test_a_malformed_answer_names_operation_path_and_request(
    server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply({**PREFERENCES, "Revision": "seven"}))
    with pytest.raises(DecodeError) as caught:
        await client.get_connection_preferences(catalog="AWS")
    assert str(caught.value) == (
        "GetConnectionPreferences: $.Revision: expected integer, got string (request id request-1)"
    )


async def test_a_malformed_answer_is_kept_and_not_shown(server: ScriptedServer, client: account.Client) -> None:
    """The call may have changed something, and only its answer tells what."""
    server.replies(Reply({"Id": "an-id", "Secret": "hidden"}, status=201))
    with pytest.raises(DecodeError) as caught:
        await client.create_connection_invitation(
            catalog="AWS", connection_type="SUBSIDIARY", email="a@b.c", message="m", name="n", receiver_identifier="r"
        )
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert json.loads(error.body) == {"Id": "an-id", "Secret": "hidden"}
        assert (error.http_status, error.http_headers["x-amzn-requestid"]) == (201, "request-1")
        assert "hidden" not in shown(error)


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"[]", b"null"])
async def test_a_success_without_the_members_is_no_success(
    body: bytes, server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply(body))
    with pytest.raises(DecodeError) as caught:
        await client.list_connections(catalog="AWS")
    assert (caught.value.body, caught.value.http_status) == (body, 200)


async def test_wrong_arguments_are_reported_by_path_and_never_by_value(client: account.Client) -> None:
    call: Any = client.associate_aws_training_certification_email_domain
    with pytest.raises(EncodeError) as caught:
        await call(catalog="AWS", identifier="partner-1", email="a@b", email_verification_code=135790)
    assert str(caught.value) == (
        "AssociateAwsTrainingCertificationEmailDomain: $.EmailVerificationCode: expected str, got int"
    )
    listing: Any = client.list_connections
    with pytest.raises(EncodeError, match=r"\$\.OtherParticipantIdentifiers: expected a sequence, got str"):
        await listing(catalog="AWS", other_participant_identifiers="abc")
    with pytest.raises(EncodeError, match=r"\$\.OtherParticipantIdentifiers\[1\]: expected str, got int"):
        await listing(catalog="AWS", other_participant_identifiers=["a", 5])


async def test_what_is_no_request_is_refused(client: account.Client) -> None:
    nothing: Any = object()
    with pytest.raises(TypeError, match="expected a request of partnercentral-account, got an object"):
        await client.call(nothing)
    other: Any = account.ListPartnersRequest
    with pytest.raises(TypeError, match="expected a request of partnercentral-account, got the class ListPartnersReq"):
        await client.call(other)


class CheckedRequest(account.ListConnectionsRequest):
    def __attrs_post_init__(self) -> None:
        if not self.max_results:
            raise ValueError("unlimited")


@attrs.frozen(kw_only=True)
class Labelled(account.ListConnectionsRequest):
    label: str = ""


async def test_a_derived_request_is_sent_like_its_base(server: ScriptedServer, client: account.Client) -> None:
    server.replies(Reply(EMPTY_PAGE))
    await client.call(CheckedRequest(catalog="AWS", max_results=5))
    (received,) = server.received
    assert (received.operation, received.body) == ("ListConnections", {"Catalog": "AWS", "MaxResults": 5})
    reason = "ListConnections: .*Labelled differs from ListConnectionsRequest in label: register an unstructure hook"
    with pytest.raises(EncodeError, match=reason):
        await client.call(Labelled(catalog="AWS"))


async def test_a_user_hook_takes_effect_in_the_client_that_it_was_made_for(server: ScriptedServer) -> None:
    converter = account.make_json_converter()
    converter.register_structure_hook(account.AccessType, lambda value, _: f"seen {value}")
    server.replies(Reply(PREFERENCES))
    async with account.connect(endpoint_url=server.url, json_converter=converter) as client:
        hooked: Any = await client.get_connection_preferences(catalog="AWS")
    async with account.connect(endpoint_url=server.url) as client:
        plain = await client.get_connection_preferences(catalog="AWS")
    assert hooked.access_type == "seen ALLOW_ALL"
    assert plain.access_type is account.AccessType.ALLOW_ALL


async def test_a_wrapped_client_serves_its_owner_as_before(server: ScriptedServer) -> None:
    server.replies(Reply(PREFERENCES))
    async with session_with_models().create_client(
        "partnercentral-account", region_name="us-east-1", endpoint_url=server.url
    ) as theirs:
        ours = account.wrap(theirs)
        account.wrap(theirs)
        typed: list[Any] = []
        plain: list[Any] = []

        async def call_ours() -> None:
            typed.append(await ours.get_connection_preferences(catalog="AWS"))

        async def call_theirs() -> None:
            plain.append(await theirs.get_connection_preferences(Catalog="AWS"))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(call_ours)
                tasks.start_soon(call_theirs)
    assert [response.revision for response in typed] == [7] * 5
    assert [(response["Revision"], response["AccessType"]) for response in plain] == [(7, "ALLOW_ALL")] * 5


@pytest.mark.parametrize("place", ["", ".partnercentral-account", ".partnercentral-account.ListConnections"])
@pytest.mark.parametrize(
    "event",
    [
        *("provide-client-params", "before-parameter-build", "before-call", "request-created", "before-send"),
        *("before-parse", "response-received", "needs-retry", "after-call"),
    ],
)
async def test_calls_made_within_ours_are_never_taken_for_it(event: str, place: str, server: ScriptedServer) -> None:
    replies = {"Denied": Reply({"__type": "AccessDeniedException"}), "Replaced": Reply(b"<html>")}

    def answer(received: Received) -> Reply:
        catalog = received.body["Catalog"]
        return replies.get(catalog) or Reply({"ConnectionSummaries": [], "NextToken": f"token of {catalog}"})

    server.answer = answer
    async with (
        session_with_models().create_client(
            "partnercentral-account", region_name="us-east-1", endpoint_url=server.url
        ) as theirs,
        anyio.create_task_group() as tasks,
    ):
        ours = account.wrap(theirs).with_options(attempts=1)
        seen: list[Any] = []

        async def call_raw(catalog: str) -> None:
            seen.append((await theirs.list_connections(Catalog=catalog))["NextToken"])

        async def handler(**given: Any) -> None:
            assert type(deepcopy(given.get("params", {}))) is dict  # without the call, which cannot be copied
            theirs.meta.events.unregister(event + place, handler)
            await call_raw("Within")
            seen.append((await ours.list_connections(catalog="Typed")).next_token)
            with pytest.raises(account.AccessDeniedException):
                await ours.list_connections(catalog="Denied")
            tasks.start_soon(call_raw, "Background")

        for catalog, error in (("Ours", None), ("Denied", account.AccessDeniedException), ("Replaced", DecodeError)):
            theirs.meta.events.register(event + place, handler)
            with pytest.raises(error) if error else nullcontext():
                seen.append((await ours.list_connections(catalog=catalog)).next_token)
        theirs.meta.events.unregister(event + place, handler)
        await call_raw("After")
    assert seen.count("token of Ours") == 1
    # Some handlers see only the calls that have not failed.
    assert seen.count("token of Within") == seen.count("token of Typed") == seen.count("token of Background") >= 1
    assert "token of After" in seen


async def test_an_unknown_union_member_cannot_be_sent_and_that_is_said(
    server: ScriptedServer, client: account.Client
) -> None:
    unknown = account.VerificationDetailsUnknown("RobotVerificationDetails", {"Model": "R2"})
    with pytest.raises(EncodeError) as caught:
        await client.start_verification(verification_details=unknown)
    assert str(caught.value) == (
        "StartVerification: $.VerificationDetails: the model does not know the union member "
        "RobotVerificationDetails, so botocore cannot send it"
    )
    assert server.received == []


async def test_the_region_and_retries_of_config_and_session_are_honoured(server: ScriptedServer) -> None:
    server.replies(Reply(EMPTY_PAGE))
    session = get_session()
    session.set_default_client_config(AioConfig(region_name="eu-west-1", retries={"mode": "adaptive"}))
    other = get_session()
    other.set_config_variable("region", "eu-west-2")
    other.set_config_variable("retry_mode", "adaptive")
    options: list[Any] = [
        {"config": AioConfig(region_name="eu-west-1", retries={"mode": "adaptive"})},
        {"session": session},
        {"session": other},
    ]
    for option in options:
        async with account.connect(endpoint_url=server.url, **option) as client:
            inner: Any = client._api.transport.connection.botocore.client
            assert inner.meta.config.retries["mode"] == "adaptive"
            assert inner.meta.region_name.startswith("eu-west-")
    config = AioConfig(connector_args={"keepalive_timeout": 99}, http_session_cls=OwnSession)
    async with account.connect(endpoint_url=server.url, config=config) as client:
        inner = client._api.transport.connection.botocore.client
        assert inner.meta.config.connector_args["keepalive_timeout"] == 99
        assert isinstance(inner._endpoint.http_session, OwnSession)
        assert inner.meta.config.retries["mode"] == "standard"


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_json_that_is_nested_too_deeply_is_one_of_our_errors(
    status: int, server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply(b'{"ConnectionSummaries": [], "X": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", status=status))
    with pytest.raises(DecodeError if status == 200 else ServiceError) as caught:
        await client.list_connections(catalog="AWS")
    assert caught.value.request_id
    if status == 200:
        with pytest.raises(DecodeError, match="nested too deeply"):
            async with client.paginate.list_connections(catalogs="AWS").raw() as stream:
                [item async for item in stream]


async def test_a_hook_that_fails_at_the_top_is_reported_with_its_call(server: ScriptedServer) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError

    server.replies(Reply(EMPTY_PAGE))
    decoding, encoding = account.make_json_converter(), account.make_botocore_converter()
    decoding.register_structure_hook(account.ListConnectionsResponse, fail)
    encoding.register_unstructure_hook(account.ListConnectionsRequest, fail)
    async with account.connect(endpoint_url=server.url, json_converter=decoding) as client:
        with pytest.raises(DecodeError, match=r"ListConnections: \$: a converter hook raised ZeroDivisionError"):
            await client.list_connections(catalog="AWS")
    async with account.connect(endpoint_url=server.url, botocore_converter=encoding) as client:
        with pytest.raises(EncodeError, match=r"ListConnections: \$: a converter hook raised ZeroDivisionError"):
            await client.list_connections(catalog="AWS")


async def test_wrap_refuses_what_is_no_client_of_the_service(server: ScriptedServer) -> None:
    blocking = boto3.client("sts", region_name="us-east-1", endpoint_url=server.url)
    with pytest.raises(
        TypeError, match="expected an aiobotocore client of partnercentral-account, got STS, which is not async: "
    ):
        account.wrap(blocking)
    opening = get_session().create_client("sts", region_name="us-east-1")
    with pytest.raises(TypeError, match=r"not open yet: use `async with session\.create_client\(\.\.\.\) as client:`"):
        account.wrap(opening)
    with pytest.raises(
        TypeError,
        match=r"of partnercentral-account, got account\.connect\(\.\.\.\), which is typed already: "
        r"use `async with account\.connect\(\.\.\.\) as client:`",
    ):
        account.wrap(account.connect())
    async with opening:  # as Python would warn that it was not
        pass
    async with get_session().create_client("sts", region_name="us-east-1") as other:
        with pytest.raises(TypeError, match="of partnercentral-account, got one of sts"):
            account.wrap(other)


async def test_a_stubbed_client_can_be_wrapped() -> None:
    async with session_with_models().create_client("partnercentral-account", region_name="us-east-1") as theirs:
        with AioStubber(theirs) as stubber:
            stubber.add_response("list_connections", {"ConnectionSummaries": [], "NextToken": "t"}, {"Catalog": "AWS"})
            page = await account.wrap(theirs).list_connections(catalog="AWS")
    assert page == account.ListConnectionsResponse(connection_summaries=[], next_token="t")


async def test_a_shared_session_learns_a_service_that_its_botocore_does_not_know(
    server: ScriptedServer, tmp_path: Path
) -> None:
    for entry in Path(Loader.BUILTIN_DATA_PATH).iterdir():
        if entry.name != "partnercentral-account":
            (tmp_path / entry.name).symlink_to(entry)
    session = get_session()
    loader = Loader(extra_search_paths=[str(tmp_path)], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    assert "partnercentral-account" not in session.get_available_services()
    server.replies(Reply(EMPTY_PAGE))
    for _ in range(2):
        async with account.connect(session=session, endpoint_url=server.url) as client:
            await client.list_connections(catalog="AWS")
    assert len(server.received) == 2
    assert len(loader.search_paths) == 2


async def test_options_that_cannot_be_are_refused() -> None:
    misspelt: Any = {"endpoint": "http://127.0.0.1"}
    with pytest.raises(TypeError, match=r"connect\(\) has no option endpoint; did you mean endpoint_url\?"):
        async with account.connect(**misspelt):
            pass
    with pytest.raises(TypeError, match="profile and session exclude each other"):
        async with account.connect(profile="x", session=get_session()):
            pass
    with pytest.raises(ProfileNotFound):
        async with account.connect(profile="nobody"):
            pass


async def test_a_client_says_where_it_is_and_when_it_is_closed(server: ScriptedServer) -> None:
    async with account.connect(endpoint_url=server.url) as client:
        assert repr(client) == f"<aiopartnercentral.account.client.Client of {server.url}>"
    with pytest.raises(RuntimeError, match="a client is open only inside its `async with` block"):
        await client.list_connections(catalog="AWS")
    with pytest.raises(RuntimeError, match="open only inside"):
        await client.paginate.list_connections(catalogs="AWS").collect()
    assert server.received == []


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_the_default_http_client_says_that_it_needs_asyncio() -> None:
    with pytest.raises(RuntimeError, match=r"supports only asyncio; on trio, pass config=AioConfig"):
        async with account.connect():
            pass


@pytest.mark.parametrize(
    "reply",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"ConnectionSummaries": [',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    ],
)
async def test_half_a_body_is_a_botocore_error(reply: bytes) -> None:
    with socket_server(reply) as url:
        async with account.connect(endpoint_url=url, config=AioConfig(retries={"total_max_attempts": 1})) as client:
            with pytest.raises(BotoCoreError):
                await client.list_connections(catalog="AWS")


@pytest.mark.parametrize("anyio_backend", [TRIO])
async def test_half_a_body_is_a_botocore_error_with_the_httpx_backend_too() -> None:
    config = AioConfig(http_session_cls=HttpxSession, retries={"total_max_attempts": 1})
    with socket_server(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{") as url:
        async with account.connect(endpoint_url=url, config=config) as client:
            with pytest.raises(BotoCoreError):
                await client.list_connections(catalog="AWS")


async def test_cancelling_a_call_drops_its_connection(server: ScriptedServer, client: account.Client) -> None:
    server.replies(Reply(EMPTY_PAGE, delay=30))
    with anyio.fail_after(GUARD):
        async with anyio.create_task_group() as calls:
            calls.start_soon(partial(client.list_connections, catalog="AWS"))
            while not server.received:
                await anyio.sleep(0.01)
            calls.cancel_scope.cancel()
        while not server.disconnected:
            await anyio.sleep(0.01)
    server.replies(Reply(EMPTY_PAGE))
    assert (await client.list_connections(catalog="AWS")).connection_summaries == []
