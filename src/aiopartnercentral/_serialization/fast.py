"""The runtime of the generated fast functions.

They convert common values: the JSON types of the model, one known member in a union, timestamps in the one form that
the service writes. For anything else they raise an exception, and a converter converts the value or reports the error.
So nothing here explains an error, and nothing is lenient.

Decoding has two steps. msgspec reads the JSON text, or the values of CBOR, into objects of wire classes, which checks
the types, and generated functions convert what is not yet as the generated classes have it. A wire class of a structure
has the slots of the structure's class, but not its guard against changes: a frozen attrs class sets each attribute
through `object.__setattr__`, which would cost more than everything else here. So the functions change the objects in
place, and then assign the frozen class to their `__class__`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any, ForwardRef, NoReturn, TypeVar

import msgspec
from msgspec import Raw, field

from aiopartnercentral._serialization.decode import decode_base64
from aiopartnercentral._serialization.encode import (
    check_document as encode_document,
    check_float as encode_float,
    encode_boolean,
    encode_bytes,
    encode_integer,
    encode_string,
)
from aiopartnercentral._serialization.timestamps import check_timestamp as encode_timestamp, from_epoch as decode_epoch
from aiopartnercentral.types import JsonValue as Json

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import TypeAlias

    OptionalRaw: TypeAlias = Raw | None
else:
    OptionalRaw = Raw  # which takes a null as any other JSON, and which msgspec refuses in a union

__all__ = [
    "FallbackRequired",
    "Fast",
    "Json",
    "OptionalRaw",
    "Raw",
    "WireUnion",
    "check_class",
    "check_mapping",
    "check_sequence",
    "decode_base64",
    "decode_blob",
    "decode_epoch",
    "decode_iso8601",
    "decode_optional_iso8601",
    "decode_timestamp",
    "encode_boolean",
    "encode_bytes",
    "encode_document",
    "encode_float",
    "encode_integer",
    "encode_string",
    "encode_timestamp",
    "fall_back",
    "field",
    "mutable_twin",
    "wire",
]

T = TypeVar("T")

_decode_moment = msgspec.json.Decoder(datetime | None).decode
_LONGEST_MOMENT = len('"2024-05-01T12:00:00.123456Z"')
_BUILTINS = frozenset({"bool", "dict", "float", "int", "list", "str"})  # the types in annotations of wire classes
# msgspec completes a struct class when the first decoder of it is made, and crashes if two threads do so at once.
_MAKING_A_DECODER = Lock()


class FallbackRequired(Exception):  # noqa: N818 - not an error: a converter converts the value instead
    """A converter must convert the value, or report the error."""


class WireUnion(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The JSON of a union: one of its members is not None."""


def wire(structure: type) -> Callable[[type[T]], type[T]]:
    """Return a decorator that turns a class with fields into the wire class of a structure.

    msgspec drops unknown members, and a required member must not be null. To msgspec, the class is a dataclass whose
    fields have the names on the wire. Each of them is another name of the slot that holds the field.
    """

    def complete(form: type[T]) -> type[T]:
        annotations, fields = form.__annotations__, vars(form)
        members: dict[str, Any] = {"__doc__": form.__doc__}  # otherwise, `dataclass` takes long to write one
        members["__annotations__"] = {fields[name].name: annotation for name, annotation in annotations.items()}
        for name in annotations:
            if fields[name].default is not msgspec.NODEFAULT:
                members[fields[name].name] = fields[name].default
        named: Any = type(form.__name__, (), members)
        dataclass(init=False, repr=False, eq=False, match_args=False)(named)
        made: Any = mutable_twin(structure)
        made.__name__, made.__module__, made.__doc__ = form.__name__, form.__module__, form.__doc__
        made.__annotations__, made.__dataclass_fields__ = named.__annotations__, named.__dataclass_fields__
        if not _BUILTINS.isdisjoint(named.__annotations__):
            # msgspec would take the member for the type of this name.
            forward = {each: ForwardRef(text, module=form.__module__) for each, text in named.__annotations__.items()}
            made.__annotations__ = forward
        for name in annotations:
            setattr(made, fields[name].name, vars(made)[name])
        return made  # type: ignore[no-any-return] # to a type checker, the class with the fields

    return complete


def mutable_twin(cls: type) -> type[Any]:
    """Return a class whose objects can be filled, and then become objects of the frozen class."""
    return type(cls.__name__, cls.__bases__, {"__slots__": cls.__slots__})  # type: ignore[attr-defined] # attrs makes them


def decode_iso8601(text: Raw) -> datetime:
    """Return the datetime of a timestamp in UTC, whose fraction has at most six digits.

    msgspec reads such a timestamp as botocore does. It rounds a longer fraction, which botocore truncates.
    """
    moment: datetime | None = _decode_moment(text)
    if moment is None or moment.tzinfo is not UTC or len(text) > _LONGEST_MOMENT:
        raise FallbackRequired
    return moment


def decode_optional_iso8601(text: OptionalRaw) -> datetime | None:
    """Return the datetime of a timestamp as `decode_iso8601` does; None if it is absent or null."""
    moment: datetime | None = None if text is None else _decode_moment(text)
    if text is None or moment is None:
        return None
    if moment.tzinfo is not UTC or len(text) > _LONGEST_MOMENT:
        raise FallbackRequired
    return moment


def decode_timestamp(value: Any) -> datetime:  # noqa: ANN401 - as below
    """Return the datetime of a timestamp of CBOR, or of the JSON that stands for it."""
    if type(value) is str:
        return decode_iso8601(Raw(msgspec.json.encode(value)))
    if type(value) is not datetime or value.tzinfo is not UTC:
        raise FallbackRequired
    return value


