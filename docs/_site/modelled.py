"""The pages about what is made of a service's model: structures, unions, enums and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen import ir, names as naming
from codegen.emit.structures import optional
from codegen.emit.types import Types
from codegen.emit.writer import Writer, quoted, sentence
from codegen.graph import only_sent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def pages(service: ir.Service) -> dict[str, Iterable[str]]:
    """Return the parts of each page of a service by the page's name: one for each module, enums and errors."""
    page = _Pages(service)
    modules: dict[str, list[ir.Structure | ir.Union]] = {}
    shapes: list[ir.Structure | ir.Union] = [*service.structures(), *service.unions()]
    for shape in shapes:
        modules.setdefault(page.names.modules[shape.name], []).append(shape)
    found: dict[str, Iterable[str]] = {module: page.types(module, modules[module]) for module in sorted(modules)}
    return found | {"enums": page.enums(), "errors": page.errors()}


class _Pages:
    """The texts about one service."""

    def __init__(self, service: ir.Service) -> None:
        self.service = service
        self.names = naming.name(service)
        self._types = Types(service, self.names, "")
        self._sent = only_sent(service)
        self._writer = Writer("")  # collects imports, which a page does not need

    def types(self, module: str, shapes: Iterable[ir.Structure | ir.Union]) -> Iterator[str]:
        """Yield the page of a module of structures and unions."""
        yield self._head(f"types of {module.replace('_', ' ')}")
        home = f"structures.{module}"
        for shape in sorted(shapes, key=lambda each: self.names.classes[each.name]):
            yield from self._union(shape, home) if isinstance(shape, ir.Union) else self._structure(shape, home)

    def enums(self) -> Iterator[str]:
        """Yield the page of the enums."""
        yield self._head("enums")
        yield "An unknown value of an enum is kept, and says so: `is_unknown`.\n\n"
        for enum in sorted(self.service.enums(), key=lambda each: self.names.classes[each.name]):
            yield from self._open("class", self.names.classes[enum.name], "enums")
            yield from self._about(enum, deprecated=enum.deprecated)
            for value in enum.values:
                name, text = self.names.enum_members[enum.name, value], self.service.texts.of_value(enum.name, value)
                wire = "" if name == value else f" {quoted(value)}"
                yield f"`{name}`{wire}\n: {sentence(text) if text else 'A value of the service.'}\n\n"
            yield ":::\n\n"
        for shape, like in sorted(self.names.likes.items(), key=lambda each: each[1]):
            yield from self._open("type", like, "enums")
            values = ", ".join(quoted(value) for value in self.service.known_values(shape))
            first, *_ = self.service.config.enums.get(shape, (shape,))
            taken = _linked(self.names.classes.get(first, "str"))
            yield f"What an argument takes: {taken}, or one of {values}.\n:::\n\n"

    def errors(self) -> Iterator[str]:
        """Yield the page of the errors."""
        yield self._head("errors")
        yield "Each is a {py:exc}`aiopartnercentral.ServiceError`. A member is None if the response lacks it.\n\n"
        for error in sorted(self.service.errors(), key=lambda each: self.names.classes[each.name]):
            yield from self._open("exception", self.names.classes[error.name], "errors")
            yield from self._about(error, deprecated=error.deprecated)
            if error.fault is not None:
                status = error.fault.http_status
                facts = [f"Code {quoted(error.fault.code)}", *([f"HTTP status {status}"] if status else [])]
                yield f"{', '.join([*facts, *(['retryable'] if error.fault.retryable else [])])}.\n\n"
            yield from self._members(error)
            yield ":::\n\n"

    def _head(self, about: str) -> str:
        package = self.service.config.package
        return f"# {package}: {about}\n\n```{{py:currentmodule}} {package}\n```\n\n"

    def _open(self, kind: str, name: str, module: str, arguments: str = "") -> Iterator[str]:
        yield f":::{{py:{kind}}} {name}{arguments}\n:canonical: {self.service.config.package}.{module}.{name}\n\n"

    def _about(self, shape: ir.Structure | ir.Union | ir.Enum, *, deprecated: bool) -> Iterator[str]:
        is_message = self.service.is_message(shape.name)
        yield f"{sentence(self._types.summary(shape))}"
        operation = self.service.operation_of_input(shape.name)
        if operation is not None:
            method = self.names.methods[operation.name]
            yield f" {{py:meth}}`Client.{method}` takes its members as arguments."
        for line in self._types.about(shape.name, deprecated=deprecated, is_message=is_message):
            text, _, link = line.partition("Reference: ")
            yield f" [AWS's page]({link})" if link else f" {text}"
        yield "\n\n"

    def _structure(self, structure: ir.Structure, home: str) -> Iterator[str]:
        yield from self._open("class", self.names.classes[structure.name], home)
        yield from self._about(structure, deprecated=structure.deprecated)
        yield from self._members(structure)
        yield ":::\n\n"

    def _members(self, shape: ir.Structure) -> Iterator[str]:
        def is_optional(member: ir.Member) -> bool:
            return shape.fault is not None or optional(self.service, shape, member)

        for member in sorted(shape.members, key=is_optional):
            annotation = self._annotation(member.target, argument=shape.name in self._sent)
            annotation += " | None" if is_optional(member) else ""
            yield f"`{self.names.fields[shape.name, member.name]}` {_linked(annotation)}\n"
            yield f": {self._text(shape.name, member)}\n\n"

    def _union(self, union: ir.Union, home: str) -> Iterator[str]:
        variants = [self.names.variants[union.name, member.name] for member in union.members]
        unknown = self.names.unknowns[union.name]
        yield from self._open("type", self.names.classes[union.name], home)
        yield from self._about(union, deprecated=union.deprecated)
        yield f"One of {', '.join(_linked(name) for name in (*variants, unknown))}.\n:::\n\n"
        for member, variant in zip(union.members, variants, strict=True):
            yield from self._open("class", variant, home, "(value)")
            yield f"Member {quoted(member.wire_name)} of the union {_linked(self.names.classes[union.name])}.\n\n"
            yield f"`value` {_linked(self._annotation(member.target))}\n: {self._text(union.name, member)}\n:::\n\n"
        yield from self._open("class", unknown, home, "(tag, value)")
        yield f"A member of the union {_linked(self.names.classes[union.name])} that the model does not know.\n:::\n\n"

    def _annotation(self, shape: str, *, argument: bool = False) -> str:
        annotation = self._types.annotation(shape, self._writer, argument=argument)
        return annotation.replace("enums.", "").replace("structures.", "")

    def _text(self, shape: str, member: ir.Member) -> str:
        text = self._types.described(shape, member)
        return f"{text[:1].upper()}{text[1:]}"


def _linked(annotation: str) -> str:
    """Return a type as code, with links to the types in it."""
    return f"{{annotation}}`{annotation}`"
