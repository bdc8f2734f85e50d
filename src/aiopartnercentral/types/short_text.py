"""The short repr of generated classes and reports: nested as deep as fits, without what is absent or sensitive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Limits", "short_text"]


@attrs.frozen
class Limits:
    """How much of an object is shown.

    Attributes:
        depth: how deep objects, lists and maps are nested; a deeper object is `Name(...)`.
        elements: how many elements of a list or map.
        characters: how many characters of a text.
        total: how many characters of the object, apart from the end that says how many members are left out.
    """

    depth: int
    elements: int
    characters: int
    total: int


# The first one whose result fits is taken.
_LIMITS: Final = tuple(
    Limits(depth, elements, 60, 1000) for depth, elements in ((9, 5), (7, 3), (5, 3), (4, 2), (3, 1))
)
_MORE = "..."


def short_text(shown: object, *, limits: Sequence[Limits] = _LIMITS) -> str:
    """Return the repr of an attrs object, at most about 1,050 characters long.

    Members that are None, or have their default, are left out. Sensitive members are redacted.

    Arguments:
        shown: the object.
        limits: limits to try, one after the other; the last one also cuts off members.
    """
    name, parts = "", [""]
    for each in limits:
        name, parts = _Writer(each, type(shown).__repr__).parts(shown, each.depth)
        if len(name) + sum(map(len, parts)) + 2 * len(parts) <= each.total:
            return _call(name, parts)
    ends = [*accumulate(len(part) + 2 for part in parts)]
    kept = sum(end <= limits[-1].total for end in ends)
    return _call(name, [*parts[:kept], f"{_MORE} {len(parts) - kept} more"])


class _Writer:
    """Writes the repr of one object within limits."""

    def __init__(self, limits: Limits, own: Callable[..., str]) -> None:
        """Prepare to write.

        Arguments:
            limits: the limits.
            own: the `__repr__` of the classes that are written here; any other object has its own repr.
        """
        self._limits = limits
        self._own = own

    def parts(self, obj: Any, depth: int) -> tuple[str, list[str]]:  # noqa: ANN401 - of any attrs class
        """Return the name of the class of an object, and its arguments."""
        cls: Any = type(obj)
        fields = [each for each in attrs.fields(cls) if each.repr and not _is_default(each, getattr(obj, each.name))]
        is_variant = [(each.name, each.kw_only) for each in attrs.fields(cls)] == [("value", False)]
        parts = []
        for field in fields:
            value = getattr(obj, field.name)
            text = field.repr(value) if callable(field.repr) else self._text(value, depth - 1)
            parts.append(text if is_variant else f"{field.name}={text}")
        return cls.__qualname__.rpartition(">.")[2], parts

    def _text(self, value: object, depth: int) -> str:
        match value:
            case StrEnum():
                text = self._cut(repr(value) if getattr(value, "is_unknown", False) else repr(value.value))
            case datetime():
                text = value.isoformat().replace("+00:00", "Z")
            case bytes() | bytearray() if len(value) > self._limits.characters:
                text = f"<{len(value)} bytes>"
            case Mapping():
                entries = (f"{self._text(key, 0)}: {self._text(entry, depth - 1)}" for key, entry in value.items())
                text = self._elements("{}", entries if depth > 0 else None, len(value))
            case tuple() | list():
                each = (self._text(element, depth - 1) for element in value)
                brackets = "()" if isinstance(value, tuple) else "[]"
                text = self._elements(brackets, each if depth > 0 else None, len(value))
            case _ if type(value).__repr__ is self._own:
                text = _call(*self.parts(value, depth)) if depth > 0 else _call(type(value).__name__, [_MORE])
            case _:
                text = self._cut(repr(value))
        return text

    def _elements(self, brackets: str, texts: Iterable[str] | None, number: int) -> str:
        """Return the first elements of a list or map; None stands for those that are too deep."""
        shown = [_MORE] if texts is None and number else [*islice(texts or (), self._limits.elements)]
        more = number - len(shown) if texts is not None else 0
        return f"{brackets[0]}{', '.join([*shown, *([f'{_MORE} {more} more'] if more else [])])}{brackets[1]}"

    def _cut(self, text: str) -> str:
        """Return the text without its middle if it is too long: the end of an ARN says more than that."""
        most = self._limits.characters
        if len(text) <= most:
            return text
        end = (most - len(_MORE)) // 3
        return f"{text[: most - len(_MORE) - end]}{_MORE}{text[-end:]}"


def _call(name: str, arguments: Iterable[str]) -> str:
    return f"{name}({', '.join(arguments)})"


def _is_default(field: attrs.Attribute[Any], value: object) -> bool:
    """Return whether a value need not be shown."""
    default: Any = field.default
    if getattr(default, "takes_self", None) is False:
        default = default.factory()
    return default is not attrs.NOTHING and bool(value == default)
