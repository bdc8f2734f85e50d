"""The names of the listings with a sentence about each, in a module that is quick to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .writer import Writer, quoted, sentence

if TYPE_CHECKING:
    from .. import ir
    from ..names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `summaries.py`."""
    writer = Writer(f"The listings of the {service.full_name} by name, with a sentence about each; quick to import.")
    writer.use("typing", "Final")
    with writer.block("LISTINGS: Final[dict[str, str]] = {"):
        for operation in service.operations:
            if operation.pagination is not None:
                text = service.texts.operations.get(operation.name, f"List the pages of {quoted(operation.name)}")
                writer.line(f"{names.methods[operation.name]!r}: {sentence(text)!r},")
    writer.line("}")
    return writer.render()
