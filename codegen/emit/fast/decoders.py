"""The decoders: a wire class for each shape received, and a function that turns its objects into ours."""

from __future__ import annotations

from contextlib import ExitStack

import attrs

from ... import ir
from ..types import SCALARS
from ..writer import quoted
from .functions import Functions

_WIRE = {**SCALARS, ir.Kind.BLOB: "str", ir.Kind.DOCUMENT: "Any"}
# They decode values of CBOR, and strings of the JSON that stands for it. A document could have either anywhere.
_FUNCTIONS_OF_CBOR = {
    ir.Kind.TIMESTAMP: "decode_timestamp",
    ir.Kind.BLOB: "decode_blob",
    ir.Kind.DOCUMENT: "fall_back",
}
_WIRE_OF_TIMESTAMPS = {
    ir.TimestampFormat.ISO8601: "fast.Raw",
    ir.TimestampFormat.EPOCH_SECONDS: "float",
    ir.TimestampFormat.RFC822: "str",
}
_TIMESTAMPS = {
    ir.TimestampFormat.ISO8601: "decode_iso8601",
    ir.TimestampFormat.EPOCH_SECONDS: "decode_epoch",
    ir.TimestampFormat.RFC822: "fall_back",
}


@attrs.define
class Decoders(Functions):
    """Writes wire classes and decoders."""

    def structure(self, structure: ir.Structure) -> None:
        """Write a structure's wire class and function."""
        writer, cls = self.writer, self.types.reference(structure.name, self.writer)
        self._wire_class(structure)
        with self.function("decode", structure.name, "made: Any", "Any"):
            for member in structure.members:
                field = f"made.{self.types.names.fields[structure.name, member.name]}"
                if member.required and self._is_document(member.target):
                    with writer.block(f"if {field} is None:"):  # which is any JSON to msgspec
                        writer.line("raise fast.FallbackRequired")
                self._member(member, field)
            if self.types.service.is_output(structure.name):
                writer.line("made.response_metadata = None")
            writer.lines([f"made.__class__ = {cls}", "return made"])

    def _member(self, member: ir.Member, field: str) -> None:
        """Write the lines that decode one member."""
        if self._is_final(member.target):
            return
        if not member.required and self._is_iso8601(member.target):
            self.writer.line(f"{field} = fast.decode_optional_iso8601({field})")
            return
        with ExitStack() as stack:
            if not member.required:
                stack.enter_context(self.writer.block(f"if {field} is not None:"))
            self._convert(member.target, field)

    def _convert(self, shape: str, text: str) -> None:
        """Write the lines that decode the value of a variable: in place, or a new one."""
        writer, found = self.writer, self.types.service.shapes[shape]
        if isinstance(found, ir.Structure):
            writer.line(f"{self.called('decode', shape)}({text})")
        elif isinstance(found, ir.Map) and not self._is_in_place(shape):
            # The dict is nobody else's, and filling another one would take 7 % of the time of a page.
            key, item = self.name("key"), self.name("item")
            with writer.block(f"for {key}, {item} in {text}.items():"):
                writer.line(f"{text}[{key}] = {self._decoded(found.value, item)}")
        elif isinstance(found, ir.Map):
            item = self.name("item")
            with writer.block(f"for {item} in {text}.values():"):
                self._convert(found.value, item)
        elif isinstance(found, ir.List) and self._is_in_place(shape):
            item = self.name("item")
            with writer.block(f"for {item} in {text}:"):
                self._convert(found.element, item)
        else:
            writer.line(f"{text} = {self._decoded(shape, text)}")

    def _is_in_place(self, shape: str) -> bool:
        """Tell whether a value is decoded by changing the objects in it, so that it need not be replaced."""
        found = self.types.service.shapes[shape]
        if isinstance(found, ir.List):
            return self._is_in_place(found.element)
        if isinstance(found, ir.Map):
            return self._is_in_place(found.value)
        return isinstance(found, ir.Structure)

    def union(self, union: ir.Union) -> None:
        """Write a union's wire class, the mutable twins of its variants, and its function."""
        writer, fields = self.writer, self.types.names.fields
        self._wire_class(union)
        variants = self.types.variants(union, writer)
        twins = [f"_{self.types.names.variants[union.name, member.name]}" for member in union.members]
        made = zip(twins, variants, strict=True)
        writer.lines(["", "", *(f"{twin} = fast.mutable_twin({variant})" for twin, variant in made), "", ""])
        with self.function("decode", union.name, f"raw: {self.wire(union.name)}", "Any"):
            for index, (member, twin, variant) in enumerate(zip(union.members, twins, variants, strict=True)):
                field = f"raw.{fields[union.name, member.name]}"
                others = [f"raw.{fields[union.name, m.name]} is not None" for m in union.members[index + 1 :]]
                with writer.block(f"if {field} is not None:"):
                    if others:
                        with writer.block(f"if {' or '.join(others)}:"):
                            writer.line("raise fast.FallbackRequired")
                    writer.lines([f"made = {twin}()", f"made.value = {self._decoded(member.target, field)}"])
                    writer.lines([f"made.__class__ = {variant}", "return made"])
            writer.line("raise fast.FallbackRequired")

    def _wire_class(self, shape: ir.Structure | ir.Union) -> None:
        """Write the class of a shape as it is in the JSON, required members first."""
        writer, is_union = self.writer, isinstance(shape, ir.Union)
        writer.lines(["", ""])
        if not is_union:
            writer.line(f"@fast.wire({self.types.reference(shape.name, writer)})")
        with writer.block(f"class {self.wire(shape.name)}{'(fast.WireUnion)' if is_union else ''}:"):
            writer.docstring(f"The JSON of a {quoted(shape.name)}.")
            for member in sorted(shape.members, key=lambda m: not m.required):
                name, form = self.types.names.fields[shape.name, member.name], self._wire_form(member.target)
                wanted = "" if member.required else " | None"
                if wanted and self._is_iso8601(member.target):
                    form, wanted = "fast.OptionalRaw", ""
                default = "" if member.required else ", default=None"
                writer.line(f"{name}: {form}{wanted} = fast.field(name={member.wire_name!r}{default})")

    def _wire_form(self, shape: str) -> str:
        """Return the annotation of a value as it is in the JSON."""
        found = self.types.service.shapes[shape]
        if isinstance(found, ir.Scalar):
            if self._function_of_cbor(found) is not None:
                return "Any"
            return _WIRE_OF_TIMESTAMPS[found.timestamp_format] if found.timestamp_format else _WIRE[found.kind]
        if isinstance(found, ir.List):
            return f"list[{self._wire_form(found.element)}]"
        if isinstance(found, ir.Map):
            return f"dict[{self._wire_form(found.key)}, {self._wire_form(found.value)}]"
        if isinstance(found, ir.Enum):
            return self.types.reference(shape, self.writer)
        return self.wire(shape)

    def _is_final(self, shape: str) -> bool:
        """Tell whether a value as it is in the JSON is what the object holds."""
        found = self.types.service.shapes[shape]
        if isinstance(found, ir.Scalar):
            return found.kind not in (ir.Kind.TIMESTAMP, ir.Kind.BLOB) and self._function_of_cbor(found) is None
        if isinstance(found, ir.List):
            return self._is_final(found.element)
        if isinstance(found, ir.Map):  # a key is a string or an enum
            return self._is_final(found.value)
        return isinstance(found, ir.Enum)

    def _decoded(self, shape: str, text: str) -> str:
        """Return the expression of the decoded value of what `text` gives."""
        found = self.types.service.shapes[shape]
        if self._is_final(shape):
            return text
        if isinstance(found, ir.List):
            item = self.name("item")
            return f"[{self._decoded(found.element, item)} for {item} in {text}]"
        if isinstance(found, ir.Map):
            key, item = self.name("key"), self.name("item")
            return f"{{{key}: {self._decoded(found.value, item)} for {key}, {item} in {text}.items()}}"
        if isinstance(found, ir.Scalar):
            function = self._function_of_cbor(found)
            if function is None:
                function = _TIMESTAMPS[found.timestamp_format] if found.timestamp_format else "decode_base64"
            return f"fast.{function}({text})"
        return f"{self.called('decode', shape)}({text})"

    def _function_of_cbor(self, found: ir.Scalar) -> str | None:
        """Return the function that decodes a value of CBOR, if it is not what the object holds."""
        return _FUNCTIONS_OF_CBOR.get(found.kind) if self.types.service.protocol is ir.Protocol.CBOR else None

    def _is_iso8601(self, shape: str) -> bool:
        """Tell whether a value is the text of a timestamp, which msgspec reads."""
        found = self.types.service.shapes[shape]
        is_text = isinstance(found, ir.Scalar) and found.timestamp_format is ir.TimestampFormat.ISO8601
        return is_text and self.types.service.protocol is not ir.Protocol.CBOR

    def _is_document(self, shape: str) -> bool:
        found = self.types.service.shapes[shape]
        return isinstance(found, ir.Scalar) and found.kind is ir.Kind.DOCUMENT
