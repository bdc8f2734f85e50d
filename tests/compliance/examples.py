"""Cases that are right, and such with one mistake each, for the tests of the runner itself."""

from __future__ import annotations

import copy

METADATA = {"protocol": "json", "jsonVersion": "1.0", "targetPrefix": "Demo", "apiVersion": "2025-01-01"}
SHAPES = {
    "Thing": {"type": "structure", "members": {"name": {"shape": "Name"}, "pet": {"shape": "Pet"}}},
    "Strict": {"type": "structure", "required": ["names"], "members": {"names": {"shape": "Names"}}},
    "Gone": {
        "type": "structure",
        "exception": True,
        "members": {"message": {"shape": "Name"}, "count": {"shape": "N"}},
    },
    "Other": {"type": "structure", "exception": True, "members": {}},
    "Pet": {"type": "structure", "union": True, "members": {"dog": {"shape": "Name"}}},
    "Streamed": {"type": "structure", "members": {"body": {"shape": "Blob"}}, "payload": "body"},
    "Told": {"type": "structure", "members": {"events": {"shape": "Events"}}},
    "Events": {"type": "structure", "eventstream": True, "members": {"event": {"shape": "Event"}}},
    "Event": {"type": "structure", "event": True, "members": {"name": {"shape": "Name", "eventheader": True}}},
    "Names": {"type": "list", "member": {"shape": "Name"}},
    "Name": {"type": "string"},
    "Blob": {"type": "blob"},
    "N": {"type": "integer"},
}
HTTP = {"method": "POST", "requestUri": "/"}
GET = {"name": "Get", "http": HTTP, "output": {"shape": "Thing"}, "errors": [{"shape": "Gone"}]}
INPUT = {
    "given": {"name": "Put", "http": HTTP, "input": {"shape": "Thing"}},
    "params": {"name": "n"},
    "serialized": {
        "method": "POST",
        "uri": "/",
        "host": "localhost",
        "headers": {"X-Amz-Target": "Demo.Put"},
        "forbidHeaders": ["X-None"],
        "requireHeaders": ["Content-Length"],
        "body": '{"name": "n"}',
    },
}
UNSENDABLE = {
    "given": INPUT["given"],
    "params": {"pet": {"SDK_UNKNOWN_MEMBER": {"name": "cat"}}},
    "encodeError": {"path": "$.pet", "reason": "does not know the union member cat"},
}
OUTPUT = {
    "given": GET,
    "response": {"status_code": 200, "headers": {}, "body": '{"name": "n", "pet": {"cat": 1}}'},
    "result": {"name": "n", "pet": {"SDK_UNKNOWN_MEMBER": {"name": "cat"}}},
    "typedResult": {"name": "n", "pet": {"SDK_UNKNOWN_MEMBER": {"name": "cat", "value": 1}}},
    "json": {"name": "n", "pet": {"cat": 1}},
    "unknown": ["pet"],
}
REFUSED = {
    "given": GET,
    "response": {"status_code": 200, "headers": {}, "body": '{"name": 5}'},
    "decodeError": {"path": "$.name", "reason": "expected string"},
}
ERROR = {
    "given": GET,
    "response": {
        "status_code": 400,
        "headers": {},
        "body": '{"__type": "demo#Gone", "message": "no", "count": "1"}',
    },
    "errorCode": "Gone",
    "errorMessage": "no",
    "errorClass": "Gone",
    "error": {"message": "no"},
    "problems": ["$.count"],
}


def changed(case, path, value):
    """Return the case with another value in one place of it."""
    made = copy.deepcopy(case)
    *above, last = path.split(".")
    place = made
    for key in above:
        place = place[key]
    place[last] = value
    return made


# A mistake for each thing that is compared, by how the line about it begins.
PLANTED = {
    "method": changed(INPUT, "serialized.method", "PUT"),
    "uri": changed(INPUT, "serialized.uri", "/elsewhere"),
    "host": changed(INPUT, "serialized.host", "elsewhere"),
    "header X-Amz-Target": changed(INPUT, "serialized.headers", {"X-Amz-Target": "Demo.Get"}),
    "header Host": changed(INPUT, "serialized.forbidHeaders", ["Host"]),
    "header X-None": changed(INPUT, "serialized.requireHeaders", ["X-None"]),
    "body": changed(INPUT, "serialized.body", '{"name": "m"}'),
    "json_converter": changed(INPUT, "serialized.body", '{"name": "m"}'),
    "the request was not rejected": changed(UNSENDABLE, "params", {"name": "n"}),
    "path": changed(UNSENDABLE, "encodeError.path", "$.name"),
    "reason": changed(UNSENDABLE, "encodeError.reason", "something else"),
    "response": changed(OUTPUT, "typedResult", OUTPUT["result"]),
    "json": changed(OUTPUT, "json", {}),
    "unknown": changed(OUTPUT, "unknown", []),
    "the response was not rejected": changed(REFUSED, "response.body", '{"name": "n"}'),
    "path: expected $.pet, got $.name": changed(REFUSED, "decodeError.path", "$.pet"),
    "reason: expected expected object": changed(REFUSED, "decodeError.reason", "expected object"),
    "DecodeError: Get: $.name": {**{k: v for k, v in REFUSED.items() if k != "decodeError"}, "result": {}},
    "class": changed(ERROR, "errorClass", "Other"),
    "code": changed(ERROR, "errorCode", "Other"),
    "message": changed(ERROR, "errorMessage", "yes"),
    "members": changed(ERROR, "error", {}),
    "problems": changed(ERROR, "problems", []),
    "Gone was raised": {**{k: v for k, v in ERROR.items() if k != "error"}, "result": {}},
    "no error was raised": changed(ERROR, "response", OUTPUT["response"]),
    "DecodeError: $.name": changed(INPUT, "params", {"name": 5}),
}


def suite(*cases, shapes=SHAPES, **metadata):
    """Return a suite of the cases."""
    return {"description": "d", "metadata": {**METADATA, **metadata}, "shapes": shapes, "cases": list(cases)}
