"""Validators of arguments, so that all classes and functions report the same mistake with the same error.

A validator can be called with an argument's name and value, and is an attrs validator, too:

    rate = validators.positive_number("rate", rate)

    rate: float = attrs.field(validator=validators.positive_number)

It returns the value, or raises TypeError for a wrong type and ValueError for a wrong value. The message is `NAME must
be EXPECTATION, not VALUE`. It shows a string only if the expectation is a list of choices.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from attrs import Attribute

__all__ = [
    "Check",
    "any_text",
    "aware_datetime",
    "collection_of",
    "count",
    "duration",
    "flag",
    "function",
    "instance_of",
    "integer",
    "mapping_of",
    "number",
    "observer",
    "one_of",
    "optional",
    "path",
    "pattern",
    "positive_duration",
    "positive_number",
    "text",
    "type_name",
    "with_article",
]

T = TypeVar("T")
KeyT = TypeVar("KeyT")
ChoiceT = TypeVar("ChoiceT", bound=str)
ReturnT = TypeVar("ReturnT", covariant=True)  # noqa: PLC0105 - named as everywhere else

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # UTF-8 cannot encode a lone surrogate
_TYPES = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    bytes: "bytes",
    list: "a list",
    dict: "a mapping",
    type(None): "None",
}
_LARGEST = sys.float_info.max
_SHOWN_DIGITS = 20  # Python does not convert integers of thousands of digits to text
_SHOWN_LENGTH = 60
_LISTED_INLINE = 6  # more choices are listed at the end of a message


class Check(Generic[ReturnT]):
    """A check of one argument, callable with a name and a value, or by attrs as a validator."""

    __slots__ = ("_check",)

    def __init__(self, check: Callable[[str, object], ReturnT]) -> None:
        """Make a check of a function that returns the value, or raises TypeError or ValueError."""
        self._check = check

    @overload
    def __call__(self, name: str, value: object, /) -> ReturnT: ...
    @overload
    def __call__(self, instance: object, attribute: Attribute[Any], value: object, /) -> ReturnT: ...

    def __call__(self, *arguments: Any) -> ReturnT:
        """Return the value.

        Raises:
            TypeError: the value is of a wrong type.
            ValueError: the value is not allowed.
        """
        *_, named, value = arguments
        return self._check(named if isinstance(named, str) else named.alias, value)


def type_name(value: object) -> str:
    """Return the type of a value in words, such as `a string`."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return _TYPES.get(type(value)) or with_article(type(value).__name__)


