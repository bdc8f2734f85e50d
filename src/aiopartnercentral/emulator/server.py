"""The emulator: what it can be told, and its life as an HTTP server."""

from __future__ import annotations

import threading
import uuid
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

import anyio
import anyio.from_thread
import anyio.lowlevel
from aiohttp import web

from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.emulator import options, protocol
from aiopartnercentral.emulator.admin_api import Control
from aiopartnercentral.emulator.auth import Identities
from aiopartnercentral.emulator.dashboard.handlers import Pages
from aiopartnercentral.emulator.dashboard.views import Views
from aiopartnercentral.emulator.dispatcher import Service
from aiopartnercentral.emulator.faults.rules import Disorder
from aiopartnercentral.emulator.persistence.replay import History
from aiopartnercentral.emulator.pipeline import Front
from aiopartnercentral.emulator.sending import send
from aiopartnercentral.emulator.signature import SignatureVersion4
from aiopartnercentral.emulator.state.clock import Clock
from aiopartnercentral.emulator.state.quotas import Quotas
from aiopartnercentral.emulator.state.rate_limit import TokenBucket
from aiopartnercentral.emulator.state.state import World
from aiopartnercentral.emulator.validation import account_validator

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
    from os import PathLike
    from types import TracebackType

    from aiopartnercentral.emulator.auth import Credential
    from aiopartnercentral.emulator.faults.rules import Fault
    from aiopartnercentral.emulator.iam import Denial
    from aiopartnercentral.emulator.state.catalog import SentCode

DEFAULT_CATALOGS: Mapping[str, int] = {"AWS": 120, "Sandbox": 30}
# How long a client that has stopped reading or sending may hold up the end, in seconds.
_PATIENCE = 0.5
# A part by chance, taken once: asking the system for each would be a twentieth of what a small answer costs.
_REQUEST_IDS = map(f"{str(uuid.uuid4())[:23]}-{{:012x}}".format, count(1))


