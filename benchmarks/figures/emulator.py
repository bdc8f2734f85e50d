"""How many requests a second the emulator answers, beside a server that sends the same bytes without thinking."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import orjson

from benchmarks.children import child
from benchmarks.contenders import OURS, STOCK
from benchmarks.emulating import CONNECTIONS
from benchmarks.errors import BenchmarkError
from benchmarks.figures.collecting import collecting, warm_up
from benchmarks.hammer import ask, request_of, requests_per_second
from benchmarks.pages import catalogs
from benchmarks.results import Figure, Panel, Series, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.stage import Stage

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
# A server with so much to spare is nobody's bottleneck.
_TIMES_ENOUGH = 3
# After so many invitations the next account sends them: few have sent more.
_INVITATIONS_AN_ACCOUNT = 20
_numbers = count()


def measure(stage: Stage) -> Figure:
    """Measure a page, a small answer and a change."""
    number = _REQUESTS_QUICK if stage.quick else _REQUESTS
    with _server(_EMULATOR) as emulator:
        requests = _requests(emulator)
        bodies = {name: ask(emulator, make(1)[0]).decode() for name, make in requests.items()}
        with _server("bare", orjson.dumps(bodies).decode()) as bare:
            panels = tuple(
                _panel(stage, name, partial(make, number), {_EMULATOR: emulator, _BARE: bare})
                for name, make in requests.items()
            )
    taken = _taken(stage)
    return Figure(
        key=KEY,
        title="Requests a second that the emulator answers",
        how=(
            f"{_CONNECTIONS} connections, each with one request under way; {number} requests a turn; a catalog of "
            f"{CONNECTIONS} connections. {_BARE} reads each request and repeats one of the emulator's answers."
        ),
        panels=(*panels, taken),
        targets=tuple(
            Target(
                what=f"pages/s that the emulator gives / that {series.contender} takes",
                limit=_TIMES_ENOUGH,
                unit="x",
                at_least=True,
                value=panels[0].of(_EMULATOR).span.median / series.span.median,
            )
            for series in taken.series
        ),
    )


def _taken(stage: Stage) -> Panel:
    """Return how many pages a second clients can take, from a server that made them before."""
    together = catalogs(_CATALOGS, pages=_PAGES_QUICK if stage.quick else _PAGES)
    with stage.collectors((OURS, STOCK)) as workers:
        warm_up(workers, together)
        measured = stage.in_turn(f"{KEY}, clients", collecting(workers, together))
    return Panel(
        title=f"Pages that a client takes from {_CATALOGS} catalogs, whoever gives them",
        unit="pages/s",
        more_is_better=True,
        series=tuple(
            Series(name, tuple(each.items / _PAGE / each.seconds for each in rounds))
            for name, rounds in measured.items()
        ),
    )


def _requests(port: int) -> dict[str, Callable[[int], list[bytes]]]:
    """Return what makes a number of requests of each operation: every page in turn, one connection, new invitations."""
    pages, ids = [request_of(_LIST, {"Catalog": "AWS", "MaxResults": _PAGE})], list[str]()
    while True:
        answer = orjson.loads(ask(port, pages[-1]))
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


def _panel(stage: Stage, operation: str, make: Callable[[], list[bytes]], ports: dict[str, int]) -> Panel:
    turns = {name: partial(_turn, port, make) for name, port in ports.items()}
    measured = stage.in_turn(f"{KEY}, {operation}", turns)
    return Panel(
        title=f"{operation}, {_PAGE} items a page" if operation == _LIST else operation,
        unit="requests/s",
        more_is_better=True,
        series=tuple(Series(name, tuple(rounds)) for name, rounds in measured.items()),
    )


def _turn(port: int, make: Callable[[], list[bytes]]) -> float:
    return requests_per_second(port, make(), connections=_CONNECTIONS)


@contextmanager
def _server(kind: str, line: str = "") -> Iterator[int]:
    """Run a server while the block lasts, and return its port.

    Raises:
        BenchmarkError: it did not start.
    """
    with child("benchmarks.emulating", kind) as process:
        if line:
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
        port = process.stdout.readline()
        if not port:
            raise BenchmarkError(f"the {kind} server did not start; exit code {process.end()}")
        yield int(port)
