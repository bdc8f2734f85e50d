"""Each operation of the six services over HTTP, as the converters say; `tests.support.breadth` says which ones."""

from __future__ import annotations

import inspect
import json
import re
from contextlib import ExitStack
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import assume, given, strategies as st

from codegen import ir
from tests.support.breadth import FEW, across
from tests.support.servers import Reply, scripted_server
from tests.support.service_server import Service, loaded
from tests.support.services import NAMES
from tests.support.strategies import CANONICAL, TOLERATED, cbor_form, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anyio.from_thread import BlockingPortal

    from tests.support.generated_package import Executed
    from tests.support.servers import ScriptedServer


IDENTITY: Any = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[ScriptedServer, BlockingPortal, dict[str, Any]]]:
    """Return a server, and a client of it for each service."""
    with scripted_server() as server, start_blocking_portal("asyncio") as portal, ExitStack() as stack:
        connected = {name: loaded(name).package.connect(endpoint_url=server.url, **IDENTITY) for name in NAMES}
        managers = {name: portal.wrap_async_context_manager(client) for name, client in connected.items()}
        yield server, portal, {name: stack.enter_context(manager) for name, manager in managers.items()}


@across(lambda package: package.operations)
@FEW
@given(data=st.data())
def test_requests_and_responses_cross_the_network_as_the_converters_say(
    service: str, name: str, data: st.DataObject, running: tuple[ScriptedServer, BlockingPortal, dict[str, Any]]
) -> None:
    server, portal, clients = running
    package = loaded(service)
    operation = next(each for each in package.service.operations if each.name == name)
    request_shape, response_shape = operation.input, operation.output
    request = package.decode(data.draw(package.wire.shape(request_shape, extras=CANONICAL)), request_shape)
    wire = data.draw(package.wire.shape(response_shape, extras=TOLERATED)) if response_shape in package.shapes else {}
    # The type of an error makes an error of a response, whatever its status.
    assume(not re.search(r"(?:Error|Exception|Fault)(?::|$)", str(wire.get("__type", ""))))
    server.received.clear()
    server.replies(Reply(body(package, wire, response_shape, data)))
    response = portal.call(clients[service].call, request)
    assert response == package.decode(wire, response_shape)
    assert type(response) is package.cls(response_shape)
    assert response.response_metadata.request_id == "request-1"
    (received,) = server.received
    assert received.operation == name
    members = package.shapes[request_shape]["members"].items()
    tokens = {name for name, member in members if member.get("idempotencyToken")}
    expected = Service(package).received(request_shape, package.encode(request, request_shape))
    assert {key: value for key, value in received.body.items() if key not in tokens} == {
        key: value for key, value in expected.items() if key not in tokens
    }
    assert tokens <= set(received.body)


def body(package: Executed, wire: Any, shape: str, data: st.DataObject) -> bytes:
    """Return what a server of the service sends for JSON; of CBOR, any spelling."""
    if package.service.protocol is not ir.Protocol.CBOR:
        return json.dumps(wire).encode()
    value = cbor_form(wire, shape, package.shapes) if shape in package.shapes else wire
    return spelled(value, data.draw(st.randoms(use_true_random=False)))


@pytest.mark.parametrize("service", NAMES)
def test_every_operation_has_a_method_with_the_members_as_keywords(service: str) -> None:
    package = loaded(service).package
    operations = import_module(f"{package.__name__}.operations").SERVICE.operations
    assert [operation.name for operation in operations] == loaded(service).operations
    for operation in operations:
        method = getattr(package.Client, loaded(service).names.methods[operation.name])
        parameters = list(inspect.signature(method).parameters.values())[1:]
        fields = [attribute.name for attribute in operation.input.__attrs_attrs__]
        assert [parameter.name for parameter in parameters] == fields
        assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
        assert inspect.signature(method).return_annotation == f"structures.{operation.output.__name__}"
        for name in fields:
            assert f"{name}: " in (method.__doc__ or "")
