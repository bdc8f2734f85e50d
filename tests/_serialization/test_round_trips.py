from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any, Optional

import attrs
import pytest
from hypothesis import given, strategies as st

from aiopartnercentral import account, to_dict, to_json
from aiopartnercentral._serialization import JsonConverter
from aiopartnercentral._serialization.encode import check_sendable
from aiopartnercentral.account.fast import FAST
from aiopartnercentral.errors import DecodeError, EncodeError
from aiopartnercentral.types import UnknownMember
from tests.support.account_model import (
    BOTOCORE,
    MODEL,
    OPERATIONS,
    RECEIVED,
    STRUCTURES,
    UNIONS,
    WIRE,
    comparable,
    decode,
    decode_exactly,
    encode,
    parse_by_botocore,
    python_type,
    serialize_by_botocore,
    without_nulls,
    without_payloads,
)
from tests.support.strategies import CANONICAL, LOSSLESS, TOLERATED, Corruption, Extras

KNOWN_MEMBERS = attrs.evolve(TOLERATED, unknown_union_members=False)
UNKNOWN_MEMBERS = attrs.evolve(TOLERATED, nulls=False, type_markers=False)
USUAL = attrs.evolve(CANONICAL, unknown_enum_values=True)
SENT = [operation["input"]["shape"] for operation in MODEL["operations"].values()]
NULLS = attrs.evolve(CANONICAL, nulls=True, unknown_enum_values=True)


def test_every_structure_and_union_is_covered() -> None:
    assert (len(STRUCTURES), len(UNIONS)) == (103, 4)


@pytest.mark.parametrize("name", STRUCTURES)
@given(data=st.data())
def test_wire_to_object_to_wire_is_the_identity(name: str, data: st.DataObject) -> None:
    wire = data.draw(WIRE.shape(name, extras=LOSSLESS))
    assert encode(decode(wire, name), name) == wire


@pytest.mark.parametrize("name", STRUCTURES)
@given(data=st.data())
def test_fast_and_exact_decoding_give_the_same(name: str, data: st.DataObject) -> None:
    wire = data.draw(WIRE.shape(name, extras=TOLERATED))
    fast, exact = decode(wire, name), decode_exactly(wire, name)
    assert comparable(fast) == comparable(exact)
    assert type(fast) is type(exact)
    assert repr(fast) == repr(exact)


@pytest.mark.parametrize("name", RECEIVED)
@given(data=st.data())
def test_the_fast_decoders_are_sure_of_what_is_usual(name: str, data: st.DataObject) -> None:
    cls = python_type(name)
    wire = data.draw(WIRE.shape(name, extras=USUAL))
    decoded = FAST.decoder(cls)(json.dumps(wire).encode())
    assert decoded == decode_exactly(wire, name)
    assert type(decoded) is cls
    assert repr(decoded) == repr(decode_exactly(wire, name))


@pytest.mark.parametrize("name", SENT)
@given(data=st.data())
def test_the_fast_encoders_are_sure_of_what_is_usual(name: str, data: st.DataObject) -> None:
    request = decode_exactly(data.draw(WIRE.shape(name, extras=USUAL)), name)
    assert FAST.encoder(type(request))(request) == account.botocore_converter.unstructure(request)


@pytest.mark.parametrize("name", SENT)
@given(data=st.data())
def test_fast_and_exact_encoding_give_the_same(name: str, data: st.DataObject) -> None:
    request = decode_exactly(data.draw(WIRE.shape(name, extras=TOLERATED)), name)
    exactly = account.make_botocore_converter()
    exactly.register_unstructure_hook(complex, str)  # any hook at all disables the fast path
    assert params_or_error(account.botocore_converter, request) == params_or_error(exactly, request)


def params_or_error(converter: Any, request: object) -> object:
    try:
        return converter.params(request, type(request))
    except EncodeError as error:
        return str(error)


@pytest.mark.parametrize("name", STRUCTURES)
@given(data=st.data())
def test_a_fault_is_found_on_the_general_path_too(name: str, data: st.DataObject) -> None:
    corruption: Corruption = data.draw(WIRE.corruptions(name))
    with pytest.raises(DecodeError) as caught:
        decode_exactly(corruption.value, name)
    assert caught.value.path == corruption.path


@pytest.mark.parametrize("name", STRUCTURES)
@given(data=st.data())
def test_explicit_nulls_count_as_absent(name: str, data: st.DataObject) -> None:
    wire = data.draw(WIRE.shape(name, extras=NULLS))
    assert encode(decode(wire, name), name) == without_nulls(wire)


