"""Annotations and descriptions of shapes, for the emitters of several modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from .. import ir
from .writer import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..names import Names
    from .writer import Writer

SCALARS = {
    ir.Kind.STRING: "str",
    ir.Kind.BOOLEAN: "bool",
    ir.Kind.INTEGER: "int",
    ir.Kind.LONG: "int",
    ir.Kind.FLOAT: "float",
    ir.Kind.DOUBLE: "float",
    ir.Kind.TIMESTAMP: "datetime",
    ir.Kind.BLOB: "bytes",
    ir.Kind.DOCUMENT: "JsonValue",
}
_PLACES = {
    ir.Location.HEADER: "header {}",
    ir.Location.HEADERS: "headers that begin with {}",
    ir.Location.PATH: "part {} of the path",
    ir.Location.QUERY: "query parameter {}",
    ir.Location.STATUS: "the HTTP status",
}
# For protocols that flatten structures or make XML of them, whose names are botocore's business.
_IN_DICTS = "in botocore's dicts"


@attrs.frozen
class Types:
    """Writes annotations into one module of a service's package.

    Attributes:
        service: whose shapes.
        names: their Python names.
        here: the module being written (`enums`, `structures.common`, ...); its own classes are named without a prefix.
    """

    service: ir.Service
    names: Names
    here: str

    def home(self, shape: str) -> str:
        """Return the module or package that gives the shape's class."""
        found = self.service.shapes[shape]
        if isinstance(found, ir.Structure) and found.fault is not None:
            return "errors"
        return "enums" if isinstance(found, ir.Enum) else "structures"

    def is_here(self, shape: str) -> bool:
        """Return whether the shape's class is defined in the module being written."""
        home = self.home(shape)
        return self.here == (f"{home}.{self.names.modules[shape]}" if home == "structures" else home)

    def reference(self, shape: str, writer: Writer, *, typing_only: bool = False) -> str:
        """Return how the shape's class is written in this module, and import what that needs."""
        return self._prefix(shape, writer, typing_only=typing_only) + self.names.classes[shape]

    def variants(self, union: ir.Union, writer: Writer) -> list[str]:
        """Return how the classes of a union's members are written in this module, and import what that needs."""
        prefix = self._prefix(union.name, writer)
        return [prefix + self.names.variants[union.name, member.name] for member in union.members]

    def _prefix(self, shape: str, writer: Writer, *, typing_only: bool = False) -> str:
        """Return what a name of the shape needs before it in this module, and import that."""
        package, home = self.service.config.package, self.home(shape)
        if self.is_here(shape):
            return ""
        if home == "structures" and self.here.startswith("structures."):
            # Beside the module that the package `structures` takes it from, which must not import the package back.
            package, home = f"{package}.structures", self.names.modules[shape]
        writer.use(package, home, typing_only=typing_only)
        return f"{home}."

    def annotation(self, shape: str, writer: Writer, *, argument: bool = False, typing_only: bool = False) -> str:
        """Return the annotation of a value of the shape.

        An argument takes more than an attribute holds: at its top, any sequence or mapping; there and as an element,
        the string of a known value.
        """
        found = self.service.shapes[shape]
        if argument and self.service.has_known_values(shape):
            writer.use(self.service.config.package, "enums", typing_only=typing_only)
            return f"enums.{self.names.likes[shape]}"
        if isinstance(found, ir.Scalar):
            if found.kind is ir.Kind.TIMESTAMP:
                writer.use("datetime", "datetime", typing_only=typing_only)
            if found.kind is ir.Kind.DOCUMENT:
                writer.use("aiopartnercentral.types", "JsonValue", typing_only=typing_only)
            return SCALARS[found.kind]
        if isinstance(found, ir.List):
            if argument:
                writer.use("collections.abc", "Sequence", typing_only=typing_only)
            inner = self.element(found, writer, argument=argument, typing_only=typing_only)
            return f"{'Sequence' if argument else 'list'}[{inner}]"
        if isinstance(found, ir.Map):
            if argument:
                writer.use("collections.abc", "Mapping", typing_only=typing_only)
            key = self.annotation(found.key, writer, typing_only=typing_only)
            value = self.annotation(found.value, writer, typing_only=typing_only)
            value = f"{value} | None" if found.sparse else value
            return f"{'Mapping' if argument else 'dict'}[{key}, {value}]"
        return self.reference(shape, writer, typing_only=typing_only)

    def element(self, found: ir.List, writer: Writer, *, argument: bool = False, typing_only: bool = False) -> str:
        """Return the annotation of one element of a list."""
        is_known = argument and not found.sparse and self.service.has_known_values(found.element)
        annotation = self.annotation(found.element, writer, argument=is_known, typing_only=typing_only)
        return f"{annotation} | None" if found.sparse else annotation

    def summary(self, shape: ir.Structure | ir.Union | ir.Enum) -> str:
        """Return the first line of the docstring of a shape's class, without the full stop."""
        text = self.service.texts.shapes.get(shape.name)
        if text is not None:
            return text
        request, response = self.service.operation_of_input(shape.name), self.service.operation_of_output(shape.name)
        if request is not None:
            return f"request of {quoted(request.name)}"
        if response is not None:
            return f"response of {quoted(response.name)}"
        is_error = isinstance(shape, ir.Structure) and shape.fault is not None
        return f"{'error' if is_error else type(shape).__name__.lower()} {quoted(shape.name)}"

    def described(self, shape: str, member: ir.Member) -> str:
        """Return the text of a member and the facts about it, for a docstring; without a text, its name on the wire."""
        text = self.service.texts.of_member(shape, member)
        facts = ", ".join(self._facts(member, is_described=text is not None))
        return f"{'; '.join(part for part in (text, facts) if part)}."

    def _facts(self, member: ir.Member, *, is_described: bool) -> list[str]:
        target = self.service.shapes[member.target]
        facts = []
        if member.location is not None:
            facts.append(_PLACES[member.location].format(quoted(member.location_name or "")))
        elif not is_described or member.wire_name != member.name:
            place = "on the wire" if self.service.protocol.has_members else _IN_DICTS
            facts.append(f"{quoted(member.wire_name)} {place}")
        facts += [*shape_facts(target), *self._part_facts(target)]
        if member.idempotency_token:
            facts.append("generated if omitted")
        if member.deprecated or target.deprecated:
            facts.append("deprecated")
        if member.sensitive:
            facts.append("sensitive")
        return facts

    def _part_facts(self, shape: ir.Shape) -> Iterator[str]:
        """Yield the constraints on what a list or map consists of."""
        parts: dict[str, str] = {}
        if isinstance(shape, ir.List):
            parts = {"each": shape.element}
        elif isinstance(shape, ir.Map):
            parts = {"keys": shape.key, "values": shape.value}
        for part, name in parts.items():
            facts = shape_facts(self.service.shapes[name])
            if facts:
                yield f"{part} {' with '.join(facts)}"

    def about(self, name: str, *, deprecated: bool, is_message: bool = False) -> list[str]:
        """Return the docstring's link to AWS's reference page of an operation or shape, if there is one.

        A request or response has none, as it names its operation, whose method has the link.
        """
        uid = self.service.uid
        page = [] if uid is None or is_message else [f"Reference: https://docs.aws.amazon.com/goto/WebAPI/{uid}/{name}"]
        return ["Deprecated.", *page] if deprecated else page


