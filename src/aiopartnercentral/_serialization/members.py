"""The members of a generated class for converters, from the class itself and the facts of its package."""

from __future__ import annotations

import inspect
import sys
from collections import abc
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from importlib import import_module
from operator import or_
from types import GenericAlias, NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from aiopartnercentral.errors import ServiceError
from aiopartnercentral.types import OpenEnum, Request, Response, Structure, UnknownMember, Variant, redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

ISO_8601 = "iso8601"

# A value of exactly one of these types is converted to itself.
_UNCHANGED = frozenset({str, bool, int})
_WITHOUT_PARTS = frozenset({str, bool, int, float, bytes, datetime})
_GENERATED_BASES = frozenset({Structure, Request, Response, Variant, UnknownMember})
# Names in the annotations of error classes other than classes of their package.
_USED_BY_ERRORS: Mapping[str, Any] = {"Mapping": abc.Mapping, "datetime": datetime, "JsonValue": Any}


def pascal_case(field: str) -> str:
    """Return `other_participant` as `OtherParticipant`."""
    return "".join(word[:1].upper() + word[1:] for word in field.split("_"))


def camel_case(field: str) -> str:
    """Return `other_participant` as `otherParticipant`."""
    name = pascal_case(field)
    return name[:1].lower() + name[1:]


@attrs.frozen(kw_only=True)
class Facts:
    """Facts of a service model that converters need and generated classes do not have.

    The keys of each table are names of classes; the entry of a class names some of its fields.

    Attributes:
        naming: gives the name on the wire of every field that `wire_names` lacks.
        wire_names: names on the wire that `naming` does not give.
        botocore_names: names in botocore's dicts, where they differ from those on the wire.
        timestamp_format: the format in JSON of every timestamp that `timestamp_formats` lacks.
        timestamp_formats: the formats of the others.
        required: members that a response must have although the class can be created without them.
        recursive: members that contain an object of the class again.
        sensitive: sensitive members of errors, whose classes do not show it.
        is_cbor: whether responses are CBOR, and not JSON.
    """

    naming: Callable[[str], str] = pascal_case
    wire_names: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    botocore_names: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    timestamp_format: str = ISO_8601
    timestamp_formats: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    required: Mapping[str, Collection[str]] = attrs.field(factory=dict)
    recursive: Mapping[str, Collection[str]] = attrs.field(factory=dict)
    sensitive: Mapping[str, Collection[str]] = attrs.field(factory=dict)
    is_cbor: bool = False


@attrs.frozen(kw_only=True)
class Member:
    """One member of a generated class, in one representation.

    Attributes:
        field: its attribute.
        key: its name in the representation.
        at: the segment of a JSON path that leads to it.
        type: the type of its value, without None.
        required: a value to be decoded must have it.
        optional: an object to be encoded may lack it.
        recursive: its value contains an object of the class again.
        hidden: it is sensitive and has parts, which no path may name.
        timestamp_format: how the JSON spells the timestamps in it.
    """

    field: str
    key: str
    at: str
    type: Any
    required: bool
    optional: bool
    recursive: bool
    hidden: bool
    timestamp_format: str

    @property
    def unchanged(self) -> type | None:
        """The type whose values are decoded and encoded as themselves, if the member's is one."""
        return self.type if self.type in _UNCHANGED else None


def generated_base(cl: Any) -> type | None:  # noqa: ANN401 - any type form
    """Return the generated class that a type is or is derived from, if there is one."""
    return next((base for base in getattr(cl, "__mro__", ()) if _is_generated(base)), None)


def union_name(cl: Any) -> str | None:  # noqa: ANN401 - any type form
    """Return the name of a generated union, or None if the type is not one."""
    for member in _union_members(cl):
        if isinstance(member, type) and UnknownMember in member.__bases__:
            names = vars(import_module(member.__module__))
            return next((name for name, found in names.items() if found == cl), None)
    return None


def union_of(cls: type) -> Any:  # noqa: ANN401 - a union is not a class
    """Return the generated union that a class is a member of."""
    return next(found for found in vars(import_module(cls.__module__)).values() if cls in _union_members(found))


def without_none(cl: Any) -> Any:  # noqa: ANN401 - any type form
    """Return `A | B` for `A | B | None`, and any other type as it is."""
    rest = [member for member in _union_members(cl) if member is not NoneType]
    return reduce(or_, rest) if rest else cl


def decoded_type(cl: Any) -> Any:  # noqa: ANN401 - any type form
    """Return the type of a decoded value, where objects that users create take others too.

    They take any sequence for a list, any mapping for a dict, and the string of a known value for an enum.
    """
    origin, args = get_origin(cl), get_args(cl)
    if origin in (Union, UnionType):
        return reduce(or_, [decoded_type(member) for member in args if get_origin(member) is not Literal])
    if origin is abc.Sequence:
        return GenericAlias(list, tuple(map(decoded_type, args)))
    if origin is abc.Mapping:
        return GenericAlias(dict, args)
    return cl


