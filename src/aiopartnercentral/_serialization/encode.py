"""The parts of unstructure hooks: strict scalars, lists, maps and unions.

They check types, so that an error has the path of a wrong argument; botocore's message would quote the value.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from aiopartnercentral._serialization.conversion_errors import expected, hide, key_segment, raise_within
from aiopartnercentral._serialization.decode import UNKNOWN_MEMBER
from aiopartnercentral.errors import EncodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    import cattrs

    from aiopartnercentral.types import JsonValue, UnknownMember

T = TypeVar("T")
K = TypeVar("K")
Encode: TypeAlias = "Callable[[T], JsonValue]"
"""A cattrs unstructure hook."""


def encode_string(value: str) -> str:
    """Return the string, without its enum class if it has one, or raise `EncodeError`."""
    if isinstance(value, str):
        return value if type(value) is str else str.__str__(value)
    raise expected("str", value, EncodeError)


def encode_boolean(value: object) -> bool:
    """Return the boolean, or raise `EncodeError`."""
    if isinstance(value, bool):
        return value
    raise expected("bool", value, EncodeError)


def encode_integer(value: object) -> int:
    """Return the integer, or raise `EncodeError`; a boolean is not an integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    raise expected("int", value, EncodeError)


def encode_float(value: object) -> float | str:
    """Return the number, or the name of one that JSON has no number for, or raise `EncodeError`."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise expected("float", value, EncodeError)
    if math.isfinite(value):
        return int(value) if isinstance(value, int) else float(value)  # as JSON encoders refuse other classes
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def check_float(value: float) -> float:
    """Return the number as it is, or raise `EncodeError`: botocore spells those that JSON has no number for itself."""
    encode_float(value)
    return value


def encode_base64(value: bytes) -> str:
    """Return bytes as base64, or raise `EncodeError`."""
    return base64.b64encode(encode_bytes(value)).decode("ascii")


def encode_bytes(value: bytes) -> bytes:
    """Return the bytes, or raise `EncodeError`."""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    raise expected("bytes", value, EncodeError)


def encode_document(value: JsonValue) -> JsonValue:
    """Return a document as plain JSON, or raise `EncodeError` with the path of a value that JSON cannot hold."""
    try:
        return _document(value)
    except EncodeError as error:
        if not isinstance(error.__cause__, RecursionError):
            raise
    raise EncodeError("nested too deeply to be written as JSON")  # without its path of a thousand parts


def _document(value: JsonValue) -> JsonValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return encode_string(value)
    if isinstance(value, int):
        return encode_integer(value)
    if isinstance(value, float | Decimal):
        if value.is_finite() if isinstance(value, Decimal) else math.isfinite(value):
            return value if isinstance(value, Decimal) else float(value)
        raise EncodeError("expected a value that JSON can hold, got a float that is not a number")
    if isinstance(value, Mapping):
        return _DOCUMENT_MAP(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return _DOCUMENT_LIST(value)
    raise expected("a value that JSON can hold", value, EncodeError)


def check_document(value: JsonValue) -> JsonValue:
    """Return a document as plain JSON, or raise `EncodeError` if botocore cannot send it."""
    document = encode_document(value)
    if _has_decimal(document):
        raise EncodeError("botocore cannot send a Decimal")
    return document


def _has_decimal(value: JsonValue) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_decimal, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Decimal)


def encode_derived(converter: cattrs.Converter, obj: object, cls: type) -> JsonValue:
    """Encode an object of a class derived from this one by its own hook, or raise `EncodeError` for any other."""
    if not isinstance(obj, cls):
        raise expected(cls.__name__, obj, EncodeError)
    return converter.get_unstructure_hook(type(obj))(obj)


def list_encoder(element: Encode[T]) -> Encode[Sequence[T]]:
    """Return the hook of a list; any sequence is taken, but a string is not a list of its characters."""

    def encode(value: Sequence[T]) -> JsonValue:
        if isinstance(value, str | bytes | bytearray) or not isinstance(value, Sequence):
            raise expected("a sequence", value, EncodeError)
        result: list[JsonValue] = []
        try:
            for item in value:
                result.append(element(item))  # noqa: PERF401 - its length is the index of the one that fails
        except Exception as error:  # noqa: BLE001 - raised again, with its place
            raise_within(error, f"[{len(result)}]", EncodeError)
        return result

    return encode


def map_encoder(key: Encode[K], value: Encode[T]) -> Encode[Mapping[K, T]]:
    """Return the hook of a map; any mapping is taken."""

    def encode(raw: Mapping[K, T]) -> JsonValue:
        if not isinstance(raw, Mapping):
            raise expected("a mapping", raw, EncodeError)
        result: dict[str, JsonValue] = {}
        name: object = None
        try:
            for name, item in raw.items():
                result[key(name)] = value(item)
        except Exception as error:  # noqa: BLE001 - raised again, with its place
            raise_within(error, key_segment(name), EncodeError)
        return result

    return encode


def nullable_encoder(value: Encode[T]) -> Encode[T | None]:
    """Return the hook of the elements or values of a sparse collection, which may be None."""
    return lambda obj: None if obj is None else value(obj)


_DOCUMENT_LIST: Encode[Any] = list_encoder(_document)
_DOCUMENT_MAP: Encode[Any] = map_encoder(encode_string, _document)


def hidden_encoder(value: Encode[T]) -> Encode[T]:
    """Return the hook of a sensitive value with parts, whose errors do not say which part is wrong."""

    def encode(obj: T) -> JsonValue:
        try:
            return value(obj)
        except EncodeError as error:
            hide(error)
            raise

    return encode


def deferred_encoder(converter: cattrs.Converter, cls: Any) -> Encode[Any]:  # noqa: ANN401 - any type form
    """Return a hook that looks up the real one when it is called, as that of a recursive shape is not built yet."""

    def encode(value: object) -> JsonValue:
        return converter.get_unstructure_hook(cls)(value)

    return encode


def variant_encoder(converter: cattrs.Converter, tag: str, cls: type[Any], value: Encode[Any]) -> Encode[Any]:
    """Return the hook of a union's variant class, which gives the whole union object."""

    def encode(obj: Any) -> JsonValue:  # noqa: ANN401 - the variant class
        if type(obj) is not cls:
            return encode_derived(converter, obj, cls)
        try:
            return {tag: value(obj.value)}
        except Exception as error:  # noqa: BLE001 - raised again, with its place
            raise_within(error, f".{tag}", EncodeError)

    return encode


