"""Benefits, the applications for them that AWS reviews, and what it allocates to an approved application."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import FieldProblem, invalid_field, invalid_state, validation_failed
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of, moment
from aiopartnercentral.emulator.operations.resources import Resource, chosen, response
from aiopartnercentral.emulator.seed.random import DeterministicRandom
from aiopartnercentral.emulator.seed.records import FREE_DAYS, allocation_of, fulfillment
from aiopartnercentral.emulator.seed.selling import LONGER_SALT
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record

_APPLICATIONS: Final = Resource("benefit-application", "benappl", "Id", "Revision", salt=LONGER_SALT)
_BENEFITS: Final = Resource("benefit", "ben", is_public=True)
_ALLOCATIONS: Final = Resource("benefit-allocation", "benalloc", salt=LONGER_SALT)
_DRAFT: Final = "PENDING_SUBMISSION"
_IN_REVIEW: Final = "IN_REVIEW"
_RETURNED: Final = "ACTION_REQUIRED"
_OPEN: Final = (_DRAFT, _IN_REVIEW, _RETURNED)
# Of an allocation whose application names no amount.
_USUAL_AMOUNT: Final = 1000.0
_MOST_AMOUNT: Final = 10.0**12
_DETAILS: Final = "BenefitApplicationDetails"
_AMENDED: Final = ("Name", "Description")
_REPLACED: Final = (*_AMENDED, _DETAILS, "PartnerContacts")
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
    """Create a draft of an application for an active benefit."""
    request, now = context.request, format_timestamp(context.now)
    _check_files(context)
    benefit = _BENEFITS.find(context, request["BenefitIdentifier"]).item
    if benefit["Status"] != "ACTIVE":
        raise invalid_state("BenefitIdentifier", "is of a benefit that is not active")
    if not set(request.get("FulfillmentTypes", ())) <= set(benefit["FulfillmentTypes"]):
        raise invalid_field("FulfillmentTypes", "must be types that the benefit has")
    members = {
        **chosen(context, "FulfillmentTypes", "AssociatedResources", *_REPLACED),
        "BenefitId": benefit["Id"],
        "Programs": benefit["Programs"],
        "Status": _DRAFT,
        "CreatedAt": now,
        "UpdatedAt": now,
    }
    return _told(_APPLICATIONS.add(context, members, tags=request.get("Tags", ())))


def get_benefit_application(context: RequestContext) -> bytes:
    """Return one application."""
    record = _APPLICATIONS.find(context, context.request["Identifier"])
    return response(context, record.item)


def update_benefit_application(context: RequestContext) -> bytes:
    """Change members of a draft or a returned application; those that the request does not have stay as they are."""
    _check_files(context)
    record = _find(context, _DRAFT, _RETURNED)
    _APPLICATIONS.check_revision(record, context.request["Revision"])
    return _told(_change(context, record, chosen(context, *_REPLACED)))


def _change(context: RequestContext, record: Record, changes: dict[str, Any]) -> dict[str, Any]:
    return _APPLICATIONS.change(record, changes | {"UpdatedAt": format_timestamp(context.now)})


def submit_benefit_application(context: RequestContext) -> bytes:
    """Submit a draft, or a returned application again; AWS decides on it after the time that tasks take."""
    record = _find(context, _DRAFT, _RETURNED)
    identifier, submission = record.item["Id"], len(record.revisions) + 1
    _change(context, record, {"Status": _IN_REVIEW, "StatusReason": None, "Submission": submission})

    def end(at: datetime) -> None:
        latest = _APPLICATIONS.records(context).get(identifier)
        # It may have been recalled since then, and even submitted again.
        if latest is not None and (latest.item["Status"], latest.item["Submission"]) == (_IN_REVIEW, submission):
            _decide(context, latest, at)

    context.records.schedule(context.now + context.state.task_time, end)
    return encode({})


def _decide(context: RequestContext, record: Record, at: datetime) -> None:
    """Return, reject or approve an application; tests can get each decision, as with opportunities."""
    item, amount = record.item, _amount(record.item)
    if any(each.get("Email", "").endswith(".invalid") for each in item.get("PartnerContacts", ())):
        status, reason = _RETURNED, "The contact cannot be reached"
    elif amount == 0:
        status, reason = "REJECTED", "The amount is zero"
    else:
        status, reason = "APPROVED", None
    now = format_timestamp(at)
    _APPLICATIONS.change(record, {"Status": status, "StatusReason": reason, "UpdatedAt": now})
    if status != "APPROVED":
        return
    benefit = _BENEFITS.find(context, item["BenefitId"]).item
    kind = (item.get("FulfillmentTypes") or benefit["FulfillmentTypes"])[0]
    expires = format_timestamp(at + timedelta(days=FREE_DAYS))
    random = DeterministicRandom(f"{context.records.key}/fulfillment/{item['Id']}")
    detail = fulfillment(kind, context.account, amount, (now, expires), random)
    members = allocation_of(item, (item if "Name" in item else benefit)["Name"], kind, detail, (now, expires))
    _ALLOCATIONS.add(context, members)


def _amount(item: dict[str, Any]) -> float:
    """Return the amount that an application is about; a usual one if its details name none."""
    details = item.get(_DETAILS)
    try:
        amount = float(details["Amount"]) if isinstance(details, dict) else _USUAL_AMOUNT
    except (KeyError, TypeError, ValueError, OverflowError):
        return _USUAL_AMOUNT
    return amount if 0 <= amount <= _MOST_AMOUNT else _USUAL_AMOUNT


def amend_benefit_application(context: RequestContext) -> bytes:
    """Change single members of an application that has been submitted."""
    record = _find(context, _IN_REVIEW, _RETURNED)
    _APPLICATIONS.check_revision(record, context.request["Revision"])
    shapes, validator = context.service.shapes["GetBenefitApplicationOutput"]["members"], context.service.validator
    changes: dict[str, Any] = {}
    problems = []
    for position, each in enumerate(context.request["Amendments"]):
        path, value = each["FieldPath"].removeprefix("$."), each["NewValue"]
        name, _, key = path.partition(".")
        if name == _DETAILS and key:
            details = changes.get(_DETAILS, record.item.get(_DETAILS))
            changes[_DETAILS] = {**(details if isinstance(details, dict) else {}), key: value}
        elif path in _AMENDED:
            wrong = validator.problems(shapes[path]["shape"], value, f"Amendments[{position}].NewValue")
            problems += list(wrong)
            changes[path] = value
        else:
            message = f"must be {', '.join(_AMENDED)} or {_DETAILS} with a key"
            problems.append(FieldProblem(f"Amendments[{position}].FieldPath", message, "INVALID_VALUE"))
    if problems:
        raise validation_failed(problems)
    _change(context, record, changes)
    return encode({})


def get_benefit(context: RequestContext) -> bytes:
    """Return one benefit."""
    return response(context, _BENEFITS.find(context, context.request["Identifier"]).item)


def list_benefits(context: RequestContext) -> bytes:
    """Return a page of the benefits, which are the same for all accounts."""
    request = context.request
    return _BENEFITS.listed(
        context,
        result_key="BenefitSummaries",
        shape="BenefitSummary",
        keep=lambda item: (
            is_one_of(item["Status"], request.get("Status"))
            and _has_one_of(item["Programs"], request.get("Programs"))
            and _has_one_of(item["FulfillmentTypes"], request.get("FulfillmentTypes"))
        ),
    )


def _has_one_of(values: Iterable[str], wanted: Iterable[str] | None) -> bool:
    """Return whether one of some values is one of those of a request; without any, it is."""
    return not wanted or not set(values).isdisjoint(wanted)


def _allocation(context: RequestContext, record: Record) -> dict[str, Any]:
    """Return an allocation as it is now: after its time, what was not disbursed is inactive."""
    item = record.item
    if item["Status"] == "ACTIVE" and not _is_usable(context, item):
        return {**item, "Status": "INACTIVE", "StatusReason": "The allocation has expired"}
    return item


def _is_usable(context: RequestContext, allocation: dict[str, Any]) -> bool:
    return bool(allocation["Status"] == "ACTIVE" and context.now < moment(allocation["ExpiresAt"]))


def get_benefit_allocation(context: RequestContext) -> bytes:
    """Return one allocation."""
    return response(context, _allocation(context, _ALLOCATIONS.find(context, context.request["Identifier"])))


def list_benefit_allocations(context: RequestContext) -> bytes:
    """Return a page of the caller's allocations."""
    request = context.request
    wanted = {
        name: {identifier_of(each) for each in request.get(f"{name[:-2]}Identifiers", ())}
        for name in ("BenefitId", "BenefitApplicationId")
    }
    return _ALLOCATIONS.listed(
        context,
        result_key="BenefitAllocationSummaries",
        shape="BenefitAllocationSummary",
        keep=lambda item: (
            all(is_one_of(item[name], ids) for name, ids in wanted.items())
            and is_one_of(item["Status"], request.get("Status"))
            and _has_one_of(item["FulfillmentTypes"], request.get("FulfillmentTypes"))
        ),
        shown=lambda record: _allocation(context, record),
        due=lambda record: moment(record.item["ExpiresAt"]) if _is_usable(context, record.item) else None,
    )


