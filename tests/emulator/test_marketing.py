"""The service `marketing`, in CBOR: templates, campaigns, their assets and social connections."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aiopartnercentral import marketing
from aiopartnercentral.emulator.seed.records import SeededRecords
from aiopartnercentral.emulator.services import MARKETING
from tests.emulator.caller import Caller
from tests.emulator.workflows import PROFILE, partner

pytestmark = pytest.mark.anyio
AWS = {"Catalog": "AWS"}
# AWS's templates depend on the seed and the catalog.
TEMPLATE = SeededRecords(0, "AWS", "1" * 12, 0).marketing["campaign-template"].identify(0)


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


ALL = ("document", "landing-page", "email", "social-post", "banner")
GROUP = "eng-grp-0123456789abcd"
VALUES = {
    "document": {"Title": "Looms"},
    "landing-page": {"Headline": "Read it"},
    "email": {"Subject": "Looms", "Body": "<p>Read <b>it</b></p>"},
    "social-post": {"Post": "Looms"},
    "banner": {"Link": "https://looms.example"},
}


async def equip(caller, *names, **settings):
    """Create a campaign with its settings and some assets, and return its place and the identifiers of the assets."""
    ready = {
        "EndOn": "2025-12-31",
        "SenderEmail": "ada@looms.example",
        "PrivacyPolicyUrl": "https://looms.example/privacy",
        "PartnerAddress": "1 Mill, London",
        "EmailTargetEngagementGroupIds": [GROUP],
    }
    made = await create(caller, "Engine", **{name: value for name, value in (ready | settings).items() if value})
    place = {**AWS, "CampaignIdentifier": made["Id"]}
    entries = [{"SourceAssetTemplateIdentifier": name} for name in names]
    answer = await caller("BatchCreateCampaignAsset", **place, Entries=entries)
    assert answer["Errors"] == []
    return place, {each["SourceAssetTemplateId"]: each["Id"] for each in answer["Successful"]}


def texts(name):
    return [{"FieldId": field, "Value": {"Text": text}} for field, text in VALUES[name].items()]


async def fill(caller, place, ids, **sending):
    for name, identifier in ids.items():
        more = (sending or {"SendMode": "ON_ACTIVATION"}) if name in ("email", "social-post") else {}
        request = {**place, "CampaignAssetIdentifier": identifier, "FieldValues": texts(name), **more}
        assert (await caller("UpdateCampaignAsset", **request))["ActivationIssues"] == []


async def authorize(caller, http, platform="LINKEDIN"):
    answer = await caller("CreateSocialConnectionAuthorizationUrl", **AWS, Platform=platform)
    assert (await http.get(answer["AuthorizationUrl"])).status_code == 200


async def outcomes(caller, place):
    task = await caller("GetCampaignAssetActivationTask", **place)
    return task["TaskStatus"], {each["CampaignAssetId"]: each.get("Reason", each["Status"]) for each in task["Assets"]}


async def asset(caller, place, identifier):
    return (await caller("GetCampaignAsset", **place, CampaignAssetIdentifier=identifier))["Asset"]


async def test_templates_are_searched(ada, bob, frozen):
    async def found(**filters):
        page = await ada("SearchCampaignTemplates", **AWS, **filters)
        assert page["TotalResults"] == len(page["CampaignTemplates"])
        return page["CampaignTemplates"]

    every = await found()
    assert await bob("SearchCampaignTemplates", **AWS) == await ada("SearchCampaignTemplates", **AWS)
    data = [await found(SearchText=text) for text in ("data analytics", "ANALYTICS with", "data anal", "analyti", "an")]
    assert data[0] == data[3]
    assert {each["UseCase"] for each in data[0]} == {each["UseCase"] for each in data[2]} == {"Data Analytics"}
    assert data[1][0]["UseCase"] == "Data Analytics"
    assert len(data[1]) == len(every)
    assert data[4] == []
    for facet, member in (("Industry", "Industry"), ("Language", "LanguageCode"), ("Themes", "Themes")):
        value = every[0][member][0] if isinstance(every[0][member], list) else every[0][member]
        some = await found(**{facet: [value]})
        assert 0 < len(some) < len(every)
        assert all(value == each[member] or value in each[member] for each in some)
    page = await ada("SearchCampaignTemplates", **AWS, MaxResults=5)
    assert (page["TotalResults"], len(page["CampaignTemplates"])) == (len(every), 5)
    later = await ada("SearchCampaignTemplates", **AWS, MaxResults=50, NextToken=page["NextToken"])
    assert [*page["CampaignTemplates"], *later["CampaignTemplates"]] == every
    hidden = SeededRecords(0, "AWS", "1" * 12, 0).marketing["campaign-template"].identify(11)
    assert await ada.refused("GetCampaignTemplate", **AWS, Identifier=hidden) == "ResourceNotFoundException"
    request = {"Name": "Engine", "CampaignTemplateId": hidden}
    assert await ada.refused("CreateCampaign", **AWS, **request) == "ResourceNotFoundException"
    frozen.clock.advance(timedelta(days=31))
    whole = (await ada("GetCampaignTemplate", **AWS, Identifier=hidden))["CampaignTemplate"]
    assert [each["Id"] for each in whole["AssetTemplates"]] == list(ALL)
    assert len(await found()) == len(every) + 1


async def test_assets_are_made_from_the_template(ada, bob):
    place, ids = await equip(ada, *ALL)
    entries = [{"SourceAssetTemplateIdentifier": name} for name in ("email", "poster")]
    again = await ada("BatchCreateCampaignAsset", **place, Entries=entries)
    assert [each["Id"] for each in again["Successful"]] == [ids["email"]]
    assert [each["Code"] for each in again["Errors"]] == ["ResourceNotFoundException"]
    items = (await ada("ListCampaignAssets", **place))["Items"]
    assert [each["Id"] for each in items] == list(ids.values())
    assert {each["State"] for each in items} == {"INACTIVE"}
    email = await asset(ada, place, ids["email"])
    assert [each["Code"] for each in email["ActivationIssues"]] == ["REQUIRED_FIELD_MISSING"] * 2 + [
        "SEND_MODE_MISSING"
    ]
    other, _ = await equip(ada, "document")
    wrong = {**other, "CampaignAssetIdentifier": ids["email"]}
    assert await ada.refused("GetCampaignAsset", **wrong) == "ResourceNotFoundException"
    assert await bob.refused("ListCampaignAssets", **place) == "ResourceNotFoundException"
    refused = await ada.refused("BatchCreateCampaignAsset", **other, Entries=entries[:1])
    assert refused == "PREREQUISITE_ASSET_MISSING"
    assert await ada.refused("BatchCreateCampaignAsset", **other, Entries=entries[:1] * 2)


async def test_what_an_asset_cannot_be_set_to(ada):
    place, ids = await equip(ada, *ALL)
    late = datetime(2026, 1, 1, tzinfo=UTC)
    for name, field, value, code in (
        ("email", "Nothing", {"Text": "x"}, "UNKNOWN_FIELD"),
        ("email", "Subject", {"Text": "x" * 121}, "VALUE_TOO_LONG"),
        ("email", "Subject", {"LinkedAssetId": ids["document"]}, "WRONG_VALUE_TYPE"),
        ("email", "Body", {"Text": "<script>x</script>"}, "DISALLOWED_HTML_TAG"),
        ("email", "Address", {"Text": "x"}, "FIELD_SET_ON_CAMPAIGN"),
        ("banner", "Link", {"Text": "http://looms.example"}, "PATTERN_MISMATCH"),
        ("banner", "Picture", {"ImageReference": "s3://bucket/key"}, "FILE_REFERENCE_INVALID"),
        ("landing-page", "Download", {"LinkedAssetId": ids["email"]}, "INVALID_VALUE"),
    ):
        request = {**place, "CampaignAssetIdentifier": ids[name], "FieldValues": [{"FieldId": field, "Value": value}]}
        assert await ada.refused("UpdateCampaignAsset", **request) == {("FieldValues[0]", code)}
    for name, members, problem in (
        ("document", {"SendMode": "ON_ACTIVATION"}, ("SendMode", "NOT_SUPPORTED_FOR_CATEGORY")),
        ("email", {"SendMode": "SCHEDULED"}, ("ScheduledSendAt", "INVALID_VALUE")),
        ("email", {"SendMode": "SCHEDULED", "ScheduledSendAt": late}, ("ScheduledSendAt", "INVALID_VALUE")),
        ("email", {"Layout": "wide"}, ("Layout", "INVALID_VALUE")),
    ):
        request = {**place, "CampaignAssetIdentifier": ids[name], **members}
        assert await ada.refused("UpdateCampaignAsset", **request) == {problem}
    link = {"FieldId": "Download", "Value": {"LinkedAssetId": ids["document"]}}
    page = {**place, "CampaignAssetIdentifier": ids["landing-page"]}
    await ada("UpdateCampaignAsset", **page, FieldValues=[link])
    (field,) = [each for each in (await asset(ada, place, ids["landing-page"]))["FieldValues"] if "Value" in each]
    assert field["Value"] == link["Value"]
    for name in ("document", "landing-page"):
        refused = await ada.refused("DeleteCampaignAsset", **place, CampaignAssetIdentifier=ids[name])
        assert refused == "ASSET_HAS_DEPENDENTS"
    await ada("UpdateCampaignAsset", **page, FieldValues=[{"FieldId": "Download"}])
    await ada("DeleteCampaignAsset", **place, CampaignAssetIdentifier=ids["document"])
    assert "document" not in {
        each["SourceAssetTemplateId"] for each in (await ada("ListCampaignAssets", **place))["Items"]
    }


async def test_a_campaign_names_the_settings_that_its_assets_need(ada, owner):
    none = dict.fromkeys(
        ("EndOn", "SenderEmail", "PrivacyPolicyUrl", "PartnerAddress", "EmailTargetEngagementGroupIds")
    )
    place, ids = await equip(ada, "landing-page", "email", **none)
    found = (await ada("GetCampaign", **place))["Campaign"]
    settings = {each["CampaignSetting"]: each["AffectedAssetIds"] for each in found["ActivationIssues"]}
    email, both = [ids["email"]], list(ids.values())
    assert settings == {"END_ON": both, "SENDER_EMAIL": email, "EMAIL_TARGET": email, "PRIVACY_POLICY_URL": both,
                        "PARTNER_ADDRESS": email}  # fmt: skip
    request = {**place, "CampaignAssetIdentifiers": email}
    status, body = await ada.send("StartCampaignAssetActivationTask", request)
    assert (status, body["Reason"]) == (400, "CAMPAIGN_INCOMPLETE")
    assert "PartnerProfile" not in found
    campaign = (await owner("ListCampaigns", **AWS))["Items"][0]["CampaignId"]
    profile = (await owner("GetCampaign", **AWS, CampaignIdentifier=campaign))["Campaign"]["PartnerProfile"]
    assert profile["DisplayName"]
    sender = {"CampaignTemplateId": TEMPLATE, "Name": "x", "SenderEmail": "ada@elsewhere.example"}
    refused = await owner.refused("CreateCampaign", **AWS, **sender)
    assert refused == {("SenderEmail", "SENDER_DOMAIN_NOT_ALLIANCE_LEAD")}
    refused = await ada.refused("UpdateCampaign", **place, EndOn="2025-09-30")
    assert refused == {("EndOn", "INVALID_VALUE")}


async def test_a_campaign_leaves_out_what_it_cannot_have_of_a_profile(frozen, http):
    """The services allow different values: one kind of URL is that of a partner's logo, and not of a campaign's."""
    one = Caller("111111111111", frozen.endpoint_url, http)
    made = await partner(one, frozen, http)
    campaigns = Caller(one.account, frozen.endpoint_url, http, MARKETING)
    campaign = (await create(campaigns, "Engine"))["Id"]
    for number, (url, is_shown) in enumerate((("HTTPS://byron.example/", False), ("https://byron.example/", True))):
        details = {**PROFILE, "LogoUrl": url}
        request = {**AWS, "Identifier": made["Id"], "ClientToken": f"profile-{number}", "TaskDetails": details}
        await one("StartProfileUpdateTask", **request)
        frozen.clock.advance(timedelta(minutes=2))
        shown = (await campaigns("GetCampaign", **AWS, CampaignIdentifier=campaign))["Campaign"]["PartnerProfile"]
        assert shown["DisplayName"] == PROFILE["DisplayName"]
        assert ("LogoUrl" in shown) == is_shown


async def test_a_task_activates_assets_in_their_order(ada, http, frozen):
    place, ids = await equip(ada, *ALL)
    assert await ada.refused("GetCampaignAssetActivationTask", **place) == "ResourceNotFoundException"
    await fill(ada, place, ids)
    await authorize(ada, http)
    wanted = [*reversed(ids.values()), "ast-0123456789abc"]
    task = await ada("StartCampaignAssetActivationTask", **place, CampaignAssetIdentifiers=wanted)
    assert (task["TaskStatus"], len(task["Assets"])) == ("IN_PROGRESS", 6)
    one = {**place, "CampaignAssetIdentifier": ids["document"]}
    for operation, request, reason in (
        ("StartCampaignAssetActivationTask", {**place, "CampaignAssetIdentifiers": wanted},
         "CAMPAIGN_ACTIVATION_IN_PROGRESS"),
        ("UpdateCampaign", {**place, "Name": "Loom"}, "CAMPAIGN_ACTIVATION_IN_PROGRESS"),
        ("DeleteCampaign", place, "CAMPAIGN_ACTIVATION_IN_PROGRESS"),
        ("UpdateCampaignAsset", one, "ASSET_START_IN_PROGRESS"),
        ("DeactivateCampaignAsset", one, "ASSET_START_IN_PROGRESS"),
        ("DeleteCampaignAsset", one, "ASSET_START_IN_PROGRESS"),
    ):  # fmt: skip
        assert await ada.refused(operation, **request) == reason
    frozen.clock.advance(timedelta(seconds=60))
    expected = dict.fromkeys(ids.values(), "SUCCEEDED") | {wanted[-1]: "ASSET_NOT_FOUND"}
    assert await outcomes(ada, place) == ("PARTIAL_FAILURE", expected)
    email = await asset(ada, place, ids["email"])
    assert (email["State"], email["LastActivationStatus"], email["DeliveryStatus"]) == (
        "ACTIVE",
        "SUCCEEDED",
        "PENDING",
    )
    assert (await ada("GetCampaign", **place))["Campaign"]["State"] == "ACTIVE"
    assert len((await ada("ListCampaigns", **AWS, States=["ACTIVE"]))["Items"]) == 1
    frozen.clock.advance(timedelta(seconds=60))
    assert (await asset(ada, place, ids["email"]))["DeliveryStatus"] == "DELIVERED"
    sent = {**place, "CampaignAssetIdentifier": ids["email"]}
    for operation, request, reason in (
        ("UpdateCampaignAsset", sent, "ASSET_ALREADY_ACTIVE"),
        ("DeactivateCampaignAsset", sent, "ASSET_ALREADY_DELIVERED"),
        ("DeactivateCampaignAsset", one, "ASSET_NOT_DEACTIVATABLE"),
        ("DeleteCampaign", place, "CAMPAIGN_HAS_ACTIVE_ASSETS"),
        ("DeleteCampaignAsset", {**place, "CampaignAssetIdentifier": ids["banner"]}, "ASSET_ALREADY_ACTIVE"),
    ):
        assert await ada.refused(operation, **request) == reason
    again = [ids["email"], ids["document"]]
    await ada("StartCampaignAssetActivationTask", **place, CampaignAssetIdentifiers=again)
    frozen.clock.advance(timedelta(days=93))
    assert await outcomes(ada, place) == (
        "PARTIAL_FAILURE", {ids["email"]: "ASSET_ALREADY_ACTIVE", ids["document"]: "SUCCEEDED"}
    )  # fmt: skip
    assert (await ada("GetCampaign", **place))["Campaign"]["State"] == "COMPLETED"
    assert await ada.refused("UpdateCampaign", **place, Name="Loom") == "CAMPAIGN_COMPLETED"
    for name in ("document", "landing-page", "banner", "banner"):
        stopped = await ada("DeactivateCampaignAsset", **place, CampaignAssetIdentifier=ids[name])
        assert (stopped["State"], stopped["LastActivationStatus"]) == ("INACTIVE", "SUCCEEDED")
    await ada("DeleteCampaign", **place)
    assert await ada.refused("ListCampaignAssets", **place) == "ResourceNotFoundException"


async def test_why_an_asset_is_not_activated(ada, http, frozen):
    place, ids = await equip(ada, *ALL)
    at = datetime(2025, 10, 1, 2, tzinfo=UTC)

    async def reasons(*names):
        wanted = [ids[name] for name in names]
        await ada("StartCampaignAssetActivationTask", **place, CampaignAssetIdentifiers=wanted)
        status, found = await outcomes(ada, place)
        return status, [found[each] for each in wanted]

    assert await reasons("document") == ("FAILED", ["REQUIRED_FIELD_MISSING"])
    await fill(ada, place, ids, SendMode="SCHEDULED", ScheduledSendAt=at)
    assert await reasons("email", "social-post") == (
        "FAILED", ["PREREQUISITE_ASSET_NOT_ACTIVE", "SOCIAL_CONNECTION_MISSING"]
    )  # fmt: skip
    await authorize(ada, http)
    frozen.clock.advance(timedelta(minutes=59))
    assert await reasons("email", "landing-page", "social-post") == ("IN_PROGRESS", ["IN_PROGRESS"] * 3)
    frozen.clock.advance(timedelta(minutes=1))
    email = {**place, "CampaignAssetIdentifier": ids["email"]}
    assert (await asset(ada, place, ids["email"]))["ScheduledSendAt"] == at
    assert await ada.refused("DeactivateCampaignAsset", **email) == "ASSET_HAS_LOCKED_SENDS"
    later, more = await equip(ada, "social-post")
    await fill(ada, later, more, SendMode="SCHEDULED", ScheduledSendAt=at + timedelta(hours=1))
    request = {**later, "CampaignAssetIdentifiers": list(more.values())}
    await ada("StartCampaignAssetActivationTask", **request)
    frozen.clock.advance(timedelta(seconds=60))
    post = {**later, "CampaignAssetIdentifier": more["social-post"]}
    assert (await ada("DeactivateCampaignAsset", **post))["State"] == "INACTIVE"
    assert (await ada("GetCampaign", **later))["Campaign"]["State"] == "DRAFT"
    frozen.clock.advance(timedelta(hours=1))
    task = await ada("StartCampaignAssetActivationTask", **request)
    assert [each["Reason"] for each in task["Assets"]] == ["SEND_WINDOW_TOO_SOON"]
    await ada("UpdateCampaignAsset", **post, SendMode="ON_ACTIVATION")
    assert "ScheduledSendAt" not in await asset(ada, later, more["social-post"])
    frozen.clock.advance(timedelta(days=60))
    task = await ada("StartCampaignAssetActivationTask", **request)
    assert [each["Reason"] for each in task["Assets"]] == ["SOCIAL_CONNECTION_EXPIRED"]


async def test_a_social_connection_is_authorized_renewed_and_deleted(ada, bob, owner, http, frozen):
    async def found(**filters):
        return (await ada("ListSocialConnections", **AWS, **filters))["Items"]

    unused = await ada("CreateSocialConnectionAuthorizationUrl", **AWS, Platform="X")
    assert await found() == []
    for platform in ("FACEBOOK", "X"):
        await authorize(ada, http, platform)
    facebook, other = await found()
    assert (facebook["Status"], "PageName" in facebook, "ExpiresAt" in other) == ("AUTHORIZED", True, False)
    assert await found(Platform="X") == [other]
    assert (await bob("ListSocialConnections", **AWS))["Items"] == []
    assert (await ada("ListSocialConnections", Catalog="Sandbox"))["Items"] == []
    frozen.clock.advance(timedelta(days=60))
    assert [each["Status"] for each in await found()] == ["EXPIRED", "AUTHORIZED"]
    assert (await http.get(unused["AuthorizationUrl"])).status_code == 410
    await authorize(ada, http, "FACEBOOK")
    renewed, _ = await found()
    assert (renewed["Id"], renewed["Status"]) == (facebook["Id"], "AUTHORIZED")
    assert renewed["ConnectedAt"] > facebook["ConnectedAt"]
    await bob("DeleteSocialConnection", **AWS, Identifier=facebook["Id"])
    for _ in range(2):
        await ada("DeleteSocialConnection", **AWS, Identifier=facebook["Id"])
    assert await found() == [other]
    campaign = {**AWS, "CampaignIdentifier": (await create(ada, "Engine"))["Id"]}
    wrong = {"SocialConnections": {"X": [facebook["Id"]]}}
    assert await ada.refused("UpdateCampaign", **campaign, **wrong) == {("SocialConnections", "INVALID_VALUE")}
    seeded = (await owner("ListSocialConnections", **AWS))["Items"]
    await owner("DeleteSocialConnection", **AWS, Identifier=seeded[0]["Id"])
    assert (await owner("ListSocialConnections", **AWS))["Items"] == seeded[1:]


async def test_one_of_several_connections_is_chosen(owner, frozen):
    place, ids = await equip(owner, "social-post", SenderEmail=None)
    await fill(owner, place, ids)
    request = {**place, "CampaignAssetIdentifiers": list(ids.values())}
    task = await owner("StartCampaignAssetActivationTask", **request)
    assert task["Assets"][0]["Reason"] == "SOCIAL_CONNECTION_NOT_CHOSEN"
    own = (await owner("ListSocialConnections", **AWS, Platform="LINKEDIN"))["Items"]
    assert {each["Status"] for each in own} == {"AUTHORIZED", "EXPIRED"}
    for each in own:
        await owner("UpdateCampaign", **place, SocialConnections={"LINKEDIN": [each["Id"]]})
        task = await owner("StartCampaignAssetActivationTask", **request)
        expected = {"EXPIRED": "SOCIAL_CONNECTION_EXPIRED"}.get(each["Status"])
        assert task["Assets"][0].get("Reason") == expected
        frozen.clock.advance(timedelta(seconds=60))
