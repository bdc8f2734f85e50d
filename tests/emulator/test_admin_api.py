"""The emulator's own interface and its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aiopartnercentral.emulator import Emulator
from aiopartnercentral.emulator.state.clock import END, Clock, stamp
from tests.emulator.workflows import invitation

pytestmark = pytest.mark.anyio


async def test_the_time_is_told_and_moved(still, http, ada, bob):
    url = f"{still.endpoint_url}/_emulator/clock"
    now = datetime.fromisoformat((await http.get(url)).json()["Now"])
    assert now == still.clock.now()
    sent = await ada("CreateConnectionInvitation", **invitation(bob.account))
    assert sent["CreatedAt"] == stamp(now)
    moved = (await http.post(url, json={"AdvanceSeconds": 86400.5})).json()["Now"]
    assert datetime.fromisoformat(moved) == now + timedelta(seconds=86400.5) == still.clock.now()


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"1", b'{"AdvanceSeconds": "1"}', b'{"AdvanceSeconds": -1}', b'{"AdvanceSeconds": true}',
     b'{"AdvanceSeconds": 1e300}', b'{"AdvanceSeconds": 1e12}', b"\xff", b"[" * 200_000],
)  # fmt: skip
async def test_what_is_no_move_of_the_time_is_refused_and_moves_nothing(body, still, http):
    before = still.clock.now()
    response = await http.post(f"{still.endpoint_url}/_emulator/clock", content=body)
    assert response.status_code == 400
    assert "AdvanceSeconds" in response.json()["Message"]
    assert still.clock.now() == before


async def test_codes_are_told_instead_of_sent(still, http, ada):
    await ada("SendEmailVerificationCode", Catalog="Sandbox", Email="ada@byron.example")
    (told,) = (await http.get(f"{still.endpoint_url}/_emulator/codes")).json()["Codes"]
    (sent,) = still.codes
    assert told == {
        "Account": ada.account,
        "Catalog": "Sandbox",
        "Email": "ada@byron.example",
        "Code": sent.code,
        "ExpiresAt": stamp(sent.expires_at),
    }
    assert sent.code not in repr(sent)


@pytest.mark.parametrize(("method", "path"), [("GET", "nothing"), ("DELETE", "clock"), ("GET", "verifications/x")])
async def test_there_is_nothing_else(method, path, still, http):
    response = await http.request(method, f"{still.endpoint_url}/_emulator/{path}")
    assert response.status_code == 404
    assert response.headers["x-amzn-requestid"]


def test_time_goes_on_unless_it_is_held():
    ticks = 5.0
    start = datetime(2026, 1, 1, tzinfo=UTC)
    running, held = Clock(start, tick=lambda: ticks), Clock(start, running=False, tick=lambda: ticks)
    ticks = 15.0
    assert running.now() - start == timedelta(seconds=10)
    assert running.advance(timedelta(days=1)) == running.now() == start + timedelta(days=1, seconds=10)
    assert held.now() == start
    held.running = True
    ticks = 16.0
    assert held.now() - start == timedelta(seconds=1)


def test_time_ends_with_the_calendar():
    ticks = 0.0
    clock = Clock(tick=lambda: ticks)
    last = clock.advance(END - clock.now())
    ticks = 1.0
    assert clock.now() == last == END  # what is written down later would be refused at the next start


def test_impossible_times():
    with pytest.raises(ValueError, match="time zone"):
        Clock(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    for by in (timedelta(seconds=-1), timedelta.max):
        with pytest.raises(ValueError, match=r"forward|year 9000"):
            Clock().advance(by)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_a_task_takes_a_time(seconds):
    with pytest.raises(ValueError, match="task_seconds"):
        Emulator(task_seconds=seconds)
