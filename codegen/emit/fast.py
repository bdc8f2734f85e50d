"""The fast decoders: a straight-line function for each structure and union received, if it holds nothing unusual.

A function raises, whatever it raises, on anything that it is not sure to treat exactly as the converter's own hooks do;
the whole value then goes through those.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

import attrs

from codegen import ir
from codegen.emit.types import Types
from codegen.emit.writer import Writer
from codegen.graph import contained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.names import Names

_SMALL = 2
_CHECKED = {ir.Kind.BOOLEAN: "bool", ir.Kind.INTEGER: "int", ir.Kind.LONG: "int"}
_CALLED = {ir.Kind.FLOAT: "double", ir.Kind.DOUBLE: "double", ir.Kind.BLOB: "blob"}


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `fast.py`."""
    writer = Writer(f"Fast decoders of the {service.full_name}, for JSON that holds nothing unusual.")
    writer.use("collections.abc", "Callable", typing_only=True)
    writer.use("typing", "Any", "Final")
    writer.use("aiopartnercentral.converting", "fast")
    functions = _Functions(Types(service, names, "fast"), writer)
    received = contained(service.shapes, {operation.output for operation in service.operations})
    writer.line("_from_iso = fast.from_iso")
    for enum in (e for e in service.enums() if e.name in received):
        cls = functions.types.reference(enum.name, writer)
        writer.line(f"_{names.classes[enum.name]} = {{_member.value: _member for _member in {cls}}}")
    table = {}
    for structure in (s for s in service.structures() if s.name in received):
        table[functions.types.reference(structure.name, writer)] = functions.structure(structure)
    for union in (u for u in service.unions() if u.name in received):
        table[functions.types.reference(union.name, writer)] = functions.union(union)
    writer.lines(["", "", "DECODERS: Final[dict[Any, Callable[[fast.Json], Any]]] = {"])
    writer.lines(f"    {cls}: {function}," for cls, function in table.items())
    writer.line("}")
    return writer.render()


