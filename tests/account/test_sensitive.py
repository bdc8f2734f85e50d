from __future__ import annotations

import logging
import traceback
from typing import Any

import attrs
import pytest

from aiopartnercentral import account
from aiopartnercentral.errors import DecodeError, EncodeError
from tests.support.account_model import decode

SECRET = "Xq7secret"


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
