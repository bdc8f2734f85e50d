"""What a fault can be told, checked where it is told: each message begins with the key."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import attrs

    Check = Callable[[Any, "attrs.Attribute[Any]", Any], None]

# A day: long beyond any client's patience, and short enough for every clock.
LONGEST = 86_400.0


def number(least: float = 0.0, most: float = math.inf, *, above: bool = False) -> Check:
    """Return a check that a value is a finite number from `least`, or above it, to `most`."""

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        # Not `isfinite`, which has to make a float of a whole number and cannot of any.
        fine = isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < math.inf
        if not fine or not (least < value if above else least <= value) or value > most:  # type: ignore[operator]
            begin = f"above {least:g}" if above else f"from {least:g}"
            end = "" if most == math.inf else f"{' and at most' if above else ' to'} {most:g}"
            raise ValueError(f"{attribute.name} must be a number {begin}{end}, not {value!r}")

    return check


def whole(least: int, most: int | None = None) -> Check:
    """Return a check that a value is a whole number in a range."""

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if type(value) is not int or value < least or (most is not None and value > most):
            end = "" if most is None else f" to {most}"
            raise ValueError(f"{attribute.name} must be a whole number from {least}{end}, not {value!r}")

    return check


def one_of(choices: Collection[str]) -> Check:
    """Return a check that a value is one of some texts."""

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if value not in choices:
            raise ValueError(f"{attribute.name} must be one of {', '.join(choices)}, not {value!r}")

    return check


def text(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Check that a value is text, of which a header can be made."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ValueError(f"{attribute.name} must be a text of one line, not {value!r}")


def any_text(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Check that a value is text."""
    if not isinstance(value, str):
        raise ValueError(f"{attribute.name} must be a text, not {value!r}")  # noqa: TRY004 - one error for all


def flag(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Check that a value is true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{attribute.name} must be true or false, not {value!r}")  # noqa: TRY004 - one error for all
