"""The clients of a run: one for each access, opened when it is first needed, so many at once and no more.

Leases of one access share a slot, and whoever comes first opens its client; a slot without leases keeps the client
until another one needs the room. There is no task of the pool's own: each lease does its part in the caller's task.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar, Unpack

import anyio
import attrs

from aiopartnercentral._client import ClientOptions, ServiceClient, check_options, open_client
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.bulk.source import Source, identity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable
    from types import TracebackType

    from aiopartnercentral._transport.sessions import Sessions

__all__ = ["Clients"]

ClientT = TypeVar("ClientT", bound=ServiceClient)
_Key: TypeAlias = "Hashable"


@attrs.define(eq=False)
class _Slot(Generic[ClientT]):
    """What leases of one access share.

    Attributes:
        source: one of the sources of this access; it keeps what the key is made of alive.
        leases: how many hold the client or wait for it.
        client: the client while it is open.
        stack: closes it.
        opening: held while it is being opened.
        failures: how often that failed.
        failure: what with, the last time.
    """

    source: Source
    leases: int = 0
    client: ClientT | None = None
    stack: AsyncExitStack = attrs.field(factory=AsyncExitStack)
    opening: anyio.Lock = attrs.field(factory=anyio.Lock)
    failures: int = 0
    failure: Exception | None = None


class Clients(Generic[ClientT]):
    """A pool of clients.

        async with Clients(account.Client, max_open=50) as clients, clients.lease(source) as client:
            ...

    Its clients send each request once, whatever the environment says of retries: the run repeats what failed, with
    a rate limit in view. A `config` with `retries` has its way, and so has a client of the caller's own.

    Arguments:
        client_class: the class of the clients, such as `account.Client`.
        max_open: how many may be open at once. A client of the caller's own does not count, nor do the STS clients,
            of which there is one for each profile that assumes roles.
        options: what all clients are opened with; see `ClientOptions`.

    Raises:
        TypeError: an argument is of a wrong type, or there is no such option.
        ValueError: `max_open` is less than 1.
    """

    def __init__(self, client_class: type[ClientT], *, max_open: int = 50, **options: Unpack[ClientOptions]) -> None:
        _check_arguments(client_class, max_open)
        check_options("Clients()", options, ClientOptions)
        self._class = client_class
        self._max_open = max_open
        self._options = options
        self._sessions: Sessions | None = None
        self._slots: dict[_Key, _Slot[ClientT]] = {}  # the least recently used come first
        self._open = 0
        self._is_closed = False
        self._turn = anyio.Lock()  # of the lease that gets the next room
        self._freed = anyio.Event()
        self._openings: set[anyio.CancelScope] = set()

    @property
    def open(self) -> int:
        """How many clients are open, or on their way to being open or closed."""
        return self._open

    async def __aenter__(self) -> Self:
        """Begin; no client is opened yet.

        Raises:
            RuntimeError: it has been entered before.
        """
        from aiopartnercentral._transport.sessions import Sessions  # noqa: PLC0415 - loads botocore

        if self._sessions is not None:
            raise RuntimeError("a pool of clients can be entered only once")
        self._sessions = Sessions(self._class.service, self._options.get("config"), self._options.get("verify"))
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Close all clients but the callers' own, in use or not; cancelling it does not cut it short."""
        self._is_closed = True
        with anyio.CancelScope(shield=True):
            for scope in self._openings:
                scope.cancel()
            self._wake()
            async with AsyncExitStack() as stack:
                if self._sessions is not None:
                    stack.push_async_callback(self._sessions.close)
                stack.push_async_callback(self._drained)
                for key, slot in list(self._slots.items()):
                    if slot.client is not None:
                        stack.push_async_callback(self._close, key, slot)

    @asynccontextmanager
    async def lease(self, source: Source) -> AsyncIterator[ClientT]:
        """Lend the client of a source, until the block is left.

        It is opened if it is not open. If so many are that there is no room, the least recently used of those that
        nobody holds is closed for it; if all are held, the lease waits for its turn. A lease of a client that is open
        never waits, so that a task may hold several of one access. Cancelling it while it waits or opens leaves
        nothing behind.

        Raises:
            CredentialsError: the source's role cannot be assumed, or its provider gave no usable credentials.
            Exception: whatever the source's credentials provider raises.
            botocore.exceptions.BotoCoreError: the profile does not exist, or the configuration is not usable.
            RuntimeError: the pool is not open.
            TypeError: it is no source, or has a client of another class.
        """
        if not isinstance(source, Source):
            raise TypeError(f"a pool lends clients of a Source, not of {type_name(source)}")
        if self._sessions is None or self._is_closed:
            raise RuntimeError("a pool lends clients only inside its `async with` block")
        if source.client is not None:
            yield self._checked(source.client)
            return
        key = (source.profile, source.role, identity(source.credentials), source.region_name, source.endpoint_url)
        slot = self._slots.setdefault(key, _Slot(source))
        slot.leases += 1
        try:
            yield slot.client or await self._opened(key, slot)
        finally:
            self._give_back(key, slot)

    def _checked(self, client: ServiceClient) -> ClientT:
        if not isinstance(client, self._class):
            expected, given = f"{self._class.__module__}.{self._class.__qualname__}", type(client)
            raise TypeError(f"the source's client must be a {expected}, not a {given.__module__}.{given.__qualname__}")
        return client

    def _give_back(self, key: _Key, slot: _Slot[ClientT]) -> None:
        slot.leases -= 1
        if slot.leases or self._slots.get(key) is not slot:
            return
        del self._slots[key]
        if slot.client is not None:
            self._slots[key] = slot  # at the end: the most recently used
            self._wake()

    async def _opened(self, key: _Key, slot: _Slot[ClientT]) -> ClientT:
        failures = slot.failures
        async with slot.opening:
            if slot.client is not None:
                return slot.client
            if slot.failures > failures and slot.failure is not None:
                raise slot.failure  # of the attempt that this lease has waited for
            try:
                slot.client = await self._interruptible(slot)
            except Exception as error:
                slot.failures += 1
                slot.failure = error
                raise
            if self._is_closed:
                await self._close(key, slot)
                raise _closed()
            return slot.client

    async def _interruptible(self, slot: _Slot[ClientT]) -> ClientT:
        with anyio.CancelScope() as scope:
            self._openings.add(scope)
            try:
                await self._find_room()
                try:
                    return await self._enter(slot)
                except BaseException:
                    self._leave_room()
                    raise
            finally:
                self._openings.discard(scope)
        raise _closed()

    async def _find_room(self) -> None:
        """Wait for room, first come first served, and take it."""
        async with self._turn:
            while self._open >= self._max_open and not self._is_closed:
                idle = next((item for item in self._slots.items() if not item[1].leases), None)
                if idle is None:
                    await self._freed.wait()
                else:
                    await self._close(*idle)
            if self._is_closed:
                raise _closed()
            self._open += 1

    async def _enter(self, slot: _Slot[ClientT]) -> ClientT:
        if self._sessions is None:
            raise _closed()
        source, options = slot.source, {**self._options, "config": self._sessions.config}
        for name in ("region_name", "endpoint_url"):
            if getattr(source, name) is not None:
                options[name] = getattr(source, name)
        session = await self._session(self._sessions, source)
        return await slot.stack.enter_async_context(open_client(self._class, session=session, **options))

    async def _session(self, sessions: Sessions, source: Source) -> Any:  # noqa: ANN401 - the transport's business
        if source.role is not None:
            return await sessions.of_role(source.role, source.region_name)
        if source.credentials is not None:
            return await sessions.of_provider(source.credentials, identity(source.credentials))
        return await sessions.of_profile(source.profile)

    async def _close(self, key: _Key, slot: _Slot[ClientT]) -> None:
        if self._slots.get(key) is slot:
            del self._slots[key]
        slot.client = None
        try:
            with anyio.CancelScope(shield=True):
                await slot.stack.aclose()
        finally:
            self._leave_room()

    async def _drained(self) -> None:
        while self._open:
            await self._freed.wait()

    def _leave_room(self) -> None:
        self._open -= 1
        self._wake()

    def _wake(self) -> None:
        self._freed.set()
        self._freed = anyio.Event()


def _check_arguments(client_class: object, max_open: object) -> None:
    if not (isinstance(client_class, type) and issubclass(client_class, ServiceClient)):
        raise TypeError(f"client_class must be a class of clients, such as account.Client, not {client_class!r}")
    if not isinstance(max_open, int) or isinstance(max_open, bool):
        raise TypeError(f"max_open must be an integer, not {type(max_open).__name__}")
    if max_open < 1:
        raise ValueError(f"max_open must be at least 1, not {max_open}")


def _closed() -> RuntimeError:
    return RuntimeError("the pool was closed before the client was open")