def shape_facts(shape: ir.Shape) -> list[str]:
    """Return the constraints that the service checks on a value of the shape."""
    if isinstance(shape, ir.Structure | ir.Union):
        return []
    limits = shape.constraints
    unit = ""
    if isinstance(shape, ir.Enum) or (isinstance(shape, ir.Scalar) and shape.kind is ir.Kind.STRING):
        unit = " characters"
    elif isinstance(shape, ir.List | ir.Map):
        unit = " entries"
    elif shape.kind is ir.Kind.BLOB:
        unit = " bytes"
    facts = []
    if limits.minimum is not None and limits.minimum == limits.maximum:
        facts.append(f"exactly {_number(limits.minimum)}{unit}")
    elif limits.minimum is not None and limits.maximum is not None:
        facts.append(f"{_number(limits.minimum)} to {_number(limits.maximum)}{unit}")
    elif limits.minimum is not None:
        facts.append(f"at least {_number(limits.minimum)}{unit}")
    elif limits.maximum is not None:
        facts.append(f"at most {_number(limits.maximum)}{unit}")
    if limits.pattern is not None:
        facts.append(f"pattern {quoted(limits.pattern)}")
    return facts


def _number(limit: float) -> str:
    """Return a limit with all of its digits."""
    return str(int(limit) if limit == int(limit) else limit)
