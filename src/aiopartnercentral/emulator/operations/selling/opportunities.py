"""Opportunities: created by a partner, then submitted to AWS, which reviews them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import (
    FieldProblem,
    conflict,
    invalid_field,
    invalid_state,
    not_found,
    validation_failed,
)
from aiopartnercentral.emulator.operations.tagging import as_tags
from aiopartnercentral.emulator.seed.selling import arn
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.selling import REVIEWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext

# The members of an opportunity that a request replaces.
REPLACED: Final = (
    "PrimaryNeedsFromAws", "NationalSecurity", "PartnerOpportunityIdentifier", "Customer", "Project", "OpportunityType",
    "Marketing", "SoftwareRevenue",
)  # fmt: skip
# What AWS needs to review an opportunity.
_NEEDED: Final = (
    "OpportunityType", "PrimaryNeedsFromAws", "Customer.Account.CompanyName", "Customer.Account.Industry",
    "Customer.Account.Address.CountryCode", "Project.Title", "Project.CustomerBusinessProblem",
    "Project.DeliveryModels", "Project.ExpectedCustomerSpend", "LifeCycle.Stage", "LifeCycle.TargetCloseDate",
)  # fmt: skip
_LOST: Final = "Closed Lost"
_MOST_STEPS: Final = 50


def find_opportunity(context: RequestContext, identifier: str) -> dict[str, Any]:
    """Return an opportunity of the caller, or raise EmulatedServiceError."""
    found = context.own.opportunities.find(identifier)
    if found is None:
        raise not_found("OPPORTUNITY_NOT_FOUND")
    return found


def check_editable(opportunity: dict[str, Any]) -> None:
    """Raise EmulatedServiceError if AWS is reviewing an opportunity, or has rejected it."""
    status = opportunity["LifeCycle"]["ReviewStatus"]
    if status in (*REVIEWS, "Rejected"):
        raise invalid_state("LifeCycle.ReviewStatus", f"is {status}, so nothing can be changed", "ACTION_NOT_PERMITTED")


def create_opportunity(context: RequestContext) -> bytes:
    """Create an opportunity, which can then be submitted."""
    request, catalog = context.request, context.selling
    if request.get("Origin") == "AWS Referral" and catalog.name != "Sandbox":
        raise invalid_field("Origin", "can be AWS Referral in the catalog Sandbox only", "ACTION_NOT_PERMITTED")
    life_cycle = dict(request.get("LifeCycle", {}))
    _check_life_cycle(life_cycle, context.now)
    tags = as_tags(request.get("Tags", ()), "Tags")
    item = add_opportunity(
        context,
        request,
        origin=request.get("Origin", "Partner Referral"),
        review="Pending Submission",
        tags=tags,
    )
    response = {"Id": item["Id"], "LastModifiedDate": item["LastModifiedDate"]}
    if "PartnerOpportunityIdentifier" in request:
        response["PartnerOpportunityIdentifier"] = request["PartnerOpportunityIdentifier"]
    return encode(response)


def add_opportunity(
    context: RequestContext, members: Mapping[str, Any], *, origin: str, review: str, tags: dict[str, str]
) -> dict[str, Any]:
    """Add an opportunity of the caller, and return it."""
    catalog, now = context.selling, format_timestamp(context.now)
    identifier = catalog.opportunity_id()
    item = {
        "Catalog": catalog.name,
        "Id": identifier,
        "Arn": arn(context.account, catalog.name, "opportunity", identifier),
        **{name: members[name] for name in (*REPLACED, "OpportunityTeam") if name in members},
        "LifeCycle": _with_steps({}, dict(members.get("LifeCycle", {})), now) | {"ReviewStatus": review},
        "CreatedDate": now,
        "LastModifiedDate": now,
        "RelatedEntityIdentifiers": {},
        "Origin": origin,
    }
    context.own.opportunities.add(item)
    context.own.tags[item["Arn"]] = tags
    return item


def get_opportunity(context: RequestContext) -> bytes:
    """Return one opportunity."""
    found = find_opportunity(context, context.request["Identifier"])
    return encode(context.service.validator.known("GetOpportunityResponse", found))


def update_opportunity(context: RequestContext) -> bytes:
    """Replace an opportunity; a member that the request does not have is removed.

    One for which action is required is submitted again by this.
    """
    request, before = context.request, find_opportunity(context, context.request["Identifier"])
    if datetime.fromisoformat(request["LastModifiedDate"]) != datetime.fromisoformat(before["LastModifiedDate"]):
        raise conflict("OPPORTUNITY_HAS_CHANGED_SINCE_LAST_MODIFIED_DATE")
    check_editable(before)
    life_cycle, status = dict(request.get("LifeCycle", {})), before["LifeCycle"]["ReviewStatus"]
    kept_date = before["LifeCycle"].get("TargetCloseDate")
    _check_life_cycle(life_cycle, context.now, kept_date=kept_date)
    now = format_timestamp(context.now)
    again = status == "Action Required"
    changed = {name: value for name, value in before.items() if name not in REPLACED} | {
        **{name: request[name] for name in REPLACED if name in request},
        "LifeCycle": _with_steps(before["LifeCycle"], life_cycle, now)
        | {"ReviewStatus": "Submitted" if again else status},
    }
    if again:
        _check_complete(changed)
    changed = context.selling.change_opportunity(context.account, changed, context.now)
    if again:
        context.selling.start_review(context.account, changed["Id"], context.now, context.state.task_time)
    return encode({name: changed[name] for name in ("Id", "LastModifiedDate")})


def assign_opportunity(context: RequestContext) -> bytes:
    """Make a person the first one of an opportunity's team."""
    item = find_opportunity(context, context.request["Identifier"])
    check_editable(item)
    assignee = context.request["Assignee"]
    others = [each for each in item.get("OpportunityTeam", ()) if each.get("Email") != assignee["Email"]]
    team = [assignee, *others][: context.service.shapes["PartnerOpportunityTeamMembersList"]["max"]]
    context.selling.change_opportunity(context.account, item | {"OpportunityTeam": team}, context.now)
    return encode({})


