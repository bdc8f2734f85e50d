"""The tagged unions: a frozen class for each member, one for unknown members, and an alias for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.emit.types import Types
from codegen.emit.writer import Writer

if TYPE_CHECKING:
    from codegen import ir
    from codegen.names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `unions.py`."""
    writer = Writer(
        f"The tagged unions of the {service.full_name}: one class for each member, and one for unknown ones."
    )
    types = Types(service, names, "unions")
    for union in service.unions():
        writer.use("attrs")
        writer.use("typing", "ClassVar", "TypeAlias")
        for member in union.members:
            _variant(types, union, member, writer)
        unknown = names.unknowns[union.name]
        writer.use("aiopartnercentral.types", "UnknownMember", "Variant")
        writer.line("@attrs.frozen")
        with writer.block(f"class {unknown}(UnknownMember):"):
            writer.docstring(f"A member of union `{union.name}` that the model does not know.")
        writer.line()
        writer.line()
        variants = [*(names.variants[union.name, m.name] for m in union.members), unknown]
        alias = names.classes[union.name]
        writer.line(f"{alias}: TypeAlias = {' | '.join(variants)}")
        writer.docstring(f"Union `{union.name}`.", types.about(union.name, deprecated=union.deprecated))
        writer.line()
        writer.line()
    return writer.render()


def _variant(types: Types, union: ir.Union, member: ir.Member, writer: Writer) -> None:
    annotation = types.annotation(member.target, writer)
    writer.line("@attrs.frozen(weakref_slot=False)")
    with writer.block(f"class {types.names.variants[union.name, member.name]}(Variant):"):
        writer.docstring(
            f"Member `{member.wire_name}` of union `{union.name}`.",
            ["Attributes:", f"    value: {types.facts(member)}"],
        )
        writer.line()
        writer.line(f"tag: ClassVar[str] = {member.wire_name!r}")
        if member.sensitive:
            writer.use("aiopartnercentral.types", "redacted")
            writer.line(f"value: {annotation} = attrs.field(repr=redacted)")
        else:
            writer.line(f"value: {annotation}")
    writer.line()
    writer.line()
