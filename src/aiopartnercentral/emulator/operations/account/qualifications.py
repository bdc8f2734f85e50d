"""Associations of qualifications: those of a subsidiary count for its primary partner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import business_rule_violation, conflict, invalid_field, not_found
from aiopartnercentral.emulator.operations.account.connections import connection_of, is_active
from aiopartnercentral.emulator.operations.account.partners import find_partner
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.tasks import PartnerTasks, QualificationsTask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiopartnercentral.emulator.operations.context import RequestContext

# As many as GetQualificationsAssociationDetails can return.
_MAX_ASSOCIATED: Final = 6


def start_association_task(context: RequestContext) -> bytes:
    """Start to associate a partner with a primary partner; both need an active subsidiary connection."""
    partner = find_partner(context)
    primary = _named(context, "PrimaryPartner")
    tasks = _idle_tasks(context, partner)
    _check_primary(context, partner, tasks, primary["AccountId"])
    context.catalog.tasks[partner["Id"]] = tasks
    tasks.association = _task(context, "pqatask", primary)
    return _response(context, partner, tasks.association, "PrimaryPartner")


def start_disassociation_task(context: RequestContext) -> bytes:
    """Start to end the association of a partner with its primary partner."""
    partner = find_partner(context)
    primary = _named(context, "AssociatedPartner")
    tasks = _idle_tasks(context, partner)
    association = tasks.associated(context.now)
    if association is None:
        if any(_associated_with(context, context.account)):
            raise business_rule_violation({"INCOMPATIBLE_PRIMARY_PARTNER": "A primary partner cannot leave"})
        raise business_rule_violation({"QUALIFICATIONS_ASSOCIATION_NOT_FOUND": "The partner is not associated"})
    if association.other != primary:
        raise business_rule_violation({"INCOMPATIBLE_PRIMARY_PARTNER": "The partner is associated with another one"})
    tasks.disassociation, tasks.disassociated = _task(context, "pqdtask", primary), association.task_id
    return _response(context, partner, tasks.disassociation, "AssociatedPartner")


def get_association_task(context: RequestContext) -> bytes:
    """Return the latest association task of a partner."""
    partner = find_partner(context)
    tasks = context.catalog.tasks.get(partner["Id"])
    if tasks is None or tasks.association is None:
        raise not_found("QUALIFICATIONS_ASSOCIATION_TASK_NOT_FOUND")
    return _response(context, partner, tasks.association, "PrimaryPartner")


def get_disassociation_task(context: RequestContext) -> bytes:
    """Return the latest disassociation task of a partner."""
    partner = find_partner(context)
    tasks = context.catalog.tasks.get(partner["Id"])
    if tasks is None or tasks.disassociation is None:
        raise not_found("QUALIFICATIONS_DISASSOCIATION_TASK_NOT_FOUND")
    return _response(context, partner, tasks.disassociation, "AssociatedPartner")


def get_association_details(context: RequestContext) -> bytes:
    """Return the group that a partner is associated with; a primary partner is a member of its own group."""
    partner = find_partner(context)
    members: dict[str, Any] = {name: partner[name] for name in ("Catalog", "Arn", "Id")}
    tasks = context.catalog.tasks.get(partner["Id"], PartnerTasks())
    association = tasks.associated(context.now)
    primary = association.other if association else _as_partner(partner, context.account)
    group = [
        (member, task)
        for member, task in _associated_with(context, primary["AccountId"])
        if not task.in_progress(context.now)
    ]
    if not group:
        return encode(members | {"Status": "NOT_ASSOCIATED"})
    latest = association.due_at if association else max(task.due_at for _, task in group)
    return encode(
        members
        | {
            "Status": "ASSOCIATED",
            "PrimaryPartner": primary,
            "AssociatedPartners": [member for member, _ in group],
            "UpdatedAt": format_timestamp(latest),
        }
    )


def _as_partner(partner: dict[str, Any], account: str) -> dict[str, str]:
    return {"ProfileId": partner["Profile"]["ProfileId"], "AccountId": account}


def _associated_with(context: RequestContext, account: str) -> Iterator[tuple[dict[str, str], QualificationsTask]]:
    """Yield the partners that are associated with an account's partner, or are being associated."""
    for catalog in context.state.catalogs(context.catalog.name, context.now):
        for identifier, tasks in catalog.tasks.items():
            current, partner = tasks.current(context.now), catalog.partners.find(identifier)
            if current and partner and current.other["AccountId"] == account:
                yield _as_partner(partner, catalog.account), current


def _named(context: RequestContext, field: str) -> dict[str, str]:
    """Return both identifiers of the partner that a request names by one or both of them."""
    named: dict[str, str] = context.request[field]
    if not named:
        raise invalid_field(field, "must have ProfileId, AccountId or both", "REQUIRED_FIELD_MISSING")
    account = named.get("AccountId") or context.state.account_of_participant(
        named["ProfileId"], context.catalog, context.now
    )
    profile_id = account and context.state.profile_id(account, context.catalog, context.now)
    if not account or not profile_id or named.get("ProfileId", profile_id) != profile_id:
        raise not_found("PARTNER_PROFILE_NOT_FOUND")
    return {"ProfileId": profile_id, "AccountId": account}


def _idle_tasks(context: RequestContext, partner: dict[str, Any]) -> PartnerTasks:
    tasks = context.catalog.tasks.get(partner["Id"], PartnerTasks())
    if tasks.qualifications_in_progress(context.now):
        raise conflict("INCOMPATIBLE_QUALIFICATIONS_ASSOCIATION_TASK_STATE")
    return tasks


def _check_primary(context: RequestContext, partner: dict[str, Any], tasks: PartnerTasks, account: str) -> None:
    """Raise EmulatedServiceError if a partner cannot be associated with the primary partner of an account."""
    if account == context.account:
        raise business_rule_violation({"INCOMPATIBLE_PRIMARY_PARTNER": "A partner cannot be its own primary partner"})
    if tasks.associated(context.now) or any(_associated_with(context, context.account)):
        raise business_rule_violation({"QUALIFICATIONS_ASSOCIATION_EXISTS": "The partner is associated already"})
    if not is_active(connection_of(context.catalog, account), "SUBSIDIARY"):
        message = "There is no active subsidiary connection with the primary partner"
        raise business_rule_violation({"MISSING_ACTIVE_SUBSIDIARY_CONNECTION": message})
    primary_tasks = context.state.catalog(context.catalog.name, account, context.now).tasks.values()
    if any(other.current(context.now) for other in primary_tasks):
        raise business_rule_violation(
            {"INCOMPATIBLE_PRIMARY_PARTNER": "The primary partner is associated with another"}
        )
    others = [
        member for member, _ in _associated_with(context, account) if member != _as_partner(partner, context.account)
    ]
    if len(others) >= _MAX_ASSOCIATED:
        message = f"A primary partner has at most {_MAX_ASSOCIATED} associated ones"
        raise business_rule_violation({"QUALIFICATIONS_ASSOCIATION_LIMIT_EXCEEDED": message})


def _task(context: RequestContext, prefix: str, primary: dict[str, str]) -> QualificationsTask:
    return QualificationsTask(
        context.state.identifier(prefix), primary, context.now, context.now + context.state.task_time
    )


def _response(context: RequestContext, partner: dict[str, Any], task: QualificationsTask, member: str) -> bytes:
    place = {name: partner[name] for name in ("Catalog", "Arn", "Id")}
    return encode(place | task.as_response(context.now) | {member: task.other})