@Check
def any_text(name: str, value: object) -> str:
    """Demand a string, which may be empty."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {type_name(value)}")
    return value


@Check
def text(name: str, value: object) -> str:
    """Demand a string that is not blank, has no control characters, and can be encoded as UTF-8."""
    given = any_text(name, value)
    if not given.strip():
        raise ValueError(f"{name} must not be empty")
    if _CONTROL.search(given):
        raise ValueError(f"{name} must not contain control characters")
    if _SURROGATE.search(given):
        raise ValueError(f"{name} must not contain surrogates")
    return given


@Check
def path(name: str, value: object) -> str:
    """Demand a path: a string or an `os.PathLike` of one; returns the string."""
    given = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(given, str):
        raise TypeError(f"{name} must be a path, not {type_name(value)}")
    if not given:
        raise ValueError(f"{name} must not be empty")
    if "\0" in given:
        raise ValueError(f"{name} must not contain null characters")
    return given


def pattern(expression: str, expected: str, *, length: tuple[int, int] | None = None) -> Check[str]:
    """Return a check that a string matches; its messages never show the value.

    Arguments:
        expression: what the whole string must match.
        expected: what that means, in words that follow "must be".
        length: the least and the most characters; None if the expression says it.
    """
    compiled = re.compile(expression, re.ASCII)

    def check(name: str, value: object) -> str:
        given = text(name, value)
        if length and not length[0] <= len(given) <= length[1]:
            raise ValueError(f"{name} must be {length[0]} to {length[1]} characters long, not {len(given)}")
        if not compiled.fullmatch(given):
            raise ValueError(f"{name} must be {expected}")
        return given

    return Check(check)


def number(*, least: float | None = None, above: float | None = None, most: float | None = None) -> Check[float]:
    """Return a check that a value is a finite number in a range."""
    finite = _range("a finite number", least, above, most)
    has_range = (least, above, most) != (None, None, None)
    expected = _range("a number", least, above, most) if has_range else finite

    def check(name: str, value: object) -> float:
        # True is an int to Python, but nobody means the number 1 by it.
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise TypeError(f"{name} must be {expected}, not {type_name(value)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{name} must be {finite}, not {value}")
        # Comparing is exact for integers that are too large to be converted.
        if not (-_LARGEST <= value <= _LARGEST and _is_within(value, least, above, most)):
            raise ValueError(f"{name} must be {expected}, not {_shown(value)}")
        return value

    return Check(check)


def integer(*, least: int | None = None, most: int | None = None) -> Check[int]:
    """Return a check that a value is an integer in a range."""
    expected = _range("an integer", least, None, most)

    def check(name: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} must be {expected}, not {type_name(value)}")
        if not _is_within(value, least, None, most):
            raise ValueError(f"{name} must be {expected}, not {_shown(value)}")
        return value

    return Check(check)


@Check
def flag(name: str, value: object) -> bool:
    """Demand True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a boolean, not {type_name(value)}")
    return value


def one_of(choices: Iterable[ChoiceT]) -> Check[ChoiceT]:
    """Return a check that a value is one of several words."""
    known = {str(choice): choice for choice in choices}
    *others, last = map(repr, known) if known else ["one of 0 names"]
    expected, listed = f"{', '.join(others)} or {last}" if others else last, ""
    if len(known) > _LISTED_INLINE:
        expected, listed = f"one of {len(known)} names", f": {expected}"

    def check(name: str, value: object) -> ChoiceT:
        if not isinstance(value, str):
            raise TypeError(f"{name} must be {expected}, not {type_name(value)}{listed}")
        if value not in known:
            came = repr(value) if len(value) <= _SHOWN_LENGTH else "another string"
            raise ValueError(f"{name} must be {expected}, not {came}{_meant(value, known) if listed else ''}{listed}")
        return known[value]

    return Check(check)


def _meant(given: str, names: Iterable[str]) -> str:
    from aiopartnercentral._utils.text import did_you_mean  # noqa: PLC0415 - only a mistake loads it

    return did_you_mean(given, names)


def instance_of(cls: type[T], expected: str = "") -> Check[T]:
    """Return a check that a value is an instance of a class; `expected` follows "must be"."""
    expected = expected or with_article(cls.__name__)

    def check(name: str, value: object) -> T:
        if not isinstance(value, cls):
            raise TypeError(f"{name} must be {expected}, not {type_name(value)}")
        return value

    return Check(check)


def function(expected: str = "a function") -> Check[Callable[..., Any]]:
    """Return a check that a value can be called; `expected` follows "must be"."""

    def check(name: str, value: object) -> Callable[..., Any]:
        if not callable(value):
            raise TypeError(f"{name} must be {expected}, not {type_name(value)}")
        return value

    return Check(check)


def observer(expected: str = "a function of an event") -> Check[Callable[..., Any]]:
    """Return a check like `function` that also refuses async functions, since nothing would await them."""
    callable_ = function(expected)

    def check(name: str, value: object) -> Callable[..., Any]:
        given = callable_(name, value)
        called = given
        while isinstance(called, partial):
            called = called.func
        for each in (called, type(called).__call__):
            if iscoroutinefunction(each) or isasyncgenfunction(each):
                raise TypeError(f"{name} must be {expected}, not an async function, which would never be awaited")
        return given

    return Check(check)


