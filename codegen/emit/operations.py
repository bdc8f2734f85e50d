"""The operations: a typed description of each, and one of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import ir
from .types import Types
from .writer import Writer

if TYPE_CHECKING:
    from ..names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `operations.py`."""
    writer = Writer(f"The operations of the {service.full_name}.")
    types = Types(service, names, "operations")
    writer.use("typing", "Final")
    writer.use("aiopartnercentral.types", "Service")
    for operation in service.operations:
        writer.use("aiopartnercentral.types", "Operation")
        request, response = (types.reference(s, writer) for s in (operation.input, operation.output))
        errors = "".join(f"{types.reference(e, writer)}, " for e in operation.errors)
        writer.line(f"{names.constants[operation.name]}: Final[Operation[{request}, {response}]] = Operation(")
        writer.lines(
            [
                f"    name={operation.name!r},",
                f"    classes=lambda: ({request}, {response}),",
                f"    errors=({errors}),",
                *_own_codes(types, operation, writer),
                *([] if operation.all_in_body else ["    all_in_body=False,"]),
                f"    readonly={operation.readonly},",
                f"    idempotent={operation.idempotent},",
                ")",
            ]
        )
    for operation in service.operations:
        if operation.pagination is not None:
            _pagination(types, operation, operation.pagination, writer)
    codes = ", ".join(f"{code!r}: {types.reference(name, writer)}" for code, name in _codes(service).items())
    requests = ", ".join(
        f"{names.classes[o.input]!r}: {names.constants[o.name]}"
        for o in service.operations
        if service.operation_of_input(o.input) is o
    )
    config = service.config
    writer.lines(
        [
            *([""] if service.operations else []),
            "SERVICE: Final = Service(",
            f"    name={config.name!r},",
            f"    package={config.package!r},",
            f"    api_version={config.api_version!r},",
            f"    region={config.region!r},",
            *([] if config.endpoint_url is None else [f"    endpoint_url={config.endpoint_url!r},"]),
            f"    operations=({''.join(names.constants[o.name] + ', ' for o in service.operations)}),",
            f"    paginations=({''.join(names.pages[o.name] + ', ' for o in service.operations if o.pagination)}),",
            f"    requests={{{requests}}},",
            f"    errors={{{codes}}},",
            ")",
        ]
    )
    return writer.render()


def _codes(service: ir.Service) -> dict[str, str]:
    """Return the error of each code; of several that share one, the first.

    A service that has changed its protocol may still send its errors' names instead of their codes.
    """
    codes: dict[str, str] = {}
    for error in service.errors():
        if error.fault is not None:
            codes.setdefault(error.fault.code, error.name)
    for error in service.errors():
        codes.setdefault(error.name, error.name)
    return codes


def _own_codes(types: Types, operation: ir.Operation, writer: Writer) -> list[str]:
    """Return the argument that distinguishes an operation's errors from others of the service with the same code."""
    codes = _codes(types.service)
    faults = {name: types.service.structure(name).fault for name in operation.errors}
    own = {fault.code: name for name, fault in faults.items() if fault is not None and codes[fault.code] != name}
    entries = ", ".join(f"{code!r}: {types.reference(name, writer)}" for code, name in own.items())
    return [f"    own_codes={{{entries}}},"] if own else []


def item_annotation(
    types: Types, operation: ir.Operation, pagination: ir.Pagination, writer: Writer, *, typing_only: bool = False
) -> str:
    """Return the annotation of one item of a paginated operation's pages."""
    result = types.service.structure(operation.output).member(pagination.result_key)
    items = types.service.shapes[result.target]
    if not isinstance(items, ir.List):
        raise TypeError(f"{result.target} is not a list")
    return types.element(items, writer, typing_only=typing_only)


