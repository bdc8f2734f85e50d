"""The enums: an open string enum each, and what arguments take for shapes with known values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .types import Types
from .writer import Writer, sentence

if TYPE_CHECKING:
    from .. import ir
    from ..names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `enums.py`."""
    writer = Writer(f"The enums of the {service.full_name}; all are open: unknown values are kept.")
    types = Types(service, names, "enums")
    for enum in service.enums():
        writer.use("aiopartnercentral.types", "OpenEnum")
        writer.use("typing", "TYPE_CHECKING")
        writer.use("enum", "auto", typing_only=True)
        with writer.block(f"class {names.classes[enum.name]}(OpenEnum):"):
            writer.docstring(sentence(types.summary(enum)), types.about(enum.name, deprecated=enum.deprecated))
            writer.line()
            for value in enum.values:
                writer.line(f"{names.enum_members[enum.name, value]} = {value!r}")
                text = service.texts.of_value(enum.name, value)
                if text is not None:
                    writer.attribute_docstring(f"{text}.")
            # Otherwise type checkers would take the known members for all possible ones.
            with writer.block("if TYPE_CHECKING:"):
                writer.line("_UNKNOWN = auto()")
        writer.lines(["", ""])
    for shape, like in names.likes.items():
        writer.use("typing", "Literal", "TypeAlias")
        values = ", ".join(map(repr, service.known_values(shape)))
        first, *_ = service.config.enums.get(shape, (shape,))
        writer.line(f"{like}: TypeAlias = {names.classes.get(first, 'str')} | Literal[{values}]")
    return writer.render()
