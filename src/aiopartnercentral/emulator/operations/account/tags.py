"""Tags of resources whose ARN has an account: partners and connection preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import invalid_field, not_found
from aiopartnercentral.emulator.operations.arns import catalog_of
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.catalog import AccountCatalog

# As many as ListTagsForResource can return.
_MAX_TAGS: Final = 200


def as_tags(listed: Sequence[dict[str, str]], field: str) -> dict[str, str]:
    """Return tags by key, or raise EmulatedServiceError if a key is there twice."""
    tags = {tag["Key"]: tag["Value"] for tag in listed}
    if len(tags) < len(listed):
        raise invalid_field(field, "has a duplicate key", "DUPLICATE_VALUE")
    return tags


def list_tags_for_resource(context: RequestContext) -> bytes:
    """Return the tags of a resource."""
    tags: dict[str, Any] = _find_catalog(context).tags.get(context.request["ResourceArn"], {})
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return encode({"ResourceArn": context.request["ResourceArn"], "Tags": listed})


def tag_resource(context: RequestContext) -> bytes:
    """Add tags to a resource; existing keys get the new values."""
    catalog, arn = _find_catalog(context), context.request["ResourceArn"]
    tags = catalog.tags.get(arn, {}) | as_tags(context.request["Tags"], "Tags")
    if len(tags) > _MAX_TAGS:
        raise invalid_field("Tags", f"would leave more than {_MAX_TAGS} tags on the resource", "TOO_MANY_VALUES")
    catalog.tags[arn] = tags
    return encode({})


def untag_resource(context: RequestContext) -> bytes:
    """Remove tags from a resource; unknown keys are ignored."""
    catalog, arn = _find_catalog(context), context.request["ResourceArn"]
    removed = set(context.request["TagKeys"])
    catalog.tags[arn] = {key: value for key, value in catalog.tags.get(arn, {}).items() if key not in removed}
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
