"""The traits that the generator knows, level by level; any other is an error that names it.

A trait is *honoured* where the IR carries it, and *inert* where it cannot change types, converters or calls; the reason
stands beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from codegen.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

Known: TypeAlias = frozenset[str]

SERVICE: Known = frozenset({"version", "metadata", "operations", "shapes"})

METADATA: Known = frozenset(
    {
        "apiVersion",
        "auth",  # botocore signs
        "endpointPrefix",  # botocore resolves the endpoint
        "jsonVersion",  # botocore frames the request
        "protocol",
        "protocols",  # `protocol` is the one botocore resolves for a service that lists json first
        "serviceAbbreviation",
        "serviceFullName",
        "serviceId",
        "signatureVersion",
        "signingName",
        "targetPrefix",
        "uid",
    }
)

OPERATION: Known = frozenset(
    {
        "name",
        "http",  # botocore frames the request
        "input",
        "output",
        "errors",
        "idempotent",
        "readonly",
    }
)

REFERENCE: Known = frozenset({"shape"})
ELEMENT: Known = REFERENCE
MEMBER: Known = frozenset({"shape", "idempotencyToken", "locationName"})
ERROR: Known = frozenset({"code", "httpStatusCode", "senderFault"})
PAGINATOR: Known = frozenset({"input_token", "output_token", "limit_key", "result_key"})

# What no level that may have it can do without.
NEEDED: Known = frozenset(
    {
        *("metadata", "operations", "shapes", "protocol", "serviceFullName", "uid"),
        *("shape", "type", "member", "key", "value", "members"),
        *("input_token", "output_token", "result_key"),
    }
)

_ANY: Known = frozenset({"type", "sensitive"})
_BOX: Known = frozenset({"box"})  # whether Java boxes the number
_RANGE: Known = frozenset({"min", "max"})

SHAPES: Mapping[str, Known] = {
    "string": _ANY | _RANGE | {"enum", "pattern"},
    "boolean": _ANY | _BOX,
    "integer": _ANY | _BOX | _RANGE,
    "long": _ANY | _BOX | _RANGE,
    "float": _ANY | _BOX | _RANGE,
    "double": _ANY | _BOX | _RANGE,
    "timestamp": _ANY | {"timestampFormat"},
    "blob": _ANY | _RANGE,
    "list": _ANY | _RANGE | {"member"},
    "map": _ANY | _RANGE | {"key", "value"},
    "structure": frozenset({"type", "members", "required", "union", "exception", "fault", "error", "retryable"}),
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
