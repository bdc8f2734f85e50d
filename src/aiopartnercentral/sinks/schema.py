"""The schema of a type of items, derived from its annotations, for CSV columns and Arrow schemas alike."""

from __future__ import annotations

import re
import types
from datetime import datetime
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias, Union, cast, get_args, get_origin

import attrs

from aiopartnercentral._serialization import JsonConverter
from aiopartnercentral._serialization.members import attribute_types, without_none
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.sinks.base import WrongClassError
from aiopartnercentral.types import UnknownMember, Variant as ModelVariant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiopartnercentral.types import Pagination

    Values = Sequence[Any]

__all__ = [
    "DataType",
    "Field",
    "Json",
    "ListOf",
    "MapOf",
    "Scalar",
    "Struct",
    "TaggedUnion",
    "Variant",
    "class_mismatch",
    "item_class",
    "schema_of",
    "to_json",
    "unused_name",
]

_WORDS = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_TAG, _UNKNOWN = "tag", "unknown"


class Scalar(Enum):
    """The type of a single value; an enum is the text that is on the wire."""

    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    TIMESTAMP = "timestamp"
    BYTES = "bytes"


@attrs.frozen
class Json:
    """A value that a table has no type for, and that becomes JSON: a document, an empty or a recursive structure."""


@attrs.frozen
class ListOf:
    """A list, whose elements may be None.

    Attributes:
        element: the elements' type.
    """

    element: DataType


@attrs.frozen
class MapOf:
    """A dict with text keys, whose values may be None.

    Attributes:
        value: the values' type.
    """

    value: DataType


@attrs.frozen
class Field:
    """A field of a structure.

    Attributes:
        name: its name, which is also the attribute's.
        type: its type.
    """

    name: str
    type: DataType

    def values(self, structures: Values) -> Values:
        """Return the field of each structure; None for None."""
        get: Callable[[Any], Any] = attrgetter(self.name)
        return [None if structure is None else get(structure) for structure in structures]


@attrs.frozen
class Struct:
    """A structure: an attrs class with at least one field."""

    cls: Any
    fields: tuple[Field, ...]

    def check(self, values: Values) -> None:
        """Check that each value is a structure of this class, or None.

        Raises:
            WrongClassError: one is not.
        """
        for value in values:
            if value is not None and not isinstance(value, self.cls):
                raise WrongClassError(f"expected {self.cls.__name__}, got {type(value).__name__}")


@attrs.frozen
class Variant:
    """A member of a tagged union.

    Attributes:
        tag: its name on the wire.
        name: its name in snake case, unique in the union.
        cls: the class that holds its value.
        type: the value's type.
    """

    tag: str
    name: str
    cls: Any
    type: DataType

    def values(self, members: Values) -> Values:
        """Return the value of each member of this variant; None for any other."""
        return [member.value if type(member) is self.cls else None for member in members]


@attrs.frozen
class TaggedUnion:
    """A tagged union. A table has a column for the tag, one for each variant, and one for a member not in the model.

    Attributes:
        variants: the members in the model.
        tag: the name of the column for the tag.
        unknown: the name of the column for the JSON of a member that is not in the model.
    """

    variants: tuple[Variant, ...]
    tag: str = _TAG
    unknown: str = _UNKNOWN

    def tags(self, members: Values) -> Values:
        """Return the tag of each member; None for None.

        Raises:
            AttributeError: one is not a member of a union.
        """
        known = {variant.cls: variant.tag for variant in self.variants}
        return [None if member is None else known.get(type(member)) or member.tag for member in members]

    def unknown_json(self, members: Values) -> list[str | None]:
        """Return the JSON of each member that is not in the model; None for any other, and if its value was dropped."""
        known = {types.NoneType, *(variant.cls for variant in self.variants)}
        return [None if type(member) in known or member.value is None else to_json(member.value) for member in members]


DataType: TypeAlias = "Scalar | Json | ListOf | MapOf | Struct | TaggedUnion"
"""The type of a value."""

_SCALARS: dict[Any, Scalar] = {
    str: Scalar.TEXT,
    bool: Scalar.BOOLEAN,
    int: Scalar.INTEGER,
    float: Scalar.FLOAT,
    datetime: Scalar.TIMESTAMP,
    bytes: Scalar.BYTES,
}


