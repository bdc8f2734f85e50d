"""Every operation of the six services that replaces an object: which one reads it, and what goes back over HTTP."""

from __future__ import annotations

import base64
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
import cbor2
import pytest
from aiobotocore.config import AioConfig

from aiopartnercentral import modify
from aiopartnercentral._modification.object_read import UpdatePair, pairs_of
from codegen.project import pinned
from codegen.services import MODELS
from tests.support import services
from tests.support.sampler import Sampler
from tests.support.servers import Reply, scripted_server
from tests.support.services import CONFIGS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.servers import Received, ScriptedServer

GUARDS = {
    "account PutAllianceLeadContact": None,
    "account PutProfileVisibility": None,
    "account UpdateConnectionPreferences": "Revision",
    "selling PutSellingSystemSettings": None,
    "selling UpdateCustomerAccount": "LastModifiedDate",
    "selling UpdateOpportunity": "LastModifiedDate",
    "benefits UpdateBenefitApplication": "Revision",
    "channel UpdateRelationship": "revision",
    "marketing UpdateCampaign": None,
    "marketing UpdateCampaignAsset": None,
    "revenue UpdateMarketplaceRevenueShare": "Revision",
    "revenue UpdateMarketplaceRevenueShareAllocation": "MarketplaceRevenueShareRevision",
    "revenue UpdateRevenueAttribution": "Revision",
}
UNREADABLE = {
    "PutAllianceLeadContact": ("EmailVerificationCode",),
    "UpdateConnectionPreferences": ("ExcludedParticipantIdentifiers",),
    "PutSellingSystemSettings": ("ResourceSnapshotJobRoleIdentifier",),
    "UpdateRelationship": ("requestedSupportPlan",),
    "UpdateCampaign": ("PartnerBadge", "EmailTarget"),
    "UpdateCampaignAsset": ("FieldValues", "Layout"),
}
WITHOUT_GET = {"UpdateEngagementContext", "UpdateProgramManagementAccount"}
CHANGED = {
    "PutAllianceLeadContact": "email_verification_code",
    "PutProfileVisibility": "visibility",
    "UpdateConnectionPreferences": "access_type",
    "PutSellingSystemSettings": "resource_snapshot_job_role_identifier",
    "UpdateCustomerAccount": "partner_account_identifier",
    "UpdateOpportunity": "partner_opportunity_identifier",
    "UpdateRelationship": "display_name",
}
NEWER = {"Deep": [1, {"Newer": "x"}]}


def found(name: str) -> dict[str, UpdatePair]:
    return {pair.update.name: pair for pair in pairs_of(services.package(name).Client.service)}


def test_these_are_all_operations_that_replace_an_object() -> None:
    pairs = {f"{name} {update}": pair for name in services.NAMES for update, pair in found(name).items()}
    assert {name: pair.guard for name, pair in pairs.items()} == GUARDS
    assert {pair.update.name: pair.unreadable for pair in pairs.values() if pair.unreadable} == UNREADABLE
    assert {pair.update.name: pair.container for pair in pairs.values() if pair.container} == {
        "UpdateRelationship": "relationshipDetail",
        "UpdateCampaign": "Campaign",
        "UpdateCampaignAsset": "Asset",
    }
    operations = [each for name in services.NAMES for each in services.package(name).Client.service.operations]
    writing = {each.name for each in operations if each.name.startswith(("Update", "Put"))}
    assert writing - {pair.update.name for pair in pairs.values()} == WITHOUT_GET


