"""Simulates many machines in virtual time, with the library's own scheduler and rate limiters."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import anyio
import attrs

from aiopartnercentral.bulk import Limits
from benchmarks.errors import BenchmarkError
from benchmarks.results import Figure, Panel
from tests.bulk.virtual_time import Service, collected, in_virtual_time, origins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiopartnercentral.bulk import Origin
    from benchmarks.harness import Harness

KEY = "fleet"
_LATENCY = 0.2  # seconds of a request
_ALLOWED = 10.0  # requests/s of an account before the service throttles it
_SOURCES = 4  # of each account
_PAGES = 5  # of each source
_MACHINES = (1, 4, 16)
_ACCOUNTS_QUICK = (10, 100)
_ACCOUNTS = (*_ACCOUNTS_QUICK, 1_000)
_SHARED_MACHINES, _SHARED_ACCOUNTS, _SHARED_PAGES = 4, 40, 20
_DEFAULT = Limits()
_WIDE = Limits(concurrency=100, sources=100)


@attrs.frozen
class _Reached:
    """The totals of a fleet.

    Attributes:
        seconds: until the last machine had everything.
        requests: how many were sent.
        throttled: how many of them were throttled.
    """

    seconds: float
    requests: int
    throttled: int

    @property
    def pages_per_second(self) -> float:
        """The requests a second that were not throttled."""
        return (self.requests - self.throttled) / self.seconds


def measure(harness: Harness) -> Figure:
    """Simulate fleets of several sizes, and two divisions of the same sources."""
    logging.getLogger("aiopartnercentral.bulk").setLevel(logging.ERROR)  # accounts are throttled on purpose
    sizes = _ACCOUNTS_QUICK if harness.quick else _ACCOUNTS
    panels = [*(_by_machines(harness, accounts) for accounts in sizes), *_divisions(harness)]
    return Figure(
        key=KEY,
        title="A fleet of machines, simulated",
        how=(
            f"Time is virtual, and each machine has a core of its own. A request takes {_LATENCY * 1e3:g} ms, and the "
            f"service throttles an account that sends more than {_ALLOWED:g} requests/s. An account has {_SOURCES} "
            f"sources, and a machine the limits `Limits()`, unless the table says otherwise. Rate limiters, scheduler "
            "and retries are the library's own; HTTP and decoding take no time."
        ),
        panels=tuple(panels),
    )


def _by_machines(harness: Harness, accounts: int) -> Panel:
    """Return the pages a second of machines that divide accounts among them."""
    reached = {}
    settings = {_amount(machines): (machines, _DEFAULT) for machines in _MACHINES}
    settings[f"{_amount(_MACHINES[-1])}, concurrency={_WIDE.concurrency}"] = (_MACHINES[-1], _WIDE)
    for name, (machines, limits) in settings.items():
        harness.announce(f"{KEY}: {accounts:,} accounts, {name}")
        reached[name] = [_simulated(_by_account(accounts, machines), limits, _PAGES)]
    service, own = accounts * _ALLOWED, accounts * _DEFAULT.rate
    title = f"{accounts:,} accounts: the limits allow {own:,.0f}, and the service {service:,.0f}"
    return Panel.of(title, "pages/s", reached, lambda each: each.pages_per_second, more_is_better=True, compared=False)


def _divisions(harness: Harness) -> list[Panel]:
    """Return what is throttled if sources are divided by account, and if they are not."""
    by_account = _by_account(_SHARED_ACCOUNTS, _SHARED_MACHINES)
    every = [origin for group in by_account for origin in group]
    by_source = [tuple(every[number::_SHARED_MACHINES]) for number in range(_SHARED_MACHINES)]
    turns = {}
    for how, groups in (("by account", by_account), ("by source", by_source)):
        for rate in (_ALLOWED / 2, _ALLOWED, _ALLOWED * 2):
            limits = attrs.evolve(_WIDE, rate=rate, account_concurrency=_SOURCES)
            turns[f"{how}, Limits(rate={rate:g})"] = partial(_simulated, groups, limits, _SHARED_PAGES)
    reached = harness.in_turn(KEY, turns)  # in rounds, as retries wait for random times
    what = f"{_SHARED_ACCOUNTS} accounts on {_SHARED_MACHINES} machines"
    return [
        Panel.of(
            f"{what}: the service allows {_SHARED_ACCOUNTS * _ALLOWED:g}",
            "pages/s",
            reached,
            lambda each: each.pages_per_second,
            more_is_better=True,
            compared=False,
        ),
        Panel.of(
            f"{what}: requests that were throttled",
            "%",
            reached,
            lambda each: 100 * each.throttled / each.requests,
            compared=False,
        ),
    ]


def _by_account(accounts: int, machines: int) -> list[tuple[Origin, ...]]:
    """Return the sources of each machine; all sources of an account are on the same one."""
    names = [f"account{number}" for number in range(accounts)]
    groups = [origins(names[number::machines], each=_SOURCES) for number in range(machines)]
    return [group for group in groups if group]


def _simulated(groups: Sequence[tuple[Origin, ...]], limits: Limits, pages: int) -> _Reached:
    names = {origin.account for group in groups for origin in group}
    service = Service(pages=pages, size=1, latency=_LATENCY, rates=dict.fromkeys(names, _ALLOWED))
    throttled = []

    async def machine(group: tuple[Origin, ...]) -> None:
        _, report, _ = await collected(service, group, limits)
        if not report.complete:
            raise BenchmarkError(f"a machine has not collected everything: {report.totals}")
        throttled.append(sum(state.throttled for state in report.sources.values()))

    async def fleet() -> float:
        began = anyio.current_time()
        async with anyio.create_task_group() as machines:
            for group in groups:
                machines.start_soon(machine, group)
        return anyio.current_time() - began

    seconds = in_virtual_time(fleet)
    return _Reached(seconds, len(service.sent), sum(throttled))


def _amount(machines: int) -> str:
    return "1 machine" if machines == 1 else f"{machines} machines"
