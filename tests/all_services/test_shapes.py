"""What holds for each shape of the six services, tried with Hypothesis; `tests.support.breadth` says for which ones.

`test_partner_central.py` tries all shapes in every run, with three values each.
"""

from __future__ import annotations

import copy
import json
import pickle
import re
from typing import TYPE_CHECKING, Any

import attrs
import pydantic
import pytest
from botocore.parsers import create_parser
from hypothesis import given, strategies as st

from aiopartnercentral import to_dict, to_json
from aiopartnercentral._serialization import cbor, fast_encode, jsontext
from aiopartnercentral.errors import DecodeError, EncodeError, ServiceError
from aiopartnercentral.types import UnknownMember
from tests.support.breadth import FEW, across
from tests.support.comparing import comparable, everything_shown, whole_repr, without_nulls, without_payloads
from tests.support.schemas import references
from tests.support.service_server import loaded
from tests.support.services import NAMES
from tests.support.strategies import CANONICAL, LOSSLESS, TOLERATED, Corruption, Extras, cbor_form, spelled

if TYPE_CHECKING:
    from random import Random

KNOWN_MEMBERS = attrs.evolve(TOLERATED, unknown_union_members=False)
UNKNOWN_MEMBERS = attrs.evolve(TOLERATED, nulls=False, type_markers=False)
USUAL = attrs.evolve(CANONICAL, unknown_enum_values=True)
NULLS = attrs.evolve(CANONICAL, nulls=True, unknown_enum_values=True)
# Not what botocore reads otherwise: unknown union members, and seconds as text.
IN_CBOR = attrs.evolve(KNOWN_MEMBERS, timestamp_forms=False, type_markers=False)
SEGMENTS = r'\.[A-Za-z_][\w-]*|\[\d+\]|\["(?:[^"\\]|\\.)*"\]'
SECRET = "Xq7secret"


def structures(package: Any) -> list[str]:
    return package.structures


def unions(package: Any) -> list[str]:
    return package.unions


def classes(package: Any) -> list[str]:
    return [name for name in package.structures if not package.is_error(name)]


def secretive(package: Any) -> list[str]:
    return [
        name
        for name in package.structures
        if any(package.shapes[each["shape"]].get("sensitive") for each in package.shapes[name]["members"].values())
    ]


def received(package: Any) -> list[str]:
    return package.received


def sent(package: Any) -> list[str]:
    return package.sent


def operations(package: Any) -> list[str]:
    return package.operations


def test_the_services_have_all_their_structures_and_unions() -> None:
    counts = {name: (len(loaded(name).structures), len(loaded(name).unions)) for name in NAMES}
    assert counts == {
        "account": (103, 4),
        "selling": (268, 8),
        "benefits": (59, 1),
        "channel": (99, 10),
        "marketing": (87, 2),
        "revenue": (59, 0),
    }


