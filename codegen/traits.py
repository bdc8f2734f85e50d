"""The traits that the generator knows, level by level; any other is an error that names it.

A trait is *honoured* if the IR has it, and *inert* if it cannot change types, converters or calls; a comment gives the
reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from codegen.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

Known: TypeAlias = frozenset[str]

SERVICE: Known = frozenset(
    {
        "version",
        "metadata",
        "operations",
        "shapes",
        "clientContextParams",  # botocore resolves the endpoint
        "deprecated",  # the service still answers
        "examples",  # documentation
    }
)

METADATA: Known = frozenset(
    {
        "apiVersion",
        "auth",  # botocore signs
        "awsQueryCompatible",  # botocore reads both names of an error, and the runtime looks for both
        "checksumFormat",  # botocore computes checksums
        "endpointPrefix",  # botocore resolves the endpoint
        "globalEndpoint",  # the same
        "jsonVersion",  # botocore frames the request
        "protocol",
        "protocols",
        "protocolSettings",  # botocore chooses the version of HTTP
        "ripServiceName",  # botocore resolves the endpoint
        "serviceAbbreviation",
        "serviceFullName",
        "serviceId",
        "signatureVersion",
        "signingName",
        "targetPrefix",
        "uid",
        "xmlNamespace",  # botocore writes the XML
    }
)

OPERATION: Known = frozenset(
    {
        "name",  # botocore calls the operation by the key that it stands under
        "auth",  # botocore signs
        "authtype",  # the same
        "deprecated",
        "deprecatedSince",  # that it is deprecated is what counts
        "endpoint",  # botocore puts members into the host name
        "endpointdiscovery",  # botocore resolves the endpoint
        "endpointoperation",  # the same
        "errors",
        "http",  # botocore frames the request
        "httpChecksum",  # botocore computes checksums
        "httpChecksumRequired",  # the same
        "idempotent",
        "input",
        "operationContextParams",  # botocore resolves the endpoint
        "output",
        "readonly",
        "requestcompression",  # botocore compresses
        "staticContextParams",  # botocore resolves the endpoint
        "unsignedPayload",  # botocore signs
    }
)

# botocore writes and reads XML by these; its dicts do not show them.
_XML: Known = frozenset(
    {"flattened", "locationName", "queryName", "wrapper", "xmlAttribute", "xmlNamespace", "xmlOrder"}
)
_DEPRECATED: Known = frozenset({"deprecated", "deprecatedSince"})

REFERENCE: Known = frozenset({"shape"})
INPUT: Known = REFERENCE | _XML | {"payload"}  # older models say it here; botocore frames the request
OUTPUT: Known = REFERENCE | _XML | {"resultWrapper"}
# Older models repeat here what the shape says of itself.
RAISED: Known = REFERENCE | {"error", "exception", "fault"}
ELEMENT: Known = REFERENCE | {
    "jsonvalue",  # JSON within a string, which botocore leaves a string wherever it is in a body
    "locationName",  # of XML alone
    "xmlNamespace",  # the same
}
MEMBER: Known = (
    REFERENCE
    | _XML
    | _DEPRECATED
    | {
        "box",  # whether Java boxes the number
        "contextParam",  # botocore resolves the endpoint
        "enum",  # of two members that only go into a URL
        "eventheader",  # of events, whose operations are refused
        "eventpayload",  # the same
        "hostLabel",  # botocore puts it into the host name
        "idempotencyToken",
        "jsonvalue",
        "location",
        "streaming",
        "timestampFormat",
    }
)
ERROR: Known = frozenset({"code", "fault", "httpStatusCode", "senderFault"})
PAGINATOR: Known = frozenset(
    {
        "input_token",
        "output_token",
        "limit_key",
        "more_results",
        "non_aggregate_keys",  # what is in `pages()` and belongs to no item
        "result_key",
    }
)

# Required at every level that may have it.
NEEDED: Known = frozenset(
    {
        *("metadata", "operations", "shapes", "protocol", "serviceFullName"),
        *("shape", "type", "member", "key", "value", "members"),
        *("input_token", "output_token", "result_key"),
    }
)

_ANY: Known = _DEPRECATED | {
    "location",  # of every member that refers to it
    "sensitive",
    "type",
}
_BOX: Known = frozenset({"box"})  # whether Java boxes the number
_RANGE: Known = frozenset({"min", "max"})

SHAPES: Mapping[str, Known] = {
    "string": _ANY | _BOX | _RANGE | {"enum", "pattern"},
    "character": _ANY | _BOX,
    "boolean": _ANY | _BOX,
    "integer": _ANY | _BOX | _RANGE,
    "long": _ANY | _BOX | _RANGE,
    "float": _ANY | _BOX | _RANGE,
    "double": _ANY | _BOX | _RANGE,
    "timestamp": _ANY | {"timestampFormat"},
    "blob": _ANY
    | _RANGE
    | {
        "requiresLength",  # of a stream that is sent
        "streaming",
    },
    "list": _ANY | _XML | _RANGE | {"member", "sparse"},
    "map": _ANY | _XML | _RANGE | {"key", "value", "sparse"},
    "structure": _ANY
    | _BOX
    | _XML
    | {
        "document",
        "error",
        "event",  # of an event stream, whose operations are refused
        "eventstream",
        "exception",
        "fault",
        "members",
        "payload",
        "required",
        "resultWrapper",  # of XML alone
        "retryable",
        "synthetic",  # made up by AWS's tools for the errors of an event stream
        "union",
    },
}


def check(level: Mapping[str, Any], known: Known | None, where: str, what: str = "shape kind") -> None:
    """Raise unless every key of one level of the model is known, and none is absent that the level needs.

    Raises:
        ModelError: naming the first such trait in alphabetical order, or the shape kind where `known` is None.
    """
    if known is None:
        raise ModelError(where, f"unknown {what}")
    unknown = sorted(set(level) - known)
    if unknown:
        raise ModelError(where, f"unknown trait {unknown[0]!r}")
    absent = sorted((known & NEEDED) - set(level))
    if absent:
        raise ModelError(where, f"{absent[0]!r} is missing")
