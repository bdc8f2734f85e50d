"""The emulator as a service: changed by a command, its log, recording, a container's files, and how it stops."""

from __future__ import annotations

import json
import re
import shlex
import signal
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import httpx2
import pytest

from aiopartnercentral import ServiceError, account, marketing
from aiopartnercentral.emulator import Clock, Emulator
from tests.cli.processes import PYTHON, address, connect, everything

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


async def ended(process, sent=signal.SIGTERM):
    """Stop a process; return its lines on stderr."""
    process.send_signal(sent)
    text = (await everything(process.stderr)).decode()
    assert await process.wait() == 0
    return text.splitlines()


# settings


async def test_a_scenario_is_started_by_name_and_options_replace_its_settings(started):
    async with started("emulator", "--scenario", "outage", "--catalog", "AWS=3", "--freeze-time") as process:
        url = await address(process)
        async with connect(url) as client, httpx2.AsyncClient(trust_env=False) as http:
            told = (await http.get(f"{url}/_emulator/scenario")).json()
            await http.post(f"{url}/_emulator/clock", json={"AdvanceSeconds": 1})
            with pytest.raises(ServiceError):
                await client.with_options(attempts=1).list_connections(catalog="AWS")
            await http.post(f"{url}/_emulator/clock", json={"AdvanceSeconds": 60})
            assert len((await client.list_connections(catalog="AWS")).connection_summaries) == 3
    assert (told["catalogs"], told["clock"]["running"], told["fault"][0]["duration"]) == ({"AWS": 3}, False, 60)


async def test_a_running_emulator_is_changed_by_a_command(run, tmp_path):
    faults, scenario = tmp_path / "faults.toml", tmp_path / "scenario.toml"
    faults.write_text('[[fault]]\nkind = "reset"\ncalls = 1\n')
    scenario.write_text("latency = 0.001\n[clock]\nstart = 2026-02-01T00:00:00Z\n[quotas]\ncodes_per_day = 9\n")
    async with Emulator({"AWS": 1}) as emulator:
        options = ("--faults", faults, "--quota", "open_invitations=3", "--requests-per-second", "50")
        clock = ("--freeze-time", "--advance", "86400", "--code", "ada@byron.example=000042")
        done = await run("emulator-set", emulator.endpoint_url, "--scenario", scenario, *options, *clock)
        assert (done.code, done.err) == (0, "")
        told = json.loads(done.out)
        assert told == emulator.scenario
        assert told["clock"] == {"start": "2026-02-02T00:00:00.000Z", "running": False}
        assert told["fault"] == [{"kind": "reset", "calls": "1"}]
        assert (told["quotas"]["open_invitations"], told["quotas"]["codes_per_day"]) == (3, 9)
        assert [code.code for code in emulator.codes] == ["000042"]
        await run("emulator-set", emulator.endpoint_url, "--run-time", "--requests-per-second", "0")
        assert (emulator.clock.running, emulator.requests_per_second) == (True, None)
        unchanged = await run("emulator-set", emulator.endpoint_url)
        assert json.loads(unchanged.out)["requests_per_second"] is None


async def test_a_command_resets_everything_before_its_other_changes(run):
    async with Emulator({"AWS": 1}, clock=Clock(running=False), latency=0.001) as emulator:
        before = emulator.scenario
        emulator.change({"latency": 0, "quotas": {"open_invitations": 3}, "clock": {"advance_seconds": 60}})
        done = await run("emulator-set", emulator.endpoint_url, "--reset", "--requests-per-second", "9")
        assert json.loads(done.out) == emulator.scenario == {**before, "requests_per_second": 9}
        await run("emulator-set", emulator.endpoint_url, "--reset")
        assert emulator.scenario == before


@pytest.mark.parametrize("options", [(), ("--freeze-time",)])
async def test_the_clock_starts_at_a_time_or_now(started, options):
    async def clock(time):
        command = ("emulator", "--start-time", time, *options)
        async with started(*command) as process, httpx2.AsyncClient(trust_env=False) as http:
            return (await http.get(f"{await address(process)}/_emulator/scenario")).json()["clock"]

    given = await clock("2026-02-03T00:00:00Z")
    assert (given["start"][:10], given["running"]) == ("2026-02-03", not options)
    earliest = datetime.now(UTC) - timedelta(milliseconds=1)
    assert earliest <= datetime.fromisoformat((await clock("now"))["start"]) <= datetime.now(UTC)


