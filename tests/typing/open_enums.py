# pyright: strict
"""Never run: mypy --strict and pyright must accept every way to handle a value that the model does not know."""

from __future__ import annotations

from typing import assert_type

from aiopartnercentral import account


def matched(status: account.ConnectionTypeStatus) -> str:
    match status:
        case account.ConnectionTypeStatus.ACTIVE:
            return "active"
        case account.ConnectionTypeStatus.CANCELED:
            return "canceled"
        case _:
            if status.value == "PENDING":
                return "pending"
            return status


def compared(status: account.ConnectionTypeStatus) -> str:
    if status == "PENDING":
        return "a value newer than the model"
    if status is account.ConnectionTypeStatus.ACTIVE or status is account.ConnectionTypeStatus.CANCELED:
        return "known"
    if status.is_unknown:
        return status.value
    return "never"


def contained(text: str) -> account.ConnectionTypeStatus | None:
    return account.ConnectionTypeStatus(text) if text in account.ConnectionTypeStatus else None


async def arguments(client: account.Client, text: str) -> None:
    await client.list_connections(catalog="AWS", connection_type="SUBSIDIARY")
    await client.list_connections(catalog="AWS", connection_type=account.ConnectionType.SUBSIDIARY)
    await client.list_connections(catalog="AWS", connection_type=account.ConnectionType(text))
    client.paginate.list_connection_invitations(catalog=text, status="PENDING")
    client.paginate.list_connections(catalogs=[text, "AWS"])
    account.listings.list_connection_invitations(status=account.InvitationStatus("NEW"))


def passed_on(kind: account.ConnectionTypeLike) -> None:
    account.listings.list_connections(connection_type=kind)


def known(connection: account.ConnectionSummary) -> None:
    assert_type([kind.value for kind in connection.connection_types], list[str])
    assert_type([status.name for status in account.ConnectionTypeStatus], list[str])
