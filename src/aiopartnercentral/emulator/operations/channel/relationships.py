"""Program management accounts, and the relationships below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of, moment
from aiopartnercentral.emulator.operations.resources import Resource, chosen, response
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from datetime import datetime

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record

ACCOUNTS: Final = Resource("program-management-account", "pma", "id", "revision")
RELATIONSHIPS: Final = Resource("relationship", "rs", "id", "revision", parent_member="programManagementAccountId")


def create_program_management_account(context: RequestContext) -> bytes:
    """Create a program management account, which is pending until a handshake about it is accepted."""
    request, now = context.request, format_timestamp(context.now)
    item = ACCOUNTS.add(
        context,
        {
            **chosen(context, "program", "displayName", "accountId", "type"),
            "status": "PENDING",
            "createdAt": now,
            "updatedAt": now,
        },
        tags=request.get("tags", ()),
    )
    return encode({"programManagementAccountDetail": {"id": item["id"], "arn": item["arn"]}})


def update_program_management_account(context: RequestContext) -> bytes:
    """Rename a program management account."""
    return _update(context, ACCOUNTS, "programManagementAccountDetail")


def delete_program_management_account(context: RequestContext) -> bytes:
    """Delete a program management account that has no relationships."""
    record = ACCOUNTS.find(context, context.request["identifier"])
    if RELATIONSHIPS.records(context).below(record.item["id"]):
        raise ACCOUNTS.refusal("PROGRAM_MANAGEMENT_ACCOUNT_HAS_RELATIONSHIPS", record)
    ACCOUNTS.remove(context, record)
    return encode({})


def list_program_management_accounts(context: RequestContext) -> bytes:
    """Return a page of the caller's program management accounts."""
    request = context.request

    def keep(item: dict[str, Any]) -> bool:
        return (
            is_one_of(item["displayName"], request.get("displayNames"))
            and is_one_of(item["program"], request.get("programs"))
            and is_one_of(item["accountId"], request.get("accountIds"))
            and is_one_of(item["status"], request.get("statuses"))
            and item.get("type") == request.get("type", item.get("type"))
        )

    return ACCOUNTS.listed(
        context,
        result_key="items",
        shape="ProgramManagementAccountSummary",
        keep=keep,
        order=by_update if "sort" in request else None,
        descending=request.get("sort", {}).get("sortOrder") == "Descending",
    )


def by_update(item: dict[str, Any]) -> tuple[datetime, str]:
    """Return what to sort an item by: the time of its latest change."""
    return moment(item["updatedAt"]), item["id"]


def create_relationship(context: RequestContext) -> bytes:
    """Create a relationship below a program management account.

    The support plan is dropped: no operation returns it.
    """
    request, now = context.request, format_timestamp(context.now)
    owner = ACCOUNTS.find(context, request["programManagementAccountIdentifier"]).item["id"]
    names = ("associationType", "associatedAccountId", "displayName", "resaleAccountModel", "sector", "accountScope")
    item = RELATIONSHIPS.add(
        context,
        {
            **chosen(context, *names),
            "programManagementAccountId": owner,
            "createdAt": now,
            "updatedAt": now,
            "startDate": request.get("startDate", now),
        },
        parent=f"{ACCOUNTS.path}/{owner}",
        tags=request.get("tags", ()),
    )
    return encode({"relationshipDetail": {"id": item["id"], "arn": item["arn"]}})


def find_relationship(context: RequestContext, owner: str, identifier: str) -> Record:
    """Return a relationship below a program management account of the caller, or raise EmulatedServiceError."""
    above, record = ACCOUNTS.find(context, owner).item["id"], RELATIONSHIPS.find(context, identifier)
    if record.item["programManagementAccountId"] != above:
        raise RELATIONSHIPS.missing(identifier)
    return record


def _find_relationship(context: RequestContext) -> Record:
    request = context.request
    return find_relationship(context, request["programManagementAccountIdentifier"], request["identifier"])


def get_relationship(context: RequestContext) -> bytes:
    """Return one relationship."""
    return response(context, {"relationshipDetail": _find_relationship(context).item})


def update_relationship(context: RequestContext) -> bytes:
    """Rename a relationship."""
    _find_relationship(context)
    return _update(context, RELATIONSHIPS, "relationshipDetail")


def delete_relationship(context: RequestContext) -> bytes:
    """Delete a relationship."""
    RELATIONSHIPS.remove(context, _find_relationship(context))
    return encode({})


def list_relationships(context: RequestContext) -> bytes:
    """Return a page of the caller's relationships."""
    request = context.request
    owners = {identifier_of(each) for each in request.get("programManagementAccountIdentifiers", ())}

    def keep(item: dict[str, Any]) -> bool:
        return (
            is_one_of(item.get("associatedAccountId"), request.get("associatedAccountIds"))
            and is_one_of(item["associationType"], request.get("associationTypes"))
            and is_one_of(item["displayName"], request.get("displayNames"))
            and is_one_of(item["programManagementAccountId"], owners)
        )

    return RELATIONSHIPS.listed(
        context,
        result_key="items",
        shape="RelationshipSummary",
        keep=keep,
        order=by_update if "sort" in request else None,
        descending=request.get("sort", {}).get("sortOrder") == "Descending",
    )


def _update(context: RequestContext, resource: Resource, result_key: str) -> bytes:
    """Rename a resource, and return it."""
    request, record = context.request, resource.find(context, context.request["identifier"])
    resource.check_revision(record, request.get("revision"))
    changes = {**chosen(context, "displayName"), "updatedAt": format_timestamp(context.now)}
    return response(context, {result_key: resource.change(record, changes)})
