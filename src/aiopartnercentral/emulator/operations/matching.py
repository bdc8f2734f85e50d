"""Whether the values of items pass the filters of a request."""

from __future__ import annotations

import operator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiopartnercentral.emulator.errors import invalid_field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from aiopartnercentral.emulator.operations.context import RequestContext


Item = dict[str, Any]
Field: TypeAlias = "str | Callable[[Item], Any]"
Fields: TypeAlias = "Mapping[str, Field]"

_MOST_NESTED: Final = 3
_MOST_CONDITIONS: Final = 20
_COMBINED: Final = ("AndAllFilters", "OrAllFilters", "NotFilter")
_ORDERED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEquals": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEquals": operator.le,
}
_MULTIPLE: Final = ("ContainsAny", "ContainsAll")


def moment(text: str) -> datetime:
    """Return a time; as texts, two times with and without a fraction are not in order."""
    return datetime.fromisoformat(text)


def is_within(value: datetime | str | None, limits: Mapping[str, str] | None, kind: Callable[[str], Any]) -> bool:
    """Return whether a time is on or after the `After` limit of a request, and before its `Before` limit."""
    for name, limit in (limits or {}).items():
        if value is None or (value < kind(limit) if name.startswith("After") else value >= kind(limit)):
            return False
    return True


def is_one_of(value: str | None, wanted: Iterable[str] | None) -> bool:
    """Return whether a value is one of those of a request; without any, every value is."""
    return not wanted or value in set(wanted)


def values_at(item: Any, path: str) -> Iterator[Any]:  # noqa: ANN401 - JSON of any shape
    """Yield the values at a path of members, of all items of each list on it."""
    name, _, rest = path.partition(".")
    if isinstance(item, list):
        for each in item:
            yield from values_at(each, path)
    elif isinstance(item, dict) and name in item:
        found = item[name]
        if rest:
            yield from values_at(found, rest)
        else:
            yield from found if isinstance(found, list) else [found]


def time_of(text: str) -> datetime:
    """Return the time of a text, which may be a date."""
    found = moment(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def values_of(item: Item, field: Field) -> list[Any]:
    """Return the values of a field: those at one of the paths of a text, or what a function returns."""
    if not isinstance(field, str):
        found = field(item)
        return found if isinstance(found, list) else [] if found is None else [found]
    return [value for path in field.split() for value in values_at(item, path)]


def matcher(tree: Mapping[str, Any], fields: Fields, dates: Sequence[str], *, is_exact: bool) -> Callable[[Item], bool]:
    """Return the function that tells whether an item matches a tree of conditions.

    Arguments:
        tree: the filter of a request.
        fields: by key, the path of the values in an item, or a function that returns them.
        dates: the keys whose values are times.
        is_exact: whether ContainsAny compares complete values, and not parts of them without regard to case.

    Raises:
        EmulatedServiceError: the tree is not one that the service allows.
    """
    count = 0

    def of(node: Mapping[str, Any], path: str, depth: int) -> Callable[[Item], bool]:
        nonlocal count
        if len(node) != 1:
            raise invalid_field(path, "must have exactly one member")
        ((name, value),) = node.items()
        where = f"{path}.{name}"
        if depth > _MOST_NESTED:
            raise invalid_field(path, f"must not be nested more than {_MOST_NESTED} times")
        if name == "NotFilter":
            negated = of(value, where, depth + 1)
            return lambda item: not negated(item)
        if name in _COMBINED:
            parts = [of(each, f"{where}[{position}]", depth + 1) for position, each in enumerate(value)]
            combine = all if name == "AndAllFilters" else any
            return lambda item: combine(part(item) for part in parts)
        count += 1
        if count > _MOST_CONDITIONS:
            raise invalid_field(path, f"must have at most {_MOST_CONDITIONS} conditions", "TOO_MANY_VALUES")
        return _condition(name, value, where, fields, dates, is_exact=is_exact)

    return of(tree, "Filter", 1)


def _condition(
    name: str, given: Mapping[str, Any], where: str, fields: Fields, dates: Sequence[str], *, is_exact: bool
) -> Callable[[Item], bool]:
    key, field = given["Key"], fields[given["Key"]]
    ((kind, wanted),) = given["Value"].items()
    is_date = kind == "DateValue"
    is_unfit = name in _ORDERED and (isinstance(wanted, str) != is_date or is_date != (key in dates))
    if is_unfit or (is_date and key not in dates) or (isinstance(wanted, list) and name not in _MULTIPLE):
        raise invalid_field(f"{where}.Value", f"must not be a {kind} for {name} of {key}")
    if name in _ORDERED or is_date:
        compare: Callable[[Any, Any], bool] = _ORDERED.get(name, operator.eq)
        limit = time_of(str(wanted)) if is_date else wanted
        return lambda item: any(
            compare(time_of(str(value)) if is_date else value, limit)
            for value in values_of(item, field)
            if is_date or isinstance(value, (int, float))
        )
    listed = wanted if isinstance(wanted, list) else [wanted]
    if name == "ContainsAll":
        return lambda item: set(listed) <= set(values_of(item, field))
    if name == "EqualsTo" or is_exact:
        return lambda item: not set(listed).isdisjoint(values_of(item, field))
    parts = [str(each).casefold() for each in listed]
    return lambda item: any(part in str(value).casefold() for value in values_of(item, field) for part in parts)


def in_order(field: Field, *, is_date: bool) -> Callable[[Item], Any]:
    """Return what to sort an item by: those without a value come first in ascending order."""

    def key(item: Item) -> Any:  # noqa: ANN401 - a key of any type
        value = next(iter(values_of(item, field)), None)
        return value is not None, time_of(value) if is_date and value is not None else value, item["Id"]

    return key


def all_of(conditions: Sequence[Callable[[Item], bool]]) -> Callable[[Item], bool] | None:
    """Return the condition that all of these are met; None if there are none, which keeps every item."""
    return (lambda item: all(condition(item) for condition in conditions)) if conditions else None


def conditions_of(
    context: RequestContext,
    fields: Fields,
    dates: Sequence[str],
    keywords: Callable[[Item], list[str]] = lambda _: [],
    *,
    is_exact: bool = False,
) -> list[Callable[[Item], bool]]:
    """Return the conditions of a search: its keyword and its filter; an item has to meet all of them.

    Arguments:
        context: the request.
        fields: by key, where the values of an item are.
        dates: the keys whose values are times.
        keywords: returns the texts of an item that a keyword is looked for in.
        is_exact: whether ContainsAny compares complete values.
    """
    request, conditions = context.request, []
    if "Filter" in request:
        conditions.append(matcher(request["Filter"], fields, dates, is_exact=is_exact))
    if "Keyword" in request:
        keyword = request["Keyword"].casefold()
        conditions.append(lambda item: any(keyword in text.casefold() for text in keywords(item)))
    return conditions
