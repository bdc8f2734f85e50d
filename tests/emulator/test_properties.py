"""Random requests from the model: never a 500; valid ones get valid responses, invalid ones get their problems."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs
import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import given, strategies as st

from aiopartnercentral.emulator import Clock, Emulator
from tests.emulator.conformance import SERVICE_MODEL, assert_answer_conforms
from tests.emulator.raw_requests import Wire
from tests.emulator.scenario import BOB, Scenario
from tests.emulator.workflows import CONTACT
from tests.support.account_model import MODEL as ACCOUNT
from tests.support.strategies import Extras, WireStrategies

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATIONS = tuple(SERVICE_MODEL.operation_names)
STRATEGIES = WireStrategies(ACCOUNT)
TOLERATED = Extras(unknown_members=True, nulls=True, type_markers=True)
# What the model allows and only the service can judge; anything else that is wrong with a field is the model's to say.
JUDGED = {
    "AssociatedPartner", "Catalog", "ConnectionType", "Email", "EmailVerificationCode",
    "ExcludedParticipantIdentifiers", "Identifier", "NextToken", "PrimaryPartner", "Tags",
    "TaskDetails.IndustrySegments", "TaskDetails.LocalizedContents", "VerificationDetails",
}  # fmt: skip


@attrs.frozen
class Running:
    """An emulator in which two accounts have lived, and what there is in it, by the names of members."""

    wire: Wire
    known: dict[str, list[str]] = attrs.field(repr=False)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    emulator = Emulator(clock=Clock(running=False), task_seconds=60)
    known: dict[str, set[str]] = {"Catalog": {"AWS", "Sandbox"}}

    def remember(answer: Any) -> None:
        for name, value in answer.items() if isinstance(answer, dict) else ():
            if isinstance(value, str):
                known.setdefault(name, set()).add(value)
            remember(value)
        for item in answer if isinstance(answer, list) else ():
            remember(item)

    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(emulator),
        httpx2.Client(trust_env=False, timeout=60) as http,
    ):
        here = Wire(emulator.endpoint_url, http)

        def call(account: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
            response = here.send(operation, request, account)
            assert response.status_code == 200
            assert_answer_conforms(operation, 200, response.json())
            remember(response.json())
            return response.json()

        def refuse(account: str, operation: str, request: dict[str, Any]) -> str:
            return here.send(operation, request, account).json()["__type"]

        Scenario(emulator.endpoint_url, call, refuse).play()
        for catalog in ("AWS", "Sandbox"):
            for listing in ("ListConnections", "ListConnectionInvitations", "ListPartners"):
                for account in ("123456789012", BOB):
                    call(account, listing, {"Catalog": catalog})
        known["Identifier"] = known["Id"] | known["Arn"]
        known["ResourceArn"] = known["Arn"]
        known["ReceiverIdentifier"] = known["OtherParticipantAccountId"] | known["ProfileId"]
        known["Email"] = {CONTACT["Email"]}
        yield Running(here, {name: sorted(values) for name, values in known.items()})


@cache
def requests(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    return STRATEGIES.shape(SERVICE_MODEL.operation_model(operation).input_shape.name, extras=TOLERATED)


def from_the_known(data: st.DataObject, operation: str, request: dict[str, Any], known: dict[str, list[str]]) -> None:
    """Put what there is in the place of what was drawn, where the model allows it."""
    members = SERVICE_MODEL.operation_model(operation).input_shape.members
    for name in sorted(members.keys() & known.keys() & request.keys()):
        pattern = members[name].metadata.get("pattern")
        fitting = [value for value in known[name] if pattern and re.fullmatch(pattern, value)]
        if isinstance(request[name], str) and fitting and data.draw(st.integers(0, 4), label=f"known {name}?"):
            request[name] = data.draw(st.sampled_from(fitting), label=name)


@pytest.mark.parametrize("operation", OPERATIONS)
@given(data=st.data())
def test_a_valid_request_gets_a_valid_answer(operation, data, running):
    request = data.draw(requests(operation), label="request")
    from_the_known(data, operation, request, running.known)
    account = data.draw(st.sampled_from(["123456789012", "111111111111", BOB, "999999999999"]), label="account")
    response = running.wire.send(operation, request, account)
    body = response.json()
    assert response.status_code in (200, 400)
    assert response.headers["x-amzn-requestid"]
    assert_answer_conforms(operation, response.status_code, body)
    if body.get("__type") == "ValidationException" and body["Reason"] == "REQUEST_VALIDATION_FAILED":
        names = {detail["FieldValidationError"]["Name"] for detail in body["ErrorDetails"]}
        assert names <= JUDGED
        assert all(request.get(name.partition(".")[0]) is not None or name in REQUIRED_BESIDE for name in names)


# What the model lets be absent and the service needs.
REQUIRED_BESIDE = {"VerificationDetails", "EmailVerificationCode"}


def fields_of(response: httpx2.Response) -> set[tuple[str, str]]:
    assert response.status_code == 400
    body = response.json()
    assert (body["__type"], body["Reason"]) == ("ValidationException", "REQUEST_VALIDATION_FAILED")
    fields = [detail["FieldValidationError"] for detail in body["ErrorDetails"]]
    return {(field["Name"], field["Code"]) for field in fields}


@pytest.mark.parametrize("operation", OPERATIONS)
@given(data=st.data())
def test_a_request_of_the_wrong_form_gets_the_paths_of_its_problems(operation, data, running):
    shape = SERVICE_MODEL.operation_model(operation).input_shape
    fault = data.draw(STRATEGIES.corruptions(shape.name), label="fault")
    response = running.wire.send(operation, fault.value)
    if fault.path == "$":
        assert (response.status_code, response.json()["__type"]) == (400, "SerializationException")
        return
    assert_answer_conforms(operation, response.status_code, response.json())
    expected = "REQUIRED_FIELD_MISSING" if fault.kind == "missing_required" else "INVALID_VALUE"
    assert (fault.path.removeprefix("$."), expected) in fields_of(response)


def broken_bounds(shape: Any, value: Any, path: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yield (where, code, value) for every bound of the model that something in a value can break."""
    if shape.type_name == "structure":
        for name, item in value.items():
            yield from broken_bounds(shape.members[name], item, f"{path}.{name}" if path else name)
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from broken_bounds(shape.member, item, f"{path}[{index}]")
        yield from ((path, code, broken) for code, broken in broken_lists(shape.metadata, value))
    elif shape.type_name == "string":
        yield from ((path, code, broken) for code, broken in broken_strings(shape, value))
    elif shape.type_name in ("integer", "long"):
        for broken in (shape.metadata.get("max", 2**63 - 1) + 1, shape.metadata.get("min", -(2**63)) - 1):
            yield path, "INVALID_VALUE", broken


