"""The client that generated ones build on, and how one is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    NoReturn,
    Required,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
    overload,
)

from aiopartnercentral._serialization.codec import Codec
from aiopartnercentral._transport.api_call import Exchange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable

    from aiobotocore.config import AioConfig
    from aiobotocore.session import AioSession

    from aiopartnercentral._pagination.paginator import OnError, OnMalformed, Paginator
    from aiopartnercentral._serialization import BotocoreConverter, JsonConverter
    from aiopartnercentral._serialization.fast import Fast
    from aiopartnercentral._transport import Transport
    from aiopartnercentral.types import OpenEnum, Operation, Pagination, Request, Service

T = TypeVar("T")
K = TypeVar("K")
EnumT = TypeVar("EnumT", bound="OpenEnum")
ClientT = TypeVar("ClientT", bound="ServiceClient")
RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")
ItemT = TypeVar("ItemT")

AiobotocoreClient: TypeAlias = Any
"""A client made by aiobotocore (or aioboto3), whose classes are made at run time and have no types."""


class ClientOptions(TypedDict, total=False):
    """What clients of several accounts can have in common.

    Attributes:
        config: botocore's config; its retry mode is `standard` unless it names another.
        verify: whether to verify TLS certificates, or the path of a bundle of them.
        use_ssl: whether to use TLS where the endpoint does not say.
        api_version: the model's version, if not the pinned one.
        json_converter: decodes responses, in place of the service's shared one.
        botocore_converter: encodes requests, in place of the service's shared one.
    """

    config: AioConfig
    verify: bool | str
    use_ssl: bool
    api_version: str
    json_converter: JsonConverter
    botocore_converter: BotocoreConverter


class ConnectOptions(ClientOptions, total=False):
    """What `connect` takes: what aiobotocore's `create_client` does, and what is needed beside it.

    Attributes:
        region_name: the region, if not the service's only one.
        endpoint_url: where to send calls, if not to AWS.
        profile: a profile of the AWS config files.
        session: a session to share; its loader learns the service if it does not know it.
        aws_access_key_id: explicit credentials, in place of the usual chain.
        aws_secret_access_key: see `aws_access_key_id`.
        aws_session_token: see `aws_access_key_id`.
        aws_account_id: see `aws_access_key_id`.
    """

    region_name: str
    endpoint_url: str
    profile: str
    session: AioSession
    aws_access_key_id: str
    aws_secret_access_key: str
    aws_session_token: str
    aws_account_id: str


class CollectionOptions(TypedDict, total=False):
    """How a collection is done; see `Paginator`, which they are arguments of."""

    catalogs: Required[str | Iterable[str]]
    max_items: int | None
    ordered: bool
    max_concurrency: int
    buffer_pages: int
    on_error: OnError
    ignore_errors: Collection[str]


class ServiceClient:
    """The base of the generated clients; made by `connect` and `wrap`."""

    service: ClassVar[Service]
    fast: ClassVar[Fast]

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} of {self._exchange.endpoint_url}>"

    def __init__(
        self,
        transport: Transport,
        *,
        json_converter: JsonConverter | None = None,
        botocore_converter: BotocoreConverter | None = None,
    ) -> None:
        codec = Codec(self.fast, json=json_converter, botocore=botocore_converter)
        self._exchange = Exchange(self.service, transport, codec)

    async def call(self, request: Request[ResponseT]) -> ResponseT:
        """Send a request and return the response to it, with `response_metadata` set.

        Cancelling it drops the connection; the service may have carried the call out all the same.

        Raises:
            ServiceError: the service answered with an error; modelled ones as their own classes.
            DecodeError: the answer is not what the service model says.
            EncodeError: the request is not what the service model says.
            TypeError: it is no request of this service.
            botocore.exceptions.BotoCoreError: no whole answer came, or the call could not be made.
        """
        operation: Operation[Any, ResponseT] = self.service.operation_of(request)
        return await self.call_operation(operation, request)

    async def call_operation(self, operation: Operation[RequestT, ResponseT], request: RequestT) -> ResponseT:
        """Do the same as `call` where several operations have one class of requests, which does not tell them apart."""
        return await self._exchange.decoded(operation, await self._exchange.answer(operation, request))

    def paginator(
        self,
        pagination: Pagination[RequestT, ResponseT, ItemT],
        request: Callable[[str, str | None], RequestT],
        *,
        on_malformed: OnMalformed = "raise",
        **options: Unpack[CollectionOptions],
    ) -> Paginator[ResponseT, ItemT]:
        """Return the paginator of an operation; `request` makes the request for a catalog and a page token."""
        # Loaded at the first collection.
        from aiopartnercentral._pagination.page_fetcher import Fetcher  # noqa: PLC0415
        from aiopartnercentral._pagination.paginator import Paginator, is_reporting  # noqa: PLC0415

        reports = is_reporting(on_malformed)
        fetcher = Fetcher(exchange=self._exchange, pagination=pagination, request=request, reports_malformed=reports)
        return Paginator(fetch=fetcher.typed, fetch_raw=fetcher.raw, fetcher=fetcher, **options)


@asynccontextmanager
async def open_client(cls: type[ClientT], **options: Unpack[ConnectOptions]) -> AsyncIterator[ClientT]:
    """Open a client of the generated class; see `ConnectOptions`.

    Raises:
        TypeError: an option is unknown, or two exclude each other.
        botocore.exceptions.BotoCoreError: the profile does not exist, or the configuration is not usable.
    """
    from aiopartnercentral._transport import Transport, open_botocore_client  # noqa: PLC0415 - loads botocore

    check_options("connect()", options, ConnectOptions)
    json_converter = options.pop("json_converter", None)
    botocore_converter = options.pop("botocore_converter", None)
    async with open_botocore_client(cls.service, **options) as client:
        transport = Transport(client, cls.service)
        try:
            yield cls(transport, json_converter=json_converter, botocore_converter=botocore_converter)
        finally:
            transport.close()


def check_options(taker: str, options: Iterable[str], among: type) -> None:
    """Check that all options are among those of a typed dictionary.

    Raises:
        TypeError: one is not; `taker` is who does not have it.
    """
    known = among.__annotations__.keys()
    for name in options:
        if name not in known:
            from difflib import get_close_matches  # noqa: PLC0415 - only a mistake loads it

            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
            raise TypeError(f"{taker} has no option {name}{hint}")


def wrap_client(cls: type[ClientT], client: AiobotocoreClient) -> ClientT:
    """Return a client of the generated class over an aiobotocore client.

    Raises:
        TypeError: it is no aiobotocore client of the service.
    """
    from aiopartnercentral._transport import Transport  # noqa: PLC0415 - loads botocore

    return cls(Transport(client, cls.service))


class _Nowhere:
    """Stands in for the transport of a client that is not connected."""

    endpoint_url = "nowhere"

    async def send(self, operation: Operation[Any, Any], *_: object) -> NoReturn:
        raise RuntimeError(f"{operation.name} was called on a client that is not connected")


def unconnected(cls: type[ClientT]) -> ClientT:
    """Return a client of the generated class that makes requests and sends none: for looking at what it would send."""
    return cls(cast("Transport", _Nowhere()))


@overload
def to_list(value: Sequence[T]) -> list[T]: ...
@overload
def to_list(value: None) -> None: ...
@overload
def to_list(value: Sequence[T] | None) -> list[T] | None: ...
def to_list(value: Sequence[T] | None) -> list[T] | None:
    """Copy a sequence; what is none goes on as it is, to be reported with its path when it is encoded."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return list(value)
    return cast("list[T] | None", value)


@overload
def to_dict(value: Mapping[K, T]) -> dict[K, T]: ...
@overload
def to_dict(value: None) -> None: ...
@overload
def to_dict(value: Mapping[K, T] | None) -> dict[K, T] | None: ...
def to_dict(value: Mapping[K, T] | None) -> dict[K, T] | None:
    """Copy a mapping; what is none goes on as it is, to be reported with its path when it is encoded."""
    return dict(value) if isinstance(value, Mapping) else cast("dict[K, T] | None", value)


@overload
def to_enum(cls: type[EnumT], value: EnumT | str) -> EnumT: ...
@overload
def to_enum(cls: type[EnumT], value: None) -> None: ...
@overload
def to_enum(cls: type[EnumT], value: EnumT | str | None) -> EnumT | None: ...
def to_enum(cls: type[EnumT], value: EnumT | str | None) -> EnumT | None:
    """Make a string a member of the enum; what is none goes on as it is, to be reported when it is encoded."""
    return cls(value) if isinstance(value, str) else cast("EnumT | None", value)
