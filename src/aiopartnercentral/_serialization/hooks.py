"""The converters' hooks for generated classes, made when a class is first met.

A hook is one loop over the members of its class. What a member is called in Python, its type, and whether it may be
left out or shown is read from the class. What the class does not show stands in `FACTS` of its package's `converters`.
So a converter handles the classes of every generated package, and classes derived from them, without being told.
"""

from __future__ import annotations

import inspect
import sys
from collections import abc
from datetime import datetime
from functools import reduce
from importlib import import_module
from operator import or_
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin, get_type_hints

import attrs
from cattrs.errors import StructureHandlerNotFoundError

from aiopartnercentral._serialization import decode, encode
from aiopartnercentral._serialization.conversion_errors import hook_failed, missing
from aiopartnercentral._serialization.decode import decode_object
from aiopartnercentral._serialization.encode import check_class
from aiopartnercentral._serialization.timestamps import timestamp_encoder
from aiopartnercentral.errors import DecodeError, EncodeError, ServiceError
from aiopartnercentral.types import OpenEnum, Request, Structure, UnknownMember, Variant, redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from aiopartnercentral._serialization.decode import Decode
    from aiopartnercentral._serialization.encode import Encode
    from aiopartnercentral._serialization.service_converter import ServiceConverter
    from aiopartnercentral.types import JsonValue

