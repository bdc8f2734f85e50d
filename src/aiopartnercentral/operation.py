"""What the runtime needs to know of an operation and of a service; the generated `operations` are made of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import UnionType

    from aiopartnercentral.errors import ServiceError

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")
ItemT = TypeVar("ItemT")


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
