"""An oracle for responses: botocore's model, with code that the emulator's validator does not share."""

from __future__ import annotations

import re
from datetime import datetime

import botocore.session

SERVICE_MODEL = botocore.session.get_session().get_service_model("partnercentral-account")


def assert_conforms(shape, value, where="$"):
    bounds = shape.metadata
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
        assert value.endswith("Z"), where
        assert datetime.fromisoformat(value).tzinfo is not None, where
        return
    if shape.type_name in ("integer", "long"):
        assert type(value) is int, where
        return
    if shape.type_name == "list":
        for index, item in enumerate(value):
            assert_conforms(shape.member, item, f"{where}[{index}]")
    else:
        assert shape.type_name == "string", where
        assert type(value) is str, where
        assert not getattr(shape, "enum", None) or value in shape.enum, where
        assert "pattern" not in bounds or re.fullmatch(bounds["pattern"], value), where
    assert bounds.get("min", 0) <= len(value) <= bounds.get("max", float("inf")), where


def assert_answer_conforms(operation, status, body):
    """An answer is the operation's output, or an error that the model gives the operation."""
    model = SERVICE_MODEL.operation_model(operation)
    if status == 200:
        assert_conforms(model.output_shape, body, operation)
        return
    name = body["__type"]
    assert status == (500 if name == "InternalServerException" else 400), body
    shape = next((shape for shape in model.error_shapes if shape.name == name), None)
    assert shape is not None, f"{operation} has no {name}"
    assert_conforms(shape, {key: value for key, value in body.items() if key != "__type"}, name)
