"""`Emulator`: its options, and its HTTP server."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

import anyio
import anyio.from_thread
import anyio.lowlevel
from aiohttp import web

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.needs_block import NeedsBlock
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.emulator import access_log, hosts, iam, options, protocol
from aiopartnercentral.emulator.admin_api import AdminApi
from aiopartnercentral.emulator.auth import Authenticator, Credential, SignatureVersion4
from aiopartnercentral.emulator.dashboard.handlers import Dashboard
from aiopartnercentral.emulator.dashboard.views import Views
from aiopartnercentral.emulator.dispatcher import Dispatcher
from aiopartnercentral.emulator.errors import EmulatedServiceError
from aiopartnercentral.emulator.hosts import TrustedHosts
from aiopartnercentral.emulator.http_server import HttpServer, request_id
from aiopartnercentral.emulator.persistence.store import StateStore
from aiopartnercentral.emulator.pipeline import RequestPipeline
from aiopartnercentral.emulator.recording import Recorder, Replay
from aiopartnercentral.emulator.response import Response, send
from aiopartnercentral.emulator.scenario import read_scenario
from aiopartnercentral.emulator.settings import Settings
from aiopartnercentral.emulator.state.clock import Clock
from aiopartnercentral.emulator.state.quotas import Quotas
from aiopartnercentral.emulator.state.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Sequence
    from os import PathLike
    from types import TracebackType

    from aiopartnercentral.emulator.faults.rules import Fault
    from aiopartnercentral.emulator.iam import Denial
    from aiopartnercentral.emulator.recording import Upstream

logger: logging.Logger = logging.getLogger(__name__)

DEFAULT_CATALOGS: Mapping[str, int] = {"AWS": 120, "Sandbox": 30}
# How many seconds a client that stops reading or sending may delay the shutdown.
_SHUTDOWN_SECONDS = 0.5
# How many seconds the answer of another service may delay it.
_UPSTREAM_SECONDS = 10.0

_clock = validators.optional(validators.instance_of(Clock))
_quotas = validators.optional(validators.instance_of(Quotas, "a Quotas"))
_credentials_dict = validators.mapping_of(
    validators.text, validators.instance_of(Credential), "a mapping of access key ids to Credential objects"
)


def _credentials(given: Mapping[str, Credential] | None) -> Mapping[str, Credential] | None:
    # A mapping of another class may look credentials up when a request needs them, so its contents are not read here.
    is_lazy = isinstance(given, Mapping) and not isinstance(given, dict)
    return given if given is None or is_lazy else _credentials_dict("credentials", given)


_path = validators.optional(validators.path)


class Emulator(NeedsBlock, Settings):
    """A local Partner Central over HTTP on loopback, on asyncio.

        async with Emulator({"AWS": 1000, "Sandbox": 10}) as emulator:
            client = session.client("partnercentral-account", endpoint_url=emulator.endpoint_url, ...)

    Arguments:
        catalogs: number of connections by catalog, `{"AWS": 120, "Sandbox": 30}` by default; a catalog has a quarter
            as many invitations and a tenth as many partners. It has as many opportunities as connections, a quarter as
            many engagements and a tenth as many solutions. A name has only letters, as it is part of every ARN.
        seed: seed of the generated data; the same seed gives the same data on every machine.
        host: the address to listen on. Nothing is encrypted: keep it on loopback; any other address is a warning in
            the log.
        port: the port to listen on; 0 for a free one.
        allowed_hosts: further names that clients may call the emulator by, such as `emulator` in a container network;
            `*` and `?` are wildcards. By default, the Host of a request must be `localhost`, a loopback address, or
            the address that the emulator listens on. So web pages of other sites cannot use it.
        latency: seconds by which every response is delayed; can be set at any time.
        requests_per_second: the rate limit of each account in each service; more requests get a ThrottlingException.
            Can be set at any time.
        denied_catalogs: catalogs for which every request gets an AccessDeniedException; can be set at any time.
        account_id: the AWS account that owns the seeded data. An access key id of twelve digits is another account,
            which is empty at first; any other access key id is this one, unless `credentials` are given.
        clock: the emulator's clock, which can be stopped and moved.
        task_seconds: how long tasks and verifications are in progress.
        quotas: the quotas of each account in each catalog.
        credentials: the accepted credentials by access key id, which are looked up for each request. If they are given,
            every request must have a valid Signature Version 4 of one of them, and is sent by its account; otherwise
            any credentials are accepted.
        denials: further requests that get an AccessDeniedException; can be set at any time.
        state: a file that all changes are written to; they are restored at the next start.
        nightly_changes: the share of the seeded opportunities, engagements and customer accounts, from 0 to 1, that
            change at each midnight of the clock, so that incremental collection finds them.
        files: a directory with the files of bulk jobs: `s3://bucket/key` is `bucket/key` in it.
        faults: faults to inject; can be set at any time, which restarts the counting of calls at 1.
        replay: a file of answers that `aiopartnercentral emulator --record FILE` has written. They are the responses,
            and no operation is executed.
        upstream: answers requests instead of the operations, such as a recorder of AWS's answers.

    Attributes:
        clock: the emulator's clock.
        in_flight: number of requests that are being processed.
        max_in_flight: the highest number of such requests.

    Raises:
        TypeError: an argument has a wrong type; the text begins with its name.
        ValueError: an argument has a wrong value; the text begins with its name, or with the number of a fault.
    """

    _usage = "`async with Emulator(...) as emulator:`"
    _opens_itself = True

    def __init__(
        self,
        catalogs: Mapping[str, int] | None = None,
        *,
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        allowed_hosts: Collection[str] = (),
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
        nightly_changes: float = 0.0,
        files: str | PathLike[str] | None = None,
        faults: Collection[Fault] = (),
        replay: str | PathLike[str] | None = None,
        upstream: Upstream | None = None,
    ) -> None:
        emulated = State(
            seed=validators.integer()("seed", seed),
            sizes=options.catalog_sizes(DEFAULT_CATALOGS if catalogs is None else catalogs),
            owner=iam.account_id("account_id", account_id),
            quotas=_quotas("quotas", quotas) or Quotas(),
            task_time=timedelta(seconds=options.seconds("task_seconds", task_seconds)),
            nightly_changes=float(options.share("nightly_changes", nightly_changes)),
        )
        store = StateStore(emulated, _clock("clock", clock) or Clock())
        path = _path("state", state)
        self._state_file = None if path is None else Path(path)
        authenticator = Authenticator(emulated.owner, _credentials(credentials), SignatureVersion4(store.clock))
        recorded = _path("replay", replay)
        if recorded is not None and upstream is not None:
            raise ValueError("replay must not be given together with upstream: both answer requests")
        directory = _path("files", files)
        if directory is not None and not os.path.isdir(directory):  # noqa: PTH112 - a path object may raise
            raise ValueError(f"files must be a directory, and {directory} is not one")
        dispatcher = Dispatcher(store, files=None if directory is None else Path(directory))
        super().__init__(dispatcher)
        given = {"files": directory, "replay": recorded}
        self._files = {name: str(path) for name, path in given.items() if path is not None}
        self._upstream = upstream if recorded is None else Replay(Path(recorded))
        admin_api = AdminApi(store, self)
        self._pipeline = RequestPipeline(dispatcher, admin_api, authenticator, self._sleep, self, self._upstream)
        self._dashboard = Dashboard(Views(store, self._pipeline), self._sleep)
        self.denied_catalogs = denied_catalogs
        self.denials = denials
        self.faults = faults
        self.latency = latency
        self.requests_per_second = requests_per_second
        self._host = validators.text("host", host)
        self._port = options.port("port", port)
        self._trusted_hosts = TrustedHosts(self._host, hosts.allowed_hosts(allowed_hosts))
        self._runner: web.ServerRunner | None = None
        self._closing = anyio.Event()

    @classmethod
    def from_scenario(cls, scenario: str | PathLike[str], **arguments: Any) -> Self:  # noqa: ANN401 - of the class
        """Return the emulator of a scenario.

            async with Emulator.from_scenario("throttled-account", seed=7) as emulator:

        Arguments:
            scenario: the name of a scenario that is part of the library, or the path of a TOML file.
            arguments: arguments of the class; each replaces that of the scenario.

        Raises:
            TypeError: an argument has a wrong type.
            ValueError: there is no such scenario, or something in it is wrong; the message names file and key.
        """
        given = read_scenario(scenario)
        try:
            return cls(**given | arguments)
        except (TypeError, ValueError) as error:
            if re.split(r"\W", str(error))[0] in arguments:
                raise
            raise ValueError(f"{scenario}: {error}") from None

    @property
    def endpoint_url(self) -> str:
        """The address, such as `http://127.0.0.1:40123`.

        Raises:
            RuntimeError: the emulator is not running.
        """
        if self._runner is None:
            raise RuntimeError("the emulator has an endpoint only inside its `async with` block")
        host, port, *_ = self._runner.addresses[0]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def requests(self) -> Sequence[protocol.RecordedRequest]:
        """The last ten thousand requests, or the last 16 MB of them, oldest first."""
        return tuple(self._pipeline.requests)

    async def __aenter__(self) -> Self:
        """Start listening; cancelling it leaves no thread, socket or locked file behind.

        Raises:
            RuntimeError: the emulator is running already, or the event loop is not asyncio's.
            OSError: it cannot listen at the address; the error names the address.
            StateError: the state file cannot be used, or is of an emulator with other options; the error names file and
                line.
        """
        if self._runner is not None:
            raise RuntimeError("the emulator is already running")
        self._closing = anyio.Event()
        try:
            server = HttpServer(self._respond)
        except RuntimeError as error:
            raise RuntimeError("the emulator runs on asyncio's event loop only") from error
        grace = _UPSTREAM_SECONDS if isinstance(self._upstream, Recorder) else _SHUTDOWN_SECONDS
        runner = web.ServerRunner(server, shutdown_timeout=grace)
        try:
            if self._state_file is not None:
                await self._open_state(self._state_file)
            self._restore_start = self._restorer()
            await _shielded(self._listen, runner)
        except BaseException:
            await _shielded(self._shut_down, runner)
            raise
        self._runner = runner
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Send delayed responses at once, then close every socket.

        Cancelling this does not interrupt it; it takes a second at most.
        """
        runner, self._runner = self._runner, None
        self._closing.set()
        if runner is not None:
            await _shielded(self._shut_down, runner)

    def _forget_requests(self) -> None:
        """Clear the list of requests, and begin a replay again."""
        self._pipeline.forget()
        if isinstance(self._upstream, Replay):
            self._upstream.restart()

    async def _open_state(self, path: Path) -> None:
        """Restore the state from a file; cancelling this interrupts it."""
        halted = threading.Event()

        def check_canceled() -> None:
            anyio.from_thread.check_cancelled()
            if halted.is_set():
                raise InterruptedError

        await run_to_completion(partial(self._dispatcher.store.open, path, check_canceled), on_cancel=halted.set)

    async def _listen(self, runner: web.ServerRunner) -> None:
        await runner.setup()
        await web.TCPSite(runner, self._host, self._port).start()
        for address, port, *_ in runner.addresses:
            if not hosts.is_loopback(address):
                text = "other machines can reach the emulator at %s port %d, where nothing is encrypted"
                logger.warning(text, address, port)

    async def _shut_down(self, runner: web.ServerRunner) -> None:
        """Close sockets and state file."""
        try:
            await runner.cleanup()
            # Transports are closed one iteration of the event loop later.
            await anyio.lowlevel.checkpoint()
        finally:
            self._dispatcher.store.close()

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        """Respond to one HTTP request; cancelled when its client disconnects."""
        started, ids = perf_counter(), request_id()
        if self._upstream is None:  # An incremental collection continues from the date, so it is that of the data.
            ids["Date"] = format_datetime(self.clock.now(), usegmt=True)
        response: web.StreamResponse | None = None
        record: protocol.RecordedRequest | None = None
        try:
            response, record = await self._response(request, ids)
            return response
        finally:
            seconds = perf_counter() - started
            if record is not None:
                record.seconds = seconds
            status = None if response is None else response.status if record is None else record.status
            access_log.log(request, status=status, seconds=seconds, ids=ids, record=record)

    async def _response(
        self, request: web.BaseRequest, ids: Mapping[str, str]
    ) -> tuple[web.StreamResponse, protocol.RecordedRequest | None]:
        """Return the response, and the entry of an operation in the list of requests."""
        try:
            self._trusted_hosts.check(request)
        except EmulatedServiceError as error:
            service = protocol.Target.of(request).service
            body = service.encode(service.error_body(error))
            refusal = Response(service.error_status(error), body, service.content_type, service.headers)
            return await send(refusal, request, ids, self._sleep), None
        page = await self._dashboard.respond(request)
        if page is not None:
            return page, None
        with self._counted():
            response = await self._pipeline.respond(request)
            if delay := self._latency + response.delay:
                await self._sleep(delay)
            if response.record is not None:
                response.record.request_id = ids["x-amzn-RequestId"]
            return await send(response, request, ids, self._sleep), response.record

    async def _sleep(self, seconds: float) -> bool:
        """Sleep, but not beyond the shutdown; returns whether the emulator still runs."""
        with anyio.move_on_after(seconds):
            await self._closing.wait()
        return not self._closing.is_set()


async def _shielded(work: Callable[[web.ServerRunner], Coroutine[Any, Any, None]], runner: web.ServerRunner) -> None:
    """Run a coroutine function with a runner; cancelling this does not interrupt it.

    If it were interrupted, asyncio would listen on a socket that nothing can close any more. A thread waits for it, as
    anyio's shields do not stop asyncio's own cancellations; the thread does not count against anyio's default limiter.
    """
    await run_to_completion(lambda: anyio.from_thread.run(work, runner), limiter=anyio.CapacityLimiter(1))