def broken_lists(bounds: Any, value: Any) -> Iterator[tuple[str, Any]]:
    if "max" in bounds and value:
        yield "TOO_MANY_VALUES", [value[0]] * (bounds["max"] + 1)
    if bounds.get("min"):
        yield "INVALID_VALUE", []


def broken_strings(shape: Any, value: Any) -> Iterator[tuple[str, Any]]:
    bounds = shape.metadata
    if getattr(shape, "enum", None):
        yield "INVALID_ENUM_VALUE", shape.enum[0].lower()
    if "max" in bounds:
        yield "INVALID_STRING_FORMAT", (value[:1] or "a") * (bounds["max"] + 1)
    if bounds.get("min"):
        yield "INVALID_STRING_FORMAT", value[: bounds["min"] - 1]
    if "pattern" in bounds:
        candidates = [character * max(bounds.get("min", 1), 1) for character in ("\u0007", " ")]
        yield "INVALID_STRING_FORMAT", next(text for text in candidates if not re.fullmatch(bounds["pattern"], text))


def replaced(value: Any, path: str, new: Any) -> Any:
    """Return a copy of a value with another one at a path."""
    step, rest = re.fullmatch(r"\.?(\w+|\[\d+\])(.*)", path).groups()
    key = int(step[1:-1]) if step.startswith("[") else step
    copy = value.copy()
    copy[key] = replaced(value[key], rest, new) if rest else new
    return copy


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "GetVerification"])
@given(data=st.data())
def test_a_value_out_of_bounds_gets_its_path(operation, data, running):
    shape = SERVICE_MODEL.operation_model(operation).input_shape
    request = data.draw(STRATEGIES.shape(shape.name).filter(bool), label="request")
    breakable = list(broken_bounds(shape, request))
    if breakable:
        path, code, value = data.draw(st.sampled_from(breakable), label="broken")
        response = running.wire.send(operation, replaced(request, path, value))
        assert_answer_conforms(operation, response.status_code, response.json())
        assert (path, code) in fields_of(response)


@given(operation=st.sampled_from(OPERATIONS), body=st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_any_bytes_get_a_response(operation, body, running):
    headers = {"X-Amz-Target": f"PartnerCentralAccount.{operation}", "Content-Type": "application/x-amz-json-1.0"}
    response = running.wire.http.post(running.wire.url, headers=headers, content=body)
    assert response.status_code == 400
    assert response.json()["__type"] in {"SerializationException", "ValidationException"}


def test_the_fixture_has_enough_data(running):
    assert {"AWS", "Sandbox"} == set(running.known["Catalog"])
    for name in ("Identifier", "ResourceArn", "TaskId", "NextToken", "ReceiverIdentifier"):
        assert running.known.get(name), name
