"""Idempotency tokens: a repeated request is executed once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.emulator.workflows import invitation, token

pytestmark = pytest.mark.anyio


async def test_a_repeated_request_gets_the_same_response_and_is_executed_once(ada, bob):
    request = invitation(bob.account)
    first = await ada("CreateConnectionInvitation", **request)
    place = {"Catalog": "AWS", "Identifier": first["Id"], "ClientToken": token()}
    await bob("RejectConnectionInvitation", **place)
    assert await ada("CreateConnectionInvitation", **request) == first
    assert await ada("CreateConnectionInvitation", **request, Unknown=1) == first
    assert (await bob("RejectConnectionInvitation", **place))["Status"] == "REJECTED"
    listed = await ada("ListConnectionInvitations", Catalog="AWS")
    assert len(listed["ConnectionInvitationSummaries"]) == 1


async def test_a_token_with_another_request_is_a_conflict(ada, bob):
    request = invitation(bob.account)
    await ada("CreateConnectionInvitation", **request)
    for other in ({"Message": "Something else."}, {"Catalog": "Sandbox"}):
        assert await ada.refused("CreateConnectionInvitation", **(request | other)) == "CONFLICT_CLIENT_TOKEN"


async def test_a_token_belongs_to_its_account_and_operation(ada, bob, caller):
    request = invitation("333333333333")
    for one in (ada, bob):
        await one("CreateConnectionInvitation", **request)
    carol = caller("333333333333")
    for item in (await carol("ListConnectionInvitations", Catalog="AWS"))["ConnectionInvitationSummaries"]:
        operation = (
            "AcceptConnectionInvitation"
            if item["OtherParticipantIdentifier"] == ada.account
            else "RejectConnectionInvitation"
        )
        await carol(operation, Catalog="AWS", Identifier=item["Id"], ClientToken=request["ClientToken"])


async def test_a_failed_request_can_be_retried_with_the_same_token(ada, bob):
    request = invitation("pprofile-0000000000000")
    assert await ada.refused("CreateConnectionInvitation", **request) == "RECEIVER_PROFILE_NOT_FOUND"
    await ada("CreateConnectionInvitation", **(request | {"ReceiverIdentifier": bob.account}))


async def test_a_token_is_forgotten_after_a_day(ada, bob, frozen):
    request = invitation(bob.account)
    first = await ada("CreateConnectionInvitation", **request)
    frozen.clock.advance(timedelta(hours=23))
    assert await ada("CreateConnectionInvitation", **request) == first
    frozen.clock.advance(timedelta(hours=1))
    assert await ada.refused("CreateConnectionInvitation", **request) == "DUPLICATE_CONNECTION_INVITATION"
