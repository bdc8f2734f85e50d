"""The harness of every case: the server, workers, and rounds in which clients take turns."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import orjson

from benchmarks.clients import loop_of, missing, open_client
from benchmarks.decoders import open_decoder
from benchmarks.errors import BenchmarkError
from benchmarks.load_generator import request_of, requests_per_second
from benchmarks.pages import BenchCatalog
from benchmarks.server import event_loop, open_server
from benchmarks.tasks import collected_ids, decoded_ids
from benchmarks.worker_pool import Worker, itself, worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.server import Address

T = TypeVar("T")
_CONNECTIONS = 4
_REQUESTS = 1000


@contextmanager
def running_server() -> Iterator[tuple[Address, Address]]:
    """Run the server while the block lasts; yields its addresses, without TLS and with it.

    Raises:
        BenchmarkError: it did not start.
    """
    with (
        TemporaryDirectory(prefix="benchmarks-") as folder,
        worker("the server", open_server, Path(folder), loop=event_loop) as server,
    ):
        yield server.ask(itself)


def pages_per_second(address: Address) -> float:
    """Measure how many pages per second the server can serve to a client that does not decode them."""
    request = request_of("ListConnections", {"Catalog": BenchCatalog(pages=2).name, "MaxResults": 100})
    return requests_per_second(address, [request] * _REQUESTS, connections=_CONNECTIONS)


@attrs.frozen(kw_only=True)
class Harness:
    """Runs the cases.

    Attributes:
        http: where the server listens without TLS.
        https: where it listens with TLS.
        rounds: number of turns of each client.
        quick: whether to skip slow measurements.
        announce: called with a short description of the current step.
    """

    http: Address
    https: Address
    rounds: int
    quick: bool
    announce: Callable[[str], None]

    @contextmanager
    def clients(self, names: Sequence[str], address: Address | None = None) -> Iterator[list[Worker]]:
        """Run clients while the block lasts, after checking that each returns the right items.

        Clients that are missing here are left out; by default the others send without TLS.
        """
        with ExitStack() as stack:
            workers = [
                stack.enter_context(worker(name, open_client, name, address or self.http, loop=loop_of(name)))
                for name in names
                if name not in missing()
            ]
            catalog = BenchCatalog(pages=2)
            pages = (orjson.loads(catalog.body(index)) for index in range(catalog.pages))
            expected = [item["Id"] for page in pages for item in page["ConnectionSummaries"]]
            _prove(workers, collected_ids, catalog, expected)
            yield workers

    @contextmanager
    def decoders(self, names: Sequence[str], body: bytes, ids: list[str]) -> Iterator[list[Worker]]:
        """Run decoders while the block lasts, after checking that each returns the right items of a page."""
        with ExitStack() as stack:
            workers = [stack.enter_context(worker(name, open_decoder, name)) for name in names]
            _prove(workers, decoded_ids, body, ids)
            yield workers

    def in_turn(self, what: str, turns: Mapping[str, Callable[[], T]], rounds: int | None = None) -> dict[str, list[T]]:
        """Run each client's work once a round, one after the other, and return the results of each."""
        results: dict[str, list[T]] = {name: [] for name in turns}
        total = rounds or self.rounds
        for number in range(1, total + 1):
            for name, work in turns.items():
                self.announce(f"{what}: round {number} of {total}, {name}")
                results[name].append(work())
        return results


def _prove(workers: Sequence[Worker], ids: Callable[..., Any], pages: object, expected: list[str]) -> None:
    for each in workers:
        if each.ask(ids, pages) != expected:
            raise BenchmarkError(f"{each.name} gives other items than the server has")