def submit_opportunity(context: RequestContext) -> bytes:
    """Submit an opportunity for review."""
    request = context.request
    submit(context, request["Identifier"], request["InvolvementType"], request.get("Visibility", "Full"))
    return encode({})


def submit(context: RequestContext, identifier: str, involvement: str, visibility: str) -> None:
    """Submit an opportunity for review, or raise EmulatedServiceError."""
    item = find_opportunity(context, identifier)
    status = item["LifeCycle"]["ReviewStatus"]
    if status != "Pending Submission":
        raise invalid_state("LifeCycle.ReviewStatus", f"is {status}, not Pending Submission")
    _check_complete(item)
    submitted = item | {
        "LifeCycle": item["LifeCycle"] | {"ReviewStatus": "Submitted"},
        "InvolvementType": involvement,
        "Visibility": visibility,
    }
    context.selling.change_opportunity(context.account, submitted, context.now)
    context.selling.start_review(context.account, identifier, context.now, context.state.task_time)


def get_aws_opportunity_summary(context: RequestContext) -> bytes:
    """Return what AWS has of an opportunity that it has approved."""
    item = find_opportunity(context, context.request["RelatedOpportunityIdentifier"])
    if item["LifeCycle"]["ReviewStatus"] != "Approved":
        raise not_found("AWS_OPPORTUNITY_NOT_FOUND")
    related = item["RelatedEntityIdentifiers"]
    summary = {
        **item,
        "RelatedOpportunityId": item["Id"],
        # Its next steps and their history are the partner's own; the stages of a partner are stages of AWS, too.
        "LifeCycle": {
            name: item["LifeCycle"][name] for name in ("Stage", "TargetCloseDate") if name in item["LifeCycle"]
        },
        "RelatedEntityIds": related,
    }
    summary.pop("OpportunityTeam", None)
    summary.pop("SoftwareRevenue", None)
    return encode(context.service.validator.known("GetAwsOpportunitySummaryResponse", summary))


def _check_life_cycle(life_cycle: Mapping[str, Any], now: datetime, *, kept_date: str | None = None) -> None:
    """Raise EmulatedServiceError for a date in the past, or a lost opportunity without a reason."""
    problems = []
    closes = life_cycle.get("TargetCloseDate")
    if closes is not None and closes != kept_date and closes < f"{now:%Y-%m-%d}":
        problems.append(FieldProblem("LifeCycle.TargetCloseDate", "must not be in the past", "INVALID_VALUE"))
    if life_cycle.get("Stage") == _LOST and "ClosedLostReason" not in life_cycle:
        problems.append(FieldProblem("LifeCycle.ClosedLostReason", "is required", "REQUIRED_FIELD_MISSING"))
    if problems:
        raise validation_failed(problems)


def _with_steps(before: Mapping[str, Any], life_cycle: dict[str, Any], now: str) -> dict[str, Any]:
    """Return a life cycle with the history of its next steps, which the service keeps."""
    history = list(before.get("NextStepsHistory", ()))
    steps = life_cycle.get("NextSteps")
    if steps and steps != before.get("NextSteps"):
        history.append({"Value": steps, "Time": now})
    changed = {**life_cycle, **({"NextStepsHistory": history[-_MOST_STEPS:]} if history else {})}
    if not history:
        changed.pop("NextStepsHistory", None)
    for name in ("ReviewComments", "ReviewStatusReason"):
        changed.pop(name, None)
        if name in before:
            changed[name] = before[name]
    return changed


def _check_complete(opportunity: Mapping[str, Any]) -> None:
    """Raise EmulatedServiceError for everything that AWS needs to review an opportunity and does not have."""
    is_secret = opportunity.get("NationalSecurity") == "Yes"
    needed = _NEEDED if is_secret else (*_NEEDED, "Customer.Account.WebsiteUrl")
    problems = [
        FieldProblem(path, "is required", "REQUIRED_FIELD_MISSING") for path in needed if not _at(opportunity, path)
    ]
    related = opportunity["RelatedEntityIdentifiers"]
    if not related.get("Solutions") and not _at(opportunity, "Project.OtherSolutionDescription"):
        message = "is required, unless a solution is associated"
        problems.append(FieldProblem("Project.OtherSolutionDescription", message, "REQUIRED_FIELD_MISSING"))
    if _at(opportunity, "LifeCycle.Stage") == _LOST:
        problems.append(FieldProblem("LifeCycle.Stage", f"must not be {_LOST}", "INVALID_VALUE"))
    if problems:
        raise validation_failed(problems)


def _at(value: Any, path: str) -> Any:  # noqa: ANN401 - JSON of any shape
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
