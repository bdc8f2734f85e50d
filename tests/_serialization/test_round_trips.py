from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any, Optional

import attrs
import pytest

from aiopartnercentral import account, to_dict, to_json
from aiopartnercentral._serialization import JsonConverter
from aiopartnercentral._serialization.encode import check_sendable, encode_document
from aiopartnercentral.errors import DecodeError, EncodeError
from tests.support.account_model import decode
from tests.support.service_server import loaded


def test_botocore_takes_the_first_key_for_the_tag_and_we_do_not() -> None:
    # Why the oracle for all services has no unknown members beside nulls and `__type`: botocore names the wrong one.
    wire = {"PartnerProfile": None, "Robot": {}}
    parsed = loaded("account").parsed_by_botocore("Participant", wire)
    assert parsed == {"SDK_UNKNOWN_MEMBER": {"name": "PartnerProfile"}}
    assert decode(wire, "Participant") == account.ParticipantUnknown("Robot", {})


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
    with pytest.raises(EncodeError, match="nested too deeply"):
        encode_document(payload)
