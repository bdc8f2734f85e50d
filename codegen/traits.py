"""The traits that the generator knows, level by level; any other is an error that names it.

A trait is *honoured* if the IR has it, and *inert* if it cannot change types, converters or calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from . import ir
from .errors import ModelError
from .graph import deep_collections

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Known: TypeAlias = frozenset[str]

INERT: Mapping[str, Mapping[str, str]] = {
    "service": {
        "version": "the format of the model",
        "clientContextParams": "botocore resolves the endpoint",
        "deprecated": "the service still answers",
        "examples": "documentation",
    },
    "metadata": {
        "apiVersion": "the configuration names it",
        "auth": "botocore signs",
        "awsQueryCompatible": "botocore reads both names of an error, and the runtime looks for both",
        "checksumFormat": "botocore computes checksums",
        "endpointPrefix": "botocore resolves the endpoint",
        "globalEndpoint": "botocore resolves the endpoint",
        "jsonVersion": "botocore frames the request",
        "protocolSettings": "botocore chooses the version of HTTP",
        "ripServiceName": "botocore resolves the endpoint",
        "serviceAbbreviation": "documentation",
        "serviceId": "botocore names events by it",
        "signatureVersion": "botocore signs",
        "signingName": "botocore signs",
        "targetPrefix": "botocore frames the request",
        "xmlNamespace": "botocore writes the XML",
    },
    "operation": {
        "name": "botocore calls the operation by its key",
        "auth": "botocore signs",
        "authtype": "botocore signs",
        "deprecatedSince": "that it is deprecated is what counts",
        "endpoint": "botocore puts members into the host name",
        "endpointdiscovery": "botocore resolves the endpoint",
        "endpointoperation": "botocore resolves the endpoint",
        "http": "botocore frames the request",
        "httpChecksum": "botocore computes checksums",
        "httpChecksumRequired": "botocore computes checksums",
        "operationContextParams": "botocore resolves the endpoint",
        "requestcompression": "botocore compresses",
        "staticContextParams": "botocore resolves the endpoint",
        "unsignedPayload": "botocore signs",
    },
    "input": {"payload": "older models say it here; botocore frames the request"},
    "output": {"resultWrapper": "botocore reads the XML"},
    "raised": {
        "error": "older models repeat here what the shape says",
        "exception": "older models repeat here what the shape says",
        "fault": "older models repeat here what the shape says",
    },
    "element": {
        "jsonvalue": "JSON within a string, which botocore leaves a string wherever it is in a body",
        "locationName": "botocore reads and writes the XML",
        "xmlNamespace": "botocore writes the XML",
    },
    "member": {
        "box": "whether Java boxes the number",
        "contextParam": "botocore resolves the endpoint",
        "deprecatedSince": "that it is deprecated is what counts",
        "enum": "of two members that are only in a URL",
        "eventheader": "of events, whose operations are refused",
        "eventpayload": "of events, whose operations are refused",
        "hostLabel": "botocore puts it into the host name",
        "streaming": "a blob that is sent is bytes",
    },
    # botocore's dicts do not show these.
    "xml": {
        "flattened": "botocore reads and writes the XML",
        "queryName": "botocore writes the query",
        "wrapper": "botocore reads the XML",
        "xmlAttribute": "botocore reads and writes the XML",
        "xmlNamespace": "botocore writes the XML",
        "xmlOrder": "botocore writes the XML",
    },
    "error": {
        "fault": "the shape has it",
        "senderFault": "the shape's fault is the opposite",
    },
    "paginator": {"non_aggregate_keys": "members of pages that belong to no item"},
    "shape": {
        "box": "whether Java boxes the number",
        "deprecatedSince": "that it is deprecated is what counts",
        "event": "of an event stream, whose operations are refused",
        "requiresLength": "of a stream that is sent",
        "resultWrapper": "botocore reads the XML",
        "streaming": "a blob that is sent is bytes",
        "synthetic": "made by AWS's tools for the errors of an event stream",
    },
}
"""By level, the traits that cannot change types, converters or calls, and why; a test shows it for each of them."""

SERVICE: Known = frozenset({"metadata", "operations", "shapes", *INERT["service"]})
METADATA: Known = frozenset({"protocol", "protocols", "serviceFullName", "uid", *INERT["metadata"]})
OPERATION: Known = frozenset({"deprecated", "errors", "idempotent", "input", "output", "readonly", *INERT["operation"]})
_XML: Known = frozenset({"locationName", *INERT["xml"]})
_DEPRECATED: Known = frozenset({"deprecated", "deprecatedSince"})
REFERENCE: Known = frozenset({"shape"})
INPUT: Known = REFERENCE | _XML | frozenset(INERT["input"])
OUTPUT: Known = REFERENCE | _XML | frozenset(INERT["output"])
RAISED: Known = REFERENCE | frozenset(INERT["raised"])
ELEMENT: Known = REFERENCE | frozenset(INERT["element"])
MEMBER: Known = (
    REFERENCE
    | _XML
    | frozenset({"deprecated", "idempotencyToken", "jsonvalue", "location", "timestampFormat", *INERT["member"]})
)
ERROR: Known = frozenset({"code", "httpStatusCode", *INERT["error"]})
PAGINATOR: Known = frozenset(
    {"input_token", "output_token", "limit_key", "more_results", "result_key", *INERT["paginator"]}
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
_BOX: Known = frozenset({"box"})
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
    "blob": _ANY | _RANGE | {"requiresLength", "streaming"},
    "list": _ANY | _XML | _RANGE | {"member", "sparse"},
    "map": _ANY | _XML | _RANGE | {"key", "value", "sparse"},
    "structure": _ANY
    | _BOX
    | _XML
    | {
        "document",
        "error",
        "event",
        "eventstream",
        "exception",
        "fault",
        "members",
        "payload",
        "required",
        "resultWrapper",
        "retryable",
        "synthetic",
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


# Python compiles no code that is nested deeper than about twice this; no model of botocore has more than four.
_DEPTH = 8
# Beside a union's member, the name of its shape.
_TYPE_MARKER = "__type"


def check_rules(service: ir.Service) -> None:
    """Raise if the service breaks a rule.

    Raises:
        ModelError: a rule is broken; the message names the shape or operation.
    """
    for name in sorted(deep_collections(service.shapes, _DEPTH)):
        reason = f"more than {_DEPTH} lists and maps within each other, without a structure or union between"
        raise ModelError(f"{service.config.name}.{name}", reason)
    for shape in service.shapes.values():
        where = f"{service.config.name}.{shape.name}"
        _plain(where, shape)
        if isinstance(shape, ir.Enum):
            _unique(where, "enum value", shape.values)
        if isinstance(shape, ir.Structure | ir.Union):
            _unique(where, "member name on the wire", (m.wire_name for m in shape.members))
        if isinstance(shape, ir.Union) and any(m.wire_name == _TYPE_MARKER for m in shape.members):
            raise ModelError(where, f"a union's member cannot be {_TYPE_MARKER!r}, which counts as none")


def _plain(where: str, shape: ir.Shape) -> None:
    """Raise if a value, limit, pattern or name has an unexpected JSON type."""
    texts: list[tuple[str, object]] = []
    if isinstance(shape, ir.Structure | ir.Union):
        texts += [("locationName", text) for m in shape.members for text in (m.wire_name, m.location_name)]
    else:
        texts.append(("pattern", shape.constraints.pattern))
        for trait, limit in (("min", shape.constraints.minimum), ("max", shape.constraints.maximum)):
            if not isinstance(limit, int | float | None):
                raise ModelError(where, f"{trait} is not a number: {limit!r}")
    if isinstance(shape, ir.Enum):
        for value in shape.values:
            if not isinstance(value, str):
                raise ModelError(where, f"an enum value is not a string: {value!r}")
    for trait, text in texts:
        if not isinstance(text, str | None):
            raise ModelError(where, f"{trait} is not a string: {text!r}")


def _unique(where: str, what: str, found: Iterable[str]) -> None:
    seen: set[str] = set()
    for text in found:
        if text in seen:
            raise ModelError(where, f"has the {what} {text!r} twice")
        seen.add(text)
