"""Random requests of all services: none breaks the emulator, and a kill loses none of them."""

from __future__ import annotations

import json
import resource
from collections import Counter
from pathlib import Path
from random import Random

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal

from aiopartnercentral.emulator import Clock, Emulator
from aiopartnercentral.emulator.operations.registry import HANDLERS
from aiopartnercentral.emulator.services import BENEFITS, CHANNEL, MARKETING, REVENUE, SELLING, SERVICES
from tests.emulator.killable_process import running
from tests.emulator.random_services import RandomServices
from tests.support.breadth import IS_THOROUGH

SIMPLE = (BENEFITS, CHANNEL, MARKETING, REVENUE)
SIMPLE_NAMES = tuple(service.name for service in SIMPLE)
REQUESTS, RESET_EVERY = (100_000, 10_000) if IS_THOROUGH else (5_000, 1_000)


@pytest.fixture
def plain_http():
    with httpx2.Client(trust_env=False, timeout=30) as client:
        yield client


def resident():
    """Return the resident memory of this process in MiB; 0 where the system does not tell it."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() >> 20 if statm.exists() else 0


def everything(player):
    return [player.everything(service) for service in (SELLING, *SIMPLE)]


def test_no_request_of_any_service_breaks_the_emulator(plain_http, record_testsuite_property):
    emulator, sizes = Emulator({"AWS": 12, "Sandbox": 4}, clock=Clock(), task_seconds=0.5), []
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(emulator):
        player = RandomServices(emulator.endpoint_url, plain_http, Random(7))
        for number in range(1, REQUESTS + 1):
            player.broken = 0.02 if number % 2 else 0.0
            # Half of them are about selling, whose operations depend on each other.
            player.act((SELLING.name,) if number % 4 < 2 else tuple(SERVICES))
            if number % RESET_EVERY == 0:
                assert plain_http.post(f"{emulator.endpoint_url}/_emulator/reset", json={}).status_code == 200
                player.seen.clear()
                sizes.append(resident())
    # What requests have made is gone after a reset, and the list of the latest requests has its maximum size.
    record_testsuite_property("MiB after each reset", str(sizes))
    assert sizes[-1] - sizes[1] < 50
    assert {name for name, _, _ in player.outcomes} == set(SERVICES)
    done = Counter(operation for name, operation, status in player.outcomes if (name, status) == (SELLING.name, 200))
    assert len(done) > 30
    assert {status for _, _, status in player.outcomes} <= {200, 400, 402, 403, 404, 409, 501}


def test_the_state_of_all_services_is_restored_after_a_kill(tmp_path, plain_http):
    path, random = tmp_path / "state.jsonl", Random(1)
    options = ("--catalog", "AWS=12", "--catalog", "Sandbox=4", "--task-seconds", "60", "--freeze-time")
    before, seen = None, None
    for _ in range(3):
        with running(*options, "--state", path) as emulator:
            player = RandomServices(emulator.url, plain_http, random)
            if seen is not None:
                assert everything(player) == before
                player.seen = seen
            for number in range(300):
                # A quarter of them are about services whose items are simpler.
                player.act(SIMPLE_NAMES if number % 4 == 3 else (SELLING.name,), only_writes=number % 10 != 0)
                if number % 20 == 0:
                    seconds = random.choice((1, 59, 100, 86_400 * 4))
                    plain_http.post(f"{emulator.url}/_emulator/clock", json={"AdvanceSeconds": seconds})
            before, seen = everything(player), player.seen
            emulator.kill()
    operations = {json.loads(line).get("operation") for line in path.read_bytes().splitlines()}
    writes = {
        name for each in (SELLING, *SIMPLE) for name in HANDLERS[each.name] if not name.startswith(("Get", "List"))
    }
    assert len(operations & writes) > len(writes) / 3
