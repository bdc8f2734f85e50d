"""Connection preferences: who may invite an account in a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral.emulator.errors import conflict, invalid_field
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext


def get_connection_preferences(context: RequestContext) -> bytes:
    """Return the account's connection preferences."""
    return encode(context.catalog.preferences)


def update_connection_preferences(context: RequestContext) -> bytes:
    """Replace the preferences, if the request has the latest revision."""
    request, before = context.request, context.catalog.preferences
    excluded: list[str] = request.get("ExcludedParticipantIdentifiers", [])
    if excluded and request["AccessType"] != "ALLOW_BY_DEFAULT_DENY_SOME":
        message = "is allowed with ALLOW_BY_DEFAULT_DENY_SOME only"
        raise invalid_field("ExcludedParticipantIdentifiers", message, "ACTION_NOT_PERMITTED")
    if len(set(excluded)) < len(excluded):
        raise invalid_field("ExcludedParticipantIdentifiers", "has a duplicate", "DUPLICATE_VALUE")
    if request["Revision"] != before["Revision"]:
        raise conflict("INCOMPATIBLE_CONNECTION_PREFERENCES_REVISION")
    after: dict[str, Any] = {
        "Catalog": before["Catalog"],
        "Arn": before["Arn"],
        "AccessType": request["AccessType"],
        "UpdatedAt": format_timestamp(context.now),
        "Revision": before["Revision"] + 1,
    }
    if excluded:
        after["ExcludedParticipantIds"] = excluded
    context.catalog.preferences = after
    return encode(after)
