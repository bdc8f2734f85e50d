"""The encoders: a straight-line function from each shape sent to the parameters that botocore takes."""

from __future__ import annotations

import attrs

from ... import ir
from ..structures import optional
from .functions import Functions

_ENCODED = {
    ir.Kind.STRING: "encode_string",
    ir.Kind.BOOLEAN: "encode_boolean",
    ir.Kind.INTEGER: "encode_integer",
    ir.Kind.LONG: "encode_integer",
    ir.Kind.FLOAT: "encode_float",
    ir.Kind.DOUBLE: "encode_float",
    ir.Kind.TIMESTAMP: "encode_timestamp",
    ir.Kind.BLOB: "encode_bytes",
    ir.Kind.DOCUMENT: "encode_document",
}


@attrs.define
class Encoders(Functions):
    """Writes encoders."""

    def structure(self, structure: ir.Structure) -> None:
        """Write the function that makes botocore's parameters of a structure."""
        writer, cls = self.writer, self.types.reference(structure.name, self.writer)
        with self.function("encode", structure.name, f"obj: {cls}", "dict[str, fast.Json]"):
            writer.line(f"fast.check_class(obj, {cls})")
            writer.line("params: dict[str, fast.Json] = {}")
            for member in structure.members:
                text = f"obj.{self.types.names.fields[structure.name, member.name]}"
                if optional(self.types.service, structure, member):
                    with writer.block(f"if {text} is not None:"):
                        writer.line(f"params[{member.name!r}] = {self._encoded(member.target, text)}")
                else:
                    writer.line(f"params[{member.name!r}] = {self._encoded(member.target, text)}")
            writer.line("return params")

    def union(self, union: ir.Union) -> None:
        """Write the function that makes botocore's parameters of a union."""
        writer, cls = self.writer, self.types.reference(union.name, self.writer)
        with self.function("encode", union.name, f"obj: {cls}", "dict[str, fast.Json]"):
            for member, variant in zip(union.members, self.types.variants(union, writer), strict=True):
                with writer.block(f"if type(obj) is {variant}:"):
                    writer.line(f"return {{{member.name!r}: {self._encoded(member.target, 'obj.value')}}}")
            writer.line("raise fast.FallbackRequired")

    def _encoded(self, shape: str, text: str) -> str:
        """Return the expression that encodes what `text` gives."""
        found = self.types.service.shapes[shape]
        if isinstance(found, ir.Scalar):
            return f"fast.{_ENCODED[found.kind]}({text})"
        if isinstance(found, ir.Enum):
            return f"fast.encode_string({text})"
        if isinstance(found, ir.List):
            item = self.name("item")
            return f"[{self._encoded(found.element, item)} for {item} in fast.check_sequence({text})]"
        if isinstance(found, ir.Map):
            key, item = self.name("key"), self.name("item")
            entry = f"{self._encoded(found.key, key)}: {self._encoded(found.value, item)}"
            return f"{{{entry} for {key}, {item} in fast.check_mapping({text}).items()}}"
        return f"{self.called('encode', shape)}({text})"
