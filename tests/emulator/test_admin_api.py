"""The admin API and the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aiopartnercentral.emulator import Emulator
from aiopartnercentral.emulator.state.clock import LATEST, Clock, format_timestamp
from tests.emulator.workflows import invitation

pytestmark = pytest.mark.anyio


async def test_the_clock_is_read_and_moved(frozen, http, ada, bob):
    url = f"{frozen.endpoint_url}/_emulator/clock"
    now = datetime.fromisoformat((await http.get(url)).json()["Now"])
    assert now == frozen.clock.now()
    sent = await ada("CreateConnectionInvitation", **invitation(bob.account))
    assert sent["CreatedAt"] == format_timestamp(now)
    moved = (await http.post(url, json={"AdvanceSeconds": 86400.5})).json()["Now"]
    assert datetime.fromisoformat(moved) == now + timedelta(seconds=86400.5) == frozen.clock.now()


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"1", b'{"AdvanceSeconds": "1"}', b'{"AdvanceSeconds": -1}', b'{"AdvanceSeconds": true}',
     b'{"AdvanceSeconds": 1e300}', b'{"AdvanceSeconds": 1e12}', b"\xff", b"[" * 200_000],
)  # fmt: skip
async def test_a_wrong_move_of_the_clock_is_refused(body, frozen, http):
    before = frozen.clock.now()
    url, headers = f"{frozen.endpoint_url}/_emulator/clock", {"Content-Type": "application/json"}
    response = await http.post(url, content=body, headers=headers)
    assert response.status_code == 400
    assert "AdvanceSeconds" in response.json()["Message"]
    assert frozen.clock.now() == before


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/plain; a=application/json", "application/x-www-form-urlencoded", "multipart/form-data", ""],
)
async def test_the_clock_is_not_moved_by_a_type_that_browsers_send_without_asking(content_type, frozen, http):
    before, url = frozen.clock.now(), f"{frozen.endpoint_url}/_emulator/clock"
    response = await http.post(url, content=b'{"AdvanceSeconds": 5}', headers={"Content-Type": content_type})
    assert response.status_code == 415
    assert response.json() == {"Message": "The Content-Type must be application/json"}
    assert frozen.clock.now() == before
    charset = {"Content-Type": "application/json; charset=utf-8"}
    assert (await http.post(url, content=b'{"AdvanceSeconds": 5}', headers=charset)).status_code == 200


async def test_a_scenario_of_the_library_is_started_over_http_and_other_keys_replace_its_own(frozen, http, tmp_path):
    url = f"{frozen.endpoint_url}/_emulator/scenario"
    done = await http.post(url, json={"scenario": "outage", "latency": 0.001})
    assert done.json() == frozen.scenario
    assert (done.json()["fault"][0]["kind"], done.json()["latency"]) == ("server_error", 0.001)
    await http.post(url, json={"scenario": "throttled-account", "requests_per_second": 99})
    assert frozen.scenario["requests_per_second"] == 99
    before, file = frozen.scenario, tmp_path / "mine.toml"
    file.write_text("latency = 5")
    for wrong in (str(file), "../outage", "", None, 1, ["outage"]):  # over HTTP, no file is read
        refused = await http.post(url, json={"scenario": wrong})
        assert (refused.status_code, "scenario must be" in refused.json()["Message"]) == (400, True)
    assert frozen.scenario == before


async def test_codes_are_listed_instead_of_sent(frozen, http, ada):
    await ada("SendEmailVerificationCode", Catalog="Sandbox", Email="ada@byron.example")
    (told,) = (await http.get(f"{frozen.endpoint_url}/_emulator/codes")).json()["Codes"]
    (sent,) = frozen.codes
    assert told == {
        "Account": ada.account,
        "Catalog": "Sandbox",
        "Email": "ada@byron.example",
        "Code": sent.code,
        "ExpiresAt": format_timestamp(sent.expires_at),
    }
    assert sent.code not in repr(sent)


@pytest.mark.parametrize(("method", "path"), [("GET", "nothing"), ("DELETE", "clock"), ("GET", "verifications/x")])
async def test_other_paths_are_not_found(method, path, frozen, http):
    response = await http.request(method, f"{frozen.endpoint_url}/_emulator/{path}")
    assert response.status_code == 404
    assert response.headers["x-amzn-requestid"]


def test_the_clock_runs_unless_it_is_stopped():
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


def test_the_clock_stops_at_the_end_of_the_calendar():
    ticks = 0.0
    clock = Clock(tick=lambda: ticks)
    last = clock.advance(LATEST - clock.now())
    ticks = 1.0
    assert clock.now() == last == LATEST  # what is written down later would be refused at the next start


def test_wrong_times_are_refused():
    with pytest.raises(ValueError, match="time zone"):
        Clock(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    for by in (timedelta(seconds=-1), timedelta.max):
        with pytest.raises(ValueError, match=r"forward|year 9000"):
            Clock().advance(by)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_a_wrong_task_time_is_refused(seconds):
    with pytest.raises(ValueError, match="task_seconds"):
        Emulator(task_seconds=seconds)
