from __future__ import annotations

import inspect
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import assume, given, settings, strategies as st

from aiopartnercentral import account
from aiopartnercentral.account import operations
from tests.support.account_model import MODEL, OPERATIONS, WIRE, decode, encode, python_type
from tests.support.servers import Reply, scripted_server
from tests.support.strategies import CANONICAL, TOLERATED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anyio.from_thread import BlockingPortal

    from tests.support.servers import ScriptedServer


@contextmanager
def connected(url: str) -> Iterator[tuple[BlockingPortal, account.Client]]:
    keys: Any = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(account.connect(endpoint_url=url, **keys)) as client,
    ):
        yield portal, client


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[ScriptedServer, BlockingPortal, account.Client]]:
    with scripted_server() as server, connected(server.url) as (portal, client):
        yield server, portal, client


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=8)
@given(data=st.data())
def test_requests_and_responses_cross_the_network_as_the_converters_say(
    operation: str, data: st.DataObject, running: tuple[ScriptedServer, BlockingPortal, account.Client]
) -> None:
    server, portal, client = running
    shapes = MODEL["operations"][operation]
    request_shape, response_shape = shapes["input"]["shape"], shapes["output"]["shape"]
    request = decode(data.draw(WIRE.shape(request_shape, extras=CANONICAL)), request_shape)
    wire = data.draw(WIRE.shape(response_shape, extras=TOLERATED))
    # The type of an error makes an error of a response, whatever its status.
    assume(not re.search(r"(?:Error|Exception|Fault)(?::|$)", str(wire.get("__type", ""))))
    server.received.clear()
    server.replies(Reply(json.dumps(wire).encode()))
    response = portal.call(client.call, request)
    assert response == decode(wire, response_shape)
    assert type(response) is python_type(response_shape)
    assert response.response_metadata.request_id == "request-1"
    (received,) = server.received
    assert received.operation == operation
    token_names = {n for n, m in MODEL["shapes"][request_shape]["members"].items() if m.get("idempotencyToken")}
    sent = {name: value for name, value in received.body.items() if name not in token_names}
    assert sent == {name: value for name, value in encode(request, request_shape).items() if name not in token_names}
    assert token_names <= set(received.body)


@pytest.mark.parametrize("operation", operations.SERVICE.operations, ids=lambda operation: operation.name)
def test_every_operation_has_a_method_with_the_members_as_keywords(operation: Any) -> None:
    method = next(
        member
        for _, member in inspect.getmembers(account.Client, inspect.iscoroutinefunction)
        if inspect.signature(member).return_annotation == f"structures.{operation.output.__name__}"
        and f"`{operation.name}`" in (member.__doc__ or "")
    )
    parameters = list(inspect.signature(method).parameters.values())[1:]
    fields = [attribute.name for attribute in operation.input.__attrs_attrs__]
    assert [parameter.name for parameter in parameters] == fields
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
    for name in fields:
        assert f"{name}: " in (method.__doc__ or "")


def test_all_34_operations_are_there() -> None:
    assert len(operations.SERVICE.operations) == len(OPERATIONS) == 34
