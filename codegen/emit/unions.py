"""A tagged union: a frozen class for each member, one for unknown members, and an alias for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .writer import quoted, sentence

if TYPE_CHECKING:
    from .. import ir
    from .types import Types
    from .writer import Writer


def write(types: Types, union: ir.Union, writer: Writer) -> None:
    """Write the classes of a union's members, and the alias."""
    names = types.names
    writer.use("attrs")
    writer.use("typing", "ClassVar", "TypeAlias")
    for member in union.members:
        _variant(types, union, member, writer)
    unknown = names.unknowns[union.name]
    writer.use("aiopartnercentral.types", "UnknownMember", "Variant")
    writer.line("@attrs.frozen")
    with writer.block(f"class {unknown}(UnknownMember):"):
        writer.docstring(f"A member of union {quoted(union.name)} that the model does not know.")
    writer.line()
    writer.line()
    variants = [*(names.variants[union.name, m.name] for m in union.members), unknown]
    writer.line(f"{names.classes[union.name]}: TypeAlias = {' | '.join(variants)}")
    writer.docstring(sentence(types.summary(union)), types.about(union.name, deprecated=union.deprecated))
    writer.line()
    writer.line()


def _variant(types: Types, union: ir.Union, member: ir.Member, writer: Writer) -> None:
    annotation = types.annotation(member.target, writer)
    writer.line("@attrs.frozen(weakref_slot=False, repr=False)")
    with writer.block(f"class {types.names.variants[union.name, member.name]}(Variant):"):
        writer.docstring(f"Member {quoted(member.wire_name)} of union {quoted(union.name)}.")
        writer.line()
        writer.line(f"tag: ClassVar[str] = {member.wire_name!r}")
        if member.sensitive:
            writer.use("aiopartnercentral.types", "redacted")
            writer.line(f"value: {annotation} = attrs.field(repr=redacted)")
        else:
            writer.line(f"value: {annotation}")
        writer.attribute_docstring(types.described(union.name, member))
    writer.line()
    writer.line()
