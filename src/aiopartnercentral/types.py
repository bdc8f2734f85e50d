"""What generated code is made of: open enums, unknown union members, requests, operations, services, redaction."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.text import REDACTED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import UnionType

    from aiopartnercentral.errors import ServiceError

JsonValue: TypeAlias = Any
"""Anything that JSON can hold. The standard library has no better type for it."""

ResponseT_co = TypeVar("ResponseT_co", covariant=True)
ItemT_co = TypeVar("ItemT_co", covariant=True)
RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")
ItemT = TypeVar("ItemT")


def redacted(value: object) -> str:
    """Stand in for the repr of a sensitive value; only its absence shows."""
    return "None" if value is None else REDACTED


class OpenEnum(StrEnum):
    """An enum to which the service may add: a value without a member is kept, exactly, and says so.

    A value that is not known compares equal to its string, hashes and encodes like it, and has `is_unknown` set. It is
    a new object each time, so compare by `==`, not by `is`.
    """

    @property
    def is_unknown(self) -> bool:
        """Whether the service sent a value that the model has no member for."""
        return self.value not in type(self)._value2member_map_

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    def __repr__(self) -> str:
        if self.is_unknown:
            return f"<{type(self).__name__} unknown: {self.value!r}>"
        return f"<{type(self).__name__}.{self.name}: {self.value!r}>"


class Structure:
    """Base of the generated structures."""

    __slots__ = ()


class Variant:
    """Base of the classes of a union's members, as far as the model knows them; each has a `tag` and a `value`."""

    __slots__ = ()


@attrs.frozen
class UnknownMember:
    """A union member that the service knows and this version of the model does not.

    Attributes:
        tag: its name on the wire.
        value: its JSON, as Python reads it; None where botocore has dropped it, and such an object has no JSON. Not
            shown in repr, since it may be sensitive. A request cannot hold an unknown member: botocore, which sends it,
            does not know it either.
    """

    tag: str
    value: JsonValue = attrs.field(default=None, repr=redacted)


class Request(Structure, Generic[ResponseT_co]):
    """Base of the request classes; the parameter is the class of the response."""

    __slots__ = ()


@attrs.frozen(kw_only=True)
class ResponseMetadata:
    """What came with the members of a response.

    Attributes:
        request_id: the service's id of the request, if the answer carried one.
        http_status: the HTTP status code.
        attempts: how often the request was sent, retries included.
        http_headers: the answer's headers, names in lower case.
    """

    request_id: str | None
    http_status: int
    attempts: int
    http_headers: dict[str, str] = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class MalformedItem:
    """An item that does not match the service model and was left out.

    Attributes:
        raw: its JSON as the service sent it; None where an earlier run met it, since a checkpoint does not keep it. Not
            shown in repr, since it may hold something sensitive.
        path: JSON path of what is wrong, such as `$.ConnectionSummaries[3].Id`.
        reason: what was expected and what was found, without the value itself.
        request_id: the service's id of the request, or None.
    """

    raw: bytes | None = attrs.field(repr=False)
    path: str
    reason: str
    request_id: str | None = None


@attrs.frozen(kw_only=True)
class Operation(Generic[RequestT, ResponseT]):
    """One operation of a service.

    Attributes:
        name: its wire name.
        classes: gives the classes of its requests and of its responses, which loads them.
        errors: the errors that the model lists for it.
        own_codes: those of them whose code belongs to another error in the rest of the service, by code.
        json_body: its response is JSON that holds every member; botocore parses any other response.
        readonly: it changes nothing.
        idempotent: sending it twice has the effect of sending it once.
    """

    name: str
    classes: Callable[[], tuple[type[RequestT], type[ResponseT]]] = attrs.field(repr=False)
    errors: tuple[type[ServiceError], ...]
    own_codes: Mapping[str, type[ServiceError]] = attrs.field(factory=dict)
    json_body: bool = True
    readonly: bool
    idempotent: bool

    @property
    def input(self) -> type[RequestT]:
        """The class of its requests."""
        return self.classes()[0]

    @property
    def output(self) -> type[ResponseT]:
        """The class of its responses."""
        return self.classes()[1]