@pytest.mark.parametrize("time", ["", "today", "2026-02-03T00:00:00"])
async def test_a_wrong_start_of_the_clock_is_refused(run, time):
    done = await run("emulator", "--start-time", time)
    assert (done.code, done.out) == (2, b"")
    assert "is neither now nor a time with a time zone, such as 2025-12-24T18:00:00Z" in done.err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--scenario", "outtage"), "'outtage' is neither a file nor a scenario of the library: denied-catalog"),
        (("--quota", "open_invitations"), "--quota must be NAME=NUMBER"),
        (("--quota", "open=1"), "'open' is not a quota: the quotas are active_connections"),
        (("--code", "ada=1"), "code 2: email must be an e-mail address"),
        (("--code", "ada@byron.example=1", "--code", "bob=1"), "code 3: email must be an e-mail address"),
        (("--code", "ada@byron.example"), "--code must be EMAIL=CODE"),
        (("--faults", "missing.toml"), "cannot read the faults of missing.toml"),
        (("--scenario", "wrong.toml", "--freeze-time"), "clock must be a table"),
        (("--scenario", "wrong.toml", "--quota", "open_invitations=1"), "quotas must be a table"),
    ],
)
async def test_a_wrong_change_is_wrong_usage(run, options, complaint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("wrong.toml").write_text("clock = 1\nquotas = 1\n")
    async with Emulator({"AWS": 1}) as emulator:
        emulator.clock.running = False
        before = emulator.scenario
        others = ("--advance", "60", "--requests-per-second", "7", "--code", "ada@byron.example=5")
        done = await run("emulator-set", emulator.endpoint_url, *others, *options)
        assert (emulator.scenario, emulator.codes) == (before, [])
    assert (done.code, done.out) == (2, b"")
    assert complaint in done.complaint


async def test_something_that_is_no_emulator_is_one_line(run):
    async with Emulator({"AWS": 1}) as emulator:
        url = emulator.endpoint_url
        done = await run("emulator-set", f"{url}/elsewhere")
        assert (done.code, done.out) == (1, b"")
        assert "is not an emulator" in done.complaint
    for wrong in (url, "localhost:8080"):
        done = await run("emulator-set", wrong)
        assert (done.code != 0, done.out) == (True, b"")
        assert "emulator" in done.complaint


# log


async def test_the_access_log_has_a_line_for_each_request_and_no_secrets(started):
    async with started("emulator", "--access-log", "--log-format", "json", "--scenario", "malformed-items") as process:
        url = await address(process)
        details = account.VerificationDetailsRegistrantVerificationDetails(account.RegistrantVerificationDetails())
        async with connect(url) as client, httpx2.AsyncClient(trust_env=False) as http:
            made = await client.start_verification(verification_details=details)
            completion = made.verification_response_details.value.completion_url
            await http.get(completion)
            await client.list_partners(catalog="AWS")
            async with marketing.connect(
                endpoint_url=url, aws_access_key_id="111122223333", aws_secret_access_key="y"
            ) as other:
                with pytest.raises(marketing.ResourceNotFoundException):
                    await other.get_campaign(catalog="AWS", campaign_identifier="camp-0123456789abc")
            await http.get(f"{url}/?refresh=secret-of-a-query")
            await http.get(f"{url}/", headers={"Host": "evil.example"})
            await http.post(url, headers={"X-Amz-Target": "PartnerCentralAccount.secret-of-a-target"})
        text = await ended(process)
    lines = [json.loads(line) for line in text]
    assert [(line.get("operation"), line["status"]) for line in lines] == [
        ("StartVerification", 200),
        (None, 200),
        ("ListPartners", 200),
        ("GetCampaign", 404),
        (None, 200),
        (None, 403),
        (None, 415),
    ]
    assert lines[1]["path"] == "/_emulator/verifications/..."
    assert (lines[3]["account"], lines[3]["error"]) == ("111122223333", "ResourceNotFoundException")
    assert all(line["request_id"] and line["milliseconds"] >= 0 for line in lines)
    assert len({line["request_id"] for line in lines}) == len(lines)
    for secret in (completion.rpartition("/")[2], "secret-of"):
        assert secret not in "".join(text)


@pytest.mark.parametrize("form", ["text", "json"])
async def test_hostile_requests_have_one_line_each_in_the_access_log_and_no_secrets(started, form):
    targets = [
        "/a%0d%0a2026-01-01T00:00:00.000Z%20method=GET",
        "/a%20status=500",
        "/a?secret",
        "/%5femulator/verifications/secret",
        "/_emulator/verifications/secret%0a",
        "http://localhost/_emulator/verifications/secret",
        "http://user:secret@localhost/x?secret",
        "http://user:secret@localhost/%5f%65mulator/verifications/secret",
        "/" + "a" * 5000,
        "*",
    ]
    async with started("emulator", "--access-log", "--log-format", form) as process:
        port = int((await address(process)).rpartition(":")[2])
        for target in targets:
            async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                method = "OPTIONS" if target == "*" else "GET"
                head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: secret status=1\r\n"
                await stream.send(f"{head}Connection: close\r\n\r\n".encode())
                async for _ in stream:
                    pass
        lines = await ended(process)
    assert len(lines) == len(targets)
    for line in lines:
        fields = json.loads(line) if form == "json" else dict(each.split("=", 1) for each in line.split(" ")[1:])
        assert str(fields["status"]) == "404"
        assert "secret" not in line
        assert len(line) < 600


async def test_the_access_log_is_text_by_default_and_absent_unless_asked_for(started):
    for options in ((), ("--access-log",)):
        async with started("emulator", *options) as process:
            async with connect(await address(process)) as client:
                await client.list_partners(catalog="AWS")
            lines = await ended(process)
        if not options:
            assert lines == []
            continue
        (line,) = lines
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z method=POST path=/ status=200 milliseconds=[\d.]+ request_id=\S+ "
            r"account=123456789012 service=partnercentral-account operation=ListPartners catalog=AWS",
            line,
        )


