"""What generated classes share: hashes by value, also of lists and maps, how they are shown, and pydantic's method."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from importlib import import_module
from itertools import takewhile
from typing import Any

import attrs

__all__ = ["HashedByValue", "PydanticField", "Shown"]


class HashedByValue:
    """Base of attrs classes whose objects can be in a set, unless a list in one of them is changed later."""

    __slots__ = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - as `object` has it
        super().__init_subclass__(**kwargs)
        # A class inherits no hash if it has an `__eq__`, and attrs adds one to each class. A user's own stays as it is.
        own = vars(cls)
        if not any(name in own and not _is_made(own[name]) for name in ("__eq__", "__hash__")):
            cls.__hash__ = HashedByValue.__hash__  # type: ignore[method-assign]

    def __hash__(self) -> int:
        cls: Any = type(self)
        values = [(getattr(self, field.name), field.eq_key) for field in attrs.fields(cls) if field.eq]
        return hash((cls, *(_hashable(value if key is None else key(value)) for value, key in values)))


def _is_made(method: object) -> bool:
    """Return whether a method of a class is none that its author wrote, but from here or made by attrs."""
    code: Any = getattr(method, "__code__", None)
    return method is HashedByValue.__hash__ or (code is not None and code.co_filename.startswith("<attrs generated "))


def _hashable(value: object) -> Hashable:
    """Return something with the same hash for equal values, whatever they consist of."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, Sequence):
        return tuple(map(_hashable, value))
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(part)) for key, part in value.items())
    return value


class Shown:
    """Base of attrs classes with a short repr, and a table in notebooks; `attrs.asdict` shows all of an object.

    attrs writes no repr for them, which would take a third of the time in which it makes a class.
    """

    __slots__ = ()

    # Imported here, as most programs show no object; by name, as these modules import the classes.
    def __repr__(self) -> str:
        return str(import_module(f"{__package__}.short_text").short_text(self))

    def _repr_html_(self) -> str:
        return str(import_module(f"{__package__}.item_html").item_html(self))


class PydanticField:
    """Base of the generated classes that can be pydantic fields and FastAPI bodies; pydantic need not be installed."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:  # noqa: ANN401 - pydantic is optional
        """Return the core schema of the class; pydantic calls this."""
        del source, handler
        # A class of a user is derived from a generated one, and that from a base in this package.
        generated = list(takewhile(lambda base: not base.__module__.startswith(f"{__package__}."), cls.__mro__))[-1]
        package = generated.__module__.removesuffix(".enums").partition(".structures.")[0]
        return import_module(f"{package}.converters").json_converter.pydantic_core_schema(cls)
