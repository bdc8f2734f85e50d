"""The client pool of a run: one client for each service and group of settings, opened on first use, up to a limit.

Accounts with the same settings share a client, whose requests are signed with the credentials of each lease.

Leases of one client share an entry, and the first of them opens it. An entry without leases keeps its client open until
the pool is full and another client is needed. The pool has no background task: each lease opens and closes clients in
the caller's task.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar, Unpack

import anyio
import attrs

from aiopartnercentral._client import (
    ClientOptions,
    ServiceClient,
    open_for_accounts,
    with_credentials,
)
from aiopartnercentral._transport.api_call import DEFAULT_TIMEOUT
from aiopartnercentral._transport.options import check_options, check_values
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.needs_block import NeedsBlock, Opening
from aiopartnercentral._utils.threads import SharedAttempt
from aiopartnercentral.bulk.limits import Limits
from aiopartnercentral.bulk.source import Source, identity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from aiopartnercentral._transport.sessions import Sessions

__all__ = ["ClientPool", "check_client_options"]

T = TypeVar("T")
ClientT = TypeVar("ClientT", bound=ServiceClient)
_Key: TypeAlias = "Hashable"
_SOURCE = validators.instance_of(Source)
_CLIENT_CLASS = validators.instance_of(type, "a class of clients, such as account.Client")
# How to give an option that was given to the whole run.
_ELSEWHERE = {
    "limits=Limits({}=...)": [field.name for field in attrs.fields(Limits)],
    "Source(..., {}=...)": [field.name for field in attrs.fields(Source)],
}


def check_client_options(taker: str, options: ClientOptions, function: Callable[..., object]) -> None:
    """Check the options of the clients of a run.

    Arguments:
        taker: name of the function that takes the options, for the message.
        options: the options.
        function: the function itself, whose own options have defaults; a misspelt name may stand for one of them.

    Raises:
        TypeError: an option is unknown or of a wrong type.
        ValueError: an option has a value that is not allowed.
    """
    own = tuple(function.__kwdefaults__ or ())
    check_options(taker, options, ClientOptions, further=own, elsewhere=_ELSEWHERE)
    check_values(options)


@attrs.frozen(eq=False)
class _Account:
    """An account that has credentials, and one of its sources, which keeps the objects of the key alive."""

    source: Source
    credentials: Any = attrs.field(repr=False)


@attrs.define(eq=False)
class _Entry:
    """The state that the leases of one client share.

    Attributes:
        source: one of the sources with these settings; it keeps the objects of the key alive.
        client_class: the class of the client.
        leases: number of leases that hold the client or wait for it.
        client: the client while it is open, without credentials.
        stack: closes it.
        opening: opens the client.
    """

    source: Source
    client_class: type[ServiceClient]
    leases: int = 0
    client: ServiceClient | None = None
    stack: AsyncExitStack = attrs.field(factory=AsyncExitStack)
    opening: SharedAttempt = attrs.field(factory=SharedAttempt)


class ClientPool(NeedsBlock):
    """Opens clients on demand, and shares them between leases.

        async with ClientPool(max_open=50) as pool, pool.lease(source, account.Client) as client:
            ...

    The pool's clients do not retry, whatever the environment says, because the run itself retries within its rate
    limits. A `config` with `retries` overrides that, and a source's own `client` is used unchanged.

    Arguments:
        max_open: maximum clients that are open at once: one for each service, profile, region and endpoint URL, and for
            each account if the `config` has `retries`. A source's own `client` does not count, nor do the STS clients,
            of which there is one for each profile that assumes roles.
        max_connections: maximum connections of each client, unless its `config` sets `max_pool_connections`. Accounts
            with the same settings share them.
        options: the options of all clients; see `ClientOptions`.

    Raises:
        TypeError: an argument is of a wrong type, or an option is unknown.
        ValueError: an argument has a value that is not allowed.
    """

    _usage = "`async with ClientPool(...) as pool:`"
    _opens_itself = True

    def __init__(self, *, max_open: int = 50, max_connections: int = 100, **options: Unpack[ClientOptions]) -> None:
        check_options("ClientPool()", options, ClientOptions, further=("max_open", "max_connections"))
        check_values(options)
        self._max_open = validators.count("max_open", max_open)
        self._max_connections = validators.count("max_connections", max_connections)
        self._options = options
        self._sessions: Sessions | None = None
        self._entries: dict[_Key, _Entry] = {}  # least recently used first
        self._accounts: dict[_Key, _Account] = {}
        self._open = 0
        self._is_closed = False
        self._turn = anyio.Lock()  # held by the lease that is next to open a client
        self._freed = anyio.Event()
        self._openings: set[anyio.CancelScope] = set()

    @property
    def open(self) -> int:
        """Number of clients that are open, being opened or being closed."""
        return self._open

    async def __aenter__(self) -> Self:
        """Enter the pool; no client is opened yet.

        Raises:
            RuntimeError: the pool was entered before.
        """
        from aiopartnercentral._transport.sessions import Sessions  # noqa: PLC0415 - loads botocore

        if self._sessions is not None:
            raise RuntimeError("a pool of clients can be entered only once")
        options = self._options
        timeout = options.get("timeout", DEFAULT_TIMEOUT)
        self._sessions = Sessions(options.get("config"), options.get("verify"), self._max_connections, timeout)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Close all clients that the pool opened, even if they are in use; a cancellation does not interrupt this."""
        self._is_closed = True
        with anyio.CancelScope(shield=True):
            for scope in self._openings:
                scope.cancel()
            self._wake()
            async with AsyncExitStack() as stack:
                if self._sessions is not None:
                    stack.push_async_callback(self._sessions.close)
                stack.push_async_callback(self._drained)
                for key, entry in list(self._entries.items()):
                    if entry.client is not None:
                        stack.push_async_callback(self._close, key, entry)

    def lease(self, source: Source, client_class: type[ClientT]) -> AbstractAsyncContextManager[ClientT]:
        """Return a client for a source, which stays open until the block is left.

        The client is opened if it is not open yet. If the pool is full, the least recently used client without a lease
        is closed; if all have leases, this one waits for its turn. A lease of an open client never waits, so a task may
        hold several leases of one client. Cancelling a lease that waits or opens leaks nothing.

        Arguments:
            source: the source, with its credentials.
            client_class: the class of the client, such as `account.Client`.

        Raises:
            CredentialsError: the source's role cannot be assumed, or its provider returned no usable credentials.
            Exception: an error that the source's credentials provider raises.
            botocore.exceptions.BotoCoreError: the profile does not exist, or the configuration is not usable.
            RuntimeError: the pool is not open.
            TypeError: `source` is not a source, or has a client of another class.
        """
        _SOURCE("source", source)
        _check_class(client_class)
        call = "pool.lease(...)"
        return Opening(self._leased(source, client_class), call, f"`async with {call} as client:`")

    @asynccontextmanager
    async def _leased(self, source: Source, client_class: type[ClientT]) -> AsyncIterator[ClientT]:
        if self._sessions is None or self._is_closed:
            raise RuntimeError("a pool has clients only inside its `async with` block")
        if source.client is not None:
            yield _checked(source.client, client_class)
            return
        account = await self._account(self._sessions, source, client_class)
        key = self._key(self._sessions, source, client_class)
        entry = self._entries.setdefault(key, _Entry(source, client_class))
        entry.leases += 1
        try:
            client = entry.client
            if client is None:
                client = await entry.opening(partial(self._opened, key, entry))
            yield with_credentials(_checked(client, client_class), account.credentials)
        finally:
            self._give_back(key, entry)

    async def _account(self, sessions: Sessions, source: Source, client_class: type[ServiceClient]) -> _Account:
        """Return the account of a source, once it has credentials."""
        region = _region(source, client_class)
        key = source.profile, source.role, identity(source.credentials), region
        account = self._accounts.get(key)
        if account is None:
            credentials = await self._interruptible(partial(_credentials, sessions, source, region))
            account = self._accounts[key] = _Account(source, credentials)
        return account

    def _key(self, sessions: Sessions, source: Source, client_class: type[ServiceClient]) -> _Key:
        """Return what identifies the client of a source: settings alone, if accounts share clients."""
        settings = client_class, _profile(source), source.region_name, source.endpoint_url
        session = sessions.session(_profile(source), _region(source, client_class))
        if sessions.share_clients(session, client_class.service):
            return settings
        return *settings, source.role, identity(source.credentials)

    def _give_back(self, key: _Key, entry: _Entry) -> None:
        entry.leases -= 1
        if entry.leases or self._entries.get(key) is not entry:
            return
        del self._entries[key]
        if entry.client is not None:
            self._entries[key] = entry  # at the end, as the most recently used
            self._wake()

    async def _opened(self, key: _Key, entry: _Entry) -> ServiceClient:
        if entry.client is None:
            entry.client = await self._interruptible(partial(self._open_in_turn, entry))
            if self._is_closed:
                await self._close(key, entry)
                raise _closed()
        return entry.client

    async def _interruptible(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what a call returns. The call is cancelled when the pool is closed."""
        with anyio.CancelScope() as scope:
            self._openings.add(scope)
            try:
                return await call()
            finally:
                self._openings.discard(scope)
        raise _closed()

    async def _open_in_turn(self, entry: _Entry) -> ServiceClient:
        await self._find_room()
        try:
            return await self._enter(entry)
        except BaseException:
            self._leave_room()
            raise

    async def _find_room(self) -> None:
        """Wait until one more client may be open, first come first served, and count it."""
        async with self._turn:
            while self._open >= self._max_open and not self._is_closed:
                idle = next((item for item in self._entries.items() if not item[1].leases), None)
                if idle is None:
                    await self._freed.wait()
                else:
                    await self._close(*idle)
            if self._is_closed:
                raise _closed()
            self._open += 1

    async def _enter(self, entry: _Entry) -> ServiceClient:
        if self._sessions is None:
            raise _closed()
        source, options = entry.source, {**self._options, "config": self._sessions.config}
        for name in ("region_name", "endpoint_url"):
            if getattr(source, name) is not None:
                options[name] = getattr(source, name)
        session = self._sessions.session(_profile(source), _region(source, entry.client_class))
        opening = open_for_accounts(entry.client_class, session=session, **options)
        return await entry.stack.enter_async_context(opening)

    async def _close(self, key: _Key, entry: _Entry) -> None:
        if self._entries.get(key) is entry:
            del self._entries[key]
        entry.client = None
        try:
            with anyio.CancelScope(shield=True):
                await entry.stack.aclose()
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


async def _credentials(sessions: Sessions, source: Source, region: str | None) -> Any:  # noqa: ANN401 - aiobotocore has no types
    if source.role is not None:
        return await sessions.of_role(source.role, region)
    if source.credentials is not None:
        return await sessions.of_provider(source.credentials, identity(source.credentials))
    return await sessions.of_profile(source.profile, region)


def _profile(source: Source) -> str | None:
    """Return the profile whose settings a source has."""
    return source.profile if source.role is None else source.role.profile


def _region(source: Source, client_class: type[ServiceClient]) -> str | None:
    return source.region_name or client_class.service.region


def _check_class(client_class: object) -> None:
    _CLIENT_CLASS("client_class", client_class)
    if not issubclass(client_class, ServiceClient):  # type: ignore[arg-type] # just checked
        raise TypeError(f"client_class must be a class of clients, such as account.Client, not {client_class!r}")


def _checked(client: ServiceClient, client_class: type[ClientT]) -> ClientT:
    if not isinstance(client, client_class):
        expected, given = (
            validators.with_article(f"{cls.__module__}.{cls.__qualname__}") for cls in (client_class, type(client))
        )
        raise TypeError(f"the source's client must be {expected}, not {given}")
    return client


def _closed() -> RuntimeError:
    return RuntimeError("the pool was closed before the client was open")
