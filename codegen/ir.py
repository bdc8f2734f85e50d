"""What a service model says, as typed data: no Python name and no Python source text in here.

Every shape is one of `Scalar`, `Enum`, `List`, `Map`, `Structure` and `Union`; they refer to each other by shape name.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codegen.services import ServiceConfig


class Kind(enum.Enum):
    """The scalar types of a service model."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    TIMESTAMP = "timestamp"
    BLOB = "blob"


@attrs.frozen(kw_only=True)
class Constraints:
    """What the service checks; stated in docstrings, enforced by the service alone.

    `minimum` and `maximum` bound a string's length in characters, a list's or map's in entries, and a number's value.
    """

    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None


@attrs.frozen(kw_only=True)
class Scalar:
    """A value without parts."""

    name: str
    kind: Kind
    constraints: Constraints
    sensitive: bool


@attrs.frozen(kw_only=True)
class Enum:
    """A string of which the service has named the values that it knew when the model was written."""

    name: str
    values: tuple[str, ...]
    constraints: Constraints
    sensitive: bool


@attrs.frozen(kw_only=True)
class List:
    """A list of values of one shape, never null."""

    name: str
    element: str
    constraints: Constraints
    sensitive: bool


@attrs.frozen(kw_only=True)
class Map:
    """A map from one string shape to another shape; a null value counts as an absent entry."""

    name: str
    key: str
    value: str
    constraints: Constraints
    sensitive: bool


@attrs.frozen(kw_only=True)
class Member:
    """A member of a structure or union.

    Attributes:
        name: its name in the model and in botocore's dicts.
        wire_name: its name in the JSON on the wire, which differs where the model says `locationName`.
        target: name of its shape.
        required: the service always sends it and always wants it.
        idempotency_token: a request without it gets a generated one.
        sensitive: nothing may ever show its value; holds as well when only an element, key or value below is.
        recursive: its shape contains the structure that it is a member of.
    """

    name: str
    wire_name: str
    target: str
    required: bool = False
    idempotency_token: bool = False
    sensitive: bool = False
    recursive: bool = False


@attrs.frozen(kw_only=True)
class Fault:
    """What makes a structure an error: the code on the wire, and whose fault it is."""

    code: str
    server: bool
    http_status: int | None
    retryable: bool


@attrs.frozen(kw_only=True)
class Structure:
    """Named members; an error when `fault` is set."""

    name: str
    members: tuple[Member, ...]
    fault: Fault | None = None

    def member(self, name: str) -> Member:
        """Return the member of this name, which there must be."""
        return next(member for member in self.members if member.name == name)


@attrs.frozen(kw_only=True)
class Union:
    """Named members of which exactly one is present: its name is the tag."""

    name: str
    members: tuple[Member, ...]


Shape: TypeAlias = Scalar | Enum | List | Map | Structure | Union


@attrs.frozen(kw_only=True)
class Pagination:
    """How an operation's answer goes on; all names are wire names of top-level members.

    Attributes:
        input_token: request member that takes the token of the page wanted.
        output_token: response member that holds the token of the next page.
        limit_key: request member for the page size, where the operation has one.
        result_key: response member that holds the page's items.
        fan_out: request member whose values are listed concurrently.
    """

    input_token: str
    output_token: str
    limit_key: str | None
    result_key: str
    fan_out: str


@attrs.frozen(kw_only=True)
class Operation:
    """One call: names of its shapes, and what may be done with it."""

    name: str
    input: str
    output: str
    errors: tuple[str, ...]
    readonly: bool
    idempotent: bool
    pagination: Pagination | None


@attrs.frozen(kw_only=True)
class Service:
    """A whole service model.

    Attributes:
        config: what the project says of the service.
        full_name: as its owner calls it in prose.
        uid: the id under which the reference pages are found.
        shapes: by name, in the model's order.
        operations: in the model's order.
    """

    config: ServiceConfig
    full_name: str
    uid: str
    shapes: Mapping[str, Shape]
    operations: tuple[Operation, ...]

    def structure(self, name: str) -> Structure:
        """Return the structure of this name, as those of operations are known to be.

        Raises:
            TypeError: it is no structure.
        """
        shape = self.shapes[name]
        if not isinstance(shape, Structure):
            raise TypeError(f"{name} is no structure")
        return shape

    def structures(self) -> Iterator[Structure]:
        """Yield the structures that are no errors."""
        return (s for s in self.shapes.values() if isinstance(s, Structure) and s.fault is None)

    def errors(self) -> Iterator[Structure]:
        """Yield the structures that are errors."""
        return (s for s in self.shapes.values() if isinstance(s, Structure) and s.fault is not None)

    def unions(self) -> Iterator[Union]:
        """Yield the tagged unions."""
        return (s for s in self.shapes.values() if isinstance(s, Union))

    def enums(self) -> Iterator[Enum]:
        """Yield the enums."""
        return (s for s in self.shapes.values() if isinstance(s, Enum))

    def operation_of_input(self, shape: str) -> Operation | None:
        """Return the operation whose request the shape is, if exactly one is."""
        found = [o for o in self.operations if o.input == shape]
        return found[0] if len(found) == 1 else None

    def is_output(self, shape: str) -> bool:
        """Tell whether some operation answers with the shape."""
        return any(o.output == shape for o in self.operations)
