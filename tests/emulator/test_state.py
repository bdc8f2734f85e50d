"""The state file, with real processes that are really killed."""

from __future__ import annotations

import asyncio
import json
import resource
import stat
import sys
import threading
import time
import zlib
from collections import Counter
from datetime import timedelta
from random import Random

import anyio
import httpx2
import pytest

from aiopartnercentral.emulator import Clock, Emulator, Quotas, StateError
from aiopartnercentral.emulator.operations.account.handlers import HANDLERS
from tests.emulator.killable_process import running
from tests.emulator.random_requests import ACCOUNTS, Player, View
from tests.emulator.raw_requests import Wire
from tests.emulator.workflows import invitation

SIZES = ("--catalog", "AWS=12", "--catalog", "Sandbox=4", "--task-seconds", "60")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.jsonl"


@pytest.fixture
def plain_http():
    with httpx2.Client(trust_env=False, timeout=30) as client:
        yield client


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_state_is_restored_after_a_kill(seed, path, plain_http):
    options, port, random = [*SIZES, "--state", path, "--freeze-time"], 0, Random(seed)
    player, known, before = None, Counter(), {}
    for _ in range(3):
        with running(*options, "--port", port) as emulator:
            port, wire = emulator.port, Wire(emulator.url, plain_http)
            if player is not None:
                assert View(wire).everything() == before
            player = Player(wire, random, player.sent if player else [])
            for _ in range(60):
                player.act()
            known += Counter(player.statuses)
            before = View(wire).everything()
            emulator.kill()
    assert min(known[200], known[400]) > 20
    assert len(before) > 60
    operations = Counter(json.loads(line).get("operation") for line in path.read_text().splitlines())
    assert len(operations) > 10


def test_acknowledged_changes_survive_a_kill_at_any_moment(path, plain_http):
    """Several clients send while the process is killed: nothing that they were answered is lost."""
    acknowledged = []

    def invite(sender):
        with httpx2.Client(trust_env=False, timeout=30) as http:
            for number in range(10_000):
                try:
                    response = Wire(emulator.url, http).send(
                        "CreateConnectionInvitation", invitation(f"{10**11 + number}"), sender
                    )
                except httpx2.TransportError:
                    return
                if response.status_code == 200:
                    acknowledged.append((sender, response.json()))

    with running(*SIZES, "--state", path) as emulator:
        threads = [threading.Thread(target=invite, args=(account,)) for account in ACCOUNTS]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 30:
            assert any(thread.is_alive() for thread in threads)
            time.sleep(0.001)
        emulator.kill()
        for thread in threads:
            thread.join(30)
    with running(*SIZES, "--state", path) as emulator:
        wire = Wire(emulator.url, plain_http)
        for sender, sent in acknowledged:
            place = {"Catalog": "AWS", "Identifier": sent["Id"]}
            assert wire.send("GetConnectionInvitation", place, sender).json() == sent


