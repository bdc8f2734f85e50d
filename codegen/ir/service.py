"""Operations, their pagination, and the service that has them."""

from __future__ import annotations

from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

import attrs

from .shapes import Enum, Structure, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..services import ServiceConfig, TimeFilter
    from .shapes import Member, Protocol, Shape


@attrs.frozen(kw_only=True)
class Pagination:
    """How an operation's responses are paginated; all names are wire names of top-level members.

    Attributes:
        input_token: request member that takes the token of the page wanted.
        output_token: response member that holds the token of the next page.
        limit_key: request member for the page size, where the operation has one.
        more_results: response member that says whether there are more pages, where the token alone does not.
        result_key: response member that holds the page's items.
        fan_out: request member whose values are listed concurrently, where there is one.
        since: how the items can be filtered by the time at which they were modified, where they can.
        created_since: request member that filters them by the time of creation only.
    """

    input_token: str
    output_token: str
    limit_key: str | None
    more_results: str | None
    result_key: str
    fan_out: str | None
    since: TimeFilter | None = None
    created_since: str | None = None


@attrs.frozen(kw_only=True)
class Operation:
    """One call: names of its shapes, and what may be done with it.

    Attributes:
        all_in_body: all members of its response are in a JSON or CBOR body; otherwise botocore parses the message.
    """

    name: str
    input: str
    output: str
    errors: tuple[str, ...]
    all_in_body: bool
    readonly: bool
    idempotent: bool
    deprecated: bool
    pagination: Pagination | None


@attrs.frozen(kw_only=True)
class Omission:
    """Something in the model that the package does not have.

    Attributes:
        where: service and operation, such as `demo.GetObject`.
        reason: why, naming shape and trait.
        refused: the operation is omitted; otherwise only its paginator is.
    """

    where: str
    reason: str
    refused: bool

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@attrs.frozen(kw_only=True)
class Texts:
    """One-line descriptions by the model's names: no capital letter at the start, no full stop at the end.

    Attributes:
        operations: by operation.
        shapes: by shape; also of the members with that shape, unless they have another text.
        shared: by the name of members that mean the same in several shapes.
        members: by shape and member.
        values: by enum and value.
    """

    operations: dict[str, str] = attrs.field(factory=dict)
    shapes: dict[str, str] = attrs.field(factory=dict)
    shared: dict[str, str] = attrs.field(factory=dict)
    members: dict[str, dict[str, str]] = attrs.field(factory=dict)
    values: dict[str, dict[str, str]] = attrs.field(factory=dict)

    def of_member(self, shape: str, member: Member) -> str | None:
        """Return the most specific text of a member, if there is one."""
        own = self.members.get(shape, {}).get(member.name)
        return own or self.shared.get(member.name) or self.shapes.get(member.target)

    def of_value(self, enum: str, value: str) -> str | None:
        """Return the text of an enum's value, if there is one."""
        return self.values.get(enum, {}).get(value)


@attrs.frozen(kw_only=True)
class Service:
    """A whole service model.

    Attributes:
        config: the project's configuration of the service.
        full_name: as its owner calls it in prose.
        protocol: the one that botocore speaks with it.
        uid: the id under which the reference pages are found, where there are any.
        shapes: by name, in the model's order.
        operations: in the model's order.
        omissions: what had to be omitted.
        texts: the project's own descriptions.
    """

    config: ServiceConfig
    full_name: str
    protocol: Protocol
    uid: str | None
    shapes: Mapping[str, Shape]
    operations: tuple[Operation, ...]
    omissions: tuple[Omission, ...] = ()
    texts: Texts = attrs.field(factory=Texts)

    def structure(self, name: str) -> Structure:
        """Return the structure of this name, as those of operations are known to be.

        Raises:
            TypeError: it is not a structure.
        """
        shape = self.shapes[name]
        if not isinstance(shape, Structure):
            raise TypeError(f"{name} is not a structure")
        return shape

    def structures(self) -> Iterator[Structure]:
        """Yield the structures that are not errors."""
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

    def has_known_values(self, shape: str) -> bool:
        """Return whether some values of a shape are known: those of an enum, or those in the configuration."""
        return isinstance(self.shapes[shape], Enum) or shape in self.config.values or shape in self.config.enums

    def known_values(self, shape: str) -> tuple[str, ...]:
        """Return the known values of a shape that has some."""
        found = self.shapes[shape]
        if isinstance(found, Enum):
            return found.values
        parts = [self.known_values(enum) for enum in self.config.enums.get(shape, ())]
        composed = (":".join(each) for end in range(len(parts)) for each in product(*parts[: end + 1]))
        return self.config.values[shape] if shape in self.config.values else tuple(composed)

    def operation_of_input(self, shape: str) -> Operation | None:
        """Return the operation whose request the shape is, if exactly one is."""
        found = self._operations_by_input.get(shape, [])
        return found[0] if len(found) == 1 else None

    def operation_of_output(self, shape: str) -> Operation | None:
        """Return the operation whose response the shape is, if exactly one is."""
        found = self._operations_by_output.get(shape, [])
        return found[0] if len(found) == 1 else None

    def is_message(self, shape: str) -> bool:
        """Tell whether the shape is the request or response of exactly one operation."""
        return bool(self.operation_of_input(shape) or self.operation_of_output(shape))

    def is_output(self, shape: str) -> bool:
        """Tell whether some operation answers with the shape."""
        return shape in self._operations_by_output

    @cached_property
    def _operations_by_input(self) -> dict[str, list[Operation]]:
        found: dict[str, list[Operation]] = {}
        for operation in self.operations:
            found.setdefault(operation.input, []).append(operation)
        return found

    @cached_property
    def _operations_by_output(self) -> dict[str, list[Operation]]:
        found: dict[str, list[Operation]] = {}
        for operation in self.operations:
            found.setdefault(operation.output, []).append(operation)
        return found
