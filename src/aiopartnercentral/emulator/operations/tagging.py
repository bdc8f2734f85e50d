"""Tags, as all services have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiopartnercentral.emulator.errors import invalid_field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# As many as ListTagsForResource can return.
_MAX_TAGS: Final = 200


def as_tags(listed: Sequence[dict[str, str]], field: str) -> dict[str, str]:
    """Return tags by key, or raise EmulatedServiceError if a key is there twice."""
    tags = {tag["Key"]: tag["Value"] for tag in listed}
    if len(tags) < len(listed):
        raise invalid_field(field, "has a duplicate key", "DUPLICATE_VALUE")
    return tags


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as responses have them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def with_tags(tags: Mapping[str, str], added: Sequence[dict[str, str]], field: str = "Tags") -> dict[str, str]:
    """Return tags with some added, or raise EmulatedServiceError; existing keys get the new values."""
    changed = {**tags, **as_tags(added, field)}
    if len(changed) > _MAX_TAGS:
        raise invalid_field(field, f"would leave more than {_MAX_TAGS} tags on the resource", "TOO_MANY_VALUES")
    return changed


def without_tags(tags: Mapping[str, str], keys: Sequence[str]) -> dict[str, str]:
    """Return tags without some keys; unknown keys are ignored."""
    return {key: value for key, value in tags.items() if key not in set(keys)}
