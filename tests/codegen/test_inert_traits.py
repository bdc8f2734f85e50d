"""Each trait that the generator calls inert: the package is the same, and calls through it are botocore's own.

A small service is given the trait, or already has it. Then the same calls are made through the generated client and
through the aiobotocore client of the same model: their requests, their responses and their errors are compared.
"""

from __future__ import annotations

import copy
import json
import re
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from aiopartnercentral import ServiceError
from codegen import emit, names, traits
from codegen.build import build
from codegen.source import Source
from tests.support import synthetic

pytestmark = pytest.mark.anyio

PLAIN = ("operations", "Plain")
DESCRIBE = ("operations", "Describe")
URI = {"uri": "https://golden.example/x/"}

# By level and trait: a feature, the path of a level of its model, and the trait's value.
CASES: dict[tuple[str, str], tuple[str, tuple[Any, ...], Any]] = {
    ("service", "version"): ("rest_json", (), "1.0"),
    ("service", "clientContextParams"): ("rest_json", (), {"Use": {"documentation": "d", "type": "boolean"}}),
    ("service", "deprecated"): ("rest_json", (), True),
    ("service", "examples"): ("rest_json", (), {}),
    ("metadata", "apiVersion"): ("query", ("metadata",), "2030-01-01"),
    ("metadata", "auth"): ("rest_json", ("metadata",), ["aws.auth#sigv4", "smithy.api#noAuth"]),
    ("metadata", "awsQueryCompatible"): ("query_compatible", ("metadata",), {}),
    ("metadata", "checksumFormat"): ("rest_json", ("metadata",), "md5"),
    ("metadata", "endpointPrefix"): ("rest_json", ("metadata",), "other"),
    ("metadata", "globalEndpoint"): ("rest_json", ("metadata",), "golden.example"),
    ("metadata", "jsonVersion"): ("query_compatible", ("metadata",), "1.1"),
    ("metadata", "protocolSettings"): ("rest_json", ("metadata",), {"h2": "eventstream"}),
    ("metadata", "ripServiceName"): ("rest_json", ("metadata",), "other"),
    ("metadata", "serviceAbbreviation"): ("rest_json", ("metadata",), "Other"),
    ("metadata", "serviceId"): ("rest_json", ("metadata",), "Other Id"),
    ("metadata", "signatureVersion"): ("rest_json", ("metadata",), "v4"),
    ("metadata", "signingName"): ("rest_json", ("metadata",), "other"),
    ("metadata", "targetPrefix"): ("query_compatible", ("metadata",), "Other"),
    ("metadata", "xmlNamespace"): ("query", ("metadata",), "https://other.example/"),
    ("operation", "name"): ("rest_json", PLAIN, "Renamed"),
    ("operation", "auth"): ("rest_json", PLAIN, ["smithy.api#noAuth"]),
    ("operation", "authtype"): ("rest_json", PLAIN, "none"),
    ("operation", "deprecatedSince"): ("rest_json", PLAIN, "2025-01-01"),
    ("operation", "endpoint"): ("rest_json", PLAIN, {"hostPrefix": "data."}),
    ("operation", "endpointdiscovery"): ("rest_json", PLAIN, {"required": False}),
    ("operation", "endpointoperation"): ("rest_json", ("operations", "GetThing"), True),
    ("operation", "http"): ("rest_json", PLAIN, {"method": "PATCH", "requestUri": "/other?fixed=1"}),
    ("operation", "httpChecksum"): ("rest_json", PLAIN, {"requestChecksumRequired": True}),
    ("operation", "httpChecksumRequired"): ("rest_json", PLAIN, True),
    ("operation", "operationContextParams"): ("rest_json", PLAIN, {"Name": {"path": "Thing.Name"}}),
    ("operation", "requestcompression"): ("rest_json", PLAIN, {"encodings": ["gzip"]}),
    ("operation", "staticContextParams"): ("rest_json", PLAIN, {"Use": {"value": True}}),
    ("operation", "unsignedPayload"): ("rest_json", PLAIN, True),
    ("input", "payload"): ("rest_json", (*PLAIN, "input"), "Thing"),
    ("output", "resultWrapper"): ("query", (*DESCRIBE, "output"), "DescribeResult"),
    ("raised", "error"): ("query", (*DESCRIBE, "errors", 0), {"code": "Other"}),
    ("raised", "exception"): ("query", (*DESCRIBE, "errors", 0), True),
    ("raised", "fault"): ("query", (*DESCRIBE, "errors", 0), True),
    ("element", "jsonvalue"): ("rest_json", ("shapes", "Texts", "member"), True),
    ("element", "locationName"): ("query", ("shapes", "Texts", "member"), "entry"),
    ("element", "xmlNamespace"): ("query", ("shapes", "Texts", "member"), URI),
    ("member", "box"): ("rest_json", ("shapes", "GetThingRequest", "members", "Limit"), True),
    ("member", "contextParam"): ("rest_json", ("shapes", "PlainRequest", "members", "Thing"), {"name": "Thing"}),
    ("member", "deprecatedSince"): ("rest_json", ("shapes", "PlainRequest", "members", "Thing"), "2025-01-01"),
    ("member", "enum"): ("rest_json", ("shapes", "GetThingRequest", "members", "ThingId"), ["one", "two"]),
    ("member", "eventheader"): ("rest_json", ("shapes", "Thing", "members", "Name"), True),
    ("member", "eventpayload"): ("rest_json", ("shapes", "Thing", "members", "Name"), True),
    ("member", "hostLabel"): ("rest_json", ("shapes", "GetThingRequest", "members", "ThingId"), True),
    ("member", "streaming"): ("rest_json", ("shapes", "UploadRequest", "members", "Body"), True),
    ("xml", "flattened"): ("query", ("shapes", "Texts"), True),
    ("xml", "queryName"): ("query", ("shapes", "DescribeRequest", "members", "Name"), "Other"),
    ("xml", "wrapper"): ("query", ("shapes", "Leaf"), True),
    ("xml", "xmlAttribute"): ("query", ("shapes", "Leaf", "members", "Name"), True),
    ("xml", "xmlNamespace"): ("query", ("shapes", "Leaf"), URI),
    ("xml", "xmlOrder"): ("query", ("shapes", "Leaf"), ["Leaves", "Name"]),
    ("error", "fault"): ("query", ("shapes", "Wrong", "error"), True),
    ("error", "senderFault"): ("query", ("shapes", "Wrong", "error"), True),
    ("paginator", "non_aggregate_keys"): ("listing", ("pagination", "ListOdd"), ["Count"]),
    ("shape", "box"): ("rest_json", ("shapes", "Number"), True),
    ("shape", "deprecatedSince"): ("rest_json", ("shapes", "Thing"), "2025-01-01"),
    ("shape", "event"): ("rest_json", ("shapes", "Thing"), True),
    ("shape", "requiresLength"): ("rest_json", ("shapes", "Stream"), True),
    ("shape", "resultWrapper"): ("query", ("shapes", "DescribeResponse"), "DescribeResult"),
    ("shape", "streaming"): ("rest_json", ("shapes", "Stream"), True),
    ("shape", "synthetic"): ("rest_json", ("shapes", "Busy"), True),
}

