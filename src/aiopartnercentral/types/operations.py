"""Operations and services, as the runtime needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from aiopartnercentral._utils.validators import type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
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
        classes: returns the classes of its requests and responses, importing them on first use.
        errors: the errors that the model lists for it.
        own_codes: by code, those of them whose code means another error in other operations of the service.
        all_in_body: whether all members of its response are in a JSON or CBOR body; botocore parses any other response.
        readonly: whether it only reads.
        idempotent: whether sending it twice has the same effect as sending it once.
    """

    name: str
    classes: Callable[[], tuple[type[RequestT], type[ResponseT]]] = attrs.field(repr=False)
    errors: tuple[type[ServiceError], ...]
    own_codes: Mapping[str, type[ServiceError]] = attrs.field(factory=dict)
    all_in_body: bool = True
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
class TimeFilter:
    """How the items of a listing can be filtered by the time at which they were modified.

    Attributes:
        argument: the listing's argument that takes the filter.
        bound: returns the filter with a lower bound.
        field: the name by which the argument's predicates know the time; None if the argument is a range of times.
        all_of: returns a filter of which all given ones must hold; None if there can be one only.
        modified: wire name of the item's member that has the time.
        inclusive: whether the filter lets through an item that was modified at the lower bound itself.
    """

    argument: str
    bound: Callable[[datetime], Any] = attrs.field(repr=False)
    field: str | None = None
    all_of: Callable[[Sequence[Any]], Any] | None = attrs.field(default=None, repr=False)
    modified: str
    inclusive: bool


@attrs.frozen(kw_only=True)
class Pagination(Generic[RequestT, ResponseT, ItemT]):
    """How to request the pages of a paginated operation, and where a page has its items and its token.

    Attributes:
        operation: the operation.
        method: the name of the client's method for it, and of its listing.
        catalog: the request's attribute for the catalog; None for an operation without catalogs.
        token: the request's attribute for the page token; None if the response itself is the only item.
        attributes: the request's attribute of each filter that has another name, such as `max_results` of `page_size`.
        item: returns the type of an item, importing its modules on first use: a class, or a union if items are tagged
            unions or may be null.
        items: returns a page's items.
        next_token: returns the token of the next page, or None.
        result_key: wire name of the response member that holds the items.
        output_token: wire name of the response member that holds the token.
        more_results: wire name of the response member that must be true for the token to count, or None.
        may_lack_items: whether a response without the member `result_key` is valid, and has no items.
        since: how the items can be filtered by the time at which they were modified; None if they cannot.
        created_since: the listing's argument that filters by the time of creation only, or None.
    """

    operation: Operation[RequestT, ResponseT]
    method: str
    catalog: str | None
    token: str | None
    attributes: Mapping[str, str] = attrs.field(factory=dict)
    item: Callable[[], type[ItemT] | UnionType] = attrs.field(repr=False)
    items: Callable[[ResponseT], Sequence[ItemT]] = attrs.field(repr=False)
    next_token: Callable[[ResponseT], str | None] = attrs.field(repr=False)
    result_key: str
    output_token: str
    more_results: str | None = None
    may_lack_items: bool = False
    since: TimeFilter | None = None
    created_since: str | None = None


@attrs.frozen(kw_only=True)
class Service:
    """The facts about a service that its client needs.

    Attributes:
        name: botocore's name of it.
        package: the import name of its generated package.
        api_version: the version of the model that the package was generated from.
        region: the default region; None if botocore's configuration decides.
        endpoint_url: the URL of its endpoint in that region; None if botocore's rules decide.
        operations: all of them.
        paginations: the paginated ones.
        requests: the operation of each request class that only one operation uses, by the class's name.
        errors: the class of each modelled error, by its code on the wire; the first one of several with one code.
    """

    name: str
    package: str
    api_version: str
    region: str | None
    endpoint_url: str | None = attrs.field(kw_only=True, default=None)
    operations: tuple[Operation[Any, Any], ...] = attrs.field(repr=False)
    paginations: tuple[Pagination[Any, Any, Any], ...] = attrs.field(repr=False)
    requests: Mapping[str, Operation[Any, Any]] = attrs.field(repr=False)
    errors: Mapping[str, type[ServiceError]] = attrs.field(repr=False)

    def operation_of(self, request: object) -> Operation[Any, Any]:
        """Return the operation that a request object is for; its class may be derived from a request class.

        Raises:
            TypeError: `request` is not a request of this service, or several operations share its class.
        """
        for cls in type(request).__mro__:
            operation = self.requests.get(cls.__name__)
            if operation is not None and operation.input is cls:
                return operation
        sharing = [each.name for each in self.operations if isinstance(request, each.input)]
        if sharing:
            names = ", ".join(sharing)
            raise TypeError(f"{type(request).__name__} is a request of {names}: call the method of one of them")
        raise TypeError(f"expected a request of {self.name}, got {type_name(request)}")
