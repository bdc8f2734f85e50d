"""The converters: a factory of straight-line hooks for each structure, and tables of them for cattrs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from codegen import ir
from codegen.emit.structures import optional
from codegen.emit.types import Types
from codegen.emit.writer import Writer

if TYPE_CHECKING:
    from codegen.names import Names

_LEAF = {
    ir.Kind.STRING: "string",
    ir.Kind.BOOLEAN: "boolean",
    ir.Kind.INTEGER: "integer",
    ir.Kind.LONG: "integer",
    ir.Kind.FLOAT: "float",
    ir.Kind.DOUBLE: "float",
    ir.Kind.DOCUMENT: "document",
}
_JSON = "the JSON on the wire"
_JSON_OF_OURS = "JSON of the same members, though the protocol has none"


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `converters.py`."""
    writer = Writer(f"The converters of the {service.full_name} between its classes and the two wire forms.")
    writer.use("typing", "Any", "Final")
    writer.use("aiopartnercentral", "_serialization")
    writer.use(f"{service.config.package}.fast", "FAST")
    hooks = _Hooks(Types(service, names, "converters"), writer)
    decoders: dict[str, str] = {}
    encoders: dict[str, str] = {}
    for structure in service.structures():
        cls = hooks.types.reference(structure.name, writer)
        decoders[cls] = hooks.structure_decoder(structure, cls)
        encoders[cls] = hooks.structure_encoder(structure, cls)
    for error in service.errors():
        cls = hooks.types.reference(error.name, writer)
        decoders[cls] = hooks.error_decoder(error, cls)
        encoders[cls] = hooks.error_encoder(error, cls)
    for union in service.unions():
        hooks.union(union, decoders, encoders)
    enums = [hooks.types.reference(enum.name, writer) for enum in service.enums()]
    _tables(writer, decoders, encoders, enums, json=_JSON if service.protocol.is_json else _JSON_OF_OURS)
    return writer.render()


