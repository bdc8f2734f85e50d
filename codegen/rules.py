"""What a model must not say although each of its traits is known: no Python could be generated that honours it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen import ir
from codegen.errors import ModelError
from codegen.graph import endless_collections

if TYPE_CHECKING:
    from collections.abc import Iterable


def check(service: ir.Service) -> None:
    """Raise unless the service keeps all rules.

    Raises:
        ModelError: naming the shape or operation that breaks one.
    """
    for name in sorted(endless_collections(service.shapes)):
        raise ModelError(f"{service.config.name}.{name}", "contains itself without a structure or union between")
    for shape in service.shapes.values():
        where = f"{service.config.name}.{shape.name}"
        if isinstance(shape, ir.Enum):
            _unique(where, "enum value", shape.values)
        if isinstance(shape, ir.Structure | ir.Union):
            _unique(where, "member name on the wire", (m.wire_name for m in shape.members))
        if isinstance(shape, ir.Structure) and shape.fault is not None:
            _check_message(where, shape)
    name = service.config.name
    _unique(name, "error code", (e.fault.code for e in service.errors() if e.fault is not None))
    _unique(name, "request shape", (o.input for o in service.operations))
    for operation in service.operations:
        if operation.pagination is not None:
            _check_pagination(service, operation, operation.pagination)


def _unique(where: str, what: str, found: Iterable[str]) -> None:
    seen: set[str] = set()
    for text in found:
        if text in seen:
            raise ModelError(where, f"has the {what} {text!r} twice")
        seen.add(text)


def _check_message(where: str, error: ir.Structure) -> None:
    """Refuse a sensitive message: botocore makes it part of the exception's text."""
    for member in error.members:
        if member.sensitive and member.name.lower() == "message":
            raise ModelError(f"{where}.{member.name}", "the trait 'sensitive' is not supported on an error's message")


def _check_pagination(service: ir.Service, operation: ir.Operation, pagination: ir.Pagination) -> None:
    wanted = [
        ("input_token", operation.input, pagination.input_token, ir.Kind.STRING),
        ("output_token", operation.output, pagination.output_token, ir.Kind.STRING),
        ("fan-out", operation.input, pagination.fan_out, ir.Kind.STRING),
    ]
    if pagination.limit_key is not None:
        wanted.append(("limit_key", operation.input, pagination.limit_key, ir.Kind.INTEGER))
    for key, owner, name, kind in wanted:
        target = service.shapes[service.structure(owner).member(name).target]
        if not isinstance(target, ir.Scalar) or target.kind is not kind:
            where = f"{service.config.name}.{operation.name}.pagination"
            raise ModelError(where, f"{key} {name} of {owner} must be a plain {kind.value}")
