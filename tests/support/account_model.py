"""The account service as the tests see it: its model, its strategies, and botocore as the oracle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs
from botocore.model import ServiceModel
from botocore.parsers import JSONParser
from botocore.serialize import JSONSerializer

from aiopartnercentral import account
from aiopartnercentral._utils import model_data
from aiopartnercentral.errors import ServiceError
from aiopartnercentral.types import UnknownMember
from tests.support.strategies import WireStrategies

if TYPE_CHECKING:
    from aiopartnercentral.types import JsonValue

MODEL = model_data.load("partnercentral-account", "2025-04-04")
WIRE = WireStrategies(MODEL)
BOTOCORE = ServiceModel(MODEL, "partnercentral-account")
STRUCTURES = [name for name, shape in MODEL["shapes"].items() if shape["type"] == "structure"]
UNIONS = [name for name in STRUCTURES if MODEL["shapes"][name].get("union")]
OPERATIONS = list(MODEL["operations"])
RECEIVED = [operation["output"]["shape"] for operation in MODEL["operations"].values()]


def python_type(name: str) -> Any:
    """Return the class, or the alias of a union's classes, that a shape became."""
    return getattr(account, name)


def decode(wire: JsonValue, name: str) -> Any:
    """Decode as the client does: from bytes."""
    return account.json_converter.loads(json.dumps(wire).encode(), python_type(name))


def decode_exactly(wire: JsonValue, name: str) -> Any:
    """Decode by the converter's hooks, past the fast decoders."""
    return account.json_converter.structure(wire, python_type(name))


def encode(obj: Any, name: str) -> JsonValue:
    """Encode to bytes, and read those with another library than ours."""
    hook = account.json_converter.get_unstructure_hook(python_type(name))
    text = account.json_converter.dumps(obj)
    assert json.loads(text) == json.loads(json.dumps(hook(obj)))
    return json.loads(text)


def parse_by_botocore(wire: JsonValue, name: str) -> dict[str, Any]:
    """Return what botocore's own parser makes of a body that holds the shape."""
    response = {"body": json.dumps(wire).encode(), "headers": {}, "status_code": 200}
    parsed = JSONParser().parse(response, BOTOCORE.shape_for(name))
    del parsed["ResponseMetadata"]
    return parsed


def serialize_by_botocore(params: dict[str, Any], operation: str) -> JsonValue:
    """Return the body that botocore's own serializer produces."""
    request = JSONSerializer().serialize_to_request(params, BOTOCORE.operation_model(operation))
    return json.loads(request["body"])


def comparable(obj: Any) -> Any:
    """Make errors, which compare by identity, comparable by class and members."""
    if isinstance(obj, ServiceError):
        members = {name: value for name, value in vars(obj).items() if name not in {"response", "problems"}}
        return type(obj), members
    return obj


def without_payloads(obj: Any) -> Any:
    """Drop the payloads of unknown union members, as botocore's parser does."""
    if isinstance(obj, UnknownMember):
        return type(obj)(obj.tag)
    if isinstance(obj, list):
        return [without_payloads(item) for item in obj]
    if isinstance(obj, dict):
        return {key: without_payloads(value) for key, value in obj.items()}
    if isinstance(obj, ServiceError):
        kind, members = comparable(obj)
        return kind, without_payloads(members)
    if attrs.has(type(obj)):
        changes = {a.name: without_payloads(getattr(obj, a.name)) for a in attrs.fields(type(obj))}
        return attrs.evolve(obj, **changes)
    return obj


def without_nulls(wire: JsonValue) -> JsonValue:
    """Drop the null entries of objects, wherever they are."""
    if isinstance(wire, dict):
        return {key: without_nulls(value) for key, value in wire.items() if value is not None}
    if isinstance(wire, list):
        return [without_nulls(item) for item in wire]
    return wire