XML_RESULT = (
    b"<DescribeResponse><DescribeResult><name>n</name><entry>a</entry><entry>b</entry><Bytes>AA==</Bytes>"
    b"<When>2024-05-01T12:00:00Z</When><Leaves><member name='attribute'><name>leaf</name></member></Leaves>"
    b"</DescribeResult></DescribeResponse>"
)
XML_ERROR = b"<E><Error><Type>Sender</Type><Code>Golden.Wrong</Code><Message>no</Message></Error></E>"
THING = {"thing-name": "n", "Choice": {"One": "x"}, "When": 5}
JSON_ERROR = json.dumps({"__type": "Busy", "message": "later"}).encode()
OLD_ERROR = json.dumps({"__type": "Absent", "message": "no"}).encode()
PARAMS = {
    "Plain": {"Thing": {"Name": "n", "Choice": {"Two": 2}}},
    "PutThing": {"ThingId": "a", "HttpMethod": "GET", "Tags": ["a", "b"], "Thing": {"Name": "n"}, "Policy": "{}"},
    "GetThing": {"ThingId": "a", "Limit": 5},
    "Upload": {"Body": b"bytes"},
    "Describe": {"Name": "n", "Texts": ["a", "b"]},
    "Fail": {"Name": "n"},
    "ListOdd": {"Catalog": "AWS", "Marker": "m"},
}
# By feature: the operations to call, and the answers that they get.
CALLS: dict[str, tuple[tuple[str, ...], list[tuple[int, dict[str, str], bytes]]]] = {
    "rest_json": (
        ("Plain", "PutThing", "GetThing", "Upload"),
        [(200, {"x-version": "1"}, json.dumps({"Thing": THING, **THING}).encode()), (429, {}, JSON_ERROR)],
    ),
    "query": (("Describe",), [(200, {}, XML_RESULT), (400, {}, XML_ERROR)]),
    "query_compatible": (("Fail",), [(400, {}, OLD_ERROR), (400, {"x-amzn-query-error": "Old;Sender"}, OLD_ERROR)]),
    "listing": (("ListOdd",), [(200, {}, b'{"Things": [], "NextMarker": "m", "Count": 1}')]),
}
# Of the time, of the attempt and of the process; a signature is compared without its last part.
VOLATILE = {"x-amz-date", "amz-sdk-invocation-id", "amz-sdk-request", "user-agent"}