@pytest.mark.parametrize("name", STRUCTURES)
@given(data=st.data())
def test_object_to_botocore_dict_to_object_is_the_identity(name: str, data: st.DataObject) -> None:
    obj = decode(data.draw(WIRE.shape(name, extras=TOLERATED)), name)
    plain = account.botocore_converter.unstructure(obj)
    again = account.botocore_converter.structure(plain, python_type(name))
    assert comparable(again) == comparable(obj)


@pytest.mark.parametrize("extras", [KNOWN_MEMBERS, UNKNOWN_MEMBERS], ids=["known", "unknown"])
@pytest.mark.parametrize("name", STRUCTURES)
@given(data=st.data())
def test_decoding_equals_botocore_parser_and_our_botocore_converter(
    name: str, extras: Extras, data: st.DataObject
) -> None:
    wire = data.draw(WIRE.shape(name, extras=extras))
    ours = without_payloads(decode(wire, name))
    theirs = account.botocore_converter.structure(parse_by_botocore(wire, name), python_type(name))
    assert comparable(ours) == comparable(without_payloads(theirs))


def test_botocore_takes_the_first_key_for_the_tag_and_we_do_not() -> None:
    # Why the oracle above has no unknown members beside nulls and `__type`: botocore names the wrong one there.
    wire = {"PartnerProfile": None, "Robot": {}}
    assert parse_by_botocore(wire, "Participant") == {"SDK_UNKNOWN_MEMBER": {"name": "PartnerProfile"}}
    assert decode(wire, "Participant") == account.ParticipantUnknown("Robot", {})


@pytest.mark.parametrize("operation", OPERATIONS)
@given(data=st.data())
def test_request_bodies_equal_those_of_botocore_serializer(operation: str, data: st.DataObject) -> None:
    name = MODEL["operations"][operation]["input"]["shape"]
    request = decode(data.draw(WIRE.shape(name, extras=attrs.evolve(CANONICAL, unknown_enum_values=True))), name)
    params = account.botocore_converter.unstructure(request)
    assert encode(request, name) == serialize_by_botocore(params, operation)


@pytest.mark.parametrize("name", STRUCTURES)
@given(data=st.data())
def test_a_fault_is_a_decode_error_at_its_path(name: str, data: st.DataObject) -> None:
    corruption: Corruption = data.draw(WIRE.corruptions(name))
    with pytest.raises(DecodeError) as caught:
        decode(corruption.value, name)
    assert caught.value.path == corruption.path
    reasons = {
        "wrong_type": "expected ",
        "missing_required": "required member is missing",
        "no_member": "expected exactly one union member, got none",
        "two_members": "expected exactly one union member, got ",
    }
    assert str(caught.value).startswith(f"{corruption.path}: {reasons[corruption.kind]}")


@pytest.mark.parametrize("name", UNIONS)
@given(tag=st.text(min_size=1), payload=st.data())
def test_an_unknown_union_member_keeps_its_payload(name: str, tag: str, payload: st.DataObject) -> None:
    if tag in MODEL["shapes"][name]["members"] or tag == "__type":
        return
    value = payload.draw(
        st.recursive(
            st.integers() | st.text() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False), st.lists
        )
    )
    obj = decode({tag: value, "__type": "x", next(iter(MODEL["shapes"][name]["members"])): None}, name)
    assert isinstance(obj, UnknownMember)
    assert type(obj) is getattr(account, f"{name}Unknown")
    assert (obj.tag, obj.value) == (tag, value)
    assert encode(obj, name) == {tag: value}


@pytest.mark.parametrize("name", UNIONS)
def test_an_unknown_member_without_payload_is_refused_on_the_wire(name: str) -> None:
    obj = account.botocore_converter.structure({"SDK_UNKNOWN_MEMBER": {"name": "Robot"}}, python_type(name))
    assert obj == getattr(account, f"{name}Unknown")("Robot", None)
    with pytest.raises(EncodeError, match="payload of the unknown union member Robot is not known"):
        account.json_converter.dumps(obj)
    assert account.botocore_converter.unstructure(obj) == {"SDK_UNKNOWN_MEMBER": {"name": "Robot"}}


def test_values_that_only_the_standard_library_can_carry_survive() -> None:
    for payload in (2**80, -(2**70), "\ud800", ["x", {"y": 2**64}]):
        text = json.dumps({"Robot": payload}).encode()
        obj: Any = account.json_converter.loads(text, account.Participant)
        assert obj.value == payload
        assert json.loads(account.json_converter.dumps(obj)) == {"Robot": payload}


