"""Never run: every line marked below must be refused by mypy --strict and by pyright."""

from __future__ import annotations

from typing import assert_never

import aiopartnercentral
from aiopartnercentral import account, bulk


def not_exhaustive(participant: account.Participant) -> str:
    match participant:
        case account.ParticipantPartnerProfile(profile):
            return profile.name
        case account.ParticipantSellerProfile(seller):
            return seller.name
        case account.ParticipantAccount(owner):
            return owner.name
        case _:
            assert_never(participant)  # refused: ParticipantUnknown is left


def only_known_values(status: account.ConnectionTypeStatus) -> str:  # refused: None for an unknown value
    match status:
        case account.ConnectionTypeStatus.ACTIVE:
            return "active"
        case account.ConnectionTypeStatus.CANCELED:
            return "canceled"


async def misspelt_values(client: account.Client, status: account.ConnectionTypeStatus) -> None:
    await client.list_connections(catalog="AWS", connection_type="SUBSIDARY")  # refused: misspelt
    await client.list_connection_invitations(catalog="AWS", status="PENDIN")  # refused: misspelt
    client.paginate.list_connections(catalog="AWS", connection_type="SUBSIDARY")  # refused: misspelt
    account.listings.list_connection_invitations(status="PENDIN")  # refused: misspelt
    await client.list_connections(catalog="AWS", connection_type="SUBSIDIARY:ACTVE")  # refused: misspelt
    account.listings.list_connections(connection_type="SUBSIDARY:ACTIVE")  # refused: misspelt
    account.ListConnectionsRequest(catalog="AWS", connection_type="SUBSIDARY")  # refused: misspelt
    account.ListConnectionInvitationsRequest(catalog="AWS", status="PENDIN")  # refused: misspelt
    status == account.ConnectionTypeStatus.ACTIV  # refused: misspelt  # noqa: B015


async def wrong_calls(client: account.Client) -> None:
    await client.list_connections()  # refused: no catalog
    await client.list_connections("AWS")  # refused: not by position
    await client.list_connections(catalog="AWS", page_size=5)  # refused: called max_results here
    client.paginate.list_connections(catalogs="AWS", on_error="ignore")  # refused: no such policy
    client.paginate.list_connections()  # refused: no catalog
    client.paginate.list_connections(catalog="AWS", page_sise=5)  # refused: misspelt
    account.listings.list_connections(ordered=True)  # refused: how to collect is not part of a listing
    client.paginate.get_partner  # refused: has no pages  # noqa: B018
    account.connect(endpoint="http://127.0.0.1")  # refused: called endpoint_url


async def without_a_block(collection: bulk.Collection[account.ConnectionSummary]) -> None:
    account.connect().list_connections  # refused: only the client in its block has it  # noqa: B018
    await account.connect()  # refused: only a block opens it
    with account.connect():  # refused: the block is async
        pass
    async for _ in collection:  # refused: only its stream is iterated over
        pass
    collection.report  # refused: only its stream has a report  # noqa: B018
    await collection  # refused: without collect()


async def without_the_right_loop(client: account.Client) -> None:
    await client.paginate.list_connections(catalog="AWS")  # refused: without collect()
    for _ in client.paginate.list_connections(catalog="AWS"):  # refused: the loop is async
        pass
    async for _ in account.listings.list_connections():  # refused: a listing has no items
        pass
    async with client.paginate.list_connections(catalog="AWS") as stream:
        await stream  # refused: only its items are awaited, by `async for`
        for _ in stream:  # refused: the loop is async
            pass


def wrong_objects(connection: account.ConnectionSummary) -> None:
    connection.id = "other"  # refused: frozen
    account.PartnerSummary(catalog="AWS")  # refused: members missing
    connection.connection_types["SUBSIDIARY"].status.lower().nothing  # refused: no such attribute  # noqa: B018


def wrong_names() -> None:
    account.Participnt  # refused: misspelt  # noqa: B018
    aiopartnercentral.Emulater  # refused: misspelt  # noqa: B018