class _Marker(dict[str, Any]):
    """botocore's marker for an unknown union member; its own class, as a map may have an equal entry."""


def unknown_encoder(converter: cattrs.Converter, cls: type[UnknownMember], *, is_botocore: bool) -> Encode[Any]:
    """Return the hook of a union's class for members that the model does not know; botocore's dicts mark them."""

    def encode(obj: UnknownMember) -> JsonValue:
        if type(obj) is not cls:
            return encode_derived(converter, obj, cls)
        if is_botocore:
            payload = {} if obj.value is None else {"value": _payload(obj)}
            return {UNKNOWN_MEMBER: _Marker(name=obj.tag, **payload)}
        if obj.value is None:
            raise _without_payload(obj.tag)
        return {obj.tag: _payload(obj)}

    return encode


def _payload(obj: UnknownMember) -> JsonValue:
    try:
        return encode_document(obj.value)
    except Exception as error:  # noqa: BLE001 - raised again, with its place
        raise_within(error, key_segment(obj.tag), EncodeError)


def check_sendable(params: JsonValue, path: str = "$") -> None:
    """Raise `EncodeError` if botocore's dicts have an unknown union member, which botocore cannot send."""
    if isinstance(params, dict):
        marker = params.get(UNKNOWN_MEMBER)
        if isinstance(marker, _Marker):
            tag = marker["name"]
            raise EncodeError(f"the model does not know the union member {tag}, so botocore cannot send it", path=path)
        for key, value in params.items():
            if isinstance(value, dict | list):
                check_sendable(value, path + key_segment(key))
    elif isinstance(params, list):
        for index, value in enumerate(params):
            if isinstance(value, dict | list):
                check_sendable(value, f"{path}[{index}]")


def without_markers(params: JsonValue) -> JsonValue:
    """Return botocore's dicts with unknown union members as they are on the wire, for a body that is not botocore's.

    Raises:
        EncodeError: the payload of an unknown union member is not known.
    """
    if isinstance(params, dict):
        marker = params.get(UNKNOWN_MEMBER)
        if isinstance(marker, _Marker):
            if "value" not in marker:
                raise _without_payload(marker["name"])
            return {marker["name"]: marker["value"]}
        return {key: without_markers(value) for key, value in params.items()}
    return [without_markers(value) for value in params] if isinstance(params, list) else params


def _without_payload(tag: str) -> EncodeError:
    return EncodeError(f"the payload of the unknown union member {tag} is not known, so it cannot be sent")


def union_encoder(converter: cattrs.Converter, name: str, variants: Sequence[type]) -> Encode[Any]:
    """Return the hook of the union of the variant classes, the unknown one included."""
    hooks = {cls: converter.get_unstructure_hook(cls) for cls in variants}

    def encode(obj: object) -> JsonValue:
        hook = hooks.get(type(obj))
        if hook is None:
            if not isinstance(obj, tuple(variants)):
                raise expected(f"a variant of {name}", obj, EncodeError)
            hook = converter.get_unstructure_hook(type(obj))
        return hook(obj)

    return encode
