"""A program that uses every listing, every union and every enum of a service, for type checkers.

Its lines with `# refused` must be refused, and no others.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from codegen import ir
from tests.support.service_server import Service, item_shape, listings, loaded, required_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.generated_package import Executed

_MOST_MEMBERS = 12
"""Of an enum: currencies and countries are matched by nobody, and take the checkers long."""


def program(name: str) -> str:
    """Return the program of a service."""
    package = loaded(name)
    shapes = package.service.shapes.values()
    unions = (_union(package, name, shape) for shape in shapes if isinstance(shape, ir.Union))
    enums = (_enum(package, shape) for shape in shapes if isinstance(shape, ir.Enum))
    made = (_listing(package, name, operation) for operation in listings(Service(package)))
    return "\n".join(
        [
            "from typing import assert_never, assert_type",
            f"from aiopartnercentral import Collected, Listing, Paginator, {name}",
            f"from aiopartnercentral.{name} import enums",
            f"async def use(client: {name}.Client) -> None:",
            *(f"    {line}" for line in chain.from_iterable(made)),
            *chain.from_iterable(unions),
            *chain.from_iterable(enums),
            "",
        ]
    )


def _listing(package: Executed, name: str, operation: ir.Operation) -> Iterator[str]:
    service = Service(package)
    method, item = package.names.methods[operation.name], package.names.classes[item_shape(service, operation)]
    filters = [f"{argument}={value!r}" for argument, value in required_arguments(service, operation).items()]
    types = f"{name}.{package.names.classes[operation.output]}, {name}.{item}"

    def call(*arguments: str) -> str:
        return f"{method}({', '.join([*arguments, *filters])})"

    yield f"assert_type({name}.listings.{call('max_items=1')}, Listing[{types}])"
    options = 'catalogs=["AWS", "Sandbox"]', 'on_error="report"', "ordered=True", "concurrency=2"
    yield f"assert_type(client.paginate.{call(*options)}, Paginator[{types}])"
    one = call('catalog="AWS"')
    yield f"assert_type(await client.paginate.{one}.collect(), Collected[str, {name}.{item}])"
    yield f"async for item_of_{method} in client.paginate.{one}:"
    yield f"    assert_type(item_of_{method}, {name}.{item})"
    wrong = call('catalog="AWS"', 'on_error="ignore"')
    yield f"client.paginate.{wrong}  # refused: no such policy"


def _union(package: Executed, name: str, union: ir.Union) -> Iterator[str]:
    cls, members = f"{name}.{package.names.classes[union.name]}", list(union.members)
    for count, mark in ((len(members), ""), (len(members) - 1, "  # refused: a member is left")):
        yield f"def match_{count}_of_{union.name}(given: {cls}) -> None:"
        yield "    match given:"
        for member in members[:count]:
            yield f"        case {name}.{package.names.variants[union.name, member.name]}(inner):"
            structure = isinstance(package.service.shapes.get(member.target), ir.Structure)
            target = f"{name}.{package.names.classes[member.target]}" if structure else None
            yield f"            assert_type(inner, {target})" if target else "            pass"
        yield f"        case {name}.{package.names.unknowns[union.name]}(tag, _):"
        yield "            assert_type(tag, str)"
        yield "        case _:"
        yield f"            assert_never(given){mark}"


def _enum(package: Executed, enum: ir.Enum) -> Iterator[str]:
    if len(enum.values) > _MOST_MEMBERS:
        return
    cls = f"enums.{package.names.classes[enum.name]}"
    known = [f"    {cls}.{package.names.enum_members[enum.name, value]}" for value in enum.values]
    for refused in (False, True):
        mark = "  # refused: None for an unknown value" if refused else ""
        yield f"def match_{'known' if refused else 'any'}_of_{enum.name}(given: {cls}) -> int:{mark}"
        yield "    match given:"
        for number, value in enumerate(known):
            yield f"        case {value.strip()}:"
            yield f"            return {number}"
        if not refused:
            yield "        case _:"
            yield "            return -1"
