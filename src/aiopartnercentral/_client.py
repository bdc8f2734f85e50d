"""The base of the generated clients: calls, pagination, and opening a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from copy import copy
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Self,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
)

import attrs

from aiopartnercentral._serialization.codec import Codec
from aiopartnercentral._transport.api_call import DEFAULT_TIMEOUT, ApiCaller
from aiopartnercentral._transport.call_events import notifier
from aiopartnercentral._transport.connecting import open_connection
from aiopartnercentral._transport.connection import Transport
from aiopartnercentral._transport.options import (
    CallOptions,
    ClientOptions as ClientOptions,  # noqa: PLC0414 - exported
    ConnectOptions as ConnectOptions,  # noqa: PLC0414 - exported
    check_options,
    check_values,
)
from aiopartnercentral._utils.needs_block import Opening
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.types import Listing, NestedListing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable

    from aiobotocore.session import AioSession

    from aiopartnercentral._pagination.page_fetcher import PageFetcher
    from aiopartnercentral._pagination.paginator import OnError, OnMalformed, Paginator
    from aiopartnercentral._serialization import BotocoreConverter, JsonConverter
    from aiopartnercentral._serialization.fast import Fast
    from aiopartnercentral._transport.call_events import CallObserver
    from aiopartnercentral._transport.connection import Connection
    from aiopartnercentral.types import Operation, Pagination, Request, Service, TransportInfo

ClientT = TypeVar("ClientT", bound="ServiceClient")
RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")
ItemT = TypeVar("ItemT")

AiobotocoreClient: TypeAlias = Any
"""A client made by aiobotocore (or aioboto3), whose classes are made at run time and have no types."""


class ListingOptions(TypedDict, total=False):
    """Options of every listing, in addition to the filters of its operation."""

    max_items: int | None
    """Maximum items of each catalog; None for all."""


class PaginateOptions(TypedDict, total=False):
    """Options for collecting catalogs; see `Paginator`."""

    ordered: bool
    """Yield the catalogs in the given order, not as their pages arrive."""
    concurrency: int
    """Maximum catalogs that are fetched at the same time, 10 by default."""
    buffer_pages: int
    """Maximum pages that wait for the consumer, plus one for each catalog that is being fetched."""
    on_error: OnError
    """`"finish"` collects the other catalogs, then raises; `"raise"` cancels them at the first failure; `"report"` only
    reports it.
    """
    on_malformed: OnMalformed
    """`"raise"` fails the catalog of an item that does not match the model; `"report"` omits the item and reports it.
    """
    ignore_errors: Collection[str]
    """Error codes; a catalog that fails with one of them is skipped."""


_CATALOGS = ("catalog", "catalogs")
# How to give an option that was given to something else.
_OF_CLIENTS = {"connect({}=...)": (*ConnectOptions.__annotations__,)}
_OF_CALLS = {"client.with_options({}=...)": (*CallOptions.__annotations__,)}
_OF_LISTINGS = {
    "client.paginate.list_...({}=...)": (
        *_CATALOGS,
        *ListingOptions.__annotations__,
        *PaginateOptions.__annotations__,
        "page_size",
    )
}


class ServiceClient:
    """The base of the generated clients; made by `connect` and `wrap`."""

    service: ClassVar[Service]
    fast: ClassVar[Fast]

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} of {self._api.endpoint_url}>"

    def __init__(
        self,
        transport: Transport,
        *,
        json_converter: JsonConverter | None = None,
        botocore_converter: BotocoreConverter | None = None,
        timeout: float | None = DEFAULT_TIMEOUT,
        observer: CallObserver | None = None,
    ) -> None:
        codec = Codec(self.fast, json=json_converter, botocore=botocore_converter)
        self._api = ApiCaller(self.service, transport, codec, timeout, observer=notifier(observer))

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return a client with other options that shares the connections of this one and is closed with it.

            partner = await client.with_options(timeout=5, attempts=1).get_partner(catalog="AWS", identifier=partner_id)

        Arguments:
            options: the options to change; see `CallOptions`.

        Raises:
            TypeError: an option is unknown or of a wrong type.
            ValueError: an option has a value that is not allowed.
        """
        check_options("with_options()", options, CallOptions, elsewhere={**_OF_CLIENTS, **_OF_LISTINGS})
        check_values(options)
        changes: dict[str, Any] = {**options}
        if "observer" in changes:
            changes["observer"] = notifier(changes["observer"])
        client = copy(self)
        client._api = attrs.evolve(self._api, **changes)  # noqa: SLF001 - of its own class
        return client

    async def call(self, request: Request[ResponseT]) -> ResponseT:
        """Send a request and return the response to it, with `response_metadata` set.

        If this is cancelled, the connection is closed; the service may still have executed the request.

        Raises:
            ServiceError: the service answered with an error; each modelled error has its own class.
            DecodeError: the response does not match the service model.
            EncodeError: the request does not match the service model.
            TypeError: `request` is not a request of this service, or several operations share its class.
            TimeExceededError: the call took longer than the client's `timeout`.
            CredentialsError: new credentials cannot be obtained, or not within the `timeout`.
            botocore.exceptions.BotoCoreError: the request could not be sent, or no complete response arrived.
        """
        # Notebooks and pytest leave out such frames, which only pass a call on. Logs have all.
        __tracebackhide__ = True
        operation: Operation[Any, ResponseT] = self.service.operation_of(request)
        return await self.call_operation(operation, request)

    async def call_operation(self, operation: Operation[RequestT, ResponseT], request: RequestT) -> ResponseT:
        """Send a request of a given operation; for request classes that several operations share. See `call`."""
        __tracebackhide__ = True
        return await self._api.call(operation, request, partial(self._api.decode, operation))

    @property
    def transport(self) -> TransportInfo:
        """How the client sends requests: directly or through botocore, and why."""
        return self._api.info

    @property
    def max_connections(self) -> int:
        """Maximum requests in flight: the `max_pool_connections` of the client's config, 100 by default."""
        return self._api.max_connections

    def page_fetcher(
        self, listing: Listing[ResponseT, ItemT], *, reports_malformed: bool = False, keeps_raw: bool = False
    ) -> PageFetcher[ResponseT, ItemT]:
        """Return a fetcher of the pages of a listing.

        Arguments:
            listing: what to list.
            reports_malformed: omit an item that cannot be decoded from its page, and report it.
            keeps_raw: return the JSON of each item as well.

        Raises:
            TypeError: `listing` is not a listing of this service.
        """
        from aiopartnercentral._pagination.page_fetcher import PageFetcher  # noqa: PLC0415 - loads anyio

        argument: object = listing
        if not isinstance(argument, Listing) or argument.service.name != self.service.name:
            raise TypeError(f"listing must be a listing of {self.service.name}, not {type_name(argument)}")
        if isinstance(argument, NestedListing):
            raise TypeError(
                f"{argument.pagination.method}() is below each item of {argument.parent.pagination.method}(): pass it "
                "to a bulk.Collection, whose source can be this client: Source(catalog, client=client)"
            )
        return PageFetcher(api=self._api, listing=listing, reports_malformed=reports_malformed, keeps_raw=keeps_raw)


