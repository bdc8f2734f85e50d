"""The parts of structure hooks: strict scalars, lists, maps and unions."""

from __future__ import annotations

import base64
import binascii
import math
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import attrs

from aiopartnercentral._serialization.conversion_errors import expected, hide, key_segment, raise_within
from aiopartnercentral.errors import DecodeError
from aiopartnercentral.types import OpenEnum, UnknownMember

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import cattrs

    from aiopartnercentral.types import JsonValue

T = TypeVar("T")
K = TypeVar("K")
EnumT = TypeVar("EnumT", bound=OpenEnum)
Decode: TypeAlias = "Callable[[JsonValue, Any], T]"
"""A cattrs structure hook: takes the value and the type wanted."""

UNKNOWN_MEMBER = "SDK_UNKNOWN_MEMBER"


def decode_string(value: JsonValue, _: object = str) -> str:
    """Return a string, or raise `DecodeError`."""
    if isinstance(value, str):
        return value
    raise expected("string", value)


def decode_boolean(value: JsonValue, _: object = bool) -> bool:
    """Return a boolean, or raise `DecodeError`."""
    if isinstance(value, bool):
        return value
    raise expected("boolean", value)


def decode_integer(value: JsonValue, _: object = int) -> int:
    """Return an integer, or raise `DecodeError`; a boolean is not an integer."""
    if type(value) is int:
        return value
    raise expected("integer", value)


def decode_float(value: JsonValue, _: object = float) -> float:
    """Return a float, or raise `DecodeError`; the names of the values that JSON has no number for are accepted."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        with suppress(OverflowError):
            number = float(value)
            if math.isfinite(number) or not isinstance(value, Decimal):
                return number
        raise DecodeError("expected number, got one out of range")
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    raise expected("number", value)


def decode_base64(value: JsonValue, _: object = bytes) -> bytes:
    """Return the bytes of a base64 string, or raise `DecodeError`."""
    if not isinstance(value, str):
        raise expected("base64 string", value)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise DecodeError("expected base64 string, got another string") from None


def decode_bytes(value: JsonValue, _: object = bytes) -> bytes:
    """Return bytes, or raise `DecodeError`."""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    raise expected("bytes", value)


def decode_document(value: JsonValue, _: object = object) -> JsonValue:
    """Return a document, which is any JSON."""
    return value


def decode_object(value: JsonValue) -> dict[str, JsonValue]:
    """Return a JSON object, or raise `DecodeError`."""
    if isinstance(value, dict):
        return value
    raise expected("object", value)


def decode_enum(value: JsonValue, cls: type[EnumT]) -> EnumT:
    """Return the member of an open enum for a value, or a new one if the model does not know it."""
    if not isinstance(value, str):
        raise expected("string", value)
    member: Any = cls._value2member_map_.get(value)
    return cls(value) if member is None else member


def list_decoder(element: Decode[T], cls: Any) -> Decode[list[T]]:  # noqa: ANN401 - any type form
    """Return the hook of a list whose elements, of type `cls`, are decoded by `element`."""

    def decode(value: JsonValue, _: object = list) -> list[T]:
        if not isinstance(value, list):
            raise expected("array", value)
        result: list[T] = []
        try:
            for item in value:
                result.append(element(item, cls))  # noqa: PERF401 - its length is the index of the one that fails
        except Exception as error:  # noqa: BLE001 - raised again, with its place
            raise_within(error, f"[{len(result)}]", DecodeError)
        return result

    return decode


def map_decoder(
    key: Decode[K],
    key_cls: Any,  # noqa: ANN401 - any type form
    value: Decode[T],
    value_cls: Any,  # noqa: ANN401 - any type form
    *,
    keeps_null: bool = False,
) -> Decode[dict[K, T]]:
    """Return the hook of a map; an entry whose value is null counts as absent, unless the map keeps it."""

    def decode(raw: JsonValue, _: object = dict) -> dict[K, T]:
        if not isinstance(raw, dict):
            raise expected("object", raw)
        result: dict[K, T] = {}
        name: object = None
        try:
            for name, item in raw.items():
                if item is not None or keeps_null:
                    result[key(name, key_cls)] = value(item, value_cls)
        except Exception as error:  # noqa: BLE001 - raised again, with its place
            raise_within(error, key_segment(name), DecodeError)
        return result

    return decode


def nullable_decoder(value: Decode[T]) -> Decode[T | None]:
    """Return the hook of the elements or values of a sparse collection, which may be null."""
    return lambda raw, cls: None if raw is None else value(raw, cls)


def hidden_decoder(value: Decode[T]) -> Decode[T]:
    """Return the hook of a sensitive value with parts, whose errors do not say which part is malformed."""

    def decode(raw: JsonValue, cls: Any) -> T:  # noqa: ANN401 - any type form
        try:
            return value(raw, cls)
        except DecodeError as error:
            hide(error)
            raise

    return decode


def deferred_decoder(converter: cattrs.Converter, cls: Any) -> Decode[Any]:  # noqa: ANN401 - any type form
    """Return a hook that looks up the real one when it is called, as that of a recursive shape is not built yet."""

    def decode(value: JsonValue, cls: Any = cls) -> Any:  # noqa: ANN401 - any type form
        return converter.get_structure_hook(cls)(value, cls)

    return decode


@attrs.frozen
class _VariantDecoder:
    """The hook of one variant class of a union."""

    tag: str
    cls: Callable[[Any], Any]
    value: Decode[Any]
    value_cls: Any

    def __call__(self, raw: JsonValue, _: object = None) -> Any:  # noqa: ANN401 - the variant class
        tag, value = _only_member(raw)
        if tag != self.tag:
            raise DecodeError(f"expected union member {self.tag}, got another one")
        return self.decode(value)

    def decode(self, value: JsonValue) -> Any:  # noqa: ANN401 - the variant class
        """Return the variant that holds the member's decoded value."""
        try:
            return self.cls(self.value(value, self.value_cls))
        except Exception as error:  # noqa: BLE001 - raised again, with its place
            raise_within(error, f".{self.tag}", DecodeError)


