"""Which of the calls that a fault is about it strikes."""

from __future__ import annotations

import re

import attrs

_RANGE = re.compile(
    r"(?:(?P<any>\*)|(?P<first>[1-9][0-9]{0,8})(?:(?P<to>-)(?P<last>[1-9][0-9]{0,8})?)?)(?:/(?P<step>[1-9][0-9]{0,8}))?"
)


@attrs.frozen
class _Range:
    first: int
    last: int | None
    step: int

    def __contains__(self, number: int) -> bool:
        return (
            number >= self.first
            and (self.last is None or number <= self.last)
            and (number - self.first) % self.step == 0
        )


def _range(text: str) -> _Range:
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"calls must be such as 3, 2-5, 10-, */4 or 1-20/3, several with commas between, not {text!r}")
    step = int(found["step"] or 1)
    if found["any"]:
        return _Range(step, None, step)
    first = int(found["first"])
    last = int(found["last"]) if found["last"] else None if found["to"] or found["step"] else first
    if last is not None and last < first:
        raise ValueError(f"calls must not end before they begin, as {text.strip()} does")
    return _Range(first, last, step)


@attrs.frozen
class Calls:
    """Numbers of calls, counted from 1.

        *        every call
        */4      every fourth: 4, 8, 12
        3        the third
        2-5      from the second to the fifth
        10-      from the tenth on
        1-20/3   1, 4, 7 and so on to 19
        1,5-     several of these

    Arguments:
        text: which.

    Raises:
        ValueError: it is not spelled like this.
    """

    text: str
    _ranges: tuple[_Range, ...] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Read the text."""
        object.__setattr__(self, "_ranges", tuple(_range(part) for part in self.text.split(",")))

    def __contains__(self, number: int) -> bool:
        return any(number in one for one in self._ranges)


def calls(given: object) -> Calls:
    """Return calls as they are given: a text, or the number of the only one.

    Raises:
        ValueError: they cannot be.
    """
    if isinstance(given, Calls):
        return given
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise ValueError(f"calls must be a number or a text, not {given!r}")  # noqa: TRY004 - one error for all
    return Calls(str(given))
