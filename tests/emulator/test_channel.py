"""The service `channel`: program management accounts, relationships, contracts, and handshakes of two accounts."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from aiopartnercentral.emulator.services import CHANNEL
from tests.emulator.caller import Caller
from tests.emulator.service_requests import ATTESTATION as KIND, attestation

pytestmark = pytest.mark.anyio
AWS = {"catalog": "AWS"}
_tokens = count()


def token():
    return {"clientToken": f"token-{next(_tokens)}"}


@pytest.fixture
def caller(http, frozen):
    return lambda account: Caller(account, frozen.endpoint_url, http, CHANNEL)


async def manage(caller, account, **members):
    request = {"program": "DISTRIBUTION", "displayName": "Looms", "accountId": account, **members}
    made = await caller("CreateProgramManagementAccount", **AWS, **token(), **request)
    return made["programManagementAccountDetail"]


async def relate(caller, owner, **members):
    request = {"associationType": "END_CUSTOMER", "displayName": "Engine", "sector": "COMMERCIAL", **members}
    made = await caller("CreateRelationship", **AWS, **token(), programManagementAccountIdentifier=owner, **request)
    return made["relationshipDetail"]


async def listed(caller, kind, **filters):
    return (await caller(f"List{kind}", **AWS, **filters))["items"]


async def contract(caller, account, relationship, place=AWS, **members):
    payload = attestation(account, relationship, **members)
    made = await caller("CreateChannelContract", **place, **token(), **KIND, payload=payload)
    return made["channelContractDetail"]["id"]


async def managed(caller, account, **members):
    """Create a program management account and a relationship with an end customer of managed services."""
    owner = (await manage(caller, account, program="MANAGED_SERVICES_PROVIDER"))["id"]
    made = await relate(caller, owner, associationType="MANAGED_SERVICES_END_CUSTOMER", **members)
    return owner, made["id"]


async def send(caller, resource, kind="PROGRAM_MANAGEMENT_ACCOUNT", **members):
    request = {"handshakeType": kind, "associatedResourceIdentifier": resource, **members}
    made = await caller("CreateChannelHandshake", **AWS, **token(), **request)
    return made["channelHandshakeDetail"]["id"]


async def test_accounts_and_relationships_are_created_changed_and_deleted(ada, bob, frozen):
    account = await manage(ada, bob.account, tags=[{"key": "a", "value": "1"}])
    relationship = await relate(ada, account["arn"], associatedAccountId=bob.account)
    place = {**AWS, "programManagementAccountIdentifier": account["id"], "identifier": relationship["id"]}
    found = (await ada("GetRelationship", **place))["relationshipDetail"]
    assert (found["revision"], found["programManagementAccountId"]) == ("1", account["id"])
    frozen.clock.advance(timedelta(seconds=1))
    changed = await ada("UpdateRelationship", **place, revision="1", displayName="Loom")
    assert (changed["relationshipDetail"]["revision"], changed["relationshipDetail"]["displayName"]) == ("2", "Loom")
    assert await ada.refused("UpdateRelationship", **place, revision="1") == "ConflictException"
    whole = {**AWS, "identifier": account["arn"]}
    changed = await ada("UpdateProgramManagementAccount", **whole, displayName="Engines")
    assert changed["programManagementAccountDetail"]["revision"] == "2"
    assert await ada.refused("DeleteProgramManagementAccount", **whole, **token()) == "ConflictException"
    for operation, request in (("GetRelationship", place), ("UpdateProgramManagementAccount", whole)):
        assert await bob.refused(operation, **request) == "ResourceNotFoundException"
    other = await manage(ada, bob.account)
    wrong = place | {"programManagementAccountIdentifier": other["id"]}
    assert await ada.refused("GetRelationship", **wrong) == "ResourceNotFoundException"
    assert await ada("ListTagsForResource", resourceArn=account["arn"]) == {"tags": [{"key": "a", "value": "1"}]}
    await ada("DeleteRelationship", **place, **token())
    await ada("DeleteProgramManagementAccount", **whole, **token())
    assert await ada.refused("GetRelationship", **place) == "ResourceNotFoundException"
    assert await ada.refused("ListTagsForResource", resourceArn=account["arn"]) == "ResourceNotFoundException"


async def test_listings_are_filtered_ordered_and_paged(ada, bob, frozen):
    made = []
    for name in ("One", "Two", "Three"):
        made.append((await manage(ada, bob.account, displayName=name))["id"])
        await relate(ada, made[-1], displayName=name)
        frozen.clock.advance(timedelta(seconds=1))
    kind = "ProgramManagementAccounts"
    assert [each["id"] for each in await listed(ada, kind)] == made
    assert [each["id"] for each in await listed(ada, kind, displayNames=["Two"])] == made[1:2]
    assert await listed(ada, kind, statuses=["ACTIVE"]) == await listed(bob, kind) == []
    newest = await listed(ada, kind, sort={"sortBy": "UpdatedAt", "sortOrder": "Descending"})
    assert [each["id"] for each in newest] == made[::-1]
    page = await ada(f"List{kind}", **AWS, maxResults=2)
    rest = await ada(f"List{kind}", **AWS, maxResults=2, nextToken=page["nextToken"])
    assert [each["id"] for each in (*page["items"], *rest["items"])] == made
    refused = await ada.refused(f"List{kind}", **AWS, maxResults=2, nextToken=page["nextToken"], displayNames=["Two"])
    assert refused == {("nextToken", "INVALID_VALUE")}
    below = await listed(ada, "Relationships", programManagementAccountIdentifiers=made[:1])
    assert [each["displayName"] for each in below] == ["One"]


async def test_an_accepted_handshake_activates_an_account(ada, bob, caller):
    account = await manage(ada, bob.account)
    sent = await send(ada, account["id"])
    kind = {"handshakeType": "PROGRAM_MANAGEMENT_ACCOUNT"}
    for who, role in ((ada, "SENDER"), (bob, "RECEIVER")):
        (item,) = await listed(who, "ChannelHandshakes", **kind, participantType=role)
        assert (item["id"], item["status"], item["receiverAccountId"]) == (sent, "PENDING", bob.account)
    place = {**AWS, "identifier": sent}
    assert await ada.refused("AcceptChannelHandshake", **place) == {("identifier", "ACTION_NOT_PERMITTED")}
    assert await bob.refused("CancelChannelHandshake", **place) == {("identifier", "ACTION_NOT_PERMITTED")}
    assert await caller("333333333333").refused("AcceptChannelHandshake", **place) == "ResourceNotFoundException"
    again = {**kind, "associatedResourceIdentifier": account["id"]}
    assert await ada.refused("CreateChannelHandshake", **AWS, **token(), **again) == "ConflictException"
    answer = await bob("AcceptChannelHandshake", **place)
    assert answer["channelHandshakeDetail"]["status"] == "ACCEPTED"
    assert await bob.refused("RejectChannelHandshake", **place) == {("identifier", "INVALID_RESOURCE_STATE")}
    (managed,) = await listed(ada, "ProgramManagementAccounts", statuses=["ACTIVE"])
    assert managed["id"] == account["id"]


async def test_a_service_period_is_rejected_canceled_or_expires(ada, bob, frozen):
    account = (await manage(ada, bob.account))["id"]
    relationship = (await relate(ada, account, associatedAccountId=bob.account))["id"]
    period = {"programManagementAccountIdentifier": account, "servicePeriodType": "MINIMUM_NOTICE_PERIOD"}
    payload = {"payload": {"startServicePeriodPayload": period}}
    kind = "START_SERVICE_PERIOD"
    sent = []
    for operation, who in (("RejectChannelHandshake", bob), ("CancelChannelHandshake", ada), (None, None)):
        sent.append(await send(ada, relationship, kind, **payload))
        if who is not None:
            await who(operation, **AWS, identifier=sent[-1])
    frozen.clock.advance(timedelta(days=15))
    items = await listed(bob, "ChannelHandshakes", handshakeType=kind, participantType="RECEIVER")
    assert [item["status"] for item in items] == ["REJECTED", "CANCELED", "EXPIRED"]
    expired = await listed(
        bob, "ChannelHandshakes", handshakeType=kind, participantType="RECEIVER", statuses=["EXPIRED"]
    )
    assert [item["id"] for item in expired] == sent[2:]
    for resource, more, problem in (
        (account, payload, ("associatedResourceIdentifier", "INVALID_VALUE")),
        (relationship, {}, ("payload", "REQUIRED_FIELD_MISSING")),
    ):
        request = {"handshakeType": kind, "associatedResourceIdentifier": resource, **more}
        assert await ada.refused("CreateChannelHandshake", **AWS, **token(), **request) == {problem}


async def test_a_contract_is_signed_and_ends(ada, bob, frozen):
    owner, relationship = await managed(ada, bob.account)
    made = await contract(ada, owner, relationship)
    place = {**AWS, "identifier": made}

    async def told(caller=ada):
        return (await caller("GetChannelContract", **place))["channelContractDetail"]

    first = await told()
    assert (first["status"], "respondedAt" in first) == ("PENDING", False)
    assert first["details"]["managedServicesAttestationDetails"]["legalEntityAddress"]["city"] == "London"
    below = {"programManagementAccountIdentifier": owner, "identifier": relationship}
    found = await ada("GetRelationship", **AWS, **below)
    assert found["relationshipDetail"]["channelContractId"] == made
    again = {**KIND, "payload": attestation(owner, relationship)}
    assert await ada.refused("CreateChannelContract", **AWS, **token(), **again) == "ConflictException"
    assert await bob.refused("GetChannelContract", **place) == "ResourceNotFoundException"
    frozen.clock.advance(timedelta(seconds=60))
    assert (await told())["status"] == "ACCEPTED"
    assert (await told())["respondedAt"] == (await told())["updatedAt"]
    assert await ada.refused("CancelChannelContract", **place, **token()) == {("identifier", "INVALID_RESOURCE_STATE")}
    frozen.clock.advance(timedelta(days=365))
    assert (await told())["status"] == "INACTIVE"
    refused = await ada.refused("CreateChannelContract", **AWS, **token(), **again)
    assert refused == {("payload.managedServicesAttestationPayload.endDate", "INVALID_VALUE")}


async def test_a_contract_that_nobody_signs_is_canceled_or_expires(ada, bob, frozen):
    owner, relationship = await managed(ada, bob.account)
    nobody = {"signatoryEmail": "charles@looms.invalid"}
    first = await contract(ada, owner, relationship, **nobody)
    answer = await ada("CancelChannelContract", **AWS, **token(), identifier=first, reason="Wrong person")
    assert answer["channelContractDetail"]["status"] == "CANCELED"
    assert answer["channelContractDetail"]["cancellationReason"] == "Wrong person"
    refused = await ada.refused("CancelChannelContract", **AWS, **token(), identifier=first)
    assert refused == {("identifier", "INVALID_RESOURCE_STATE")}
    frozen.clock.advance(timedelta(seconds=1))
    second = await contract(ada, owner, relationship, **nobody)
    frozen.clock.advance(timedelta(days=30))
    statuses = {each["id"]: each["status"] for each in await listed(ada, "ChannelContracts", **KIND)}
    assert statuses == {first: "CANCELED", second: "EXPIRED"}
    sort = {"managedServicesAttestationTypeSort": {"sortBy": "UpdatedAt", "sortOrder": "Descending"}}
    newest = await listed(ada, "ChannelContracts", **KIND, contractTypeSort=sort)
    assert [each["id"] for each in newest] == [second, first]
    assert [each["id"] for each in await listed(ada, "ChannelContracts", **KIND, statuses=["EXPIRED"])] == [second]
    for filters, count_of in (({"legalEntityNames": ["Looms Ltd."]}, 2), ({"relationshipIdentifiers": [owner]}, None)):
        wanted = {"contractTypeFilters": {"managedServicesAttestationTypeFilters": filters}}
        if count_of is None:
            assert await ada.refused("ListChannelContracts", **AWS, **KIND, **wanted)
        else:
            assert len(await listed(ada, "ChannelContracts", **KIND, **wanted)) == count_of


async def test_a_contract_is_accepted_at_once_in_the_sandbox(ada, bob):
    place = {"catalog": "Sandbox"}
    request = {"program": "MANAGED_SERVICES_PROVIDER", "displayName": "Looms", "accountId": bob.account}
    made = await ada("CreateProgramManagementAccount", **place, **token(), **request)
    owner = made["programManagementAccountDetail"]["id"]
    request = {"associationType": "MANAGED_SERVICES_END_CUSTOMER", "displayName": "Engine", "sector": "COMMERCIAL"}
    made = await ada("CreateRelationship", **place, **token(), programManagementAccountIdentifier=owner, **request)
    signed = await contract(ada, owner, made["relationshipDetail"]["id"], place)
    found = await ada("GetChannelContract", **place, identifier=signed)
    assert found["channelContractDetail"]["status"] == "ACCEPTED"


async def test_what_a_contract_cannot_be_about(ada, bob):
    owner, some = await managed(ada, bob.account, accountScope="SPECIFIC_MEMBER_ACCOUNTS")
    _, other = await managed(ada, bob.account, accountScope="ENTIRE_ORGANIZATION")
    plain = (await relate(ada, owner))["id"]
    path = "payload.managedServicesAttestationPayload."
    for identifier, members, problem in (
        (some, {}, {(f"{path}memberAccountIds", "REQUIRED_FIELD_MISSING")}),
        (plain, {}, {(f"{path}relationshipIdentifier", "INVALID_VALUE")}),
        (other, {}, "ResourceNotFoundException"),
        (some, {"memberAccountIds": ["1" * 12], "endDate": "2025-01-01T00:00:00Z"},
         {(f"{path}endDate", "INVALID_VALUE")}),
    ):  # fmt: skip
        request = {**KIND, "payload": attestation(owner, identifier, **members)}
        assert await ada.refused("CreateChannelContract", **AWS, **token(), **request) == problem
