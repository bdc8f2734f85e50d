"""Generated classes as pydantic types: their objects are validated and serialized in the form on the wire.

pydantic calls `core_schema`, so only what pydantic has loaded is imported. Its errors have the place and the reason of
a `DecodeError`, and a placeholder instead of the input, which may be sensitive.
"""

from __future__ import annotations

import json
import math
import re
import sys
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_args, get_origin

from aiopartnercentral._serialization.conversion_errors import hook_failed
from aiopartnercentral._serialization.encode import list_encoder, map_encoder
from aiopartnercentral._serialization.members import ISO_8601, generated_base, members, union_of, without_none
from aiopartnercentral._utils.text import REDACTED
from aiopartnercentral.errors import DecodeError, EncodeError
from aiopartnercentral.types import OpenEnum, UnknownMember

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral._serialization.encode import Encode
    from aiopartnercentral._serialization.service_converter import ServiceConverter
    from aiopartnercentral.types import JsonValue

__all__ = ["core_schema"]

# The most digits of an integer that Python converts to text.
_MOST_DIGITS = sys.int_info.default_max_str_digits
_SEGMENT = re.compile(r'\.([A-Za-z_][A-Za-z0-9_-]*)|\[([0-9]+|"(?:[^"\\]|\\.)*")\]')


def core_schema(cls: Any, converter: ServiceConverter) -> Any:  # noqa: ANN401 - pydantic is optional
    """Return pydantic's core schema of a generated class, or of a class derived from one.

    Arguments:
        cls: the class.
        converter: the JSON converter that validates and serializes its objects.

    Raises:
        StructureHandlerNotFoundError: the derived class has fields of its own, and no hooks.
    """
    converter.get_structure_hook(cls)
    return _Schemas(converter, import_module("pydantic_core.core_schema")).of_class(cls, ())


