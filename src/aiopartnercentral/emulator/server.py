"""The emulator's HTTP server: JSON 1.0 framing, faults on demand, and the life of the thing."""

from __future__ import annotations

import logging
import re
import uuid
from collections import deque
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import anyio
import anyio.lowlevel
from aiohttp import web

from aiopartnercentral.emulator import faults, framing
from aiopartnercentral.emulator.dice import MAX_ITEMS
from aiopartnercentral.emulator.operations import HANDLERS
from aiopartnercentral.emulator.seed import Seed
from aiopartnercentral.emulator.store import Catalog, encode
from aiopartnercentral.emulator.throttle import TokenBucket
from aiopartnercentral.emulator.validation import account_validator

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from types import TracebackType

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
        account_id: AWS account that owns the seeded items.

    Attributes:
        in_flight: requests being answered now.
        max_in_flight: the most there ever were.

    Raises:
        ValueError: a catalog's name or size, the account, the latency or the rate is impossible.
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
    ) -> None:
        if not re.fullmatch(r"[0-9]{12}", account_id):
            raise ValueError("account_id must be twelve digits")
        self._catalogs = {
            name: Catalog.of(Seed(seed, name, account_id, connections))
            for name, connections in _checked(DEFAULT_CATALOGS if catalogs is None else catalogs).items()
        }
        self.latency = latency
        self.requests_per_second = requests_per_second
        self.denied_catalogs: frozenset[str] = _denied(denied_catalogs, self._catalogs)
        self.in_flight: int = 0
        self.max_in_flight: int = 0
        self._host = host
        self._port = port
        self._validator = account_validator()
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
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"latency must be a number of seconds from 0 up, not {seconds}")
        self._latency = seconds

    @property
    def requests_per_second(self) -> float | None:
        """The allowed rate over all clients, or None for no limit; setting it fills the allowance again."""
        return self._bucket.rate if self._bucket else None

    @requests_per_second.setter
    def requests_per_second(self, rate: float | None) -> None:
        self._bucket = None if rate is None else TokenBucket(rate)

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
            status, body = self._answer(request, await request.read())
            if self._latency:
                with anyio.move_on_after(self._latency):
                    await self._closing.wait()
        finally:
            self.in_flight -= 1
        headers = {"Content-Type": framing.CONTENT_TYPE, "x-amzn-RequestId": str(uuid.uuid4())}
        return web.Response(body=body, status=status, headers=headers)

    def _answer(self, request: web.BaseRequest, raw: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer, and remember the request."""
        sent: dict[str, Any] = {}
        fault: faults.ServiceFaultError | None = None
        body = b""
        try:
            framing.check(request, self._validator)
            sent = framing.parse(raw)
            body = self._handle(framing.operation_name(request), sent)
        except faults.ServiceFaultError as raised:
            fault = raised
        except Exception:
            logger.exception("the emulator failed to answer %s", framing.operation_name(request))
            fault = faults.internal_error()
        status = fault.status if fault else HTTPStatus.OK.value
        catalog = sent.get("Catalog")
        self._requests.append(
            framing.RecordedRequest(
                operation=framing.operation_name(request),
                catalog=catalog if isinstance(catalog, str) else None,
                status=status,
                error=fault.shape if fault else None,
                page_token_given=sent.get("NextToken") is not None,
                body=sent,
            )
        )
        return status, encode(fault.payload()) if fault else body

    def _handle(self, operation: str, sent: dict[str, Any]) -> bytes:
        """Return the body of the answer to a well-framed request.

        Raises:
            ServiceFaultError: the answer is an error.
        """
        if self._bucket and not self._bucket.take():
            raise faults.throttled()
        handler = HANDLERS.get(operation)
        if handler is None:
            message = f"The emulator does not emulate {operation}"
            raise faults.protocol_error("NotImplementedException", message, status=501)
        if problems := self._validator.request_problems(operation, sent):
            raise faults.validation_failed(problems)
        name = sent["Catalog"]
        if name in self.denied_catalogs:
            raise faults.access_denied(name)
        if name not in self._catalogs:
            problem = faults.FieldProblem("Catalog", "is not a catalog of this account", "INVALID_VALUE")
            raise faults.validation_failed([problem])
        known = self._validator.members(operation)
        return handler(
            self._catalogs[name],
            {member: value for member, value in sent.items() if member in known and value is not None},
        )


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
