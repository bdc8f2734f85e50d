"""An oracle for responses: botocore's model, with code that the emulator's validator does not share."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

import botocore.session

from aiopartnercentral._utils import model_data

ACCOUNT = "partnercentral-account"


def botocore_session():
    """Return a session of botocore that knows all six services: it reads the pinned models first."""
    session = botocore.session.Session()
    session.get_component("data_loader").search_paths.insert(0, str(model_data.root()))
    return session


@cache
def service_model(service):
    return botocore_session().get_service_model(service)


SCALARS = {"integer": (int,), "long": (int,), "double": (int, float), "boolean": (bool,)}
SERVICE_MODEL = service_model(ACCOUNT)


def assert_conforms(shape, value, where="$"):
    bounds = shape.metadata
    if getattr(shape, "is_document_type", False):
        return
    if shape.type_name == "structure":
        assert value.keys() <= shape.members.keys(), where
        assert set(shape.required_members) <= value.keys(), where
        assert not shape.metadata.get("union") or len(value) == 1, where
        for name, member in value.items():
            assert_conforms(shape.members[name], member, f"{where}.{name}")
        return
    if shape.type_name == "map":
        for name, member in value.items():
            assert_conforms(shape.key, name, f"{where} key")
            assert_conforms(shape.value, member, f"{where}.{name}")
        return
    if shape.type_name == "timestamp":
        # In CBOR, it is one already.
        assert isinstance(value, datetime) or value.endswith("Z"), where
        assert (value if isinstance(value, datetime) else datetime.fromisoformat(value)).tzinfo is not None, where
        return
    if shape.type_name in SCALARS:
        assert type(value) in SCALARS[shape.type_name], where
        return
    if shape.type_name == "list":
        for index, item in enumerate(value):
            assert_conforms(shape.member, item, f"{where}[{index}]")
    else:
        assert shape.type_name == "string", where
        assert type(value) is str, where
        assert not getattr(shape, "enum", None) or value in shape.enum, where
        assert "pattern" not in bounds or "\\p{" in bounds["pattern"] or re.fullmatch(bounds["pattern"], value), where
    assert bounds.get("min", 0) <= len(value) <= bounds.get("max", float("inf")), where


def assert_answer_conforms(operation, status, body, service=ACCOUNT):
    """An answer is the operation's output, or an error that the model gives the operation."""
    model = service_model(service).operation_model(operation)
    if status == 200:
        assert model.output_shape is not None or body == {}, body
        if model.output_shape is not None:
            assert_conforms(model.output_shape, body, operation)
        return
    name = body["__type"].rpartition("#")[2]
    declared = service_model(service).shape_for(name).metadata.get("error", {})
    default = 500 if name == "InternalServerException" else 400
    assert status == declared.get("httpStatusCode", default), body
    shape = next((shape for shape in model.error_shapes if shape.name == name), None)
    assert shape is not None, f"{operation} has no {name}"
    assert_conforms(shape, {key: value for key, value in body.items() if key != "__type"}, name)
