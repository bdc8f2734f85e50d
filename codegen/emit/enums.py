"""The enums: one open string enum each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.emit.types import Types
from codegen.emit.writer import Writer, sentence

if TYPE_CHECKING:
    from codegen import ir
    from codegen.names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `enums.py`."""
    writer = Writer(f"The enums of the {service.full_name}; all are open: unknown values are kept.")
    types = Types(service, names, "enums")
    for enum in service.enums():
        writer.use("aiopartnercentral.types", "OpenEnum")
        with writer.block(f"class {names.classes[enum.name]}(OpenEnum):"):
            writer.docstring(sentence(types.summary(enum)), types.about(enum.name, deprecated=enum.deprecated))
            writer.line()
            for value in enum.values:
                writer.line(f"{names.enum_members[enum.name, value]} = {value!r}")
                text = service.texts.of_value(enum.name, value)
                if text is not None:
                    writer.attribute_docstring(f"{text}.")
        writer.line()
        writer.line()
    return writer.render()