def schema_of(cls: Any) -> DataType:  # noqa: ANN401 - a union is not a class
    """Return the schema of the items of a listing.

    Arguments:
        cls: a generated class, a union of them, or the type of other items, such as `str` or `list[str]`.

    Raises:
        TypeError: items cannot be of this type.
    """
    if not (isinstance(cls, type) or get_origin(cls) is not None or cls is Any):  # such as an item
        raise _not_an_item_type(cls)
    return _schema_of(cls)


@cache
def _schema_of(cls: Any) -> DataType:  # noqa: ANN401 - as above
    return _data_type(cls, ())


def _not_an_item_type(found: object) -> TypeError:
    return TypeError(f"cls must be a generated class, a union of them, or a type such as str, not {type_name(found)}")


def item_class(pagination: Pagination[Any, Any, Any]) -> Any:  # noqa: ANN401 - it may be a union
    """Return the class of the items that a paginated operation lists."""
    return without_none(pagination.item())


def class_mismatch(cls: Any, found: Any) -> WrongClassError | None:  # noqa: ANN401 - a union is not a class
    """Return the error of writing items of `found` as items of `cls`; None if they may match."""
    schema, kinds = schema_of(cls), get_args(found) if get_origin(found) in (Union, types.UnionType) else (found,)
    if not isinstance(schema, Struct) or any(isinstance(kind, type) and issubclass(kind, schema.cls) for kind in kinds):
        return None
    names = " | ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
    return WrongClassError(f"expected {schema.cls.__name__}, got {names}")


def to_json(value: object) -> str:
    """Return the JSON of a value, as it is on the wire; a user's hooks are not used."""
    return _converter().dumps(value).decode()


@cache
def _converter() -> JsonConverter:
    return JsonConverter()


def unused_name(name: str, used: set[str]) -> str:
    """Return the name, with an underscore appended until it is not one of the used names."""
    while name in used:
        name += "_"
    return name


def _data_type(hint: Any, parents: tuple[Any, ...]) -> DataType:  # noqa: ANN401 - annotations have no type
    """Return the data type for an annotation inside of these classes and unions."""
    hint = without_none(hint)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, str):
        return Scalar.TEXT
    if get_origin(hint) in (list, dict):
        of = _data_type(get_args(hint)[-1], parents)
        return ListOf(of) if get_origin(hint) is list else MapOf(of)
    if hint is Any or hint in parents:
        return Json()
    if classes := _union_classes(hint):
        return _tagged_union(classes, (*parents, hint))
    if not (isinstance(get_origin(hint) or hint, type) and attrs.has(hint)):  # attrs takes an object for its class
        raise _not_an_item_type(hint)
    return _struct(hint, (*parents, hint))


def _struct(cls: Any, parents: tuple[Any, ...]) -> DataType:  # noqa: ANN401 - annotations have no type
    try:
        types_of = attribute_types(cls)
    except NameError as error:  # of a class whose annotations only type checkers can resolve, as in this library
        raise _not_an_item_type(cls) from error
    # Attributes without a repr are response metadata, not members of the structure.
    members = [field for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls)) if field.repr is not False]
    fields = tuple(Field(member.name, _data_type(types_of[member.name], parents)) for member in members)
    return Struct(cls, fields) if fields else Json()


def _tagged_union(classes: tuple[type, ...], parents: tuple[Any, ...]) -> TaggedUnion:
    used = {_TAG, _UNKNOWN}
    variants = []
    for cls in classes:
        if issubclass(cls, ModelVariant):
            name = unused_name("_".join(_WORDS.findall(cls.tag)).lower() or cls.tag, used)
            used.add(name)
            variants.append(Variant(cls.tag, name, cls, _data_type(attribute_types(cls)["value"], parents)))
    return TaggedUnion(tuple(variants))


def _union_classes(hint: Any) -> tuple[type, ...]:  # noqa: ANN401 - annotations have no type
    """Return the classes of a tagged union; empty for any other annotation."""
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else ()
    found = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, UnknownMember)]
    return kinds if found else ()