def _pagination(types: Types, operation: ir.Operation, pagination: ir.Pagination, writer: Writer) -> None:
    writer.use("aiopartnercentral.types", "Pagination")
    request, response = (types.reference(s, writer) for s in (operation.input, operation.output))
    item = item_annotation(types, operation, pagination, writer)
    result = types.service.structure(operation.output).member(pagination.result_key)
    token = types.service.structure(operation.output).member(pagination.output_token)
    fields, structure = types.names.fields, types.service.structure(operation.input)
    catalog = None if pagination.fan_out is None else fields[structure.name, pagination.fan_out]
    items = f"page.{fields[operation.output, result.name]}{'' if result.required else ' or []'}"
    next_token = f"page.{fields[operation.output, token.name]}"
    optional = [] if result.required else ["    may_lack_items=True,"]
    if pagination.more_results is not None:
        more = types.service.structure(operation.output).member(pagination.more_results)
        next_token += f" if page.{fields[operation.output, more.name]} else None"
        optional.append(f"    more_results={more.wire_name!r},")
    writer.line(f"{types.names.pages[operation.name]}: Final[Pagination[{request}, {response}, {item}]] = Pagination(")
    writer.lines(
        [
            f"    operation={types.names.constants[operation.name]},",
            f"    method={types.names.methods[operation.name]!r},",
            f"    catalog={catalog!r},",
            f"    token={fields[structure.name, pagination.input_token]!r},",
            *_attributes(types, operation, pagination),
            f"    item=lambda: {item},",
            f"    items=lambda page: {items},",
            f"    next_token=lambda page: {next_token},",
            f"    result_key={result.wire_name!r},",
            f"    output_token={token.wire_name!r},",
            *optional,
            *_time_filters(types, operation, pagination, writer),
            ")",
        ]
    )


def _attributes(types: Types, operation: ir.Operation, pagination: ir.Pagination) -> list[str]:
    """Return the argument with the request's attributes of filters that have another name there."""
    fields, arguments = types.names.fields, types.names.arguments
    named = {arguments[operation.name, m.name]: m.name for m in types.service.structure(operation.input).members}
    for member in (pagination.fan_out, pagination.input_token, pagination.limit_key):
        if member is not None:
            del named[arguments[operation.name, member]]
    if pagination.limit_key is not None:
        named["page_size"] = pagination.limit_key
    attributes = {name: fields[operation.input, member] for name, member in named.items()}
    entries = ", ".join(f"{name!r}: {attribute!r}" for name, attribute in attributes.items() if name != attribute)
    return [f"    attributes={{{entries}}},"] if entries else []


def _time_filters(types: Types, operation: ir.Operation, pagination: ir.Pagination, writer: Writer) -> list[str]:
    """Return the lines of the arguments `since` and `created_since`, if the listing has such a filter."""
    names, service = types.names, types.service
    if pagination.created_since is not None:
        return [f"    created_since={names.arguments[operation.name, pagination.created_since]!r},"]
    found = pagination.since
    if found is None:
        return []
    writer.use("aiopartnercentral.types", "TimeFilter")
    holder = service.structure(service.structure(operation.input).member(found.member).target)
    bound = holder.member(found.bound)
    value, all_of = "time", []
    if found.field is not None and found.all_of is not None:
        predicate = service.structure(bound.target)
        union = service.shapes[predicate.member("Value").target]
        if not isinstance(union, ir.Union):
            raise TypeError(f"{union.name} is not a union")
        place = [member.name for member in union.members].index("DateValue")
        date = types.variants(union, writer)[place]
        key, member = (names.fields[predicate.name, name] for name in ("Key", "Value"))
        value = f"{types.reference(predicate.name, writer)}({key}={found.field!r}, {member}={date}(time))"
        combined = names.fields[holder.name, found.all_of]
        reference = types.reference(holder.name, writer)
        all_of = [
            f"        field={found.field!r},",
            f"        all_of=lambda filters: {reference}({combined}=filters),",
        ]
    attribute = names.fields[holder.name, found.bound]
    items = service.shapes[service.structure(operation.output).member(pagination.result_key).target]
    if not isinstance(items, ir.List):
        raise TypeError(f"{items.name} is not a list")
    item = service.structure(items.element).member(found.item)
    return [
        "    since=TimeFilter(",
        f"        argument={names.arguments[operation.name, found.member]!r},",
        f"        bound=lambda time: {types.reference(holder.name, writer)}({attribute}={value}),",
        *all_of,
        f"        modified={item.wire_name!r},",
        f"        inclusive={found.inclusive},",
        "    ),",
    ]
