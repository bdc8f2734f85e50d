"""How a listing is filtered by the time of modification, as an argument of its `Pagination`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import ir

if TYPE_CHECKING:
    from .types import Types
    from .writer import Writer


def arguments(types: Types, operation: ir.Operation, pagination: ir.Pagination, writer: Writer) -> list[str]:
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