def recall_benefit_application(context: RequestContext) -> bytes:
    """Make an application that is in review a draft again. The reason is its StatusReason."""
    _change(context, _find(context, _IN_REVIEW), {"Status": _DRAFT, **_reason(context)})
    return encode({})


def cancel_benefit_application(context: RequestContext) -> bytes:
    """Cancel an application. The reason is its StatusReason."""
    _change(context, _find(context, *_OPEN), {"Status": "CANCELED", **_reason(context)})
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
    record = _find(context, *_OPEN, field="BenefitApplicationIdentifier")
    arn, before = context.request["ResourceArn"], record.item.get("AssociatedResources", [])
    if arn in before:
        return _told(record.item)
    if len(before) >= _MOST_RESOURCES:
        raise invalid_field("ResourceArn", f"would be more than {_MOST_RESOURCES} resources", "TOO_MANY_VALUES")
    return _told(_change(context, record, {"AssociatedResources": [*before, arn]}))


def disassociate_benefit_application_resource(context: RequestContext) -> bytes:
    """Remove the ARN of a resource from an application."""
    record = _find(context, *_OPEN, field="BenefitApplicationIdentifier")
    arn, before = context.request["ResourceArn"], record.item.get("AssociatedResources", [])
    if arn not in before:
        raise invalid_field("ResourceArn", "is not associated with the application")
    return _told(_change(context, record, {"AssociatedResources": [each for each in before if each != arn]}))


