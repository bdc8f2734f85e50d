"""The converters' hooks for generated classes, created when a class is first converted.

A hook is one loop over the members of its class. The class itself has each member's Python name and type, and whether
it is optional or sensitive. Other facts are in `FAST` of its package. So a converter handles the
classes of every generated package, and classes derived from them, without any registration.
"""

from __future__ import annotations

import inspect
from datetime import datetime
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Union, get_args, get_origin, get_type_hints

import attrs
from cattrs.errors import StructureHandlerNotFoundError

from aiopartnercentral._serialization import decode, encode
from aiopartnercentral._serialization.conversion_errors import hook_failed, missing
from aiopartnercentral._serialization.decode import decode_object
from aiopartnercentral._serialization.encode import encode_derived
from aiopartnercentral._serialization.members import ISO_8601, generated_base, members, union_name, without_none
from aiopartnercentral._serialization.timestamps import timestamp_encoder
from aiopartnercentral.errors import DecodeError, EncodeError, ServiceError
from aiopartnercentral.types import OpenEnum, UnknownMember, Variant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aiopartnercentral._serialization.decode import Decode
    from aiopartnercentral._serialization.encode import Encode
    from aiopartnercentral._serialization.members import Member
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
}
# By whether it is a converter of botocore's dicts.
_OTHER_ENCODERS: Mapping[bool, Mapping[Any, Encode[Any]]] = {
    False: {float: encode.encode_float, Any: encode.encode_document},
    True: {float: encode.check_float, Any: encode.check_document},
}


@attrs.frozen
class ErrorDecoder:
    """The structure hook of an error class: strict when it is called, and tolerant in `tolerantly`."""

    cls: Callable[..., ServiceError]
    members: tuple[tuple[Member, Decode[Any]], ...]
    _strictly: Decode[ServiceError]

    def __call__(self, raw: JsonValue, _: object = None) -> ServiceError:
        """Return the error of a whole body, or raise `DecodeError`."""
        return self._strictly(raw, self.cls)

    def tolerantly(self, raw: JsonValue, response: Mapping[str, Any], operation: str) -> ServiceError:
        """Return the error with every member that can be decoded.

        An error response must not become a `DecodeError`, and responses of gateways lack members of the service's
        errors. `problems` has an error for each member that could not be decoded.
        """
        fields, problems = {}, []
        values = raw if isinstance(raw, dict) else {}
        for member, hook in self.members:
            value = values.get(member.key)
            if value is None and member.key == "Message":
                value = values.get("message")  # the spelling of gateways and older services
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
    # By class, as cattrs would otherwise use the hook of `str` for a class derived from it.
    converter.register_structure_hook(OpenEnum, decode.decode_enum)
    converter.register_unstructure_hook(OpenEnum, encode.encode_string)
    converter.register_structure_hook_factory(_is_ambiguous, _refuse_union)
    converter.register_structure_hook_factory(is_decodable, structure_hook)
    converter.register_unstructure_hook_factory(is_encodable, unstructure_hook)


def is_decodable(cl: Any) -> bool:  # noqa: ANN401 - any type form
    """Return whether a type is a generated class or union, a class derived from one, or an optional union."""
    return generated_base(cl) is not None or union_name(without_none(cl)) is not None


def is_encodable(cl: Any) -> bool:  # noqa: ANN401 - any type form
    """Return whether a type is a generated class or union, or a class derived from one."""
    return generated_base(cl) is not None or union_name(cl) is not None


def _is_ambiguous(cl: Any) -> bool:  # noqa: ANN401 - any type form
    """Return whether a type is a union, other than a generated one, of generated classes and others."""
    parts = get_args(without_none(cl)) if get_origin(cl) in (Union, UnionType) else ()
    return union_name(without_none(cl)) is None and any(generated_base(part) is not None for part in parts)


def _refuse_union(cl: Any, _: ServiceConverter) -> Decode[Any]:  # noqa: ANN401 - as above
    """Refuse to choose a class by its attributes, as cattrs does: their names are not those on the wire.

    Raises:
        StructureHandlerNotFoundError: always.
    """
    names = " or ".join(getattr(part, "__name__", str(part)) for part in get_args(without_none(cl)))
    raise StructureHandlerNotFoundError(
        f"JSON does not say whether it is {names}: register a structure hook for the union", type_=cl
    )


def structure_hook(cl: Any, converter: ServiceConverter) -> Decode[Any]:  # noqa: ANN401 - any type form
    """Return the hook that decodes an object of a type that `is_decodable`.

    Raises:
        StructureHandlerNotFoundError: the class is derived from a generated class, and has fields of its own.
    """
    base = generated_base(cl)
    if base is None:
        return _union_decoder(cl, converter)
    if difference := _difference(cl, base):
        raise StructureHandlerNotFoundError(f"{difference}: register a structure hook for it", type_=cl)
    if issubclass(base, UnknownMember):
        return decode.unknown_decoder(cl, is_botocore=converter.is_botocore)
    found = tuple(members(base, is_botocore=converter.is_botocore))
    if issubclass(base, Variant):
        (value,) = found
        return decode.variant_decoder(value.key, cl, _member_decoder(value, converter), value.type)
    if issubclass(base, ServiceError):
        hooks = tuple((member, _member_decoder(member, converter)) for member in found)
        return ErrorDecoder(cl, hooks, _class_decoder(cl, found, converter))
    return _class_decoder(cl, found, converter)