def attribute_types(cls: type) -> dict[str, Any]:
    """Return the type that each attribute of a generated class has once it is decoded."""
    return {name: decoded_type(hint) for name, hint in get_type_hints(cls).items()}


def members(cls: type, *, is_botocore: bool) -> Iterator[Member]:
    """Yield the members of a generated class, in the order of its fields."""
    name, is_error = cls.__name__, issubclass(cls, ServiceError)
    facts: Facts = import_module(f"{package_of(cls)}.fast").FAST.facts
    tag = cls.tag if issubclass(cls, Variant) else None
    for field, kind, has_default, is_redacted in _error_fields(cls) if is_error else _fields(cls):
        required = not has_default or field in facts.required.get(name, ())
        sensitive = is_redacted or field in facts.sensitive.get(name, ())
        wire_names = facts.wire_names.get(name, {}) if tag is None else {field: tag}
        wire_name = wire_names[field] if field in wire_names else facts.naming(field)
        botocore_name = facts.botocore_names.get(name, {}).get(field, wire_name)
        of = without_none(kind)
        yield Member(
            field=field,
            key=botocore_name if is_botocore else wire_name,
            at=f".{wire_name}",
            type=of,
            required=required,
            # A request may lack its idempotency token, which is generated; an error may lack members, as gateways send
            # it.
            optional=has_default and not (is_error and required),
            recursive=field in facts.recursive.get(name, ()),
            hidden=sensitive and not _is_without_parts(of),
            timestamp_format=facts.timestamp_formats.get(name, {}).get(field, facts.timestamp_format),
        )


def _fields(cls: Any) -> Iterator[tuple[str, Any, bool, bool]]:  # noqa: ANN401 - an attrs class
    """Yield name and type of each field of a class, whether it has a default, and whether its repr is redacted."""
    types = attribute_types(cls)
    for field in attrs.fields(cls):
        if field.name != "response_metadata":  # which is not in the body
            yield field.name, types[field.name], field.default is not attrs.NOTHING, field.repr is redacted


def _error_fields(cls: type) -> Iterator[tuple[str, Any, bool, bool]]:
    """Yield the same of each argument that an error class takes for a member; its module imports no types."""
    package = package_of(cls)
    used = {name: import_module(f"{package}.{name}") for name in ("enums", "structures")}
    types = get_type_hints(vars(cls)["__init__"], localns={**used, **_USED_BY_ERRORS})
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            yield parameter.name, types[parameter.name], True, False


def _is_generated(cls: type) -> bool:
    if ServiceError in cls.__bases__:
        # Users may derive errors from it; a generated one is in a package that has converters.
        return "json_converter" in dir(sys.modules.get(package_of(cls)))
    if cls in _GENERATED_BASES:
        return False
    return "__attrs_attrs__" in vars(cls) and not _GENERATED_BASES.isdisjoint(cls.__bases__)


def package_of(cls: type) -> str:
    """Return the name of the package that a class was generated into."""
    package, _, name = cls.__module__.rpartition(".")
    return package if name == "errors" else package.rpartition(".")[0]


def _is_without_parts(of: Any) -> bool:  # noqa: ANN401 - any type form
    return of in _WITHOUT_PARTS or (isinstance(of, type) and issubclass(of, OpenEnum))


def _union_members(cl: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any type form
    return get_args(cl) if get_origin(cl) in (Union, UnionType) else ()


def mutable_twin(cls: type) -> type[Any]:
    """Return a class whose objects can be filled, and then become objects of the frozen class."""
    unguarded = {
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }  # the base of responses is frozen
    return type(cls.__name__, cls.__bases__, {"__slots__": vars(cls)["__slots__"], **unguarded})


def complete_twin(twin: Any, found: list[Member], forms: Mapping[str, Any]) -> None:  # noqa: ANN401 - not a known class
    """Give a mutable twin the types of its members.

    To msgspec, the class is a dataclass whose fields have the names on the wire. Each of them is another name of the
    slot that holds the field.
    """
    defaults = dict.fromkeys(member.key for member in found if not member.required)
    # Without a docstring, `dataclass` takes long to write one.
    named: Any = type(twin.__name__, (), {"__doc__": "As JSON.", "__annotations__": forms, **defaults})
    dataclass(init=False, repr=False, eq=False, match_args=False)(named)
    twin.__annotations__, twin.__dataclass_fields__ = forms, named.__dataclass_fields__
    for member in found:
        setattr(twin, member.key, vars(twin)[member.field])