def test_the_clock_runs_on_while_the_emulator_is_stopped_and_never_goes_back(path, plain_http):
    def now(emulator):
        return plain_http.get(f"{emulator.url}/_emulator/clock").json()["Now"]

    moments = []
    for move in (0, 86_400, 0):
        with running(*SIZES, "--state", path) as emulator:
            plain_http.post(f"{emulator.url}/_emulator/clock", json={"AdvanceSeconds": move})
            moments.append(now(emulator))
            emulator.kill()
    with running(*SIZES, "--state", path, "--freeze-time") as emulator:
        moments += [now(emulator), now(emulator)]
    assert moments == sorted(moments)
    assert len(set(moments)) == 4  # time stands still in the last run alone
    with running(*SIZES, "--state", path, "--freeze-time") as emulator:
        assert now(emulator) == moments[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can limit another process")
def test_a_change_that_cannot_be_written_is_not_executed(path, plain_http):
    with running(*SIZES, "--state", path, "--freeze-time") as emulator:
        player = Player(Wire(emulator.url, plain_http), Random(5))
        for _ in range(40):
            player.act()
        before = View(player.wire).everything()

        def limit(size):
            resource.prlimit(emulator.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        limit(path.stat().st_size + 40)  # a part of a line still fits
        request = invitation("333333333333", ClientToken="again")
        for _ in range(3):
            response = player.wire.send("CreateConnectionInvitation", request, ACCOUNTS[0])
            assert (response.status_code, response.json()["__type"]) == (500, "InternalServerException")
            assert "cannot write its state" in response.json()["Message"]
            assert player.admin("POST", "clock", AdvanceSeconds=5).status_code == 500
        assert View(player.wire).everything() == before
        limit(resource.RLIM_INFINITY)
        assert player.wire.send("CreateConnectionInvitation", request, ACCOUNTS[0]).status_code == 200
        after = View(player.wire).everything()
        emulator.kill()
        assert f"{path} cannot be written" in emulator.process.stderr.read().decode()
    with running(*SIZES, "--state", path, "--freeze-time", "--port", emulator.port) as emulator:
        assert View(Wire(emulator.url, plain_http)).everything() == after != before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can limit another process")
def test_a_running_clock_stays_in_order_after_a_full_disk(path, plain_http):
    with running(*SIZES, "--state", path) as emulator:
        wire, request = Wire(emulator.url, plain_http), invitation("333333333333", ClientToken="again")
        statuses = []
        for size in (path.stat().st_size, resource.RLIM_INFINITY):
            resource.prlimit(emulator.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            statuses.append(wire.send("CreateConnectionInvitation", request).status_code)
        emulator.kill()
    assert statuses == [500, 200]
    with running(*SIZES, "--state", path) as emulator:
        listed = Wire(emulator.url, plain_http).send("ListConnectionInvitations", {"Catalog": "AWS"}, "333333333333")
        assert len(listed.json()["ConnectionInvitationSummaries"]) == 1


def test_only_changes_are_written(path, plain_http):
    with running(*SIZES, "--state", path) as emulator:
        player = Player(Wire(emulator.url, plain_http), Random(0))
        request = invitation(ACCOUNTS[1])
        player.send("CreateConnectionInvitation", ACCOUNTS[0], **request)
        size = path.stat().st_size
        player.send("CreateConnectionInvitation", ACCOUNTS[0], **request)  # the same once more
        player.send("CreateConnectionInvitation", ACCOUNTS[0], **(request | {"ClientToken": "another"}))
        player.send("CreateConnectionInvitation", ACCOUNTS[0])
        View(player.wire).everything()
        assert player.statuses == [200, 200, 400, 400]
        assert path.stat().st_size == size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_incomplete_line_is_dropped(path, plain_http):
    with running(*SIZES, "--state", path, "--freeze-time") as emulator:
        wire = Wire(emulator.url, plain_http)
        wire.send("CreateConnectionInvitation", invitation(ACCOUNTS[1]), ACCOUNTS[0])
        before = View(wire).everything()
    whole = path.read_bytes()
    with path.open("ab") as file:
        file.write(whole.splitlines()[-1][:40])
    for _ in range(2):
        with running(*SIZES, "--state", path, "--freeze-time") as emulator:
            assert View(Wire(emulator.url, plain_http)).everything() == before
    assert path.read_bytes().startswith(whole)
    assert all(json.loads(line) for line in path.read_bytes().splitlines())


async def keep(path, *receivers, **options):
    """Run an emulator and let it change a little."""
    options = {"clock": Clock(running=False), **options}
    async with Emulator({"AWS": 3}, state=path, **options) as emulator, httpx2.AsyncClient(trust_env=False) as http:
        for receiver in receivers or ("111111111111", "222222222222"):
            headers = {"X-Amz-Target": "PartnerCentralAccount.CreateConnectionInvitation",
                       "Content-Type": "application/x-amz-json-1.0"}  # fmt: skip
            response = await http.post(emulator.endpoint_url, json=invitation(receiver), headers=headers)
            assert response.status_code == 200
        emulator.clock.advance(timedelta(seconds=1))


def damage(path, number, change):
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number - 1] = change(lines[number - 1])
    path.write_bytes(b"".join(lines))


def summed(lines):
    """Give lines the checksums that they would have been written with."""
    total = 0
    for line in lines:
        said = line.rpartition(b',"crc32":')[0]
        total = zlib.crc32(said + b"}", total)
        yield b'%b,"crc32":"%08x"}\n' % (said, total)


async def is_refused(path, complaint):
    before = path.read_bytes()
    with pytest.raises(StateError, match=complaint) as caught:
        await keep(path)
    assert str(caught.value).startswith(f"{path}, line ")
    assert path.read_bytes() == before


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("number", "change", "complaint"),
    [
        (1, lambda _: b'{"some": "json"}\n', "line 1: this is not the state of an emulator"),
        (1, lambda _: b"Dear diary,\n", "line 1: this is not the state of an emulator"),
        (1, lambda line: line.replace(b'"version":3', b'"version":2'), "line 1: the state has version 2, and only"),
        (1, lambda line: line.replace(b'"seed":0', b'"seed":"0"'), r"line 1: the line is damaged at \$.seed"),
        (3, lambda line: line[:-9] + b"\n", "line 3: the line is damaged"),
        (3, lambda _: b"\0\xff\0\n", "line 3: the line is damaged"),
        (3, lambda _: b"\n", "line 3: the line is damaged"),
        (3, lambda _: b"", "line 3: the line is damaged, or one before it is missing"),
        (3, lambda line: line * 2, "line 4: the line is damaged"),
        (5, lambda line: line[:-1] + b"\v", "line 5: the line is damaged"),
    ],
)
async def test_a_damaged_file_is_refused_and_left_unchanged(number, change, complaint, path):
    await keep(path)
    damage(path, number, change)
    await is_refused(path, complaint)


@pytest.mark.anyio
async def test_a_changed_byte_is_detected_anywhere(path):
    await keep(path)
    whole, random = path.read_bytes(), Random(0)
    for place in range(0, len(whole), 5):
        bad = whole[place] ^ 1 << random.randrange(8)
        path.write_bytes(whole[:place] + bytes([bad]) + whole[place + 1 :])
        number = whole.count(b"\n", 0, place) + 1
        with pytest.raises(StateError, match=f", line {number}: "):
            async with Emulator({"AWS": 3}, state=path):
                pass


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda line: line.replace(b'"type":"request"', b'"type":"novelty"'), "line 3: the line is damaged"),
        (lambda line: line.replace(b"2025-", b"2024-"), "line 3: its time is earlier"),
        (lambda line: line.replace(b"together", b"never"), "line 3: the replayed response differs"),
        (lambda line: line.replace(b'"Catalog":"AWS"', b'"Catalog":"Moon"'), "line 3: the change cannot be replayed"),
        (lambda line: line.replace(b'"CreateConn', b'"BakeConn'), "line 3: the change cannot be replayed"),
    ],
)
async def test_a_file_of_another_release_is_refused_where_it_differs(change, complaint, path):
    await keep(path)
    damage(path, 3, change)
    path.write_bytes(b"".join(summed(path.read_bytes().splitlines())))
    await is_refused(path, complaint)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"seed": 5}, "with seed 0, not 5"),
        ({"account_id": "111122223333"}, "with account_id 123456789012, not 111122223333"),
        ({"task_seconds": 5}, "with task_seconds 1.0, not 5.0"),
        ({"quotas": Quotas(codes_per_day=9)}, "with a quota codes_per_day of 5, not 9"),
    ],
)
async def test_a_file_of_another_emulator_is_refused(options, complaint, path):
    await keep(path)
    before = path.read_bytes()
    with pytest.raises(StateError, match=f"line 1: the state is of an emulator {complaint}"):
        await keep(path, **options)
    assert path.read_bytes() == before
    with pytest.raises(StateError, match="with catalogs AWS=3, not AWS=4,Sandbox=1"):
        async with Emulator({"AWS": 4, "Sandbox": 1}, state=path):
            pass


