"""Enums of a model's terms: kinds of values, timestamp formats, locations and protocols."""

from __future__ import annotations

import enum


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