@attrs.define
class _Functions:
    """Writes the functions; every name of theirs starts with an underscore, which no member's name does.

    A value is written as the lines that check it, and the expression that then gives it.
    """

    types: Types
    writer: Writer
    _names: Iterator[int] = attrs.field(factory=count, init=False)

    def structure(self, structure: ir.Structure) -> str:
        """Write a structure's function and return its name."""
        blank = f"_{self.types.names.classes[structure.name]}"
        with self._function(structure.name, {blank: self._class(structure)}):
            self.writer.line(f"return {self._structure(structure, '_raw')}")
        return self._called(structure.name)

    def union(self, union: ir.Union) -> str:
        """Write a union's function and return its name."""
        writer = self.writer
        self.types.reference(union.name, writer)
        variants = {m.name: self.types.names.variants[union.name, m.name] for m in union.members}
        with self._function(union.name, {f"_{name}": f"unions.{name}" for name in variants.values()}):
            with writer.block("if len(_raw) != 1:"):
                writer.line("raise fast.Unsure")
            for member in union.members:
                with writer.block(f"if (_value := _raw.get({member.wire_name!r})) is not None:"):
                    value, made = self._value(member.target, "_value"), self._name("self")
                    writer.lines([f"{made} = _{variants[member.name]}()", f"{made}.value = {value}"])
                    writer.lines([f"{made}.__class__ = unions.{variants[member.name]}", f"return {made}"])
            writer.line("raise fast.Unsure")
        return self._called(union.name)

    @contextmanager
    def _function(self, shape: str, blanks: dict[str, str]) -> Iterator[None]:
        """Write the blanks that a function fills, and its head; its body is written in the `with` block."""
        self.writer.lines(["", "", *(f"{blank} = fast.blank({cls})" for blank, cls in blanks.items()), "", ""])
        self._names = count()
        with self.writer.block(f"def {self._called(shape)}(_raw: fast.Json) -> Any:"):
            yield

    def _called(self, shape: str) -> str:
        return f"_decode_{self.types.names.hooks[shape]}"

    def _name(self, kind: str) -> str:
        """Return a local name that the function has not used yet."""
        return f"_{kind}{next(self._names)}"

    def _class(self, structure: ir.Structure) -> str:
        return self.types.reference(structure.name, self.writer)

    def _structure(self, structure: ir.Structure, raw: str) -> str:
        """Write the lines that make a structure out of the object called `raw`; returns the name of the result."""
        writer, made = self.writer, self._name("self")
        if not structure.members:
            writer.line(f"fast.structure({raw})")
        writer.line(f"{made} = _{self.types.names.classes[structure.name]}()")
        for member in structure.members:
            field = self.types.names.fields[structure.name, member.name]
            if member.required:
                value = self._value(member.target, f"{raw}[{member.wire_name!r}]")
                writer.line(f"{made}.{field} = {value}")
            else:
                writer.line(f"{made}.{field} = None")
                with writer.block(f"if (_value := {raw}.get({member.wire_name!r})) is not None:"):
                    writer.line(f"{made}.{field} = {self._value(member.target, '_value')}")
        if self.types.service.is_output(structure.name):
            writer.line(f"{made}.response_metadata = None")
        writer.line(f"{made}.__class__ = {self._class(structure)}")
        return made

    def _value(self, shape: str, text: str) -> str:
        """Write the lines that check what `text` gives; returns the expression of the decoded value."""
        found = self.types.service.shapes[shape]
        if isinstance(found, ir.Enum):
            return f"_{self.types.names.classes[shape]}[{text}]"
        if isinstance(found, ir.Scalar):
            return self._scalar(found.kind, text)
        if isinstance(found, ir.List):
            return self._list(found, text)
        if isinstance(found, ir.Map):
            return self._map(found, text)
        if isinstance(found, ir.Structure) and self._is_small(found):
            raw = text
            if not text.startswith("_item"):
                raw = self._name("raw")
                self.writer.line(f"{raw} = {text}")
            return self._structure(found, raw)
        return f"{self._called(shape)}({text})"

    def _list(self, found: ir.List, text: str) -> str:
        """Write a loop over a list's elements.

        They are taken off one by one, so that what is decoded frees what it was decoded from, and the garbage collector
        is called upon less.
        """
        result, rest, item = self._name("list"), self._name("rest"), self._name("item")
        self.writer.lines([f"{result}: list[Any] = []", f"{rest} = fast.reversed_array({text})"])
        with self.writer.block(f"while {rest}:"):
            self.writer.line(f"{item} = {rest}.pop()")
            self.writer.line(f"{result}.append({self._value(found.element, item)})")
        return result

    def _map(self, found: ir.Map, text: str) -> str:
        """Write a loop over a map's entries."""
        result, key, item = self._name("map"), self._name("key"), self._name("item")
        self.writer.line(f"{result}: dict[Any, Any] = {{}}")
        with self.writer.block(f"for {key}, {item} in {text}.items():"):
            value = self._value(found.value, item)
            self.writer.line(f"{result}[{self._value(found.key, key)}] = {value}")
        return result

    def _scalar(self, kind: ir.Kind, text: str) -> str:
        """Write the check of a scalar; those that are frequent are checked without a call.

        Adding to an empty string gives the other string itself, and raises for anything else, in one step.
        """
        if kind is ir.Kind.STRING:
            return f"'' + {text}"
        if kind in _CALLED:
            return f"fast.{_CALLED[kind]}({text})"
        if text != "_value":
            self.writer.line(f"_value = {text}")
        test = "_value[10] != 'T' or _value[7] != '-' or _value[-1] != 'Z'"
        with self.writer.block(f"if {test if kind is ir.Kind.TIMESTAMP else f'type(_value) is not {_CHECKED[kind]}'}:"):
            self.writer.line("raise fast.Unsure")
        return "_from_iso(_value)" if kind is ir.Kind.TIMESTAMP else "_value"

    def _is_small(self, structure: ir.Structure) -> bool:
        """Tell whether a structure is written in place of a call: few members, and no structure or collection in it."""
        shapes = (self.types.service.shapes[m.target] for m in structure.members)
        return len(structure.members) <= _SMALL and not any(
            isinstance(s, ir.Structure | ir.List | ir.Map) for s in shapes
        )
