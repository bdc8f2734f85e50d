"""The seeded customer accounts, bulk jobs, snapshot jobs and tasks, which refer to the items of `seed.selling`.

Every fifth opportunity has its customer in a customer account, and a bulk job has imported twenty of these. A bulk job
of opportunities has updated one. The tasks are those that have made the seeded engagements and opportunities.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

import attrs

from aiopartnercentral.emulator.seed.items import DAY, OLDEST_DAYS, SEED_DATE
from aiopartnercentral.emulator.seed.random import NumberedIdentifiers, timestamp
from aiopartnercentral.emulator.seed.selling import (
    INDUSTRIES,
    LONGER_SALT,
    OPPORTUNITIES_PER_ENGAGEMENT,
    TEMPLATE,
    SeededSelling,
    arn,
)

Item = dict[str, Any]

CUSTOMER_JOB: Final = "customer-account-bulk-job"
"""What the ARN of a bulk job of customer accounts calls it."""
FAILED_RECORD: Final = ("ValidationException", "The record is not valid")

_OPPORTUNITIES_PER_CUSTOMER: Final = 5
_CUSTOMERS_PER_JOB: Final = 20
_OPPORTUNITIES_PER_JOB: Final = 50
_ENGAGEMENTS_PER_LEAD: Final = 6
_ENGAGEMENTS_PER_PROSPECT: Final = 10
# Of five invitations that the owner got, the second and the third are accepted.
_ACCEPTED: Final = (1, 2)
_ENRICHMENT: Final = ("ENRICHED", "ENRICHED", "NO_MATCH_FOUND", "ENRICHED", "ACTION_REQUIRED")
_GEOS: Final = {"US": "NAMER", "BR": "LATAM", "JP": "APJ", "IN": "APJ", "AU": "APJ"}
_SEGMENTS: Final = ("Enterprise", "Mid-Market", "SMB")
_SCORES: Final = ("High", "Medium", "Low")
_CATEGORIES: Final = ("Migration", "Data and Analytics", "Security", "Generative AI")
_PROGRAMS: Final = ("Migration Acceleration Program", "Greenfield", "ISV Accelerate")
_READINESS: Final = ("SalesReady", "MarketingReady", "LowPotential")


def _per(total: int, each: int) -> int:
    return -(-max(0, total) // each)


@attrs.frozen(slots=False)
class SeededWork(SeededSelling):
    """The seeded items of one catalog, with customer accounts, jobs and tasks."""

    @cached_property
    def counts(self) -> dict[str, int]:
        """The number of items of each kind that this class adds."""
        invited, rest = divmod(self.engagements // 2, 5)
        return {
            "customer": _per(self.opportunities, _OPPORTUNITIES_PER_CUSTOMER),
            "customer_job": _per(self.opportunities, _OPPORTUNITIES_PER_CUSTOMER) // _CUSTOMERS_PER_JOB,
            "opportunity_job": _per(self.opportunities, _OPPORTUNITIES_PER_JOB),
            "snapshot_job": self.snapshots,
            "EngagementFromOpportunity": self.snapshots,
            "EngagementByAcceptingInvitation": len(_ACCEPTED) * invited + min(max(rest - 1, 0), len(_ACCEPTED)),
            "OpportunityFromEngagement": _per(
                self.opportunities - 1, _ENGAGEMENTS_PER_LEAD * OPPORTUNITIES_PER_ENGAGEMENT
            ),
            "ProspectingFromEngagement": _per(self.engagements, _ENGAGEMENTS_PER_PROSPECT),
        }

    @cached_property
    def duns(self) -> NumberedIdentifiers:
        """The D-U-N-S numbers of customer accounts."""
        return NumberedIdentifiers("", f"{self.seed}/{self.catalog}/duns")

    def _engagement_id(self, index: int) -> str:
        return self.identifier("eng", index, salt=LONGER_SALT)

    def _engaged(self, index: int) -> datetime:
        """Return a time shortly before an engagement was created, or its invitation was accepted."""
        return SEED_DATE - self.invited(index)[1] - timedelta(hours=1, minutes=1)

    def customer(self, index: int) -> Item:
        """Return a customer account as the nights have changed it, with all members of GetCustomerAccount."""
        random = self.random("customer", index)
        account = self.original_opportunity(index * _OPPORTUNITIES_PER_CUSTOMER)["Customer"]["Account"]
        job, identifier = index // _CUSTOMERS_PER_JOB, self.identifier("cust-acc", index)
        age = timedelta(seconds=random.below(OLDEST_DAYS * DAY) + DAY)
        is_imported = job < self.counts["customer_job"]
        created = self._import_time(job) + timedelta(seconds=1) if is_imported else SEED_DATE - age
        status = _ENRICHMENT[index % len(_ENRICHMENT)]
        host = account["WebsiteUrl"].removeprefix("https://www.").rstrip("/")
        item: Item = {
            "Catalog": self.catalog,
            "Id": identifier,
            "Arn": arn(self.account_id, self.catalog, "customer-account", identifier),
            "EnrichmentStatus": status,
            "PartnerAccountIdentifier": f"crm-{random.text(10)}",
            "CreatedDate": timestamp(created, random),
            "LastModifiedDate": timestamp(created + (SEED_DATE - created) * (random.below(95) / 100), random),
            "Account": {**account, "Duns": self.duns.make(index), "Domain": host},
        }
        if is_imported:
            item["Import"] = self.identifier("bulkjob", job)
        if status == "ENRICHED":
            item["AwsEnrichment"] = self._enrichment(index, account)
        elif status == "ACTION_REQUIRED":
            item |= {"ReasonCode": "PROCESSING_ERROR", "Message": "Update the account to match it again."}
        if count := self.changed("customer", index, item, "LastModifiedDate"):
            item["Account"]["OtherIndustry"] = f"Line of business {count}"
        return item

    def _enrichment(self, index: int, account: Item) -> Item:
        random, country = self.random("enrichment", index), account["Address"]["CountryCode"]
        insights = {
            "MarketplaceEngagementScore": random.choice(_SCORES),
            "SolutionCategory": random.choice(_CATEGORIES),
            "SolutionScore": random.choice(_SCORES),
        }
        return {
            "Customer": {
                "AccountName": account["CompanyName"],
                "Industry": account["Industry"],
                "Segment": random.choice(_SEGMENTS),
                "Geo": _GEOS.get(country, "EMEA"),
                "Country": country,
                "CustomerAccountPlanningQualification": ("QUALIFIED", "NOT_QUALIFIED")[random.below(2)],
                "EligiblePrograms": list(_PROGRAMS[: random.below(len(_PROGRAMS) + 1)]),
            },
            "Insights": insights,
        }

    def _import_time(self, job: int) -> datetime:
        return SEED_DATE - timedelta(seconds=self.random("import", job).below(OLDEST_DAYS * DAY) + DAY)

    def customer_job(self, index: int) -> Item:
        """Return a bulk job of customer accounts, and the results of its records."""
        first = index * _CUSTOMERS_PER_JOB
        made = [self.identifier("cust-acc", each) for each in range(first, first + _CUSTOMERS_PER_JOB)]
        begun, identifier = self._import_time(index), self.identifier("bulkjob", index)
        job = arn(self.account_id, self.catalog, CUSTOMER_JOB, identifier)
        return {"Id": identifier, "Arn": job, "DeletedCount": 0, **_job("customers", index, begun, made)}

    def opportunity_job(self, index: int) -> Item:
        """Return a bulk job that has updated an opportunity, and the results of its records."""
        updated = self.original_opportunity(index * _OPPORTUNITIES_PER_JOB)
        ended = datetime.fromisoformat(updated["LastModifiedDate"])
        identifier = self.identifier("bulkjob", index, "opportunity")
        job = _job("opportunities", index, ended - timedelta(seconds=2), [updated["Id"]])
        return {"Id": identifier, "JobId": identifier, "OperationType": "BULK_UPDATE", **job}

    def snapshot_job(self, index: int) -> Item:
        """Return the job of a snapshot; one in three is running."""
        identifier = self.identifier("job", index)
        opportunity = self.opportunity_ids.make(2 * index * OPPORTUNITIES_PER_ENGAGEMENT)
        created = timestamp(self._engaged(2 * index) + timedelta(hours=1), self.random("snapshot-job", index))
        return {
            "Catalog": self.catalog,
            "Id": identifier,
            "Arn": arn(self.account_id, self.catalog, "resource-snapshot-job", identifier),
            "Account": self.account_id,
            "EngagementId": self._engagement_id(2 * index),
            "ResourceType": "Opportunity",
            "ResourceId": opportunity,
            "ResourceArn": arn(self.account_id, self.catalog, "opportunity", opportunity),
            "ResourceSnapshotTemplateName": TEMPLATE,
            "CreatedAt": created,
            "LastSuccessfulExecutionDate": created,
            "Status": "Stopped" if index % 3 else "Running",
        }

    def _task(self, kind: str, index: int, engagement: int, made: Item, **salt: int) -> Item:
        identifier = self.identifier("task", index, kind, **salt)
        # Only the first kind makes an engagement; the others need one, or an invitation to it.
        later = timedelta(0) if kind == "EngagementFromOpportunity" else timedelta(hours=2)
        started = timestamp(self._engaged(engagement) + later, self.random(kind, index))
        return {
            "Id": identifier,
            "TaskId": identifier,
            "TaskArn": arn(self.account_id, self.catalog, "task", identifier),
            "StartTime": started,
            "TaskStatus": "COMPLETE",
            **made,
        }

    def task(self, kind: str, index: int) -> Item:
        """Return a task of a kind."""
        if kind == "EngagementFromOpportunity":
            engagement = 2 * index
            made = {
                "OpportunityId": self.opportunity_ids.make(engagement * OPPORTUNITIES_PER_ENGAGEMENT),
                "EngagementId": self._engagement_id(engagement),
                "EngagementInvitationId": self.identifier("engi", engagement),
                "ResourceSnapshotJobId": self.identifier("job", index),
            }
        elif kind == "EngagementByAcceptingInvitation":
            group, which = divmod(index, len(_ACCEPTED))
            engagement = 2 * (5 * group + _ACCEPTED[which]) + 1
            made = {
                "EngagementInvitationId": self.identifier("engi", engagement),
                "OpportunityId": self.opportunity_ids.make(engagement * OPPORTUNITIES_PER_ENGAGEMENT),
            }
        elif kind == "OpportunityFromEngagement":
            engagement = index * _ENGAGEMENTS_PER_LEAD
            made = {
                "EngagementId": self._engagement_id(engagement),
                "ContextId": "2",
                "OpportunityId": self.opportunity_ids.make(engagement * OPPORTUNITIES_PER_ENGAGEMENT + 1),
            }
        else:
            return self._prospecting(index)
        return self._task(kind, index, engagement, made)

    def _prospecting(self, index: int) -> Item:
        engagement, kind = index * _ENGAGEMENTS_PER_PROSPECT, "ProspectingFromEngagement"
        result = {
            "EngagementIdentifier": self._engagement_id(engagement),
            "EngagementContextId": self.identifier("ctx", index, salt=LONGER_SALT),
            "Status": "COMPLETED",
        }
        made = {"TaskName": f"Prospects {index + 1}", "Engagements": [result]}
        task = self._task(kind, index, engagement, made, salt=LONGER_SALT)
        ended = datetime.fromisoformat(task["StartTime"]) + timedelta(minutes=1)
        return task | {"TaskStatus": "COMPLETED", "EndTime": timestamp(ended, self.random("ended", index))}

    def original_engagement(self, index: int) -> Item:
        """Return an engagement with its project, lead and result of prospecting."""
        item = self.bare_engagement(index)
        if index % _ENGAGEMENTS_PER_LEAD == 0 and index * OPPORTUNITIES_PER_ENGAGEMENT + 1 < self.opportunities:
            _add_context(item, "Lead", self._lead(index * OPPORTUNITIES_PER_ENGAGEMENT + 1))
        if index % _ENGAGEMENTS_PER_PROSPECT == 0:
            task = self._prospecting(index // _ENGAGEMENTS_PER_PROSPECT)
            customer = item["Contexts"][0]["Payload"]["CustomerProject"]["Customer"]
            _add_context(item, "ProspectingResult", {"Aws": self._prospect(index, customer, task)})
        return item

    def _lead(self, opportunity: int) -> Item:
        told = self.original_opportunity(opportunity)
        customer, contact = told["Customer"]["Account"], told["Customer"]["Contacts"][0]
        return {
            "QualificationStatus": "Qualified",
            "Customer": {name: customer[name] for name in ("Industry", "CompanyName", "WebsiteUrl", "Address")},
            "Interactions": [{"Contact": contact, "BusinessProblem": told["Project"]["CustomerBusinessProblem"]}],
        }

    def _prospect(self, index: int, customer: Item, task: Item) -> Item:
        random = self.random("prospect", index)
        return {
            "Customer": {
                "AccountName": customer["CompanyName"],
                "Geo": _GEOS.get(customer["CountryCode"], "EMEA"),
                "Country": customer["CountryCode"],
                "Industry": customer["Industry"],
                "Segment": random.choice(_SEGMENTS),
            },
            "Insights": {
                "MarketplaceEngagementScore": random.choice(_SCORES),
                "SolutionCategory": random.choice(_CATEGORIES),
            },
            **{name: task[name] for name in ("TaskId", "TaskArn", "TaskName", "StartTime", "EndTime")},
        }

    def groups(self) -> list[Item]:
        """Return the engagement groups, in the order in which AWS recommends them: one for each industry."""
        made = []
        for index, industry in enumerate(INDUSTRIES):
            identifier = self.identifier("eng-grp", index, salt=LONGER_SALT)
            made.append(
                {
                    "Id": identifier,
                    "Arn": arn("", self.catalog, "engagement-group", identifier),
                    "Catalog": self.catalog,
                    "Name": industry,
                    "Description": f"Engagements with customers in the industry {industry}",
                    "ReadinessLevel": _READINESS[index % len(_READINESS)],
                    "Industry": industry,
                }
            )
        return made


def _add_context(engagement: Item, kind: str, payload: Item) -> None:
    contexts = engagement["Contexts"]
    contexts.append({"Id": str(len(contexts) + 1), "Type": kind, "Payload": {kind: payload}})


def _job(name: str, index: int, begun: datetime, made: list[str]) -> Item:
    """Return the members of a bulk job that has made or updated some items; some more of its records have failed."""
    failed = index % 3
    results: list[Item] = [
        {"RequestId": str(number), "Status": "SUCCEEDED", "ResourceIdentifier": identifier}
        for number, identifier in enumerate(made, 1)
    ]
    code, message = FAILED_RECORD
    results += (
        {"RequestId": str(number), "Status": "FAILED", "ErrorCode": code, "ErrorMessage": message}
        for number in range(len(made) + 1, len(made) + failed + 1)
    )
    moments = [f"{begun + timedelta(seconds=late):%Y-%m-%dT%H:%M:%S}Z" for late in (0, 1, 2)]
    return {
        "Status": "COMPLETED",
        "FileName": f"{name}-{index + 1}.csv",
        "TotalRecords": len(results),
        "ProcessedRecords": len(results),
        "SuccessCount": len(made),
        "FailureCount": failed,
        **dict(zip(("CreatedAt", "StartedAt", "CompletedAt"), moments, strict=True)),
        "Results": results,
    }
