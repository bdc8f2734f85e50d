"""Shapes, the types of a model; they refer to each other by name."""

from __future__ import annotations

import enum
from typing import TypeAlias

import attrs


@attrs.frozen(kw_only=True)
class Constraints:
    """Limits that the service enforces; docstrings state them.

    `minimum` and `maximum` bound a string's length in characters, a list's or map's in entries, and a number's value.
    """

    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None


@attrs.frozen(kw_only=True)
class Scalar:
    """A value without parts that anybody can name; a document is any JSON.

    Attributes:
        timestamp_format: how a timestamp is spelled; None for every other kind.
    """

    name: str
    kind: Kind
    constraints: Constraints
    sensitive: bool
    deprecated: bool = False
    timestamp_format: TimestampFormat | None = None


@attrs.frozen(kw_only=True)
class Enum:
    """A string of which the service has named the values that it knew when the model was written."""

    name: str
    values: tuple[str, ...]
    constraints: Constraints
    sensitive: bool
    deprecated: bool = False


@attrs.frozen(kw_only=True)
class List:
    """A list of values of one shape; null is a value of a sparse one alone."""

    name: str
    element: str
    constraints: Constraints
    sensitive: bool
    sparse: bool = False
    deprecated: bool = False


@attrs.frozen(kw_only=True)
class Map:
    """A map from one string shape to another shape; a null value counts as an absent entry, but not in a sparse one."""

    name: str
    key: str
    value: str
    constraints: Constraints
    sensitive: bool
    sparse: bool = False
    deprecated: bool = False


@attrs.frozen(kw_only=True)
class Member:
    """A member of a structure or union.

    Attributes:
        name: its name in the model and in botocore's dicts.
        wire_name: its name in the JSON on the wire, which differs where the model says `locationName`; a member that
            is not in the body has its own name there.
        target: name of its shape.
        location: where it is instead of in the body.
        location_name: name of the header, header prefix or query parameter that it is in.
        required: the service always sends it and always wants it.
        idempotency_token: a request without it gets a generated one.
        sensitive: nothing may ever show its value; holds as well when only an element, key or value below is.
        recursive: its shape contains the structure that it is a member of.
    """

    name: str
    wire_name: str
    target: str
    location: Location | None = None
    location_name: str | None = None
    required: bool = False
    idempotency_token: bool = False
    deprecated: bool = False
    sensitive: bool = False
    recursive: bool = False


@attrs.frozen(kw_only=True)
class Fault:
    """The facts of an error: its code on the wire, and whose fault it is."""

    code: str
    server: bool
    http_status: int | None
    retryable: bool


@attrs.frozen(kw_only=True)
class Structure:
    """Named members; an error when `fault` is set.

    Attributes:
        payload: the member that is the whole body, where one is.
        sensitive: nothing may ever show any of its members.
    """

    name: str
    members: tuple[Member, ...]
    fault: Fault | None = None
    payload: str | None = None
    sensitive: bool = False
    deprecated: bool = False

    def member(self, name: str) -> Member:
        """Return the member of this name, which there must be."""
        return next(member for member in self.members if member.name == name)


@attrs.frozen(kw_only=True)
class Union:
    """Named members of which exactly one is present: its name is the tag."""

    name: str
    members: tuple[Member, ...]
    sensitive: bool = False
    deprecated: bool = False


Shape: TypeAlias = Scalar | Enum | List | Map | Structure | Union


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
    DOCUMENT = "document"


class TimestampFormat(enum.Enum):
    """The format of a timestamp in JSON; botocore's dicts always have a datetime."""

    ISO8601 = "iso8601"
    EPOCH_SECONDS = "unixTimestamp"
    RFC822 = "rfc822"


class Location(enum.Enum):
    """The location of a member of a request, response or error that is not in the body."""

    HEADER = "header"
    HEADERS = "headers"
    PATH = "uri"
    QUERY = "querystring"
    STATUS = "statusCode"


class Protocol(enum.Enum):
    """The protocols, in the order in which botocore prefers them for a service that speaks several."""

    JSON = "json"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"
    CBOR = "smithy-rpc-v2-cbor"
    QUERY = "query"
    EC2 = "ec2"

    @property
    def is_json(self) -> bool:
        """Whether bodies are JSON."""
        return self in (Protocol.JSON, Protocol.REST_JSON)

    @property
    def has_members(self) -> bool:
        """Whether the names on the wire are those of the model."""
        return self.is_json or self is Protocol.CBOR

    @property
    def is_rest(self) -> bool:
        """Whether members may be bound to other parts of the message than its body."""
        return self in (Protocol.REST_JSON, Protocol.REST_XML)
