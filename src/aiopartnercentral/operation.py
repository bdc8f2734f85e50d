"""What the runtime needs to know of an operation and of a service; the generated `operations` are made of these."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiopartnercentral.errors import ServiceError

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")
ItemT = TypeVar("ItemT")


@attrs.frozen(kw_only=True)
class Operation(Generic[RequestT, ResponseT]):
    """One operation of a service.

    Attributes:
        name: its wire name.
        input: the class of its requests.
        output: the class of its responses.
        errors: the errors that the model lists for it.
        readonly: it changes nothing.
        idempotent: sending it twice has the effect of sending it once.
    """

    name: str
    input: type[RequestT]
    output: type[ResponseT]
    errors: tuple[type[ServiceError], ...]
    readonly: bool
    idempotent: bool


@attrs.frozen(kw_only=True)
class Pagination(Generic[RequestT, ResponseT, ItemT]):
    """How the answers of an operation go on.

    Attributes:
        operation: the operation.
        items: gives a page's items.
        next_token: gives the token of the page after it, or None.
        result_key: wire name of the response member that holds the items.
        output_token: wire name of the response member that holds the token.
    """

    operation: Operation[RequestT, ResponseT]
    items: Callable[[ResponseT], Sequence[ItemT]]
    next_token: Callable[[ResponseT], str | None]
    result_key: str
    output_token: str


@attrs.frozen(kw_only=True)
class Service:
    """A service, as far as a client must know it.

    Attributes:
        name: botocore's name of it.
        api_version: the version of the model that the package was generated from.
        region: the region used where the caller names none.
        operations: all of them.
        errors: the class of each modelled error, by its code on the wire.
    """

    name: str
    api_version: str
    region: str
    operations: tuple[Operation[Any, Any], ...]
    errors: Mapping[str, type[ServiceError]]
    _by_request: Mapping[type, Operation[Any, Any]] = attrs.field(
        init=False,
        repr=False,
        eq=False,
        default=attrs.Factory(lambda self: _by_request(self.operations), takes_self=True),
    )

    def operation_of(self, request: object) -> Operation[Any, Any]:
        """Return the operation that a request object is for.

        Raises:
            TypeError: it is no request of this service.
        """
        operation = self._by_request.get(type(request))
        if operation is None:
            raise TypeError(f"{type(request).__name__} is no request of {self.name}")
        return operation


def _by_request(operations: Sequence[Operation[Any, Any]]) -> Mapping[type, Operation[Any, Any]]:
    """Return the operation of each class that is the request of one alone."""
    uses = Counter(operation.input for operation in operations)
    return {operation.input: operation for operation in operations if uses[operation.input] == 1}