class _Schemas:
    """Makes core schemas."""

    def __init__(self, converter: ServiceConverter, build: Any) -> None:  # noqa: ANN401 - a module
        self._converter = converter
        self._build = build

    def of_class(self, cls: Any, parents: tuple[Any, ...]) -> Any:  # noqa: ANN401 - as above
        """Return the schema of a class inside of these classes."""

        def json_schema(_: object, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
            described = handler(self._on_the_wire(cls, (*parents, cls)))
            for member in described.get("properties", {}).values():
                member.pop("title", None)  # which pydantic makes of the name
            summary = " ".join((cls.__doc__ or "").partition("\n\n")[0].split())
            return {**described, "title": cls.__name__} | ({"description": summary} if summary else {})

        if cls in parents:
            return self._build.definition_reference_schema(_reference(cls))
        return self._build.no_info_plain_validator_function(
            _validator(cls, self._converter),
            ref=_reference(cls),
            serialization=self._build.plain_serializer_function_ser_schema(self._serialized, info_arg=True),
            metadata={"pydantic_js_functions": [json_schema]},
        )

    def _serialized(self, obj: object, info: Any) -> Any:  # noqa: ANN401 - pydantic is optional
        """Return the plain value of an object; in JSON mode, one that every JSON encoder writes exactly."""
        plain = self._converter.unstructure(obj)
        return _exact(plain) if info.mode == "json" else plain

    def _on_the_wire(self, cls: Any, parents: tuple[Any, ...]) -> Any:  # noqa: ANN401 - as above
        """Return a schema of the JSON of a class, which describes it in OpenAPI and validates nothing."""
        if issubclass(cls, OpenEnum):
            return self._build.union_schema([self._build.literal_schema([*cls]), self._build.str_schema()])
        base = generated_base(cls)
        if base is None or issubclass(base, UnknownMember):
            return self._build.dict_schema(self._build.str_schema(), min_length=1, max_length=1)
        return self._build.typed_dict_schema(
            {
                member.key: self._build.typed_dict_field(
                    self._of_type(member.type, member.timestamp_format, parents), required=member.required
                )
                for member in members(base, is_botocore=False)
            }
        )

    def _of_type(self, hint: Any, timestamps: str, parents: tuple[Any, ...]) -> Any:  # noqa: ANN401 - as above
        """Return a schema of the JSON of a value of this type."""
        build, origin, args = self._build, get_origin(hint), get_args(hint)
        if origin is list:
            return build.list_schema(self._of_type(args[0], timestamps, parents))
        if origin is dict:
            keys, values = (self._of_type(part, timestamps, parents) for part in args)
            return build.dict_schema(keys, values)
        if without_none(hint) != hint:
            return build.nullable_schema(self._of_type(without_none(hint), timestamps, parents))
        if args:
            return build.union_schema([self.of_class(variant, parents) for variant in args])
        if hint is datetime:
            return build.datetime_schema() if timestamps == ISO_8601 else build.float_schema()
        scalars = {str: build.str_schema, bool: build.bool_schema, int: build.int_schema, float: build.float_schema}
        scalars |= {bytes: build.str_schema, Any: build.any_schema}
        return scalars[hint]() if hint in scalars else self.of_class(hint, parents)


def _validator(cls: Any, converter: ServiceConverter) -> Callable[[object], Any]:  # noqa: ANN401 - as above
    """Return the function that takes an object of the class, or decodes one."""
    # Decoded as a member of the union, so that a known member is not taken for an unknown one.
    decoded = union_of(cls) if issubclass(cls, UnknownMember) else cls

    def validate(value: object) -> Any:  # noqa: ANN401 - an object of the class
        if isinstance(value, cls):
            return value
        try:
            found = converter.get_structure_hook(decoded)(_exact(value), decoded)
        except (DecodeError, EncodeError) as error:
            raise _validation_error(cls, error) from None
        except Exception as error:
            raise _validation_error(cls, hook_failed(error, DecodeError)) from error
        if not isinstance(found, cls) and decoded is not cls:
            raise _validation_error(cls, DecodeError("expected a union member that the model does not know"))
        return found

    validate.__name__ = cls.__name__  # which pydantic's errors about a union show
    return validate


def _exact(value: JsonValue) -> JsonValue:
    """Return a plain value whose numbers and strings both pydantic and the standard library read and write exactly.

    Neither can write a lone surrogate, or a number that no float can hold, unless it is an integer. They would turn the
    number into infinity, null or a string. The surrogate would raise an error without a location: HTTP status 500.

    Raises:
        EncodeError: the value has such a number or string. The path ends at the member, because its content may be
            sensitive.
    """
    with suppress(TypeError, ValueError, RecursionError):  # twice as fast as the search for what is wrong
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        return value
    try:
        return _checked(value)
    except EncodeError as error:
        first = _SEGMENT.match(error.path, 1)
        error.path = f"${first[0] if first else ''}"
        raise


def _checked(value: JsonValue) -> JsonValue:
    """Do the same in Python; the path of the error is complete."""
    if isinstance(value, str):
        return _unicode(value)
    if isinstance(value, dict):
        for key in value:  # here, as the path of a value would have the key
            _unicode(key)
        return _MAP(value)
    if isinstance(value, list):
        return _LIST(value)
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < _MOST_DIGITS:
        return int(value) if value == value.to_integral_value() else _checked(float(value))
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise EncodeError("expected number, got one out of range")
    return value


def _unicode(value: Any) -> Any:  # noqa: ANN401 - a key may be anything
    """Return a key or a string, or raise `EncodeError` if it has a lone surrogate."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise EncodeError("expected Unicode text, got a lone surrogate") from None
    return value


_LIST: Encode[Any] = list_encoder(_checked)
_MAP: Encode[Any] = map_encoder(_unicode, _checked)


def _validation_error(cls: type, error: DecodeError | EncodeError) -> ValueError:
    """Return pydantic's error for a conversion error, without the value."""
    core = import_module("pydantic_core")
    # Not the reason itself, in which braces would be placeholders.
    kind = core.PydanticCustomError("decode_error", "{reason}", {"reason": error.reason})
    location = tuple(name or json.loads(index) for name, index in _SEGMENT.findall(error.path))
    found: ValueError = core.ValidationError.from_exception_data(
        cls.__name__, [{"type": kind, "loc": location, "input": REDACTED}]
    )
    return found


def _reference(cls: type) -> str:
    """Return the name by which schemas refer to a class, in the form that pydantic gives its own."""
    return f"{cls.__module__}.{cls.__qualname__}:{id(cls)}"
