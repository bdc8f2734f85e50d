"""A reset of everything: what tests in other languages begin with."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from aiopartnercentral.emulator import Clock, Denial, Emulator, Fault, Latency, Quotas
from tests.emulator.caller import Caller
from tests.emulator.workflows import invitation

pytestmark = pytest.mark.anyio

ADA = "111111111111"
AT_START = {
    "seed": 3,
    "clock": Clock(running=False),
    "quotas": Quotas(open_invitations=5),
    "latency": 0.001,
    "requests_per_second": 900,
    "denied_catalogs": ["Sandbox"],
    "denials": [Denial(operation="Delete*")],
    "faults": [Fault(Latency(seconds=0), calls="*/7")],
}
CHANGES = {
    "clock": {"advance_seconds": 86400, "running": True},
    "quotas": {"open_invitations": 2},
    "latency": 0,
    "requests_per_second": None,
    "denied_catalogs": [],
    "denial": [],
    "fault": [{"kind": "server_error", "status": 503, "calls": 9}],
    "code": [{"email": "ada@byron.example", "code": "123456"}],
}


async def test_a_reset_of_everything_restores_what_the_emulator_was_started_with(http):
    async with Emulator(**AT_START) as emulator:
        emulator.quotas = Quotas(open_invitations=4)  # which is not what it was started with
        emulator.reset(everything=True)
        before, caller = emulator.scenario, Caller(ADA, emulator.endpoint_url, http)
        assert before["quotas"]["open_invitations"] == 5

        async def result():
            """Return what the same requests get, and what is left of them."""
            sent = await caller("CreateConnectionInvitation", **invitation("222222222222"))
            return sent, [request.operation for request in emulator.requests], emulator.max_in_flight

        first = await result()
        url = f"{emulator.endpoint_url}/_emulator"
        assert (await http.post(f"{url}/scenario", json=CHANGES)).status_code == 200
        assert (await http.post(f"{url}/reset", json={"Seed": 8})).status_code == 200
        changed = emulator.scenario
        assert [key for key in before if changed[key] == before[key]] == [
            *("account_id", "task_seconds", "nightly_changes", "catalogs")
        ]
        assert len(emulator.requests) == 1
        done = await http.post(f"{url}/reset", json={"Everything": True})
        assert (done.status_code, done.json()) == (200, {"Now": before["clock"]["start"]})
        assert (emulator.scenario, emulator.codes, emulator.requests) == (before, [], ())
        assert await result() == first
        emulator.reset(4, everything=True)
        assert emulator.scenario == {**before, "seed": 4}


async def test_a_running_clock_has_the_time_that_it_would_have_without_moves():
    ticks = 100.0
    async with Emulator(clock=Clock(tick=lambda: ticks)) as emulator:
        start = emulator.clock.now()
        emulator.clock.advance(timedelta(days=9))
        emulator.clock.running = False
        ticks = 105.0
        emulator.reset(everything=True)
        assert (emulator.clock.now() - start, emulator.clock.running) == (timedelta(seconds=5), True)


async def test_faults_are_counted_from_the_first_request_again(http):
    async with Emulator(faults=[Fault(Latency(seconds=0), calls=1)]) as emulator:
        caller = Caller(ADA, emulator.endpoint_url, http)
        for _ in range(2):
            for _ in range(2):
                await caller("ListConnections", Catalog="AWS")
            assert [len(request.faults) for request in emulator.requests] == [1, 0]
            emulator.reset(everything=True)


async def test_a_clock_in_a_state_file_does_not_go_back(http, tmp_path):
    async with Emulator(state=tmp_path / "state", latency=0.001) as emulator:
        emulator.latency = 0
        before = emulator.clock.now()
        response = await http.post(f"{emulator.endpoint_url}/_emulator/reset", json={"Everything": True})
        assert response.status_code == 400
        text = "everything cannot be reset with a state file: the clock in it never goes back"
        assert response.json() == {"Message": text}
        assert (emulator.latency, emulator.clock.now() >= before) == (0, True)
        page = (await http.get(f"{emulator.endpoint_url}/settings", headers={"Accept": "text/html"})).text
    assert re.findall(r'name="(?:seed|everything)"', page) == []  # which would be refused


@pytest.mark.parametrize("wrong", [1, "true", None])
async def test_a_wrong_member_of_a_reset_is_refused(wrong, frozen, http):
    response = await http.post(f"{frozen.endpoint_url}/_emulator/reset", json={"Everything": wrong})
    assert (response.status_code, "everything must be a boolean" in response.json()["Message"]) == (400, True)


async def test_the_form_resets_everything(frozen, http, ada):
    before = frozen.scenario
    await ada("ListConnections", Catalog="AWS")
    frozen.change({"latency": 0.001, "clock": {"advance_seconds": 60}})
    page = (await http.get(f"{frozen.endpoint_url}/settings", headers={"Accept": "text/html"})).text
    assert re.findall(r'name="(?:seed|everything)"', page) == ['name="seed"', 'name="everything"']
    form, headers = {"seed": "0", "everything": "on"}, {"Origin": frozen.endpoint_url}
    assert (await http.post(f"{frozen.endpoint_url}/settings/reset", data=form, headers=headers)).status_code == 303
    assert (frozen.scenario, frozen.requests) == (before, ())
