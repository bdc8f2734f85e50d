"""The service `benefits`: applications."""

from __future__ import annotations

from itertools import count

import pytest

from aiopartnercentral import benefits
from aiopartnercentral.emulator.services import BENEFITS
from tests.emulator.caller import Caller

pytestmark = pytest.mark.anyio
AWS = {"Catalog": "AWS"}
BENEFIT = "ben-0123456789abcd"
OPPORTUNITY = "arn:aws:partnercentral:us-east-1:111111111111:catalog/AWS/opportunity/O1"
_tokens = count()


def token():
    return {"ClientToken": f"token-{next(_tokens)}"}


@pytest.fixture
def caller(http, frozen):
    return lambda account: Caller(account, frozen.endpoint_url, http, BENEFITS)


async def create(caller, **members):
    return await caller("CreateBenefitApplication", **AWS, **token(), BenefitIdentifier=BENEFIT, **members)


async def status(caller, identifier):
    return (await caller("GetBenefitApplication", **AWS, Identifier=identifier))["Status"]


async def test_an_application_is_submitted_recalled_and_canceled(ada, bob):
    details = {"Amount": 5, "Years": [2025, None], "Deep": {"text": "x"}}
    made = await create(ada, Name="Engine", BenefitApplicationDetails=details, Tags=[{"Key": "a", "Value": "1"}])
    place = {**AWS, "Identifier": made["Id"]}
    found = await ada("GetBenefitApplication", **AWS, Identifier=made["Arn"])
    assert (found["Status"], found["BenefitApplicationDetails"]) == ("PENDING_SUBMISSION", details)
    assert await bob.refused("GetBenefitApplication", **place) == "ResourceNotFoundException"
    changed = await ada("UpdateBenefitApplication", **place, **token(), Revision=made["Revision"], Name="Loom")
    assert changed["Revision"] == "2"
    refused = await ada.refused("UpdateBenefitApplication", **place, **token(), Revision="1")
    assert refused == "ConflictException"
    not_now = {("Status", "INVALID_RESOURCE_STATE")}
    assert await ada.refused("RecallBenefitApplication", **place, Reason="early") == not_now
    await ada("SubmitBenefitApplication", **place)
    assert await status(ada, made["Id"]) == "IN_REVIEW"
    assert await ada.refused("SubmitBenefitApplication", **place) == not_now
    assert await ada.refused("UpdateBenefitApplication", **place, **token(), Revision="3") == not_now
    await ada("RecallBenefitApplication", **place, Reason="wrong amount")
    found = await ada("GetBenefitApplication", **place)
    assert (found["Status"], found["StatusReason"]) == ("PENDING_SUBMISSION", "wrong amount")
    assert await ada.refused("CancelBenefitApplication", **place, ClientToken="c" * 65) == {
        ("ClientToken", "INVALID_STRING_FORMAT")
    }
    await ada("CancelBenefitApplication", **place, **token())
    assert await status(ada, made["Id"]) == "CANCELED"
    assert await ada.refused("CancelBenefitApplication", **place, **token()) == not_now
    assert await ada("ListTagsForResource", resourceArn=made["Arn"]) == {"tags": [{"Key": "a", "Value": "1"}]}


async def test_applications_are_associated_filtered_and_listed_by_the_library(ada, frozen):
    first, second = [(await create(ada, FulfillmentTypes=[each]))["Id"] for each in ("CASH", "CREDITS")]
    place = {**AWS, "BenefitApplicationIdentifier": second}
    for _ in range(2):
        told = await ada("AssociateBenefitApplicationResource", **place, ResourceArn=OPPORTUNITY)
        assert told["Revision"] == "2"

    async def found(**filters):
        page = await ada("ListBenefitApplications", **AWS, **filters)
        return [each["Id"] for each in page["BenefitApplicationSummaries"]]

    assert await found() == await found(BenefitIdentifiers=[BENEFIT]) == [first, second]
    assert await found(FulfillmentTypes=["CASH"]) == [first]
    assert await found(AssociatedResourceArns=[OPPORTUNITY]) == [second]
    assert await found(AssociatedResources=[{"ResourceIdentifier": "O1"}]) == [second]
    assert await found(Status=["APPROVED"]) == await found(Programs=["MAP"]) == []
    await ada("DisassociateBenefitApplicationResource", **place, ResourceArn=OPPORTUNITY)
    refused = await ada.refused("DisassociateBenefitApplicationResource", **place, ResourceArn=OPPORTUNITY)
    assert refused == {("ResourceArn", "INVALID_VALUE")}
    for number in range(10):
        await ada("AssociateBenefitApplicationResource", **place, ResourceArn=f"{OPPORTUNITY}{number}")
    refused = await ada.refused("AssociateBenefitApplicationResource", **place, ResourceArn=OPPORTUNITY)
    assert refused == {("ResourceArn", "TOO_MANY_VALUES")}
    keys = {"aws_access_key_id": ada.account, "aws_secret_access_key": "any"}
    async with benefits.connect(endpoint_url=frozen.endpoint_url, **keys) as client:
        assert [each.id async for each in client.paginate.list_benefit_applications(catalog="AWS")] == [first, second]


async def test_there_are_no_files(ada):
    request = {"BenefitIdentifier": BENEFIT, "FileDetails": [{"FileURI": "s3://bucket/key"}]}
    refused = await ada.refused("CreateBenefitApplication", **AWS, **token(), **request)
    assert refused == {("FileDetails", "INVALID_VALUE")}