@attrs.frozen
class Model:
    """The pinned model of a service, read without the library's own code."""

    name: str
    shapes: dict[str, Any]
    operations: dict[str, Any]
    is_cbor: bool

    @classmethod
    def of(cls, name: str) -> Model:
        model = pinned.load(CONFIGS[name], MODELS).service
        return cls(name, model["shapes"], model["operations"], "cbor" in model["metadata"]["protocol"])

    def wire(self, shape: str, value: Any) -> Any:
        """Return a value of the JSON form as the protocol has it, with a new member in each structure."""
        traits = self.shapes[shape]
        kind = "document" if traits.get("document") else traits["type"]
        if kind == "structure":
            known = {key: self.wire(traits["members"][key]["shape"], each) for key, each in value.items()}
            return known if traits.get("union") else {**known, "Newer": NEWER}
        if kind == "list":
            return [self.wire(traits["member"]["shape"], each) for each in value]
        if kind == "map":
            return {key: self.wire(traits["value"]["shape"], each) for key, each in value.items()}
        if kind == "timestamp" and self.is_cbor:
            return cbor2.CBORTag(1, value if isinstance(value, int) else datetime.fromisoformat(value).timestamp())
        return base64.b64decode(value) if kind == "blob" and self.is_cbor else value

    def writable(self, value: Any, read: str, written: str) -> Any:
        """Return what of a value that has the shape `read` has a place in the shape `written`."""
        given, taken = self.shapes[read], self.shapes[written]
        match taken["type"]:
            case "structure" if not taken.get("document"):
                return {
                    key: self.writable(each, given["members"][key]["shape"], taken["members"][key]["shape"])
                    if key in taken["members"]
                    else each
                    for key, each in value.items()
                    if key in taken["members"] or key == "Newer"
                }
            case "list":
                return [self.writable(each, given["member"]["shape"], taken["member"]["shape"]) for each in value]
        return value


def from_wire(model: Model, value: Any) -> Any:
    return cbor2.loads(cbor2.dumps(value)) if model.is_cbor else value


@asynccontextmanager
async def client_of(name: str, server: ScriptedServer, lane: str) -> AsyncIterator[Any]:
    config = AioConfig(retries={"mode": "adaptive"}) if lane == "botocore" else None
    async with services.package(name).connect(endpoint_url=server.url, config=config) as client:
        assert client.transport.kind == lane
        yield client


@pytest.mark.anyio
@pytest.mark.usefixtures("aws_environment")
@pytest.mark.parametrize("lane", ["direct", "botocore"])
@pytest.mark.parametrize("case", GUARDS)
async def test_what_is_newer_than_the_model_is_sent_back_at_every_depth(case: str, lane: str) -> None:
    name, update = case.split()
    pair, model = found(name)[update], Model.of(name)
    asked, given = (model.operations[pair.get.name][kind]["shape"] for kind in ("input", "output"))
    taken, answered = (model.operations[update][kind]["shape"] for kind in ("input", "output"))
    sampler = Sampler(model.shapes)
    response = model.wire(given, sampler.fullest(given))

    def answer(received: Received) -> Reply:
        if received.operation == pair.get.name:
            return Reply(response)
        smallest = model.wire(answered, sampler.smallest(answered))
        return Reply(smallest)

    field = "client_token" if pair.token else CHANGED[update]
    needed = [each.name for each in attrs.fields(pair.get.input) if each.default is attrs.NOTHING]
    given_object = response if pair.container is None else response[pair.container]
    catalog = {
        key.lower(): each for key, each in given_object.items() if key in pair.targets and key.lower() == "catalog"
    }
    get = pair.get.input(**{**dict.fromkeys(needed, "x" * 20), **catalog})
    with scripted_server() as server:
        server.answer = answer
        async with client_of(name, server, lane) as client:
            done = await modify(
                client,
                get,
                pair.update.input,
                lambda request: attrs.evolve(request, **{field: "changed"}),
                overwrite=True,
                leave_out=pair.unreadable,
            )
        body = server.received[-1].body
    assert done.is_sent
    read = from_wire(model, response)
    inner = given
    if pair.container is not None:
        read, inner = read[pair.container], model.shapes[given]["members"][pair.container]["shape"]
    members = model.shapes[taken]["members"]
    expected = {
        key: model.writable(read[key], model.shapes[inner]["members"][key]["shape"], members[key]["shape"])
        for key in members
        if key in read and key not in pair.unreadable
    }
    expected |= {key: "x" * 20 for key in model.shapes[asked]["members"] if key in pair.identifying}
    expected |= {"Newer": NEWER}
    # All others are as they were read.
    assert list(body.values()).count("changed") == 1
    unchanged = {key: value for key, value in body.items() if value != "changed"}
    assert unchanged == {key: value for key, value in expected.items() if body.get(key) != "changed"}
