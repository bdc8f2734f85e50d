"""How many requests per second the emulator answers, compared with a server that sends prepared responses."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import orjson

from benchmarks.clients import OURS, STOCK
from benchmarks.emulator_servers import CONNECTIONS, open_emulator, open_repeater
from benchmarks.errors import BenchmarkError
from benchmarks.load_generator import ask, request_of, requests_per_second
from benchmarks.pages import catalogs
from benchmarks.results import Figure, Panel, Target, ratio
from benchmarks.tasks import collecting, warm_up
from benchmarks.worker_pool import itself, worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.harness import Harness
    from benchmarks.server import Address

KEY = "emulator"
_EMULATOR, _BARE = "emulator", "bare aiohttp"
_LIST, _GET, _CREATE = "ListConnections", "GetConnection", "CreateConnectionInvitation"
_CONNECTIONS = 16
_REQUESTS = 4000
_REQUESTS_QUICK = 1000
_PAGE = 100
_CATALOGS = 4
_PAGES = 50
_PAGES_QUICK = 15
# A server with this much headroom is not a bottleneck.
_TIMES_ENOUGH = 3
# After this many invitations, the next account sends them.
_INVITATIONS_AN_ACCOUNT = 20
_numbers = count()


def measure(harness: Harness) -> Figure:
    """Measure a page, a small response and a change."""
    number = _REQUESTS_QUICK if harness.quick else _REQUESTS
    with worker(_EMULATOR, open_emulator) as emulator:
        address = emulator.ask(itself)
        requests = _requests(address)
        bodies = {name: ask(address, make(1)[0]) for name, make in requests.items()}
        with worker(_BARE, open_repeater, bodies) as bare:
            panels = tuple(
                _panel(harness, name, partial(make, number), {_EMULATOR: address, _BARE: bare.ask(itself)})
                for name, make in requests.items()
            )
    taken = _taken(harness)
    return Figure(
        key=KEY,
        title="Requests per second that the emulator answers",
        how=(
            f"{_CONNECTIONS} connections, each with one request under way; {number} requests per turn; a catalog of "
            f"{CONNECTIONS} connections. {_BARE} reads each request and repeats one of the emulator's answers."
        ),
        panels=(*panels, taken),
        targets=tuple(
            Target(
                what=f"pages/s that the emulator gives / that {series.client} takes",
                limit=_TIMES_ENOUGH,
                unit="x",
                at_least=True,
                value=ratio(panels[0].series_of(_EMULATOR), series),
            )
            for series in taken.series
        ),
    )


def _taken(harness: Harness) -> Panel:
    """Return how many pages per second clients can process, from a server of prepared pages."""
    together = catalogs(_CATALOGS, pages=_PAGES_QUICK if harness.quick else _PAGES)
    with harness.clients((OURS, STOCK)) as workers:
        warm_up(workers, together)
        measured = harness.in_turn(f"{KEY}, clients", collecting(workers, together))
    return Panel.of(
        f"Pages of {_CATALOGS} catalogs that one client collects from each server",
        "pages/s",
        measured,
        lambda each: each.items / _PAGE / each.seconds,
        more_is_better=True,
    )


def _requests(address: Address) -> dict[str, Callable[[int], list[bytes]]]:
    """Return functions that create requests of each operation: all pages in turn, one connection, new invitations."""
    pages, ids = [request_of(_LIST, {"Catalog": "AWS", "MaxResults": _PAGE})], list[str]()
    while True:
        answer = orjson.loads(ask(address, pages[-1]))
        ids += [item["Id"] for item in answer["ConnectionSummaries"]]
        if "NextToken" not in answer:
            break
        pages.append(request_of(_LIST, {"Catalog": "AWS", "MaxResults": _PAGE, "NextToken": answer["NextToken"]}))
    if len(set(ids)) != CONNECTIONS:
        raise BenchmarkError(f"the emulator gave {len(set(ids))} connections of {CONNECTIONS}")
    one = request_of(_GET, {"Catalog": "AWS", "Identifier": ids[0]})
    return {
        _LIST: lambda number: [pages[index % len(pages)] for index in range(number)],
        _GET: lambda number: [one] * number,
        _CREATE: lambda number: [_invitation() for _ in range(number)],
    }


def _invitation() -> bytes:
    number = next(_numbers)
    invitation = {
        "Catalog": "AWS",
        "ClientToken": f"token-{number}",
        "ConnectionType": "SUBSIDIARY",
        "ReceiverIdentifier": f"{2 * 10**11 + number}",
        "Email": "ada@example.com",
        "Name": "Ada",
        "Message": "Hello",
    }
    return request_of(_CREATE, invitation, account=f"{3 * 10**11 + number // _INVITATIONS_AN_ACCOUNT}")


def _panel(harness: Harness, operation: str, make: Callable[[], list[bytes]], addresses: dict[str, Address]) -> Panel:
    turns = {name: partial(_turn, address, make) for name, address in addresses.items()}
    measured = harness.in_turn(f"{KEY}, {operation}", turns)
    title = f"{operation}, {_PAGE} items per page" if operation == _LIST else operation
    return Panel.of(title, "requests/s", measured, more_is_better=True)


def _turn(address: Address, make: Callable[[], list[bytes]]) -> float:
    return requests_per_second(address, make(), connections=_CONNECTIONS)
