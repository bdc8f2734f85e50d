"""Tables of items, responses and lists of them for notebooks, with unions resolved and sensitive members redacted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral._utils.html import ROWS, Html, join, more, table, text
from aiopartnercentral._utils.text import utc_text
from aiopartnercentral.types.messages import Structure, Variant
from aiopartnercentral.types.unknown_values import OpenEnum, UnknownMember

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ROWS", "entries_html", "item_html"]

_FEW: Final = 5
"""How many elements of a list or map inside a cell are shown."""
_DEPTH: Final = 7
"""How deep structures, lists and maps are nested in a cell."""
_UNKNOWN: Final = "(unknown to this version)"


def item_html(item: object) -> str:
    """Return the table of an object: a row for each member that it has, and a table for each list of structures."""
    name = type(item).__qualname__.rpartition(">.")[2]
    if isinstance(item, Variant | UnknownMember):
        return table([], [(text(name), _value(item, _DEPTH))])
    members = [(field, value) for field in _fields(type(item)) if (value := getattr(item, field.name)) is not None]
    lists = [(field, value) for field, value in members if field.repr is True and _is_of_structures(value)]
    of_lists = {field.name for field, _ in lists}
    rows = [(text(field.name), _member(item, field)) for field, _ in members if field.name not in of_lists]
    tables = [table([], rows, caption=name)] if rows else []
    tables += [entries_html([(None, each) for each in value], caption=field.name) for field, value in lists]
    return "".join(tables) or table([], [(text(name), Html("empty"))])


def entries_html(entries: Sequence[tuple[object, object]], *, caption: str, rows: int = ROWS) -> Html:
    """Return the table of items, the first column of which is the key of their source, if they have one.

    Arguments:
        entries: pairs of a key, or None, and an item.
        caption: the title.
        rows: how many of them are shown.
    """
    shown = entries[:rows]
    keys = [] if all(key is None for key, _ in shown) else ["source"]
    items = [item for _, item in shown]
    columns = _columns(items) if all(isinstance(item, Structure) for item in items) else []
    cells = [
        [
            *[text(key) for _ in keys],
            *([_cell(item, name) for name in columns] or [_value(item, _DEPTH)]),
        ]
        for key, item in shown
    ]
    title = f"{caption}: {len(entries)}" if caption else ""
    head = [*keys, *(columns or ["value"])]
    return table(head, cells, caption=title, total=len(entries), noun="item")


def _fields(cls: Any) -> Iterable[attrs.Attribute[Any]]:  # noqa: ANN401 - any attrs class
    return [field for field in attrs.fields(cls) if field.repr]


def _is_of_structures(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Structure) for each in value)


def _columns(items: Sequence[object]) -> list[str]:
    """Return the members that an item has; an ARN repeats what an id says."""
    names = dict.fromkeys(field.name for item in items for field in _fields(type(item)))
    present = [name for name in names if any(getattr(item, name, None) is not None for item in items)]
    return [name for name in present if not (name == "arn" and "id" in present)]


def _cell(item: Any, name: str) -> Html:  # noqa: ANN401 - of any generated class
    """Return a member of an item; empty if it is absent."""
    if getattr(item, name, None) is None:
        return Html("")
    return _member(item, attrs.fields_dict(type(item))[name], _DEPTH + 1)


def _value(value: Any, depth: int) -> Html:  # noqa: ANN401 - any value of a member
    match value:
        case UnknownMember():
            found = Html(f"<strong>{text(value.tag)}</strong> <em>{_UNKNOWN}</em>")
        case Variant():
            (field,) = attrs.fields(type(value))  # type: ignore[arg-type] # each member is an attrs class
            found = Html(f"<strong>{text(value.tag)}</strong> {_member(value, field, depth)}")
        case Mapping() | list() | tuple() | Structure() if depth <= 0 and value:
            found = Html("\u2026")
        case Mapping():
            lines = (Html(f"{_value(key, 0)}: {_value(each, depth - 1)}") for key, each in value.items())
            found = _listed(lines, len(value), "<br>")
        case list() | tuple():
            has_lines = any(isinstance(each, Structure | Mapping) for each in value)
            found = _listed((_value(each, depth - 1) for each in value), len(value), "<br>" if has_lines else ", ")
        case Structure():
            found = _structure(value, depth)
        case _:
            found = _scalar(value)
    return found


def _scalar(value: object) -> Html:
    match value:
        case None:
            return Html("")
        case OpenEnum():
            return text(f"{value.value} {_UNKNOWN}" if value.is_unknown else value.value)
        case datetime():
            return text(utc_text(value.astimezone(UTC)) if value.tzinfo else value)
        case bytes() | bytearray():
            return text(f"{len(value)} bytes")
    return text(value)


def _structure(value: Structure, depth: int) -> Html:
    """Return the members of a structure inside a cell."""
    parts = []
    for field in _fields(type(value)):
        if getattr(value, field.name) is not None:
            inner = _member(value, field, depth)
            is_nested = field.repr is True and isinstance(getattr(value, field.name), Structure)
            parts.append(Html(f"<em>{text(field.name)}</em> {f'({inner})' if is_nested else inner}"))
    return join("; ", parts)


def _member(owner: object, field: attrs.Attribute[Any], depth: int = _DEPTH) -> Html:
    value = getattr(owner, field.name)
    return text(field.repr(value)) if callable(field.repr) else _value(value, depth - 1)


def _listed(parts: Iterable[Html], number: int, separator: str) -> Html:
    shown = [*islice(parts, _FEW)]
    return join(separator, filter(None, [*shown, more(len(shown), number)]))