def list_benefit_applications(context: RequestContext) -> bytes:
    """Return a page of the caller's applications."""
    request = context.request
    wanted = {*request.get("AssociatedResourceArns", ())}
    identifiers = set()
    benefits = {identifier_of(each) for each in request.get("BenefitIdentifiers", ())}
    for each in request.get("AssociatedResources", ()):
        wanted |= {each["ResourceArn"]} if "ResourceArn" in each else set()
        identifiers |= {each["ResourceIdentifier"]} if "ResourceIdentifier" in each else set()

    def keep(item: dict[str, Any]) -> bool:
        arns = set(item.get("AssociatedResources", ()))
        return (
            is_one_of(item["Status"], request.get("Status"))
            and is_one_of(item["BenefitId"], benefits)
            and _has_one_of(item.get("FulfillmentTypes", ()), request.get("FulfillmentTypes"))
            and (not wanted or not wanted.isdisjoint(arns))
            and (not identifiers or not identifiers.isdisjoint(map(identifier_of, arns)))
            and _has_one_of(item["Programs"], request.get("Programs"))
            # AWS publishes no stages.
            and not request.get("Stages")
        )

    return _APPLICATIONS.listed(
        context,
        result_key="BenefitApplicationSummaries",
        shape="BenefitApplicationSummary",
        keep=keep,
        # In a summary, the details are texts, which those of an application need not be.
        shown=lambda record: {name: value for name, value in record.item.items() if name != _DETAILS},
    )