def collection_of(
    item: Check[T], expected: str, *, not_empty: bool = False, unique: bool = False
) -> Check[tuple[T, ...]]:
    """Return a check of every item of an iterable, which gives the items.

    A string is not taken for its characters, nor a mapping for its keys.

    Arguments:
        item: checks each item, named such as `catalogs[0]`.
        expected: what the collection is, in words that follow "must be".
        not_empty: whether there must be an item.
        unique: whether an item may come only once; for items that a message may show.
    """

    def check(name: str, value: object) -> tuple[T, ...]:
        if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
            raise TypeError(f"{name} must be {expected}, not {type_name(value)}")
        items = tuple(item(f"{name}[{position}]", each) for position, each in enumerate(value))
        if not_empty and not items:
            raise ValueError(f"{name} must not be empty")
        for position, each in enumerate(items if unique else ()):
            if each in items[:position]:
                raise ValueError(f"{name} must not contain {each!r} twice")
        return items

    return Check(check)


def mapping_of(key: Check[KeyT], value: Check[T], expected: str) -> Check[Mapping[KeyT, T]]:
    """Return a check of every key and value of a mapping.

    Arguments:
        key: checks each key, named such as `rates key`.
        value: checks each value, named such as `rates['ListPartners']`.
        expected: what the mapping is, in words that follow "must be".
    """

    def check(name: str, given: object) -> Mapping[KeyT, T]:
        if not isinstance(given, Mapping):
            raise TypeError(f"{name} must be {expected}, not {type_name(given)}")
        for each, mapped in given.items():
            key(f"{name} key", each)
            value(f"{name}[{each!r}]", mapped)
        return given

    return Check(check)


def optional(check: Check[T]) -> Check[T | None]:
    """Return the same check, which lets None pass."""
    return Check(lambda name, value: None if value is None else check(name, value))


@Check
def aware_datetime(name: str, value: object) -> datetime:
    """Demand a datetime that has a time zone."""
    expected = "a datetime with a time zone, such as datetime.now(timezone.utc)"
    if not isinstance(value, datetime):
        raise TypeError(f"{name} must be {expected}, not {type_name(value)}")
    if value.utcoffset() is None:
        raise ValueError(f"{name} must be {expected}, not one without")
    try:
        value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name} must be in the years 1 to 9999 of UTC") from None
    return value


@Check
def duration(name: str, value: object) -> timedelta:
    """Demand a timedelta of zero or more."""
    if not isinstance(value, timedelta):
        raise TypeError(f"{name} must be a timedelta, not {type_name(value)}")
    if value < timedelta():
        raise ValueError(f"{name} must be a timedelta of 0 or more, not {value}")
    return value


@Check
def positive_duration(name: str, value: object) -> timedelta:
    """Demand a timedelta above zero."""
    if not isinstance(value, timedelta):
        raise TypeError(f"{name} must be a timedelta, not {type_name(value)}")
    if value <= timedelta():
        raise ValueError(f"{name} must be a timedelta above 0, not {value}")
    return value


def with_article(noun: str) -> str:
    """Return a noun with `a` or `an`."""
    return f"{'an' if noun[:1] in 'AEIOUaeiou' else 'a'} {noun}"


def _range(noun: str, least: float | None, above: float | None, most: float | None) -> str:
    if above is not None:
        return f"{noun} above {above}" + ("" if most is None else f" and at most {most}")
    if least is not None:
        return f"{noun} of at least {least}" if most is None else f"{noun} from {least} to {most}"
    return noun if most is None else f"{noun} of at most {most}"


def _is_within(value: float, least: float | None, above: float | None, most: float | None) -> bool:
    return (least is None or value >= least) and (above is None or value > above) and (most is None or value <= most)


def _shown(value: float) -> str:
    if isinstance(value, int) and abs(value) >= 10**_SHOWN_DIGITS:
        return f"an integer of more than {_SHOWN_DIGITS} digits"
    return str(value)


positive_number = number(above=0)
count = integer(least=1)
