"""Qualifications: a subsidiary's count for its primary partner while the two are associated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import business_rules_broken, conflict, invalid_field, not_found
from aiopartnercentral.emulator.operations.connections import connection_of, is_active
from aiopartnercentral.emulator.operations.partners import find_partner
from aiopartnercentral.emulator.state.clock import stamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.tasks import PartnerTasks, QualificationsTask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiopartnercentral.emulator.operations.context import Call

# As many as GetQualificationsAssociationDetails can tell.
_MOST_ASSOCIATED: Final = 6


def start_association_task(call: Call) -> bytes:
    """Begin to associate a partner with a primary partner, with which it has an active subsidiary connection."""
    partner = find_partner(call)
    primary = _named(call, "PrimaryPartner")
    tasks = _tasks_at_rest(call, partner)
    _check_primary(call, partner, tasks, primary["AccountId"])
    call.catalog.tasks[partner["Id"]] = tasks
    tasks.association = _task(call, "pqatask", primary)
    return _told(call, partner, tasks.association, "PrimaryPartner")


def start_disassociation_task(call: Call) -> bytes:
    """Begin to end the association of a partner with its primary partner."""
    partner = find_partner(call)
    primary = _named(call, "AssociatedPartner")
    tasks = _tasks_at_rest(call, partner)
    association = tasks.associated(call.now)
    if association is None:
        if any(_associated_with(call, call.account)):
            raise business_rules_broken({"INCOMPATIBLE_PRIMARY_PARTNER": "A primary partner cannot leave"})
        raise business_rules_broken({"QUALIFICATIONS_ASSOCIATION_NOT_FOUND": "The partner is not associated"})
    if association.other != primary:
        raise business_rules_broken({"INCOMPATIBLE_PRIMARY_PARTNER": "The partner is associated with another one"})
    tasks.disassociation, tasks.left = _task(call, "pqdtask", primary), association.task_id
    return _told(call, partner, tasks.disassociation, "AssociatedPartner")


def get_association_task(call: Call) -> bytes:
    """Return the latest association task of a partner."""
    partner = find_partner(call)
    tasks = call.catalog.tasks.get(partner["Id"])
    if tasks is None or tasks.association is None:
        raise not_found("QUALIFICATIONS_ASSOCIATION_TASK_NOT_FOUND")
    return _told(call, partner, tasks.association, "PrimaryPartner")


def get_disassociation_task(call: Call) -> bytes:
    """Return the latest disassociation task of a partner."""
    partner = find_partner(call)
    tasks = call.catalog.tasks.get(partner["Id"])
    if tasks is None or tasks.disassociation is None:
        raise not_found("QUALIFICATIONS_DISASSOCIATION_TASK_NOT_FOUND")
    return _told(call, partner, tasks.disassociation, "AssociatedPartner")


def get_association_details(call: Call) -> bytes:
    """Return with whom a partner is associated; a primary partner is so with itself and all of its own."""
    partner = find_partner(call)
    told: dict[str, Any] = {name: partner[name] for name in ("Catalog", "Arn", "Id")}
    tasks = call.catalog.tasks.get(partner["Id"], PartnerTasks())
    association = tasks.associated(call.now)
    primary = association.other if association else _as_partner(partner, call.account)
    group = [
        (member, task)
        for member, task in _associated_with(call, primary["AccountId"])
        if not task.in_progress(call.now)
    ]
    if not group:
        return encode(told | {"Status": "NOT_ASSOCIATED"})
    latest = association.due_at if association else max(task.due_at for _, task in group)
    return encode(
        told
        | {
            "Status": "ASSOCIATED",
            "PrimaryPartner": primary,
            "AssociatedPartners": [member for member, _ in group],
            "UpdatedAt": stamp(latest),
        }
    )


def _as_partner(partner: dict[str, Any], account: str) -> dict[str, str]:
    return {"ProfileId": partner["Profile"]["ProfileId"], "AccountId": account}


def _associated_with(call: Call, account: str) -> Iterator[tuple[dict[str, str], QualificationsTask]]:
    """Yield the partners that are associated with an account's, or about to be."""
    for side in call.world.sides(call.catalog.name, call.now):
        for identifier, tasks in side.tasks.items():
            begun, partner = tasks.begun(call.now), side.partners.find(identifier)
            if begun and partner and begun.other["AccountId"] == account:
                yield _as_partner(partner, side.account), begun


def _named(call: Call, field: str) -> dict[str, str]:
    """Return both identifiers of the partner that a request names by one of them or both."""
    named: dict[str, str] = call.request[field]
    if not named:
        raise invalid_field(field, "must have ProfileId, AccountId or both", "REQUIRED_FIELD_MISSING")
    account = named.get("AccountId") or call.world.account_behind(named["ProfileId"], call.catalog, call.now)
    profile_id = account and call.world.profile_id(account, call.catalog, call.now)
    if not account or not profile_id or named.get("ProfileId", profile_id) != profile_id:
        raise not_found("PARTNER_PROFILE_NOT_FOUND")
    return {"ProfileId": profile_id, "AccountId": account}


def _tasks_at_rest(call: Call, partner: dict[str, Any]) -> PartnerTasks:
    tasks = call.catalog.tasks.get(partner["Id"], PartnerTasks())
    if tasks.qualifications_in_progress(call.now):
        raise conflict("INCOMPATIBLE_QUALIFICATIONS_ASSOCIATION_TASK_STATE")
    return tasks


def _check_primary(call: Call, partner: dict[str, Any], tasks: PartnerTasks, account: str) -> None:
    """Raise ServiceFaultError if a partner cannot be associated with an account's."""
    if account == call.account:
        raise business_rules_broken({"INCOMPATIBLE_PRIMARY_PARTNER": "A partner cannot be its own primary partner"})
    if tasks.associated(call.now) or any(_associated_with(call, call.account)):
        raise business_rules_broken({"QUALIFICATIONS_ASSOCIATION_EXISTS": "The partner is associated already"})
    if not is_active(connection_of(call.catalog, account), "SUBSIDIARY"):
        message = "There is no active subsidiary connection with the primary partner"
        raise business_rules_broken({"MISSING_ACTIVE_SUBSIDIARY_CONNECTION": message})
    primary_tasks = call.world.side(call.catalog.name, account, call.now).tasks.values()
    if any(other.begun(call.now) for other in primary_tasks):
        raise business_rules_broken({"INCOMPATIBLE_PRIMARY_PARTNER": "The primary partner is associated with another"})
    others = [member for member, _ in _associated_with(call, account) if member != _as_partner(partner, call.account)]
    if len(others) >= _MOST_ASSOCIATED:
        message = f"A primary partner has at most {_MOST_ASSOCIATED} associated ones"
        raise business_rules_broken({"QUALIFICATIONS_ASSOCIATION_LIMIT_EXCEEDED": message})


def _task(call: Call, prefix: str, primary: dict[str, str]) -> QualificationsTask:
    return QualificationsTask(call.world.identifier(prefix), primary, call.now, call.now + call.world.task_time)


def _told(call: Call, partner: dict[str, Any], task: QualificationsTask, member: str) -> bytes:
    place = {name: partner[name] for name in ("Catalog", "Arn", "Id")}
    return encode(place | task.told(call.now) | {member: task.other})
