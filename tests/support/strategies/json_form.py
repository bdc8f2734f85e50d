"""A model of any protocol as that of a JSON service, whose bodies are the JSON that our converter speaks.

With it botocore's own JSON parser and serializer can say what is right for any service: the members that a protocol
puts beside the body are in it, under the names that the converter gives them.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from botocore.model import ServiceModel

if TYPE_CHECKING:
    from collections.abc import Mapping

Model = dict[str, Any]


def json_form(model: Model) -> Model:
    """Return the model of the JSON service; one of JSON without headers and paths is returned as it is, but a copy."""
    made = copy.deepcopy(model)
    spoken = ServiceModel(model).resolved_protocol
    made["metadata"] |= {"protocol": "json", "protocols": ["json"], "jsonVersion": "1.0", "targetPrefix": "Form"}
    ends = {o[end]["shape"] for o in model["operations"].values() for end in ("input", "output") if end in o}
    for operation in made["operations"].values():
        operation.pop("endpoint", None)
        operation["http"] = {"method": "POST", "requestUri": "/"}
    for name, shape in list(made["shapes"].items()):
        shape.pop("payload", None)
        if spoken not in ("json", "rest-json"):
            shape.pop("locationName", None)
        if shape["type"] == "timestamp" and spoken == "smithy-rpc-v2-cbor":
            shape["timestampFormat"] = "iso8601"
        elif shape["type"] == "timestamp" and spoken not in ("json", "rest-json"):
            shape.setdefault("timestampFormat", "iso8601")
        if shape["type"] == "structure":
            is_message = name in ends or shape.get("exception", False)
            _rename(shape["members"], made["shapes"], spoken, has_places=is_message and spoken.startswith("rest"))
    return made


def wire_name(name: str, member: Mapping[str, Any], shapes: Mapping[str, Any]) -> str:
    """Return what a member is called in JSON: as it says, or else as its shape says, or else as the model calls it."""
    own: str = member.get("locationName", shapes[member["shape"]].get("locationName", name))
    return own


def _rename(members: dict[str, Model], shapes: dict[str, Model], spoken: str, *, has_places: bool) -> None:
    """Put all members into the body, where each needs a name of its own."""
    places = {}
    for name, member in members.items():
        place, is_json_text = member.pop("location", None), member.pop("jsonvalue", False)
        if spoken not in ("json", "rest-json"):
            member.pop("locationName", None)
        if has_places and place is not None:
            places[name] = place
            member.pop("locationName", None)
            if is_json_text and place == "header" and shapes[member["shape"]]["type"] == "string":
                text = shapes[member["shape"]]
                member["shape"] += " as JSON"
                shapes[member["shape"]] = {"type": "structure", "members": {}, "document": True} | {
                    trait: text[trait] for trait in ("sensitive",) if trait in text
                }
    in_body = {wire_name(name, member, shapes) for name, member in members.items() if name not in places}
    for name, place in places.items():
        members[name]["locationName"] = f"{place}:{name}" if name in in_body else name
