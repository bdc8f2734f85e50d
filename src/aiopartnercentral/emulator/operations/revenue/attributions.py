"""Revenue attributions, and the allocations below them, which tasks create and change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import FieldProblem, conflict, validation_failed
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of
from aiopartnercentral.emulator.operations.resources import Resource, chosen, response
from aiopartnercentral.emulator.operations.revenue import allocations
from aiopartnercentral.emulator.state.clock import format_timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record

Item = dict[str, Any]

_PARENT: Final = "RevenueAttributionIdentifier"
_ID: Final = "RevenueAttributionAllocationId"
_REVISION: Final = "RevenueAttributionRevision"
_ATTRIBUTIONS: Final = Resource("revenue-attribution", "ra", "Id", "Revision")
_ALLOCATIONS: Final = Resource("revenue-attribution-allocation", "alloc", _ID, parent_member=_PARENT)
_TASK: Final = "raatask"
_WHOSE: Final[tuple[str, ...]] = ("EntityType", "EntityIdentifier", "CustomerAwsAccountId")
_CHANGED: Final[tuple[str, ...]] = ("RevenueSharePercent", "EffectiveFrom", "EffectiveUntil")


def _shown(context: RequestContext, record: Record, item: Item | None = None) -> Item:
    """Return a revision of an attribution, by default the latest, with what its allocations add to it."""
    latest = record.item["Revision"]
    below = (each.item for each in _ALLOCATIONS.children(context, record))
    return {**(item or record.item), "LatestRevision": latest, **allocations.totals("RevenueAttribution", below)}


def create_revenue_attribution(context: RequestContext) -> bytes:
    """Create an attribution; its name must be unique in the account and the catalog."""
    request, now = context.request, format_timestamp(context.now)
    records = _ATTRIBUTIONS.records(context)
    if any(records.at(index).item["Name"] == request["Name"] for index in records.of(context.account)):
        raise conflict("RESOURCE_ALREADY_EXISTS")
    product = request.get("ProductIdentifier")
    members = {
        **chosen(context, "Name", "Description", "TenancyModel", "Context"),
        **({"MarketplaceProduct": {"ProductId": identifier_of(product)}} if product and identifier_of(product) else {}),
        "CreatedDate": now,
        "LastModifiedDate": now,
    }
    item = _ATTRIBUTIONS.add(context, members, tags=request.get("Tags", ()))
    return response(context, {**item, "LatestRevision": item["Revision"]})


def get_revenue_attribution(context: RequestContext) -> bytes:
    """Return a revision of an attribution, by default the latest."""
    record = _ATTRIBUTIONS.find(context, context.request["Identifier"])
    return response(context, _shown(context, record, _ATTRIBUTIONS.revision(record, context.request.get("Revision"))))


def update_revenue_attribution(context: RequestContext) -> bytes:
    """Change the description or the context of an attribution that no task is changing."""
    record = _ATTRIBUTIONS.find(context, context.request["Identifier"])
    _check_latest(context, record, context.request["Revision"])
    changes = {**chosen(context, "Description", "Context"), "LastModifiedDate": format_timestamp(context.now)}
    _ATTRIBUTIONS.change(record, changes)
    return response(context, _shown(context, record))


def _check_latest(context: RequestContext, record: Record, revision: str) -> None:
    """Raise EmulatedServiceError if a request is about an earlier revision, or a task is running."""
    _ATTRIBUTIONS.check_revision(record, revision)
    if context.records.tasks.get(record.item["Id"], {}).get("Status") == "IN_PROGRESS":
        raise _ATTRIBUTIONS.refusal("CONCURRENT_MODIFICATION", record)


def list_revenue_attributions(context: RequestContext) -> bytes:
    """Return a page of the caller's attributions."""
    request = context.request
    wanted = {identifier_of(each) for each in request.get("Identifiers", ())}

    def keep(item: Item) -> bool:
        told = item.get("Context", {})
        return (
            is_one_of(item["Id"], wanted)
            and allocations.is_created_within(item, request)
            and all(
                each["Key"] in told and is_one_of(told[each["Key"]], each.get("Values"))
                for each in request.get("ContextFilters", ())
            )
        )

    return _ATTRIBUTIONS.listed(
        context,
        result_key="RevenueAttributionSummaries",
        shape="AttributionSummary",
        keep=keep,
        order=allocations.by_update if "SortBy" in request else None,
        descending=request.get("SortOrder") == "DESCENDING",
        shown=lambda record: _shown(context, record),
        depends_on=_ALLOCATIONS.records(context).changes,
    )


