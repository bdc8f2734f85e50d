"""Reads the JSON of a service model into the IR; unsupported traits raise `ModelError`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from . import bindings, ir, pagination, traits
from .errors import ModelError
from .graph import contained, recursive_members, references, sensitive_shapes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .source import Source

    Model = Mapping[str, Any]

_SCALARS = {kind.value: kind for kind in ir.Kind if kind is not ir.Kind.DOCUMENT} | {"character": ir.Kind.STRING}


def build(source: Source) -> ir.Service:
    """Return the IR of one service.

    Raises:
        ModelError: an unknown trait, shape kind or protocol, a reference to a shape that is not there, or what `rules`
            forbids; or the file is not a service model. For a service that must be whole, also an operation or
            paginator that would have to be omitted.
    """
    try:
        service = _Builder(source).service()
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelError(source.config.name, f"the file is not a service model: {error}") from error
    traits.check_rules(service)
    return service


class _Builder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.name = source.config.name
        model = source.service
        self.shapes: Mapping[str, Model] = model.get("shapes", {})
        self.omissions: list[ir.Omission] = []
        self.protocol = ir.Protocol.JSON
        # Shapes that are a whole message: only their members can be elsewhere than in the body.
        operations = model.get("operations", {}).values()
        self.ends = {o[end]["shape"] for o in operations for end in ("input", "output") if end in o}
        self.messages = {*self.ends, *(name for name, shape in self.shapes.items() if shape.get("exception"))}
        # Scalars that no shape of the model stands for, made while members are read.
        self.made: dict[str, ir.Shape] = {}

    def service(self) -> ir.Service:
        model = self.source.service
        traits.check(model, traits.SERVICE, self.name)
        metadata = model["metadata"]
        traits.check(metadata, traits.METADATA, f"{self.name}.metadata")
        self.protocol = bindings.protocol(metadata, self.name)
        shapes = {name: self.shape(name, shape, f"{self.name}.{name}") for name, shape in self.shapes.items()}
        shapes |= self.made
        for name in self.source.paginators:
            if name not in model["operations"]:
                raise ModelError(f"{self.name}.{name}", "is paginated but is not an operation")
        operations = []
        for name, operation in model["operations"].items():
            if self.is_supported(name, operation):
                operations.append(self.operation(name, operation, shapes))
        return ir.Service(
            config=self.source.config,
            full_name=metadata["serviceFullName"],
            protocol=self.protocol,
            uid=metadata.get("uid"),
            shapes=_with_derived_facts(self.without_refused(shapes, operations)),
            operations=tuple(operations),
            omissions=tuple(self.omissions),
            texts=self.source.texts,
        )

    def omit(self, where: str, reason: str, *, refused: bool) -> None:
        """Omit something, or raise if the service must be complete."""
        if self.source.config.whole:
            raise ModelError(where, reason)
        self.omissions.append(ir.Omission(where=where, reason=reason, refused=refused))

    def is_supported(self, name: str, operation: Model) -> bool:
        """Return whether an operation is supported: it can be called, and its response is not a stream."""
        where = f"{self.name}.{name}"
        traits.check(operation, traits.OPERATION, where)
        stream = bindings.stream(operation, self.shapes)
        if stream is not None:
            self.omit(where, stream, refused=True)
        return stream is None

    def without_refused(self, shapes: Mapping[str, ir.Shape], operations: list[ir.Operation]) -> Mapping[str, ir.Shape]:
        """Return the shapes without those that only refused operations need."""
        inner = references(shapes)
        kept = {name for operation in operations for name in (operation.input, operation.output)}
        errors = {shape.name for shape in shapes.values() if isinstance(shape, ir.Structure) and shape.fault}
        used = contained(inner, self.ends)
        unused = shapes.keys() - used  # by no operation; what they are made of stays with them
        dropped = used - contained(inner, kept | errors | unused)
        return {name: shape for name, shape in shapes.items() if name not in dropped}

    def shape(self, name: str, shape: Model, where: str) -> ir.Shape:
        kind = shape.get("type")
        if shape.get("document", False):
            shape = {"members": {}, **shape}  # it needs none, and may say so or not
        traits.check(shape, traits.SHAPES.get(kind or ""), where, f"shape kind {kind!r}")
        limits = ir.Constraints(minimum=shape.get("min"), maximum=shape.get("max"), pattern=shape.get("pattern"))
        sensitive, deprecated = _flag(shape, "sensitive"), _flag(shape, "deprecated")
        if kind == "structure" and shape.get("document", False):
            return ir.Scalar(
                name=name, kind=ir.Kind.DOCUMENT, constraints=limits, sensitive=sensitive, deprecated=deprecated
            )
        if kind == "structure":
            return self.structure(name, shape)
        if kind == "list":
            return ir.List(
                name=name,
                element=self.reference(shape["member"], traits.ELEMENT, f"{where}.member"),
                constraints=limits,
                sensitive=sensitive,
                sparse=self.is_sparse(shape, "member"),
                deprecated=deprecated,
            )
        if kind == "map":
            return ir.Map(
                name=name,
                key=self.key(shape["key"], f"{where}.key"),
                value=self.reference(shape["value"], traits.ELEMENT, f"{where}.value"),
                constraints=limits,
                sensitive=sensitive,
                sparse=self.is_sparse(shape, "value"),
                deprecated=deprecated,
            )
        if kind == "string" and shape.get("enum"):  # Python cannot create a value of an enum without members
            return ir.Enum(
                name=name, values=tuple(shape["enum"]), constraints=limits, sensitive=sensitive, deprecated=deprecated
            )
        return ir.Scalar(
            name=name,
            kind=_SCALARS[str(kind)],
            constraints=limits,
            sensitive=sensitive,
            deprecated=deprecated,
            timestamp_format=bindings.timestamp_format(shape, self.protocol, where) if kind == "timestamp" else None,
        )

    def is_sparse(self, shape: Model, part: str) -> bool:
        """Return whether null is a value of the collection, as it is if it is sparse or has documents."""
        return _flag(shape, "sparse") or _flag(self.shapes[shape[part]["shape"]], "document")

    def key(self, reference: Model, where: str) -> str:
        key = self.reference(reference, traits.ELEMENT, where)
        if self.shapes[key].get("type") != "string":
            raise ModelError(where, f"a map's key must be a string, not {self.shapes[key].get('type')}")
        return key

    def structure(self, name: str, shape: Model) -> ir.Structure | ir.Union:
        where = f"{self.name}.{name}"
        required = shape.get("required", [])
        payload = shape.get("payload")
        missing = sorted({*required, *([] if payload is None else [payload])} - set(shape["members"]))
        if missing:
            raise ModelError(where, f"requires members that it does not have: {', '.join(missing)}")
        members = _apart(
            self.member(reference, f"{where}.{member}", member, is_bound=name in self.messages, required=required)
            for member, reference in shape["members"].items()
        )
        sensitive, deprecated = _flag(shape, "sensitive"), _flag(shape, "deprecated")
        if not shape.get("union", False):
            return ir.Structure(
                name=name,
                members=members,
                fault=self.fault(name, shape),
                payload=payload if self.protocol.is_rest else None,
                sensitive=sensitive,
                deprecated=deprecated,
            )
        if not members or required or shape.get("exception", False):
            raise ModelError(where, "a union needs members, none of them required, and cannot be an error")
        return ir.Union(name=name, members=members, sensitive=sensitive, deprecated=deprecated)

    def member(self, reference: Model, where: str, name: str, *, is_bound: bool, required: list[str]) -> ir.Member:
        target = self.reference(reference, traits.MEMBER, where)
        reference = bindings.merged(reference, self.shapes[target])
        location = bindings.location(reference, where) if is_bound and self.protocol.is_rest else None
        if location is not None and bindings.is_json_text(reference, self.shapes[target]):
            target = self.json_in_header(target)
        if "timestampFormat" in reference:
            target = self.timestamp_as(reference["timestampFormat"], target, where)
        spelled: str = reference.get("locationName", name)
        return ir.Member(
            name=name,
            wire_name=spelled if location is None and self.protocol.is_json else name,
            target=target,
            location=location,
            location_name=spelled if location is not None else None,
            required=name in required,
            idempotency_token=_flag(reference, "idempotencyToken"),
            deprecated=_flag(reference, "deprecated"),
        )

    def json_in_header(self, text: str) -> str:
        """Return the name of a document that a header holds as text of the given string shape."""
        name = f"{text} as JSON"
        self.made[name] = ir.Scalar(
            name=name,
            kind=ir.Kind.DOCUMENT,
            constraints=ir.Constraints(),
            sensitive=_flag(self.shapes[text], "sensitive"),
        )
        return name

    def timestamp_as(self, form: str, shape: str, where: str) -> str:
        """Return the name of a variant of a timestamp shape with a member's own format."""
        name = f"{shape} as {form}"
        self.made[name] = self.shape(name, {**self.shapes[shape], "timestampFormat": form}, where)
        return name

    def fault(self, name: str, shape: Model) -> ir.Fault | None:
        if not shape.get("exception", False):
            return None
        error = shape.get("error", {})
        traits.check(error, traits.ERROR, f"{self.name}.{name}.error")
        return ir.Fault(
            code=error.get("code", name),
            server=_flag(shape, "fault"),
            http_status=error.get("httpStatusCode"),
            retryable="retryable" in shape,
        )

    def reference(self, reference: Model, known: traits.Known, where: str) -> str:
        traits.check(reference, known, where)
        target: str = reference["shape"]
        if target not in self.shapes:
            raise ModelError(where, f"refers to the shape {target!r}, which the model does not have")
        return target

    def operation(self, name: str, operation: Model, shapes: dict[str, ir.Shape]) -> ir.Operation:
        where = f"{self.name}.{name}"
        errors = tuple(self.reference(e, traits.RAISED, f"{where}.errors") for e in operation.get("errors", []))
        for error in errors:
            shape = shapes[error]
            if not isinstance(shape, ir.Structure) or shape.fault is None:
                raise ModelError(f"{where}.errors", f"{error} is not an error shape")
        request = self.message(name, operation, "input", shapes)
        response = self.message(name, operation, "output", shapes)
        in_body = response.payload is None and all(member.location is None for member in response.members)
        return ir.Operation(
            name=name,
            input=request.name,
            output=response.name,
            errors=errors,
            # Without an output there is nothing to read, and botocore ignores the body.
            all_in_body=self.protocol.has_members and in_body and "output" in operation,
            readonly=_flag(operation, "readonly"),
            idempotent=_flag(operation, "idempotent"),
            deprecated=_flag(operation, "deprecated"),
            pagination=self.pagination(name, request, response, shapes),
        )

    def message(self, operation: str, model: Model, end: str, shapes: dict[str, ir.Shape]) -> ir.Structure:
        """Return the shape of an operation's request or response; an empty one is made where it has none."""
        where = f"{self.name}.{operation}.{end}"
        if end not in model:
            name = f"{operation}{'Request' if end == 'input' else 'Response'}"
            while name in shapes:
                name = f"Empty{name}"
            made = shapes[name] = ir.Structure(name=name, members=())
            return made
        found = shapes[self.reference(model[end], traits.INPUT if end == "input" else traits.OUTPUT, where)]
        if not isinstance(found, ir.Structure):
            raise ModelError(where, f"{found.name} is not a structure")
        return found

    def pagination(
        self, name: str, request: ir.Structure, response: ir.Structure, shapes: Mapping[str, ir.Shape]
    ) -> ir.Pagination | None:
        paginator = self.source.paginators.get(name)
        if paginator is None:
            return None
        where = f"{self.name}.{name}.pagination"
        try:
            read = pagination.read(paginator, request, response, shapes, where)
            fan_out = pagination.fans_out(request, self.source.config.fan_out, read.input_token, shapes)
        except pagination.UnsupportedError as error:
            self.omit(where, str(error), refused=False)
            return None
        since = self.source.config.since.get(name)
        if since is not None:
            pagination.check_time_filter(since, request, response, read.result_key, shapes)
        created_since = self.source.config.created_since.get(name)
        return attrs.evolve(read, fan_out=fan_out, since=since, created_since=created_since)


def _apart(members: Iterable[ir.Member]) -> tuple[ir.Member, ...]:
    """Return the members; one that is not in the body gets another name in JSON where one of the body has its name."""
    found = tuple(members)
    in_body = {member.wire_name for member in found if member.location is None}
    return tuple(
        attrs.evolve(member, wire_name=f"{member.location.value}:{member.wire_name}")
        if member.location is not None and member.wire_name in in_body
        else member
        for member in found
    )


def _flag(model: Model, trait: str) -> bool:
    return bool(model.get(trait, False))


def _with_derived_facts(shapes: Mapping[str, ir.Shape]) -> dict[str, ir.Shape]:
    """Mark the members that are sensitive or recursive by way of their targets."""
    sensitive = sensitive_shapes(shapes)
    recursive = recursive_members(shapes)

    def derive(shape: ir.Shape) -> ir.Shape:
        if not isinstance(shape, ir.Structure | ir.Union):
            return shape
        members = tuple(
            attrs.evolve(
                m,
                sensitive=shape.sensitive or m.target in sensitive,
                recursive=(shape.name, m.name) in recursive,
            )
            for m in shape.members
        )
        return attrs.evolve(shape, members=members)

    return {name: derive(shape) for name, shape in shapes.items()}
