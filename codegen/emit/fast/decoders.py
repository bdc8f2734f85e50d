"""The decoders: a wire class for each shape received, and a straight-line function from its objects to ours."""

from __future__ import annotations

import attrs

from codegen import ir
from codegen.emit.fast.functions import Functions
from codegen.emit.types import SCALARS

_SMALL = 2
_WIRE = {**SCALARS, ir.Kind.BLOB: "str", ir.Kind.DOCUMENT: "Any"}
_WIRE_OF_TIMESTAMPS = {
    ir.TimestampFormat.ISO8601: "str",
    ir.TimestampFormat.EPOCH_SECONDS: "float",
    ir.TimestampFormat.RFC822: "str",
}
# The standard library takes more forms than botocore, and some for another time; these are the same to both. After six
# digits of a fraction it takes anything.
_UNUSUAL_TIMESTAMP = (
    "{value}[19] not in '.Z' or {value}[16] != ':' or {value}[10] != 'T' or {value}[7] != '-' or {value}[-1] != 'Z' "
    "or {value}[-2] == '.' or ({value}[27:] and not fast.all_digits({value}[20:-1]))"
)


@attrs.define
class Decoders(Functions):
    """Writes wire classes and decoders."""

    def structure(self, structure: ir.Structure) -> None:
        """Write a structure's wire class, blank and function."""
        writer = self.writer
        self._wire_class(structure)
        blank = f"_{self.types.names.classes[structure.name]}"
        writer.lines(["", "", f"{blank} = fast.blank({self.types.reference(structure.name, writer)})", "", ""])
        with self.function("decode", structure.name, f"_raw: {self.wire(structure.name)}", "Any"):
            writer.line(f"return {self._structure(structure, '_raw')}")

    def union(self, union: ir.Union) -> None:
        """Write a union's wire class, the blanks of its variants, and its function."""
        writer, fields = self.writer, self.types.names.fields
        self._wire_class(union)
        variants = self.variants(union)
        writer.lines(["", "", *(f"_{name} = fast.blank(unions.{name})" for name in variants), "", ""])
        with self.function("decode", union.name, f"_raw: {self.wire(union.name)}", "Any"):
            for index, (member, variant) in enumerate(zip(union.members, variants, strict=True)):
                others = [f"_raw.{fields[union.name, m.name]} is not None" for m in union.members[index + 1 :]]
                found = self.name("value")
                with writer.block(f"if ({found} := _raw.{fields[union.name, member.name]}) is not None:"):
                    if others:
                        with writer.block(f"if {' or '.join(others)}:"):
                            writer.line("raise fast.Unsure")
                    value, made = self._decoded(member.target, found), self.name("self")
                    writer.lines([f"{made} = _{variant}()", f"{made}.value = {value}"])
                    writer.lines([f"{made}.__class__ = unions.{variant}", f"return {made}"])
            writer.line("raise fast.Unsure")

    def _wire_class(self, shape: ir.Structure | ir.Union) -> None:
        """Write the class of a shape as it stands in the JSON; members that must be there come first."""
        writer, is_union = self.writer, isinstance(shape, ir.Union)
        writer.lines(["", ""])
        with writer.block(f"class {self.wire(shape.name)}(fast.{'WireUnion' if is_union else 'Wire'}):"):
            writer.docstring(f"The JSON of a `{shape.name}`.")
            for member in sorted(shape.members, key=lambda m: not m.required):
                name, form = self.types.names.fields[shape.name, member.name], self._wire_form(member.target)
                wanted = "" if member.required else " | None"
                default = "" if member.required else ", default=None"
                writer.line(f"{name}: {form}{wanted} = fast.field(name={member.wire_name!r}{default})")

    def _wire_form(self, shape: str) -> str:
        """Return the annotation of a value as it stands in the JSON."""
        found = self.types.service.shapes[shape]
        if isinstance(found, ir.Scalar):
            return _WIRE_OF_TIMESTAMPS[found.timestamp_format] if found.timestamp_format else _WIRE[found.kind]
        if isinstance(found, ir.List):
            return f"list[{self._wire_form(found.element)}]"
        if isinstance(found, ir.Map):
            return f"dict[{self._wire_form(found.key)}, {self._wire_form(found.value)}]"
        if isinstance(found, ir.Enum):
            return self.types.reference(shape, self.writer)
        return self.wire(shape)

    def _is_final(self, shape: str) -> bool:
        """Tell whether a value as it stands in the JSON is what the object holds."""
        found = self.types.service.shapes[shape]
        if isinstance(found, ir.Scalar):
            return found.kind not in (ir.Kind.TIMESTAMP, ir.Kind.BLOB)
        if isinstance(found, ir.List):
            return self._is_final(found.element)
        if isinstance(found, ir.Map):  # a key is a string or an enum
            return self._is_final(found.value)
        return isinstance(found, ir.Enum)

    def _structure(self, structure: ir.Structure, raw: str) -> str:
        """Write the lines that make a structure out of the wire object called `raw`; returns the name of the result."""
        writer, made = self.writer, self.name("self")
        writer.line(f"{made} = _{self.types.names.classes[structure.name]}()")
        for member in structure.members:
            field = self.types.names.fields[structure.name, member.name]
            if member.required and self._is_document(member.target):
                with writer.block(f"if {raw}.{field} is None:"):  # which is any JSON to msgspec
                    writer.line("raise fast.Unsure")
            if member.required or self._is_final(member.target):
                writer.line(f"{made}.{field} = {self._decoded(member.target, f'{raw}.{field}')}")
            else:
                value = self.name("value")
                writer.line(f"{made}.{field} = None")
                with writer.block(f"if ({value} := {raw}.{field}) is not None:"):
                    writer.line(f"{made}.{field} = {self._decoded(member.target, value)}")
        if self.types.service.is_output(structure.name):
            writer.line(f"{made}.response_metadata = None")
        writer.line(f"{made}.__class__ = {self.types.reference(structure.name, writer)}")
        return made

    def _decoded(self, shape: str, text: str) -> str:
        """Write the lines that check what `text` gives; returns the expression of the decoded value."""
        found = self.types.service.shapes[shape]
        if self._is_final(shape):
            return text
        if isinstance(found, ir.List | ir.Map):
            return self._decoded_list(found, text) if isinstance(found, ir.List) else self._decoded_map(found, text)
        if isinstance(found, ir.Scalar):
            return self._decoded_scalar(found, text)
        if isinstance(found, ir.Structure) and self._is_small(found):
            return self._structure(found, self._local(text))
        return f"{self.called('decode', shape)}({text})"

    def _local(self, text: str) -> str:
        """Return a local name of what `text` gives."""
        if text.startswith("_") and text.isidentifier():
            return text
        name = self.name("value")
        self.writer.line(f"{name} = {text}")
        return name

    def _decoded_list(self, found: ir.List, text: str) -> str:
        item = self.name("item")
        if self._is_expression(found.element):
            return f"[{self._decoded(found.element, item)} for {item} in {text}]"
        result = self.name("list")
        self.writer.line(f"{result}: list[Any] = []")
        with self.writer.block(f"for {item} in {text}:"):
            self.writer.line(f"{result}.append({self._decoded(found.element, item)})")
        return result

    def _decoded_map(self, found: ir.Map, text: str) -> str:
        """Write a loop that puts decoded values in the place of the others: the dict is nobody else's."""
        result, key, item = self.name("map"), self.name("key"), self.name("item")
        self.writer.line(f"{result}: dict[Any, Any] = {text}")
        with self.writer.block(f"for {key}, {item} in {result}.items():"):
            self.writer.line(f"{result}[{key}] = {self._decoded(found.value, item)}")
        return result

    def _decoded_scalar(self, found: ir.Scalar, text: str) -> str:
        if found.kind is ir.Kind.BLOB:
            return f"fast.blob({text})"
        if found.timestamp_format is not ir.TimestampFormat.ISO8601:
            is_number = found.timestamp_format is ir.TimestampFormat.EPOCH_SECONDS
            return f"fast.from_epoch({text})" if is_number else f"fast.unsure({text})"
        value = self._local(text)
        with self.writer.block(f"if {_UNUSUAL_TIMESTAMP.format(value=value)}:"):
            self.writer.line("raise fast.Unsure")
        return f"fast.from_iso({value})"

    def _is_expression(self, shape: str) -> bool:
        """Tell whether a value is decoded by an expression alone, without lines before it."""
        found = self.types.service.shapes[shape]
        if isinstance(found, ir.Scalar):
            return found.timestamp_format is not ir.TimestampFormat.ISO8601
        if isinstance(found, ir.List):
            return self._is_expression(found.element)
        if isinstance(found, ir.Structure):
            return not self._is_small(found)
        return not isinstance(found, ir.Map) or self._is_final(shape)

    def _is_document(self, shape: str) -> bool:
        found = self.types.service.shapes[shape]
        return isinstance(found, ir.Scalar) and found.kind is ir.Kind.DOCUMENT

    def _is_small(self, structure: ir.Structure) -> bool:
        """Tell whether a structure is written in place of a call: few members, and no structure or collection in it."""
        shapes = (self.types.service.shapes[m.target] for m in structure.members)
        return (
            self.types.names.modules[structure.name] == self.module
            and len(structure.members) <= _SMALL
            and not any(isinstance(s, ir.Structure | ir.List | ir.Map) for s in shapes)
        )
