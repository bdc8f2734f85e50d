"""Facts that follow from the references between shapes: which members are sensitive, and which are recursive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import ir

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Set as AbstractSet


def references(shapes: Mapping[str, ir.Shape]) -> dict[str, frozenset[str]]:
    """Return the shapes that each shape refers to directly."""
    return {name: frozenset(_targets(shape)) for name, shape in shapes.items()}


def _targets(shape: ir.Shape) -> Iterator[str]:
    if isinstance(shape, ir.List):
        yield shape.element
    elif isinstance(shape, ir.Map):
        yield shape.key
        yield shape.value
    elif isinstance(shape, ir.Structure | ir.Union):
        for member in shape.members:
            yield member.target


def sensitive_shapes(shapes: Mapping[str, ir.Shape]) -> frozenset[str]:
    """Return the shapes whose values are hidden: sensitive ones, and lists and maps of these.

    A structure that only has sensitive members is not among them: it is shown, with these members hidden.
    """
    around: dict[str, set[str]] = {name: set() for name in shapes}
    for name, shape in shapes.items():
        if isinstance(shape, ir.List | ir.Map):
            for target in _targets(shape):
                around[target].add(name)
    return contained(around, {name for name, shape in shapes.items() if shape.sensitive})


def deep_collections(shapes: Mapping[str, ir.Shape], depth: int) -> frozenset[str]:
    """Return the lists and maps with more than `depth` of their kind within each other, themselves included.

    Those that contain themselves with nothing but lists and maps between are among them.
    """
    collections = {name for name, shape in shapes.items() if isinstance(shape, ir.List | ir.Map)}
    inner = {name: frozenset(_targets(shapes[name])) & collections for name in collections}
    deep = frozenset(collections)
    for _ in range(depth):
        deep = frozenset(name for name in deep if inner[name] & deep)
    return deep


def contained(inner: Mapping[str, AbstractSet[str]], roots: Collection[str]) -> frozenset[str]:
    """Return the shapes that values of the root shapes are made of, the roots included; `inner` as `references` is."""
    return frozenset(roots) | _reached(roots, inner)


def sole_users(service: ir.Service, groups: Mapping[str, str]) -> dict[str, str | None]:
    """Return the only group of operations that uses each structure and union; None if several do, or no operation.

    Arguments:
        service: the service.
        groups: the group of each operation.
    """
    users: dict[str, set[str | None]] = {name: set() for name in service.shapes}
    inner = references(service.shapes)
    for operation in service.operations:
        for shape in contained(inner, {operation.input, operation.output}):
            users[shape].add(groups[operation.name])
    unused = {name for name, operations in users.items() if not operations}
    for shape in contained(inner, unused | {error.name for error in service.errors()}):
        users[shape].add(None)
    composed = (shape.name for shape in service.shapes.values() if isinstance(shape, ir.Structure | ir.Union))
    return {name: next(iter(users[name])) if len(users[name]) == 1 else None for name in composed}


def only_sent(service: ir.Service) -> frozenset[str]:
    """Return the structures that requests are or contain, and that responses and errors do not contain."""
    inner = references(service.shapes)
    sent = contained(inner, {operation.input for operation in service.operations})
    received = {operation.output for operation in service.operations} | {error.name for error in service.errors()}
    structures = {structure.name for structure in service.structures()}
    return sent.intersection(structures) - contained(inner, received)


def only_requests(service: ir.Service) -> dict[str, ir.Operation]:
    """Return the operation of each structure that is nothing but the request of one operation."""
    nested = frozenset[str]().union(*references(service.shapes).values())
    found = {operation.input: service.operation_of_input(operation.input) for operation in service.operations}
    return {
        name: operation
        for name, operation in found.items()
        if operation is not None and name not in nested and not service.is_output(name)
    }


def known_in_arguments(service: ir.Service) -> frozenset[str]:
    """Return the shapes with known values that occur in arguments of operations or of structures that are only sent."""
    taken = only_sent(service) | {operation.input for operation in service.operations}
    targets = {member.target for name in taken for member in service.structure(name).members}
    lists = [shape for shape in map(service.shapes.__getitem__, targets) if isinstance(shape, ir.List)]
    elements = {found.element for found in lists if not found.sparse}
    return frozenset(filter(service.has_known_values, targets | elements))


def recursive_members(shapes: Mapping[str, ir.Shape]) -> frozenset[tuple[str, str]]:
    """Return the (shape, member) pairs through which a structure or union reaches itself again."""
    cycles = _cycles(references(shapes))
    return frozenset(
        (name, member.name)
        for name, shape in shapes.items()
        if isinstance(shape, ir.Structure | ir.Union)
        for member in shape.members
        if cycles[member.target] == cycles[name]
    )


def _cycles(inner: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """Number the shapes so that two have one number if each reaches the other (Kosaraju's algorithm)."""
    finished: list[str] = []
    seen: set[str] = set()
    outer: dict[str, set[str]] = {name: set() for name in inner}
    for name in inner:
        stack = [] if name in seen else [(name, iter(sorted(inner[name])))]
        seen.add(name)
        while stack:
            at, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                finished.append(at)
                stack.pop()
                continue
            outer[target].add(at)
            if target not in seen:
                seen.add(target)
                stack.append((target, iter(sorted(inner[target]))))
    numbers: dict[str, int] = {}
    for number, root in enumerate(reversed(finished)):
        pending = [root]
        while pending:
            name = pending.pop()
            if name not in numbers:
                numbers[name] = number
                pending.extend(outer[name])
    return numbers


def _reached(roots: Iterable[str], inner: Mapping[str, AbstractSet[str]]) -> frozenset[str]:
    """Return what the roots refer to, directly or not; a root is among it if something refers to it."""
    found: set[str] = set()
    pending = list(roots)
    while pending:
        new = inner[pending.pop()] - found
        found |= new
        pending.extend(new)
    return frozenset(found)
