"""The emulator's HTTP server: JSON 1.0 framing, faults on demand, and the life of the thing."""

from __future__ import annotations

import logging
import re
import uuid
from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import anyio
import anyio.lowlevel
from aiohttp import web

from aiopartnercentral.emulator import faults, framing, identity
from aiopartnercentral.emulator.clock import Clock
from aiopartnercentral.emulator.control import PREFIX, Control
from aiopartnercentral.emulator.dice import MAX_ITEMS
from aiopartnercentral.emulator.quotas import Quotas
from aiopartnercentral.emulator.service import Service
from aiopartnercentral.emulator.shelf import encode
from aiopartnercentral.emulator.throttle import TokenBucket
from aiopartnercentral.emulator.validation import account_validator
from aiopartnercentral.emulator.world import World

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from types import TracebackType

    from aiopartnercentral.emulator.store import SentCode

logger: logging.Logger = logging.getLogger(__name__)

DEFAULT_CATALOGS: Mapping[str, int] = {"AWS": 120, "Sandbox": 30}
_REMEMBERED_REQUESTS = 10_000
# How long a client that has stopped reading or sending may hold up the end, in seconds.
_PATIENCE = 0.5


class Emulator:
    """A local Partner Central Account API over HTTP on loopback, on asyncio.

        async with Emulator({"AWS": 1000, "Sandbox": 10}) as emulator:
            client = session.client("partnercentral-account", endpoint_url=emulator.endpoint_url, ...)

    Arguments:
        catalogs: number of connections by catalog, `{"AWS": 120, "Sandbox": 30}` by default; a catalog has a quarter
            as many invitations and a tenth as many partners. A name is letters only, as it is part of every ARN.
        seed: another number is other data; the same number is the same data, on every machine.
        host: address to listen on. Nothing is encrypted and no signature is checked: keep it on loopback.
        port: port to listen on, 0 for a free one.
        latency: seconds that every answer is held back; can be set at any time.
        requests_per_second: more than that, over all clients, gets a ThrottlingException; can be set at any time.
        denied_catalogs: catalogs for which every request gets an AccessDeniedException; can be set at any time.
        account_id: AWS account that owns the seeded items. An access key id of twelve digits is another account, which
            begins with nothing; any other access key id is this one.
        clock: the emulator's time, which can be moved.
        task_seconds: how long tasks and verifications are in progress.
        quotas: how much an account may have and do in one catalog.

    Attributes:
        clock: the emulator's time.
        in_flight: requests being answered now.
        max_in_flight: the most there ever were.

    Raises:
        ValueError: a catalog's name or size, the account, the latency, the rate or a task's time is impossible.
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
    ) -> None:
        if not re.fullmatch(r"[0-9]{12}", account_id):
            raise ValueError("account_id must be twelve digits")
        sizes = _checked(DEFAULT_CATALOGS if catalogs is None else catalogs)
        world = World(seed, sizes, account_id, quotas or Quotas(), _duration("task_seconds", task_seconds))
        self.clock: Clock = clock or Clock()
        self._service = Service(world, self.clock, account_validator(), _denied(denied_catalogs, sizes))
        self._control = Control(world, self.clock)
        self.latency = latency
        self.requests_per_second = requests_per_second
        self.in_flight: int = 0
        self.max_in_flight: int = 0
        self._host = host
        self._port = port
        self._requests: deque[framing.RecordedRequest] = deque(maxlen=_REMEMBERED_REQUESTS)
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
    def requests(self) -> Sequence[framing.RecordedRequest]:
        """The last ten thousand requests, in the order of their arrival."""
        return tuple(self._requests)

    @property
    def latency(self) -> float:
        """Seconds that every answer is held back."""
        return self._latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._latency = _duration("latency", seconds).total_seconds()

    @property
    def requests_per_second(self) -> float | None:
        """The allowed rate over all clients, or None for no limit; setting it fills the allowance again."""
        return self._service.bucket.rate if self._service.bucket else None

    @requests_per_second.setter
    def requests_per_second(self, rate: float | None) -> None:
        self._service.bucket = None if rate is None else TokenBucket(rate)

    @property
    def denied_catalogs(self) -> frozenset[str]:
        """Catalogs for which every request gets an AccessDeniedException."""
        return self._service.denied

    @denied_catalogs.setter
    def denied_catalogs(self, names: Collection[str]) -> None:
        self._service.denied = _denied(names, self._service.world.sizes)

    @property
    def codes(self) -> Sequence[SentCode]:
        """The e-mail verification codes that can be used now: the emulator sends no e-mail."""
        return self._control.codes()

    async def __aenter__(self) -> Self:
        """Start to listen.

        Cancelling this does not cut it short; it ends at the first await inside the block.

        Raises:
            RuntimeError: it already runs, or the event loop is not asyncio's.
            OSError: the address cannot be listened on; the error names it.
        """
        if self._runner is not None:
            raise RuntimeError("the emulator already runs")
        self._closing = anyio.Event()
        try:
            server = web.Server(self._respond, access_log=None, handler_cancellation=True)
        except RuntimeError as error:
            raise RuntimeError("the emulator runs on asyncio's event loop only") from error
        runner = web.ServerRunner(server, shutdown_timeout=_PATIENCE)
        # Halfway cancelled, asyncio would listen on a socket that nobody can close any more.
        with anyio.CancelScope(shield=True):
            await runner.setup()
            await web.TCPSite(runner, self._host, self._port).start()
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
            await _clean_up(runner)

    async def _respond(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request; cancelled when its client goes away."""
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            status, body = await self._answered(request)
            if self._latency:
                with anyio.move_on_after(self._latency):
                    await self._closing.wait()
        finally:
            self.in_flight -= 1
        headers = {"Content-Type": framing.CONTENT_TYPE, "x-amzn-RequestId": str(uuid.uuid4())}
        return web.Response(body=body, status=status, headers=headers)

    async def _answered(self, request: web.BaseRequest) -> tuple[int, bytes]:
        try:
            raw = await request.read()
        except web.HTTPRequestEntityTooLarge:
            fault = faults.protocol_error("RequestEntityTooLargeException", "The body is too large", status=413)
            return self._remembered(request, {}, fault, b"")
        if request.path.startswith(PREFIX):
            return self._control.answer(request.method, request.path, raw)
        return self._answer(request, raw)

    def _answer(self, request: web.BaseRequest, raw: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer, and remember the request."""
        operation, sent = framing.operation_name(request), dict[str, Any]()
        fault: faults.ServiceFaultError | None = None
        body = b""
        try:
            framing.check(request, self._service.validator)
            sent = framing.parse(raw)
            body = self._service.answer(
                operation, sent, account=self._account(request), origin=f"{request.scheme}://{request.host}"
            )
        except faults.ServiceFaultError as raised:
            fault = raised
        except Exception:
            logger.exception("the emulator failed to answer %s", operation)
            fault = faults.internal_error()
        return self._remembered(request, sent, fault, body)

    def _account(self, request: web.BaseRequest) -> str:
        key = identity.access_key(request.headers.get("Authorization", ""))
        return identity.account_of(key, self._service.world.owner)

    def _remembered(
        self,
        request: web.BaseRequest,
        sent: dict[str, Any],
        fault: faults.ServiceFaultError | None,
        body: bytes,
    ) -> tuple[int, bytes]:
        """Remember a request and how it is answered, and return status and body of that."""
        status = fault.status if fault else HTTPStatus.OK.value
        catalog = sent.get("Catalog")
        self._requests.append(
            framing.RecordedRequest(
                account=self._account(request),
                operation=framing.operation_name(request),
                catalog=catalog if isinstance(catalog, str) else None,
                status=status,
                error=fault.shape if fault else None,
                page_token_given=sent.get("NextToken") is not None,
                body=sent,
            )
        )
        return status, encode(fault.payload()) if fault else body


def _duration(name: str, seconds: float) -> timedelta:
    """Return a number of seconds as a duration, or raise ValueError if it is none."""
    try:
        duration = timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        duration = timedelta(-1)
    if duration < timedelta(0):
        raise ValueError(f"{name} must be a number of seconds from 0 up, not {seconds}")
    return duration


def _checked(catalogs: Mapping[str, int]) -> Mapping[str, int]:
    """Return the catalogs, or raise ValueError for one that cannot be."""
    if not isinstance(catalogs, Mapping):
        raise TypeError(f"catalogs must map names to numbers of connections, not be of type {type(catalogs).__name__}")
    for name, connections in catalogs.items():
        if type(connections) is not int:
            raise TypeError(f"catalogs must map names to whole numbers, not {name} to {connections!r}")
        if not re.fullmatch(r"[a-zA-Z]{1,64}", name):
            raise ValueError(f"catalog name {name!r} must be 1 to 64 letters, as the service's ARNs have it")
        if not 0 <= connections <= MAX_ITEMS:
            raise ValueError(f"catalog {name} must have from 0 to {MAX_ITEMS} connections, not {connections}")
    return catalogs


async def _clean_up(runner: web.ServerRunner) -> None:
    """Close the server; cancelling does not cut it short."""
    with anyio.CancelScope(shield=True):
        await runner.cleanup()
        # Transports tell that they are closed one turn of the loop later.
        await anyio.lowlevel.checkpoint()


def _denied(denied: Collection[str], catalogs: Collection[str]) -> frozenset[str]:
    """Return the denied catalogs, which must be catalogs of the emulator: a slip would deny nothing."""
    if isinstance(denied, str):
        raise TypeError("denied_catalogs must be a collection of catalog names, not one string")
    for name in denied:
        if name not in catalogs:
            raise ValueError(f"denied_catalogs names {name!r}, which is none of the catalogs {', '.join(catalogs)}")
    return frozenset(denied)
