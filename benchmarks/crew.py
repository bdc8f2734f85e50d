"""Workers as seen from here: started together, each asked in its turn."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Literal, NoReturn

import attrs
import msgspec

from benchmarks.children import Child, child
from benchmarks.errors import BenchmarkError
from benchmarks.messages import Failed, Identified, Identify, Measured, Reply, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.serving import Server

Role = Literal["collect", "decode"]

_replies = msgspec.json.Decoder(Reply)


@attrs.frozen
class Worker:
    """A contender or decoder in a process of its own.

    Attributes:
        name: what it is called in tables.
    """

    name: str
    _process: Child
    _server: Server

    def measure(self, task: Task, *, items: int) -> Measured:
        """Have a task done.

        Raises:
            BenchmarkError: it failed, or gave another number of items.
        """
        reply = self._ask(task)
        if not isinstance(reply, Measured):
            raise BenchmarkError(f"{self.name} answered with {type(reply).__name__}")
        if reply.items != items:
            raise BenchmarkError(f"{self.name} gave {reply.items} items of {items}")
        return reply

    def identify(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items, or of the items on a page if it is a decoder.

        Raises:
            BenchmarkError: it failed.
        """
        reply = self._ask(Identify(catalog))
        if not isinstance(reply, Identified):
            raise BenchmarkError(f"{self.name} answered with {type(reply).__name__}")
        return reply.ids

    def _ask(self, task: Task) -> Reply:
        try:
            self._process.stdin.write(msgspec.json.encode(task).decode() + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self._died()
        return self.answer()

    def answer(self) -> Reply:
        """Wait for what the worker has to say.

        Raises:
            BenchmarkError: it failed, or has died.
        """
        line = self._process.stdout.readline()
        if not line:
            self._died()
        reply: Reply = _replies.decode(line)
        if isinstance(reply, Failed):
            self._server.check()
            raise BenchmarkError(f"{self.name} failed: {reply.reason}")
        return reply

    def _died(self) -> NoReturn:
        self._server.check()
        raise BenchmarkError(f"the process of {self.name} has died, with exit code {self._process.end()}")


@contextmanager
def crew(role: Role, names: Sequence[str], server: Server) -> Iterator[list[Worker]]:
    """Run a worker for each name while the block lasts.

    Raises:
        BenchmarkError: one did not start.
    """
    port = (str(server.port),) if role == "collect" else ()
    with ExitStack() as stack:
        workers = [
            Worker(name, stack.enter_context(child("benchmarks.worker", role, name, *port)), server) for name in names
        ]
        for worker in workers:
            worker.answer()
        yield workers
