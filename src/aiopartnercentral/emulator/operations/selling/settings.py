"""The settings of an account, and the tags of its opportunities and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.errors import not_found
from aiopartnercentral.emulator.operations.arns import catalog_of, identifier_of
from aiopartnercentral.emulator.operations.tagging import as_list, with_tags, without_tags
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.selling import SellingAccount


def get_selling_system_settings(context: RequestContext) -> bytes:
    """Return the role of resource snapshot jobs, if it is set."""
    role = context.own.role
    return encode({"Catalog": context.selling.name, **({"ResourceSnapshotJobRoleArn": role} if role else {})})


def put_selling_system_settings(context: RequestContext) -> bytes:
    """Set the role of resource snapshot jobs, or remove it."""
    role = context.request.get("ResourceSnapshotJobRoleIdentifier")
    is_name = role is not None and not role.startswith("arn:")
    context.own.role = f"arn:aws:iam::{context.account}:role/{role}" if is_name else role
    return get_selling_system_settings(context)


def _owner(context: RequestContext) -> SellingAccount:
    """Return the caller's items, which have the resource of a request."""
    arn: str = context.request["ResourceArn"]
    name = catalog_of(arn)
    if name is None or name not in context.state.sizes:
        raise not_found("RESOURCE_NOT_FOUND")
    own = context.state.selling(name, context.now).of(context.account)
    identifier = identifier_of(arn)
    item = own.jobs.get(identifier) or (own.opportunities.find(identifier) if identifier.startswith("O") else None)
    if item is None or item["Arn"] != arn:
        raise not_found("RESOURCE_NOT_FOUND")
    return own


def list_tags_for_resource(context: RequestContext) -> bytes:
    """Return the tags of a resource."""
    tags = _owner(context).tags.get(context.request["ResourceArn"], {})
    return encode({"Tags": as_list(tags)})


def tag_resource(context: RequestContext) -> bytes:
    """Add tags to a resource; existing keys get the new values."""
    own, arn = _owner(context), context.request["ResourceArn"]
    own.tags[arn] = with_tags(own.tags.get(arn, {}), context.request["Tags"])
    return encode({})


def untag_resource(context: RequestContext) -> bytes:
    """Remove tags from a resource; unknown keys are ignored."""
    own, arn = _owner(context), context.request["ResourceArn"]
    own.tags[arn] = without_tags(own.tags.get(arn, {}), context.request["TagKeys"])
    return encode({})
