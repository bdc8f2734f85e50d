"""Benefit applications: drafts that are submitted for a review, recalled or canceled. Nothing decides on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import invalid_field, invalid_state
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of
from aiopartnercentral.emulator.operations.resources import Resource, chosen
from aiopartnercentral.emulator.seed.selling import LONGER_SALT
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record

_APPLICATIONS: Final = Resource("benefit-application", "benappl", "Id", "Revision", salt=LONGER_SALT)
_DRAFT: Final = "PENDING_SUBMISSION"
_IN_REVIEW: Final = "IN_REVIEW"
_REPLACED: Final = ("Name", "Description", "BenefitApplicationDetails", "PartnerContacts")
_MOST_RESOURCES: Final = 10


def _check_files(context: RequestContext) -> None:
    if context.request.get("FileDetails"):
        raise invalid_field("FileDetails", "refers to files, and the emulator has none")


def _find(context: RequestContext, *statuses: str, field: str = "Identifier") -> Record:
    """Return an application of the caller with one of some statuses, or raise EmulatedServiceError."""
    record = _APPLICATIONS.find(context, context.request[field])
    status = record.item["Status"]
    if status not in statuses:
        raise invalid_state("Status", f"is {status}, not {' or '.join(statuses)}")
    return record


def _told(item: dict[str, Any]) -> bytes:
    return encode({name: item[name] for name in ("Id", "Arn", "Revision")})


def create_benefit_application(context: RequestContext) -> bytes:
    """Create a draft. Its benefit is not checked: the emulator has none."""
    request, now = context.request, format_timestamp(context.now)
    _check_files(context)
    members = {
        **chosen(context, "FulfillmentTypes", "AssociatedResources", *_REPLACED),
        "BenefitId": request["BenefitIdentifier"],
        "Status": _DRAFT,
        "CreatedAt": now,
        "UpdatedAt": now,
    }
    return _told(_APPLICATIONS.add(context, members, tags=request.get("Tags", ())))


def get_benefit_application(context: RequestContext) -> bytes:
    """Return one application."""
    record = _APPLICATIONS.find(context, context.request["Identifier"])
    return encode(context.service.validator.known("GetBenefitApplicationOutput", record.item))


def update_benefit_application(context: RequestContext) -> bytes:
    """Change members of a draft; those that the request does not have stay as they are."""
    _check_files(context)
    record = _find(context, _DRAFT)
    _APPLICATIONS.check_revision(record, context.request["Revision"])
    return _told(_change(context, record, chosen(context, *_REPLACED)))


def _change(context: RequestContext, record: Record, changes: dict[str, Any]) -> dict[str, Any]:
    return _APPLICATIONS.change(record, changes | {"UpdatedAt": format_timestamp(context.now)})


def submit_benefit_application(context: RequestContext) -> bytes:
    """Submit a draft for review."""
    _change(context, _find(context, _DRAFT), {"Status": _IN_REVIEW})
    return encode({})


def recall_benefit_application(context: RequestContext) -> bytes:
    """Make an application that is in review a draft again. The reason is its StatusReason."""
    _change(context, _find(context, _IN_REVIEW), {"Status": _DRAFT, **_reason(context)})
    return encode({})


def cancel_benefit_application(context: RequestContext) -> bytes:
    """Cancel an application. The reason is its StatusReason."""
    _change(context, _find(context, _DRAFT, _IN_REVIEW), {"Status": "CANCELED", **_reason(context)})
    return encode({})


def _reason(context: RequestContext) -> dict[str, str]:
    """Return the reason of a request as the status reason, or raise EmulatedServiceError if it is too long for one."""
    if "Reason" not in context.request:
        return {}
    reason: str = context.request["Reason"]
    shape = context.service.shapes["GetBenefitApplicationOutput"]["members"]["StatusReason"]["shape"]
    for problem in context.service.validator.problems(shape, reason):
        raise invalid_field("Reason", problem.message, problem.code)
    return {"StatusReason": reason}


def associate_benefit_application_resource(context: RequestContext) -> bytes:
    """Add the ARN of a resource to an application; doing it again has no effect."""
    record = _find(context, _DRAFT, _IN_REVIEW, field="BenefitApplicationIdentifier")
    arn, before = context.request["ResourceArn"], record.item.get("AssociatedResources", [])
    if arn in before:
        return _told(record.item)
    if len(before) >= _MOST_RESOURCES:
        raise invalid_field("ResourceArn", f"would be more than {_MOST_RESOURCES} resources", "TOO_MANY_VALUES")
    return _told(_change(context, record, {"AssociatedResources": [*before, arn]}))


def disassociate_benefit_application_resource(context: RequestContext) -> bytes:
    """Remove the ARN of a resource from an application."""
    record = _find(context, _DRAFT, _IN_REVIEW, field="BenefitApplicationIdentifier")
    arn, before = context.request["ResourceArn"], record.item.get("AssociatedResources", [])
    if arn not in before:
        raise invalid_field("ResourceArn", "is not associated with the application")
    return _told(_change(context, record, {"AssociatedResources": [each for each in before if each != arn]}))


def list_benefit_applications(context: RequestContext) -> bytes:
    """Return a page of the caller's applications."""
    request = context.request
    wanted = {*request.get("AssociatedResourceArns", ())}
    identifiers = set()
    for each in request.get("AssociatedResources", ()):
        wanted |= {each["ResourceArn"]} if "ResourceArn" in each else set()
        identifiers |= {each["ResourceIdentifier"]} if "ResourceIdentifier" in each else set()

    def keep(item: dict[str, Any]) -> bool:
        arns = set(item.get("AssociatedResources", ()))
        types = item.get("FulfillmentTypes", ())
        return (
            is_one_of(item["Status"], request.get("Status"))
            and is_one_of(item["BenefitId"], request.get("BenefitIdentifiers"))
            and (not request.get("FulfillmentTypes") or not set(types).isdisjoint(request["FulfillmentTypes"]))
            and (not wanted or not wanted.isdisjoint(arns))
            and (not identifiers or not identifiers.isdisjoint(map(identifier_of, arns)))
            # A benefit of AWS would determine programs and stages.
            and not request.get("Programs")
            and not request.get("Stages")
        )

    return _APPLICATIONS.listed(
        context,
        result_key="BenefitApplicationSummaries",
        shape="BenefitApplicationSummary",
        keep=keep,
        # In a summary, the details are texts, which those of an application need not be.
        shown=lambda record: {
            name: value for name, value in record.item.items() if name != "BenefitApplicationDetails"
        },
    )