def unstructure_hook(cl: Any, converter: ServiceConverter) -> Encode[Any]:  # noqa: ANN401 - any type form
    """Return the hook that encodes an object of a type that `is_encodable`.

    Raises:
        EncodeError: the class is derived from a generated class, and has fields of its own.
    """
    base = generated_base(cl)
    if base is None:
        return encode.union_encoder(converter, union_name(cl) or "", get_args(cl))
    if difference := _difference(cl, base):
        raise EncodeError(f"{difference}: register an unstructure hook for it")
    if issubclass(base, UnknownMember):
        return encode.unknown_encoder(converter, cl, is_botocore=converter.is_botocore)
    found = tuple(members(base, is_botocore=converter.is_botocore))
    if issubclass(base, Variant):
        (value,) = found
        return encode.variant_encoder(converter, value.key, cl, _member_encoder(value, converter))
    return _class_encoder(cl, found, converter)


def error_decoder(cls: type[ServiceError], converter: ServiceConverter) -> ErrorDecoder:
    """Return the hook of an error class, ignoring a user's hook for the class itself."""
    hook = structure_hook(cls, converter)
    if not isinstance(hook, ErrorDecoder):
        raise TypeError(f"{cls.__name__} is not a generated error")
    return hook


def _class_decoder(cls: Any, found: Iterable[Member], converter: ServiceConverter) -> Decode[Any]:  # noqa: ANN401
    plan = [(m.field, m.key, m.at, _member_decoder(m, converter), m.type, m.unchanged, m.required) for m in found]

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


def _class_encoder(cls: type, found: Iterable[Member], converter: ServiceConverter) -> Encode[Any]:
    plan = [(m.field, m.key, m.at, _member_encoder(m, converter), m.unchanged, m.optional) for m in found]

    def unstructure(obj: object) -> JsonValue:
        if type(obj) is not cls:
            return encode_derived(converter, obj, cls)
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
    union = without_none(cl)
    if union != cl:
        hook = converter.get_structure_hook(union)
        return lambda value, _: None if value is None else hook(value, union)
    *known, unknown = get_args(cl)
    variants = {next(members(each, is_botocore=converter.is_botocore)).key: each for each in known}
    return decode.union_decoder(converter, variants, unknown)


def _member_decoder(member: Member, converter: ServiceConverter) -> Decode[Any]:
    hook = _decoder(converter, member.type, member)
    return decode.hidden_decoder(hook) if member.hidden else hook


def _member_encoder(member: Member, converter: ServiceConverter) -> Encode[Any]:
    hook = _encoder(converter, member.type, member)
    return encode.hidden_encoder(hook) if member.hidden else hook


def _decoder(converter: ServiceConverter, of: Any, member: Member) -> Decode[Any]:  # noqa: ANN401 - any type form
    """Return the structure hook of a value of a type, somewhere in a member."""
    if of in _DECODERS:
        return _DECODERS[of]
    origin, args = get_origin(of), tuple(map(without_none, get_args(of)))
    if origin in (list, dict):
        hooks = [_decoder(converter, part, member) for part in args]
        is_sparse = args[-1] != get_args(of)[-1]
        if is_sparse:
            hooks[-1] = decode.nullable_decoder(hooks[-1])
        if origin is list:
            return decode.list_decoder(hooks[0], args[0])
        return decode.map_decoder(hooks[0], args[0], hooks[1], args[1], keeps_null=is_sparse)
    if member.recursive and is_decodable(of):
        return decode.deferred_decoder(converter, of)
    hook: Decode[Any] = converter.get_structure_hook(of)
    return hook


def _encoder(converter: ServiceConverter, of: Any, member: Member) -> Encode[Any]:  # noqa: ANN401 - any type form
    """Return the unstructure hook of a value of a type, somewhere in a member."""
    found = _ENCODERS.get(of) or _OTHER_ENCODERS[converter.is_botocore].get(of)
    if found is not None:
        return found
    if of is datetime and member.timestamp_format != ISO_8601:
        return timestamp_encoder(converter, member.timestamp_format)
    origin, args = get_origin(of), tuple(map(without_none, get_args(of)))
    if origin in (list, dict):
        hooks = [_encoder(converter, part, member) for part in args]
        if args[-1] != get_args(of)[-1]:
            hooks[-1] = encode.nullable_encoder(hooks[-1])
        return encode.list_encoder(hooks[0]) if origin is list else encode.map_encoder(hooks[0], hooks[1])
    if member.recursive and is_encodable(of):
        return encode.deferred_encoder(converter, of)
    hook: Encode[Any] = converter.get_unstructure_hook(of)
    return hook


def _difference(cls: Any, base: type) -> str:  # noqa: ANN401 - an attrs class or an error
    """Return in which fields a derived class differs from its generated class; empty if in none.

    The hook of the generated class would fill in such fields in decoding, and lose them in encoding.
    """
    if cls is base:
        return ""
    own, known = _declared(cls), _declared(base)
    fields = sorted(name for name in {**own, **known} if own.get(name) != known.get(name))
    return f"{cls.__name__} differs from {base.__name__} in {', '.join(fields)}" if fields else ""


def _declared(cls: Any) -> dict[str, tuple[Any, bool]]:  # noqa: ANN401 - as above
    """Return the type of each attribute that a class declares, and whether its constructor takes it."""
    try:
        hints = get_type_hints(cls)
    except NameError:  # of a class that is local to a function
        hints = {name: None for each in cls.__mro__ for name in inspect.get_annotations(each)}
    taken = inspect.signature(cls).parameters
    fields = {*taken, *(name for name, of in hints.items() if get_origin(of) is not ClassVar)}
    fields |= {field.name for field in attrs.fields(cls)} if attrs.has(cls) else set()
    return {name: (hints.get(name), name in taken) for name in fields}
