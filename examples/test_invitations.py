"""Tests of a function that uses Partner Central, without AWS: `pytest test_invitations.py`.

They need the emulator and pytest. The fixtures are those of the library's pytest plugin.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aiopartnercentral import Emulator, account
from aiopartnercentral.emulator import Clock, Fault, ServerError

PARTNERS = {"444455556666": "Ada", "777788889999": "Grace"}


async def invite_all(client: account.Client, partners: dict[str, str]) -> list[str]:
    """Invite partners, except those that have an open invitation, and return the accounts that were invited."""
    listed = client.paginate.list_connection_invitations(catalog="AWS", status="PENDING")
    pending = {invitation.other_participant_identifier async for invitation in listed}
    invited = [identifier for identifier in partners if identifier not in pending]
    for identifier in invited:
        await client.create_connection_invitation(
            catalog="AWS",
            connection_type="OPPORTUNITY_COLLABORATION",
            receiver_identifier=identifier,
            email="partners@example.com",
            name=partners[identifier],
            message="Let us work together.",
        )
    return invited


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def partnercentral_emulator_arguments() -> dict[str, Any]:
    return {"catalogs": {"AWS": 0}, "clock": Clock(running=False)}


@pytest.mark.anyio
async def test_nobody_is_invited_twice(partnercentral_client: account.Client) -> None:
    assert await invite_all(partnercentral_client, PARTNERS) == [*PARTNERS]
    assert await invite_all(partnercentral_client, PARTNERS) == []


@pytest.mark.anyio
async def test_an_expired_invitation_is_repeated(
    partnercentral_client: account.Client, partnercentral_emulator: Emulator
) -> None:
    await invite_all(partnercentral_client, PARTNERS)
    partnercentral_emulator.clock.advance(timedelta(days=60))
    assert await invite_all(partnercentral_client, PARTNERS) == [*PARTNERS]


@pytest.mark.anyio
async def test_a_failure_of_the_service_loses_no_invitation(
    partnercentral_client: account.Client, partnercentral_emulator: Emulator
) -> None:
    partnercentral_emulator.faults = [Fault(ServerError(), operation="CreateConnectionInvitation", calls="1")]
    assert await invite_all(partnercentral_client, PARTNERS) == [*PARTNERS]
