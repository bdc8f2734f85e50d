"""The difference between two objects of a class, member by member, without sensitive values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeGuard

import attrs

from aiopartnercentral._serialization import jsontext
from aiopartnercentral._serialization.conversion_errors import key_segment
from aiopartnercentral._serialization.members import generated_base, members
from aiopartnercentral._serialization.unknown_members import is_same
from aiopartnercentral._utils.text import REDACTED
from aiopartnercentral.types import Structure, UnknownMember, Variant, redacted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiopartnercentral.types import JsonValue

__all__ = ["Change", "changes"]


@attrs.frozen
class Change:
    """One difference between what was read and what is written.

    Attributes:
        path: the JSON path, such as `$.Project.Title`.
        old: the value that was read, as JSON; None if it was absent. Sensitive values in it are replaced.
        new: the value that is written, as JSON; None if it is removed. Sensitive values in it are replaced.
    """

    path: str
    old: JsonValue = attrs.field(repr=False)
    new: JsonValue = attrs.field(repr=False)

    def __str__(self) -> str:
        """Return the path and both values as JSON."""
        old, new = (jsontext.dumps(value).decode() for value in (self.old, self.new))
        return f"{self.path}: {old} -> {new}"


def changes(old: object, new: object, path: str = "$") -> Iterator[Change]:
    """Yield the differences between two objects: whatever is not the same on the wire.

    Arguments:
        old: an object of a generated class, or any value in one.
        new: another one.
        path: where they are.
    """
    if isinstance(old, Structure | Variant) and type(old) is type(new):
        for field, segment, is_sensitive in _fields(old):
            before, after = getattr(old, field), getattr(new, field)
            if not is_sensitive:
                yield from changes(before, after, path + segment)
            elif any(changes(before, after)):
                yield Change(path + segment, _hidden(before), _hidden(after))
    elif (isinstance(old, Mapping) and isinstance(new, Mapping)) or (_is_list(old) and _is_list(new)):
        yield from _part_changes(old, new, path)
    elif not is_same(old, new):
        yield Change(path, _shown(old), _shown(new))


def _part_changes(old: Any, new: Any, path: str) -> Iterator[Change]:  # noqa: ANN401 - two mappings, or two lists
    """Yield the differences between two mappings or lists, part by part."""
    before, after = _parts(old), _parts(new)
    if any({**before, **after}[place] is None for place in before.keys() ^ after.keys()):
        # A null of a document came or went. What is absent is shown as null, too, so only the whole shows it.
        yield Change(path, _shown(old), _shown(new))
        return
    for place in dict.fromkeys([*before, *after]):
        yield from changes(before.get(place), after.get(place), path + place)


def _parts(value: Mapping[Any, object] | Sequence[object]) -> dict[str, object]:
    """Return the parts of a mapping or list, by the part of a path that leads to them."""
    if isinstance(value, Mapping):
        return {key_segment(key): each for key, each in value.items()}
    return {f"[{index}]": each for index, each in enumerate(value)}


def _fields(obj: Any) -> Iterator[tuple[str, str, bool]]:  # noqa: ANN401 - of a generated class
    """Yield each field of an object, the part of a path that leads to it, and whether it is sensitive."""
    declared = attrs.fields_dict(type(obj))
    for member in members(generated_base(type(obj)) or type(obj), is_botocore=False):
        yield member.field, member.at, declared[member.field].repr is redacted


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _hidden(value: object) -> str | None:
    return None if value is None else REDACTED


def _shown(value: Any) -> JsonValue:  # noqa: ANN401 - any value of a generated class
    """Return a value as JSON, without the sensitive values in it."""
    if isinstance(value, UnknownMember):
        return {value.tag: REDACTED}  # as nobody knows whether it is sensitive
    if isinstance(value, Structure | Variant):
        fields = [(segment[1:], getattr(value, field), hidden) for field, segment, hidden in _fields(value)]
        return {key: _hidden(each) if hidden else _shown(each) for key, each, hidden in fields if each is not None}
    if isinstance(value, Mapping):
        return {str(key): _shown(each) for key, each in value.items()}
    if _is_list(value):
        return [_shown(each) for each in value]
    form = next((form for cls, form in _FORMS.items() if isinstance(value, cls)), None)
    return value if form is None else form(value)


_FORMS: Mapping[type, Callable[[Any], str]] = {
    str: str.__str__,  # without the class of an enum
    datetime: datetime.isoformat,
    bytes: lambda value: f"{len(value)} bytes",
}
