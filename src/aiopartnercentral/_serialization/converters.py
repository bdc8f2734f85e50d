"""The two converters, and how the generated hooks get into them."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, TypeVar, Union, cast, get_args, get_origin, overload

import cattrs

from aiopartnercentral._serialization import decode, encode, jsontext, timestamps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aiopartnercentral._serialization.fast import Fast
    from aiopartnercentral.types import JsonValue, OpenEnum

T = TypeVar("T")
Decode: TypeAlias = "Callable[[JsonValue, Any], T]"
"""A cattrs structure hook: takes the value and the type wanted."""
Encode: TypeAlias = "Callable[[T], JsonValue]"
"""A cattrs unstructure hook."""
DecodeFactory: TypeAlias = "Callable[[ServiceConverter], Decode[Any]]"
EncodeFactory: TypeAlias = "Callable[[ServiceConverter], Encode[Any]]"


class ServiceConverter(cattrs.Converter):
    """A cattrs converter that knows the classes of one service once `install` has told it.

    It converts by the generated fast functions, which know the generated hooks only, until another hook is added.
    """

    marks_unknown_members: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as cattrs declares them
        """Take what `cattrs.Converter` takes."""
        self._fast: Fast | None = None
        super().__init__(*args, **kwargs)

    def member_name(self, name: str, wire_name: str) -> str:
        """Return what a member is called in this wire form; botocore's dicts keep the model's name."""
        return name if self.marks_unknown_members else wire_name

    @property
    def has_own_hooks(self) -> bool:
        """Whether hooks were added to the generated ones."""
        return self._fast is None

    def use_fast(self, fast: Fast) -> None:
        """Convert by these functions from now on, as far as they are sure, and until a hook is added."""
        self._fast = fast

    def copy(self, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 - as cattrs declares them
        """Copy as cattrs does."""
        copied = super().copy(*args, **kwargs)
        copied._fast = self._fast  # noqa: SLF001 - of the same class
        return copied

    __copy__ = copy

    def register_structure_hook(self, cl: Any, func: Decode[Any] | None = None) -> Any:  # noqa: ANN401 - as cattrs
        """Register as cattrs does; a union's hook goes before the generated one, as that of any other class does."""
        self._fast = None
        if func is None:
            return super().register_structure_hook(cl)
        if _union_members(cl):
            return self.register_structure_hook_func(lambda candidate: bool(candidate == cl), func)
        return super().register_structure_hook(cl, func)

    def register_structure_hook_func(self, check_func: Any, func: Any) -> None:  # noqa: ANN401 - as cattrs
        """Register as cattrs does."""
        self._fast = None
        super().register_structure_hook_func(check_func, func)

    def register_structure_hook_factory(self, predicate: Any, factory: Any = None) -> Any:  # noqa: ANN401 - as cattrs
        """Register as cattrs does."""
        self._fast = None
        return super().register_structure_hook_factory(predicate, factory)

    def register_unstructure_hook(self, cls: Any, func: Any = None) -> Any:  # noqa: ANN401 - as cattrs
        """Register as cattrs does."""
        self._fast = None
        return super().register_unstructure_hook(cls, func)

    def register_unstructure_hook_func(self, check_func: Any, func: Any) -> None:  # noqa: ANN401 - as cattrs
        """Register as cattrs does."""
        self._fast = None
        super().register_unstructure_hook_func(check_func, func)

    def register_unstructure_hook_factory(self, predicate: Any, factory: Any = None) -> Any:  # noqa: ANN401 - as cattrs
        """Register as cattrs does."""
        self._fast = None
        return super().register_unstructure_hook_factory(predicate, factory)


