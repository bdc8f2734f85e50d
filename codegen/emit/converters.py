"""The converters of a service, their fast functions, and the facts of the model that its classes do not show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral._serialization.members import camel_case, pascal_case

from .. import ir
from .structures import optional
from .writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..names import Names

_JSON = "the JSON on the wire"
_JSON_OF_OURS = "JSON of the same members, though the protocol has none"


def emit(service: ir.Service, _: Names) -> str:
    """Return the text of `converters.py`."""
    writer = Writer(f"The converters of the {service.full_name} between its classes and JSON or botocore's dicts.")
    writer.use("typing", "Final")
    writer.use("aiopartnercentral._serialization", "BotocoreConverter", "JsonConverter")
    writer.use(f"{service.config.package}.fast", "FAST")
    for form, cls in (("json", "JsonConverter"), ("botocore", "BotocoreConverter")):
        writer.lines(["", ""])
        with writer.block(f"def make_{form}_converter() -> {cls}:"):
            writer.docstring(
                f"Return a new `{cls}` for this service, to which hooks may be added without side effects."
            )
            writer.line(f"converter = {cls}()")
            writer.line("converter.use_fast(FAST)")
            writer.line("return converter")
    writer.lines(["", ""])
    json = _JSON if service.protocol.is_json else _JSON_OF_OURS
    writer.line("json_converter: Final = make_json_converter()")
    writer.docstring(f"Converts {json}; hooks added here take effect in every client without its own converter.")
    writer.line("botocore_converter: Final = make_botocore_converter()")
    writer.docstring(
        "Converts botocore's dicts; hooks added here take effect in every client without its own converter."
    )
    return writer.render()


def emit_fast(service: ir.Service, names: Names) -> str:
    """Return the text of `fast.py`."""
    writer = Writer(f"The fast functions of the {service.full_name}, and the facts that its classes do not show.")
    writer.use("typing", "Final")
    writer.use("aiopartnercentral._serialization", "Fast")
    facts = list(_facts(service, names, writer))
    if not facts:
        writer.line(f"FAST: Final = Fast({service.config.package!r})")
        return writer.render()
    writer.use("aiopartnercentral._serialization", "Facts")
    writer.lines(["FAST: Final = Fast(", f"    {service.config.package!r},", "    Facts("])
    writer.lines(f"        {fact}," for fact in facts)
    writer.lines(["    ),", ")"])
    return writer.render()


def _facts(service: ir.Service, names: Names, writer: Writer) -> Iterator[str]:
    """Yield the arguments of `Facts`: only exceptions from the rules, so they are few for most services."""
    members = list(_members(service, names))
    given = [(field, member.wire_name) for _, field, member, is_variant in members if not is_variant]
    is_camel = sum(camel_case(f) == n for f, n in given) > sum(pascal_case(f) == n for f, n in given)
    naming = camel_case if is_camel else pascal_case
    spelled = [found.value for _, _, m, _ in members if (found := _timestamp_format(service, m)) is not None]
    usual = max(sorted(set(spelled)), key=spelled.count, default=ir.TimestampFormat.ISO8601.value)
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    for cls, field, member, is_variant in members:
        facts = {
            "wire_names": None if is_variant or naming(field) == member.wire_name else member.wire_name,
            "botocore_names": None if member.name == member.wire_name else member.name,
            "timestamp_formats": None if (form := _timestamp_format(service, member)) is None else form.value,
        }
        for table, fact in facts.items():
            if fact is not None and not (table == "timestamp_formats" and fact == usual):
                tables.setdefault(table, {}).setdefault(cls, {})[field] = fact
    if is_camel:
        writer.use("aiopartnercentral._serialization", "camel_case")
        yield "naming=camel_case"
    if usual != ir.TimestampFormat.ISO8601.value:
        yield f"timestamp_format={usual!r}"
    yield from (f"{table}={entries!r}" for table, entries in sorted(tables.items()))
    yield from (f"{table}={entries!r}" for table, entries in _flags(service, names).items() if entries)
    if service.protocol is ir.Protocol.CBOR:
        yield "is_cbor=True"


def _members(service: ir.Service, names: Names) -> Iterator[tuple[str, str, ir.Member, bool]]:
    """Yield the class, the field, the member itself, and whether it is a union's, of each member with a converter."""
    for structure in (*service.structures(), *service.errors()):
        for member in structure.members:
            yield names.classes[structure.name], names.fields[structure.name, member.name], member, False
    for union in service.unions():
        for member in union.members:
            yield names.variants[union.name, member.name], "value", member, True


def _flags(service: ir.Service, names: Names) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the tables that only name fields."""
    flags: dict[str, dict[str, tuple[str, ...]]] = {"required": {}, "recursive": {}, "sensitive": {}}
    for cls, field, member, _ in _members(service, names):
        if member.recursive:
            flags["recursive"][cls] = (*flags["recursive"].get(cls, ()), field)
    for structure in (*service.structures(), *service.errors()):
        is_error = structure.fault is not None
        for member in structure.members:
            cls, field = names.classes[structure.name], names.fields[structure.name, member.name]
            if member.required and (is_error or optional(service, structure, member)):
                flags["required"][cls] = (*flags["required"].get(cls, ()), field)
            if member.sensitive and is_error:
                flags["sensitive"][cls] = (*flags["sensitive"].get(cls, ()), field)
    return flags


def _timestamp_format(service: ir.Service, member: ir.Member) -> ir.TimestampFormat | None:
    """Return how the timestamps in a member are spelled, if lists and maps of any depth lead to some."""
    found = service.shapes[member.target]
    while isinstance(found, ir.List | ir.Map):
        found = service.shapes[found.element if isinstance(found, ir.List) else found.value]
    return found.timestamp_format if isinstance(found, ir.Scalar) else None