@pytest.mark.anyio
@pytest.mark.parametrize("start", [b"", b'{"format":', "whole header"])
async def test_an_empty_file_or_half_a_header_starts_without_changes(start, path):
    await keep(path)
    header = path.read_bytes().splitlines(keepends=True)[0]
    path.chmod(0o644)
    path.write_bytes(header if start == "whole header" else start)
    await keep(path)
    assert path.read_bytes().startswith(header)
    assert path.read_bytes().count(b"\n") == 5


@pytest.mark.anyio
async def test_another_files_line_is_not_half_a_header(path):
    path.write_bytes(b"Dear diary, today")
    with pytest.raises(StateError, match="line 1: this is not the state of an emulator"):
        await keep(path)
    assert path.read_bytes() == b"Dear diary, today"


@pytest.mark.anyio
async def test_two_emulators_use_a_file_one_after_the_other_only(path):
    async with Emulator(state=path):
        with pytest.raises(StateError, match=f"{path} is in use by another emulator"):
            async with Emulator(state=path):
                pass
        link = path.with_name("link")
        link.symlink_to(path)
        with pytest.raises(StateError, match="link is in use by another emulator"):
            async with Emulator(state=link):
                pass
    first, second = Emulator(state=path), Emulator(state=str(path))
    for emulator in (first, second, first):
        async with emulator:
            pass


