"""The common part of the decoders' and the encoders' emitters."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

from ..writer import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..types import Types
    from ..writer import Writer


@attrs.define
class Functions:
    """Writes functions of one module; a value is written as one expression that checks and converts it."""

    types: Types
    module: str
    writer: Writer
    _names: Counter[str] = attrs.field(factory=Counter, init=False)

    def wire(self, shape: str) -> str:
        """Return the expression of a shape's wire class."""
        return self._at_home(shape, f"{self.types.names.classes[shape]}Json")

    def called(self, kind: str, shape: str) -> str:
        """Return the expression of a shape's function."""
        return self._at_home(shape, f"{kind}_{self.types.names.hooks[shape]}")

    def _at_home(self, shape: str, name: str) -> str:
        """Return the name as it is written here, and import the module that it is in."""
        home = self.types.names.modules[shape]
        if home == self.module:
            return name
        self.writer.use(f"{self.types.service.config.package}.fast", home)
        return f"{home}.{name}"

    @contextmanager
    def function(self, kind: str, shape: str, argument: str, result: str) -> Iterator[None]:
        """Write the head of a function, whose body is written in the `with` block."""
        self.writer.lines(["", ""])
        self._names.clear()
        with self.writer.block(f"def {self.called(kind, shape)}({argument}) -> {result}:"):
            self.writer.docstring(f"{kind.capitalize()} a {quoted(shape)}.")
            yield

    def name(self, kind: str) -> str:
        """Return a local name that the function has not used yet."""
        self._names[kind] += 1
        return kind if self._names[kind] == 1 else f"{kind}{self._names[kind]}"
