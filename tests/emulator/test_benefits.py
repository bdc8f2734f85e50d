"""The service `benefits`: benefits, applications and allocations."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from aiopartnercentral import benefits
from aiopartnercentral.emulator.seed.records import SeededRecords
from aiopartnercentral.emulator.services import BENEFITS
from tests.emulator.caller import Caller

pytestmark = pytest.mark.anyio
AWS = {"Catalog": "AWS"}
# AWS's benefits depend on the seed and the catalog; this one has all fulfillment types.
BENEFIT = SeededRecords(0, "AWS", "1" * 12, 0).benefits["benefit"].identify(0)
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
    assert await found(Status=["APPROVED"]) == await found(Programs=["MDF"]) == []
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


async def test_benefits_are_the_same_for_all_accounts(ada, bob):
    page = await ada("ListBenefits", **AWS)
    assert page == await bob("ListBenefits", **AWS)
    (inactive,) = [each for each in page["BenefitSummaries"] if each["Status"] == "INACTIVE"]
    assert (await ada("ListBenefits", **AWS, Status=["INACTIVE"]))["BenefitSummaries"] == [inactive]
    found = await ada("ListBenefits", **AWS, Programs=["MAP"], FulfillmentTypes=["CASH"])
    assert {each["Id"] for each in found["BenefitSummaries"]} >= {BENEFIT}
    assert "Amount" in (await ada("GetBenefit", **AWS, Identifier=BENEFIT))["BenefitRequestSchema"]["properties"]
    for identifier, members, problem in (
        ("ben-0123456789abcd", {}, "ResourceNotFoundException"),
        (inactive["Id"], {}, {("BenefitIdentifier", "INVALID_RESOURCE_STATE")}),
        (found["BenefitSummaries"][0]["Id"], {"FulfillmentTypes": ["ACCESS"]}, None),
    ):
        request = {**AWS, **token(), "BenefitIdentifier": identifier, **members}
        if problem is None:
            await ada("CreateBenefitApplication", **request)
        else:
            assert await ada.refused("CreateBenefitApplication", **request) == problem
    only_credits = next(each for each in page["BenefitSummaries"] if each["FulfillmentTypes"] == ["CREDITS"])
    request = {"BenefitIdentifier": only_credits["Id"], "FulfillmentTypes": ["CASH"]}
    refused = await ada.refused("CreateBenefitApplication", **AWS, **token(), **request)
    assert refused == {("FulfillmentTypes", "INVALID_VALUE")}


async def submit(caller, frozen, **members):
    """Create and submit an application, and return its identifier once AWS has decided."""
    made = await create(caller, **members)
    await caller("SubmitBenefitApplication", **AWS, Identifier=made["Id"])
    assert await status(caller, made["Id"]) == "IN_REVIEW"
    frozen.clock.advance(timedelta(seconds=60))
    return made["Id"]


@pytest.mark.parametrize(
    "case",
    [
        ("CREDITS", "CreditDetails", "ACTIVE", "INACTIVE"),
        ("CASH", "DisbursementDetails", "FULFILLED", "FULFILLED"),
        ("ACCESS", "AccessDetails", "ACTIVE", "INACTIVE"),
    ],
)
async def test_an_approved_application_has_an_allocation_of_its_account(case, ada, bob, frozen):
    kind, detail, first, later = case
    application = await submit(ada, frozen, FulfillmentTypes=[kind], BenefitApplicationDetails={"Amount": 250})
    assert await status(ada, application) == "APPROVED"
    filters = {"BenefitApplicationIdentifiers": [application], "BenefitIdentifiers": [BENEFIT]}
    (found,) = (await ada("ListBenefitAllocations", **AWS, **filters))["BenefitAllocationSummaries"]
    assert (found["Status"], found["FulfillmentTypes"]) == (first, [kind])
    whole = await ada("GetBenefitAllocation", **AWS, Identifier=found["Arn"])
    assert list(whole["FulfillmentDetail"]) == [detail]
    assert ("250.00" in str(whole)) == (kind != "ACCESS")
    assert (await bob("ListBenefitAllocations", **AWS))["BenefitAllocationSummaries"] == []
    assert await bob.refused("GetBenefitAllocation", **AWS, Identifier=found["Id"]) == "ResourceNotFoundException"
    frozen.clock.advance(timedelta(days=366))
    (found,) = (await ada("ListBenefitAllocations", **AWS, Status=[later]))["BenefitAllocationSummaries"]
    assert found["BenefitApplicationId"] == application
    not_now = {("Status", "INVALID_RESOURCE_STATE")}
    for operation in ("SubmitBenefitApplication", "CancelBenefitApplication"):
        assert await ada.refused(operation, **AWS, Identifier=application, **token()) == not_now


async def test_aws_returns_and_rejects_applications(ada, frozen):
    rejected = await submit(ada, frozen, BenefitApplicationDetails={"Amount": 0})
    returned = await submit(ada, frozen, PartnerContacts=[{"Email": "ada@looms.invalid"}])
    told = [await ada("GetBenefitApplication", **AWS, Identifier=each) for each in (rejected, returned)]
    assert [each["Status"] for each in told] == ["REJECTED", "ACTION_REQUIRED"]
    assert all(each["StatusReason"] for each in told)
    place = {**AWS, "Identifier": returned}
    contacts = [{"Email": "ada@looms.example"}]
    await ada("UpdateBenefitApplication", **place, **token(), Revision=told[1]["Revision"], PartnerContacts=contacts)
    await ada("SubmitBenefitApplication", **place)
    assert "StatusReason" not in await ada("GetBenefitApplication", **place)
    frozen.clock.advance(timedelta(seconds=60))
    assert await status(ada, returned) == "APPROVED"
    assert len((await ada("ListBenefitAllocations", **AWS))["BenefitAllocationSummaries"]) == 1


async def test_a_recalled_application_is_decided_only_after_it_is_submitted_again(ada, frozen):
    made = await create(ada)
    place = {**AWS, "Identifier": made["Id"]}
    await ada("SubmitBenefitApplication", **place)
    frozen.clock.advance(timedelta(seconds=30))
    await ada("RecallBenefitApplication", **place, Reason="wrong")
    await ada("SubmitBenefitApplication", **place)
    frozen.clock.advance(timedelta(seconds=30))
    assert await status(ada, made["Id"]) == "IN_REVIEW"
    frozen.clock.advance(timedelta(seconds=30))
    assert await status(ada, made["Id"]) == "APPROVED"


async def test_an_application_in_review_is_amended(ada):
    made = await create(ada, Name="Engine", BenefitApplicationDetails={"Amount": 5})
    place = {**AWS, "Identifier": made["Id"], "AmendmentReason": "more looms"}
    changes = [
        {"FieldPath": "Name", "NewValue": "Loom"},
        {"FieldPath": "$.BenefitApplicationDetails.Amount", "NewValue": "7"},
    ]
    refused = await ada.refused("AmendBenefitApplication", **place, **token(), Revision="1", Amendments=changes)
    assert refused == {("Status", "INVALID_RESOURCE_STATE")}
    await ada("SubmitBenefitApplication", **AWS, Identifier=made["Id"])
    await ada("AmendBenefitApplication", **place, **token(), Revision="2", Amendments=changes)
    found = await ada("GetBenefitApplication", **AWS, Identifier=made["Id"])
    told = (found["Name"], found["BenefitApplicationDetails"], found["Revision"], found["Status"])
    assert told == ("Loom", {"Amount": "7"}, "3", "IN_REVIEW")
    refused = await ada.refused("AmendBenefitApplication", **place, **token(), Revision="2", Amendments=changes)
    assert refused == "ConflictException"
    wrong = [{"FieldPath": "Status", "NewValue": "APPROVED"}, {"FieldPath": "Name", "NewValue": ""}]
    refused = await ada.refused("AmendBenefitApplication", **place, **token(), Revision="3", Amendments=wrong)
    assert {name for name, _ in refused} == {"Amendments[0].FieldPath", "Amendments[1].NewValue"}