@pytest.mark.anyio
async def test_a_clock_belongs_to_one_emulator_with_a_state_file(tmp_path):
    clock = Clock()
    async with Emulator(state=tmp_path / "a", clock=clock):
        with pytest.raises(RuntimeError, match="belongs to another"):
            async with Emulator(state=tmp_path / "b", clock=clock):
                pass
    async with Emulator(state=tmp_path / "b", clock=clock):
        pass


@pytest.mark.anyio
@pytest.mark.parametrize("place", ["", "missing/state", "file/state"])
async def test_an_unusable_path_of_a_state_file_is_refused(place, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match=r"is not a regular file|cannot be opened"):
        async with Emulator(state=tmp_path / place):
            pass
    assert not (tmp_path / "missing").exists()


async def as_anyio(start):
    with anyio.move_on_after(0.01) as scope:
        await start()
    return scope.cancelled_caught


async def as_asyncio(start):
    try:
        await asyncio.wait_for(start(), 0.01)
    except TimeoutError:
        return True


@pytest.mark.anyio
@pytest.mark.parametrize("canceled", [as_anyio, as_asyncio])
async def test_cancelling_the_start_releases_the_file(canceled, path):
    async def start():
        async with Emulator({"AWS": 3}, state=path):
            pytest.fail("it started")

    await keep(path)
    kept = path.read_bytes()
    *before, latest = kept.splitlines()
    path.write_bytes(b"".join(summed([*before, *[latest] * 300_000])))  # which takes a while to read
    before = path.stat().st_size
    assert await canceled(start)
    assert path.stat().st_size == before
    path.write_bytes(kept)
    await keep(path, "333333333333")


@pytest.mark.anyio
async def test_stopping_and_starting_the_clock_is_written(path):
    clock = Clock(running=False)
    async with Emulator(state=path, clock=clock):
        clock.running = True
    kept = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    assert [("wall_clock" in record) for record in kept] == [False, True]


@pytest.mark.anyio
async def test_any_thread_can_move_the_clock_while_changes_are_written(path):
    moves, stop = 0, threading.Event()

    def move():
        nonlocal moves
        while not stop.is_set():
            running.clock.advance(timedelta(milliseconds=1))
            moves += 1

    def send():
        try:
            with httpx2.Client(trust_env=False, timeout=30) as http:
                wire = Wire(running.endpoint_url, http)
                return [
                    wire.send("CreateConnectionInvitation", invitation(f"{10**11 + number}"), ACCOUNTS[0]).status_code
                    for number in range(50)
                ]
        finally:
            stop.set()

    async with Emulator(state=path) as running, anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, move)
        assert set(await anyio.to_thread.run_sync(send)) == {200}
    assert moves > 50
    async with Emulator(state=path) as running:
        assert running.clock.now() > Clock(running=False).now() + moves * timedelta(milliseconds=1)


@pytest.mark.anyio
async def test_a_failed_handler_changes_nothing(path, monkeypatch):
    start, details = HANDLERS["StartVerification"], {"VerificationDetails": {"RegistrantVerificationDetails": {}}}

    def broken(call):
        start(call)
        raise ZeroDivisionError

    def send(url):
        with httpx2.Client(trust_env=False, timeout=30) as http:
            return Wire(url, http).send("StartVerification", details).status_code

    async with Emulator(state=path) as running:
        statuses = []
        for handler in (broken, start):
            monkeypatch.setitem(HANDLERS, "StartVerification", handler)
            statuses.append(await anyio.to_thread.run_sync(send, running.endpoint_url))
    assert statuses == [500, 200]
    async with Emulator(state=path):
        pass
