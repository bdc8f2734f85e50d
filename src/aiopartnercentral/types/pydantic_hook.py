"""The method by which pydantic, and FastAPI with it, learn about generated classes."""

from __future__ import annotations

from importlib import import_module
from itertools import takewhile
from typing import Any

__all__ = ["PydanticField"]


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