def decode_blob(value: Any) -> bytes:  # noqa: ANN401 - bytes, or anything that is wrong
    """Return the bytes of a blob of CBOR, or of the JSON that stands for it."""
    return value if type(value) is bytes else decode_base64(value)


def fall_back(_: object) -> NoReturn:
    """Leave a value to the converter."""
    raise FallbackRequired


def check_class(obj: object, cls: type) -> None:
    """Leave an object of another class to the converter, derived ones included."""
    if type(obj) is not cls:
        raise FallbackRequired


def check_sequence(value: Json) -> list[Json] | tuple[Json, ...]:
    """Return a list or tuple, and leave anything else to the converter."""
    if type(value) not in (list, tuple):
        raise FallbackRequired
    return value  # type: ignore[no-any-return] # just seen


def check_mapping(value: Json) -> dict[Any, Json]:
    """Return a dict, and leave anything else to the converter."""
    if type(value) is not dict:
        raise FallbackRequired
    return value


class Fast:
    """The fast functions of one service, each imported when its class is first converted.

    Where the module `structures.NAME` of the package has a class, the module `fast.NAME` has its functions: `DECODERS`
    holds the wire class and the function of each class received, `ENCODERS` the function of each request.
    """

    def __init__(self, package: str) -> None:
        """Take the functions of a generated package."""
        self.package = package
        self._decoders: dict[type, Callable[[bytes | str], Any]] = {}
        self._cbor_decoders: dict[type, Callable[[bytes], Any]] = {}
        self._encoders: dict[type, Callable[[Any], dict[str, Json]]] = {}
        self._modules: dict[str, ModuleType | None] = {}

    def decode(self, data: bytes | str, cls: object) -> Any:  # noqa: ANN401 - an object of the class
        """Decode JSON text into an object of the class; returns None if a converter must decode or report it."""
        decode = self.decoder(cls)
        try:
            return None if decode is None else decode(data)
        except Exception:  # noqa: BLE001 - a converter must decide
            return None

    def decode_cbor(self, data: bytes, cls: type) -> Any:  # noqa: ANN401 - as above
        """Decode CBOR into an object of the class; returns None if a converter must decode or report it."""
        decode = self._cbor_decoders.get(cls) or self._load_cbor_decoder(cls)
        try:
            return None if decode is None else decode(data)
        except Exception:  # noqa: BLE001 - a converter must decide
            return None

    def encode(self, request: object, cls: type) -> dict[str, Json] | None:
        """Encode a request into botocore's parameters; returns None if a converter must encode or report it."""
        encode = self.encoder(cls) if type(request) is cls else None
        try:
            return None if encode is None else encode(request)
        except Exception:  # noqa: BLE001 - a converter must decide
            return None

    def decoder(self, cls: object) -> Callable[[bytes | str], Any] | None:
        """Return the function that decodes JSON text into an object of the class, if there is one."""
        if not isinstance(cls, type):
            return None
        return self._decoders.get(cls) or self._load_decoder(cls)

    def encoder(self, cls: type) -> Callable[[Any], dict[str, Json]] | None:
        """Return the function that encodes a request of the class into botocore's parameters, if there is one."""
        return self._encoders.get(cls) or self._load_encoder(cls)

    def _load_decoder(self, cls: type) -> Callable[[bytes | str], Any] | None:
        found = self._found_decoder(cls)
        if found is None:
            return None
        parse, _, convert = found

        def decode(data: bytes | str) -> Any:  # noqa: ANN401 - an object of the class
            if not data.isascii() and not isinstance(data, str):
                data.decode()  # checks UTF-8 in members that msgspec skips
            return convert(parse(data))

        self._decoders[cls] = decode
        return decode

    def _load_cbor_decoder(self, cls: type) -> Callable[[bytes], Any] | None:
        found = self._found_decoder(cls)
        if found is None:
            return None
        from aiopartnercentral._serialization import cbor  # noqa: PLC0415 - few services speak CBOR

        _, wire, convert = found
        parse = cbor.decoder(wire)

        def decode(data: bytes) -> Any:  # noqa: ANN401 - an object of the class
            return convert(parse(data))

        self._cbor_decoders[cls] = decode
        return decode

    def _found_decoder(self, cls: type) -> tuple[Callable[[bytes | str], Any], type, Callable[[Any], Any]] | None:
        """Return what parses the JSON of a class, its wire class, and its function; None if none was generated."""
        module = self._module(cls)
        if module is None or cls not in module.DECODERS:
            return None
        wire, convert = module.DECODERS[cls]
        with _MAKING_A_DECODER:
            return msgspec.json.Decoder(wire).decode, wire, convert

    def _load_encoder(self, cls: type) -> Callable[[Any], dict[str, Json]] | None:
        module = self._module(cls)
        encode: Callable[[Any], dict[str, Json]] | None = None if module is None else module.ENCODERS.get(cls)
        if encode is not None:
            self._encoders[cls] = encode
        return encode

    def _module(self, cls: type) -> ModuleType | None:
        """Return the module of a class's functions, or None if none was generated."""
        package, _, name = cls.__module__.rpartition(".structures.")
        if package != self.package:
            return None
        if name not in self._modules:
            has_functions = find_spec(f"{package}.fast.{name}") is not None
            self._modules[name] = import_module(f"{package}.fast.{name}") if has_functions else None
        return self._modules[name]