class JsonConverter(ServiceConverter):
    """Converts between generated classes and the JSON on the wire."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as cattrs declares them
        """Take what `cattrs.Converter` takes."""
        super().__init__(*args, **kwargs)
        self.register_structure_hook(datetime, timestamps.decode_timestamp)
        self.register_unstructure_hook(datetime, timestamps.encode_timestamp)
        self.register_structure_hook(bytes, decode.decode_base64)
        self.register_unstructure_hook(bytes, encode.encode_base64)

    @overload
    def loads(self, data: bytes | str, cl: type[T]) -> T: ...
    @overload
    def loads(self, data: bytes | str, cl: Any) -> Any: ...  # noqa: ANN401 - a union is no class
    def loads(self, data: bytes | str, cl: Any) -> Any:
        """Decode JSON text into an object of the class.

        Raises:
            DecodeError: the text is no JSON, or its value is not what the service model says.
        """
        if self._fast is not None and (result := self._fast.decode(data, cl)) is not None:
            return result
        return self.get_structure_hook(cl)(jsontext.loads(data), cl)

    def dumps(self, obj: object) -> bytes:
        """Encode an object as compact JSON text in UTF-8.

        Raises:
            EncodeError: a member is not what the service model says.
        """
        return jsontext.dumps(self.unstructure(obj))


class BotocoreConverter(ServiceConverter):
    """Converts between generated classes and the dicts that botocore takes as parameters and gives as responses.

    The payload of an unknown union member, which botocore drops, is kept under `value` beside botocore's own `name`.
    """

    marks_unknown_members: ClassVar[bool] = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as cattrs declares them
        """Take what `cattrs.Converter` takes."""
        super().__init__(*args, **kwargs)
        self.register_structure_hook(datetime, timestamps.decode_timestamp)
        self.register_unstructure_hook(datetime, timestamps.check_timestamp)
        self.register_structure_hook(bytes, decode.decode_bytes)
        self.register_unstructure_hook(bytes, encode.encode_bytes)

    def params(self, request: object, cls: type) -> JsonValue:
        """Encode a request of the class into what botocore takes as parameters.

        Raises:
            EncodeError: a member is not what the service model says, or botocore cannot send it.
        """
        if self._fast is not None and (result := self._fast.encode(request, cls)) is not None:
            return result
        params = self.get_unstructure_hook(cls)(request)
        encode.check_sendable(params)
        return params


def install(
    converter: ServiceConverter,
    decoders: Mapping[Any, DecodeFactory],
    encoders: Mapping[Any, EncodeFactory],
    enums: Iterable[type[OpenEnum]],
) -> None:
    """Make the converter use the generated hooks, each built when its class is first met."""
    for cls in enums:  # by class, because cattrs would take the hook of `str` for a subclass of it
        converter.register_structure_hook(cls, decode.enum_decoder(cls))
        converter.register_unstructure_hook(cls, encode.encode_string)

    def decode_factory(cl: Any, converter: cattrs.Converter) -> Decode[Any]:  # noqa: ANN401 - any type form
        own = cast("ServiceConverter", converter)
        factory = decoders.get(cl)
        return factory(own) if factory is not None else _optional(own, cl)

    def encode_factory(cl: Any, converter: cattrs.Converter) -> Encode[Any]:  # noqa: ANN401 - any type form
        return encoders[_nearest(cl, encoders)](cast("ServiceConverter", converter))

    def is_optional_union(cl: Any) -> bool:  # noqa: ANN401 - any type form
        return _without_none(cl) in decoders

    converter.register_structure_hook_factory(lambda cl: cl in decoders or is_optional_union(cl), decode_factory)
    converter.register_unstructure_hook_factory(lambda cl: _nearest(cl, encoders) is not None, encode_factory)


def _nearest(cl: Any, encoders: Mapping[Any, EncodeFactory]) -> Any:  # noqa: ANN401 - any type form
    """Return the class or union itself, or what the class is derived from, if it has an encoder; otherwise None."""
    return next((base for base in getattr(cl, "__mro__", (cl,)) if base in encoders), None)


def _union_members(cl: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any type form
    return get_args(cl) if get_origin(cl) in (Union, UnionType) else ()


def _without_none(cl: Any) -> Any:  # noqa: ANN401 - any type form
    """Return `A | B` for `A | B | None`, so that somebody else's class may have an optional union member."""
    members = _union_members(cl)
    rest = [member for member in members if member is not type(None)]
    return reduce(or_, rest) if len(rest) < len(members) else None


def _optional(converter: ServiceConverter, cl: Any) -> Decode[Any]:  # noqa: ANN401 - any type form
    inner = _without_none(cl)
    hook = converter.get_structure_hook(inner)
    return lambda value, _: None if value is None else hook(value, inner)
