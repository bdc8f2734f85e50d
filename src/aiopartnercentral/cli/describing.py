"""What the model says of an operation or a type, read into facts; texts are not among it, and nothing is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral.cli.api import Api, Kind
from aiopartnercentral.cli.facts import (
    Body,
    Constraints,
    Entry,
    Facts,
    Holder,
    Member,
    OperationFacts,
    Pages,
    TypeFacts,
    Users,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["describe", "entries"]

_UNITS = {
    Kind.STRING: "characters",
    Kind.ENUM: "characters",
    Kind.LIST: "entries",
    Kind.MAP: "entries",
    Kind.BLOB: "bytes",
}


def entries(api: Api) -> list[Entry]:
    """Return everything that can be described: operations, then types by kind, each in the model's order."""
    found = [
        Entry(name=name, kind=api.kind(name), python=_python(api, name), paginated=name in api.paginators)
        for name in (*api.operations, *api.shapes)
    ]
    order = list(Kind)
    return sorted(found, key=lambda entry: order.index(entry.kind))


def describe(api: Api, name: str) -> Facts:
    """Return what the model says of the operation or shape with this wire name.

    Raises:
        KeyError: there is none.
    """
    return _operation(api, name) if name in api.operations else _type(api, name)


def _python(api: Api, name: str) -> str:
    if name in api.operations:
        return f"client.{api.methods[name]}"
    return f"account.{api.classes[name]}" if name in api.classes else api.type(name)


def _reference(api: Api, name: str) -> str:
    return f"https://docs.aws.amazon.com/goto/WebAPI/{api.uid}/{name}"


def _operation(api: Api, name: str) -> OperationFacts:
    operation = api.operations[name]
    readonly = bool(operation.get("readonly", False))
    return OperationFacts(
        name=name,
        kind=Kind.OPERATION,
        python=_python(api, name),
        reference=_reference(api, name),
        readonly=readonly,
        idempotent=readonly or bool(operation.get("idempotent", False)),
        pages=_pages(api, name),
        request=_body(api, operation["input"]["shape"]),
        response=_body(api, operation["output"]["shape"]),
        errors=tuple(error["shape"] for error in operation.get("errors", ())),
    )


def _pages(api: Api, name: str) -> Pages | None:
    if name not in api.paginators:
        return None
    pages: dict[str, str] = api.pages[name]
    return Pages(
        python=f"client.paginate.{api.paginators[name]}",
        input_token=pages["input_token"],
        output_token=pages["output_token"],
        page_size=pages.get("limit_key"),
        items=pages["result_key"],
        over_catalogs="Catalog" in api.shapes[api.operations[name]["input"]["shape"]]["members"],
    )


def _body(api: Api, name: str) -> Body:
    return Body(name=name, python=_python(api, name), members=_members(api, name))


def _type(api: Api, name: str) -> TypeFacts:
    shape = api.shapes[name]
    kind = api.kind(name)
    return TypeFacts(
        name=name,
        kind=kind,
        python=_python(api, name),
        reference=_reference(api, name),
        members=_members(api, name),
        unknown=f"{api.classes[name]}Unknown" if kind is Kind.UNION else None,
        values=tuple(shape.get("enum", ())),
        entries=() if kind not in (Kind.LIST, Kind.MAP) else tuple(api.targets(name)),
        constraints=_constraints(api, name),
        sensitive=_is_sensitive(api, name),
        used_by=_users(api, name),
    )


def _members(api: Api, name: str) -> tuple[Member, ...]:
    shape = api.shapes[name]
    if "members" not in shape:
        return ()
    fields = api.fields(name)
    return tuple(
        Member(
            name=fields[wire_name],
            wire_name=wire_name,
            type=api.type(reference["shape"]),
            shape=reference["shape"],
            required=None if shape.get("union") else _is_required(shape, wire_name, reference),
            constraints=_constraints(api, reference["shape"]),
            sensitive=_is_sensitive(api, reference["shape"]),
            generated=bool(reference.get("idempotencyToken", False)),
        )
        for wire_name, reference in shape["members"].items()
    )


def _is_required(shape: dict[str, Any], member: str, reference: dict[str, Any]) -> bool:
    return member in shape.get("required", ()) and not reference.get("idempotencyToken", False)


def _constraints(api: Api, name: str) -> Constraints:
    shape = api.shapes[name]
    counted = "min" in shape or "max" in shape
    return Constraints(
        minimum=shape.get("min"),
        maximum=shape.get("max"),
        unit=_UNITS.get(api.kind(name)) if counted else None,
        pattern=shape.get("pattern"),
    )


def _is_sensitive(api: Api, name: str) -> bool:
    """Tell whether the whole value is hidden; a structure is shown, with its sensitive members hidden."""
    return any(api.shapes[one].get("sensitive", False) for one in (name, *_reached(api, name, _elements)))


def _users(api: Api, name: str) -> Users:
    def using(starts: Callable[[Any], list[dict[str, str]]]) -> tuple[str, ...]:
        return tuple(
            operation
            for operation, model in api.operations.items()
            if any(name in {start["shape"], *_reached(api, start["shape"], Api.targets)} for start in starts(model))
        )

    return Users(
        requests=using(lambda model: [model["input"]]),
        responses=using(lambda model: [model["output"]]),
        errors=using(lambda model: model.get("errors", [])),
        types=tuple(_holders(api, name)),
    )


def _holders(api: Api, name: str) -> list[Holder]:
    found: list[Holder] = []
    for holder, shape in api.shapes.items():
        if name in _elements(api, holder):
            found.append(Holder(name=holder, members=()))
        fields = api.fields(holder) if "members" in shape else {}
        members = tuple(
            field
            for wire_name, field in fields.items()
            if name in {target := shape["members"][wire_name]["shape"], *_reached(api, target, _elements)}
        )
        if members:
            found.append(Holder(name=holder, members=members))
    return found


def _elements(api: Api, name: str) -> list[str]:
    return api.targets(name) if api.shapes[name]["type"] in ("list", "map") else []


def _reached(api: Api, name: str, step: Callable[[Api, str], list[str]]) -> set[str]:
    """Return every shape that further steps lead to; the first itself only if they lead back to it."""
    reached: set[str] = set()
    waiting = step(api, name)
    while waiting:
        shape = waiting.pop()
        if shape not in reached:
            reached.add(shape)
            waiting += step(api, shape)
    return reached
