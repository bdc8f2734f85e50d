"""Listings: paginated operations with their filters, and listings below each item of another listing."""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.needs_block import RefusesAsync, RefusesFor
from aiopartnercentral._utils.text import REDACTED
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.types.attribute_paths import is_text, item_class, resolved
from aiopartnercentral.types.operations import Operation, Pagination, Service
from aiopartnercentral.types.unknown_values import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence

ResponseT_co = TypeVar("ResponseT_co", covariant=True)
ItemT_co = TypeVar("ItemT_co", covariant=True)
ResponseT = TypeVar("ResponseT")
ItemT = TypeVar("ItemT")

_EXPECTED = (
    "a listing function, such as selling.listings.list_engagement_members, or a method of a client class, such as "
    "selling.Client.get_opportunity"
)
_READING = ("Get", "Describe", "List")  # names of operations that only read; not every model marks them
_MAPPING = validators.mapping_of(
    validators.text, validators.text, "a mapping of request members to attributes of the parent's items"
)


def _read_only(filters: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(filters))


def _check_page_size(_: object, __: object, filters: Mapping[str, Any]) -> None:
    if "page_size" in filters:
        validators.count("page_size", filters["page_size"])


@attrs.frozen(repr=False)
class Listing(RefusesAsync, RefusesFor, Generic[ResponseT_co, ItemT_co]):
    """A paginated operation with its filters, to be listed from each catalog; it can be compared and pickled.

    Created by the functions of a package's `listings`, such as `account.listings.list_connections(page_size=100)`.

    Attributes:
        service: the service that has the operation.
        pagination: the operation, and how it is paginated.
        filters: the filters by name, read-only.
        max_items: maximum items of each catalog; None for all.
    """

    _usage = "`client.paginate(listing, catalogs=...)`, or `Collection(listing, sources=...)`"

    service: Service
    pagination: Pagination[Any, Any, Any]
    filters: Mapping[str, Any] = attrs.field(converter=_read_only, validator=_check_page_size)
    max_items: int | None = attrs.field(default=None, validator=validators.optional(validators.count))

    def request(self, catalog: str, token: str | None) -> Any:  # noqa: ANN401 - of the class of the operation's requests
        """Return the request for one page.

        Arguments:
            catalog: the catalog; ignored for an operation without catalogs.
            token: the page token; None for the first page.
        """
        pagination = self.pagination
        members = {pagination.attributes.get(name, name): value for name, value in self.filters.items()}
        if pagination.token is not None:
            members[pagination.token] = token
        if pagination.catalog is not None:
            members[pagination.catalog] = catalog
        return pagination.operation.input(**members)

    @overload
    def each(
        self, child: Callable[..., Listing[ResponseT, ItemT]], members: Mapping[str, str], /, **filters: object
    ) -> NestedListing[ResponseT, ItemT]: ...
    @overload
    def each(
        self,
        child: Callable[..., Coroutine[Any, Any, ResponseT]],
        members: Mapping[str, str],
        /,
        **filters: object,
    ) -> NestedListing[ResponseT, ResponseT]: ...
    def each(
        self,
        child: Callable[..., Listing[Any, Any]] | Callable[..., Coroutine[Any, Any, Any]],
        members: Mapping[str, str],
        /,
        **filters: object,
    ) -> NestedListing[Any, Any]:
        """Return the listing of what another operation returns for each item of this one; a `Collection` collects it.

            engagements = selling.listings.list_engagements()
            members = engagements.each(selling.listings.list_engagement_members, {"identifier": "id"}, page_size=10)
            details = selling.listings.list_opportunities().each(selling.Client.get_opportunity, {"identifier": "id"})

        This listing is the parent. Its `max_items` limits the parents of each catalog, and that of the child the items
        of each parent. A parent that lacks a mapped attribute is skipped, and the report names it.

        Arguments:
            child: a listing function of the same package; or a method of its client class for an operation that reads,
                whose response is the only item of each parent.
            members: for each request member that differs from parent to parent, the attribute of the parent's item that
                has it; a dotted path leads to an attribute of a nested structure. Both must be text.
            filters: the other filters of the child.

        Raises:
            TypeError: `child` cannot be called for each item, a filter is unknown or missing, or an attribute or member
                is not text.
            ValueError: `members` is empty, names something that does not exist, or names a filter that is also given.
        """
        return nested_listing(self, child, members, filters)

    def __hash__(self) -> int:
        """Return a hash without the filters, whose values may be lists."""
        return hash((self.service.name, self.pagination.method, self.max_items))

    def __repr__(self) -> str:
        """Return the call that creates it; sensitive filters are redacted."""
        package = self.service.package.rpartition(".")[2]
        return f"{package}.listings.{self.pagination.method}({', '.join(self._arguments())})"

    def _repr_html_(self) -> str:
        from aiopartnercentral._utils.html import table, text  # noqa: PLC0415 - only in notebooks

        return table([], [(text(name), text(value)) for name, value in self._described().items()])

    def _described(self) -> dict[str, str]:
        """Return what a notebook shows of it."""
        return {"service": self.service.name, "operation": self.pagination.operation.name, **self._shown()}

    def _arguments(self) -> list[str]:
        return [f"{name}={value}" for name, value in self._shown().items()]

    def _shown(self) -> dict[str, str]:
        """Return the repr of each argument; sensitive filters are redacted."""
        fields = attrs.fields_dict(self.pagination.operation.input)
        shown = {}
        for name, value in self.filters.items():
            as_text = fields[self.pagination.attributes.get(name, name)].repr
            shown[name] = as_text(value) if callable(as_text) else repr(value)
        return shown if self.max_items is None else {**shown, "max_items": str(self.max_items)}

    def __reduce__(self) -> tuple[Any, ...]:
        return _load_listing, (self.service.package, self.pagination.method, dict(self.filters), self.max_items)


