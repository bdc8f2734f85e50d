"""The fast functions: for each shape received a wire class and a decoder, for each shape sent an encoder.

A function raises an exception of any class for a value that it might not convert exactly as the converters' hooks do.
The whole value is then converted by those. The modules are named as those of the structures, so that a process loads
the resources that it uses and nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ... import ir
from ...graph import contained, references
from ...names import COMMON
from ..types import Types
from ..writer import Writer
from .decoders import Decoders
from .encoders import Encoders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...names import Names

# JSON escapes these, and the last of them cannot be encoded.
_ODD_NAME = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')


def emit(service: ir.Service, names: Names) -> dict[str, str]:
    """Return the texts of the package `fast`."""
    inner = references(service.shapes)
    # A response that is neither JSON nor CBOR is parsed by botocore, and never comes here.
    answers = {operation.output for operation in service.operations if operation.all_in_body}
    received = contained(inner, answers)
    sent = contained(inner, {operation.input for operation in service.operations})
    # The converters alone convert these, and what contains one.
    odd = {shape.name for shape in service.shapes.values() if _is_odd(service, shape, names)} & (received | sent)
    unfit = {name for name in received | sent if odd and odd & contained(inner, {name})}
    files: dict[str, str] = {}
    homes: dict[str, list[ir.Shape]] = {COMMON: []}
    for shape, home in names.modules.items():
        homes.setdefault(home, []).append(service.shapes[shape])
    for module, here in homes.items():
        decoded = [shape for shape in here if shape.name in received - unfit]
        encoded = [shape for shape in here if shape.name in sent - unfit]
        if not decoded and not encoded:
            continue
        files[f"fast/{module}.py"] = _module(service, names, module, decoded, encoded)
    writer = Writer(f"The fast functions of the {service.full_name}, which convert common values.")
    writer.use("typing", "Final")
    writer.use("aiopartnercentral._serialization.fast", "Fast")
    writer.line(f"FAST: Final = Fast({service.config.package!r})")
    return {"fast/__init__.py": writer.render(), **files}


def _is_odd(service: ir.Service, shape: ir.Shape, names: Names) -> bool:
    """Tell whether a shape is an error, which is not an attrs class, or has names that msgspec does not take.

    A wire class has each member under its name on the wire and in Python. So a name on the wire must not be the Python
    name of another member.
    """
    if isinstance(shape, ir.Structure):
        fields = {names.fields[shape.name, member.name]: member.wire_name for member in shape.members}
        fields |= {"response_metadata": ""} if service.is_output(shape.name) else {}
        taken = any(fields.get(name, name) != name or name.startswith("__") for name in fields.values())
        if shape.fault is not None or taken:
            return True
    if isinstance(shape, ir.Structure | ir.Union):
        return any(_ODD_NAME.search(member.wire_name) for member in shape.members)
    return isinstance(shape, ir.Enum) and any(_ODD_NAME.search(value) for value in shape.values)


def _module(
    service: ir.Service, names: Names, module: str, decoded: Iterable[ir.Shape], encoded: Iterable[ir.Shape]
) -> str:
    writer = Writer(f"Wire classes, decoders and encoders of the {service.full_name}: {module}.")
    writer.use("typing", "Any", "Final")
    writer.use("aiopartnercentral._serialization", "fast")
    types = Types(service, names, f"fast.{module}")
    to_decode, to_encode = Decoders(types, module, writer), Encoders(types, module, writer)
    decoders, encoders = {}, {}
    for shape in decoded:
        if isinstance(shape, ir.Structure):
            to_decode.structure(shape)
            decoders[types.reference(shape.name, writer)] = (
                to_decode.wire(shape.name),
                to_decode.called("decode", shape.name),
            )
        elif isinstance(shape, ir.Union):
            to_decode.union(shape)
    for shape in encoded:
        if isinstance(shape, ir.Structure):
            to_encode.structure(shape)
        elif isinstance(shape, ir.Union):
            to_encode.union(shape)
        if service.operation_of_input(shape.name):
            encoders[types.reference(shape.name, writer)] = to_encode.called("encode", shape.name)
    writer.lines(["", "", "DECODERS: Final[dict[Any, Any]] = {"])
    writer.lines(f"    {cls}: ({wire}, {function})," for cls, (wire, function) in decoders.items())
    writer.lines(["}", "ENCODERS: Final[dict[Any, Any]] = {"])
    writer.lines(f"    {cls}: {function}," for cls, function in encoders.items())
    writer.line("}")
    return writer.render()
