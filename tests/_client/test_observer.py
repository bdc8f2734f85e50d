"""What an observer, the log and OpenTelemetry learn about the calls of a client."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from contextlib import suppress
from typing import Any

import anyio
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from aiopartnercentral import (
    CallFinished,
    CallRetried,
    CallStarted,
    DecodeError,
    EncodeError,
    ServiceError,
    TimeExceededError,
    account,
    add_models,
)
from aiopartnercentral.emulator import Emulator, Fault, Reset, ServerError
from tests.support.connections import connection
from tests.support.servers import Reply, ScriptedServer, scripted_server
from tests.support.telemetry_recorder import Recorder

pytestmark = pytest.mark.anyio

KEYS = {"aws_access_key_id": "AKIDXq7secret", "aws_secret_access_key": "Xq7secret", "aws_session_token": "Xq7secret"}
GOOD = Reply({"ConnectionSummaries": [connection("AWS", 1)]})
THROTTLED = Reply({"__type": "ThrottlingException", "Message": "Xq7secret"}, status=400)
BROKEN = Reply({"__type": "InternalServerException", "Message": "Xq7secret"}, status=500)
DENIED = Reply({"__type": "AccessDeniedException", "Message": "Xq7secret"}, status=403)
NAME = "partnercentral-account.ListConnections"


@pytest.fixture(params=["direct", "botocore", "wrapped"])
def connected(request: pytest.FixtureRequest, anyio_backend_name: str) -> Any:
    """Return `connected(server, observer)`, which opens a client in each of three ways."""
    if anyio_backend_name != "asyncio":
        pytest.skip("the way to the service does not matter here")

    def connect(server: Any, observer: Any) -> Any:
        url = server.url if isinstance(server, ScriptedServer) else server.endpoint_url
        if request.param != "wrapped":
            return account.connect(endpoint_url=url, direct=request.param == "direct", observer=observer, **KEYS)
        return wrapped(url, observer)

    return connect


class wrapped:  # noqa: N801 - used like a function
    def __init__(self, url: str, observer: Any) -> None:
        self.observer = observer
        session = get_session()
        add_models(session)
        config = AioConfig(retries={"mode": "standard", "total_max_attempts": 3})
        self.opening = session.create_client(
            "partnercentral-account", "us-east-1", endpoint_url=url, config=config, **KEYS
        )

    async def __aenter__(self) -> account.Client:
        return account.wrap(await self.opening.__aenter__()).with_options(observer=self.observer)

    async def __aexit__(self, *_: object) -> None:
        await self.opening.__aexit__(None, None, None)


async def test_events_of_a_call_that_is_retried_and_of_one_that_fails(connected: Any) -> None:
    seen: list[Any] = []
    with scripted_server() as server:
        server.replies(THROTTLED, BROKEN, GOOD, DENIED)
        async with connected(server, seen.append) as client:
            page = await client.list_connections(catalog="AWS")
            with pytest.raises(account.AccessDeniedException) as caught:
                await client.list_connections(catalog="AWS")
    first, second = seen[:4], seen[4:]
    assert [type(event) for event in first] == [CallStarted, CallRetried, CallRetried, CallFinished]
    assert [type(event) for event in second] == [CallStarted, CallFinished]
    assert {event.call for event in first} == {first[0].call} != {event.call for event in second}
    assert {(event.service, event.operation) for event in seen} == {("partnercentral-account", "ListConnections")}
    assert first[0].endpoint_url == server.url
    retries = [(each.attempt, each.error, each.http_status, each.request_id) for each in first[1:3]]
    assert retries == [(1, "ThrottlingException", 400, "request-1"), (2, "InternalServerException", 500, "request-2")]
    end = first[3]
    assert (end.attempts, end.error, end.http_status, end.request_id) == (3, None, 200, "request-3")
    assert page.response_metadata.attempts == 3
    assert end.seconds >= sum(each.seconds for each in first[1:3]) > 0
    end = second[1]
    assert (end.attempts, end.error, end.http_status, end.request_id) == (1, caught.value, 403, "request-4")
    assert "Xq7secret" not in repr(seen)


async def test_events_of_failures_without_a_usable_response(connected: Any) -> None:
    seen: list[Any] = []
    cut = Reply(b'{"ConnectionSummaries": [', headers={"x-amzn-RequestId": "r"})
    async with (
        Emulator({"AWS": 1}, faults=[Fault(Reset(), calls=1)]) as emulator,
        connected(emulator, seen.append) as client,
    ):
        await client.list_connections(catalog="AWS")
    _, retry, end = seen
    assert (retry.attempt, retry.http_status, retry.request_id) == (1, None, None)
    assert retry.error.endswith("Error")
    assert (end.attempts, end.error, end.http_status) == (2, None, 200)
    seen.clear()
    with scripted_server() as server:
        server.replies(cut, GOOD)
        async with connected(server, seen.append) as client:
            await client.list_connections(catalog="AWS")
            server.replies(Reply({"ConnectionSummaries": 1}))
            with pytest.raises(DecodeError):
                await client.list_connections(catalog="AWS")
            with pytest.raises(EncodeError):
                await client.list_connections(catalog=7)
    _, retry, end, _, malformed, _, unsent = seen
    assert (retry.error, end.attempts, end.error) == ("DecodeError", 2, None)
    assert (malformed.attempts, malformed.http_status, type(malformed.error)) == (1, 200, DecodeError)
    assert (unsent.attempts, unsent.http_status, type(unsent.error)) == (0, None, EncodeError)


async def test_a_call_that_is_cancelled_or_late_ends_too(connected: Any) -> None:
    seen: list[Any] = []
    with scripted_server() as server:
        server.replies(Reply(delay=30))
        async with connected(server, seen.append) as client:
            with anyio.move_on_after(0.1):
                await client.list_connections(catalog="AWS")
            with pytest.raises(TimeExceededError):
                await client.with_options(timeout=0.1).list_connections(catalog="AWS")
            with pytest.raises(TimeExceededError):
                await client.with_options(timeout=0.1, observer=None).list_connections(catalog="AWS")
    _, cancelled, _, late = seen
    assert isinstance(cancelled.error, anyio.get_cancelled_exc_class())
    assert isinstance(late.error, TimeExceededError)


async def test_an_observer_that_fails_changes_nothing_and_is_logged_once(
    connected: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ValueError(KEYS["aws_secret_access_key"])

    with scripted_server() as server:
        server.replies(GOOD)
        async with connected(server, fail) as client:
            for _ in range(3):
                await client.list_connections(catalog="AWS")
    (record,) = [each for each in caplog.records if each.name == "aiopartnercentral.client"]
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith("ListConnections: the observer failed with ValueError\n")
    assert "in fail" in record.getMessage()
    assert "Xq7secret" not in record.getMessage()


async def test_retries_and_failures_are_logged(connected: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aiopartnercentral")
    with scripted_server() as server:
        server.replies(GOOD, THROTTLED, GOOD, DENIED)
        async with connected(server, None) as client:
            await client.list_connections(catalog="AWS")
            await client.list_connections(catalog="AWS")
            paginate = client.paginate.list_connections(catalogs=["AWS"])
            with pytest.raises(ServiceError):
                await paginate.collect()
            server.replies(GOOD)
            await paginate.collect()
    logged = [
        (each.name.removeprefix("aiopartnercentral."), each.levelname, each.getMessage())
        for each in caplog.records
        if each.name in ("aiopartnercentral.client", "aiopartnercentral.pagination")
    ]
    took, refused, denied = r"after \d+\.\d+ s", "ThrottlingException", "AccessDeniedException"
    expected = [
        ("client", "DEBUG", rf"ListConnections: succeeded \(HTTP 200, request id request-1\) {took}, 1 attempt"),
        (
            "client",
            "INFO",
            rf"ListConnections: attempt 1 failed with {refused} \(HTTP 400, request id request-2\), sent again {took}",
        ),
        ("client", "DEBUG", rf"ListConnections: succeeded \(HTTP 200, request id request-3\) {took}, 2 attempts"),
        (
            "client",
            "DEBUG",
            rf"ListConnections: failed with {denied} \(HTTP 403, request id request-4\) {took}, 1 attempt",
        ),
        (
            "pagination",
            "INFO",
            rf"catalog AWS: failed with {denied} \(request id request-4\), after 0 retries",
        ),
        ("client", "DEBUG", rf"ListConnections: succeeded \(HTTP 200, request id request-5\) {took}, 1 attempt"),
        ("pagination", "DEBUG", "catalog AWS: a page with 1 item, after 0 retries"),
    ]
    assert len(logged) == len(expected)
    for (name, level, message), (expected_name, expected_level, pattern) in zip(logged, expected, strict=True):
        assert (name, level) == (expected_name, expected_level)
        assert re.fullmatch(pattern, message), message


WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=12, max_size=30)


@settings(
    max_examples=4, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(secret=WORDS, direct=st.booleans(), chosen=st.lists(st.integers(0, 4), max_size=2))
def test_no_log_of_ours_holds_a_secret(
    caplog: pytest.LogCaptureFixture, *, secret: str, direct: bool, chosen: list[int]
) -> None:
    caplog.clear()
    caplog.set_level(logging.DEBUG, "aiopartnercentral")
    secret = f"Xq7{secret}"
    keys = {**dict.fromkeys(KEYS, secret), "aws_access_key_id": f"AKID{secret}"}
    contact = account.AllianceLeadContact(
        first_name=secret, last_name=secret, email=f"{secret}@b.c", business_title="x"
    )
    item = {**connection("AWS", 1), "Id": secret}

    async def use(server: ScriptedServer) -> None:
        async with account.connect(endpoint_url=server.url, direct=direct, **keys) as client:
            listing = client.with_options(attempts=1).paginate.list_connections(
                catalogs=["AWS"], other_participant_identifiers=[secret], on_error="report"
            )
            await listing.collect()
            server.replies(*failures(secret))
            for _ in failures(secret):
                with suppress(ServiceError, DecodeError):
                    await client.with_options(attempts=1).put_alliance_lead_contact(
                        catalog="AWS", identifier=secret, alliance_lead_contact=contact, email_verification_code=secret
                    )

    with scripted_server() as server:
        server.replies(
            Reply({"ConnectionSummaries": [item], "NextToken": secret}),
            *(failures(secret)[number] for number in chosen),
            Reply({"ConnectionSummaries": []}),
        )
        anyio.run(use, server)
    ours = [each for each in caplog.records if each.name.startswith("aiopartnercentral")]
    assert {each.name for each in ours} >= {"aiopartnercentral.client", "aiopartnercentral.pagination"}
    assert not [each for each in ours if secret in logging.Formatter().format(each) or secret in repr(vars(each))]


def failures(secret: str) -> list[Reply]:
    return [
        Reply({"__type": "ThrottlingException", "Message": secret}, status=400),
        Reply({"__type": "InternalServerException", "Message": secret}, status=500),
        Reply({"__type": f"{secret}#ValidationException:{secret}", "Reason": secret}, status=400),
        Reply(secret.encode(), status=503),
        Reply({"ConnectionSummaries": secret}),
    ]


async def test_the_span_of_a_call_has_its_retries_and_follows_the_conventions(connected: Any) -> None:
    recorder = Recorder()
    faults = [Fault(ServerError(status=503), calls=1), Fault(ServerError(status=500), calls=2)]
    async with (
        Emulator({"AWS": 3, "Denied": 1}, faults=faults, denied_catalogs=["Denied"]) as emulator,
        connected(emulator, recorder.telemetry()) as client,
    ):
        with recorder.tracers.get_tracer("caller").start_as_current_span("caller") as caller:
            port = int(emulator.endpoint_url.rpartition(":")[2])
            page = await client.list_connections(catalog="AWS")
            assert trace.get_current_span() is caller
            with pytest.raises(ServiceError) as caught:
                await client.list_connections(catalog="Denied")
    good, bad = recorder.spans(NAME)
    common = {
        "rpc.system": "aws-api",
        "rpc.system.name": "aws-api",
        "rpc.service": "partnercentral-account",
        "rpc.method": "ListConnections",
        "server.address": "127.0.0.1",
        "server.port": port,
    }
    assert dict(good.attributes or {}) == {
        **common,
        "http.response.status_code": 200,
        "aws.request_id": page.response_metadata.request_id,
        "aiopartnercentral.attempts": 3,
    }
    assert dict(bad.attributes or {}) == {
        **common,
        "http.response.status_code": caught.value.http_status,
        "aws.request_id": caught.value.request_id,
        "aiopartnercentral.attempts": 1,
        "error.type": "AccessDeniedException",
    }
    assert (good.kind, good.parent, good.status.status_code) == (
        SpanKind.CLIENT,
        caller.get_span_context(),
        StatusCode.UNSET,
    )
    assert (bad.parent, bad.status.status_code, bad.status.description) == (
        caller.get_span_context(),
        StatusCode.ERROR,
        None,
    )
    statuses = [(event.name, (event.attributes or {})["http.response.status_code"]) for event in good.events]
    assert statuses == [("retried", 503), ("retried", 500)]
    assert not bad.events
    (first, second) = sorted(recorder.metrics()["rpc.client.call.duration"], key=lambda point: len(point.attributes))
    assert dict(first.attributes) == common
    assert dict(second.attributes) == {**common, "error.type": "AccessDeniedException"}


async def test_calls_of_concurrent_tasks_are_children_of_their_own_tasks_spans() -> None:
    recorder = Recorder()
    tracer = recorder.tracers.get_tracer("caller")
    async with (
        Emulator({"AWS": 30, "Sandbox": 30}) as emulator,
        account.connect(endpoint_url=emulator.endpoint_url, observer=recorder.telemetry(), **KEYS) as client,
        anyio.create_task_group() as tasks,
    ):

        async def list_all(number: int) -> None:
            with tracer.start_as_current_span(f"task {number}"):
                await client.list_connections(catalog="AWS", max_results=1 + number)
                async with client.paginate.list_connections(catalogs=["AWS", "Sandbox"], page_size=10) as stream:
                    async for _ in stream:
                        pass
                async for _ in client.paginate.list_connections(catalog="AWS", page_size=10):
                    pass

        for number in range(3):
            tasks.start_soon(list_all, number)
    parents = {f"task {number}": recorder.spans(f"task {number}")[0] for number in range(3)}
    calls = recorder.spans(NAME)
    assert len(calls) == 3 * (1 + 6 + 3)
    for parent in parents.values():
        children = [call for call in calls if call.parent == parent.context]
        assert len(children) == 10
        assert {call.context.trace_id for call in children if call.context} == {parent.context.trace_id}


async def test_the_span_of_a_call_is_current_while_it_is_sent() -> None:
    recorder = Recorder()
    inner: list[Any] = []

    async def credentials(**_: object) -> None:
        inner.append(trace.get_current_span().get_span_context())

    with scripted_server() as server:
        server.replies(GOOD)
        async with wrapped(server.url, recorder.telemetry()) as client:
            raw = client._api.transport.connection.botocore.client
            raw.meta.events.register("request-created", credentials)
            await client.list_connections(catalog="AWS")
    (span,) = recorder.spans(NAME)
    assert inner == [span.get_span_context()]
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_opentelemetry_is_not_imported_by_a_client() -> None:
    code = (
        "import sys, anyio\n"
        "from aiopartnercentral import account\n"
        "from aiopartnercentral.emulator import Emulator\n"
        "async def main():\n"
        "    async with Emulator({'AWS': 1}) as emulator, account.connect(endpoint_url=emulator.endpoint_url, "
        "aws_access_key_id='a', aws_secret_access_key='b') as client:\n"
        "        await client.list_connections(catalog='AWS')\n"
        "anyio.run(main)\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
