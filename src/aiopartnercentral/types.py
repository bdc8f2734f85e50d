"""Building blocks of generated code: open enums, unknown union members, requests, operations, services, redaction."""

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
"""Any JSON value; the standard library has no type for it."""

ResponseT_co = TypeVar("ResponseT_co", covariant=True)
ItemT_co = TypeVar("ItemT_co", covariant=True)
RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")
ItemT = TypeVar("ItemT")


def redacted(value: object) -> str:
    """Return the repr of a sensitive value: a placeholder, or `None` if it is absent."""
    return "None" if value is None else REDACTED


class OpenEnum(StrEnum):
    """An enum that the service may extend: a value without a member is kept unchanged, and marked as unknown.

    An unknown value compares, hashes and encodes like its string, and has `is_unknown` set. It is a new object each
    time, so compare it with `==`, not with `is`.
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
    """Base of the classes of a union's known members; each has a `tag` and a `value`."""

    __slots__ = ()


@attrs.frozen
class UnknownMember:
    """A union member that the service knows and this version of the model does not.

    Attributes:
        tag: its name on the wire.
        value: its parsed JSON; None if botocore has dropped it, and then the object cannot be encoded. Not shown in
            repr, since it may be sensitive. A request cannot have an unknown member, since botocore, which sends it,
            does not know it either.
    """

    tag: str
    value: JsonValue = attrs.field(default=None, repr=redacted)


class Request(Structure, Generic[ResponseT_co]):
    """Base of the request classes; the parameter is the class of the response."""

    __slots__ = ()


@attrs.frozen(kw_only=True)
class ResponseMetadata:
    """Metadata of a response.

    Attributes:
        request_id: the service's id of the request, or None.
        http_status: the HTTP status code.
        attempts: how often the request was sent, retries included.
        http_headers: the response's headers, names in lower case.
    """

    request_id: str | None
    http_status: int
    attempts: int
    http_headers: dict[str, str] = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class MalformedItem:
    """An item that does not match the service model and was omitted.

    Attributes:
        raw: its JSON as the service sent it; None for an item of an earlier run, since checkpoints do not save it. Not
            shown in repr, since it may be sensitive.
        path: JSON path of the mismatch, such as `$.ConnectionSummaries[3].Id`.
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
        classes: returns the classes of its requests and responses, importing them on first use.
        errors: the errors that the model lists for it.
        own_codes: by code, those of them whose code means another error in other operations of the service.
        json_body: whether its response is JSON with all members; botocore parses any other response.
        readonly: whether it only reads.
        idempotent: whether sending it twice has the same effect as sending it once.
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
    """How to request the pages of a paginated operation, and where a page has its items and its token.

    Attributes:
        operation: the operation.
        method: the name of the client's method for it, and of its listing.
        catalog: the request's attribute for the catalog; None for an operation without catalogs.
        token: the request's attribute for the page token.
        attributes: the request's attribute of each filter that has another name, such as `max_results` of `page_size`.
        item: returns the type of an item, importing its modules on first use: a class, or a union if items are tagged
            unions or may be null.
        items: returns a page's items.
        next_token: returns the token of the next page, or None.
        result_key: wire name of the response member that holds the items.
        output_token: wire name of the response member that holds the token.
        more_results: wire name of the response member that must be true for the token to count, or None.
        may_lack_items: whether a response without the member `result_key` is valid, and has no items.
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
    """The facts about a service that its client needs.

    Attributes:
        name: botocore's name of it.
        package: the import name of its generated package.
        api_version: the version of the model that the package was generated from.
        region: the default region; None if botocore's configuration decides.
        operations: all of them.
        paginations: the paginated ones.
        requests: the operation of each request class that only one operation uses, by the class's name.
        errors: the class of each modelled error, by its code on the wire; the first one of several with one code.
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
            TypeError: `request` is not a request of this service.
        """
        operation = self.requests.get(type(request).__name__)
        if operation is None or operation.input is not type(request):
            raise TypeError(f"{type(request).__name__} is not a request of {self.name}")
        return operation


@attrs.frozen(repr=False)
class Listing(Generic[ResponseT_co, ItemT_co]):
    """A paginated operation with its filters, to be listed from each catalog; it can be compared and pickled.

    Created by the functions of a package's `listings`, such as `account.listings.list_connections(page_size=100)`.

    Attributes:
        service: the service that has the operation.
        pagination: the operation, and how it is paginated.
        filters: the filters by name.
        max_items: maximum items of each catalog; None for all.
    """

    service: Service
    pagination: Pagination[Any, Any, Any]
    filters: Mapping[str, Any]
    max_items: int | None = attrs.field(default=None, validator=validators.optional(validators.count))

    def request(self, catalog: str, token: str | None) -> Any:  # noqa: ANN401 - of the class of the operation's requests
        """Return the request for one page.

        Arguments:
            catalog: the catalog; ignored for an operation without catalogs.
            token: the page token; None for the first page.
        """
        pagination = self.pagination
        members = {pagination.attributes.get(name, name): value for name, value in self.filters.items()}
        members[pagination.token] = token
        if pagination.catalog is not None:
            members[pagination.catalog] = catalog
        return pagination.operation.input(**members)

    def __repr__(self) -> str:
        """Return the call that creates it; sensitive filters are redacted."""
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
