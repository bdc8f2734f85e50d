"""The server as seen from here: started, watched, stopped, and its own speed measured."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

import attrs

from benchmarks.children import Child, child
from benchmarks.errors import BenchmarkError
from benchmarks.pages import BenchCatalog
from benchmarks.server import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONNECTIONS = 4
_REQUESTS = 1000
_CHUNK = 1 << 18


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
        """Measure how many pages it can serve, with nobody to decode them: a few sockets, always one request waiting.

        Raises:
            BenchmarkError: it died.
        """
        request = _request()
        with ExitStack() as stack:
            try:
                sockets = [
                    stack.enter_context(socket.create_connection((HOST, self.port))) for _ in range(_CONNECTIONS)
                ]
                started = perf_counter()
                for each in sockets:
                    each.sendall(request)
                for number in range(_REQUESTS):
                    each = sockets[number % _CONNECTIONS]
                    _receive_page(each)
                    each.sendall(request)
                return _REQUESTS / (perf_counter() - started)
            except OSError as error:
                self.check()
                raise BenchmarkError(f"the server does not answer: {error}") from error


def _request() -> bytes:
    body = b'{"Catalog":"%b","MaxResults":100}' % BenchCatalog(pages=2).name.encode()
    return (
        b"POST / HTTP/1.1\r\nHost: %b\r\nX-Amz-Target: PartnerCentralAccount.ListConnections\r\n"
        b"Content-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%b"
    ) % (HOST.encode(), len(body), body)


def _receive_page(connection: socket.socket) -> None:
    received = connection.recv(_CHUNK)
    head, _, body = received.partition(b"\r\n\r\n")
    missing = int(head.rpartition(b"Content-Length: ")[2]) - len(body)
    while missing:
        more = len(connection.recv(_CHUNK))
        if not more:
            raise ConnectionError("the connection was closed within a page")
        missing -= more


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
