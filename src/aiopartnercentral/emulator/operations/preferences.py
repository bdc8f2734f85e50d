"""Connection preferences: who may invite an account in a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral.emulator.errors import conflict, invalid_field
from aiopartnercentral.emulator.state.clock import stamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import Call


def get_connection_preferences(call: Call) -> bytes:
    """Return who may invite this account in this catalog."""
    return encode(call.catalog.preferences)


def update_connection_preferences(call: Call) -> bytes:
    """Replace the preferences, if the caller has seen the latest revision."""
    request, before = call.request, call.catalog.preferences
    excluded: list[str] = request.get("ExcludedParticipantIdentifiers", [])
    if excluded and request["AccessType"] != "ALLOW_BY_DEFAULT_DENY_SOME":
        message = "goes with ALLOW_BY_DEFAULT_DENY_SOME only"
        raise invalid_field("ExcludedParticipantIdentifiers", message, "ACTION_NOT_PERMITTED")
    if len(set(excluded)) < len(excluded):
        raise invalid_field("ExcludedParticipantIdentifiers", "names somebody twice", "DUPLICATE_VALUE")
    if request["Revision"] != before["Revision"]:
        raise conflict("INCOMPATIBLE_CONNECTION_PREFERENCES_REVISION")
    after: dict[str, Any] = {
        "Catalog": before["Catalog"],
        "Arn": before["Arn"],
        "AccessType": request["AccessType"],
        "UpdatedAt": stamp(call.now),
        "Revision": before["Revision"] + 1,
    }
    if excluded:
        after["ExcludedParticipantIds"] = excluded
    call.catalog.preferences = after
    return encode(after)
