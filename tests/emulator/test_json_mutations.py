"""Unknown members, union members and enum values in the responses of all 34 operations."""

from __future__ import annotations

from collections import Counter

import anyio.to_thread
import httpx2
import pytest

from aiopartnercentral import account
from aiopartnercentral.emulator import ExtraMember, Fault, UnknownEnumValue, UnknownUnionMember
from aiopartnercentral.emulator.faults.context import FaultContext
from aiopartnercentral.emulator.response import Response
from aiopartnercentral.emulator.seed.random import DeterministicRandom
from aiopartnercentral.emulator.services import ACCOUNT
from tests.emulator.conformance import SERVICE_MODEL
from tests.emulator.raw_requests import Wire
from tests.emulator.scenario import Scenario

pytestmark = pytest.mark.anyio

KINDS = (ExtraMember, UnknownUnionMember, UnknownEnumValue)


@pytest.fixture
async def answers(frozen):
    """Return (operation, request, body) of a whole life, with further members everywhere."""
    frozen.faults = [Fault(ExtraMember(member="Later", everywhere=True))]
    seen, validator = [], ACCOUNT.validator

    def play():
        with httpx2.Client(trust_env=False, timeout=30) as http:
            wire = Wire(frozen.endpoint_url, http)

            def call(name, operation, request):
                response = wire.send(operation, request, name)
                assert response.status_code == 200, response.text
                seen.append((operation, request, response.content))
                return validator.known(validator.operations[operation]["output"]["shape"], response.json())

            def refuse(name, operation, request):
                answer = wire.send(operation, request, name).json()
                assert "Later" in answer
                return answer["__type"]

            Scenario(frozen.endpoint_url, call, refuse).play()

    await anyio.to_thread.run_sync(play)
    return seen


async def test_a_client_decodes_all_mutated_responses(answers):
    injected: Counter[str] = Counter()
    assert {operation for operation, _, _ in answers} == set(SERVICE_MODEL.operation_names)
    for operation, request, body in answers:
        assert body.count(b'"Later"') >= 1
        cls = getattr(account, f"{operation}Response")
        account.json_converter.loads(body, cls)
        for kind in KINDS:
            for everywhere in (False, True):
                context = FaultContext(operation, "123456789012", None, request, ACCOUNT, response=Response(body=body))
                hit = kind(everywhere=everywhere).after(context, DeterministicRandom(f"{operation} {everywhere}"))
                injected[kind] += hit
                decoded = account.json_converter.loads(context.response.body, cls)
                kept = "NOVELTY" in account.json_converter.dumps(decoded).decode().upper()
                assert kept == (hit and kind is not ExtraMember), (operation, kind)
    assert injected[ExtraMember] == 2 * len(answers)
    assert min(injected[UnknownUnionMember], injected[UnknownEnumValue]) > 10