def start_revenue_attribution_allocations_task(context: RequestContext) -> bytes:
    """Start a task that creates and changes allocations: all of them, or none if one is wrong."""
    request = context.request
    record = _ATTRIBUTIONS.find(context, request[_PARENT])
    _check_latest(context, record, request[_REVISION])
    changes: list[Item] = request["RevenueShareAllocations"]
    wrong: list[FieldProblem] = []
    for position, change in enumerate(changes):
        path = f"RevenueShareAllocations[{position}]."
        wrong += allocations.problems(change, path)
        if (change["Action"] == "UPDATE") != (_ID in change):
            code = "REQUIRED_FIELD_MISSING" if change["Action"] == "UPDATE" else "INVALID_VALUE"
            wrong.append(FieldProblem(f"{path}{_ID}", "is for updates, and required there", code))
    if wrong:
        raise validation_failed(wrong)
    identifier, due = record.item["Id"], context.now + context.state.task_time
    task = context.records.tasks[identifier] = {
        "TaskId": context.records.identifier(_TASK, _ALLOCATIONS.salt),
        "Status": "IN_PROGRESS",
        "Catalog": context.catalog_name,
        "RevenueAttributionArn": record.item["Arn"],
        "StartedAt": format_timestamp(context.now),
        "TotalRevenueAttributionAllocationRecords": len(changes),
        **chosen(context, "Description"),
    }
    told = response(context, task)
    # Nothing else can change the allocations until the task ends, so its outcome is known now.
    failures = _failures(context, record, changes)

    def end(at: datetime) -> None:
        task["EndedAt"] = format_timestamp(at)
        if failures:
            task.update(Status="FAILED", ErrorDetailList=failures)
        else:
            task.update(Status="COMPLETE", RevenueAttributionLatestRevision=_apply(context, identifier, changes, at))

    context.records.schedule(due, end)
    return told


def _apply(context: RequestContext, identifier: str, changes: list[Item], at: datetime) -> str:
    """Make a new revision of an attribution, and return its number."""
    now = format_timestamp(at)
    revision: str = _ATTRIBUTIONS.change(_ATTRIBUTIONS.find(context, identifier), {"LastModifiedDate": now})["Revision"]
    for change in changes:
        members: Item = {name: change[name] for name in (*_CHANGED, "Status") if name in change}
        members |= {_REVISION: revision, "LastModifiedDate": now}
        if change["Action"] == "UPDATE":
            _ALLOCATIONS.change(_ALLOCATIONS.find(context, change[_ID]), members)
        else:
            members = {"Status": "ACTIVE", "CreatedDate": now, _PARENT: identifier, **members}
            _ALLOCATIONS.add(context, {name: change[name] for name in _WHOSE} | members)
    return revision


def _failures(context: RequestContext, attribution: Record, changes: list[Item]) -> list[Item]:
    """Return the error of each change that cannot be made."""
    after = {each.item[_ID]: each.item for each in _ALLOCATIONS.children(context, attribution)}
    failures = []
    for position, change in enumerate(changes):
        identifier = change.get(_ID, str(position))
        before = after.get(identifier)
        code = _failure(context, change, before)
        if code is None:
            changed = after[identifier] = {"Status": "ACTIVE", **(before or {}), **change}
            if changed["Status"] == "ACTIVE" and _allocated(changed, after) > allocations.MOST_PERCENT:
                code = ("ALLOCATION_CAP_EXCEEDED", "More than the whole revenue of a month would be allocated")
        if code is not None:
            told: Item = {name: change[name] for name in (_ID, *_WHOSE, *_CHANGED[1:], "Action") if name in change}
            told["EntityId"] = told.pop("EntityIdentifier")
            failures.append({**told, "ErrorCode": code[0], "ErrorMessage": code[1]})
    return failures