@attrs.frozen
class _Hooks:
    """Writes the factories; every local name starts with an underscore, which no member's name does."""

    types: Types
    writer: Writer

    def decode(self, shape: str, *, recursive: bool) -> str:
        """Return the expression of the structure hook of a shape."""
        found = self.types.service.shapes[shape]
        if isinstance(found, ir.Scalar) and found.kind in _LEAF:
            return f"_serialization.decode_{_LEAF[found.kind]}"
        if isinstance(found, ir.List):
            inner = self.decode(found.element, recursive=recursive)
            inner = f"_serialization.nullable_decoder({inner})" if found.sparse else inner
            return f"_serialization.list_decoder({inner}, {self.cls(found.element)})"
        if isinstance(found, ir.Map):
            key = self.decode(found.key, recursive=recursive)
            value = self.decode(found.value, recursive=recursive)
            value, rest = (
                (f"_serialization.nullable_decoder({value})", ", keeps_null=True") if found.sparse else (value, "")
            )
            return f"_serialization.map_decoder({key}, {self.cls(found.key)}, {value}, {self.cls(found.value)}{rest})"
        if recursive and isinstance(found, ir.Structure | ir.Union):
            return f"_serialization.deferred_decoder(_converter, {self.cls(shape)})"
        return f"_converter.get_structure_hook({self.cls(shape)})"

    def encode(self, shape: str, *, recursive: bool) -> str:
        """Return the expression of the unstructure hook of a shape."""
        found = self.types.service.shapes[shape]
        if isinstance(found, ir.Scalar) and found.kind in _LEAF:
            leaf = _LEAF[found.kind]
            return "_serialization.float_encoder(_converter)" if leaf == "float" else f"_serialization.encode_{leaf}"
        if isinstance(found, ir.Scalar) and found.timestamp_format not in (None, ir.TimestampFormat.ISO8601):
            return f"_serialization.timestamp_encoder(_converter, {found.timestamp_format.value!r})"
        if isinstance(found, ir.List):
            inner = self.encode(found.element, recursive=recursive)
            inner = f"_serialization.nullable_encoder({inner})" if found.sparse else inner
            return f"_serialization.list_encoder({inner})"
        if isinstance(found, ir.Map):
            key = self.encode(found.key, recursive=recursive)
            value = self.encode(found.value, recursive=recursive)
            value = f"_serialization.nullable_encoder({value})" if found.sparse else value
            return f"_serialization.map_encoder({key}, {value})"
        if recursive and isinstance(found, ir.Structure | ir.Union):
            return f"_serialization.deferred_encoder(_converter, {self.cls(shape)})"
        return f"_converter.get_unstructure_hook({self.cls(shape)})"

    def decode_member(self, member: ir.Member) -> str:
        """Return the expression of the structure hook of a member; a path in its errors ends where it is sensitive."""
        hook = self.decode(member.target, recursive=member.recursive)
        return f"_serialization.hidden_decoder({hook})" if self._is_hidden(member) else hook

    def encode_member(self, member: ir.Member) -> str:
        """Return the expression of the unstructure hook of a member; a path in its errors ends likewise."""
        hook = self.encode(member.target, recursive=member.recursive)
        return f"_serialization.hidden_encoder({hook})" if self._is_hidden(member) else hook

    def _is_hidden(self, member: ir.Member) -> bool:
        """Tell whether the member is sensitive and has parts, to which a path could lead."""
        target = self.types.service.shapes[member.target]
        is_plain = target.kind is not ir.Kind.DOCUMENT if isinstance(target, ir.Scalar) else isinstance(target, ir.Enum)
        return member.sensitive and not is_plain

    def cls(self, shape: str) -> str:
        """Return the expression of a shape's type, as a hook takes it."""
        return self.types.annotation(shape, self.writer)

    def structure_decoder(self, structure: ir.Structure, cls: str) -> str:
        """Write the factory of a structure's hook and return its name."""
        writer, fields = self.writer, self.types.names.fields
        name = f"_decode_{self.types.names.hooks[structure.name]}"
        with writer.block(f"def {name}(_converter: _serialization.ServiceConverter) -> _serialization.Decode[{cls}]:"):
            for member in structure.members:
                hook = self.decode_member(member)
                writer.line(f"_decode_{fields[structure.name, member.name]} = {hook}")
            self._wire_names(structure)
            writer.line()
            with writer.block(f"def decode(_raw: _serialization.JsonValue, _: object = None) -> {cls}:"):
                if not structure.members:
                    writer.line("_serialization.decode_object(_raw)")
                    writer.line(f"return {cls}()")
                else:
                    self._decode_body(structure, cls)
            writer.line()
            writer.line("return decode")
        writer.line()
        writer.line()
        return name

    def _decode_body(self, structure: ir.Structure, cls: str) -> None:
        writer, fields = self.writer, self.types.names.fields
        writer.line("_get = _serialization.decode_object(_raw).get")
        writer.line("_at = ''")
        with writer.block("try:"):
            for member in structure.members:
                field = fields[structure.name, member.name]
                decoded = f"_decode_{field}(_value, {self.cls(member.target)})"
                writer.line(f"_at = {'.' + member.wire_name!r}")
                if member.required:
                    with writer.block(f"if (_value := _get({_key(member, field)})) is None:"):
                        writer.line("raise _serialization.missing()")
                    writer.line(f"{field} = {decoded}")
                else:
                    writer.line(f"{field} = None if (_value := _get({_key(member, field)})) is None else {decoded}")
        self._locate("DecodeError")
        arguments = ", ".join(f"{f}={f}" for f in (fields[structure.name, m.name] for m in structure.members))
        writer.line(f"return {cls}({arguments})")

    def structure_encoder(self, structure: ir.Structure, cls: str) -> str:
        """Write the factory of a structure's unstructure hook and return its name."""
        writer, fields = self.writer, self.types.names.fields
        name = f"_encode_{self.types.names.hooks[structure.name]}"
        with writer.block(f"def {name}(_converter: _serialization.ServiceConverter) -> _serialization.Encode[{cls}]:"):
            for member in structure.members:
                hook = self.encode_member(member)
                writer.line(f"_encode_{fields[structure.name, member.name]} = {hook}")
            self._wire_names(structure)
            writer.line()
            with writer.block(f"def encode(_obj: {cls}) -> _serialization.JsonValue:"):
                writer.line(f"_serialization.check_class(_obj, {cls})")
                writer.line("_result: dict[str, _serialization.JsonValue] = {}")
                if structure.members:
                    self._encode_body(structure)
                writer.line("return _result")
            writer.line()
            writer.line("return encode")
        writer.line()
        writer.line()
        return name

    def _encode_body(self, structure: ir.Structure) -> None:
        writer, fields = self.writer, self.types.names.fields
        writer.line("_at = ''")
        with writer.block("try:"):
            for member in structure.members:
                field = fields[structure.name, member.name]
                key = _key(member, field)
                writer.line(f"_at = {'.' + member.wire_name!r}")
                if optional(self.types.service, structure, member):
                    with writer.block(f"if _obj.{field} is not None:"):
                        writer.line(f"_result[{key}] = _encode_{field}(_obj.{field})")
                else:
                    writer.line(f"_result[{key}] = _encode_{field}(_obj.{field})")
        self._locate("EncodeError")

    def _locate(self, error: str) -> None:
        """Write the handlers that say at which member a conversion failed."""
        with self.writer.block(f"except _serialization.{error} as _error:"):
            self.writer.lines(["_error.within(_at)", "raise"])
        with self.writer.block("except Exception as _error:"):
            self.writer.line(
                f"raise _serialization.hook_failed(_error, _serialization.{error}).within(_at) from _error"
            )

    def _wire_names(self, structure: ir.Structure) -> None:
        """Write a local for each member that is called otherwise on the wire than in botocore's dicts."""
        for member in structure.members:
            if member.name != member.wire_name:
                field = self.types.names.fields[structure.name, member.name]
                self.writer.line(f"_key_{field} = {_wire_key(member)}")

    def error_decoder(self, error: ir.Structure, cls: str) -> str:
        """Write the factory of an error's hook and return its name."""
        name = f"_decode_{self.types.names.hooks[error.name]}"
        with self.writer.block(
            f"def {name}(_converter: _serialization.ServiceConverter) -> _serialization.ErrorDecoder:"
        ):
            members = [
                f"_serialization.ErrorMember({_wire_key(m)}, {self.types.names.fields[error.name, m.name]!r}, required="
                f"{m.required}, decode={self.decode_member(m)}, cls={self.cls(m.target)})"
                for m in error.members
            ]
            self.writer.line(f"return _serialization.ErrorDecoder({cls}, ({''.join(m + ', ' for m in members)}))")
        self.writer.lines(["", ""])
        return name

    def error_encoder(self, error: ir.Structure, cls: str) -> str:
        """Write the factory of an error's unstructure hook and return its name."""
        name = f"_encode_{self.types.names.hooks[error.name]}"
        with self.writer.block(
            f"def {name}(_converter: _serialization.ServiceConverter) -> _serialization.Encode[{cls}]:"
        ):
            fields = [
                f"_serialization.ErrorField({self.types.names.fields[error.name, m.name]!r}, {_wire_key(m)}, "
                f"required={m.required}, encode={self.encode_member(m)})"
                for m in error.members
            ]
            self.writer.line(f"return _serialization.error_encoder({cls}, ({''.join(f + ', ' for f in fields)}))")
        self.writer.lines(["", ""])
        return name

    def union(self, union: ir.Union, decoders: dict[str, str], encoders: dict[str, str]) -> None:
        """Add the hooks of a union, its variants and its unknown variant to the tables."""
        names = self.types.names
        alias = self.types.reference(union.name, self.writer)
        variants = {}
        for member in union.members:
            cls = f"unions.{names.variants[union.name, member.name]}"
            tag = _wire_key(member)
            variants[tag] = cls
            decode = self.decode_member(member)
            of = self.cls(member.target)
            decoders[cls] = f"lambda _converter: _serialization.variant_decoder({tag}, {cls}, {decode}, {of})"
            encode = self.encode_member(member)
            encoders[cls] = f"lambda _converter: _serialization.variant_encoder({tag}, {cls}, {encode})"
        unknown = f"unions.{names.unknowns[union.name]}"
        decoders[unknown] = f"lambda _converter: _serialization.unknown_decoder(_converter, {unknown})"
        encoders[unknown] = f"lambda _converter: _serialization.unknown_encoder(_converter, {unknown})"
        table = ", ".join(f"{tag}: {cls}" for tag, cls in variants.items())
        decoders[alias] = f"lambda _converter: _serialization.union_decoder(_converter, {{{table}}}, {unknown})"
        classes = ", ".join([*variants.values(), unknown])
        encoders[alias] = f"lambda _converter: _serialization.union_encoder(_converter, {union.name!r}, ({classes}))"