_DECODERS: Mapping[Any, Decode[Any]] = {
    str: decode.decode_string,
    bool: decode.decode_boolean,
    int: decode.decode_integer,
    float: decode.decode_float,
    Any: decode.decode_document,
}
_ENCODERS: Mapping[Any, Encode[Any]] = {
    str: encode.encode_string,
    bool: encode.encode_boolean,
    int: encode.encode_integer,
    Any: encode.encode_document,
}
# A value of exactly one of these types is converted to itself.
_UNCHANGED = frozenset({str, bool, int})
_WITHOUT_PARTS = frozenset({str, bool, int, float, bytes, datetime})
_GENERATED_BASES = frozenset({Structure, Request, Variant, UnknownMember})
# What the annotations of error classes name, besides the classes of their package.
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
    """What converters must know of a service model and its classes do not show.

    Every table has the names of classes for keys. It names, for each, some of its fields.

    Attributes:
        naming: gives the name on the wire of a field that `wire_names` does not name.
        wire_names: names on the wire that `naming` does not give.
        botocore_names: names in botocore's dicts, where they are not those on the wire.
        timestamp_format: how JSON spells a timestamp that `timestamp_formats` does not name.
        timestamp_formats: timestamps that are spelled otherwise.
        required: members that a response must have although the class can be made without them.
        recursive: members that contain an object of the class again.
        sensitive: members of errors, whose classes do not show it, that are sensitive.
    """

    naming: Callable[[str], str] = pascal_case
    wire_names: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    botocore_names: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    timestamp_format: str = "iso8601"
    timestamp_formats: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    required: Mapping[str, Collection[str]] = attrs.field(factory=dict)
    recursive: Mapping[str, Collection[str]] = attrs.field(factory=dict)
    sensitive: Mapping[str, Collection[str]] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class _Member:
    """One member of a generated class, in the wire form of one converter.

    Attributes:
        field: its attribute.
        key: its name in the converter's wire form.
        at: the segment of a JSON path that leads to it.
        type: the type of its value, without None.
        required: a value to be decoded must have it.
        optional: an object to be encoded may be without it.
        recursive: its value contains an object of the class again.
        hidden: it is sensitive and has parts, to which a path must not lead.
        timestamp_format: how JSON spells the timestamps in it.
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

    def decoder(self, converter: ServiceConverter) -> Decode[Any]:
        """Return the structure hook of its value."""
        hook = _decoder(converter, self.type, recursive=self.recursive)
        return decode.hidden_decoder(hook) if self.hidden else hook

    def encoder(self, converter: ServiceConverter) -> Encode[Any]:
        """Return the unstructure hook of its value."""
        hook = _encoder(converter, self.type, self)
        return encode.hidden_encoder(hook) if self.hidden else hook


@attrs.frozen
class ErrorDecoder:
    """The structure hook of an error class: strict as any other when called, tolerant in `tolerantly`."""

    cls: Callable[..., ServiceError]
    members: tuple[tuple[_Member, Decode[Any]], ...]
    _strictly: Decode[ServiceError]

    def __call__(self, raw: JsonValue, _: object = None) -> ServiceError:
        """Return the error of a whole body, or raise `DecodeError`."""
        return self._strictly(raw, self.cls)

    def tolerantly(self, raw: JsonValue, response: Mapping[str, Any], operation: str) -> ServiceError:
        """Return the error with every member that can be decoded.

        A response that is an error already must not turn into a `DecodeError`, and gateways in front of the service
        answer without its members. What could not be decoded is named in `problems`.
        """
        fields, problems = {}, []
        values = raw if isinstance(raw, dict) else {}
        for member, hook in self.members:
            value = values.get(member.key)
            if value is None and member.key == "Message":
                value = values.get("message")  # as gateways and older services spell it
            if value is not None:
                try:
                    fields[member.field] = hook(value, member.type)
                except DecodeError as problem:
                    problems.append(problem.within(member.at))
                except Exception as error:  # noqa: BLE001 - whatever a user's hook raises
                    problems.append(hook_failed(error, DecodeError).within(member.at))
        made = self.cls(response, operation, **fields)
        made.problems = tuple(problems)
        return made


def register(converter: ServiceConverter) -> None:
    """Make a converter handle the classes of every generated package; hooks registered later take precedence."""
    # By class, as cattrs would otherwise take the hook of `str` for a class derived from it.
    converter.register_structure_hook(OpenEnum, decode.decode_enum)
    converter.register_unstructure_hook(OpenEnum, encode.encode_string)
    converter.register_structure_hook_factory(is_decodable, structure_hook)
    converter.register_unstructure_hook_factory(is_encodable, unstructure_hook)


def is_decodable(cl: Any) -> bool:  # noqa: ANN401 - any type form
    """Tell whether a type is a generated class or union, a class derived from one, or a union or None."""
    return generated_base(cl) is not None or _union_name(_without_none(cl)) is not None


def is_encodable(cl: Any) -> bool:  # noqa: ANN401 - any type form
    """Tell whether a type is a generated class or union, or a class derived from one."""
    return generated_base(cl) is not None or _union_name(cl) is not None


def generated_base(cl: Any) -> type | None:  # noqa: ANN401 - any type form
    """Return the generated class that a type is or is derived from, if there is one."""
    return next((base for base in getattr(cl, "__mro__", ()) if _is_generated(base)), None)


def structure_hook(cl: Any, converter: ServiceConverter) -> Decode[Any]:  # noqa: ANN401 - any type form
    """Return the hook that makes an object of a type that `is_decodable`.

    Raises:
        StructureHandlerNotFoundError: it is derived from a generated class, and has fields that nothing can fill.
    """
    base = generated_base(cl)
    if base is None:
        return _union_decoder(cl, converter)
    _check_derived(cl, base)
    if issubclass(base, UnknownMember):
        return decode.unknown_decoder(cl, is_botocore=converter.is_botocore)
    members = tuple(_members(base, converter))
    if issubclass(base, Variant):
        (value,) = members
        return decode.variant_decoder(value.key, cl, value.decoder(converter), value.type)
    if issubclass(base, ServiceError):
        hooks = tuple((member, member.decoder(converter)) for member in members)
        return ErrorDecoder(cl, hooks, _class_decoder(cl, members, converter))
    return _class_decoder(cl, members, converter)


def unstructure_hook(cl: Any, converter: ServiceConverter) -> Encode[Any]:  # noqa: ANN401 - any type form
    """Return the hook that encodes an object of a type that `is_encodable`, as one of the generated class."""
    base = generated_base(cl)
    if base is None:
        return encode.union_encoder(converter, _union_name(cl) or "", get_args(cl))
    if issubclass(base, UnknownMember):
        return encode.unknown_encoder(base, is_botocore=converter.is_botocore)
    members = tuple(_members(base, converter))
    if issubclass(base, Variant):
        (value,) = members
        return encode.variant_encoder(value.key, base, value.encoder(converter))
    return _class_encoder(base, members, converter)


def error_decoder(cls: type[ServiceError], converter: ServiceConverter) -> ErrorDecoder:
    """Return the hook of an error class itself, whatever hook the converter has for the class."""
    hook = structure_hook(cls, converter)
    if not isinstance(hook, ErrorDecoder):
        raise TypeError(f"{cls.__name__} is not a generated error")
    return hook


def _class_decoder(cls: Any, members: Iterable[_Member], converter: ServiceConverter) -> Decode[Any]:  # noqa: ANN401
    plan = [(m.field, m.key, m.at, m.decoder(converter), m.type, m.unchanged, m.required) for m in members]

    def structure(raw: JsonValue, _: object = None) -> Any:  # noqa: ANN401 - an object of the class
        get = decode_object(raw).get
        values: dict[str, Any] = {}
        at = ""
        try:
            for field, key, at, hook, of, unchanged, required in plan:  # noqa: B007 - `at` is for the handlers
                value = get(key)
                if type(value) is unchanged:
                    values[field] = value
                elif value is not None:
                    values[field] = hook(value, of)
                elif required:
                    raise missing()  # noqa: TRY301 - located below like any other
        except DecodeError as error:
            error.within(at)
            raise
        except Exception as error:
            raise hook_failed(error, DecodeError).within(at) from error
        return cls(**values)

    return structure


def _class_encoder(cls: type, members: Iterable[_Member], converter: ServiceConverter) -> Encode[Any]:
    plan = [(m.field, m.key, m.at, m.encoder(converter), m.unchanged, m.optional) for m in members]

    def unstructure(obj: object) -> JsonValue:
        check_class(obj, cls)
        result: dict[str, JsonValue] = {}
        at = ""
        try:
            for field, key, at, hook, unchanged, optional in plan:  # noqa: B007 - `at` is for the handlers
                value = getattr(obj, field)
                if type(value) is unchanged:
                    result[key] = value
                elif value is not None or not optional:
                    result[key] = hook(value)
        except EncodeError as error:
            error.within(at)
            raise
        except Exception as error:
            raise hook_failed(error, EncodeError).within(at) from error
        return result

    return unstructure


def _union_decoder(cl: Any, converter: ServiceConverter) -> Decode[Any]:  # noqa: ANN401 - any type form
    union = _without_none(cl)
    if union != cl:
        hook = converter.get_structure_hook(union)
        return lambda value, _: None if value is None else hook(value, union)
    (unknown,) = (each for each in get_args(cl) if issubclass(each, UnknownMember))
    variants = {next(_members(each, converter)).key: each for each in get_args(cl) if each is not unknown}
    return decode.union_decoder(converter, variants, unknown)


def _decoder(converter: ServiceConverter, of: Any, *, recursive: bool) -> Decode[Any]:  # noqa: ANN401 - any type form
    """Return the structure hook of a value of a type."""
    if of in _DECODERS:
        return _DECODERS[of]
    origin, args = get_origin(of), tuple(map(_without_none, get_args(of)))
    if origin in (list, dict):
        hooks = [_decoder(converter, part, recursive=recursive) for part in args]
        is_sparse = args[-1] != get_args(of)[-1]
        if is_sparse:
            hooks[-1] = decode.nullable_decoder(hooks[-1])
        if origin is list:
            return decode.list_decoder(hooks[0], args[0])
        return decode.map_decoder(hooks[0], args[0], hooks[1], args[1], keeps_null=is_sparse)
    if recursive and is_decodable(of):
        return decode.deferred_decoder(converter, of)
    hook: Decode[Any] = converter.get_structure_hook(of)
    return hook


def _encoder(converter: ServiceConverter, of: Any, member: _Member) -> Encode[Any]:  # noqa: ANN401 - any type form
    """Return the unstructure hook of a value of a type, somewhere in a member."""
    if of in _ENCODERS:
        return _ENCODERS[of]
    if of is float:
        return encode.check_float if converter.is_botocore else encode.encode_float
    if of is datetime and member.timestamp_format != "iso8601":
        return timestamp_encoder(converter, member.timestamp_format)
    origin, args = get_origin(of), tuple(map(_without_none, get_args(of)))
    if origin in (list, dict):
        hooks = [_encoder(converter, part, member) for part in args]
        if args[-1] != get_args(of)[-1]:
            hooks[-1] = encode.nullable_encoder(hooks[-1])
        return encode.list_encoder(hooks[0]) if origin is list else encode.map_encoder(hooks[0], hooks[1])
    if member.recursive and is_encodable(of):
        return encode.deferred_encoder(converter, of)
    hook: Encode[Any] = converter.get_unstructure_hook(of)
    return hook


def _members(cls: type, converter: ServiceConverter) -> Iterator[_Member]:
    """Yield the members of a generated class, in the order of its fields."""
    name, facts = cls.__name__, _facts(cls)
    for field, kind, may_lack, is_sensitive in _error_fields(cls) if issubclass(cls, ServiceError) else _fields(cls):
        required = not may_lack or field in facts.required.get(name, ())
        sensitive = is_sensitive or field in facts.sensitive.get(name, ())
        tag = vars(cls)["tag"] if issubclass(cls, Variant) else None
        wire_name = tag or facts.wire_names.get(name, {}).get(field) or facts.naming(field)
        botocore_name = facts.botocore_names.get(name, {}).get(field, wire_name)
        of = _without_none(kind)
        yield _Member(
            field=field,
            key=botocore_name if converter.is_botocore else wire_name,
            at=f".{wire_name}",
            type=of,
            required=required,
            optional=may_lack and not (issubclass(cls, ServiceError) and required),
            recursive=field in facts.recursive.get(name, ()),
            hidden=sensitive and not _is_without_parts(of),
            timestamp_format=facts.timestamp_formats.get(name, {}).get(field, facts.timestamp_format),
        )


def _fields(cls: Any) -> Iterator[tuple[str, Any, bool, bool]]:  # noqa: ANN401 - an attrs class
    """Yield name, type, whether it may be left out, and whether it is sensitive, of each field of a class."""
    types = get_type_hints(cls)
    for field in attrs.fields(cls):
        if field.name != "response_metadata":  # which is not in the body
            yield field.name, types[field.name], field.default is not attrs.NOTHING, field.repr is redacted


def _error_fields(cls: type[ServiceError]) -> Iterator[tuple[str, Any, bool, bool]]:
    """Yield the same of each argument that an error class takes for a member; its module imports no types."""
    package = _package(cls)
    used = {name: import_module(f"{package}.{name}") for name in ("enums", "structures", "unions")}
    types = get_type_hints(cls.__init__, localns={**used, **_USED_BY_ERRORS})
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            yield parameter.name, types[parameter.name], True, False


def _is_generated(cls: type) -> bool:
    if ServiceError in cls.__bases__:
        # Anybody may derive an error from it; a generated one stands in a package that has converters.
        return "json_converter" in dir(sys.modules.get(_package(cls)))
    return "__attrs_attrs__" in vars(cls) and not _GENERATED_BASES.isdisjoint(cls.__bases__)


def _check_derived(cls: Any, base: type) -> None:  # noqa: ANN401 - an attrs class or an error
    """Refuse a class that needs more to be made than the members of the generated class that it is derived from."""
    if cls is base or not attrs.has(cls):
        return
    known = {field.name for field in attrs.fields(cast("Any", base))}
    further = [f.name for f in attrs.fields(cls) if f.init and f.default is attrs.NOTHING and f.name not in known]
    if further:
        reason = f"{base.__name__} has no {', '.join(further)}: register a structure hook for {cls.__name__}"
        raise StructureHandlerNotFoundError(reason, type_=cls)


def _package(cls: type) -> str:
    """Return the name of the package that a class was generated into."""
    package, _, name = cls.__module__.rpartition(".")
    return package if name in ("unions", "errors") else package.rpartition(".")[0]


def _facts(cls: type) -> Facts:
    facts: Facts = import_module(f"{_package(cls)}.converters").FACTS
    return facts


def _is_without_parts(of: Any) -> bool:  # noqa: ANN401 - any type form
    return of in _WITHOUT_PARTS or (isinstance(of, type) and issubclass(of, OpenEnum))


def _without_none(cl: Any) -> Any:  # noqa: ANN401 - any type form
    """Return `A | B` for `A | B | None`, and any other type as it is."""
    members = _union_members(cl)
    rest = [member for member in members if member is not NoneType]
    return reduce(or_, rest) if rest else cl


def _union_name(cl: Any) -> str | None:  # noqa: ANN401 - any type form
    """Return the name of a generated union, or None if the type is not one."""
    for member in _union_members(cl):
        if isinstance(member, type) and UnknownMember in member.__bases__:
            names = vars(import_module(member.__module__))
            return next((name for name, found in names.items() if found == cl), None)
    return None


def _union_members(cl: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any type form
    return get_args(cl) if get_origin(cl) in (Union, UnionType) else ()
