"""The settings of an account, and the tags of its opportunities, customer accounts and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.errors import not_found
from aiopartnercentral.emulator.operations.arns import catalog_of, identifier_of
from aiopartnercentral.emulator.operations.tagging import as_list, with_tags, without_tags
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.collection import ItemCollection


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


def _tags(context: RequestContext) -> tuple[dict[str, dict[str, str]], ItemCollection]:
    """Return all tags of the caller, and the collection that has the resource of a request."""
    arn: str = context.request["ResourceArn"]
    name = catalog_of(arn)
    if name is None or name not in context.state.sizes:
        raise not_found("RESOURCE_NOT_FOUND")
    own = context.state.selling(name, context.now).of(context.account)
    identifier = identifier_of(arn)
    kinds = {"O": own.opportunities, "job": own.jobs, "cust": own.customers}
    collection = kinds.get("O" if identifier.startswith("O") else identifier.partition("-")[0])
    item = None if collection is None else collection.find(identifier)
    if collection is None or item is None or item["Arn"] != arn:
        raise not_found("RESOURCE_NOT_FOUND")
    return own.tags, collection


def list_tags_for_resource(context: RequestContext) -> bytes:
    """Return the tags of a resource."""
    tags, _ = _tags(context)
    return encode({"Tags": as_list(tags.get(context.request["ResourceArn"], {}))})


def tag_resource(context: RequestContext) -> bytes:
    """Add tags to a resource; existing keys get the new values."""
    (tags, collection), arn = _tags(context), context.request["ResourceArn"]
    tags[arn] = with_tags(tags.get(arn, {}), context.request["Tags"])
    collection.touch(identifier_of(arn))
    return encode({})


def untag_resource(context: RequestContext) -> bytes:
    """Remove tags from a resource; unknown keys are ignored."""
    (tags, collection), arn = _tags(context), context.request["ResourceArn"]
    tags[arn] = without_tags(tags.get(arn, {}), context.request["TagKeys"])
    collection.touch(identifier_of(arn))
    return encode({})