@attrs.frozen(kw_only=True)
class Pagination(Generic[RequestT, ResponseT, ItemT]):
    """How a paginated operation is asked for its pages, and where a page has its items and its token.

    Attributes:
        operation: the operation.
        method: the name of the client's method for it, and of its listing.
        catalog: the request's attribute that takes the catalog; None where the operation has none.
        token: the request's attribute that takes the page token.
        attributes: the request's attribute of each filter that has another name, such as `max_results` of `page_size`.
        item: gives the type of an item, which loads its modules; a class, or a union where items are of a tagged union
            or may be null.
        items: gives a page's items.
        next_token: gives the token of the next page, or None.
        result_key: wire name of the response member that holds the items.
        output_token: wire name of the response member that holds the token.
        more_results: wire name of the response member that must be true for the token to count, where there is one.
        may_lack_items: a response without the member of the items has none.
    """

    operation: Operation[RequestT, ResponseT]
    method: str
    catalog: str | None
    token: str
    attributes: Mapping[str, str] = attrs.field(factory=dict)
    item: Callable[[], type[ItemT] | UnionType] = attrs.field(repr=False)
    items: Callable[[ResponseT], Sequence[ItemT]] = attrs.field(repr=False)
    next_token: Callable[[ResponseT], str | None] = attrs.field(repr=False)
    result_key: str
    output_token: str
    more_results: str | None = None
    may_lack_items: bool = False


@attrs.frozen(kw_only=True)
class Service:
    """A service, as far as a client must know it.

    Attributes:
        name: botocore's name of it.
        package: the import name of its generated package.
        api_version: the version of the model that the package was generated from.
        region: the region used where the caller names none; None where the default chain decides.
        operations: all of them.
        paginations: of those that are paginated.
        requests: the operation of each class that is the request of one alone, by the class's name.
        errors: the class of each modelled error, by its code on the wire; of several with one code, the first.
    """

    name: str
    package: str
    api_version: str
    region: str | None
    operations: tuple[Operation[Any, Any], ...] = attrs.field(repr=False)
    paginations: tuple[Pagination[Any, Any, Any], ...] = attrs.field(repr=False)
    requests: Mapping[str, Operation[Any, Any]] = attrs.field(repr=False)
    errors: Mapping[str, type[ServiceError]] = attrs.field(repr=False)

    def operation_of(self, request: object) -> Operation[Any, Any]:
        """Return the operation that a request object is for.

        Raises:
            TypeError: it is not a request of this service.
        """
        operation = self.requests.get(type(request).__name__)
        if operation is None or operation.input is not type(request):
            raise TypeError(f"{type(request).__name__} is not a request of {self.name}")
        return operation


@attrs.frozen(repr=False)
class Listing(Generic[ResponseT_co, ItemT_co]):
    """What to list of each catalog: a paginated operation with its filters; a value that can be compared and pickled.

    Made by the functions of a package's `listings`, such as `account.listings.list_connections(page_size=100)`.

    Attributes:
        service: the service that has the operation.
        pagination: the operation, and how it is paginated.
        filters: the arguments that were given, by name.
        max_items: the most items of each catalog; None for all.
    """

    service: Service
    pagination: Pagination[Any, Any, Any]
    filters: Mapping[str, Any]
    max_items: int | None = attrs.field(default=None, validator=validators.optional(validators.count))

    def request(self, catalog: str, token: str | None) -> Any:  # noqa: ANN401 - of the class of the operation's requests
        """Return the request for one page.

        Arguments:
            catalog: the catalog; of no meaning where the operation has none.
            token: the page token; None for the first page.
        """
        pagination = self.pagination
        members = {pagination.attributes.get(name, name): value for name, value in self.filters.items()}
        members[pagination.token] = token
        if pagination.catalog is not None:
            members[pagination.catalog] = catalog
        return pagination.operation.input(**members)

    def __repr__(self) -> str:
        """Show how to make it; sensitive filters are redacted, as in the repr of a request."""
        fields = attrs.fields_dict(self.pagination.operation.input)
        shown = []
        for name, value in self.filters.items():
            as_text = fields[self.pagination.attributes.get(name, name)].repr
            shown.append(f"{name}={as_text(value) if callable(as_text) else repr(value)}")
        if self.max_items is not None:
            shown.append(f"max_items={self.max_items}")
        package = self.service.package.rpartition(".")[2]
        return f"{package}.listings.{self.pagination.method}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _load_listing, (self.service.package, self.pagination.method, self.filters, self.max_items)


def _load_listing(package: str, method: str, filters: Mapping[str, Any], max_items: int | None) -> Listing[Any, Any]:
    service: Service = import_module(f"{package}.operations").SERVICE
    (pagination,) = (each for each in service.paginations if each.method == method)
    return Listing(service, pagination, filters, max_items)
