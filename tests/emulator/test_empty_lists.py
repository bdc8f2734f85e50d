"""A listing without items answers with an empty list, and never leaves the list out."""

from __future__ import annotations

from random import Random

import pytest

from aiopartnercentral.emulator import Clock, Emulator
from aiopartnercentral.emulator.operations.registry import HANDLERS
from aiopartnercentral.emulator.services import SERVICES
from tests.emulator.caller import Caller
from tests.emulator.conformance import service_model
from tests.emulator.model_values import ModelValues

pytestmark = pytest.mark.anyio

NOBODY = "999999999999"
# What AWS publishes, and what each account is told of others: these have items for every account.
PUBLISHED = {"ListBenefits", "SearchCampaignTemplates"}


def lists_of(service, operation):
    """Return the lists in the response of a listing."""
    members = service_model(service).operation_model(operation).output_shape.members
    return [name for name, shape in members.items() if shape.type_name == "list"]


async def test_a_listing_without_items_answers_with_an_empty_list(http):
    answered = set()
    async with Emulator({"AWS": 2}, clock=Clock(running=False)) as emulator:
        for name, operations in HANDLERS.items():
            call = Caller(NOBODY, emulator.endpoint_url, http, SERVICES[name])
            for operation in operations:
                if not operation.startswith(("List", "Search")) or operation in PUBLISHED:
                    continue
                drawn = ModelValues(SERVICES[name], Random(operation)).request(operation)
                required = service_model(name).operation_model(operation).input_shape.required_members
                request = {member: drawn[member] for member in required if member in drawn}
                member = SERVICES[name].input_member(operation, "Catalog")
                status, body = await call.send(operation, request | ({member: "AWS"} if member else {}))
                if status == 200:
                    answered.add(operation)
                    assert {each: body.get(each) for each in lists_of(name, operation)} == {
                        each: [] for each in lists_of(name, operation)
                    }, operation
    # The others list what is below something, which nobody has.
    assert len(answered) >= 25
