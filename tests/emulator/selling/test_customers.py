"""Customer accounts, their match by AWS, and the bulk jobs that read files."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from aiopartnercentral import Emulator
from aiopartnercentral.emulator import Clock
from aiopartnercentral.emulator.seed.selling_work import SeededWork
from aiopartnercentral.emulator.services import SELLING
from tests.emulator.caller import Caller
from tests.emulator.selling.requests import AWS, engage, token

pytestmark = pytest.mark.anyio
OWNER = "123456789012"


async def create(caller, **account):
    return (await caller("CreateCustomerAccount", **AWS, Account={"CompanyName": "Byron Ltd", **account}))["Id"]


async def get(caller, identifier):
    return await caller("GetCustomerAccount", **AWS, Identifier=identifier)


@pytest.mark.parametrize(
    ("account", "status", "reason"),
    [
        ({"Industry": "Retail", "Address": {"CountryCode": "GB"}}, "ENRICHED", None),
        ({"WebsiteUrl": "https://byron.invalid/"}, "NO_MATCH_FOUND", None),
        ({"Duns": "000000000"}, "ACTION_REQUIRED", "PROCESSING_ERROR"),
    ],
)
async def test_a_customer_account_is_matched_after_a_while(frozen, ada, account, status, reason):
    identifier = await create(ada, **account)
    assert (await get(ada, identifier))["EnrichmentStatus"] == "PENDING"
    frozen.clock.advance(frozen_step(frozen))
    found = await get(ada, identifier)
    assert (found["EnrichmentStatus"], found.get("ReasonCode")) == (status, reason)
    if status == "ENRICHED":
        assert found["AwsEnrichment"] == {
            "Customer": {"AccountName": "Byron Ltd", "Industry": "Retail", "Country": "GB"}
        }


def frozen_step(emulator):
    return emulator._dispatcher.state.task_time


async def test_two_accounts_with_one_number_are_duplicates_until_one_is_deleted(frozen, ada, bob):
    first, second = await create(ada, Duns="012345678"), await create(ada, Duns="012345678")
    elsewhere = await create(bob, Duns="012345678")
    frozen.clock.advance(frozen_step(frozen))
    assert (await get(bob, elsewhere))["EnrichmentStatus"] == "ENRICHED"
    assert (await get(ada, first))["EnrichmentStatus"] == "ENRICHED"
    found = await get(ada, second)
    assert found["ReasonCode"] == "DUPLICATE_CUSTOMER_MATCH"
    assert found["ExistingCustomerAccountArn"].endswith(first)
    for _ in range(2):  # deleting it again succeeds
        await ada("DeleteCustomerAccount", **AWS, Identifier=first)
    assert await ada.refused("GetCustomerAccount", **AWS, Identifier=first) == "ResourceNotFoundException"
    place = {"Identifier": second, "LastModifiedDate": found["LastModifiedDate"]}
    await ada("UpdateCustomerAccount", **AWS, **place, Account=found["Account"])
    assert await ada.refused("UpdateCustomerAccount", **AWS, **place, Account=found["Account"]) == "ConflictException"
    frozen.clock.advance(frozen_step(frozen))
    changed = await get(ada, second)
    assert changed["EnrichmentStatus"] == "ENRICHED"
    assert not {"ReasonCode", "ExistingCustomerAccountArn", "Message"} & changed.keys()


async def test_a_seeded_account_is_found_by_its_number(frozen, owner):
    seeded = SeededWork(0, "AWS", OWNER, 120).customer(7)
    assert (await get(owner, seeded["Id"]))["Account"] == seeded["Account"]
    identifier = await create(owner, Duns=seeded["Account"]["Duns"])
    frozen.clock.advance(frozen_step(frozen))
    assert (await get(owner, identifier))["ExistingCustomerAccountArn"] == seeded["Arn"]


async def test_deleting_an_imported_account_counts_for_its_job(owner):
    jobs = (await owner("ListCustomerAccountBulkJobs", **AWS))["items"]
    results = await owner("ListCustomerAccountBulkJobResults", **AWS, Identifier=jobs[0]["Id"], Status="SUCCEEDED")
    imported = [each["ResourceIdentifier"] for each in results["Results"]]
    assert len(imported) == jobs[0]["SuccessCount"]
    tree = {"EqualsTo": {"Key": "IMPORT_ID", "Value": {"StringValue": jobs[0]["Id"]}}}
    for deleted in (0, 1):
        page = await owner("SearchCustomerAccounts", **AWS, Filter=tree, MaxResults=100)
        assert [each["Id"] for each in page["CustomerAccountSummaries"]] == imported[deleted:]
        job = await owner("GetCustomerAccountBulkJob", **AWS, Identifier=jobs[0]["Id"])
        assert job["DeletedCount"] == deleted
        await owner("DeleteCustomerAccount", **AWS, Identifier=imported[0])


async def test_an_engagement_tells_what_its_customer_account_does(ada, bob):
    identifier = await create(ada, Industry="Retail", WebsiteUrl="https://byron.example", Address={"CountryCode": "GB"})
    context = {"Type": "CustomerAccount", "Payload": {"CustomerAccount": {"AccountIdentifier": identifier}}}
    engagement = await engage(ada, Contexts=[context])
    (told,) = (await ada("GetEngagement", **AWS, Identifier=engagement))["Contexts"]
    assert told["Payload"]["CustomerAccount"]["Customer"] == {
        "CompanyName": "Byron Ltd",
        "Industry": "Retail",
        "WebsiteUrl": "https://byron.example",
        "CountryCode": "GB",
    }
    request = {"ClientToken": token(), "Contexts": [context]}
    assert await bob.refused("CreateEngagement", **AWS, **request) == "ResourceNotFoundException"


ORDERS = """\
RequestId,Customer.Account.CompanyName,Project.ExpectedCustomerSpend.0.Amount,\
Project.ExpectedCustomerSpend.0.CurrencyCode,Project.ExpectedCustomerSpend.0.Frequency,\
Project.ExpectedCustomerSpend.0.TargetCompany,Project.DeliveryModels
first,Byron Ltd,100.00,USD,Monthly,AWS,Resell;Managed Services
second,"Lovelace, Sons",1.00,EUR,Yearly,AWS,Resell
,Babbage,,,,,
"""


async def started(emulator, caller, operation, **request):
    """Start a job, and let it end."""
    made = await caller(operation, **AWS, ClientToken=token(), **request)
    for _ in range(2):
        emulator.clock.advance(frozen_step(emulator))
    return made.get("JobId", made.get("Id"))


async def test_a_job_creates_and_updates_an_opportunity_for_each_record(tmp_path, http):
    (tmp_path / "mine" / "new").mkdir(parents=True)
    (tmp_path / "mine" / "new" / "orders.csv").write_text(ORDERS, encoding="utf-8")
    async with Emulator({"AWS": 0}, clock=Clock(running=False), files=tmp_path) as emulator:
        caller = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        request = {"FileURI": "s3://mine/new/orders.csv?versionId=1", "FileFormat": "CSV"}
        job = await started(emulator, caller, "StartOpportunityBulkJob", **request)
        (told,) = (await caller("ListOpportunityBulkJobs", **AWS))["OpportunityBulkJobSummaries"]
        counts = [told[name] for name in ("TotalRecords", "SuccessCount", "FailureCount")]
        assert (told["Status"], told["OperationType"], told["FileName"], counts) == (
            "COMPLETED",
            "BULK_CREATE",
            "orders.csv",
            [3, 2, 1],
        )
        results = (await caller("ListOpportunityBulkJobResults", **AWS, JobId=job))["Results"]
        assert [(each["RequestId"], each["Status"]) for each in results] == [
            ("first", "SUCCEEDED"),
            ("second", "FAILED"),
            ("3", "SUCCEEDED"),
        ]
        assert "Frequency" in results[1]["ErrorMessage"]
        assert "Yearly" not in results[1]["ErrorMessage"]
        made = await caller("GetOpportunity", **AWS, Identifier=results[0]["ResourceIdentifier"])
        assert made["Project"]["DeliveryModels"] == ["Resell", "Managed Services"]
        report = await caller("GetOpportunityBulkJobReportUrl", **AWS, JobId=job, ReportFormat="CSV")
        written = await http.get(report["Url"])
        assert written.headers["Content-Type"].startswith("text/csv")
        (row,) = csv.DictReader(StringIO(written.text))
        assert row["RequestId"] == "second"
        refused = {"JobId": job, "ReportFormat": "CSV", "ReportType": "ALL_RECORDS"}
        assert await caller.refused("GetOpportunityBulkJobReportUrl", **AWS, **refused)
        text = f"Identifier,Project.Title\n{made['Id']},Looms\nO1,Looms\n"
        (tmp_path / "mine" / "changes.csv").write_text(text, encoding="utf-8")
        presigned = "https://mine.s3.amazonaws.com/changes.csv?X-Amz-Signature=x"
        request = {"FileURI": presigned, "FileFormat": "CSV"}
        job = await started(emulator, caller, "StartOpportunityBulkJob", **request)
        results = (await caller("ListOpportunityBulkJobResults", **AWS, JobId=job))["Results"]
        assert [each["Status"] for each in results] == ["SUCCEEDED", "FAILED"]
        changed = await caller("GetOpportunity", **AWS, Identifier=made["Id"])
        assert changed["Project"] == {**made["Project"], "Title": "Looms"}
        assert changed["Customer"] == made["Customer"]


@pytest.mark.parametrize(
    "text",
    [
        None,
        b"\xff",
        "",
        "Unknown\nx\n",
        "CompanyName\nx\n",
        "Account\nx\n",
        "Tags.x.Key\nx\n",
        "Account.CompanyName.x\n",
    ],
)
async def test_a_file_that_cannot_be_processed_fails_the_job(tmp_path, http, text):
    (tmp_path / "mine").mkdir()
    if text is not None:
        raw = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "mine" / "file.csv").write_bytes(raw)
    async with Emulator({"AWS": 0}, clock=Clock(running=False), files=tmp_path) as emulator:
        caller = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        job = await started(emulator, caller, "StartCustomerAccountBulkJob", FileUri="s3://mine/file.csv")
        told = await caller("GetCustomerAccountBulkJob", **AWS, Identifier=job)
        assert told["Status"] == "FAILED"
        assert told["FailureReason"]
        assert (await caller("ListCustomerAccountBulkJobResults", **AWS, Identifier=job))["Results"] == []
        report = await caller("GetCustomerAccountBulkJobReportUrl", **AWS, Identifier=job)
        assert (await http.get(report["Url"])).text.splitlines() == [
            "RequestId,Status,ResourceIdentifier,ErrorCode,ErrorMessage"
        ]


@pytest.mark.parametrize(
    "uri",
    [
        "s3://../secret.csv",
        "s3://mine/../../secret.csv",
        "https://h/%2e%2e/secret.csv",
        "s3://mine/link.csv",
        "s3://mine/parent/secret.csv",
    ],
)
async def test_no_file_outside_of_the_directory_is_read(tmp_path, http, uri):
    (tmp_path / "files" / "mine").mkdir(parents=True)
    (tmp_path / "files" / "mine" / "link.csv").symlink_to(tmp_path / "secret.csv")
    (tmp_path / "files" / "mine" / "parent").symlink_to(tmp_path)
    (tmp_path / "secret.csv").write_text("Account.CompanyName\nSecret\n", encoding="utf-8")
    async with Emulator({"AWS": 0}, clock=Clock(running=False), files=tmp_path / "files") as emulator:
        caller = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        job = await started(emulator, caller, "StartCustomerAccountBulkJob", FileUri=uri)
        assert (await caller("GetCustomerAccountBulkJob", **AWS, Identifier=job))["Status"] == "FAILED"


async def test_a_report_is_there_once_the_job_has_ended_and_expires(frozen, http, ada):
    job = (await ada("StartCustomerAccountBulkJob", **AWS, ClientToken=token(), FileUri="s3://a/b.csv"))["Id"]
    place = {"Identifier": job}
    assert await ada.refused("GetCustomerAccountBulkJobReportUrl", **AWS, **place) == "ConflictException"
    frozen.clock.advance(frozen_step(frozen))
    url = (await ada("GetCustomerAccountBulkJobReportUrl", **AWS, **place))["Url"]
    assert (await http.get(url)).status_code == 200
    assert (await http.get(url.replace(job, "bulkjob-0000000000000"))).status_code == 403
    for wrong in ("x", "x/y", "customer_jobs/Other/1/2/3/4.csv", "customer_jobs/AWS/1/2/3/9999999999999999999.csv"):
        assert (await http.get(f"{frozen.endpoint_url}/_emulator/reports/{wrong}")).status_code == 403
    frozen.clock.advance(15 * frozen_step(frozen))
    assert (await http.get(url)).status_code == 403
    frozen.clock.advance(7 * 24 * 60 * frozen_step(frozen))
    assert (await ada("GetCustomerAccountBulkJobReportUrl", **AWS, **place))["ReportStatus"] == "EXPIRED"


async def test_a_replayed_job_has_the_file_as_it_was(tmp_path, http):
    (tmp_path / "mine").mkdir()
    file = tmp_path / "mine" / "file.csv"
    text = "Account.CompanyName,Catalog,PartnerAccountIdentifier\nByron Ltd,Other,crm-1\n"
    file.write_text(text, encoding="utf-8")
    options = {"files": tmp_path, "state": tmp_path / "state.log"}
    async with Emulator({"AWS": 0}, clock=Clock(running=False), **options) as emulator:
        caller = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        await started(emulator, caller, "StartCustomerAccountBulkJob", FileUri="s3://mine/file.csv")
        before = await caller("SearchCustomerAccounts", **AWS)
    (made,) = before["CustomerAccountSummaries"]
    # A record cannot choose another catalog.
    assert (made["Catalog"], made["PartnerAccountIdentifier"]) == ("AWS", "crm-1")
    file.unlink()
    async with Emulator({"AWS": 0}, clock=Clock(running=False), **options) as emulator:
        caller = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        assert await caller("SearchCustomerAccounts", **AWS) == before