class Emulator:
    """A local Partner Central Account API over HTTP on loopback, on asyncio.

        async with Emulator({"AWS": 1000, "Sandbox": 10}) as emulator:
            client = session.client("partnercentral-account", endpoint_url=emulator.endpoint_url, ...)

    Arguments:
        catalogs: number of connections by catalog, `{"AWS": 120, "Sandbox": 30}` by default; a catalog has a quarter
            as many invitations and a tenth as many partners. A name is letters only, as it is part of every ARN.
        seed: another number is other data; the same number is the same data, on every machine.
        host: address to listen on. Nothing is encrypted: keep it on loopback.
        port: port to listen on, 0 for a free one.
        latency: seconds that every answer is held back; can be set at any time.
        requests_per_second: more than that, over all clients, gets a ThrottlingException; can be set at any time.
        denied_catalogs: catalogs for which every request gets an AccessDeniedException; can be set at any time.
        account_id: AWS account that owns the seeded items. An access key id of twelve digits is another account, which
            begins with nothing; any other access key id is this one. `credentials` say otherwise.
        clock: the emulator's time, which can be moved.
        task_seconds: how long tasks and verifications are in progress.
        quotas: how much an account may have and do in one catalog.
        credentials: what signs requests, by access key id. Given them, every request must carry a valid Signature
            Version 4 of one of them, and is its account's; without them, any credentials do.
        denials: what gets an AccessDeniedException beside the denied catalogs; can be set at any time.
        state: file in which everything that changes is kept, and found at the next start.
        faults: what goes wrong on demand; can be set at any time, and counts calls from 1 then.

    Attributes:
        clock: the emulator's time.
        in_flight: requests being answered now.
        max_in_flight: the most there ever were.

    Raises:
        ValueError: a catalog's name or size, the account, the latency, the rate, a task's time, a denial or a fault is
            impossible.
    """

    def __init__(
        self,
        catalogs: Mapping[str, int] | None = None,
        *,
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        latency: float = 0.0,
        requests_per_second: float | None = None,
        denied_catalogs: Collection[str] = (),
        account_id: str = "123456789012",
        clock: Clock | None = None,
        task_seconds: float = 1.0,
        quotas: Quotas | None = None,
        credentials: Mapping[str, Credential] | None = None,
        denials: Collection[Denial] = (),
        state: str | PathLike[str] | None = None,
        faults: Collection[Fault] = (),
    ) -> None:
        sizes = options.sizes(DEFAULT_CATALOGS if catalogs is None else catalogs)
        task_time = options.duration("task_seconds", task_seconds)
        world = World(seed, sizes, options.account(account_id), quotas or Quotas(), task_time)
        self.clock: Clock = clock or Clock()
        self._history = History(world, self.clock)
        self._state = None if state is None else Path(state)
        self._service = Service(self._history, account_validator())
        signature = SignatureVersion4(self._service.validator.signing_name)
        self._front = Front(
            self._service, Control(self._history), Identities(account_id, credentials, signature), self._hold
        )
        self._pages = Pages(Views(self._history, self._front.requests))
        self.denied_catalogs = denied_catalogs
        self.denials = denials
        self.faults = faults
        self.latency = latency
        self.requests_per_second = requests_per_second
        self.in_flight: int = 0
        self.max_in_flight: int = 0
        self._host = host
        self._port = port
        self._runner: web.ServerRunner | None = None
        self._closing = anyio.Event()

    @property
    def endpoint_url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:40123`.

        Raises:
            RuntimeError: it does not run.
        """
        if self._runner is None:
            raise RuntimeError("the emulator has an endpoint only inside its `async with` block")
        host, port, *_ = self._runner.addresses[0]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def requests(self) -> Sequence[protocol.RecordedRequest]:
        """The last ten thousand requests, or the last 16 MB of them, in the order of their arrival."""
        return tuple(self._front.requests)

    @property
    def latency(self) -> float:
        """Seconds that every answer is held back."""
        return self._latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._latency = options.duration("latency", seconds).total_seconds()

    @property
    def requests_per_second(self) -> float | None:
        """The allowed rate over all clients, or None for no limit; setting it fills the allowance again."""
        return self._service.bucket.rate if self._service.bucket else None

    @requests_per_second.setter
    def requests_per_second(self, rate: float | None) -> None:
        self._service.bucket = None if rate is None else TokenBucket(options.rate("requests_per_second", rate))

    @property
    def denied_catalogs(self) -> frozenset[str]:
        """Catalogs for which every request gets an AccessDeniedException."""
        return self._service.denied

    @denied_catalogs.setter
    def denied_catalogs(self, names: Collection[str]) -> None:
        self._service.denied = options.denied_catalogs(names, self._service.world.sizes)

    @property
    def denials(self) -> Sequence[Denial]:
        """What gets an AccessDeniedException beside the denied catalogs."""
        return self._service.denials

    @denials.setter
    def denials(self, denied: Collection[Denial]) -> None:
        catalogs, operations = self._service.world.sizes, self._service.validator.operations
        self._service.denials = options.denials(denied, catalogs, operations)

    @property
    def faults(self) -> Sequence[Fault]:
        """What goes wrong on demand, in the order in which it takes effect; setting it begins to count again."""
        return self._front.disorder.faults

    @faults.setter
    def faults(self, given: Collection[Fault]) -> None:
        service = self._service
        self._front.disorder = Disorder(options.faults(given, service.world.sizes, service.validator))

    @property
    def codes(self) -> Sequence[SentCode]:
        """The e-mail verification codes that can be used now: the emulator sends no e-mail."""
        return self._front.control.codes()

    async def __aenter__(self) -> Self:
        """Start to listen; cancelled, it leaves no thread, socket or locked file behind.

        Raises:
            RuntimeError: it already runs, or the event loop is not asyncio's.
            OSError: the address cannot be listened on; the error names it.
            StateError: the state cannot be kept in its file, or is of an emulator with other arguments; the error names
                file and line.
        """
        if self._runner is not None:
            raise RuntimeError("the emulator already runs")
        self._closing = anyio.Event()
        try:
            server = web.Server(self._respond, access_log=None, handler_cancellation=True, auto_decompress=False)
        except RuntimeError as error:
            raise RuntimeError("the emulator runs on asyncio's event loop only") from error
        runner = web.ServerRunner(server, shutdown_timeout=_PATIENCE)
        try:
            if self._state is not None:
                await self._open_state(self._state)
            await _in_a_task_of_its_own(self._listen, runner)
        except BaseException:
            await _in_a_task_of_its_own(self._end, runner)
            raise
        self._runner = runner
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Send what is held back at once, then close every socket.

        Cancelling this does not cut it short; it takes a second at most.
        """
        runner, self._runner = self._runner, None
        self._closing.set()
        if runner is not None:
            await _in_a_task_of_its_own(self._end, runner)

    async def _open_state(self, path: Path) -> None:
        """Read a state and keep it from now on; cancelling it cuts the reading short."""
        halted = threading.Event()

        def check_canceled() -> None:
            anyio.from_thread.check_cancelled()
            if halted.is_set():
                raise InterruptedError

        await run_to_completion(partial(self._history.open, path, check_canceled), on_cancel=halted.set)

    async def _listen(self, runner: web.ServerRunner) -> None:
        await runner.setup()
        await web.TCPSite(runner, self._host, self._port).start()

    async def _end(self, runner: web.ServerRunner) -> None:
        """Give up sockets and file."""
        try:
            await runner.cleanup()
            # Transports tell that they are closed one turn of the loop later.
            await anyio.lowlevel.checkpoint()
        finally:
            self._history.close()

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request; cancelled when its client goes away."""
        page = await self._pages.answer(request)
        if page is not None:
            return page
        started = perf_counter()
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            reply = await self._front.answer(request)
            if held := self._latency + reply.held:
                await self._hold(held)
            response = await send(reply, request, {"x-amzn-RequestId": next(_REQUEST_IDS)}, self._hold)
            if reply.record is not None:
                reply.record.seconds = perf_counter() - started
            return response
        finally:
            self.in_flight -= 1

    async def _hold(self, seconds: float) -> bool:
        """Wait, but not beyond the end of the emulator; tell whether it goes on."""
        with anyio.move_on_after(seconds):
            await self._closing.wait()
        return not self._closing.is_set()


async def _in_a_task_of_its_own(
    work: Callable[[web.ServerRunner], Coroutine[Any, Any, None]], runner: web.ServerRunner
) -> None:
    """Do some work with a runner to its end, whatever becomes of who waits for it.

    Halfway cancelled, asyncio would listen on a socket that nobody can close any more. A thread waits meanwhile, as
    anyio's shields know nothing of asyncio's own cancellations; it is none of those that may wait for the emulator.
    """
    await run_to_completion(lambda: anyio.from_thread.run(work, runner), limiter=anyio.CapacityLimiter(1))
