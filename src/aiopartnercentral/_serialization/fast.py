"""The fast way between wire and objects: what the generated `fast` packages are made of, and how they are used.

It is sure of the usual alone: the JSON types of the model, one known member in a union, timestamps in the one form
that the service writes. Anything else makes it raise, and the value goes through a converter's own hooks, which decode
it or say what is wrong with it. So nothing here explains itself, and nothing here is lenient.

Decoding has two steps. msgspec reads the JSON text into a `Wire` object of the same shape, which checks the types, and
a generated function moves its members into objects of the generated classes. An attrs class that is frozen sets each
attribute through `object.__setattr__`, which would cost more than everything else here. So the function fills a
`blank` instead: an object of a class without that guard and with the same slots, which becomes the frozen class by
assignment to `__class__` once it is whole.
"""

from __future__ import annotations

import re
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
from msgspec import field

from aiopartnercentral._serialization.decode import decode_base64 as blob
from aiopartnercentral._serialization.encode import (
    check_class,
    check_float as encode_float,
    encode_boolean,
    encode_bytes,
    encode_document,
    encode_integer,
    encode_string,
)
from aiopartnercentral._serialization.timestamps import check_timestamp as encode_timestamp, from_epoch
from aiopartnercentral.types import JsonValue as Json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "Fast",
    "Json",
    "Unsure",
    "Wire",
    "WireUnion",
    "all_digits",
    "blank",
    "blob",
    "check_class",
    "encode_boolean",
    "encode_bytes",
    "encode_document",
    "encode_float",
    "encode_integer",
    "encode_string",
    "encode_timestamp",
    "field",
    "from_epoch",
    "from_iso",
    "mapping",
    "sequence",
    "unsure",
]

from_iso: Callable[[str], datetime] = datetime.fromisoformat
all_digits: Callable[[str], re.Match[str] | None] = re.compile("[0-9]+").fullmatch


class Unsure(Exception):  # noqa: N818 - no error: it never leaves the converters
    """The value is not of the usual kind."""


class Wire(msgspec.Struct, gc=False):
    """A structure as it stands in the JSON; unknown members are left out, and null is no value of a required one."""


class WireUnion(Wire, forbid_unknown_fields=True):
    """A union as it stands in the JSON: one of its members is not None."""


def blank(cls: type) -> type[Any]:
    """Return a class whose objects can become objects of the frozen class."""
    return type(cls.__name__, cls.__bases__, {"__slots__": cls.__slots__})  # type: ignore[attr-defined] # attrs makes them


def unsure(value: object) -> NoReturn:  # noqa: ARG001 - whatever it is
    """Leave a value to the converter."""
    raise Unsure


def sequence(value: Json) -> list[Json] | tuple[Json, ...]:
    """Be sure of a list or tuple."""
    if type(value) not in (list, tuple):
        raise Unsure
    return value  # type: ignore[no-any-return] # just seen


def mapping(value: Json) -> dict[Any, Json]:
    """Be sure of a dict."""
    if type(value) is not dict:
        raise Unsure
    return value


class Fast:
    """The fast functions of one service, each loaded when its class is first met.

    A generated module `fast.NAME` holds `DECODERS`, the wire class and the function of each class received, and
    `ENCODERS`, the function of each request. A function raises anything at all where a converter must decide.
    """

    def __init__(self, package: str, modules: Mapping[str, str]) -> None:
        """Take the functions of a package; `modules` tells the module of each class, by the class's name."""
        self.package = package
        self._modules = modules
        self._decoders: dict[type, Callable[[bytes | str], Any]] = {}
        self._encoders: dict[type, Callable[[Any], dict[str, Json]]] = {}

    def decode(self, data: bytes | str, cls: object) -> Any:  # noqa: ANN401 - an object of the class
        """Make an object of the class of JSON text; None where a converter must decode or report it."""
        decode = self.decoder(cls)
        try:
            return None if decode is None else decode(data)
        except Exception:  # noqa: BLE001 - whatever it was not sure of
            return None

    def encode(self, request: object, cls: type) -> dict[str, Json] | None:
        """Make botocore's parameters of a request of the class; None where a converter must encode or report it."""
        encode = self.encoder(cls) if type(request) is cls else None
        try:
            return None if encode is None else encode(request)
        except Exception:  # noqa: BLE001 - whatever it was not sure of
            return None

    def decoder(self, cls: object) -> Callable[[bytes | str], Any] | None:
        """Return the function that makes an object of the class of JSON text, if there is one."""
        if not isinstance(cls, type):
            return None
        return self._decoders.get(cls) or self._load_decoder(cls)

    def encoder(self, cls: type) -> Callable[[Any], dict[str, Json]] | None:
        """Return the function that makes botocore's parameters of a request of the class, if there is one."""
        return self._encoders.get(cls) or self._load_encoder(cls)

    def _load_decoder(self, cls: type) -> Callable[[bytes | str], Any] | None:
        wire, convert = self._table("DECODERS", cls).get(cls, (None, None))
        if wire is None:
            return None
        parse = msgspec.json.Decoder(wire).decode

        def decode(data: bytes | str) -> Any:  # noqa: ANN401 - an object of the class
            if not data.isascii() and not isinstance(data, str):
                data.decode()  # which finds bad UTF-8 in members that msgspec passes over
            return convert(parse(data))

        self._decoders[cls] = decode
        return decode

    def _load_encoder(self, cls: type) -> Callable[[Any], dict[str, Json]] | None:
        encode: Callable[[Any], dict[str, Json]] | None = self._table("ENCODERS", cls).get(cls)
        if encode is not None:
            self._encoders[cls] = encode
        return encode

    def _table(self, name: str, cls: type) -> Mapping[type, Any]:
        module = self._modules.get(cls.__name__)
        table: Mapping[type, Any] = getattr(import_module(f"{self.package}.{module}"), name) if module else {}
        return table
