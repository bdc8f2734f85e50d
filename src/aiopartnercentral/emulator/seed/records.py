"""The seeded items of `benefits`, `channel`, `marketing` and `revenue-measurement`, as functions of their index.

They refer to each other and to the opportunities of `selling`. Benefits are AWS's: all accounts see them, and there are
always ten.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs

from aiopartnercentral.emulator.seed import vocabulary
from aiopartnercentral.emulator.seed.companies import Company, make_company
from aiopartnercentral.emulator.seed.items import DAY, OLDEST_DAYS, SEED_DATE
from aiopartnercentral.emulator.seed.kinds import GOALS, OF_AWS, Item, SeededKind, money, month
from aiopartnercentral.emulator.seed.marketing import SeededMarketing
from aiopartnercentral.emulator.seed.random import DeterministicRandom, timestamp
from aiopartnercentral.emulator.seed.selling import LONGER_SALT, arn

if TYPE_CHECKING:
    from collections.abc import Mapping

FREE_DAYS: Final = 365
"""How many days a benefit allocation can be used."""
VALID_DAYS: Final = 15
"""How many days a channel handshake is valid; AWS does not publish it."""

_PER_ATTRIBUTION, _PER_SHARE, _PER_ACCOUNT = 2, 2, 4
_BENEFITS = 10
# Of so many program management accounts, one waits for the answer to its handshake.
_PER_PENDING = 4
# Of a program management account or a relationship.
_LONGEST_NAME = 30
_FULFILLMENTS: Final = (["CREDITS", "CASH", "ACCESS"], ["CREDITS"], ["CASH"], ["ACCESS"], ["CREDITS", "CASH"])
_PROGRAMS: Final = ("MAP", "POC", "MDF", "ISV_ACCELERATE", "TRAINING")
_APPLIED: Final = ("APPROVED", "PENDING_SUBMISSION", "IN_REVIEW", "APPROVED", "ACTION_REQUIRED", "REJECTED",
                   "APPROVED", "CANCELED", "PENDING_SUBMISSION")  # fmt: skip
_REASONS: Final = {"ACTION_REQUIRED": "The contact cannot be reached", "REJECTED": "The amount is zero"}
_SUPPORT: Final = ("MONITORING", "PATCHING", "SECURITY", "WELL_ARCHITECTED")


def fulfillment(kind: str, account: str, amount: float, times: tuple[str, str], random: DeterministicRandom) -> Item:
    """Return how an allocation of a benefit is fulfilled between two times."""
    value, (created, expires) = money(amount), times
    if kind == "ACCESS":
        return {"AccessDetails": {"Description": "Access to the benefit"}}
    if kind == "CASH":
        issued = {"IssuanceId": f"iss-{random.text(13)}", "IssuanceAmount": value, "IssuedAt": created}
        return {"DisbursementDetails": {"DisbursedAmount": value, "IssuanceDetails": issued}}
    code = {
        "AwsAccountId": account, "Value": value, "AwsCreditCode": f"EMULATED-{random.text(12).upper()}",
        "Status": "ACTIVE", "IssuedAt": created, "ExpiresAt": expires,
    }  # fmt: skip
    return {"CreditDetails": {"AllocatedAmount": value, "IssuedAmount": value, "Codes": [code]}}


def allocation_of(application: Item, name: str, kind: str, detail: Item, times: tuple[str, str]) -> Item:
    """Return the members of the allocation that an approved application gets, between two times."""
    created, expires = times
    return {
        "Name": name,
        "Status": "FULFILLED" if kind == "CASH" else "ACTIVE",
        "BenefitApplicationId": application["Id"],
        "BenefitId": application["BenefitId"],
        "FulfillmentType": kind,
        "FulfillmentTypes": [kind],
        "ApplicableBenefitIds": [application["BenefitId"]],
        "FulfillmentDetail": detail,
        "CreatedAt": created,
        "UpdatedAt": created,
        "StartsAt": created,
        "ExpiresAt": expires,
    }


def _period(index: int, created: str) -> tuple[str, str]:
    """Return the months of one of two allocations: the first is over, the second in the future, and can be changed."""
    return month(datetime.fromisoformat(created), 0, 3) if index % 2 == 0 else month(SEED_DATE, 2, 6)


@attrs.frozen(slots=False)
class SeededRecords(SeededMarketing):
    """The seeded items of one catalog."""

    def of(self, service: str) -> Mapping[str, SeededKind]:
        """Return the kinds of a service by the path that ARNs have for them."""
        kinds: Mapping[str, SeededKind] = getattr(self, service.removeprefix("partnercentral-").replace("-", "_"), {})
        return kinds

    # The service `revenue-measurement`.

    @cached_property
    def revenue_measurement(self) -> Mapping[str, SeededKind]:
        """The kinds of this service."""
        above = self._kind("ra", self._every(4), self._attribution)
        shares = self._kind("mrs", self._every(10), self._share)
        return {
            "revenue-attribution": above,
            "revenue-attribution-allocation": self._kind(
                "alloc", above.count * _PER_ATTRIBUTION, self._allocation, parents=above, per_parent=_PER_ATTRIBUTION
            ),
            "marketplace-revenue-share": shares,
            "allocation": self._kind(
                "mrsa", shares.count * _PER_SHARE, self._share_allocation, parents=shares, per_parent=_PER_SHARE
            ),
        }

    def _attribution(self, index: int) -> list[Item]:
        random = self._random("attribution", index)
        made = self._begin("revenue-attribution", self.revenue_measurement["revenue-attribution"], index)
        goal = random.choice(GOALS)
        made |= {
            "Name": f"{goal} {index}",
            "TenancyModel": ("MULTI_TENANT", "SINGLE_TENANT")[random.below(2)],
            "MarketplaceProduct": {"ProductId": f"prod-{random.text(13)}"},
            "Context": {"team": random.choice(vocabulary.FIELDS)},
        }
        times = self._times(random, 1 + random.below(3))
        return [
            {**made, "Revision": str(number), "Description": f"{goal}, version {number}", "CreatedDate": times[0],
             "LastModifiedDate": changed}
            for number, changed in enumerate(times, 1)
        ]  # fmt: skip

    def _allocation(self, index: int) -> list[Item]:
        random, above = self._random("allocation", index), index // _PER_ATTRIBUTION
        created = self._attribution(above)[0]["CreatedDate"]
        begins, until = _period(index, created)
        kinds = self.revenue_measurement
        return [
            {
                "RevenueAttributionAllocationId": kinds["revenue-attribution-allocation"].identify(index),
                "RevenueAttributionIdentifier": kinds["revenue-attribution"].identify(above),
                "EntityType": "OPPORTUNITY",
                "EntityIdentifier": self._selling.opportunity_ids.make(above * 4),
                "CustomerAwsAccountId": make_company(self._random("customer", above)).account_id,
                "RevenueSharePercent": f"{5 * (1 + random.below(20))}",
                "EffectiveFrom": begins,
                "EffectiveUntil": until,
                "Status": "ACTIVE",
                "CreatedDate": created,
                "LastModifiedDate": created,
                "RevenueAttributionRevision": "1",
            }
        ]

    def _share(self, index: int) -> list[Item]:
        random = self._random("share", index)
        (created,) = self._times(random)
        products = [
            {
                "ProductId": f"prod-{random.text(13)}",
                "Accounts": [
                    {"AccountType": "DEPLOYMENT", "AccountIds": [make_company(random).account_id], "Count": 1}
                ],
            }
            for _ in range(1 + random.below(2))
        ]
        members = {"Revision": "1", "Products": products, "CreatedDate": created, "LastModifiedDate": created}
        made = self._begin("marketplace-revenue-share", self.revenue_measurement["marketplace-revenue-share"], index)
        return [made | members]

    def _share_allocation(self, index: int) -> list[Item]:
        random, above = self._random("share-allocation", index), index // _PER_SHARE
        created = self._share(above)[0]["CreatedDate"]
        begins, until = _period(index, created)
        kinds = self.revenue_measurement
        return [
            {
                "MarketplaceRevenueShareAllocationId": kinds["allocation"].identify(index),
                "MarketplaceRevenueShareIdentifier": kinds["marketplace-revenue-share"].identify(above),
                "EffectiveFrom": begins,
                "EffectiveUntil": until,
                "RevenueSharePercent": f"{5 * (1 + random.below(20))}",
                "Status": ("ACTIVE", "ACTIVE", "INACTIVE")[random.below(3)],
                "CreatedDate": created,
                "LastModifiedDate": created,
            }
        ]

    # The service `channel`.

    @cached_property
    def channel(self) -> Mapping[str, SeededKind]:
        """The kinds of this service."""
        accounts = self._kind("pma", self._every(10), self._management_account)
        return {
            "program-management-account": accounts,
            "relationship": self._kind(
                "rs", accounts.count * _PER_ACCOUNT, self._relationship, parents=accounts, per_parent=_PER_ACCOUNT
            ),
            "channel-handshake": self._kind("ch", accounts.count, self._handshake),
            # For the first relationship of every second account.
            "channel-contract": self._kind("cc", -(-accounts.count // 2), self._contract),
        }

    def _manager(self, index: int) -> tuple[Company, bool, datetime]:
        """Return the company of an account, whether it is active, and when the account was created."""
        random = self._random("manager", index)
        company, is_active = make_company(random), index % _PER_PENDING != _PER_PENDING - 1
        age = DAY + random.below((OLDEST_DAYS if is_active else VALID_DAYS - 2) * DAY)
        return company, is_active, SEED_DATE - timedelta(seconds=age)

    def _management_account(self, index: int) -> list[Item]:
        random, (company, is_active, created) = self._random("management", index), self._manager(index)
        managed = index % 2 == 0
        made = self._begin(
            "program-management-account", self.channel["program-management-account"], index,
            id="id", arn="arn", catalog="catalog",
        ) | {
            "program": "MANAGED_SERVICES_PROVIDER" if managed else random.choice(("SOLUTION_PROVIDER", "DISTRIBUTION")),
            "type": "MANAGED_SERVICES" if managed else "RESALE_BILLING_TRANSFER",
            "displayName": company.name[:_LONGEST_NAME],
            "accountId": company.account_id,
            "createdAt": timestamp(created, random),
        }  # fmt: skip
        first = {**made, "revision": "1", "status": "PENDING", "updatedAt": made["createdAt"]}
        if not is_active:
            return [first]
        accepted = timestamp(created + timedelta(days=1), random)
        changes = {"revision": "2", "status": "ACTIVE", "startDate": accepted, "updatedAt": accepted}
        return [first, first | changes]

    def _relationship(self, index: int) -> list[Item]:
        random, above = self._random("relationship", index), index // _PER_ACCOUNT
        managed, kinds = above % 2 == 0 and index % _PER_ACCOUNT == 0, self.channel
        customer, (_, _, created) = make_company(random), self._manager(above)
        at = timestamp(created + (SEED_DATE - created) * (random.below(90) / 100), random)
        owner = kinds["program-management-account"].identify(above)
        path = f"program-management-account/{owner}/relationship"
        item = self._begin(path, kinds["relationship"], index, id="id", arn="arn", catalog="catalog") | {
            "revision": "1",
            "associationType": "MANAGED_SERVICES_END_CUSTOMER"
            if managed
            else random.choice(("END_CUSTOMER", "INTERNAL")),
            "associatedAccountId": customer.account_id,
            "displayName": customer.name[:_LONGEST_NAME],
            "sector": "COMMERCIAL",
            "programManagementAccountId": owner,
            "createdAt": at,
            "updatedAt": at,
            "startDate": at,
        }
        if managed:
            contract = kinds["channel-contract"].identify(above // 2)
            item |= {"accountScope": "ENTIRE_ORGANIZATION", "channelContractId": contract}
        return [item]

    def _handshake(self, index: int) -> list[Item]:
        random, (_, is_active, created) = self._random("handshake", index), self._manager(index)
        account = self._management_account(index)[-1]
        sent = timestamp(created + timedelta(minutes=5), random)
        names = {"id": "id", "arn": "arn", "catalog": "catalog"}
        return [
            self._begin("channel-handshake", self.channel["channel-handshake"], index, **names)
            | {
                "handshakeType": "PROGRAM_MANAGEMENT_ACCOUNT",
                "ownerAccountId": self.account_id,
                "senderAccountId": self.account_id,
                "senderDisplayName": f"Account {self.account_id}",
                "receiverAccountId": account["accountId"],
                "associatedResourceId": account["id"],
                "detail": {"programManagementAccountHandshakeDetail": {"program": account["program"]}},
                "createdAt": sent,
                "updatedAt": account["startDate"] if is_active else sent,
                "status": "ACCEPTED" if is_active else "PENDING",
            }
        ]

    def _contract(self, index: int) -> list[Item]:
        random, customer = self._random("contract", index), make_company(self._random("contract-customer", index))
        (relationship,) = self._relationship(2 * index * _PER_ACCOUNT)
        name, email = customer.contact
        ends = datetime.fromisoformat(relationship["startDate"]) + timedelta(days=365 * (1 + random.below(3)))
        details = {
            "legalEntityName": customer.name,
            "relationshipIdentifier": relationship["id"],
            "programManagementAccountIdentifier": relationship["programManagementAccountId"],
            "endDate": timestamp(ends, random),
            "supportedServices": [random.choice(_SUPPORT)],
            "signatoryName": name,
            "signatoryEmail": email,
        }
        names = {"id": "id", "arn": "arn", "catalog": "catalog"}
        return [
            self._begin("channel-contract", self.channel["channel-contract"], index, **names)
            | {
                "contractType": "MANAGED_SERVICES_ATTESTATION",
                "status": "PENDING",
                "createdAt": relationship["createdAt"],
                "updatedAt": relationship["createdAt"],
                "details": {"managedServicesAttestationDetails": details},
            }
        ]

    # The service `benefits`.

    @cached_property
    def benefits(self) -> Mapping[str, SeededKind]:
        """The kinds of this service."""
        applications = self._kind("benappl", self._every(5), self._application, salt=LONGER_SALT)
        granted = -(-applications.count // 3)
        return {
            "benefit": self._kind("ben", _BENEFITS, self._benefit, salt=LONGER_SALT, account=OF_AWS),
            "benefit-application": applications,
            # Every third application is approved.
            "benefit-allocation": self._kind("benalloc", granted, self._benefit_allocation, salt=LONGER_SALT),
        }

    def _benefit(self, index: int) -> list[Item]:
        goal, program = GOALS[index % len(GOALS)], _PROGRAMS[index % len(_PROGRAMS)]
        kinds = _FULFILLMENTS[index % len(_FULFILLMENTS)]
        properties = {"Amount": {"type": "number", "minimum": 0}, "Purpose": {"type": "string"}}
        members = {
            "Name": f"{goal} {program} {index + 1}",
            "Description": f"Supports projects about {goal.lower()}",
            "Programs": [program],
            "FulfillmentTypes": kinds,
            "BenefitRequestSchema": {"type": "object", "properties": properties},
            "Status": "INACTIVE" if index == _BENEFITS - 1 else "ACTIVE",
        }
        return [self._begin("benefit", self.benefits["benefit"], index) | members]

    def _application(self, index: int) -> list[Item]:
        random, kinds = self._random("application", index), self.benefits
        (benefit,) = self._benefit(random.below(_BENEFITS - 1))
        company, status, times = make_company(random), _APPLIED[index % len(_APPLIED)], self._times(random, 3)
        given, family = company.contact[0].rsplit(" ", 1)
        opportunity = self._selling.opportunity_ids.make(index * 5)
        first = self._begin("benefit-application", kinds["benefit-application"], index) | {
            "Name": f"{benefit['Name']} for {company.name}",
            "BenefitId": benefit["Id"],
            "Programs": benefit["Programs"],
            "FulfillmentTypes": [random.choice(benefit["FulfillmentTypes"])],
            "BenefitApplicationDetails": {
                "Amount": 0 if status == "REJECTED" else 100 * (1 + random.below(500)),
                "Purpose": random.choice(GOALS),
            },
            "PartnerContacts": [{"Email": company.contact[1], "FirstName": given, "LastName": family}],
            "AssociatedResources": [arn(self.account_id, self.catalog, "opportunity", opportunity)],
            "Revision": "1",
            "Status": "PENDING_SUBMISSION",
            "CreatedAt": times[0],
            "UpdatedAt": times[0],
        }
        states = {"PENDING_SUBMISSION": (), "IN_REVIEW": ("IN_REVIEW",), "CANCELED": ("CANCELED",)}
        revisions = [first]
        for number, each in enumerate(states.get(status, ("IN_REVIEW", status)), 1):
            reason = {"StatusReason": _REASONS[each]} if each in _REASONS else {}
            changes = {"Revision": str(number + 1), "Status": each, "UpdatedAt": times[number], **reason}
            revisions.append(first | changes)
        return revisions

    def _benefit_allocation(self, index: int) -> list[Item]:
        kinds, application = self.benefits, self._application(3 * index)[-1]
        kind, at = application["FulfillmentTypes"][0], application["UpdatedAt"]
        expires = timestamp(datetime.fromisoformat(at) + timedelta(days=FREE_DAYS), self._random("expires", index))
        amount, random = application["BenefitApplicationDetails"]["Amount"], self._random("fulfillment", index)
        detail = fulfillment(kind, self.account_id, amount, (at, expires), random)
        members = allocation_of(application, application["Name"][:255], kind, detail, (at, expires))
        return [self._begin("benefit-allocation", kinds["benefit-allocation"], index) | members]
