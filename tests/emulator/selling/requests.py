"""Valid requests of the service `selling`, and callers that send some."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulator.caller import Caller

AWS = {"Catalog": "AWS"}
_tokens = count()


def token() -> str:
    return f"token-{next(_tokens)}"


def opportunity(**members: Any) -> dict[str, Any]:
    """Return a complete opportunity: all that AWS needs to review it, apart from a solution."""
    account = {
        "Industry": "Retail",
        "CompanyName": "Byron Ltd",
        "WebsiteUrl": "https://byron.example",
        "Address": {"CountryCode": "GB", "City": "London"},
    }
    spend = {"Amount": "100.00", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}
    project = {
        "Title": "Analytical engine",
        "CustomerBusinessProblem": "The difference engine is too slow.",
        "DeliveryModels": ["SaaS or PaaS"],
        "ExpectedCustomerSpend": [spend],
        "OtherSolutionDescription": "An engine",
    }
    return {
        "Catalog": "AWS",
        "OpportunityType": "Net New Business",
        "PrimaryNeedsFromAws": ["Co-Sell - Deal Support"],
        "Customer": {"Account": account},
        "Project": project,
        "LifeCycle": {"Stage": "Qualified", "TargetCloseDate": "2026-03-01"},
        **members,
    }


def customer(**account: Any) -> dict[str, Any]:
    """Return the customer of an opportunity with other members of its account."""
    return {"Account": opportunity()["Customer"]["Account"] | account}


def project_context() -> dict[str, Any]:
    return {
        "Type": "CustomerProject",
        "Payload": {
            "CustomerProject": {
                "Customer": {
                    "Industry": "Retail",
                    "CompanyName": "Byron Ltd",
                    "WebsiteUrl": "https://byron.example",
                    "CountryCode": "GB",
                }
            }
        },
    }


def lead(**members: Any) -> dict[str, Any]:
    contact = {"BusinessTitle": "CTO", "Email": "ada@byron.example", "FirstName": "Ada", "LastName": "Byron"}
    interaction = {"Contact": contact, "BusinessProblem": "The difference engine is too slow."}
    customer = {"CompanyName": "Byron Ltd", "WebsiteUrl": "https://byron.example", "Industry": "Looms"}
    details = {"Customer": customer, "Interactions": [interaction], **members}
    return {"Type": "Lead", "Payload": {"Lead": details}}


def invitation(receiver: str, **payload: Any) -> dict[str, Any]:
    """Return an invitation to an opportunity, or to something else."""
    customer = project_context()["Payload"]["CustomerProject"]["Customer"]
    project = {
        "Title": "Analytical engine",
        "BusinessProblem": "The difference engine is too slow.",
        "TargetCompletionDate": "2026-03-01",
        "ExpectedCustomerSpend": [],
    }
    details = {"ReceiverResponsibilities": ["Reseller"], "Customer": customer, "Project": project}
    return {
        "Message": "Let us work together.",
        "Receiver": {"Account": {"AwsAccountId": receiver}},
        "Payload": payload or {"OpportunityInvitation": details},
    }


async def engage(caller: Caller, **members: Any) -> str:
    made = await caller("CreateEngagement", **AWS, ClientToken=token(), **members)
    return made["Id"]


async def invite(caller: Caller, engagement: str, receiver: str, **payload: Any) -> str:
    sent = await caller(
        "CreateEngagementInvitation",
        **AWS,
        ClientToken=token(),
        EngagementIdentifier=engagement,
        Invitation=invitation(receiver, **payload),
    )
    return sent["Id"]
