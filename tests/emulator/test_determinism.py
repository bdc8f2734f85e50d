"""Reads, failed requests and repetitions have no effect, not even on later changes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aiopartnercentral.emulator import Clock, Emulator
from tests.emulator.caller import Caller
from tests.emulator.workflows import PROFILE, connected, partner, token

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("looks", [False, True])
async def test_a_profile_update_does_not_depend_on_reads(looks, ada, bob, frozen, http):
    for one, name in ((ada, "Byron"), (bob, "Babbage")):
        made = await partner(one, frozen, http, name=name)
        place = {"Catalog": "AWS", "Identifier": made["Id"], "ClientToken": token()}
        await one("StartProfileUpdateTask", **place, TaskDetails=PROFILE)
        frozen.clock.advance(timedelta(seconds=60))
        if looks:
            await one("ListPartners", Catalog="AWS")
    told = await bob("GetProfileUpdateTask", Catalog="AWS", Identifier=made["Id"])
    assert [problem["Reason"] for problem in told["ErrorDetailList"]] == ["DUPLICATE_PROFILE"]


async def test_the_order_of_first_reads_has_no_effect(http):
    told = []
    subsidiaries = ("222222222222", "333333333333")
    for order in (subsidiaries, subsidiaries[::-1]):
        async with Emulator({"AWS": 0}, clock=Clock(running=False), task_seconds=1) as emulator:
            primary, *others = (Caller(name, emulator.endpoint_url, http) for name in ("111111111111", *subsidiaries))
            for account in order:
                await Caller(account, emulator.endpoint_url, http)("ListConnections", Catalog="AWS")
            made = await partner(primary, emulator, http, name="Primary")
            for one in others:
                own = await partner(one, emulator, http, name=one.account)
                await connected(one, primary, kind="SUBSIDIARY")
                place = {"Catalog": "AWS", "Identifier": own["Id"], "ClientToken": token()}
                named = {"PrimaryPartner": {"AccountId": primary.account}}
                await one("StartQualificationsAssociationTask", **place, **named)
            emulator.clock.advance(timedelta(seconds=5))
            details = await primary("GetQualificationsAssociationDetails", Catalog="AWS", Identifier=made["Id"])
            told.append([member["AccountId"] for member in details["AssociatedPartners"]])
    assert told == [[*subsidiaries]] * 2