@attrs.frozen(repr=False)
class NestedListing(Listing[ResponseT_co, ItemT_co]):
    """The listing of an operation for each item of another listing, its parent; created by `Listing.each`.

    Attributes:
        parent: the listing whose items are the parents.
        members: the attribute of a parent's item for each request member that it gives, read-only.
        max_items: maximum items of each parent; None for all.
    """

    _usage = "`Collection(listing, sources=...)`"

    parent: Listing[Any, Any] = attrs.field(kw_only=True)
    members: Mapping[str, str] = attrs.field(kw_only=True, converter=_read_only)

    def values_of(self, item: object) -> dict[str, str | None]:
        """Return the request members that a parent's item gives; None for an attribute that it lacks."""
        found: dict[str, str | None] = {}
        for member, path in self.members.items():
            value: Any = item
            for name in path.split("."):
                value = None if value is None else getattr(value, name)
            found[member] = None if value is None else str(value)
        return found

    def of_parent(self, values: Mapping[str, str]) -> Listing[ResponseT_co, ItemT_co]:
        """Return the listing below one parent, without a limit.

        Arguments:
            values: what `values_of` returned for the parent's item.
        """
        return Listing(self.service, self.pagination, {**self.filters, **values})

    def shown(self, values: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return the request members of a parent with the sensitive ones redacted."""
        cls = item_class(self.parent.pagination)
        request = attrs.fields_dict(self.pagination.operation.input)
        found = dict(values)
        for member, path in self.members.items():
            is_sensitive = resolved(cls, path)[1] or request[self._attribute(member)].repr is redacted
            if is_sensitive and values[member] is not None:
                found[member] = REDACTED
        return found

    def each(self, child: object, members: object, /, **filters: object) -> NoReturn:
        """Refuse a third level.

        Raises:
            TypeError: always.
        """
        del child, members, filters
        raise TypeError(
            f"{self.pagination.method} is below each item of {self.parent.pagination.method}: each() has two levels"
        )

    def _attribute(self, member: str) -> str:
        return self.pagination.attributes.get(member, member)

    def __hash__(self) -> int:
        """Return a hash without the filters."""
        return hash((super().__hash__(), self.parent, tuple(self.members.items())))

    def _described(self) -> dict[str, str]:
        given = ", ".join(f"{member} from {path}" for member, path in self.members.items())
        return {**super()._described(), "for each": repr(self.parent), "members": given}

    def __repr__(self) -> str:
        """Return the call that creates it; sensitive filters are redacted."""
        child = f"{self.service.package.rpartition('.')[2]}.{_place(self.pagination)}.{self.pagination.method}"
        return f"{self.parent!r}.each({', '.join([child, repr(dict(self.members)), *self._arguments()])})"

    def __reduce__(self) -> tuple[Any, ...]:
        method = f"{_place(self.pagination)}.{self.pagination.method}"
        filters = dict(self.filters) if self.max_items is None else {**self.filters, "max_items": self.max_items}
        return _load_nested, (self.parent, self.service.package, method, dict(self.members), filters)


def nested_listing(
    parent: Listing[Any, Any], child: object, members: object, filters: Mapping[str, Any]
) -> NestedListing[Any, Any]:
    """Return the listing of a child for each item of a parent; see `Listing.each`."""
    if parent.pagination.catalog is None:
        raise TypeError(f"each() needs a listing with a catalog, and {parent.pagination.operation.name} has none")
    service, pagination = _child_of(child)
    if service.name != parent.service.name:
        raise TypeError(
            f"{pagination.operation.name} is of {service.name}, and {parent.pagination.operation.name} of "
            f"{parent.service.name}: each() takes operations of one service"
        )
    mapped = _MAPPING("members", members)
    if not mapped:
        raise ValueError("members must name at least one request member, such as {'identifier': 'id'}")
    _check_members(parent, pagination, mapped, filters)
    if pagination.token is None:
        _check_arguments(child, pagination, {*mapped, *filters})
        given = {name: value for name, value in filters.items() if value is not None}
        most = None
    else:
        function: Any = child
        listing: Listing[Any, Any] = function(**dict.fromkeys(mapped, ""), **filters)
        given = {name: value for name, value in listing.filters.items() if name not in mapped}
        most = listing.max_items
    return NestedListing(service, pagination, given, most, parent=parent, members=mapped)


def _child_of(child: object) -> tuple[Service, Pagination[Any, Any, Any]]:
    """Return the operation that a listing function or a method of a client class is for.

    Raises:
        TypeError: `child` is neither, or its operation cannot be asked for each item.
    """
    if isinstance(child, Listing):
        raise TypeError(f"each() takes {_EXPECTED}, not a listing: pass the function without calling it")
    if inspect.ismethod(child):
        raise TypeError(f"each() takes {_EXPECTED}, not a method of an open client")
    package, _, module = str(getattr(child, "__module__", "")).rpartition(".")
    *classes, name = str(getattr(child, "__qualname__", "")).split(".")
    if (module, classes) not in (("listings", []), ("client", ["Client"])):
        raise TypeError(f"each() takes {_EXPECTED}, not {type_name(child) if not name else repr(name)}")
    owner: Any = import_module(f"{package}.{module}")
    operations = import_module(f"{package}.operations")
    service: Service = operations.SERVICE
    operation: object = getattr(operations, name.upper(), None)
    if getattr(owner.Client if classes else owner, name, None) is not child or not isinstance(operation, Operation):
        raise TypeError(f"each() takes {_EXPECTED}, not {name!r}")
    listed = next((each for each in service.paginations if each.method == name), None)
    if not classes and listed is not None:
        return service, listed
    if listed is not None:
        place = package.rpartition(".")[2]
        raise TypeError(f"{operation.name} has pages: pass {place}.listings.{name} to get all of them")
    if not (operation.readonly or operation.name.startswith(_READING)):
        raise TypeError(f"{operation.name} does not only read, so that it cannot be called for each item")
    return service, response_as_item(package, name)


@cache
def response_as_item(package: str, method: str) -> Pagination[Any, Any, Any]:
    """Return an operation without pages as one whose only page is the response, which is the only item of it."""
    operation: Operation[Any, Any] = getattr(import_module(f"{package}.operations"), method.upper())
    names = {field.name for field in attrs.fields(operation.input)}
    return Pagination(
        operation=operation,
        method=method,
        catalog="catalog" if "catalog" in names else None,
        token=None,
        item=lambda: operation.output,
        items=_alone,
        next_token=_no_token,
        result_key="",
        output_token="",
    )


def _alone(response: object) -> Sequence[object]:
    return (response,)


def _no_token(response: object) -> None:
    del response


def _check_members(
    parent: Listing[Any, Any], child: Pagination[Any, Any, Any], members: Mapping[str, str], filters: Iterable[str]
) -> None:
    """Check the members of a request against its class and the attributes that give them against the parent's items.

    Raises:
        TypeError: a member or an attribute has another type than text.
        ValueError: one does not exist, or is given as a filter as well.
    """
    cls = item_class(parent.pagination)
    request = child.operation.input
    for member, path in members.items():
        attribute = child.attributes.get(member, member)
        if member in filters:
            raise ValueError(f"{child.method} gets {member} from {cls.__name__}.{path}, so it cannot be given as well")
        if attribute in (child.catalog, child.token):
            raise ValueError(f"members cannot give {member} of {child.method}: the collection gives it")
        if not is_text(resolved(request, attribute, name=member, taker=child.method)[0]):
            raise TypeError(f"{member} of {child.method} is not text, so that no attribute can give it")
        if not is_text(resolved(cls, path)[0]):
            raise TypeError(f"{cls.__name__}.{path} is not text, so that it cannot be {member} of {child.method}")


def _check_arguments(child: object, pagination: Pagination[Any, Any, Any], given: set[str]) -> None:
    """Check the arguments of a client's method by name.

    Raises:
        TypeError: one is unknown or missing.
    """
    function: Any = child
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name != pagination.catalog
    }
    for name in sorted(given - parameters.keys()):
        raise TypeError(f"{pagination.method}() has no argument {name}; the arguments are {', '.join(parameters)}")
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in given:
            raise TypeError(f"{pagination.method}() needs {name}: map it to an attribute of the parent, or give it")


def _place(pagination: Pagination[Any, Any, Any]) -> str:
    return "Client" if pagination.token is None else "listings"


def _load_listing(package: str, method: str, filters: Mapping[str, Any], max_items: int | None) -> Listing[Any, Any]:
    service: Service = import_module(f"{package}.operations").SERVICE
    (pagination,) = (each for each in service.paginations if each.method == method)
    return Listing(service, pagination, filters, max_items)


def _load_nested(
    parent: Listing[Any, Any], package: str, method: str, members: Mapping[str, str], filters: Mapping[str, Any]
) -> NestedListing[Any, Any]:
    place, _, name = method.partition(".")
    owner: Any = import_module(f"{package}.{'client' if place == 'Client' else 'listings'}")
    return nested_listing(parent, getattr(owner.Client if place == "Client" else owner, name), members, filters)