@across(structures, always=unions)
@FEW
@given(data=st.data())
def test_wire_to_object_to_wire_is_the_identity(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    wire = data.draw(package.wire.shape(name, extras=LOSSLESS))
    assert package.encode(package.decode(wire, name), name) == wire


@across(structures)
@FEW
@given(data=st.data())
def test_fast_and_exact_decoding_give_the_same(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    wire = data.draw(package.wire.shape(name, extras=TOLERATED))
    fast, exact = package.decode(wire, name), package.decode_exactly(wire, name)
    assert comparable(fast) == comparable(exact)
    assert type(fast) is type(exact)
    assert whole_repr(fast) == whole_repr(exact)


@across(received)
@FEW
@given(data=st.data())
def test_the_fast_decoders_and_texts_are_sure_of_what_is_usual(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    cls = package.cls(name)
    wire = data.draw(package.wire.shape(name, extras=USUAL))
    decoded, exact = package.fast.decoder(cls)(json.dumps(wire).encode()), package.decode_exactly(wire, name)
    assert decoded == exact
    assert type(decoded) is cls
    assert whole_repr(decoded) == whole_repr(exact)
    assert fast_encode.dumps(exact) == jsontext.dumps(package.json.unstructure(exact))


@across(structures)
@FEW
@given(data=st.data())
def test_fast_texts_are_the_exact_ones_or_none(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    obj = package.decode_exactly(data.draw(package.wire.shape(name, extras=TOLERATED)), name)
    text = fast_encode.dumps(obj)
    exact = jsontext.dumps(package.json.get_unstructure_hook(package.cls(name))(obj))
    assert text == exact or (text is None and (name in package.sent or _is_unusual(obj)))


def _is_unusual(obj: Any) -> bool:
    return isinstance(obj, ServiceError) or "Unknown" in whole_repr(obj)


@across(sent)
@FEW
@given(data=st.data())
def test_fast_and_exact_encoding_give_the_same(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    exactly = package.package.make_botocore_converter()
    exactly.register_unstructure_hook(complex, str)  # any hook at all disables the fast path
    usual = package.decode_exactly(data.draw(package.wire.shape(name, extras=USUAL)), name)
    assert package.fast.encoder(type(usual))(usual) == package.botocore.unstructure(usual)
    request = package.decode_exactly(data.draw(package.wire.shape(name, extras=TOLERATED)), name)
    assert params_or_error(package.botocore, request) == params_or_error(exactly, request)


def params_or_error(converter: Any, request: object) -> object:
    try:
        return converter.params(request, type(request))
    except EncodeError as error:
        return str(error)


@across(structures)
@FEW
@given(data=st.data())
def test_explicit_nulls_count_as_absent(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    wire = data.draw(package.wire.shape(name, extras=NULLS))
    assert package.encode(package.decode(wire, name), name) == without_nulls(wire)


@across(structures, always=unions)
@FEW
@given(data=st.data())
def test_object_to_botocore_dict_to_object_is_the_identity(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    obj = package.decode(data.draw(package.wire.shape(name, extras=TOLERATED)), name)
    plain = package.botocore.unstructure(obj)
    assert comparable(package.botocore.structure(plain, package.cls(name))) == comparable(obj)


@pytest.mark.parametrize("extras", [KNOWN_MEMBERS, UNKNOWN_MEMBERS], ids=["known", "unknown"])
@across(structures, always=unions)
@FEW
@given(data=st.data())
def test_decoding_equals_botocore_parser_and_our_botocore_converter(
    service: str, name: str, extras: Extras, data: st.DataObject
) -> None:
    package = loaded(service)
    wire = data.draw(package.wire.shape(name, extras=extras))
    ours = without_payloads(package.decode(wire, name))
    theirs = package.botocore.structure(package.parsed_by_botocore(name, wire), package.cls(name))
    assert comparable(ours) == comparable(without_payloads(theirs))


@across(received, always=received, services=("marketing", "revenue"))
@FEW
@given(data=st.data(), random=st.randoms(use_true_random=False))
def test_cbor_gives_the_object_that_its_json_and_botocores_parser_give(
    service: str, name: str, data: st.DataObject, random: Random
) -> None:
    package = loaded(service)
    value = data.draw(package.wire.shape(name, extras=IN_CBOR))
    body = spelled(cbor_form(value, name, package.shapes), random)
    decoded = package.json.structure(json.loads(cbor.to_json(body)), package.cls(name))
    assert decoded == package.decode(value, name)
    usual = without_nulls(value)
    assert (
        package.fast.decode_cbor(spelled(cbor_form(usual, name, package.shapes), random), package.cls(name)) == decoded
    )
    parser = create_parser("smithy-rpc-v2-cbor")
    parsed = parser.parse({"body": body, "headers": {}, "status_code": 200}, package.botocore_model.shape_for(name))
    del parsed["ResponseMetadata"]
    assert package.botocore.structure(parsed, package.cls(name)) == decoded


@across(operations)
@FEW
@given(data=st.data())
def test_request_bodies_equal_those_of_botocore_serializer(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    shape = next(each.input for each in package.service.operations if each.name == name)
    request = package.decode(data.draw(package.wire.shape(shape, extras=USUAL)), shape)
    params = package.botocore.unstructure(request)
    assert package.encode(request, shape) == json.loads(package.body_by_botocore(name, params))


@across(structures, always=unions)
@FEW
@given(data=st.data())
def test_a_fault_is_a_decode_error_at_its_path(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    corruption: Corruption = data.draw(package.wire.corruptions(name))
    masked = masked_at(package, name, corruption.path)
    if (corruption.kind, masked) == ("missing_required", corruption.path):
        masked = None
    reasons = {
        "wrong_type": "expected ",
        "missing_required": "required member is missing",
        "no_member": "expected exactly one union member, got none",
        "two_members": "expected exactly one union member, got ",
    }
    for decode in (package.decode, package.decode_exactly):
        with pytest.raises(DecodeError) as caught:
            decode(corruption.value, name)
        assert caught.value.path == (masked or corruption.path)
        reason = "the sensitive value does not match" if masked else reasons[corruption.kind]
        assert str(caught.value).startswith(f"{masked or corruption.path}: {reason}")


def is_sensitive(package: Any, name: str) -> bool:
    """Return whether a shape is sensitive, or a list or map of what is."""
    shape = package.shapes[name]
    inside = (shape[part]["shape"] for part in ("key", "value", "member") if part in shape)
    return bool(shape.get("sensitive")) or any(is_sensitive(package, each) for each in inside)


def masked_at(package: Any, name: str, path: str) -> str | None:
    """Return the path of the outermost sensitive list, map or structure that a path leads to or into, if any."""
    place = "$"
    for segment in [*re.findall(SEGMENTS, path), None]:
        shape = package.shapes[name]
        if shape["type"] in ("structure", "list", "map") and is_sensitive(package, name):
            return place
        if segment is not None:
            place += segment
            inner = shape.get("member") or shape.get("value") or shape["members"][segment[1:]]
            name = inner["shape"]
    assert place == path
    return None


@across(unions, always=unions)
@FEW
@given(tag=st.text(min_size=1), payload=st.data())
def test_an_unknown_union_member_keeps_its_payload(service: str, name: str, tag: str, payload: st.DataObject) -> None:
    package = loaded(service)
    members = package.shapes[name]["members"]
    if tag in members or tag == "__type":
        return
    value = payload.draw(
        st.recursive(
            st.integers() | st.text() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False), st.lists
        )
    )
    obj = package.decode({tag: value, "__type": "x", next(iter(members)): None}, name)
    assert isinstance(obj, UnknownMember)
    assert type(obj) is getattr(package.package, package.names.unknowns[name])
    assert (obj.tag, obj.value) == (tag, value)
    assert package.encode(obj, name) == {tag: value}


@across(unions, always=unions)
def test_an_unknown_member_without_payload_is_refused_on_the_wire(service: str, name: str) -> None:
    package = loaded(service)
    obj = package.botocore.structure({"SDK_UNKNOWN_MEMBER": {"name": "Robot"}}, package.cls(name))
    assert obj == getattr(package.package, package.names.unknowns[name])("Robot", None)
    with pytest.raises(EncodeError, match="payload of the unknown union member Robot is not known"):
        package.json.dumps(obj)
    assert package.botocore.unstructure(obj) == {"SDK_UNKNOWN_MEMBER": {"name": "Robot"}}


@across(structures)
@FEW
@given(data=st.data())
def test_a_copy_is_equal_and_plain_json_gives_an_equal_object(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    obj = package.decode(data.draw(package.wire.shape(name, extras=TOLERATED)), name)
    for again in (pickle.loads(pickle.dumps(obj)), copy.copy(obj), copy.deepcopy(obj)):
        assert comparable(again) == comparable(obj)
        assert (type(again), whole_repr(again)) == (type(obj), whole_repr(obj))
        assert package.is_error(name) or hash(again) == hash(obj)
    for again in (package.decode(to_dict(obj), name), package.json.loads(to_json(obj), package.cls(name))):
        assert comparable(again) == comparable(obj)


@across(structures, always=secretive)
@FEW
@given(data=st.data())
def test_no_repr_or_str_shows_a_sensitive_value(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    wire, count = with_secrets(package, data.draw(package.wire.shape(name, extras=CANONICAL)), name)
    obj = package.decode(wire, name)
    assert SECRET not in everything_shown(obj)
    assert package.json.dumps(obj).count(SECRET.encode()) == count


def with_secrets(package: Any, wire: Any, name: str, *, secret: bool = False) -> tuple[Any, int]:
    """Replace the strings of all sensitive values by a recognisable one; returns how many there were."""
    shape = package.shapes[name]
    secret = secret or bool(shape.get("sensitive"))
    if shape["type"] == "list":
        items = [with_secrets(package, each, shape["member"]["shape"], secret=secret) for each in wire]
        return [value for value, _ in items], sum(count for _, count in items)
    if shape["type"] in ("structure", "map") and "document" not in shape:
        inner = {key: shape["value"] if "value" in shape else shape["members"][key] for key in wire}
        found = {k: with_secrets(package, v, inner[k]["shape"], secret=secret) for k, v in wire.items()}
        return {key: value for key, (value, _) in found.items()}, sum(count for _, count in found.values())
    return (SECRET, 1) if secret and shape["type"] == "string" else (wire, 0)


@across(classes, always=unions)
@FEW
@given(data=st.data())
def test_every_class_is_a_pydantic_field_in_the_form_on_the_wire(service: str, name: str, data: st.DataObject) -> None:
    package = loaded(service)
    wire = data.draw(package.wire.shape(name, extras=LOSSLESS))
    obj = package.decode(wire, name)
    field: Any = pydantic.TypeAdapter(package.cls(name))
    assert field.validate_python(obj) is obj
    assert field.validate_python(wire) == obj
    assert field.validate_json(json.dumps(wire)) == obj
    assert field.dump_python(obj, mode="json") == field.dump_python(obj) == package.encode(obj, name)


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize("service", NAMES)
def test_json_schemas_have_the_members_of_the_model(service: str, mode: Any) -> None:
    package = loaded(service)
    names = [name for name in classes(package) if name not in package.unions]
    _, document = pydantic.TypeAdapter.json_schemas(
        [(name, mode, pydantic.TypeAdapter(package.cls(name))) for name in names]
    )
    for name in names:
        shape, described = package.shapes[name], document["$defs"][package.names.classes[name]]
        assert described.get("properties", {}).keys() == shape["members"].keys(), name
        assert set(described.get("required", ())) == set(shape.get("required", ())), name
    assert references(document) <= document["$defs"].keys()
