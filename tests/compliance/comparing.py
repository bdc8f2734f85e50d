"""Compares the request that came in with what a case says of it."""

from __future__ import annotations

import base64
import io
import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

from botocore.parsers import RpcV2CBORParser
from multidict import CIMultiDict

from tests.compliance.values import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import OperationModel

    from tests.compliance.server import Received

JSON_PROTOCOLS = ("json", "rest-json")
CBOR = "smithy-rpc-v2-cbor"
_FORMS = ("query", "ec2")


def problems(received: Received, expected: Mapping[str, Any], operation: OperationModel) -> Iterator[str]:
    """Yield what is not as it should be."""
    protocol = operation.service_model.resolved_protocol
    if "method" in expected and received.method != expected["method"]:
        yield f"method: expected {expected['method']}, got {received.method}"
    if received.uri != (uri := expected.get("uri") or "/"):
        yield f"uri: expected {uri}, got {received.uri}"
    # The path of the endpoint stands in the uri as well.
    if "host" in expected and received.host != (host := expected["host"].partition("/")[0]):
        yield f"host: expected {host}, got {received.host}"
    yield from _header_problems(received, expected, protocol, operation)
    if "body" in expected and "Content-Encoding" not in received.headers:
        wanted, found = (body(text, protocol) for text in (_expected_body(expected, protocol), received.body))
        if wanted != found:
            yield f"body: expected {wanted!r}, got {found!r}"


def body(text: bytes, protocol: str) -> Any:
    """Return what a body says, so that white space and the order of members do not count."""
    try:
        if protocol in JSON_PROTOCOLS:
            return json.loads(text)
        if protocol == CBOR and text:
            return cbor(text)
        if protocol == "rest-xml":
            return ET.canonicalize(text.decode(), strip_text=True)
    except (ValueError, ET.ParseError):
        pass
    return text


def cbor(text: bytes) -> Any:
    """Return the value of a body in CBOR."""
    parser = RpcV2CBORParser()
    return spelled(parser.parse_data_item(io.BufferedReader(io.BytesIO(text))))


def _expected_body(expected: Mapping[str, Any], protocol: str) -> bytes:
    return base64.b64decode(expected["body"]) if protocol == CBOR else expected["body"].encode()


def _header_problems(
    received: Received, expected: Mapping[str, Any], protocol: str, operation: OperationModel
) -> Iterator[str]:
    lists = _list_headers(operation)
    for name, value in CIMultiDict(expected.get("headers", {})).items():
        if name.lower() == "content-type" and not _has_content_type(value, protocol):
            continue
        wanted, found = value, received.headers.get(name)
        if name.lower() == "content-type" and protocol in _FORMS and "charset" not in wanted:
            wanted += "; charset=utf-8"
        if name.lower() in lists:
            wanted, found = wanted.replace(", ", ","), found and found.replace(", ", ",")
        if found != wanted:
            yield f"header {name}: expected {wanted}, got {found}"
    for name in expected.get("forbidHeaders", ()):
        if name in received.headers:
            yield f"header {name}: expected none, got {received.headers[name]}"
    for name in expected.get("requireHeaders", ()):
        if name not in received.headers:
            yield f"header {name}: expected one, got none"


def _has_content_type(value: str, protocol: str) -> bool:
    """Tell whether botocore sets the header: never of XML, and not of a payload that is no JSON."""
    return protocol != "rest-xml" and (protocol != "rest-json" or value == "application/json")


def _list_headers(operation: OperationModel) -> set[str]:
    """Return the headers that hold lists, in which a space after a comma does not count."""
    shape = operation.input_shape
    members = shape.members.values() if shape is not None and shape.type_name == "structure" else ()
    return {
        str(member.serialization.get("name", "")).lower()
        for member in members
        if member.serialization.get("location") == "header" and member.type_name == "list"
    }
