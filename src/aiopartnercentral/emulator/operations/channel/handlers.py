"""The handlers of the service `channel`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.operations import resources
from aiopartnercentral.emulator.operations.channel import contracts, handshakes, relationships

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext

    Handler = Callable[[RequestContext], bytes]

HANDLERS: Mapping[str, Handler] = {
    "AcceptChannelHandshake": handshakes.accept_channel_handshake,
    "CancelChannelContract": contracts.cancel_channel_contract,
    "CancelChannelHandshake": handshakes.cancel_channel_handshake,
    "CreateChannelContract": contracts.create_channel_contract,
    "CreateChannelHandshake": handshakes.create_channel_handshake,
    "CreateProgramManagementAccount": relationships.create_program_management_account,
    "CreateRelationship": relationships.create_relationship,
    "DeleteProgramManagementAccount": relationships.delete_program_management_account,
    "DeleteRelationship": relationships.delete_relationship,
    "GetChannelContract": contracts.get_channel_contract,
    "GetRelationship": relationships.get_relationship,
    "ListChannelContracts": contracts.list_channel_contracts,
    "ListChannelHandshakes": handshakes.list_channel_handshakes,
    "ListProgramManagementAccounts": relationships.list_program_management_accounts,
    "ListRelationships": relationships.list_relationships,
    "ListTagsForResource": resources.list_tags_for_resource,
    "RejectChannelHandshake": handshakes.reject_channel_handshake,
    "TagResource": resources.tag_resource,
    "UntagResource": resources.untag_resource,
    "UpdateProgramManagementAccount": relationships.update_program_management_account,
    "UpdateRelationship": relationships.update_relationship,
}