class ServicePaginate:
    """Paginates the listings of one client; the base of the generated `Paginate` classes."""

    def __init__(self, client: ServiceClient) -> None:
        """Paginate through a client."""
        self._client = client

    def __call__(
        self,
        listing: Listing[ResponseT, ItemT],
        *,
        catalogs: str | Iterable[str] | None = None,
        **options: Unpack[PaginateOptions],
    ) -> Paginator[ResponseT, ItemT]:
        """Return a paginator of a listing.

        Arguments:
            listing: what to list, such as `account.listings.list_connections(page_size=100)`.
            catalogs: one catalog or several; omit it for an operation without catalogs.
            options: see `PaginateOptions`.

        Raises:
            TypeError: an argument is of a wrong type, unknown or missing.
            ValueError: an argument has a value that is not allowed.
        """
        # Imported here so that opening a client does not load the pagination.
        from aiopartnercentral._pagination.paginator import Paginator, reports_malformed  # noqa: PLC0415
        from aiopartnercentral._pagination.report import versions_of  # noqa: PLC0415 - as above

        check_options("paginate()", options, PaginateOptions)
        remaining: dict[str, Any] = {**options}
        reports = reports_malformed(remaining.pop("on_malformed", "raise"))
        fetcher = self._client.page_fetcher(listing, reports_malformed=reports)
        has_catalog = listing.pagination.catalog is not None
        if has_catalog == (catalogs is None):
            raise TypeError(
                f"{listing.pagination.method}() needs catalog or catalogs"
                if has_catalog
                else f"{listing.pagination.method}() takes no catalog: its operation has none"
            )
        concurrency: object = options.get("concurrency")
        most = self._client.max_connections
        if isinstance(concurrency, int) and concurrency > most:
            limit = f"{most}, the max_pool_connections of the client's config"
            raise ValueError(f"concurrency must be at most {limit}, not {concurrency}")
        pagination = listing.pagination
        return Paginator(
            fetcher,
            # Without catalogs, the stream's only source is named after the service.
            catalogs=listing.service.name if catalogs is None else catalogs,
            item_classes=lambda: {pagination.operation.name: pagination.item()},
            versions=versions_of([listing.service]),
            services=[listing.service],
            **remaining,
        )

    def _bound(
        self, make: Callable[..., Listing[ResponseT, ItemT]], known: type, arguments: dict[str, Any]
    ) -> Paginator[ResponseT, ItemT]:
        """Return a paginator of a listing; some of the arguments are filters, others options of the paginator.

        Arguments:
            make: makes the listing.
            known: the typed dictionary of all allowed arguments.
            arguments: the arguments.
        """
        name = f"{make.__name__}()"
        catalogs = [arguments.pop(each) for each in _CATALOGS if each in arguments]
        check_options(name, arguments, known, further=_CATALOGS, elsewhere={**_OF_CALLS, **_OF_CLIENTS})
        if len(catalogs) > 1:
            raise TypeError(f"{name} takes catalog or catalogs, not both")
        own = {each: arguments.pop(each) for each in PaginateOptions.__annotations__ if each in arguments}
        return self(make(**arguments), catalogs=catalogs[0] if catalogs else None, **cast("PaginateOptions", own))


