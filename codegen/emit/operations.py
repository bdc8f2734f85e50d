"""The operations: one typed description each, and the service's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen import ir
from codegen.emit.types import Types
from codegen.emit.writer import Writer

if TYPE_CHECKING:
    from codegen.names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `operations.py`."""
    writer = Writer(f"The operations of the {service.full_name}.")
    types = Types(service, names, "operations")
    writer.use("typing", "Final")
    writer.use("aiopartnercentral.operation", "Operation", "Service")
    for operation in service.operations:
        request, response = (types.reference(s, writer) for s in (operation.input, operation.output))
        errors = "".join(f"{types.reference(e, writer)}, " for e in operation.errors)
        writer.line(f"{names.constants[operation.name]}: Final[Operation[{request}, {response}]] = Operation(")
        writer.lines(
            [
                f"    name={operation.name!r},",
                f"    classes=lambda: ({request}, {response}),",
                f"    errors=({errors}),",
                f"    readonly={operation.readonly},",
                f"    idempotent={operation.idempotent},",
                ")",
            ]
        )
        if operation.pagination is not None:
            _pagination(types, operation, operation.pagination, writer)
    codes = ", ".join(
        f"{e.fault.code!r}: {types.reference(e.name, writer)}" for e in service.errors() if e.fault is not None
    )
    requests = ", ".join(
        f"{names.classes[o.input]!r}: {names.constants[o.name]}"
        for o in service.operations
        if service.operation_of_input(o.input) is o
    )
    config = service.config
    writer.lines(
        [
            "",
            "SERVICE: Final = Service(",
            f"    name={config.name!r},",
            f"    api_version={config.api_version!r},",
            f"    region={config.region!r},",
            f"    operations=({''.join(names.constants[o.name] + ', ' for o in service.operations)}),",
            f"    requests={{{requests}}},",
            f"    errors={{{codes}}},",
            ")",
        ]
    )
    return writer.render()


def item_annotation(types: Types, operation: ir.Operation, pagination: ir.Pagination, writer: Writer) -> str:
    """Return the annotation of one item of a paginated operation's pages."""
    result = types.service.structure(operation.output).member(pagination.result_key)
    items = types.service.shapes[result.target]
    if not isinstance(items, ir.List):
        raise TypeError(f"{result.target} is no list")
    return types.annotation(items.element, writer)


def _pagination(types: Types, operation: ir.Operation, pagination: ir.Pagination, writer: Writer) -> None:
    writer.use("aiopartnercentral.operation", "Pagination")
    request, response = (types.reference(s, writer) for s in (operation.input, operation.output))
    item = item_annotation(types, operation, pagination, writer)
    result = types.service.structure(operation.output).member(pagination.result_key)
    token = types.service.structure(operation.output).member(pagination.output_token)
    fields = types.names.fields
    items = f"page.{fields[operation.output, result.name]}{'' if result.required else ' or []'}"
    writer.line(f"{types.names.pages[operation.name]}: Final[Pagination[{request}, {response}, {item}]] = Pagination(")
    writer.lines(
        [
            f"    operation={types.names.constants[operation.name]},",
            f"    items=lambda page: {items},",
            f"    next_token=lambda page: page.{fields[operation.output, token.name]},",
            f"    result_key={result.wire_name!r},",
            f"    output_token={token.wire_name!r},",
            ")",
        ]
    )
