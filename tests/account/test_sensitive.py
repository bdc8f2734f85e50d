from __future__ import annotations

import logging
import traceback
from typing import Any

import attrs
import pytest
from hypothesis import given, settings, strategies as st

from aiopartnercentral import account
from aiopartnercentral.errors import DecodeError, EncodeError
from tests.support.account_model import MODEL, STRUCTURES, WIRE, decode
from tests.support.strategies import CANONICAL

SECRET = "Xq7secret"
SENSITIVE = {name for name, shape in MODEL["shapes"].items() if shape.get("sensitive")}


def with_secrets(wire: Any, name: str) -> tuple[Any, int]:
    """Replace every sensitive value of a wire value by a recognisable one; returns how many there were."""
    shape = MODEL["shapes"][name]
    if name in SENSITIVE:
        return SECRET, 1
    if shape["type"] == "structure":
        replaced = {k: with_secrets(v, shape["members"][k]["shape"]) for k, v in wire.items()}
    elif shape["type"] == "map":
        replaced = {k: with_secrets(v, shape["value"]["shape"]) for k, v in wire.items()}
    elif shape["type"] == "list":
        items = [with_secrets(v, shape["member"]["shape"]) for v in wire]
        return [value for value, _ in items], sum(count for _, count in items)
    else:
        return wire, 0
    return {k: value for k, (value, _) in replaced.items()}, sum(count for _, count in replaced.values())


def test_the_model_has_four_sensitive_shapes() -> None:
    assert len(SENSITIVE) == 4


@pytest.mark.parametrize("name", STRUCTURES)
@settings(max_examples=10)
@given(data=st.data())
def test_no_repr_or_str_shows_a_sensitive_value(name: str, data: st.DataObject) -> None:
    wire, count = with_secrets(data.draw(WIRE.shape(name, extras=CANONICAL)), name)
    obj = decode(wire, name)
    assert SECRET not in repr(obj)
    assert SECRET not in str(obj)
    assert SECRET not in f"{obj}"
    assert account.json_converter.dumps(obj).count(SECRET.encode()) == count


def test_a_sensitive_value_is_a_plain_attribute() -> None:
    contact = account.AllianceLeadContact(first_name="Ada", last_name="L", email="a@b.c", business_title="Dr")
    assert contact.first_name == "Ada"
    assert attrs.evolve(contact, first_name="Eve").first_name == "Eve"


@pytest.mark.parametrize("text", [b'{"a": "Xq7secret"', b'["Xq7secret", NaN]', b'"\xffXq7secret"', b"[Xq7secret]"])
def test_no_error_in_the_chain_holds_the_text(text: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        account.json_converter.loads(text, account.PartnerSummary)
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)


def test_no_error_in_the_chain_holds_a_malformed_timestamp() -> None:
    with pytest.raises(DecodeError) as caught:
        decode({"DomainName": "a", "RegisteredAt": SECRET}, "PartnerDomain")
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)


@pytest.mark.parametrize("value", [{SECRET: SECRET}, [SECRET], 7777777])
def test_no_decode_error_quotes_the_value(value: Any) -> None:
    wire = {"FirstName": value, "LastName": "L", "Email": "a@b.c", "BusinessTitle": "Dr"}
    with pytest.raises(DecodeError) as caught:
        decode(wire, "AllianceLeadContact")
    text = "".join(traceback.format_exception(caught.value))
    assert SECRET not in text
    assert "7777777" not in text


def test_no_encode_error_quotes_the_value() -> None:
    wrong: Any = [SECRET]
    contact = account.AllianceLeadContact(first_name=wrong, last_name="L", email="a@b.c", business_title="Dr")
    with pytest.raises(EncodeError) as caught:
        account.botocore_converter.unstructure(contact)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert str(caught.value) == "$.FirstName: expected str, got list"


def test_a_failing_hook_is_reported_without_its_message_in_ours() -> None:
    converter = account.make_json_converter()

    def fail(value: Any, _: Any) -> Any:
        raise ValueError(value)

    converter.register_structure_hook(account.PartnerSummary, fail)
    with pytest.raises(DecodeError) as caught:
        converter.loads(
            b'{"PartnerSummaryList": [{"LegalName": "%s"}]}' % SECRET.encode(), account.ListPartnersResponse
        )
    assert str(caught.value) == "$.PartnerSummaryList[0]: a converter hook raised ValueError"
    assert isinstance(caught.value.__cause__, ValueError)


def test_the_package_logs_no_values(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "aiopartnercentral"):
        wire = {"FirstName": SECRET, "LastName": "L", "Email": "a@b.c", "BusinessTitle": "Dr"}
        decode(wire, "AllianceLeadContact")
    assert SECRET not in caplog.text
