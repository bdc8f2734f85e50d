"""Checks of arguments, as attrs validators; every message begins with the argument's name and holds no secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from attrs import Attribute

__all__ = ["Check", "number", "optional", "pattern", "text", "type_name"]

if TYPE_CHECKING:
    Check = Callable[[object, Attribute[Any], Any], None]
    """Raises TypeError or ValueError for a value that an attribute cannot have."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HALF = re.compile(r"[\ud800-\udfff]")  # which no file can hold as UTF-8
_KINDS = {str: "a string", bool: "a boolean", int: "an integer", float: "a number", list: "a list", dict: "a table"}


def type_name(value: object) -> str:
    """Return what a value is, in words."""
    return _KINDS.get(type(value), "nothing" if value is None else type(value).__name__)


def text(_: object, attribute: Attribute[Any], value: object) -> None:
    """Demand a string that is not empty and has no control characters, and that UTF-8 can hold.

    Raises:
        TypeError: it is no string.
        ValueError: it is empty, or has such a character.
    """
    if not isinstance(value, str):
        raise TypeError(f"{attribute.name} must be a string, not {type_name(value)}")
    if not value.strip():
        raise ValueError(f"{attribute.name} must not be empty")
    if _CONTROL.search(value):
        raise ValueError(f"{attribute.name} must not contain control characters")
    if _HALF.search(value):
        raise ValueError(f"{attribute.name} must not contain halves of surrogate pairs")


def pattern(expression: str, *, length: tuple[int, int], allowed: str) -> Check:
    """Return a check that a string is within a length and matches; the message does not show the value.

    Arguments:
        expression: what all of the string must match, apart from its length.
        length: the least and the most characters.
        allowed: what the expression means, in words that follow "must be".
    """
    compiled, (least, most) = re.compile(expression, re.ASCII), length

    def check(instance: object, attribute: Attribute[Any], value: object) -> None:
        text(instance, attribute, value)
        if not least <= len(str(value)) <= most:
            raise ValueError(f"{attribute.name} must have {least} to {most} characters, not {len(str(value))}")
        if not compiled.fullmatch(str(value)):
            raise ValueError(f"{attribute.name} must be {allowed}")

    return check


def number(least: int, most: int, unit: str) -> Check:
    """Return a check that a value is an integer between two, both included."""

    def check(_: object, attribute: Attribute[Any], value: object) -> None:
        # True is an int to Python, but nobody means the number 1 by it.
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{attribute.name} must be an integer, not {type_name(value)}")
        if not least <= value <= most:
            raise ValueError(f"{attribute.name} must be {least} to {most} {unit}, not {value}")

    return check


def optional(check: Check) -> Check:
    """Return the same check, which lets None pass."""

    def checked(instance: object, attribute: Attribute[Any], value: object) -> None:
        if value is not None:
            check(instance, attribute, value)

    return checked
