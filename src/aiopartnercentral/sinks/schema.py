"""What a generated class is made of, as tables and schemas see it: derived from its annotations alone."""

from __future__ import annotations

import re
import types
from datetime import datetime
from enum import Enum
from functools import cache, reduce
from importlib import import_module
from operator import or_
from typing import TYPE_CHECKING, Any, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

import attrs

from aiopartnercentral._serialization import jsontext
from aiopartnercentral.types import UnknownMember

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral.types import Pagination

__all__ = [
    "Json",
    "ListOf",
    "MapOf",
    "Member",
    "Node",
    "Scalar",
    "Struct",
    "Variant",
    "Variants",
    "free_name",
    "item_class",
    "layout",
]

_WORDS = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_TAG, _UNKNOWN = "tag", "unknown"


class Scalar(Enum):
    """A single value; an enum's is the text that is on the wire."""

    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    TIMESTAMP = "timestamp"
    BYTES = "bytes"


@attrs.frozen
class Json:
    """What has no type of a table's, and becomes the JSON of the wire: documents, empty structures, what is recursive.

    Attributes:
        dumps: makes the JSON of a value.
    """

    dumps: Callable[[Any], bytes] = attrs.field(eq=False, repr=False)


@attrs.frozen
class ListOf:
    """A list; an element may be None.

    Attributes:
        element: what each element is.
        dumps: makes the JSON of a whole list.
    """

    element: Node
    dumps: Callable[[Any], bytes] = attrs.field(eq=False, repr=False)


@attrs.frozen
class MapOf:
    """A dict with keys of text; a value may be None.

    Attributes:
        value: what each value is.
        dumps: makes the JSON of a whole dict.
    """

    value: Node
    dumps: Callable[[Any], bytes] = attrs.field(eq=False, repr=False)


@attrs.frozen
class Member:
    """A member of a structure: its name, which is its attribute's, and what it is."""

    name: str
    node: Node


@attrs.frozen
class Struct:
    """A structure: an attrs class, never one without members."""

    cls: Any
    members: tuple[Member, ...]


@attrs.frozen
class Variant:
    """A member of a union.

    Attributes:
        tag: its name on the wire.
        name: the same in snake_case, unique in the union.
        cls: the class that holds its value.
        node: what the value is.
    """

    tag: str
    name: str
    cls: Any
    node: Node


@attrs.frozen
class Variants:
    """A tagged union: `tag` and `unknown` are the names beside those of the variants."""

    variants: tuple[Variant, ...]
    tag: str = _TAG
    unknown: str = _UNKNOWN


Node: TypeAlias = "Scalar | Json | ListOf | MapOf | Struct | Variants"
"""What a value is."""

_SCALARS: dict[Any, Scalar] = {
    str: Scalar.TEXT,
    bool: Scalar.BOOLEAN,
    int: Scalar.INTEGER,
    float: Scalar.FLOAT,
    datetime: Scalar.TIMESTAMP,
    bytes: Scalar.BYTES,
}


@cache
def layout(cls: Any) -> Node:  # noqa: ANN401 - a union is no class
    """Return what a generated class, or a union of them, is made of.

    Raises:
        TypeError: it is neither.
    """
    if not attrs.has(cls) and not _variants_of(cls):
        raise TypeError(f"{cls!r} is neither a generated class nor a union of them")
    return _node(cls, ())


def item_class(pagination: Pagination[Any, Any, Any]) -> Any:  # noqa: ANN401 - it may be a union
    """Return the class of the items that a paginated operation lists.

    Raises:
        TypeError: its answers have no such list.
    """
    output = pagination.operation.output
    wanted = pagination.result_key.lower()
    for name, hint in get_type_hints(output).items():
        present = _present(hint)
        if name.replace("_", "") == wanted and get_origin(present) is list:
            return _present(get_args(present)[0])
    raise TypeError(f"{output.__name__} has no list {pagination.result_key}")


def free_name(name: str, taken: set[str]) -> str:
    """Return the name, with as many underscores behind it as it takes to be none of those taken."""
    while name in taken:
        name += "_"
    return name


def _node(hint: Any, above: tuple[Any, ...]) -> Node:  # noqa: ANN401 - types as values have no type
    """Return what a value of this annotation is, inside of the classes and unions above it."""
    hint = _present(hint)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, str):
        return Scalar.TEXT
    if get_origin(hint) is list:
        return ListOf(_node(get_args(hint)[0], above), _dumps(above[-1]))
    if get_origin(hint) is dict:
        return MapOf(_node(get_args(hint)[1], above), _dumps(above[-1]))
    variants = _variants_of(hint)
    if hint in above or not (variants or attrs.has(hint)):
        return _json(hint)
    return _union(variants, (*above, hint)) if variants else _structure(hint, (*above, hint))


def _structure(cls: Any, above: tuple[Any, ...]) -> Node:  # noqa: ANN401 - types as values have no type
    hints = get_type_hints(cls)
    # What is never shown is no member, but came beside them.
    fields = [field for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls)) if field.repr is not False]
    members = tuple(Member(field.name, _node(hints[field.name], above)) for field in fields)
    return Struct(cls, members) if members else _json(cls)


def _union(classes: tuple[type, ...], above: tuple[Any, ...]) -> Variants:
    converter = _converter(classes[0].__module__)
    taken = {_TAG, _UNKNOWN}
    variants = []
    for cls in classes:
        if not issubclass(cls, UnknownMember):
            tag: str = converter.get_structure_hook(cls).tag
            name = free_name("_".join(_WORDS.findall(tag)).lower() or tag, taken)
            taken.add(name)
            variants.append(Variant(tag, name, cls, _node(get_type_hints(cls)["value"], above)))
    return Variants(tuple(variants))


def _json(hint: Any) -> Json:  # noqa: ANN401 - types as values have no type
    """Return what becomes JSON: a document, which is JSON already, or what a converter makes JSON of."""
    return Json(jsontext.dumps if hint is Any else _dumps(hint))


def _dumps(owner: Any) -> Callable[[Any], bytes]:  # noqa: ANN401 - types as values have no type
    """Return what makes the JSON of the wire of values of the package that a class or union is of."""
    dumps: Callable[[Any], bytes] = _converter((*_variants_of(owner), owner)[0].__module__).dumps
    return dumps


@cache
def _converter(module: str) -> Any:  # noqa: ANN401 - of a generated package
    """Return a converter of the JSON on the wire, without anybody's hooks, of the package that a module is of."""
    package = module
    while package:
        package = package.rpartition(".")[0]
        make = getattr(import_module(package), "make_json_converter", None) if package else None
        if make is not None:
            return make()
    raise TypeError(f"{module} is in no generated package")


def _present(hint: Any) -> Any:  # noqa: ANN401 - types as values have no type
    """Return the type of an optional value where it is there."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    kinds = [kind for kind in get_args(hint) if kind is not types.NoneType]
    return reduce(or_, kinds) if len(kinds) < len(get_args(hint)) else hint


def _variants_of(hint: Any) -> tuple[type, ...]:  # noqa: ANN401 - types as values have no type
    """Return the classes of a union of the service, or none for anything else."""
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else ()
    found = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, UnknownMember)]
    return kinds if found else ()
