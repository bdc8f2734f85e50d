"""The two converters between generated classes and JSON or botocore's dicts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from aiopartnercentral._serialization import decode, encode, fast_encode, hooks, jsontext, timestamps
from aiopartnercentral._serialization.service_converter import ServiceConverter

if TYPE_CHECKING:
    from aiopartnercentral.types import JsonValue

T = TypeVar("T")


class JsonConverter(ServiceConverter):
    """Converts between generated classes and the JSON on the wire."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as cattrs declares them
        """Create a converter; the arguments are those of `cattrs.Converter`."""
        super().__init__(*args, **kwargs)
        hooks.register(self)
        self.register_structure_hook(datetime, timestamps.decode_timestamp)
        self.register_unstructure_hook(datetime, timestamps.encode_timestamp)
        self.register_structure_hook(bytes, decode.decode_base64)
        self.register_unstructure_hook(bytes, encode.encode_base64)

    @overload
    def loads(self, data: bytes | str, cl: type[T]) -> T: ...
    @overload
    def loads(self, data: bytes | str, cl: Any) -> Any: ...  # noqa: ANN401 - type[T] does not cover unions
    def loads(self, data: bytes | str, cl: Any) -> Any:
        """Decode JSON text into an object of the class.

        Raises:
            DecodeError: the text is not JSON, or does not match the service model.
        """
        if self._fast is not None and (result := self._fast.decode(data, cl)) is not None:
            return result
        return self.get_structure_hook(cl)(jsontext.loads(data), cl)

    def dumps(self, obj: object) -> bytes:
        """Encode an object as compact JSON text in UTF-8.

        Raises:
            EncodeError: a member does not match the service model.
        """
        if not self.has_own_hooks and (text := fast_encode.dumps(obj)) is not None:
            return text
        return jsontext.dumps(self.unstructure(obj))

    def pydantic_core_schema(self, cls: type) -> Any:  # noqa: ANN401 - pydantic is optional
        """Return the core schema by which pydantic validates and serializes a generated class with this converter."""
        from aiopartnercentral._serialization.pydantic_schema import core_schema  # noqa: PLC0415 - rarely needed

        return core_schema(cls, self)


class BotocoreConverter(ServiceConverter):
    """Converts between generated classes and botocore's dicts for parameters and responses.

    The payload of an unknown union member, which botocore drops, is kept under `value`, next to botocore's own `name`.
    """

    is_botocore: ClassVar[bool] = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as cattrs declares them
        """Create a converter; the arguments are those of `cattrs.Converter`."""
        super().__init__(*args, **kwargs)
        hooks.register(self)
        self.register_structure_hook(datetime, timestamps.decode_timestamp)
        self.register_unstructure_hook(datetime, timestamps.check_timestamp)
        self.register_structure_hook(bytes, decode.decode_bytes)
        self.register_unstructure_hook(bytes, encode.encode_bytes)

    def params(self, request: object, cls: type) -> JsonValue:
        """Encode a request of the class into botocore's parameters.

        Raises:
            EncodeError: a member does not match the service model, or botocore cannot send it.
        """
        if self._fast is not None and (result := self._fast.encode(request, cls)) is not None:
            return result
        params = self.get_unstructure_hook(cls)(request)
        encode.check_sendable(params)
        return params
