"""The structures and unions: frozen attrs classes, those of one resource alone in a module of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import ir
from ..graph import only_requests, only_sent
from .package import lazy
from .types import Types
from .writer import Writer, quoted, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..names import Names


def emit(service: ir.Service, names: Names) -> dict[str, str]:
    """Return the texts of the package `structures`."""
    modules: dict[str, list[ir.Structure | ir.Union]] = {}
    sent, requests = only_sent(service), only_requests(service)
    for name, module in names.modules.items():
        shape = service.shapes[name]
        if isinstance(shape, ir.Union) or (isinstance(shape, ir.Structure) and shape.fault is None):
            modules.setdefault(module, []).append(shape)
    package = f"{service.config.package}.structures"
    summary = f"The structures and unions of the {service.full_name}; each is imported on first use."
    exports = {one: module for module, shapes in modules.items() for shape in shapes for one in names.of(shape)}
    files = {
        f"structures/{name}.py": _module(service, names, name, here, sent=sent, requests=requests)
        for name, here in modules.items()
    }
    return {"structures/__init__.py": lazy(summary, package, exports), **files}


def _module(
    service: ir.Service,
    names: Names,
    module: str,
    shapes: Iterable[ir.Structure | ir.Union],
    *,
    sent: frozenset[str],
    requests: Mapping[str, ir.Operation],
) -> str:
    kinds = "Structures and unions" if any(isinstance(shape, ir.Union) for shape in shapes) else "Structures"
    writer = Writer(f"{kinds} of the {service.full_name}: {module}.")
    types = Types(service, names, f"structures.{module}")
    for shape in shapes:
        if isinstance(shape, ir.Union):
            _union(types, shape, writer)
        else:
            _structure(types, shape, writer, is_only_sent=shape.name in sent, operation=requests.get(shape.name))
    return writer.render()


def _structure(
    types: Types, structure: ir.Structure, writer: Writer, *, is_only_sent: bool, operation: ir.Operation | None
) -> None:
    """Write a class; the docstring of the operation's method, if there is one, has the descriptions of its members."""
    service, names = types.service, types.names
    writer.use("attrs")
    writer.line("@attrs.frozen(kw_only=True, weakref_slot=False, repr=False)")
    with writer.block(f"class {names.classes[structure.name]}{_bases(types, structure, writer)}:"):
        members = sorted(structure.members, key=lambda m: optional(service, structure, m))
        is_message = service.is_message(structure.name)
        about = types.about(structure.name, deprecated=structure.deprecated, is_message=is_message)
        summary = types.summary(structure)
        if operation is not None and members:
            summary += f": the arguments of `Client.{names.methods[operation.name]}`"
        writer.docstring(sentence(summary), about)
        if members:
            writer.line()
        for member in members:
            writer.line(_field(types, structure, member, writer, is_only_sent=is_only_sent))
            if operation is None:
                writer.attribute_docstring(types.described(structure.name, member))
    writer.line()
    writer.line()


def optional(service: ir.Service, structure: ir.Structure, member: ir.Member) -> bool:
    """Return whether an object can be created without the member.

    A request never needs its idempotency token, which is generated if it is omitted.
    """
    is_request = service.operation_of_input(structure.name) is not None
    return not member.required or (member.idempotency_token and is_request)


def _bases(types: Types, structure: ir.Structure, writer: Writer) -> str:
    bases = []
    operation = types.service.operation_of_input(structure.name)
    if operation is not None:
        bases.append(("Request", f"[{types.names.classes[operation.output]!r}]"))
    if types.service.is_output(structure.name):
        bases.append(("Response", ""))
    bases = bases or [("Structure", "")]
    writer.use("aiopartnercentral.types", *(base for base, _ in bases))
    return f"({', '.join(base + parameter for base, parameter in bases)})"


def _field(types: Types, structure: ir.Structure, member: ir.Member, writer: Writer, *, is_only_sent: bool) -> str:
    # Only users create an object that no response contains, so it takes what the arguments of operations take.
    annotation = types.annotation(member.target, writer, argument=is_only_sent)
    name = types.names.fields[structure.name, member.name]
    arguments = []
    if optional(types.service, structure, member):
        annotation += " | None"
        arguments.append("default=None")
    if member.sensitive:
        writer.use("aiopartnercentral.types", "redacted")
        arguments.append("repr=redacted")
    if not arguments:
        return f"{name}: {annotation}"
    if arguments == ["default=None"]:
        return f"{name}: {annotation} = None"
    return f"{name}: {annotation} = attrs.field({', '.join(arguments)})"


def _union(types: Types, union: ir.Union, writer: Writer) -> None:
    """Write the classes of a union's members, and the alias."""
    names = types.names
    writer.use("attrs")
    writer.use("typing", "ClassVar", "TypeAlias")
    for member in union.members:
        _variant(types, union, member, writer)
    unknown = names.unknowns[union.name]
    writer.use("aiopartnercentral.types", "UnknownMember", "Variant")
    writer.line("@attrs.frozen(repr=False)")
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
