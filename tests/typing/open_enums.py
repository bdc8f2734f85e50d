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
            # mypy compares the literals of enum and string, and asks no `__eq__`.
            return "new" if status == "NEW" else status  # type: ignore[comparison-overlap]


def compared(status: account.ConnectionTypeStatus) -> str:
    if status == account.ConnectionTypeStatus.ACTIVE:
        return "active"
    if status == "CANCELED":
        return "canceled"
    if status == "PENDING" or status in ("NEW", "NEWER"):
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
    client.paginate.list_connections(catalogs=[text, "AWS"], connection_type="SUBSIDIARY:ACTIVE")
    await client.list_connections(catalog="AWS", connection_type="OPPORTUNITY_COLLABORATION:CANCELED")
    account.listings.list_connections(connection_type=account.ConnectionType(f"{text}:ACTIVE"))
    account.listings.list_connection_invitations(status=account.InvitationStatus("NEW"))


def passed_on(kind: account.ConnectionTypeLike, which: account.ConnectionTypeFilterLike) -> None:
    account.listings.list_connections(connection_type=kind)
    account.ListConnectionsRequest(catalog="AWS", connection_type=which)


def requests(status: account.InvitationStatus, tags: tuple[account.Tag, ...]) -> None:
    account.ListConnectionInvitationsRequest(catalog="AWS", status="PENDING", connection_type="SUBSIDIARY")
    account.ListConnectionInvitationsRequest(catalog="AWS", status=status)
    account.TagResourceRequest(resource_arn="arn", tags=tags)


def known(connection: account.ConnectionSummary) -> None:
    assert_type([kind.value for kind in connection.connection_types], list[str])
    assert_type([status.name for status in account.ConnectionTypeStatus], list[str])
