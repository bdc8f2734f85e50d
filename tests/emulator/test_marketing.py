"""The service `marketing`, in CBOR: draft campaigns."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aiopartnercentral import marketing
from aiopartnercentral.emulator.services import MARKETING
from tests.emulator.caller import Caller

pytestmark = pytest.mark.anyio
AWS = {"Catalog": "AWS"}
TEMPLATE = "tmpl-0123456789abc"


@pytest.fixture
def caller(http, frozen):
    return lambda account: Caller(account, frozen.endpoint_url, http, MARKETING)


async def create(caller, name, **members):
    return await caller("CreateCampaign", **AWS, Name=name, CampaignTemplateId=TEMPLATE, **members)


async def test_a_campaign_is_created_changed_and_deleted(ada, bob, frozen):
    budget = {"Amount": "10.50", "CurrencyCode": "EUR"}
    made = await create(ada, "Engine", TotalBudget=budget, StartOn="2025-11-01", Tags=[{"Key": "a", "Value": "1"}])
    place = {**AWS, "CampaignIdentifier": made["Arn"]}
    found = (await ada("GetCampaign", **place))["Campaign"]
    assert (found["CampaignId"], found["State"], found["TotalBudget"]) == (made["Id"], "DRAFT", budget)
    frozen.clock.advance(timedelta(seconds=1))
    assert await ada("UpdateCampaign", **place, Name="Loom") == {"Id": made["Id"]}
    changed = (await ada("GetCampaign", **place))["Campaign"]
    assert (changed["Name"], changed["StartOn"]) == ("Loom", "2025-11-01")
    assert changed["UpdatedAt"] - changed["CreatedAt"] == timedelta(seconds=1)
    told = {"ResourceArn": made["Arn"], "Tags": [{"Key": "a", "Value": "1"}]}
    assert await ada("ListTagsForResource", ResourceArn=made["Arn"]) == told
    for operation in ("GetCampaign", "UpdateCampaign", "DeleteCampaign"):
        assert await bob.refused(operation, **place) == "ResourceNotFoundException"
    await ada("DeleteCampaign", **place)
    assert await ada.refused("GetCampaign", **place) == "ResourceNotFoundException"
    assert await ada.refused("ListTagsForResource", ResourceArn=made["Arn"]) == "ResourceNotFoundException"


async def test_what_a_campaign_cannot_have(ada):
    file = {"S3Uri": "s3://bucket/key", "VersionId": "1"}
    for members, problem in (
        ({"EmailTarget": file}, ("EmailTarget", "FILE_REFERENCE_INVALID")),
        ({"StartOn": "2025-11-02", "EndOn": "2025-11-01"}, ("EndOn", "INVALID_VALUE")),
        ({"PrivacyPolicyUrl": "http://byron.example"}, ("PrivacyPolicyUrl", "PATTERN_MISMATCH")),
    ):
        request = {"Name": "Engine", "CampaignTemplateId": TEMPLATE, **members}
        assert await ada.refused("CreateCampaign", **AWS, **request) == {problem}


async def test_campaigns_are_filtered_ordered_and_listed_by_the_library(ada, frozen):
    ids = [(await create(ada, name))["Id"] for name in ("B", "C", "A")]

    async def found(**filters):
        return [each["CampaignId"] for each in (await ada("ListCampaigns", **AWS, **filters))["Items"]]

    assert await found() == ids
    assert await found(Name="C") == await found(CampaignIdentifiers=[ids[1]]) == ids[1:2]
    assert await found(States=["ACTIVE"]) == []
    by_name = {"SortBy": "NAME", "SortOrder": "DESCENDING"}
    assert await found(Sort=by_name) == [ids[1], ids[0], ids[2]]
    keys = {"aws_access_key_id": ada.account, "aws_secret_access_key": "any"}
    async with marketing.connect(endpoint_url=frozen.endpoint_url, **keys) as client:
        assert [each.campaign_id async for each in client.paginate.list_campaigns(catalog="AWS")] == ids