@pytest.mark.parametrize("number", ["1e999", "-1.5e+400", "9" * 400, "-" + "9" * 5000, "1" + "0" * 400 + ".5"])
def test_a_number_beyond_a_double_decodes_alike_on_both_paths(number: str) -> None:
    """What the model does not know is dropped or kept; the fast functions do not even look at it."""
    body = f'{{"Name": "ada", "Unknown": [{number}]}}'.encode()
    for converter in (account.json_converter, JsonConverter()):
        assert converter.loads(body, account.AccountSummary) == account.AccountSummary(name="ada")
        for text in (f'{{"Robot":{{"Wheels":[{number}]}}}}', f'{{"Robot":[{number},"\\ud800"]}}'):
            unknown: Any = converter.loads(text, account.Participant)
            assert Decimal(unknown.value["Wheels"][0] if "Wheels" in text else unknown.value[0]) == Decimal(number)
            again: Any = converter.loads(converter.dumps(unknown), account.Participant)
            assert again == unknown
            assert converter.loads(to_json(unknown), account.Participant) == unknown
            assert converter.structure(to_dict(unknown), account.Participant) == unknown
        with pytest.raises(DecodeError, match=r"\$\.Name: expected string, got number"):
            converter.loads(f'{{"Name": {number}}}', account.AccountSummary)


def test_deeply_nested_unknown_payload_does_not_break() -> None:
    payload: Any = 1
    for _ in range(300):
        payload = [payload]
    obj = decode({"Robot": payload}, "Participant")
    assert obj.value == payload


@pytest.mark.parametrize("text", [b"", b"{", b"[1,]", b'{"a": NaN}', b'{"a": 1e}', b"\xff", b"{}x"])
def test_what_is_no_json_is_a_decode_error(text: bytes) -> None:
    with pytest.raises(DecodeError, match=r"\$: not JSON"):
        account.json_converter.loads(text, account.ListConnectionsResponse)


@pytest.mark.parametrize("form", [bytes, bytearray])
@pytest.mark.parametrize("text", [b'{"Name":"x","E":"\xff"}', b'{"Name":"x","\xc3":1}', b'{"Name":"x","E":"\xed\xa0"}'])
def test_bad_utf_8_is_found_in_members_that_are_ignored_too(text: bytes, form: Any) -> None:
    with pytest.raises(DecodeError, match=r"\$: not JSON"):
        account.json_converter.loads(form(text), account.AccountSummary)


@pytest.mark.parametrize("copied", [copy.copy, lambda converter: converter.copy()])
def test_a_hook_on_a_copy_takes_effect_on_the_copy_alone(copied: Any) -> None:
    original = account.make_json_converter()
    changed = copied(original)
    changed.register_structure_hook(account.AccountSummary, lambda value, _: value["Name"].upper())
    body = b'{"Status": "ACTIVE", "OtherParticipant": {"Account": {"Name": "ada"}}}'
    assert changed.loads(body, account.ConnectionTypeSummary).other_participant.value == "ADA"
    assert original.loads(body, account.ConnectionTypeSummary).other_participant.value.name == "ada"


def test_a_key_of_a_map_is_no_mark_of_an_unknown_member() -> None:
    check_sendable({"Tags": {"SDK_UNKNOWN_MEMBER": "x"}})
    check_sendable({"Details": {"SDK_UNKNOWN_MEMBER": {"name": "Robot", "value": 1}}})
    robot = account.botocore_converter.unstructure(account.ParticipantUnknown("Robot", 1))
    assert robot == {"SDK_UNKNOWN_MEMBER": {"name": "Robot", "value": 1}}
    with pytest.raises(EncodeError, match="does not know the union member Robot") as caught:
        check_sendable({"Details": [robot]})
    assert caught.value.path == "$.Details[0]"


def test_the_oracle_is_botocore_for_this_model() -> None:
    assert BOTOCORE.operation_model("ListConnections").output_shape.name == "ListConnectionsResponse"


def test_a_union_may_be_an_optional_member_of_another_class() -> None:
    @attrs.define
    class Mine:
        old: Optional[account.Participant] = None  # noqa: UP045 - the older spelling
        new: account.Participant | None = None

    names = {"old": {"Account": {"Name": "a"}}, "new": {"SellerProfile": {"Id": "i", "Name": "b"}}}
    mine = account.json_converter.structure(names, Mine)
    assert mine.old == account.ParticipantAccount(account.AccountSummary(name="a"))
    assert account.json_converter.unstructure(mine) == names
    assert account.json_converter.structure({"old": None}, Mine) == Mine()


def test_an_object_of_a_derived_class_is_encoded_as_its_base() -> None:
    class Derived(account.AccountSummary):
        pass

    assert account.json_converter.dumps(Derived(name="x")) == b'{"Name":"x"}'
    assert account.json_converter.dumps(account.ParticipantAccount(Derived(name="x"))) == b'{"Account":{"Name":"x"}}'


def test_a_payload_that_is_nested_too_deeply_is_not_written() -> None:
    payload: Any = 1
    for _ in range(100_000):
        payload = [payload]
    with pytest.raises(EncodeError, match="nested too deeply"):
        account.json_converter.dumps(account.ParticipantUnknown("Robot", payload))
