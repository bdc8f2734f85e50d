"""What generated code is made of: open enums, unknown union members, requests, operations, services, redaction."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import UnionType

    from aiopartnercentral.errors import ServiceError

JsonValue: TypeAlias = Any
"""Anything that JSON can hold. The standard library has no better type for it."""

ResponseT_co = TypeVar("ResponseT_co", covariant=True)
RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")
ItemT = TypeVar("ItemT")

REDACTED = "<redacted>"


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
        value: its JSON, as Python reads it; None where botocore had dropped it before it came here, and such an object
            has no JSON. Not shown in repr, since nothing tells whether it is sensitive. A request cannot hold an
            unknown member: botocore, which sends it, does not know it either.
    """

    tag: str
    value: JsonValue = attrs.field(default=None, repr=redacted)


class Request(Structure, Generic[ResponseT_co]):
    """Base of the request classes; the parameter is the class of the answer."""

    __slots__ = ()


@attrs.frozen(kw_only=True)
class ResponseMetadata:
    """What came beside a response's members.

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
class Operation(Generic[RequestT, ResponseT]):
    """One operation of a service.

    Attributes:
        name: its wire name.
        classes: gives the classes of its requests and of its responses, which are loaded by that.
        errors: the errors that the model lists for it.
        own_codes: those of them whose code is another error's in the rest of the service, by code.
        json_body: its answer is JSON that holds every member; botocore takes any other answer apart.
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
    """How the answers of an operation go on.

    Attributes:
        operation: the operation.
        item: gives the type of an item, whose modules are loaded by that; mostly a class, and a union where items are
            of a tagged union or may be null.
        items: gives a page's items.
        next_token: gives the token of the page after it, or None.
        result_key: wire name of the response member that holds the items.
        output_token: wire name of the response member that holds the token.
        more_results: wire name of the response member without whose true the token leads nowhere, where there is one.
        may_lack_items: a response without the member of the items is one that has none.
    """

    operation: Operation[RequestT, ResponseT]
    item: Callable[[], type[ItemT] | UnionType] = attrs.field(repr=False)
    items: Callable[[ResponseT], Sequence[ItemT]]
    next_token: Callable[[ResponseT], str | None]
    result_key: str
    output_token: str
    more_results: str | None = None
    may_lack_items: bool = False


@attrs.frozen(kw_only=True)
class Service:
    """A service, as far as a client must know it.

    Attributes:
        name: botocore's name of it.
        api_version: the version of the model that the package was generated from.
        region: the region used where the caller names none; None where the usual chain decides.
        operations: all of them.
        requests: the operation of each class that is the request of one alone, by the class's name.
        errors: the class of each modelled error, by its code on the wire; of several with one code, the first.
    """

    name: str
    api_version: str
    region: str | None
    operations: tuple[Operation[Any, Any], ...]
    requests: Mapping[str, Operation[Any, Any]]
    errors: Mapping[str, type[ServiceError]]

    def operation_of(self, request: object) -> Operation[Any, Any]:
        """Return the operation that a request object is for.

        Raises:
            TypeError: it is no request of this service.
        """
        operation = self.requests.get(type(request).__name__)
        if operation is None or operation.input is not type(request):
            raise TypeError(f"{type(request).__name__} is no request of {self.name}")
        return operation
