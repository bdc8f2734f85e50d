"""What every figure is given: the server, workers on request, and rounds in which contenders take turns."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import attrs
import orjson

from benchmarks.crew import Role, Worker, crew
from benchmarks.errors import BenchmarkError
from benchmarks.pages import BenchCatalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.serving import Server

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Stage:
    """Where figures are measured.

    Attributes:
        server: the running server.
        rounds: how often each contender gets its turn.
        quick: whether to leave out what takes long.
        announce: takes a few words on what is going on.
    """

    server: Server
    rounds: int
    quick: bool
    announce: Callable[[str], None]

    @contextmanager
    def collectors(self, contenders: Sequence[str]) -> Iterator[list[Worker]]:
        """Run workers that collect while the block lasts, once each has proved that it gives the right items."""
        with self._workers("collect", contenders, BenchCatalog(pages=2)) as workers:
            yield workers

    @contextmanager
    def decoders(self, names: Sequence[str]) -> Iterator[list[Worker]]:
        """Run workers that decode while the block lasts, once each has proved that it gives the right items."""
        with self._workers("decode", names, BenchCatalog(pages=1)) as workers:
            yield workers

    @contextmanager
    def _workers(self, role: Role, names: Sequence[str], catalog: BenchCatalog) -> Iterator[list[Worker]]:
        expected = [
            item["Id"]
            for index in range(catalog.pages)
            for item in orjson.loads(catalog.body(index))["ConnectionSummaries"]
        ]
        with crew(role, names, self.server) as workers:
            for worker in workers:
                if worker.identify(catalog.name) != expected:
                    raise BenchmarkError(f"{worker.name} gives other items than the server has")
            yield workers

    def in_turn(
        self, what: str, contenders: Mapping[str, Callable[[], T]], rounds: int | None = None
    ) -> dict[str, list[T]]:
        """Let each contender do its work once a round, one after the other, and return what each gave."""
        results: dict[str, list[T]] = {name: [] for name in contenders}
        total = rounds or self.rounds
        for number in range(1, total + 1):
            for name, work in contenders.items():
                self.announce(f"{what}: round {number} of {total}, {name}")
                results[name].append(work())
        return results