def given(feature: str, path: tuple[Any, ...], trait: str, *value: Any) -> Source:
    """Return the feature's model with the trait, or without it."""
    whole: Any = {**copy.deepcopy(synthetic.model(feature)), "pagination": synthetic.paginators(feature)}
    level = whole
    for key in path:
        level = level[key]
    level.pop(trait, None)
    if value:
        (level[trait],) = value
    return Source(config=synthetic.config(feature), paginators=whole.pop("pagination"), service=whole)


def test_every_inert_trait_is_tried():
    assert CASES.keys() == {(level, trait) for level, inert in traits.INERT.items() for trait in inert}


@pytest.mark.parametrize(("level", "trait"), CASES)
def test_the_package_is_the_same(level, trait):
    feature, path, value = CASES[level, trait]
    packages = []
    for source in (given(feature, path, trait), given(feature, path, trait, value)):
        service = build(source)
        packages.append(emit.texts(service, names.name(service)))
    assert packages[0] == packages[1]


def comparable(request: Any) -> dict[str, Any]:
    """Return the parts of a request that do not depend on when it was sent."""
    headers = {name.lower(): value for name, value in request.headers.items() if name.lower() not in VOLATILE}
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in headers.items()}
    if "authorization" in headers:
        headers["authorization"] = re.sub("Signature=.*", "", headers["authorization"])
    body = request.body if isinstance(request.body, bytes | str | None) else request.body.read()
    with suppress(ValueError, TypeError):  # the order of members is not botocore's
        body = json.loads(body)
    return {"method": request.method, "url": request.url, "headers": headers, "body": body}


async def both(client: Any, package: Any, operation: Any) -> list[tuple[Any, Any]]:
    """Make a call through both clients; return the requests and the outcomes of each."""
    stock, params = client._api.transport.connection.botocore.client, PARAMS[operation.name]
    sent: list[Any] = []

    def keep(request: Any, **_: Any) -> None:
        sent.append(comparable(request))

    stock.meta.events.register("before-send", keep, unique_id="keep")
    method = re.sub("(?<!^)(?=[A-Z])", "_", operation.name).lower()

    async def theirs() -> Any:
        parsed = await getattr(stock, method)(**params)
        parsed.pop("ResponseMetadata")
        return package.botocore_converter.structure(parsed, operation.output)

    async def ours() -> Any:
        return await client.call(package.botocore_converter.structure(params, operation.input))

    outcomes: list[tuple[Any, Any]] = []
    for call in (theirs, ours):
        sent.clear()
        try:
            outcome = await call()
        except ServiceError as error:
            outcome = (type(error).__name__, error.code, error.response["Error"].get("Message"))
        except ClientError as error:
            code = error.response["Error"].get("QueryErrorCode")
            name = stock.exceptions.from_code(code).__name__ if code else type(error).__name__
            outcome = (name, error.response["Error"]["Code"], error.response["Error"].get("Message"))
        except BotoCoreError as error:
            outcome = type(error).__name__
        outcomes.append((list(sent), outcome))
    stock.meta.events.unregister("before-send", unique_id="keep")
    return outcomes


@pytest.mark.parametrize(("level", "trait"), CASES)
async def test_calls_are_botocores(level, trait, connected, tmp_path, monkeypatch):
    feature, path, value = CASES[level, trait]
    source = given(feature, path, trait, value)
    folder = tmp_path / source.config.name / "2025-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(source.service))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    package = import_module(source.config.package)
    names_of_operations, answers = CALLS[feature]
    operations = [each for each in package.Client.service.operations if each.name in names_of_operations]
    for status, headers, body in answers:
        async with connected(feature, status, headers, body) as client:
            for operation in operations:
                theirs, ours = await both(client, package, operation)
                assert ours == theirs
                assert ours[0]
