"""Partners: verification, registration, contact, domains, visibility, profile tasks, tags and qualifications."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aiopartnercentral.emulator import Clock, Emulator, Quotas
from tests.emulator.caller import Caller
from tests.emulator.workflows import CONTACT, PROFILE, code, connected, partner, token, verified

pytestmark = pytest.mark.anyio

BUSINESS = {"LegalName": "Byron Engines Ltd", "RegistrationId": "HRB 1", "CountryCode": "GB"}
REGISTRATION = {
    "LegalName": "Byron Engines Ltd",
    "PrimarySolutionType": "SOFTWARE_PRODUCTS",
    "AllianceLeadContact": CONTACT,
}


def completion_url(answer):
    return answer["VerificationResponseDetails"]["RegistrantVerificationResponse"]["CompletionUrl"]


async def test_a_business_is_verified_by_itself_after_a_while(ada, bob, frozen):
    kind = {"VerificationType": "BUSINESS_VERIFICATION"}
    assert await ada.refused("GetVerification", **kind) == "VERIFICATION_NOT_FOUND"
    begin = {"VerificationDetails": {"BusinessVerificationDetails": BUSINESS}}
    started = await ada("StartVerification", **begin)
    assert (started["VerificationStatus"], "CompletedAt" in started) == ("IN_PROGRESS", False)
    assert await ada("GetVerification", **kind) == started
    assert await ada.refused("StartVerification", **begin) == "VERIFICATION_ALREADY_IN_PROGRESS"
    frozen.clock.advance(timedelta(seconds=60))
    verified = await ada("GetVerification", **kind)
    assert (verified["VerificationStatus"], "CompletedAt" in verified) == ("SUCCEEDED", True)
    assert await ada.refused("StartVerification", **begin) == "ACCOUNT_ALREADY_VERIFIED"
    assert await bob.refused("GetVerification", **kind) == "VERIFICATION_NOT_FOUND"


async def test_a_business_that_no_register_has_is_rejected_and_can_try_again(ada, frozen):
    unknown = {"BusinessVerificationDetails": BUSINESS | {"RegistrationId": "000-0"}}
    await ada("StartVerification", VerificationDetails=unknown)
    frozen.clock.advance(timedelta(seconds=60))
    rejected = await ada("GetVerification", VerificationType="BUSINESS_VERIFICATION")
    assert rejected["VerificationStatus"] == "REJECTED"
    assert rejected["VerificationStatusReason"]
    await ada("StartVerification", VerificationDetails={"BusinessVerificationDetails": BUSINESS})


async def test_a_registrant_is_verified_after_opening_the_completion_url(ada, frozen, http):
    kind = {"VerificationType": "REGISTRANT_VERIFICATION"}
    begin = {"VerificationDetails": {"RegistrantVerificationDetails": {}}}
    started = await ada("StartVerification", **begin)
    frozen.clock.advance(timedelta(hours=1))
    assert (await ada("GetVerification", **kind))["VerificationStatus"] == "PENDING_CUSTOMER_ACTION"
    assert await ada.refused("StartVerification", **begin) == "VERIFICATION_ALREADY_IN_PROGRESS"
    assert (await http.get(completion_url(started))).json() == {"VerificationStatus": "IN_PROGRESS"}
    assert (await ada("GetVerification", **kind))["VerificationStatus"] == "IN_PROGRESS"
    frozen.clock.advance(timedelta(seconds=60))
    assert (await http.get(completion_url(started))).json() == {"VerificationStatus": "SUCCEEDED"}
    assert (await ada("GetVerification", **kind))["VerificationStatus"] == "SUCCEEDED"
    assert await ada.refused("StartVerification", **begin) == "ACCOUNT_ALREADY_VERIFIED"


async def test_a_completion_url_that_nobody_opens_in_time_fails_the_verification(ada, frozen, http):
    begin = {"VerificationDetails": {"RegistrantVerificationDetails": {}}}
    first = await ada("StartVerification", **begin)
    frozen.clock.advance(timedelta(hours=24))
    failed = await ada("GetVerification", VerificationType="REGISTRANT_VERIFICATION")
    assert failed["VerificationStatus"] == "FAILED"
    assert (
        failed["CompletedAt"]
        == first["VerificationResponseDetails"]["RegistrantVerificationResponse"]["CompletionUrlExpiresAt"]
    )
    assert (await http.get(completion_url(first))).status_code == 410
    second = await ada("StartVerification", **begin)
    assert completion_url(second) != completion_url(first)
    assert (await http.get(completion_url(first))).status_code == 404


async def test_what_is_to_be_verified_must_be_said(ada):
    refused = await ada.refused("StartVerification")
    assert refused == {("VerificationDetails", "REQUIRED_FIELD_MISSING")}


async def test_who_is_not_verified_cannot_be_a_partner(ada, frozen, http):
    async def refused(**more):
        fresh = await code(ada, frozen)
        return await ada.refused("CreatePartner", Catalog="AWS", EmailVerificationCode=fresh, **(REGISTRATION | more))

    assert await refused() == {"INCOMPATIBLE_KNOW_YOUR_BUSINESS_STATUS", "INCOMPATIBLE_IDENTITY_VERIFICATION_STATUS"}
    await verified(ada, frozen, http)
    assert await refused(LegalName="Somebody else") == {"INCOMPATIBLE_LEGAL_NAME"}


async def test_a_partner_is_in_one_catalog_and_belongs_to_one_account(ada, bob, frozen, http):
    made = await partner(ada, frozen, http, Tags=[{"Key": "team", "Value": "engines"}])
    place = {"Catalog": "AWS", "Identifier": made["Id"]}
    got = await ada("GetPartner", **place)
    assert got == {name: value for name, value in made.items() if name != "AllianceLeadContact"}
    assert await ada("GetPartner", Catalog="AWS", Identifier=made["Arn"]) == got
    (summary,) = (await ada("ListPartners", Catalog="AWS"))["PartnerSummaryList"]
    assert summary.items() <= got.items()
    assert (await ada("ListTagsForResource", ResourceArn=made["Arn"]))["Tags"] == [{"Key": "team", "Value": "engines"}]
    for one, elsewhere in ((ada, "Sandbox"), (bob, "AWS")):
        assert await one.refused("GetPartner", Catalog=elsewhere, Identifier=made["Id"]) == "PARTNER_NOT_FOUND"
        assert (await one("ListPartners", Catalog=elsewhere))["PartnerSummaryList"] == []
    again = {**REGISTRATION, "Catalog": "AWS", "EmailVerificationCode": await code(ada, frozen)}
    assert await ada.refused("CreatePartner", **again) == "DUPLICATE_PARTNER"
    await partner(ada, frozen, http, catalog="Sandbox")
    await verified(bob, frozen, http)
    again["EmailVerificationCode"] = await code(bob, frozen)
    assert await bob.refused("CreatePartner", **again) == "DUPLICATE_PARTNER"


async def test_a_code_is_good_once_for_its_address_and_for_a_while(ada, frozen, http):
    await verified(ada, frozen, http)
    wrong = {("EmailVerificationCode", "INVALID_VALUE")}

    async def refused(one, number):
        return await one.refused("CreatePartner", **REGISTRATION, Catalog="AWS", EmailVerificationCode=number)

    first = await code(ada, frozen)
    second = await code(ada, frozen)
    other = await code(ada, frozen, email="other@byron.example")
    assert first != second
    for number in (first, other):
        assert await refused(ada, number) == wrong
    frozen.clock.advance(timedelta(minutes=15))
    assert await refused(ada, second) == wrong
    assert frozen.codes == []
    third = await code(ada, frozen)
    made = await ada("CreatePartner", **REGISTRATION, Catalog="AWS", EmailVerificationCode=third)
    change = {"Catalog": "AWS", "Identifier": made["Id"], "AllianceLeadContact": CONTACT}
    assert await ada.refused("PutAllianceLeadContact", **change, EmailVerificationCode=third) == wrong


async def test_only_so_many_codes_go_to_one_address_a_day(ada, frozen):
    for _ in range(5):
        await code(ada, frozen)
    refused = await ada.refused("SendEmailVerificationCode", Catalog="AWS", Email=CONTACT["Email"])
    assert refused == "LIMIT_EXCEEDED_NUMBER_OF_EMAIL"
    await code(ada, frozen, email="other@byron.example")
    frozen.clock.advance(timedelta(days=1))
    await code(ada, frozen)


async def test_a_contact_is_replaced_and_another_address_verified(ada, frozen, http):
    made = await partner(ada, frozen, http)
    place = {"Catalog": "AWS", "Identifier": made["Id"]}
    promoted = CONTACT | {"BusinessTitle": "Programmer"}
    await ada("PutAllianceLeadContact", **place, AllianceLeadContact=promoted)
    assert (await ada("GetAllianceLeadContact", **place))["AllianceLeadContact"] == promoted
    moved = promoted | {"Email": "ada@engines.example"}
    wrong = {("EmailVerificationCode", "INVALID_VALUE")}
    assert await ada.refused("PutAllianceLeadContact", **place, AllianceLeadContact=moved) == wrong
    number = await code(ada, frozen, email=moved["Email"])
    await ada("PutAllianceLeadContact", **place, AllianceLeadContact=moved, EmailVerificationCode=number)
    assert (await ada("GetAllianceLeadContact", **place))["AllianceLeadContact"] == moved


async def test_visibility_is_set_a_few_times_a_day(ada, frozen, http):
    made = await partner(ada, frozen, http)
    place = {"Catalog": "AWS", "Identifier": made["Id"]}
    assert (await ada("GetProfileVisibility", **place))["Visibility"] == "PRIVATE"
    for visibility in ("PUBLIC", "PRIVATE", "PUBLIC", "PRIVATE", "PUBLIC"):
        answer = await ada("PutProfileVisibility", **place, Visibility=visibility)
        assert answer == await ada("GetProfileVisibility", **place)
        assert (answer["Visibility"], answer["ProfileId"]) == (visibility, made["Profile"]["ProfileId"])
    refused = await ada.refused("PutProfileVisibility", **place, Visibility="PUBLIC")
    assert refused == "LIMIT_EXCEEDED_NUMBER_OF_PROFILE_VISIBILITY_UPDATE_PER_DAY"
    frozen.clock.advance(timedelta(days=1))
    await ada("PutProfileVisibility", **place, Visibility="PRIVATE")


async def test_domains_come_and_go(ada, bob, frozen, http):
    made, theirs = await partner(ada, frozen, http, name="Ours"), await partner(bob, frozen, http, name="Theirs")
    place = {"Catalog": "AWS", "Identifier": made["Id"]}

    async def associate(one, where, email):
        return {
            "Catalog": "AWS",
            "Identifier": where["Id"],
            "Email": email,
            "EmailVerificationCode": await code(one, frozen, email=email),
        }

    operation = "AssociateAwsTrainingCertificationEmailDomain"
    for email in ("a@One.example", "b@one.example", "a@two.example"):
        await ada(operation, **await associate(ada, made, email))
    domains = (await ada("GetPartner", **place))["AwsTrainingCertificationEmailDomains"]
    assert [domain["DomainName"] for domain in domains] == ["one.example", "two.example"]
    wrong = await associate(ada, made, "a@three.example") | {"EmailVerificationCode": "abcdef"}
    assert await ada.refused(operation, **wrong) == {("EmailVerificationCode", "INVALID_STRING_FORMAT")}
    assert await bob.refused(operation, **await associate(bob, theirs, "x@one.example")) == {"INCOMPATIBLE_DOMAIN"}
    gone = {**place, "DomainName": "ONE.example"}
    await ada(f"Dis{operation[0].lower()}{operation[1:]}", **gone)
    refused = await ada.refused("DisassociateAwsTrainingCertificationEmailDomain", **gone)
    assert refused == "PARTNER_DOMAIN_NOT_FOUND"
    await ada("DisassociateAwsTrainingCertificationEmailDomain", **place, DomainName="two.example")
    assert "AwsTrainingCertificationEmailDomains" not in await ada("GetPartner", **place)
    await bob(operation, **await associate(bob, theirs, "x@one.example"))
    too_long = f"a@{'.'.join(['b' * 60] * 5)}"
    assert await ada.refused(operation, **await associate(ada, made, too_long)) == {("Email", "INVALID_VALUE")}


async def test_a_partner_has_only_so_many_domains(http):
    async with Emulator(clock=Clock(running=False), task_seconds=60, quotas=Quotas(email_domains=1)) as emulator:
        ada = Caller("111111111111", emulator.endpoint_url, http)
        made = await partner(ada, emulator, http)
        for email, refused in (("a@one.example", False), ("a@two.example", True), ("b@one.example", False)):
            request = {"Catalog": "AWS", "Identifier": made["Id"], "Email": email}
            request["EmailVerificationCode"] = await code(ada, emulator, email=email)
            operation = "AssociateAwsTrainingCertificationEmailDomain"
            if refused:
                assert await ada.refused(operation, **request) == "LIMIT_EXCEEDED_NUMBER_OF_DOMAIN"
            else:
                await ada(operation, **request)


async def test_a_profile_is_updated_while_time_passes(ada, frozen, http):
    made = await partner(ada, frozen, http)
    place = {"Catalog": "AWS", "Identifier": made["Id"]}
    assert await ada.refused("GetProfileUpdateTask", **place) == "PARTNER_PROFILE_TASK_NOT_FOUND"
    started = await ada("StartProfileUpdateTask", **place, TaskDetails=PROFILE)
    assert (started["Status"], "EndedAt" in started) == ("IN_PROGRESS", False)
    assert await ada("GetProfileUpdateTask", **place) == started
    assert await ada.refused("StartProfileUpdateTask", **place, TaskDetails=PROFILE) == "INCOMPATIBLE_PROFILE_STATE"
    assert (await ada("GetPartner", **place))["Profile"] == made["Profile"]
    frozen.clock.advance(timedelta(seconds=60))
    ended = await ada("GetProfileUpdateTask", **place)
    assert (ended["Status"], "EndedAt" in ended) == ("SUCCEEDED", True)
    profile = (await ada("GetPartner", **place))["Profile"]
    assert profile == PROFILE | {"ProfileId": made["Profile"]["ProfileId"]}
    end = {**place, "TaskId": started["TaskId"]}
    assert await ada.refused("CancelProfileUpdateTask", **end) == "INCOMPATIBLE_PARTNER_PROFILE_TASK_STATE"


async def test_an_update_without_headquarters_keeps_those_of_the_profile(ada, frozen, http):
    made = await partner(ada, frozen, http)
    place = {"Catalog": "AWS", "Identifier": made["Id"]}
    headquarters = {"Headquarters": {"CountryCode": "GB", "SubdivisionCode": "LND"}}
    for details in (PROFILE | headquarters, PROFILE):
        await ada("StartProfileUpdateTask", **place, TaskDetails=details)
        frozen.clock.advance(timedelta(seconds=60))
    profile = (await ada("GetPartner", **place))["Profile"]
    assert profile == PROFILE | headquarters | {"ProfileId": made["Profile"]["ProfileId"]}


async def test_a_canceled_update_changes_nothing(ada, frozen, http):
    made = await partner(ada, frozen, http)
    place = {"Catalog": "AWS", "Identifier": made["Id"]}
    started = await ada("StartProfileUpdateTask", **place, TaskDetails=PROFILE)
    other = await ada.refused("CancelProfileUpdateTask", **place, TaskId="pprofiletask-0000000000000")
    assert other == "PARTNER_PROFILE_TASK_NOT_FOUND"
    canceled = await ada("CancelProfileUpdateTask", **place, TaskId=started["TaskId"])
    assert canceled["Status"] == "CANCELED"
    frozen.clock.advance(timedelta(seconds=60))
    assert await ada("GetProfileUpdateTask", **place) == canceled
    assert (await ada("GetPartner", **place))["Profile"] == made["Profile"]


async def test_a_refused_profile_update_has_reasons(ada, bob, frozen, http):
    made = await partner(ada, frozen, http, name="Ours")
    await partner(bob, frozen, http, name="Theirs")
    place = {"Catalog": "AWS", "Identifier": made["Id"]}
    german = {name: PROFILE[name] for name in ("Description", "DisplayName", "WebsiteUrl")}
    bad = PROFILE | {
        "DisplayName": "Theirs",
        "WebsiteUrl": "https://nowhere.invalid/",
        "LocalizedContents": [german | {"Locale": "de-DE", "LogoUrl": "https://logo.invalid"}],
    }
    await ada("StartProfileUpdateTask", **place, TaskDetails=bad)
    frozen.clock.advance(timedelta(seconds=60))
    ended = await ada("GetProfileUpdateTask", **place)
    assert ended["Status"] == "FAILED"
    assert {(problem["Locale"], problem["Reason"]) for problem in ended["ErrorDetailList"]} == {
        ("en-GB", "INVALID_WEBSITE_URL"),
        ("de-DE", "INVALID_LOGO_URL"),
        ("en-GB", "DUPLICATE_PROFILE"),
    }
    assert (await ada("GetPartner", **place))["Profile"] == made["Profile"]


async def test_profile_updates_are_limited_and_must_not_have_duplicates(ada, frozen, http):
    made = await partner(ada, frozen, http)
    place = {"Catalog": "AWS", "Identifier": made["Id"]}
    twice = PROFILE | {"IndustrySegments": ["RETAIL", "RETAIL"]}
    refused = await ada.refused("StartProfileUpdateTask", **place, TaskDetails=twice)
    assert refused == {("TaskDetails.IndustrySegments", "DUPLICATE_VALUE")}
    for _ in range(10):
        await ada("StartProfileUpdateTask", **place, TaskDetails=PROFILE)
        frozen.clock.advance(timedelta(seconds=60))
    refused = await ada.refused("StartProfileUpdateTask", **place, TaskDetails=PROFILE)
    assert refused == "LIMIT_EXCEEDED_NUMBER_OF_PROFILE_UPDATE_PER_DAY"


async def test_tags_belong_to_partners_and_preferences_of_their_account(ada, bob, frozen, http):
    made = await partner(ada, frozen, http)
    preferences = (await ada("GetConnectionPreferences", Catalog="AWS"))["Arn"]
    for arn in (made["Arn"], preferences):
        resource = {"ResourceArn": arn}
        assert (await ada("ListTagsForResource", **resource))["Tags"] == []
        await ada("TagResource", **resource, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
        await ada("TagResource", **resource, Tags=[{"Key": "a", "Value": "2"}])
        await ada("UntagResource", **resource, TagKeys=["b", "unknown"])
        listed = await ada("ListTagsForResource", **resource)
        assert listed == {**resource, "Tags": [{"Key": "a", "Value": "2"}]}
        assert await bob.refused("ListTagsForResource", **resource) == "PARTNER_NOT_FOUND"
    twice = [{"Key": "a", "Value": "1"}] * 2
    assert await ada.refused("TagResource", ResourceArn=preferences, Tags=twice) == {("Tags", "DUPLICATE_VALUE")}
    await ada("TagResource", ResourceArn=preferences, Tags=[{"Key": str(n), "Value": ""} for n in range(199)])
    one_more = await ada.refused("TagResource", ResourceArn=preferences, Tags=[{"Key": "more", "Value": ""}])
    assert one_more == {("Tags", "TOO_MANY_VALUES")}
    for arn in (
        made["Arn"].replace("AWS", "Sandbox"),
        made["Arn"].replace("AWS", "Nowhere"),
        made["Arn"][:-1] + "Z",
        "arn:aws:partnercentral:us-east-1:111111111111:x",
    ):
        assert await ada.refused("ListTagsForResource", ResourceArn=arn) == "PARTNER_NOT_FOUND"


async def test_qualifications_are_associated_and_disassociated_while_time_passes(ada, bob, frozen, http):
    ours, theirs = await partner(ada, frozen, http, name="Ours"), await partner(bob, frozen, http, name="Theirs")
    place = {"Catalog": "AWS", "Identifier": ours["Id"]}
    primary = {"ProfileId": theirs["Profile"]["ProfileId"], "AccountId": bob.account}
    begin, end = "StartQualificationsAssociationTask", "StartQualificationsDisassociationTask"
    details = "GetQualificationsAssociationDetails"
    for task, reason in (("Association", "ASSOCIATION"), ("Disassociation", "DISASSOCIATION")):
        refused = await ada.refused(f"GetQualifications{task}Task", **place)
        assert refused == f"QUALIFICATIONS_{reason}_TASK_NOT_FOUND"
    assert await ada.refused(begin, **place, PrimaryPartner=primary) == {"MISSING_ACTIVE_SUBSIDIARY_CONNECTION"}
    await connected(ada, bob, kind="SUBSIDIARY")
    assert (await ada(details, **place))["Status"] == "NOT_ASSOCIATED"
    for _ in range(2):
        started = await ada(begin, **place, PrimaryPartner={"AccountId": bob.account})
        assert (started["Status"], started["PrimaryPartner"]) == ("IN_PROGRESS", primary)
        busy = await ada.refused(begin, **place, PrimaryPartner=primary)
        assert busy == "INCOMPATIBLE_QUALIFICATIONS_ASSOCIATION_TASK_STATE"
        assert (await ada(details, **place))["Status"] == "NOT_ASSOCIATED"
        frozen.clock.advance(timedelta(seconds=60))
        task = await ada("GetQualificationsAssociationTask", **place)
        assert (task["TaskId"], task["Status"]) == (started["TaskId"], "SUCCEEDED")
        for one, where in ((ada, ours), (bob, theirs)):
            told = await one(details, Catalog="AWS", Identifier=where["Id"])
            assert (told["Status"], told["PrimaryPartner"]) == ("ASSOCIATED", primary)
            member = {"ProfileId": ours["Profile"]["ProfileId"], "AccountId": ada.account}
            assert told["AssociatedPartners"] == [member]
        await ada(end, **place, AssociatedPartner={"ProfileId": primary["ProfileId"]})
        assert (await ada(details, **place))["Status"] == "ASSOCIATED"
        frozen.clock.advance(timedelta(seconds=60))
        task = await ada("GetQualificationsDisassociationTask", **place)
        assert (task["Status"], task["AssociatedPartner"]) == ("SUCCEEDED", primary)
        for one, where in ((ada, ours), (bob, theirs)):
            assert (await one(details, Catalog="AWS", Identifier=where["Id"]))["Status"] == "NOT_ASSOCIATED"


async def test_wrong_associations_are_refused(ada, bob, caller, frozen, http):
    carol = caller("333333333333")
    ours, theirs, hers = [
        await partner(one, frozen, http, name=name) for one, name in ((ada, "Ours"), (bob, "Theirs"), (carol, "Hers"))
    ]
    begin, end = "StartQualificationsAssociationTask", "StartQualificationsDisassociationTask"
    places = {
        one: {"Catalog": "AWS", "Identifier": where["Id"]} for one, where in ((ada, ours), (bob, theirs), (carol, hers))
    }
    for pair in ((ada, bob), (bob, carol), (ada, carol)):
        await connected(*pair, kind="SUBSIDIARY")

    async def refused(one, operation, **named):
        member = "PrimaryPartner" if operation == begin else "AssociatedPartner"
        return await one.refused(operation, **places[one], **{member: named})

    assert await refused(ada, begin) == {("PrimaryPartner", "REQUIRED_FIELD_MISSING")}
    assert await refused(ada, begin, AccountId="999999999999") == "PARTNER_PROFILE_NOT_FOUND"
    assert await refused(ada, begin, ProfileId="pprofile-0000000000000") == "PARTNER_PROFILE_NOT_FOUND"
    mixed = {"ProfileId": hers["Profile"]["ProfileId"], "AccountId": bob.account}
    assert await refused(ada, begin, **mixed) == "PARTNER_PROFILE_NOT_FOUND"
    assert await refused(ada, begin, AccountId=ada.account) == {"INCOMPATIBLE_PRIMARY_PARTNER"}
    assert await refused(ada, end, AccountId=bob.account) == {"QUALIFICATIONS_ASSOCIATION_NOT_FOUND"}
    await ada(begin, **places[ada], PrimaryPartner={"AccountId": bob.account})
    frozen.clock.advance(timedelta(seconds=60))
    assert await refused(ada, begin, AccountId=carol.account) == {"QUALIFICATIONS_ASSOCIATION_EXISTS"}
    assert await refused(bob, begin, AccountId=carol.account) == {"QUALIFICATIONS_ASSOCIATION_EXISTS"}
    assert await refused(carol, begin, AccountId=ada.account) == {"INCOMPATIBLE_PRIMARY_PARTNER"}
    assert await refused(ada, end, AccountId=carol.account) == {"INCOMPATIBLE_PRIMARY_PARTNER"}
    assert await refused(bob, end, AccountId=ada.account) == {"INCOMPATIBLE_PRIMARY_PARTNER"}


async def test_a_primary_partner_has_at_most_six(ada, caller, frozen, http):
    await partner(ada, frozen, http, name="Primary")
    for number in range(7):
        one = caller(f"{number + 2:012d}")
        made = await partner(one, frozen, http, name=f"Subsidiary {number}")
        await connected(one, ada, kind="SUBSIDIARY")
        request = {"Catalog": "AWS", "Identifier": made["Id"], "PrimaryPartner": {"AccountId": ada.account}}
        if number < 6:
            await one("StartQualificationsAssociationTask", **request, ClientToken=token())
    refused = await one.refused("StartQualificationsAssociationTask", **request)
    assert refused == {"QUALIFICATIONS_ASSOCIATION_LIMIT_EXCEEDED"}


async def test_the_seeded_partners_can_do_all_this_too(owner, frozen):
    (first, second, *_) = (await owner("ListPartners", Catalog="AWS"))["PartnerSummaryList"]
    for summary in (first, second):
        place = {"Catalog": "AWS", "Identifier": summary["Id"]}
        await owner("PutProfileVisibility", **place, Visibility="PUBLIC")
        await owner("StartProfileUpdateTask", **place, TaskDetails=PROFILE)
        frozen.clock.advance(timedelta(seconds=60))
        assert (await owner("GetPartner", **place))["Profile"]["DisplayName"] == PROFILE["DisplayName"]
    subsidiaries = await owner("ListConnections", Catalog="AWS", ConnectionType="SUBSIDIARY:ACTIVE")
    primary = next(
        {"AccountId": item["OtherParticipantAccountId"]}
        for item in subsidiaries["ConnectionSummaries"]
        if "PartnerProfile" in item["ConnectionTypes"]["SUBSIDIARY"]["OtherParticipant"]
    )
    await owner("StartQualificationsAssociationTask", Catalog="AWS", Identifier=first["Id"], PrimaryPartner=primary)
    frozen.clock.advance(timedelta(seconds=60))
    told = await owner("GetQualificationsAssociationDetails", Catalog="AWS", Identifier=first["Id"])
    assert told["PrimaryPartner"].items() >= primary.items()
