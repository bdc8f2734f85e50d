"""Tags of what has an ARN with the account in it: partners and connection preferences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import invalid_field, not_found
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiopartnercentral.emulator.operations.context import Call
    from aiopartnercentral.emulator.state.catalog import Catalog

_CATALOG = re.compile("arn:[^:]+:partnercentral:[^:]+:[0-9]{12}:catalog/([^/]+)/.+")
# As many as ListTagsForResource can tell.
_MOST_TAGS: Final = 200


def catalog_of(arn: str) -> str | None:
    """Return the catalog that a resource is in by its ARN; None if the ARN has none."""
    found = _CATALOG.fullmatch(arn)
    return found[1] if found else None


def as_tags(listed: Sequence[dict[str, str]], field: str) -> dict[str, str]:
    """Return tags by key, or raise ServiceFaultError if a key comes twice."""
    tags = {tag["Key"]: tag["Value"] for tag in listed}
    if len(tags) < len(listed):
        raise invalid_field(field, "has a key twice", "DUPLICATE_VALUE")
    return tags


def list_tags_for_resource(call: Call) -> bytes:
    """Return the tags of a resource."""
    tags: dict[str, Any] = _side(call).tags.get(call.request["ResourceArn"], {})
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return encode({"ResourceArn": call.request["ResourceArn"], "Tags": listed})


def tag_resource(call: Call) -> bytes:
    """Add tags to a resource, or replace the values of those that it has."""
    side, arn = _side(call), call.request["ResourceArn"]
    tags = side.tags.get(arn, {}) | as_tags(call.request["Tags"], "Tags")
    if len(tags) > _MOST_TAGS:
        raise invalid_field("Tags", f"would leave more than {_MOST_TAGS} tags on the resource", "TOO_MANY_VALUES")
    side.tags[arn] = tags
    return encode({})


def untag_resource(call: Call) -> bytes:
    """Take tags from a resource; those that it has not are no error."""
    side, arn = _side(call), call.request["ResourceArn"]
    gone = set(call.request["TagKeys"])
    side.tags[arn] = {key: value for key, value in side.tags.get(arn, {}).items() if key not in gone}
    return encode({})


def _side(call: Call) -> Catalog:
    """Return where the resource of the caller is that the request names."""
    arn: str = call.request["ResourceArn"]
    name = catalog_of(arn)
    # The only reason of the model that can be meant: most resources with tags are partners.
    if name is None or name not in call.world.sizes:
        raise not_found("PARTNER_NOT_FOUND")
    side = call.world.side(name, call.account, call.now)
    partner = side.partners.find(arn.rpartition("/")[2]) if "/partner/partner-" in arn else None
    if arn not in (side.preferences["Arn"], partner and partner["Arn"]):
        raise not_found("PARTNER_NOT_FOUND")
    return side
