"""Attributes of generated classes by their dotted paths: their types, and whether they are sensitive."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from aiopartnercentral.types.unknown_values import redacted

if TYPE_CHECKING:
    from aiopartnercentral.types.operations import Pagination


def item_class(pagination: Pagination[Any, Any, Any]) -> type:
    """Return the class of a listing's items, which may be null.

    Raises:
        TypeError: the items are of several classes, or have no attributes.
    """
    (cls, *others) = _alternatives(pagination.item())
    if others or not (isinstance(cls, type) and attrs.has(cls)):
        raise TypeError(f"the items of {pagination.operation.name} are not of one class with attributes")
    return cls


def resolved(cls: type, path: str, *, name: str = "", taker: str = "") -> tuple[Any, bool]:
    """Return the type of an attribute, and whether it or a structure that it is in is sensitive.

    Arguments:
        cls: a generated class.
        path: the attribute, or a dotted path of attributes.
        name: how the caller of `taker` writes the attribute of a request, for the message.
        taker: the method that takes it.

    Raises:
        ValueError: there is no such attribute, or the path leads through something other than a structure.
    """
    hint: Any = cls
    is_sensitive, parts = False, path.split(".")
    for index, part in enumerate(parts):
        (found, *others) = _alternatives(hint)
        before = ".".join([cls.__name__, *parts[:index]])
        if others or not (isinstance(found, type) and attrs.has(found)):
            raise ValueError(f"{before} is not a structure, so that it has no attribute {part}")
        fields = attrs.fields_dict(found)
        if part not in fields or part == "response_metadata":
            known = [each for each in fields if each != "response_metadata"]
            from difflib import get_close_matches  # noqa: PLC0415 - only a mistake loads it

            near = get_close_matches(part, known, 1)
            hint_text = f"; did you mean {near[0]}?" if near else f"; the attributes are {', '.join(known)}"
            what = f"{taker}() has no argument {name}" if taker else f"{before} has no attribute {part}"
            raise ValueError(f"{what}{hint_text}")
        is_sensitive |= fields[part].repr is redacted
        hint = get_type_hints(found)[part]
    return hint, is_sensitive


def is_text(hint: Any) -> bool:  # noqa: ANN401 - types as values have no type
    """Return whether all values of a type are text or None."""
    return all(
        all(isinstance(value, str) for value in get_args(each))
        if get_origin(each) is Literal
        else isinstance(each, type) and issubclass(each, str)
        for each in _alternatives(hint)
    )


def _alternatives(hint: Any) -> list[Any]:  # noqa: ANN401 - types as values have no type
    """Return the types that a type is a union of, without None; the type itself if it is none."""
    if get_origin(hint) not in (Union, UnionType):
        return [hint]
    return [each for part in get_args(hint) if part is not NoneType for each in _alternatives(part)]