def _failure(context: RequestContext, change: Item, before: Item | None) -> tuple[str, str] | None:
    """Return code and message if a change is not possible by itself."""
    if change["Action"] == "UPDATE":
        if before is None:
            return "RESOURCE_NOT_FOUND", "The attribution does not have this allocation"
        if allocations.has_begun(before, context.now):
            return "IMMUTABLE_ALLOCATION", "The allocation has begun"
        if any(before[name] != change[name] for name in _WHOSE):
            return "INVALID_VALUE", "An update cannot change the entity and the customer"
    elif change["EntityType"] == "OPPORTUNITY":
        own = context.state.selling(context.catalog_name, context.now).of(context.account)
        if own.opportunities.find(identifier_of(change["EntityIdentifier"])) is None:
            return "RESOURCE_NOT_FOUND", "The account does not have this opportunity"
    return None


def _allocated(one: Item, all_of_them: dict[str, Item]) -> float:
    """Return the percentage that is allocated for the entity and customer of an allocation, in its months."""
    return sum(
        float(each["RevenueSharePercent"])
        for each in all_of_them.values()
        if each["Status"] == "ACTIVE"
        and all(each[name] == one[name] for name in _WHOSE)
        and allocations.overlaps(each, one)
    )


def get_revenue_attribution_allocations_task(context: RequestContext) -> bytes:
    """Return the latest task of an attribution."""
    record = _ATTRIBUTIONS.find(context, context.request[_PARENT])
    task = context.records.tasks.get(record.item["Id"])
    if task is None:
        raise _ATTRIBUTIONS.missing(record.item["Id"])
    return response(context, task)


def _at_revision(context: RequestContext, attribution: Record, allocation: Record) -> Item | None:
    """Return an allocation as it was at the revision of a request, by default now; None if it did not exist."""
    revision = _ATTRIBUTIONS.revision(attribution, context.request.get(_REVISION))["Revision"]
    found = [each for each in allocation.revisions if int(each[_REVISION]) <= int(revision)]
    return {**found[-1], "RevenueAttributionLatestRevision": attribution.item["Revision"]} if found else None


def get_revenue_attribution_allocation(context: RequestContext) -> bytes:
    """Return one allocation."""
    attribution = _ATTRIBUTIONS.find(context, context.request[_PARENT])
    record = _ALLOCATIONS.find(context, context.request[_ID])
    is_below = record.item[_PARENT] == attribution.item["Id"]
    item = _at_revision(context, attribution, record) if is_below else None
    if item is None:
        raise _ALLOCATIONS.missing(context.request[_ID])
    return response(context, item)


def list_revenue_attribution_allocations(context: RequestContext) -> bytes:
    """Return a page of the allocations of an attribution."""
    request = context.request
    attribution = _ATTRIBUTIONS.find(context, request[_PARENT])
    _ATTRIBUTIONS.revision(attribution, request.get(_REVISION))

    def keep(item: Item) -> bool:
        return (
            bool(item)
            and is_one_of(item["EntityType"], request.get("EntityTypeFilters"))
            and is_one_of(item["EntityIdentifier"], request.get("EntityIdentifierFilters"))
            and is_one_of(item["CustomerAwsAccountId"], request.get("CustomerAwsAccountIdFilters"))
            and allocations.is_effective_within(item, request)
        )

    return _ALLOCATIONS.listed(
        context,
        result_key="RevenueAttributionAllocationSummaries",
        shape="RevenueAttributionAllocationSummary",
        keep=keep,
        order=(lambda item: (item["EffectiveFrom"], item[_ID])) if "SortBy" in request else None,
        descending=request.get("SortOrder") == "DESCENDING",
        indices=_ALLOCATIONS.records(context).below(attribution.item["Id"]),
        shown=lambda record: _at_revision(context, attribution, record) or {},
        is_passing=True,
    )
