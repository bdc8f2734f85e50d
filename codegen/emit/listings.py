"""The listings: the filters of each paginated operation, and a function that returns a `Listing` with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import ir
from .operations import item_annotation
from .structures import optional
from .types import Types
from .writer import Writer, quoted, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `listings.py`."""
    writer = Writer(f"The listings of the {service.full_name}, which can be collected from each catalog.")
    types = Types(service, names, "listings")
    for operation in service.operations:
        if operation.pagination is not None:
            _filters(types, operation, operation.pagination, writer)
            _function(types, operation, operation.pagination, writer)
    return writer.render()


def filters_of(service: ir.Service, operation: ir.Operation, pagination: ir.Pagination) -> list[ir.Member]:
    """Return the members of a paginated request that a listing takes as filters, required ones first."""
    structure = service.structure(operation.input)
    paging = {pagination.fan_out, pagination.input_token, pagination.limit_key}
    members = [member for member in structure.members if member.name not in paging]
    return sorted(members, key=lambda member: optional(service, structure, member))


def _filters(types: Types, operation: ir.Operation, pagination: ir.Pagination, writer: Writer) -> None:
    structure, names = types.service.structure(operation.input), types.names
    members = filters_of(types.service, operation, pagination)
    needed = [m for m in members if not optional(types.service, structure, m)]
    others = [m for m in members if optional(types.service, structure, m)]
    cls, base = names.filters[operation.name], "ListingOptions"
    argument = names.arguments
    writer.use("aiopartnercentral._client", "ListingOptions", "PaginateOptions", "make_listing")
    if needed:
        # A base of its own, since annotations that are strings do not tell at run time what is required.
        base = f"_{cls}Required"
        with writer.block(f"class {base}(ListingOptions):"):
            for member in needed:
                annotation = types.annotation(member.target, writer, argument=True, typing_only=True)
                writer.line(f"{argument[operation.name, member.name]}: {annotation}")
                writer.attribute_docstring(types.described(structure.name, member))
        writer.lines(["", ""])
    with writer.block(f"class {cls}({base}, total=False):"):
        writer.docstring(f"The filters of {quoted(operation.name)}.")
        if others or pagination.limit_key is not None:
            writer.line()
        for member in others:
            annotation = types.annotation(member.target, writer, argument=True, typing_only=True)
            writer.line(f"{argument[operation.name, member.name]}: {annotation} | None")
            writer.attribute_docstring(types.described(structure.name, member))
        if pagination.limit_key is not None:
            writer.line("page_size: int | None")
            writer.attribute_docstring(types.described(structure.name, structure.member(pagination.limit_key)))
    writer.lines(["", ""])
    with writer.block(f"class {names.options[operation.name]}({cls}, PaginateOptions, total=False):"):
        writer.docstring(f"The filters of {quoted(operation.name)}, and the options for collecting catalogs.")
    writer.lines(["", ""])


def _function(types: Types, operation: ir.Operation, pagination: ir.Pagination, writer: Writer) -> None:
    names, cls = types.names, types.names.filters[operation.name]
    page, item = (
        types.reference(operation.output, writer, typing_only=True),
        item_annotation(types, operation, pagination, writer, typing_only=True),
    )
    writer.use("typing", "Unpack", typing_only=True)
    writer.use("aiopartnercentral.types", "Listing", typing_only=True)
    writer.use(types.service.config.package, "operations")
    limits = "`max_items`" if pagination.limit_key is None else "`page_size` or `max_items`"
    head = f"def {names.methods[operation.name]}(**filters: Unpack[{cls}]) -> Listing[{page}, {item}]:"
    with writer.block(head):
        writer.docstring(
            f"Return the listing of {quoted(operation.name)} with these filters; see `{cls}`.",
            types.about(operation.name, deprecated=operation.deprecated),
            [
                "Raises:",
                f"    TypeError: a filter is unknown or missing, or {limits} is not an integer.",
                f"    ValueError: {limits} is less than 1.",
            ],
        )
        conversions = {
            names.arguments[operation.name, member.name]: conversion
            for member in filters_of(types.service, operation, pagination)
            if (conversion := _conversion(types, member, writer))
        }
        table = ", ".join(f"{name!r}: {conversion}" for name, conversion in conversions.items())
        last = f", {{{table}}}" if table else ""
        constant = names.pages[operation.name]
        writer.line(f"return make_listing(operations.SERVICE, operations.{constant}, {cls}, filters{last})")
    writer.lines(["", ""])


def _conversion(types: Types, member: ir.Member, writer: Writer) -> str | None:
    """Return the class that a filter becomes in the request, where it takes more than that."""
    target = types.service.shapes[member.target]
    if isinstance(target, ir.List):
        return "list"
    if isinstance(target, ir.Map):
        return "dict"
    return types.reference(member.target, writer) if isinstance(target, ir.Enum) else None


def emit_summaries(service: ir.Service, names: Names) -> str:
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
