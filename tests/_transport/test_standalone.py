"""Clients that start without botocore: what they load, what turns that off, and that all else is as with botocore."""

from __future__ import annotations

import asyncio
import logging
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from traceback import TracebackException
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

import pytest
from aiobotocore.client import AioBaseClient
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore.exceptions import (
    EndpointConnectionError,
    HTTPClientError,
    InvalidConfigError,
    ParamValidationError,
    SSLError,
)

from aiopartnercentral import TimeExceededError, TransportInfo, account
from aiopartnercentral._transport import standalone_settings as standalone
from aiopartnercentral._transport.http import asyncio_client
from aiopartnercentral._transport.http_client import guarded
from aiopartnercentral._transport.standalone_settings import standalone_settings
from aiopartnercentral._utils import model_data
from aiopartnercentral.account.operations import SERVICE
from codegen.services import SERVICES
from tests.support.certificates import certificate
from tests.support.clients import IDENTITY
from tests.support.servers import Reply, scripted_server, socket_server
from tests.support.tasks import no_task_left

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._client import ConnectOptions
    from aiopartnercentral._transport.connection import Connection
    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
HttpClientName: TypeAlias = Literal["asyncio", "ry"]
PAGE = Reply({"ConnectionSummaries": []})


@pytest.fixture(autouse=True)
def alone(unloaded_botocore: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: ARG001 - order
    """Let clients start without botocore; `~` is an empty directory."""
    monkeypatch.setenv("HOME", str(tmp_path))


def connection_of(client: account.Client) -> Connection:
    return client._api.transport.connection


@pytest.mark.parametrize("http_client", ["asyncio", "ry"])
def test_a_first_page_loads_neither_botocores_clients_nor_what_only_they_need(http_client: HttpClientName) -> None:
    program = """if True:
        import asyncio, sys
        from aiopartnercentral import account

        async def main(url):
            async with account.connect(endpoint_url=url, http_client=sys.argv[2]) as client:
                async for _ in client.paginate.list_connections(catalog="AWS"):
                    pass
                print(client.transport.kind)

        asyncio.run(main(sys.argv[1]))
        print("\\n".join(sys.modules))
    """
    environment = {"PATH": "", "HOME": "/nowhere", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    with scripted_server() as server:
        server.replies(PAGE)
        done = subprocess.run(
            [sys.executable, "-c", program, server.url, http_client],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env=environment,
        )
        assert len(server.received) == 1
    kind, *loaded = done.stdout.split()
    assert kind == "direct"
    assert {name for name in loaded if name.startswith("aiobotocore")} == {"aiobotocore"}
    assert "aiohttp" not in loaded
    assert ("httptools" in loaded) == (http_client == "asyncio")
    assert not {"botocore.session", "botocore.client", "botocore.model", "urllib3", "cattrs", "jmespath"} & {*loaded}
    assert "http.cookiejar" not in loaded
    assert "email.utils" not in loaded


USUAL: dict[str, Any] = {"timeout": 600.0, "endpoint_url": "http://127.0.0.1:1"}


async def test_usual_settings_need_no_botocore(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle, mine = str(tmp_path / "bundle.pem"), str(tmp_path / "mine.pem")
    for file in (bundle, mine):
        Path(file).touch()
    found = standalone_settings(SERVICE, {"timeout": None})
    assert found is not None
    assert (found.endpoint_url, found.region) == ("https://partnercentral-account.us-east-1.api.aws", "us-east-1")
    assert (found.keys.access_key, found.keys.secret_key, found.keys.token) == ("AKIDEXAMPLE", "not-a-secret", None)
    assert "not-a-secret" not in repr(found)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-the-environment")
    for name in ("AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "AWS_EXECUTION_ENV", "AWS_XRAY_CONTEXT_MISSING"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")  # without effect if there is the other variable
    monkeypatch.setenv("AWS_CA_BUNDLE", bundle)
    found = standalone_settings(SERVICE, USUAL)
    assert found is not None
    assert (found.keys.token, found.verify) == ("of-the-environment", bundle)
    found = standalone_settings(SERVICE, {**USUAL, **IDENTITY, "verify": mine, "region_name": "eu-west-1"})
    assert found is not None
    assert (found.keys.token, found.verify, found.region) == (None, mine, "eu-west-1")


@pytest.mark.parametrize(
    "options",
    [
        {"profile": "acme"},
        {"session": AioSession()},
        {"config": AioConfig()},
        {"verify": False},
        {"verify": "/no/such/file"},
        {"verify": "/"},
        {"use_ssl": True},
        {"api_version": "2025-04-04"},
        {"aws_account_id": "111122223333"},
        {"aws_access_key_id": "only"},
        {"aws_session_token": "only"},
        {"region_name": "eu-west-1", "endpoint_url": None},
        {"endpoint_url": "http://127.0.0.1:1/path"},
        {"endpoint_url": "http://EXAMPLE.com"},
        {"endpoint_url": "http://[::0:1]:1"},
        {"endpoint_url": "http://127.1:1"},
        {"endpoint_url": "http://a..b:80"},
        {"endpoint_url": f"http://{'a' * 64}.b"},
        {"endpoint_url": "http://a-.b"},
        {"region_name": "fips-us-east-1"},
        {"region_name": "us-east-1-fips"},
        {"region_name": "fips-us-gov-west-1"},
        {"region_name": "fips-aws-global"},
        {"region_name": "us-fips-east-1"},
        {"region_name": "aws-global"},
        {"aws_access_key_id": "an id", "aws_secret_access_key": "a secret"},
    ],
    ids="-".join,
)
async def test_an_option_that_only_botocore_understands_is_left_to_it(options: Mapping[str, Any]) -> None:
    assert standalone_settings(SERVICE, USUAL) is not None
    assert standalone_settings(SERVICE, {**USUAL, **options}) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_PROFILE", "acme"),
        ("AWS_MAX_ATTEMPTS", "2"),
        ("AWS_RETRY_MODE", "adaptive"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_SDK_UA_APP_ID", "app"),
        ("AWS_MAX_ATTEMPTS", ""),
        ("AWS_CA_BUNDLE", ""),
        ("AWS_CA_BUNDLE", "  "),
        ("AWS_CA_BUNDLE", "/no/such/file"),
        ("REQUESTS_CA_BUNDLE", ""),
        ("REQUESTS_CA_BUNDLE", "/no/such/file"),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_SECRET_ACCESS_KEY", "secret\n"),
        ("AWS_SESSION_TOKEN", "token\udcff"),
        ("AWS_ACCESS_KEY_ID", "AKID\udcff"),
        ("AWS_STS_REGIONAL_ENDPOINTS", "Legacy"),
        ("https_proxy", "http://127.0.0.1:1"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("BOTO_EXPERIMENTAL__ADD_PROXY_HOST_HEADER", "1"),
    ],
)
async def test_a_variable_that_only_botocore_understands_is_left_to_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert standalone_settings(SERVICE, USUAL) is not None
    monkeypatch.setenv(name, value)
    assert standalone_settings(SERVICE, USUAL) is None


async def test_paths_of_files_are_expanded_as_botocore_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[default]\nendpoint_url = http://127.0.0.1:1\n", encoding="utf-8")
    monkeypatch.setenv("FOLDER", str(tmp_path))
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        for path in ("$FOLDER/config", "${FOLDER}/config", "~/config"):
            with monkeypatch.context() as patch:
                patch.setenv(name, path)
                assert standalone_settings(SERVICE, USUAL) is None


@pytest.mark.parametrize("file", ["config", "credentials", "models/any"])
async def test_a_file_that_only_botocore_understands_is_left_to_it(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CONFIG_FILE")
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE")
    path = tmp_path / ".aws" / file
    path.parent.mkdir(parents=True)
    assert file == "models/any" or standalone_settings(SERVICE, USUAL) is not None
    path.write_text("[default]\nendpoint_url = http://127.0.0.1:1\n", encoding="utf-8")
    assert standalone_settings(SERVICE, USUAL) is None


async def test_what_has_loaded_changes_or_watches_botocore_is_noticed(
    monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--transport") == "standalone":
        pytest.skip("--transport standalone replaces what notices it")
    with monkeypatch.context() as patch:
        patch.setattr("logging.Logger.isEnabledFor", lambda *_: True)
        assert standalone_settings(SERVICE, USUAL) is None
    logger = logging.getLogger("botocore.auth")
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    logger.manager._clear_cache()  # type: ignore[attr-defined] # as setLevel does
    assert standalone_settings(SERVICE, USUAL) is None
    monkeypatch.undo()
    logger.manager._clear_cache()  # type: ignore[attr-defined] # as above
    assert standalone._has_loaded_botocore()


def test_only_asyncio_is_usual() -> None:
    assert standalone_settings(SERVICE, USUAL) is None  # no event loop runs


@pytest.mark.parametrize("config", [each for each in SERVICES if each.endpoint_url], ids=lambda each: each.name)
async def test_the_endpoint_of_a_service_is_botocores(config: Any) -> None:
    urls: list[str] = []

    def note(request: Any, **_: object) -> NoReturn:
        urls.append(request.url)
        raise NotImplementedError

    session = AioSession()
    session.get_component("data_loader").search_paths.append(str(model_data.root()))
    region: Any = {"region_name": config.region, "api_version": config.api_version}
    unchecked = AioConfig(parameter_validation=False)
    async with session.create_client(config.name, **region, config=unchecked) as client:
        client.meta.events.register("before-sign", note)
        operation = next(iter(client.meta.service_model.operation_names))
        with pytest.raises(NotImplementedError):
            await client._make_api_call(operation, {})
    (url,) = urls
    assert url.partition("/service/")[0].rstrip("/") == config.endpoint_url  # the rest is CBOR's


OUTCOMES: list[tuple[str, list[Reply], str]] = [
    ("success", [PAGE], "page of 1"),
    ("unavailable, then success", [Reply(status=503), PAGE], "page of 2"),
    ("throttled thrice", [Reply({"__type": "ThrottlingException"}, status=400)], "ThrottlingException after 3"),
    (
        "denied",
        [Reply({"__type": "AccessDeniedException", "Message": "no"}, status=400)],
        "AccessDeniedException after 1",
    ),
    ("an error of status 200", [Reply({"__type": "InternalServerException"})], "InternalServerException after 3"),
    ("not JSON, then success", [Reply(b"<html>"), PAGE], "page of 2"),
    ("no body, then success", [Reply(b""), PAGE], "page of 2"),
    ("a wrong member", [Reply({"ConnectionSummaries": 1})], "DecodeError after 1"),
    ("a redirect", [Reply(status=307, headers={"Location": "http://127.0.0.1:1/"})], "RedirectError after 1"),
    ("too large", [Reply(b'{"ConnectionSummaries": []' + b" " * 2000 + b"}")], "ResponseTooLargeError after 1"),
]


@pytest.mark.parametrize("http_client", ["asyncio", "ry"])
@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize(("replies", "expected"), [each[1:] for each in OUTCOMES], ids=[each[0] for each in OUTCOMES])
async def test_whatever_is_unusual_ends_as_with_botocore(
    replies: list[Reply],
    expected: str,
    direct: bool,  # noqa: FBT001 - a parameter of the test
    http_client: HttpClientName,
    server: ScriptedServer,
) -> None:
    server.replies(*replies)
    options: ConnectOptions = {"endpoint_url": server.url, "max_response_bytes": 1000, "http_client": http_client}
    async with account.connect(**options, direct=direct) as client:
        assert (connection_of(client).botocore is None) == direct
        try:
            page = await client.list_connections(catalog="AWS")
        except Exception as error:  # noqa: BLE001 - compared below
            outcome = f"{type(error).__name__} after {getattr(error, 'attempts', None)}"
        else:
            outcome = f"page of {page.response_metadata.attempts}"
        assert outcome == expected
        assert len(server.received) == int(expected.rpartition(" ")[2])
        ids = {received.headers["amz-sdk-invocation-id"] for received in server.received}
        counts = [received.headers["amz-sdk-request"] for received in server.received]
        decoded_again = "not JSON" in str(replies) or replies[0].body in (b"<html>", b"")
        assert len(ids) == (len(counts) if decoded_again else 1)
        server.replies(PAGE)
        await client.list_connections(catalog="AWS")


async def test_what_is_not_valid_is_said_by_botocore(server: ScriptedServer) -> None:
    async with account.connect(endpoint_url=server.url) as client:
        with pytest.raises(ParamValidationError, match="Invalid length for parameter Catalog"):
            await client.list_connections(catalog="")
        assert client.transport == TransportInfo(kind="direct", reason=None)
    assert not server.received


async def test_a_broken_connection_is_botocores_error_after_its_attempts() -> None:
    with socket_server(b"", delay=0.0) as url:
        async with account.connect(endpoint_url=url) as client:
            with pytest.raises(Exception, match="Connection was closed before") as caught:
                await client.with_options(attempts=2).list_connections(catalog="AWS")
    assert caught.value.attempts == 2  # type: ignore[attr-defined] # set on every error of a call
    async with account.connect(endpoint_url="http://127.0.0.1:9") as client:
        with pytest.raises(EndpointConnectionError):
            await client.with_options(attempts=1).list_connections(catalog="AWS")


@pytest.mark.parametrize("http_client", ["asyncio", "ry"])
async def test_certificates_are_verified(
    http_client: HttpClientName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, tls = certificate(tmp_path)
    with scripted_server(tls=tls) as server:
        server.replies(PAGE)
        async with account.connect(endpoint_url=server.url, http_client=http_client) as client:
            with pytest.raises(SSLError):
                await client.with_options(attempts=1).list_connections(catalog="AWS")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        async with account.connect(endpoint_url=server.url, http_client=http_client) as client:
            await client.list_connections(catalog="AWS")
            assert connection_of(client).botocore is None
        broken = tmp_path / "broken.pem"
        broken.touch()
        async with account.connect(endpoint_url=server.url, http_client=http_client, verify=str(broken)) as client:
            assert connection_of(client).botocore is None
            with pytest.raises(InvalidConfigError, match=f"the certificates in {broken} cannot be loaded"):
                await client.list_connections(catalog="AWS")


async def test_true_is_not_overridden_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "bundle.pem")
    found = standalone_settings(SERVICE, {**USUAL, "verify": True})
    assert found is not None
    assert found.verify is True


async def test_the_tls_context_is_botocores(tmp_path: Path) -> None:
    bundle, _ = certificate(tmp_path)
    ours = asyncio_client._tls_context(str(bundle))
    async with guarded(AIOHTTPSession(verify=str(bundle))) as client:
        theirs = await client.tls_context()
    for name in ("options", "verify_flags", "verify_mode", "check_hostname", "minimum_version", "post_handshake_auth"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert isinstance(ours, ssl.SSLContext)
    assert ours.get_ciphers() == theirs.get_ciphers()
    assert ours.get_ca_certs() == theirs.get_ca_certs()


@pytest.mark.parametrize("pause", [0.0, 0.002, 0.01])
async def test_closing_while_the_first_connection_is_made_leaves_nothing(pause: float, tmp_path: Path) -> None:
    bundle, tls = certificate(tmp_path)
    with scripted_server(tls=tls) as server:
        server.replies(PAGE)
        async with no_task_left():
            async with account.connect(endpoint_url=server.url, verify=str(bundle)) as client:
                task = asyncio.create_task(client.list_connections(catalog="AWS"))
                await asyncio.sleep(pause)
            await asyncio.wait([task])
            assert not connection_of(client).sender._http._connections  # type: ignore[union-attr] # it is direct
        if task.exception() is not None:
            assert isinstance(task.exception(), RuntimeError)


async def test_a_time_limit_while_botocore_is_loaded_counts_what_was_sent(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies(Reply(status=503))
    monkeypatch.setattr("aiopartnercentral._transport.standalone.load_in_this_thread", lambda _: time.sleep(2))
    async with account.connect(endpoint_url=server.url, timeout=1) as client:
        with pytest.raises(TimeExceededError) as caught:
            await client.list_connections(catalog="AWS")
        assert caught.value.attempts == len(server.received) == 1


async def test_a_failure_to_load_botocore_is_an_error_of_the_call(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise OSError(24, "Too many open files")

    server.replies(Reply(status=503))
    monkeypatch.setattr("aiopartnercentral._transport.standalone.load_in_this_thread", fail)
    async with account.connect(endpoint_url=server.url) as client:
        with pytest.raises(HTTPClientError, match="Too many open files") as caught:
            await client.list_connections(catalog="AWS")
        assert repr(caught.value.attempts) == "1"  # type: ignore[attr-defined] # set on every error of a call


async def test_secrets_of_the_environment_are_in_no_local_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> NoReturn:
        raise InvalidConfigError(error_msg="refused")

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-secret-of-the-environment")
    async with account.connect(endpoint_url="http://127.0.0.1:9") as client:
        monkeypatch.setattr("aiopartnercentral._transport.botocore_connection.client_obstacle", refuse)
        with pytest.raises(InvalidConfigError) as caught:
            await client.list_connections(catalog="AWS")
    shown = "".join(TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "standalone.py" in shown
    assert "the-secret-of-the-environment" not in shown


async def test_a_wrong_clock_is_corrected_for_both_ways(server: ScriptedServer) -> None:
    async with account.connect(endpoint_url=server.url) as client:
        now = datetime.now(UTC) + timedelta(hours=3)
        date = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
        server.replies(Reply({"__type": "InvalidSignatureException"}, status=400, headers={"Date": date}), PAGE)
        assert (await client.list_connections(catalog="AWS")).response_metadata.attempts == 2
        assert (await client.list_connections(catalog="AWS")).response_metadata.attempts == 1
        stamps = [received.headers["x-amz-date"][:11] for received in server.received[1:]]
        assert stamps == [now.strftime("%Y%m%dT%H")] * 2


@pytest.mark.parametrize("http_client", ["asyncio", "ry"])
async def test_concurrent_first_failures_open_one_client_over_the_same_connections(
    http_client: HttpClientName, server: ScriptedServer
) -> None:
    server.answer = lambda _: Reply(status=503) if len(server.received) <= 10 else PAGE
    async with no_task_left(), account.connect(endpoint_url=server.url, http_client=http_client) as client:
        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(client.list_connections(catalog="AWS"))
        connection = connection_of(client)
        assert connection.botocore is not None
        http = connection.botocore.client._endpoint.http_session
        # It has opened no connections of its own.
        assert (http._clients if http_client == "ry" else http._sessions) == {}
        assert len(server.received) == 20
    with pytest.raises(RuntimeError, match="open only inside"):
        await client.list_connections(catalog="AWS")


@pytest.mark.parametrize("http_client", ["asyncio", "ry"])
@pytest.mark.parametrize("steps", [0, 1, 2, 5, 20, 60])
async def test_a_cancellation_while_botocore_is_loaded_leaves_nothing(
    steps: int, http_client: HttpClientName, server: ScriptedServer
) -> None:
    server.replies(Reply(status=503))
    async with no_task_left(), account.connect(endpoint_url=server.url, http_client=http_client) as client:
        task = asyncio.create_task(client.with_options(attempts=1).list_connections(catalog="AWS"))
        while not server.received:
            await asyncio.sleep(0.001)
        for _ in range(steps):
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])
        server.replies(PAGE)
        await client.list_connections(catalog="AWS")


async def test_an_instrumentation_that_appears_later_ends_direct_requests(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies(Reply(status=503), PAGE)
    async with account.connect(endpoint_url=server.url) as client:
        really = AioBaseClient._make_request

        async def patched(*arguments: Any, **options: Any) -> Any:
            return await really(*arguments, **options)

        monkeypatch.setattr(AioBaseClient, "_make_request", patched)
        await client.list_connections(catalog="AWS")
        assert client.transport == TransportInfo(
            kind="botocore", reason="aiobotocore.client.AioBaseClient._make_request is patched"
        )