def _key(member: ir.Member, field: str) -> str:
    return repr(member.name) if member.name == member.wire_name else f"_key_{field}"


def _wire_key(member: ir.Member) -> str:
    """Return the expression of what a member is called in the converter's wire form."""
    if member.name == member.wire_name:
        return repr(member.name)
    return f"_converter.member_name({member.name!r}, {member.wire_name!r})"


def _tables(writer: Writer, decoders: dict[str, str], encoders: dict[str, str], enums: list[str], *, json: str) -> None:
    for table, factory, entries in (("DECODERS", "DecodeFactory", decoders), ("ENCODERS", "EncodeFactory", encoders)):
        writer.line(f"{table}: Final[dict[Any, _serialization.{factory}]] = {{")
        writer.lines(f"    {cls}: {hook}," for cls, hook in entries.items())
        writer.lines(["}", ""])
    writer.lines([f"ENUMS: Final = ({''.join(e + ', ' for e in enums)})", "", ""])
    for form, cls in (("json", "JsonConverter"), ("botocore", "BotocoreConverter")):
        with writer.block(f"def make_{form}_converter() -> _serialization.{cls}:"):
            writer.docstring(
                f"Return a new `{cls}` for this service, to which hooks may be added without side effects."
            )
            writer.line(f"converter = _serialization.{cls}()")
            writer.line("_serialization.install(converter, DECODERS, ENCODERS, ENUMS)")
            writer.line("converter.use_fast(FAST)")
            writer.line("return converter")
        writer.lines(["", ""])
    writer.line("json_converter: Final = make_json_converter()")
    writer.docstring(f"Converts {json}; hooks added here take effect in every client that has no own one.")
    writer.line("botocore_converter: Final = make_botocore_converter()")
    writer.docstring("Converts botocore's dicts; hooks added here take effect in every client that has no own one.")