def make_listing(
    service: Service,
    pagination: Pagination[Any, ResponseT, ItemT],
    known: type,
    filters: Mapping[str, Any],
    conversions: Mapping[str, type] | None = None,
) -> Listing[ResponseT, ItemT]:
    """Return the listing of a generated function.

    Arguments:
        service: the service.
        pagination: the operation.
        known: the typed dictionary of the filters.
        filters: the filters; None means that a filter was not given.
        conversions: the class, enum, list or dict, that each of these filters is converted to.

    Raises:
        TypeError: a filter is unknown or missing, or `page_size` or `max_items` is not an integer.
        ValueError: `page_size` or `max_items` is less than 1.
    """
    check_options(f"{pagination.method}()", filters, known)
    given = {name: value for name, value in filters.items() if value is not None and name != "max_items"}
    for name, cls in (conversions or {}).items():
        if name in given:
            given[name] = _converted(given[name], cls)
    return Listing(service, pagination, given, filters.get("max_items"))


def open_client(cls: type[ClientT], **options: Unpack[ConnectOptions]) -> AbstractAsyncContextManager[ClientT]:
    """Return a context manager that opens a client of the generated class; see `ConnectOptions`.

    Raises:
        TypeError: an option is unknown or of a wrong type. When the block is entered: two options exclude each other.
        ValueError: an option has a value that is not allowed.
        CredentialsError: when the block is entered: the credentials cannot be obtained.
        botocore.exceptions.BotoCoreError: when the block is entered: the profile does not exist, or the configuration
            is not usable.
    """
    check_options("connect()", options, ConnectOptions, elsewhere={**_OF_CALLS, **_OF_LISTINGS})
    check_values(options)
    call = f"{cls.__module__.split('.')[-2]}.connect(...)"
    usage = f"`async with {call} as client:`, or `with blocking({call}) as call:` in code that is not async"
    return Opening(_opened_client(cls, options), call, usage)


@asynccontextmanager
async def _opened_client(cls: type[ClientT], options: ConnectOptions) -> AsyncIterator[ClientT]:
    async with open_connection(cls.service, options) as connection:
        yield client_over(cls, connection, options)


@asynccontextmanager
async def open_for_accounts(
    cls: type[ClientT], *, session: AioSession, **options: Unpack[ClientOptions]
) -> AsyncIterator[ClientT]:
    """Open a client without credentials, which several accounts can share; see `with_credentials`.

    Arguments:
        cls: the generated class.
        session: the session with the settings of these accounts.
        options: see `ClientOptions`, with those of `ConnectOptions` that name a region or an endpoint.

    Raises:
        botocore.exceptions.BotoCoreError: the configuration is not usable.
    """
    from aiopartnercentral._transport.client_factory import NO_KEYS  # noqa: PLC0415 - loads botocore

    async with open_connection(cls.service, {**options, **NO_KEYS, "session": session}) as connection:
        (await connection.opened_botocore()).sign_with(None)
        yield client_over(cls, connection, options)


def with_credentials(client: ClientT, credentials: object) -> ClientT:
    """Return a client that signs with given credentials, and shares the connections of another one.

    Arguments:
        client: the other one.
        credentials: botocore's credentials; None for none.
    """
    other = copy(client)
    transport = Transport(client._api.transport.connection, credentials)  # noqa: SLF001 - of this module
    other._api = client._api.over(transport)  # noqa: SLF001 - as above
    return other


def client_over(cls: type[ClientT], connection: Connection, options: Mapping[str, Any]) -> ClientT:
    """Return a client of a generated class over a connection, with its credentials.

    Arguments:
        cls: the class.
        connection: the connection.
        options: the options of the client, among others.
    """
    return cls(
        Transport(connection),
        json_converter=options.get("json_converter"),
        botocore_converter=options.get("botocore_converter"),
        timeout=options.get("timeout", DEFAULT_TIMEOUT),
        observer=options.get("observer"),
    )


def wrap_client(cls: type[ClientT], client: AiobotocoreClient) -> ClientT:
    """Return a client of the generated class that sends through an aiobotocore client.

    Raises:
        TypeError: `client` is not an aiobotocore client of the service.
        botocore.exceptions.InvalidConfigError: its endpoint URL has a user name and password.
    """
    from aiopartnercentral._transport.botocore_connection import botocore_connection  # noqa: PLC0415 - loads botocore

    return cls(Transport(botocore_connection(client, cls.service, None, "the client was created by the caller")))


def _converted(value: Any, cls: type) -> Any:  # noqa: ANN401 - a filter has any type
    """Return a filter as an object of the class; anything else is unchanged, and encoding reports it with its path."""
    taken: type = Sequence if cls is list else Mapping if cls is dict else str
    if not isinstance(value, taken) or (cls is list and isinstance(value, str | bytes | bytearray)):
        return value
    return cls(value)
