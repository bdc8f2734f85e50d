"""Reads the JSON of a service model into the IR; whatever it does not know how to honour is a `ModelError`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from codegen import ir, rules, traits
from codegen.errors import ModelError
from codegen.graph import recursive_members, sensitive_shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codegen.source import Source

_SCALARS = {kind.value: kind for kind in ir.Kind}


def build(source: Source) -> ir.Service:
    """Return the IR of one service.

    Raises:
        ModelError: an unknown trait, shape kind or protocol, a reference to a shape that is not there, or what `rules`
            forbids; or the file is no service model at all.
    """
    try:
        service = _Builder(source).service()
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelError(source.config.name, f"the file is no service model: {error}") from error
    rules.check(service)
    return service


class _Builder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.name = source.config.name
        self.shapes: Mapping[str, Mapping[str, Any]] = source.service.get("shapes", {})

    def service(self) -> ir.Service:
        model = self.source.service
        traits.check(model, traits.SERVICE, self.name)
        metadata = model["metadata"]
        traits.check(metadata, traits.METADATA, f"{self.name}.metadata")
        if metadata["protocol"] != "json":
            raise ModelError(self.name, f"protocol {metadata['protocol']!r} is not supported, only 'json' is")
        shapes = {name: self.shape(name, shape) for name, shape in self.shapes.items()}
        operations = []
        for name, operation in model["operations"].items():
            operations.append(self.operation(name, operation, shapes))
        for name in self.source.paginators:
            if name not in model["operations"]:
                raise ModelError(f"{self.name}.{name}", "is paginated but is no operation")
        return ir.Service(
            config=self.source.config,
            full_name=metadata["serviceFullName"],
            uid=metadata["uid"],
            shapes=_with_derived_facts(shapes),
            operations=tuple(operations),
        )

    def shape(self, name: str, shape: Mapping[str, Any]) -> ir.Shape:
        where = f"{self.name}.{name}"
        kind = shape.get("type")
        traits.check(shape, traits.SHAPES.get(kind or ""), where, f"shape kind {kind!r}")
        constraints = ir.Constraints(minimum=shape.get("min"), maximum=shape.get("max"), pattern=shape.get("pattern"))
        sensitive = bool(shape.get("sensitive", False))
        if kind == "structure":
            return self.structure(name, shape)
        if kind == "list":
            element = self.reference(shape["member"], traits.ELEMENT, f"{where}.member")
            return ir.List(name=name, element=element, constraints=constraints, sensitive=sensitive)
        if kind == "map":
            key = self.reference(shape["key"], traits.ELEMENT, f"{where}.key")
            if self.shapes[key].get("type") != "string":
                raise ModelError(f"{where}.key", f"a map's key must be a string, not {self.shapes[key].get('type')}")
            value = self.reference(shape["value"], traits.ELEMENT, f"{where}.value")
            return ir.Map(name=name, key=key, value=value, constraints=constraints, sensitive=sensitive)
        if kind == "string" and "enum" in shape:
            return ir.Enum(name=name, values=tuple(shape["enum"]), constraints=constraints, sensitive=sensitive)
        if kind == "timestamp" and shape.get("timestampFormat") != "iso8601":
            raise ModelError(
                where, f"timestampFormat {shape.get('timestampFormat')!r} is not supported, only 'iso8601' is"
            )
        return ir.Scalar(name=name, kind=_SCALARS[str(kind)], constraints=constraints, sensitive=sensitive)

    def structure(self, name: str, shape: Mapping[str, Any]) -> ir.Structure | ir.Union:
        where = f"{self.name}.{name}"
        required = shape.get("required", [])
        missing = sorted(set(required) - set(shape["members"]))
        if missing:
            raise ModelError(where, f"requires members that it does not have: {', '.join(missing)}")
        members = tuple(
            ir.Member(
                name=member,
                wire_name=reference.get("locationName", member),
                target=self.reference(reference, traits.MEMBER, f"{where}.{member}"),
                required=member in required,
                idempotency_token=bool(reference.get("idempotencyToken", False)),
            )
            for member, reference in shape["members"].items()
        )
        if not shape.get("union", False):
            return ir.Structure(name=name, members=members, fault=self.fault(name, shape))
        if not members or required or shape.get("exception", False):
            raise ModelError(where, "a union needs members, none of them required, and cannot be an error")
        return ir.Union(name=name, members=members)

    def fault(self, name: str, shape: Mapping[str, Any]) -> ir.Fault | None:
        if not shape.get("exception", False):
            return None
        error = shape.get("error", {})
        traits.check(error, traits.ERROR, f"{self.name}.{name}.error")
        return ir.Fault(
            code=error.get("code", name),
            server=bool(shape.get("fault", False)),
            http_status=error.get("httpStatusCode"),
            retryable="retryable" in shape,
        )

    def reference(self, reference: Mapping[str, Any], known: traits.Known, where: str) -> str:
        traits.check(reference, known, where)
        target: str = reference["shape"]
        if target not in self.shapes:
            raise ModelError(where, f"refers to the shape {target!r}, which the model does not have")
        return target

    def operation(self, name: str, operation: Mapping[str, Any], shapes: dict[str, ir.Shape]) -> ir.Operation:
        where = f"{self.name}.{name}"
        traits.check(operation, traits.OPERATION, where)
        errors = tuple(self.reference(e, traits.REFERENCE, f"{where}.errors") for e in operation.get("errors", []))
        for error in errors:
            shape = shapes[error]
            if not isinstance(shape, ir.Structure) or shape.fault is None:
                raise ModelError(f"{where}.errors", f"{error} is no error shape")
        ends = {}
        for end, suffix in (("input", "Request"), ("output", "Response")):
            if end in operation:
                ends[end] = self.reference(operation[end], traits.REFERENCE, f"{where}.{end}")
                if not isinstance(shapes[ends[end]], ir.Structure):
                    raise ModelError(f"{where}.{end}", f"{ends[end]} is no structure")
            else:
                ends[end] = f"{name}{suffix}"
                if ends[end] in shapes:
                    raise ModelError(f"{where}.{end}", f"has none, and the name {ends[end]} for an empty one is taken")
                shapes[ends[end]] = ir.Structure(name=ends[end], members=())
        return ir.Operation(
            name=name,
            input=ends["input"],
            output=ends["output"],
            errors=errors,
            readonly=bool(operation.get("readonly", False)),
            idempotent=bool(operation.get("idempotent", False)),
            pagination=self.pagination(name, shapes[ends["input"]], shapes[ends["output"]], shapes),
        )

    def pagination(
        self, name: str, request: ir.Shape, response: ir.Shape, shapes: Mapping[str, ir.Shape]
    ) -> ir.Pagination | None:
        paginator = self.source.paginators.get(name)
        if paginator is None:
            return None
        where = f"{self.name}.{name}.pagination"
        traits.check(paginator, traits.PAGINATOR, where)
        for key, value in paginator.items():
            side = request if key in {"input_token", "limit_key"} else response
            known = {m.name for m in getattr(side, "members", ())}
            if not isinstance(value, str) or value not in known:
                raise ModelError(where, f"{key} must name one member of {side.name}, not {value!r}")
        result = next(m for m in getattr(response, "members", ()) if m.name == paginator["result_key"])
        if not isinstance(shapes[result.target], ir.List):
            raise ModelError(where, f"result_key {result.name} is no list")
        fan_out = self.source.config.fan_out
        if fan_out not in {m.name for m in getattr(request, "members", ())}:
            raise ModelError(where, f"{request.name} has no member {fan_out} to fan out over")
        return ir.Pagination(
            input_token=paginator["input_token"],
            output_token=paginator["output_token"],
            limit_key=paginator.get("limit_key"),
            result_key=paginator["result_key"],
            fan_out=fan_out,
        )


def _with_derived_facts(shapes: Mapping[str, ir.Shape]) -> dict[str, ir.Shape]:
    """Mark the members that are sensitive or recursive by way of their targets."""
    sensitive = sensitive_shapes(shapes)
    recursive = recursive_members(shapes)

    def derive(shape: ir.Shape) -> ir.Shape:
        if not isinstance(shape, ir.Structure | ir.Union):
            return shape
        members = tuple(
            attrs.evolve(m, sensitive=m.target in sensitive, recursive=(shape.name, m.name) in recursive)
            for m in shape.members
        )
        return attrs.evolve(shape, members=members)

    return {name: derive(shape) for name, shape in shapes.items()}
