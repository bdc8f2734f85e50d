"""The server as seen from here: started, watched, stopped, and its own speed measured."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

from benchmarks.children import Child, child
from benchmarks.errors import BenchmarkError
from benchmarks.hammer import request_of, requests_per_second
from benchmarks.pages import BenchCatalog

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONNECTIONS = 4
_REQUESTS = 1000


@attrs.frozen
class Server:
    """The running server.

    Attributes:
        port: where it listens.
    """

    port: int
    _process: Child

    def check(self) -> None:
        """Make sure that it still runs.

        Raises:
            BenchmarkError: it does not.
        """
        if self._process.exit_code is not None:
            raise BenchmarkError(f"the server has died, with exit code {self._process.exit_code}")

    def pages_per_second(self) -> float:
        """Measure how many pages it can serve, with nobody to decode them.

        Raises:
            BenchmarkError: it died.
        """
        try:
            return requests_per_second(self.port, [_request()] * _REQUESTS, connections=_CONNECTIONS)
        except BenchmarkError:
            self.check()
            raise


def _request() -> bytes:
    return request_of("ListConnections", {"Catalog": BenchCatalog(pages=2).name, "MaxResults": 100})


@contextmanager
def running_server() -> Iterator[Server]:
    """Run the server while the block lasts.

    Raises:
        BenchmarkError: it did not start.
    """
    with child("benchmarks.server") as process:
        line = process.stdout.readline()
        if not line:
            raise BenchmarkError(f"the server did not start; exit code {process.end()}")
        yield Server(int(line), process)