async def test_warnings_are_json_too(started):
    async with started("emulator", "--host", "0.0.0.0", "--log-format", "json") as process:  # noqa: S104
        await process.stdout.receive()
        (line,) = await ended(process)
    told = json.loads(line)
    assert told["level"] == "WARNING"
    assert told["message"].startswith("other machines can reach the emulator at 0.0.0.0 port ")


# record and replay


async def test_what_the_command_has_recorded_it_replays(started, run, tmp_path):
    file = tmp_path / "answers.ndjson"
    pages = []
    async with Emulator({"AWS": 7}) as aws:
        for options in (("--record", file, "--record-from", aws.endpoint_url), ("--replay", file)):
            async with started("emulator", *options) as process:
                async with connect(await address(process)) as client:
                    pages.append(await client.list_connections(catalog="AWS"))
                assert await ended(process) == []
        assert len(aws.requests) == 1
    assert pages[0].connection_summaries == pages[1].connection_summaries
    again = await run("emulator", "--record", file)
    complaint = f"aiopartnercentral: {file} exists already: give --record another file, or delete this one\n"
    assert (again.code, again.complaint) == (2, complaint)
    for wrong, complaint in (
        (("--record-from", "https://example.com"), "--record-from needs --record FILE"),
        (("--record", tmp_path / "x", "--replay", file), "--record and --replay must not be given together"),
        (("--files", file), "must be a directory"),
    ):
        refused = await run("emulator", *wrong)
        assert (refused.code, refused.out) == (2, b"")
        assert complaint in refused.err


async def test_a_recording_of_nothing_does_not_keep_the_next_one_from_starting(started, tmp_path):
    file = tmp_path / "answers.ndjson"
    for _ in range(2):
        async with started("emulator", "--record", file, "--record-from", "http://127.0.0.1:9") as process:
            await address(process)
            assert file.exists()
            await ended(process)
        assert not file.exists()


async def test_without_credentials_no_recording_is_started(run, tmp_path):
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    file = tmp_path / "answers.ndjson"
    for profile, reason in (("", "there are no credentials"), ("night", "profile (night) could not be found")):
        done = await run("emulator", "--record", file, AWS_PROFILE=profile, **nothing)
        assert (done.code, done.out, file.exists()) == (2, b"", False)
        assert "--record needs AWS credentials" in done.err
        assert reason in done.err


# the container


def instructions():
    """Return the instructions of the Dockerfile, in order, as pairs of name and text."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    return [tuple(line.split(None, 1)) for line in lines if line and not line.startswith("#")]


def last(name):
    return next(text for each, text in reversed(instructions()) if each == name)


def test_what_the_container_copies_exists_and_is_not_ignored():
    copied = [
        word
        for name, text in instructions()
        if name == "COPY" and "--from" not in text
        for word in shlex.split(text)[:-1]
    ]
    assert len(copied) >= 4
    kept = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    for path in copied:
        assert (ROOT / path).exists()
        assert path.split("/")[0] in kept


def test_the_container_builds_the_wheel_from_what_it_copies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    copied = {word for name, text in instructions() if name == "COPY" for word in shlex.split(text)}
    for path in project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]:
        assert path.split("/")[0] in copied
    assert copied >= {"pyproject.toml", *project["project"]["license-files"]}
    assert "./emulator-package" in shlex.split(last("RUN"))


def test_the_container_does_not_run_as_root():
    user = last("USER").split(":")[0]
    assert int(user) > 0


async def test_the_command_of_the_container_starts_is_ready_and_stops_after_its_answers(environment):
    command = json.loads(last("ENTRYPOINT")) + json.loads(last("CMD"))
    check = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert command[0] == check[0] == "python"
    port = command[command.index("--port") + 1]
    assert last("EXPOSE") == port
    assert f":{port}/" in check[-1]
    free = "0"
    arguments = [free if word == port else word for word in command[1:]]
    process = await anyio.open_process([*PYTHON, *arguments, "--latency", "1"], env=environment)
    try:
        with anyio.fail_after(60):
            line = (await process.stdout.receive()).decode().strip()
            real = line.rpartition(":")[2]
            ready = [sys.executable, *(word.replace(f":{port}/", f":{real}/") for word in check[1:])]
            assert (await anyio.run_process(ready, env=environment)).returncode == 0
            seen = []
            async with anyio.create_task_group() as group, connect(f"http://127.0.0.1:{real}") as client:

                async def ask():
                    seen.append(await client.list_connections(catalog="AWS"))

                group.start_soon(ask)
                async with httpx2.AsyncClient(trust_env=False) as http:
                    while not (await http.get(f"http://127.0.0.1:{real}/_emulator/ready")).json()["InFlight"]:
                        await anyio.sleep(0.02)
                process.send_signal(signal.SIGTERM)
                assert await process.wait() == 0
            assert len(seen) == 1
            failed = await anyio.run_process(ready, env=environment, check=False)
            assert failed.returncode != 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.aclose()
