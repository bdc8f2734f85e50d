"""boto3 plays a scenario in each of four services; together they call every operation that the emulator serves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import attrs
import boto3
import httpx2
import pytest
from botocore.config import Config

from aiopartnercentral.emulator import Clock, Emulator
from aiopartnercentral.emulator.operations.registry import HANDLERS
from aiopartnercentral.emulator.services import BENEFITS, CHANNEL, MARKETING, REVENUE
from tests.emulator.conformance import assert_conforms, botocore_session, service_model
from tests.emulator.dashboard_pages import without_a_page
from tests.emulator.service_requests import ATTESTATION as KIND, PRODUCTS, allocation, attestation

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral.emulator.services import Service

pytestmark = pytest.mark.anyio
ADA, BOB, OWNER = "111111111111", "222222222222", "123456789012"


@attrs.define
class Player:
    """Calls operations by boto3 as one account, in the catalog AWS, and holds each answer against the model."""

    emulator: Emulator
    service: Service
    clients: dict[str, Any] = attrs.field(factory=dict)
    tokens: int = 0

    def __call__(self, account: str, operation: str, **request: Any) -> Any:
        if account not in self.clients:
            session = boto3.session.Session(
                account, "any", region_name="us-east-1", botocore_session=botocore_session()
            )
            config = Config(retries={"total_max_attempts": 1}, signature_version="v4")
            url = self.emulator.endpoint_url
            self.clients[account] = session.client(self.service.name, endpoint_url=url, config=config)
        name = self.service.input_member(operation, "Catalog")
        answer = self.clients[account]._make_api_call(operation, {**({name: "AWS"} if name else {}), **request})
        del answer["ResponseMetadata"]
        shape = service_model(self.service.name).operation_model(operation).output_shape
        if shape is not None:
            assert_conforms(shape, answer, operation)
        return answer

    def token(self) -> str:
        self.tokens += 1
        return f"token-{self.tokens}"

    def wait(self) -> None:
        self.emulator.clock.advance(timedelta(seconds=60))

    def tag(self, arn: str, *, small: bool = True) -> None:
        """Add, list and remove a tag; most services begin their names with a small letter."""
        arn_name, tags, keys = ("resourceArn", "tags", "tagKeys") if small else ("ResourceArn", "Tags", "TagKeys")
        pair = {"key": "a", "value": "1"} if self.service is CHANNEL else {"Key": "a", "Value": "1"}
        self(ADA, "TagResource", **{arn_name: arn, tags: [pair]})
        assert self(ADA, "ListTagsForResource", **{arn_name: arn})[tags] == [pair]
        self(ADA, "UntagResource", **{arn_name: arn, keys: ["a"]})


def play_benefits(call: Player) -> None:
    benefit = call(ADA, "ListBenefits", Programs=["MAP"])["BenefitSummaries"][0]["Id"]
    assert call(ADA, "GetBenefit", Identifier=benefit)["Status"] == "ACTIVE"
    request = {"BenefitIdentifier": benefit, "BenefitApplicationDetails": {"Amount": 250.5, "Deep": [{"a": None}]}}
    made = call(ADA, "CreateBenefitApplication", ClientToken=call.token(), **request)
    place, resource = {"Identifier": made["Id"]}, f"arn:aws:partnercentral:us-east-1:{ADA}:catalog/AWS/opportunity/O1"
    for operation in ("AssociateBenefitApplicationResource", "DisassociateBenefitApplicationResource"):
        call(ADA, operation, BenefitApplicationIdentifier=made["Id"], ResourceArn=resource)
    call(ADA, "UpdateBenefitApplication", **place, ClientToken=call.token(), Revision="3", Name="Engine")
    call(ADA, "SubmitBenefitApplication", **place)
    call(ADA, "RecallBenefitApplication", **place, Reason="Too early")
    call(ADA, "SubmitBenefitApplication", **place)
    revision = call(ADA, "GetBenefitApplication", **place)["Revision"]
    change = {"AmendmentReason": "More", "Amendments": [{"FieldPath": "Description", "NewValue": "Looms"}]}
    call(ADA, "AmendBenefitApplication", **place, ClientToken=call.token(), Revision=revision, **change)
    call.wait()
    (found,) = call(ADA, "ListBenefitApplications", Status=["APPROVED"])["BenefitApplicationSummaries"]
    (granted,) = call(ADA, "ListBenefitAllocations")["BenefitAllocationSummaries"]
    assert granted["BenefitApplicationId"] == found["Id"]
    whole = call(ADA, "GetBenefitAllocation", Identifier=granted["Id"])
    assert whole["FulfillmentDetail"]["CreditDetails"]["IssuedAmount"]["Amount"] == "250.50"
    other = call(ADA, "CreateBenefitApplication", ClientToken=call.token(), BenefitIdentifier=benefit)
    call(ADA, "CancelBenefitApplication", Identifier=other["Id"], ClientToken=call.token())
    call.tag(made["Arn"])


def play_channel(call: Player) -> None:
    request = {"program": "MANAGED_SERVICES_PROVIDER", "displayName": "Looms", "accountId": BOB}
    account = call(ADA, "CreateProgramManagementAccount", **request)["programManagementAccountDetail"]
    handshake = {"handshakeType": "PROGRAM_MANAGEMENT_ACCOUNT", "associatedResourceIdentifier": account["id"]}
    for who, operation in (
        (BOB, "RejectChannelHandshake"), (ADA, "CancelChannelHandshake"), (BOB, "AcceptChannelHandshake")
    ):  # fmt: skip
        sent = call(ADA, "CreateChannelHandshake", **handshake)["channelHandshakeDetail"]["id"]
        kind = {"handshakeType": "PROGRAM_MANAGEMENT_ACCOUNT", "statuses": ["PENDING"]}
        role = "RECEIVER" if who == BOB else "SENDER"
        (found,) = call(who, "ListChannelHandshakes", **kind, participantType=role)["items"]
        assert found["id"] == sent
        call(who, operation, identifier=sent)
    (found,) = call(ADA, "ListProgramManagementAccounts", statuses=["ACTIVE"])["items"]
    call(ADA, "UpdateProgramManagementAccount", identifier=account["id"], displayName="Engines", revision="2")
    owner = {"programManagementAccountIdentifier": found["id"]}
    request = {"associationType": "MANAGED_SERVICES_END_CUSTOMER", "displayName": "Engine", "sector": "COMMERCIAL"}
    made = call(ADA, "CreateRelationship", **owner, **request)["relationshipDetail"]["id"]
    payload = attestation(account["id"], made, endDate=datetime(2026, 10, 1, tzinfo=UTC))
    first = call(ADA, "CreateChannelContract", **KIND, payload=payload)["channelContractDetail"]["id"]
    call(ADA, "CancelChannelContract", identifier=first, reason="Wrong person")
    second = call(ADA, "CreateChannelContract", **KIND, payload=payload)["channelContractDetail"]["id"]
    call.wait()
    assert call(ADA, "GetChannelContract", identifier=second)["channelContractDetail"]["status"] == "ACCEPTED"
    assert len(call(ADA, "ListChannelContracts", **KIND)["items"]) == 2
    below = {**owner, "identifier": made}
    assert call(ADA, "GetRelationship", **below)["relationshipDetail"]["channelContractId"] == second
    revision = call(ADA, "GetRelationship", **below)["relationshipDetail"]["revision"]
    call(ADA, "UpdateRelationship", **below, displayName="Loom", revision=revision)
    assert len(call(ADA, "ListRelationships")["items"]) == 1
    call.tag(account["arn"])
    call(ADA, "DeleteRelationship", **below)
    call(ADA, "DeleteProgramManagementAccount", identifier=account["id"])


def play_marketing(call: Player) -> None:
    (template, *_) = call(ADA, "SearchCampaignTemplates", SearchText="migration")["CampaignTemplates"]
    blueprints = call(ADA, "GetCampaignTemplate", Identifier=template["Id"])["CampaignTemplate"]["AssetTemplates"]
    made = call(ADA, "CreateCampaign", Name="Engine", CampaignTemplateId=template["Id"])
    place = {"CampaignIdentifier": made["Id"]}
    call(ADA, "UpdateCampaign", **place, EndOn="2025-12-31", PrivacyPolicyUrl="https://looms.example/privacy")
    names = [each["Id"] for each in blueprints if each["Type"] in ("DOCUMENT", "SOCIAL_POST", "BANNER_AD")]
    entries = [{"SourceAssetTemplateIdentifier": name} for name in names]
    call(ADA, "BatchCreateCampaignAsset", **place, Entries=entries)
    url = call(ADA, "CreateSocialConnectionAuthorizationUrl", Platform="LINKEDIN")["AuthorizationUrl"]
    assert httpx2.get(url, trust_env=False).status_code == 200
    (connection,) = call(ADA, "ListSocialConnections", Platform="LINKEDIN")["Items"]
    at = datetime(2025, 10, 2, tzinfo=UTC)
    document, post, banner = call(ADA, "ListCampaignAssets", **place)["Items"]
    for each, field, more in (
        (document, "Title", {}),
        (post, "Post", {"SendMode": "SCHEDULED", "ScheduledSendAt": at}),
    ):
        values = [{"FieldId": field, "Value": {"Text": "Looms"}}]
        answer = call(
            ADA, "UpdateCampaignAsset", **place, CampaignAssetIdentifier=each["Id"], FieldValues=values, **more
        )
        assert answer["ActivationIssues"] == []
    wanted = [document["Id"], post["Id"], banner["Id"]]
    call(ADA, "StartCampaignAssetActivationTask", **place, CampaignAssetIdentifiers=wanted)
    call.wait()
    task = call(ADA, "GetCampaignAssetActivationTask", **place)
    assert [each["Status"] for each in task["Assets"]] == ["SUCCEEDED", "SUCCEEDED", "FAILED"]
    found = call(ADA, "GetCampaignAsset", **place, CampaignAssetIdentifier=post["Id"])["Asset"]
    assert (found["DeliveryStatus"], found["ScheduledSendAt"]) == ("PENDING", at)
    assert call(ADA, "GetCampaign", **place)["Campaign"]["State"] == "ACTIVE"
    for operation, each in (("DeactivateCampaignAsset", post), ("DeleteCampaignAsset", banner)):
        call(ADA, operation, **place, CampaignAssetIdentifier=each["Id"])
    call(ADA, "DeleteSocialConnection", Identifier=connection["Id"])
    call.tag(made["Arn"], small=False)
    other = call(ADA, "CreateCampaign", Name="Loom", CampaignTemplateId=template["Id"])
    call(ADA, "DeleteCampaign", CampaignIdentifier=other["Id"])
    assert [each["CampaignId"] for each in call(ADA, "ListCampaigns")["Items"]] == [made["Id"]]


def play_revenue(call: Player) -> None:
    made = call(ADA, "CreateRevenueAttribution", Name="Engine", TenancyModel="MULTI_TENANT")
    call(ADA, "UpdateRevenueAttribution", Identifier=made["Id"], Revision="1", Description="Looms")
    above = {"RevenueAttributionIdentifier": made["Id"]}
    changes = {"RevenueAttributionRevision": "2", "RevenueShareAllocations": [allocation()]}
    call(ADA, "StartRevenueAttributionAllocationsTask", **above, **changes)
    call.wait()
    assert call(ADA, "GetRevenueAttributionAllocationsTask", **above)["Status"] == "COMPLETE"
    (found,) = call(ADA, "ListRevenueAttributionAllocations", **above)["RevenueAttributionAllocationSummaries"]
    identifier = found["RevenueAttributionAllocationId"]
    whole = call(ADA, "GetRevenueAttributionAllocation", **above, RevenueAttributionAllocationId=identifier)
    assert whole["RevenueAttributionRevision"] == "3"
    assert call(ADA, "GetRevenueAttribution", Identifier=made["Id"])["LatestRevision"] == "3"
    (item,) = call(ADA, "ListRevenueAttributions")["RevenueAttributionSummaries"]
    assert item["TotalActiveRevenueAttributionAllocationCount"] == 1
    share = call(ADA, "CreateMarketplaceRevenueShare", Products=PRODUCTS)["Id"]
    call(ADA, "UpdateMarketplaceRevenueShare", Identifier=share, Revision="1", Products=PRODUCTS)
    above = {"MarketplaceRevenueShareIdentifier": share, "MarketplaceRevenueShareRevision": "2"}
    months = {"EffectiveFrom": "2025-11-01", "EffectiveUntil": "2025-11-30", "RevenueSharePercent": "5"}
    below = call(ADA, "CreateMarketplaceRevenueShareAllocation", **above, **months)
    one = {"MarketplaceRevenueShareAllocationId": below["MarketplaceRevenueShareAllocationId"]}
    call(ADA, "UpdateMarketplaceRevenueShareAllocation", **above, **one, Status="INACTIVE")
    assert call(ADA, "GetMarketplaceRevenueShareAllocation", **above, **one)["Status"] == "INACTIVE"
    page = call(ADA, "ListMarketplaceRevenueShareAllocations", **above, StatusFilter="INACTIVE")
    assert len(page["MarketplaceRevenueShareAllocationSummaries"]) == 1
    assert call(ADA, "GetMarketplaceRevenueShare", Identifier=share)["LatestRevision"] == "2"
    assert len(call(ADA, "ListMarketplaceRevenueShares")["MarketplaceRevenueShareSummaries"]) == 1
    call.tag(made["Arn"])


@pytest.mark.parametrize(
    ("service", "play"),
    [(BENEFITS, play_benefits), (CHANNEL, play_channel), (MARKETING, play_marketing), (REVENUE, play_revenue)],
    ids=lambda each: getattr(each, "__name__", ""),
)
async def test_boto3_calls_every_operation_with_success(service: Service, play: Callable[[Player], None]):
    async with Emulator({"AWS": 20}, clock=Clock(running=False), task_seconds=60) as emulator:
        player = Player(emulator, service)
        try:
            await anyio.to_thread.run_sync(play, player)
        finally:
            for client in player.clients.values():
                client.close()
        done = {each.operation for each in emulator.requests if each.status == 200 and each.service == service.name}
        assert await anyio.to_thread.run_sync(without_a_page, emulator) == {}
    assert done == set(HANDLERS[service.name])