def variant_decoder(tag: str, cls: Callable[[T], Any], value: Decode[T], value_cls: Any) -> Decode[Any]:  # noqa: ANN401
    """Return the hook of a union's variant class, which takes the whole union object."""
    return _VariantDecoder(tag, cls, value, value_cls)


def unknown_decoder(cls: type[UnknownMember], *, is_botocore: bool) -> Decode[Any]:
    """Return the hook of a union's class for members that the model does not know; botocore's dicts mark them."""

    def decode(raw: JsonValue, _: object = cls) -> UnknownMember:
        tag, value = _only_member(raw)
        if is_botocore and tag == UNKNOWN_MEMBER and isinstance(value, dict) and isinstance(value.get("name"), str):
            return cls(value["name"], value.get("value"))
        return cls(tag, value)

    return decode


def union_decoder(
    converter: cattrs.Converter,
    variants: Mapping[str, Any],
    unknown: Any,  # noqa: ANN401 - a class
) -> Decode[Any]:
    """Return the hook of a union; `variants` maps a tag to its class, `unknown` is the class for all other tags."""
    hooks = {tag: converter.get_structure_hook(cls) for tag, cls in variants.items()}
    own = {tag: hook.decode for tag, hook in hooks.items() if isinstance(hook, _VariantDecoder)}
    unknown_hook = converter.get_structure_hook(unknown)

    def decode(raw: JsonValue, _: object = None) -> Any:  # noqa: ANN401 - one of the variants
        tag, value = _only_member(raw)
        decode_value = own.get(tag)
        if decode_value is not None:
            return decode_value(value)
        if tag in hooks:
            return hooks[tag](raw, variants[tag])
        return unknown_hook(raw, unknown)

    return decode


def _only_member(raw: JsonValue) -> tuple[str, JsonValue]:
    """Return tag and value of a union's one member; nulls and `__type` do not count."""
    if not isinstance(raw, dict):
        raise expected("object", raw)
    present = [(tag, value) for tag, value in raw.items() if value is not None and tag != "__type"]
    if len(present) != 1:
        raise DecodeError(f"expected exactly one union member, got {', '.join(t for t, _ in present) or 'none'}")
    return present[0]
