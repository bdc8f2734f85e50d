"""The names of the listings, and of what each item of one has details of, in a module that is quick to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .writer import Writer, quoted, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .. import ir
    from ..names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `summaries.py`."""
    writer = Writer(
        f"The operations of the {service.full_name} that a bulk collection can call, with a sentence about each; quick "
        "to import."
    )
    writer.use("typing", "Final")
    listings = [operation for operation in service.operations if operation.pagination is not None]
    _emit(writer, service, names, "LISTINGS", listings)
    _emit(writer, service, names, "DETAILS", _details(service))
    return writer.render()


def _emit(writer: Writer, service: ir.Service, names: Names, table: str, operations: Iterable[ir.Operation]) -> None:
    with writer.block(f"{table}: Final[dict[str, str]] = {{"):
        for operation in operations:
            default = f"{'List the pages of' if operation.pagination else 'Return the response of'} "
            text = service.texts.operations.get(operation.name, default + quoted(operation.name))
            writer.line(f"{names.methods[operation.name]!r}: {sentence(text)!r},")
    writer.line("}")


def _details(service: ir.Service) -> Iterable[ir.Operation]:
    """Yield the operations that read one thing of a catalog, which a required member names."""
    catalogs = {each.pagination.fan_out for each in service.operations if each.pagination is not None} - {None}
    for operation in service.operations:
        members = service.structure(operation.input).members
        required = {member.name for member in members if member.required}
        # Not every model marks the operations that only read.
        reads = operation.readonly or operation.name.startswith(("Get", "Describe"))
        if operation.pagination is None and reads and required & catalogs and required - catalogs:
            yield operation
