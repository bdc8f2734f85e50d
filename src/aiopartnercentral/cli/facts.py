"""The facts about an operation or a type, as `describing` reads them and `sheet` and JSON show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    from aiopartnercentral.cli.api import Kind

__all__ = [
    "Body",
    "Constraints",
    "Entry",
    "Facts",
    "Holder",
    "Member",
    "OperationFacts",
    "Pages",
    "TypeFacts",
    "Users",
]


@attrs.frozen(kw_only=True)
class Constraints:
    """What the service checks of a value; None for what it does not.

    Attributes:
        minimum: of the number of units, or of the value itself where it has no unit.
        maximum: of the same.
        unit: what is counted: characters, entries or bytes.
        pattern: a regular expression.
    """

    minimum: float | None
    maximum: float | None
    unit: str | None
    pattern: str | None


@attrs.frozen(kw_only=True)
class Member:
    """A member of a structure, error or union.

    Attributes:
        name: of the attribute; of a union's member, the class that holds it.
        wire_name: its name in JSON.
        type: as Python writes it, without the None of an optional one.
        shape: the model's name of the type.
        required: whether it must be given and is always sent; None for a union, which has one of its members.
        constraints: what the service checks.
        sensitive: whether it is never shown.
        generated: whether a request without it gets a generated one.
    """

    name: str
    wire_name: str
    type: str
    shape: str
    required: bool | None
    constraints: Constraints
    sensitive: bool
    generated: bool


@attrs.frozen(kw_only=True)
class Body:
    """A request or a response: wire name, class and members."""

    name: str
    python: str
    members: tuple[Member, ...]


@attrs.frozen(kw_only=True)
class Pages:
    """How the answers of an operation go on.

    Attributes:
        python: the method that collects all of them.
        input_token: wire name of the request member that asks for a further page.
        output_token: wire name of the response member that says what to ask for.
        page_size: wire name of the request member that bounds a page, if there is one.
        items: wire name of the response member that holds the items.
        over_catalogs: whether several catalogs can be collected at once.
    """

    python: str
    input_token: str
    output_token: str
    page_size: str | None
    items: str
    over_catalogs: bool


@attrs.frozen(kw_only=True)
class OperationFacts:
    """An operation.

    Attributes:
        name: its wire name.
        kind: an operation.
        python: the client's method.
        reference: address of AWS's page.
        readonly: it changes nothing.
        idempotent: sending it twice has the effect of sending it once, as what only reads has by nature.
        pages: how its answers go on; None if each is all there is.
        request: what is sent.
        response: what comes back.
        errors: the wire names of those that the model lists.
    """

    name: str
    kind: Kind
    python: str
    reference: str
    readonly: bool
    idempotent: bool
    pages: Pages | None
    request: Body
    response: Body
    errors: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Holder:
    """A type that contains another, and the Python names of the members in which it does; none for a list or map."""

    name: str
    members: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Users:
    """Who uses a type.

    Attributes:
        requests: wire names of the operations whose requests are it or hold it somewhere.
        responses: the same of their responses.
        errors: the same of their errors.
        types: those that contain it, directly or as entries of a list or map.
    """

    requests: tuple[str, ...]
    responses: tuple[str, ...]
    errors: tuple[str, ...]
    types: tuple[Holder, ...]


@attrs.frozen(kw_only=True)
class TypeFacts:
    """A structure, union, error, enum, list, map or scalar.

    Attributes:
        name: its wire name.
        kind: what it is.
        python: its class in the generated package, or how Python writes its type.
        reference: address of AWS's page.
        members: of a structure, union or error.
        unknown: of a union, the class of a member that the model does not know.
        values: of an enum.
        entries: the shapes of a list's elements, or of a map's keys and values.
        constraints: what the service checks.
        sensitive: whether it is never shown.
        used_by: who uses it.
    """

    name: str
    kind: Kind
    python: str
    reference: str
    members: tuple[Member, ...]
    unknown: str | None
    values: tuple[str, ...]
    entries: tuple[str, ...]
    constraints: Constraints
    sensitive: bool
    used_by: Users


Facts: TypeAlias = OperationFacts | TypeFacts


@attrs.frozen(kw_only=True)
class Entry:
    """A line of the list of all that can be described."""

    name: str
    kind: Kind
    python: str
    paginated: bool
