"""The seeded opportunities, solutions, engagements, invitations and snapshots, which refer to each other.

Like all seeded items, each is a pure function of (seed, catalog, index). There is an engagement for every fourth
opportunity: the owner of the data has started those with an even index, and was invited to the others by a company.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any, Final

import attrs

from aiopartnercentral.emulator.seed import vocabulary
from aiopartnercentral.emulator.seed.companies import Company, make_company
from aiopartnercentral.emulator.seed.items import DAY, OLDEST_DAYS, SEED_DATE
from aiopartnercentral.emulator.seed.random import (
    DeterministicRandom,
    NumberedIdentifiers,
    make_identifier,
    nightly_changes,
    timestamp,
)

AWS: Final = "AWS"
"""How an invitation of AWS names its receiver."""
TEMPLATE: Final = "OpportunitySummary"
"""The only template of resource snapshots."""
LONGER_SALT: Final = 9
"""The random letters and digits of the identifiers that are one character longer than most."""

VALID_DAYS: Final = 15
"""How many days an engagement invitation is valid, as AWS documents it."""
_ANSWER_DAYS: Final = 13
OPPORTUNITIES_PER_ENGAGEMENT: Final = 4
_OPPORTUNITIES_PER_SOLUTION: Final = 10

_STAGES: Final = ("Qualified", "Technical Validation", "Business Validation", "Committed", "Launched", "Closed Lost")
_REVIEWS: Final = ("Pending Submission", "Approved", "Approved", "Approved", "Action Required", "Rejected")
_SOLUTION_STATUSES: Final = ("Active", "Active", "Active", "Inactive", "Draft")
_INVITED: Final = ("PENDING", "ACCEPTED", "ACCEPTED", "REJECTED", "EXPIRED")
INDUSTRIES: Final = ("Financial Services", "Healthcare", "Manufacturing", "Retail", "Education", "Gaming", "Mining")
_USE_CASES: Final = ("Migration", "Data analytics", "Machine learning", "Disaster recovery", "Containers")
_DELIVERY: Final = ("SaaS or PaaS", "Managed Services", "Professional Services", "Resell")
_NEEDS: Final = ("Co-Sell - Deal Support", "Co-Sell - Technical Consultation", "Co-Sell - Pricing Assistance")
_TYPES: Final = ("Net New Business", "Flat Renewal", "Expansion")
_CATEGORIES: Final = ("Software Product", "Consulting Service", "Managed Service", "Training Service")
_MESSAGE: Final = "Please join this engagement, so that we can work on the project together."


def arn(account: str, catalog: str, kind: str, identifier: str) -> str:
    """Return the ARN of an item of an account."""
    return f"arn:aws:partnercentral:us-east-1:{account}:catalog/{catalog}/{kind}/{identifier}"


def invitation_arn(account: str, catalog: str, identifier: str) -> str:
    """Return the ARN of an engagement invitation, whose form the model prescribes."""
    return f"arn:aws:partnercentral::{account}:{catalog}/engagement-invitation/{identifier}"


@attrs.frozen(slots=False)
class SeededSelling:
    """The seeded items of one catalog.

    Arguments:
        seed: seed of the generated data.
        catalog: the catalog's name.
        account_id: the AWS account that owns the items.
        opportunities: the number of opportunities; there are a quarter as many engagements and a tenth as many
            solutions.
        nightly_changes: the share of opportunities, engagements and customer accounts that each night changes.
        night: the number of nights since the date of the data.
    """

    seed: int
    catalog: str
    account_id: str
    opportunities: int
    nightly_changes: float = 0.0
    night: int = 0

    @property
    def engagements(self) -> int:
        """The number of engagements; there are as many invitations."""
        return -(-self.opportunities // OPPORTUNITIES_PER_ENGAGEMENT)

    @property
    def snapshots(self) -> int:
        """The number of snapshots."""
        return -(-self.engagements // 2)

    @property
    def solutions(self) -> int:
        """The number of solutions."""
        return -(-self.opportunities // _OPPORTUNITIES_PER_SOLUTION)

    @cached_property
    def opportunity_ids(self) -> NumberedIdentifiers:
        """The identifiers of opportunities."""
        return NumberedIdentifiers("O", f"{self.seed}/{self.catalog}/opportunity")

    @cached_property
    def solution_ids(self) -> NumberedIdentifiers:
        """The identifiers of solutions."""
        return NumberedIdentifiers("S-", f"{self.seed}/{self.catalog}/solution")

    def random(self, kind: str, index: int) -> DeterministicRandom:
        """Return the random numbers of an item."""
        return DeterministicRandom(f"{self.seed}/{self.catalog}/selling/{kind}/{index}")

    def identifier(self, prefix: str, index: int, kind: str = "", **salt: int) -> str:
        """Return the identifier of an item; those of one prefix are told apart by their kind."""
        return make_identifier(prefix, self.random(f"id-{prefix}{kind}", index), index, **salt)

    def solution(self, index: int) -> dict[str, Any]:
        """Return a solution with all members of ListSolutions."""
        random = self.random("solution", index)
        created = SEED_DATE - timedelta(seconds=random.below(OLDEST_DAYS * DAY) + DAY)
        return {
            "Catalog": self.catalog,
            "Id": self.solution_ids.make(index),
            "Name": f"{random.choice(_USE_CASES)} {random.choice(vocabulary.FIELDS)}",
            "Status": _SOLUTION_STATUSES[index % len(_SOLUTION_STATUSES)],
            "Category": random.choice(_CATEGORIES),
            "CreatedDate": timestamp(created, random),
        }

    def _active_solution(self, random: DeterministicRandom) -> int:
        number = random.below(self.solutions)
        return number - number % len(_SOLUTION_STATUSES)

    def changed(self, kind: str, index: int, item: dict[str, Any], member: str) -> int:
        """Set the time of the latest change of an item, and return how many nights have changed it."""
        key = f"{self.seed}/{self.catalog}/nights/{kind}/{index}"
        count, night = nightly_changes(key, self.nightly_changes, self.night) if self.night else (0, 0)
        if count:
            item[member] = f"{SEED_DATE + timedelta(days=night):%Y-%m-%dT%H:%M:%S}Z"
        return count

    def opportunity(self, index: int) -> dict[str, Any]:
        """Return an opportunity as the nights have changed it."""
        item = self.original_opportunity(index)
        if count := self.changed("opportunity", index, item, "LastModifiedDate"):
            life_cycle = item["LifeCycle"]
            if life_cycle["Stage"] in _STAGES[:-1]:
                life_cycle["Stage"] = _STAGES[min(_STAGES.index(life_cycle["Stage"]) + count, len(_STAGES) - 2)]
            life_cycle["NextSteps"] = f"{life_cycle['NextSteps']} ({count})"
        return item

    def original_opportunity(self, index: int) -> dict[str, Any]:
        """Return an opportunity with all members of GetOpportunity, and those that only the emulator uses."""
        random = self.random("opportunity", index)
        customer, stage = make_company(random), random.choice(_STAGES)
        age = timedelta(seconds=random.below(OLDEST_DAYS * DAY) + DAY)
        identifier = self.opportunity_ids.make(index)
        # One that has an engagement was submitted and approved.
        review = "Approved" if index % OPPORTUNITIES_PER_ENGAGEMENT == 0 else random.choice(_REVIEWS)
        life_cycle = {
            "Stage": stage,
            "ReviewStatus": review,
            "TargetCloseDate": f"{SEED_DATE + timedelta(days=30 + random.below(300)):%Y-%m-%d}",
            "NextSteps": f"Discuss {random.choice(_USE_CASES).lower()} with the customer",
        }
        if stage == "Closed Lost":
            life_cycle["ClosedLostReason"] = ("Price", "Other", "No Opportunity")[random.below(3)]
        spend = {
            "Amount": f"{100 * (1 + random.below(5_000))}.00",
            "CurrencyCode": "USD",
            "Frequency": "Monthly",
            "TargetCompany": "AWS",
        }
        title = f"{random.choice(_USE_CASES)} for {customer.name}"
        item: dict[str, Any] = {
            "Catalog": self.catalog,
            "Id": identifier,
            "Arn": arn(self.account_id, self.catalog, "opportunity", identifier),
            "PartnerOpportunityIdentifier": f"crm-{random.text(10)}",
            "PrimaryNeedsFromAws": [random.choice(_NEEDS)],
            "NationalSecurity": "No",
            "OpportunityType": random.choice(_TYPES),
            "Customer": {"Account": _customer_account(customer, random), "Contacts": [_contact(customer, random)]},
            "Project": {
                "Title": title,
                "DeliveryModels": [random.choice(_DELIVERY)],
                "ExpectedCustomerSpend": [spend],
                "CustomerBusinessProblem": f"{customer.name} wants to modernise: {title.lower()}.",
                "CustomerUseCase": random.choice(_USE_CASES),
            },
            "LifeCycle": life_cycle,
            "CreatedDate": timestamp(SEED_DATE - age, random),
            "LastModifiedDate": timestamp(SEED_DATE - age * ((1 + random.below(95)) / 100), random),
            "RelatedEntityIdentifiers": {"Solutions": [self.solution_ids.make(self._active_solution(random))]},
            "Origin": "Partner Referral",
        }
        if review != "Pending Submission":
            item |= {"InvolvementType": ("Co-Sell", "For Visibility Only")[random.below(3) == 0], "Visibility": "Full"}
        return item

    def sender(self, index: int) -> Company:
        """Return the company that has started an engagement with an odd index."""
        return make_company(self.random("sender", index))

    def is_member(self, index: int) -> bool:
        """Return whether the owner of the data is a member of an engagement."""
        return index % 2 == 0 or _INVITED[index // 2 % len(_INVITED)] == "ACCEPTED"

    def invited(self, index: int) -> tuple[str, timedelta]:
        """Return the status of an invitation, and how long before the date of the data it was sent."""
        random = self.random("invited", index)
        status = "ACCEPTED" if index % 2 == 0 else _INVITED[index // 2 % len(_INVITED)]
        age = timedelta(seconds=DAY + random.below(_ANSWER_DAYS * DAY))
        return status, age if status == "PENDING" else age + timedelta(days=VALID_DAYS + random.below(OLDEST_DAYS))

    def engagement(self, index: int) -> dict[str, Any]:
        """Return an engagement as the nights have changed it."""
        item = self.original_engagement(index)
        if count := self.changed("engagement", index, item, "ModifiedAt"):
            item["Description"] = f"{item['Description']} ({count})"
        return item

    def original_engagement(self, index: int) -> dict[str, Any]:
        """Return an engagement before any night."""
        return self.bare_engagement(index)

    def bare_engagement(self, index: int) -> dict[str, Any]:
        """Return an engagement with all members of GetEngagement, its members, and the context of its project."""
        status, age = self.invited(index)
        opportunity = self.original_opportunity(index * OPPORTUNITIES_PER_ENGAGEMENT)
        random = self.random("engagement", index)
        own = index % 2 == 0
        creator = self.account_id if own else self.sender(index).account_id
        identifier = self.identifier("eng", index, salt=LONGER_SALT)
        accepted = status == "ACCEPTED"
        modified = SEED_DATE - age * ((1 + random.below(95)) / 100 if accepted else 1)
        item: dict[str, Any] = {
            "Catalog": self.catalog,
            "Id": identifier,
            "Arn": arn(creator, self.catalog, "engagement", identifier),
            "Title": opportunity["Project"]["Title"][:40],
            "Description": f"Work on {opportunity['Project']['CustomerUseCase'].lower()}",
            "CreatedAt": timestamp(SEED_DATE - age - timedelta(hours=1), random),
            "CreatedBy": creator,
            "ModifiedAt": timestamp(modified, random),
            "ModifiedBy": self.account_id if accepted else creator,
            "Contexts": [{"Id": "1", "Type": "CustomerProject", "Payload": {"CustomerProject": project(opportunity)}}],
            "Members": [creator] if own or not accepted else [creator, self.account_id],
        }
        if own:
            item["Opportunity"] = opportunity["Id"]
        return item

    def invitation(self, index: int) -> dict[str, Any]:
        """Return an engagement invitation with all members of GetEngagementInvitation."""
        status, age = self.invited(index)
        opportunity = self.original_opportunity(index * OPPORTUNITIES_PER_ENGAGEMENT)
        engagement, random = self.bare_engagement(index), self.random("invitation", index)
        sent, identifier = SEED_DATE - age, self.identifier("engi", index)
        own = index % 2 == 0
        sender = self.account_id if own else self.sender(index).account_id
        item: dict[str, Any] = {
            "Catalog": self.catalog,
            "Id": identifier,
            "Arn": invitation_arn(sender, self.catalog, identifier),
            "PayloadType": "OpportunityInvitation",
            "EngagementId": engagement["Id"],
            "EngagementTitle": engagement["Title"],
            "EngagementDescription": engagement["Description"],
            "Status": status,
            "InvitationDate": timestamp(sent, random),
            "ExpirationDate": timestamp(sent + timedelta(days=VALID_DAYS), random),
            "SenderAwsAccountId": sender,
            "SenderCompanyName": f"Account {sender}" if own else self.sender(index).name,
            "Receiver": {"Account": {"AwsAccountId": AWS if own else self.account_id}},
            "InvitationMessage": _MESSAGE,
            "Payload": {"OpportunityInvitation": opportunity_payload(opportunity)},
        }
        if status == "REJECTED":
            item["RejectionReason"] = "Customer problem unclear"
        return item

    def snapshot(self, index: int) -> dict[str, Any]:
        """Return the snapshot of the opportunity of an engagement that the owner has started.

        The others have none: their opportunity is one of another company.
        """
        engagement = self.bare_engagement(2 * index)
        opportunity = self.original_opportunity(2 * index * OPPORTUNITIES_PER_ENGAGEMENT)
        return {
            "Id": self.identifier("snap", index),
            "Engagement": engagement["Id"],
            "Resource": opportunity["Id"],
            "Revision": 1,
            "CreatedBy": self.account_id,
            "CreatedAt": engagement["CreatedAt"],
            "Content": opportunity,
        }


def project(opportunity: dict[str, Any]) -> dict[str, Any]:
    """Return what an engagement tells of an opportunity: the payload of a CustomerProject context."""
    account, details = opportunity["Customer"]["Account"], opportunity["Project"]
    return {
        "Customer": {
            "Industry": account["Industry"],
            "CompanyName": account["CompanyName"],
            "WebsiteUrl": account["WebsiteUrl"],
            "CountryCode": account["Address"]["CountryCode"],
        },
        "Project": {
            "Title": details["Title"],
            "BusinessProblem": details["CustomerBusinessProblem"],
            "TargetCompletionDate": opportunity["LifeCycle"]["TargetCloseDate"],
        },
    }


def opportunity_payload(opportunity: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of an invitation to work on an opportunity."""
    shared = project(opportunity)
    spend = opportunity["Project"]["ExpectedCustomerSpend"]
    return {
        "ReceiverResponsibilities": ["Services Partner"],
        "Customer": shared["Customer"],
        "Project": shared["Project"] | {"ExpectedCustomerSpend": spend},
        "OpportunityType": opportunity["OpportunityType"],
    }


def _customer_account(customer: Company, random: DeterministicRandom) -> dict[str, Any]:
    country = customer.country
    return {
        "Industry": random.choice(INDUSTRIES),
        "CompanyName": customer.name,
        "WebsiteUrl": f"https://www.{customer.domain}/",
        "Address": {
            "City": f"City {random.below(100)}",
            "PostalCode": f"{random.below(10**5):05d}",
            "StateOrRegion": random.choice(country.subdivisions),
            "CountryCode": country.code,
        },
    }


def _contact(customer: Company, random: DeterministicRandom) -> dict[str, str]:
    given, family = customer.contact[0].rsplit(" ", 1)
    title = random.choice(vocabulary.TITLES)
    return {"Email": customer.contact[1], "FirstName": given, "LastName": family, "BusinessTitle": title}
