"""Tags of resources whose ARN has an account: partners and connection preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral.emulator.errors import not_found
from aiopartnercentral.emulator.operations.arns import catalog_of
from aiopartnercentral.emulator.operations.tagging import as_list, with_tags, without_tags
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.catalog import AccountCatalog


def list_tags_for_resource(context: RequestContext) -> bytes:
    """Return the tags of a resource."""
    tags: dict[str, Any] = _find_catalog(context).tags.get(context.request["ResourceArn"], {})
    return encode({"ResourceArn": context.request["ResourceArn"], "Tags": as_list(tags)})


def tag_resource(context: RequestContext) -> bytes:
    """Add tags to a resource; existing keys get the new values."""
    catalog, arn = _find_catalog(context), context.request["ResourceArn"]
    catalog.tags[arn] = with_tags(catalog.tags.get(arn, {}), context.request["Tags"])
    return encode({})


def untag_resource(context: RequestContext) -> bytes:
    """Remove tags from a resource; unknown keys are ignored."""
    catalog, arn = _find_catalog(context), context.request["ResourceArn"]
    catalog.tags[arn] = without_tags(catalog.tags.get(arn, {}), context.request["TagKeys"])
    return encode({})


def _find_catalog(context: RequestContext) -> AccountCatalog:
    """Return the caller's catalog that has the resource of a request."""
    arn: str = context.request["ResourceArn"]
    name = catalog_of(arn)
    # The only reason in the model that fits: most resources with tags are partners.
    if name is None or name not in context.state.sizes:
        raise not_found("PARTNER_NOT_FOUND")
    catalog = context.state.catalog(name, context.account, context.now)
    partner = catalog.partners.find(arn.rpartition("/")[2]) if "/partner/partner-" in arn else None
    if arn not in (catalog.preferences["Arn"], partner and partner["Arn"]):
        raise not_found("PARTNER_NOT_FOUND")
    return catalog
