from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.serialize import JSONSerializer
from botocore.utils import parse_to_aware_datetime
from hypothesis import example, given, strategies as st

from aiopartnercentral import account
from aiopartnercentral._serialization.timestamps import (
    check_timestamp,
    decode_timestamp,
    encode_http_date,
    encode_timestamp,
)
from aiopartnercentral.errors import DecodeError, EncodeError
from tests.support.strategies.timestamps import timestamp_forms

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001 - of any zone


@given(value=timestamp_forms())
@example(value="2024-05-01T12:30:45")
@example(value="2024-05-01 12:30:45Z")
@example(value="2024-05-01T12:30:45.123456789+02:00")
@example(value="20240501")
@example(value="1714566645.5")
@example(value=1714566645)
@example(value=-1.5)
@example(value="Wed, 01 May 2024 12:30:45 GMT")
@example(value="2024-05-01")
@example(value="2024-05-01T12:30Z")
@example(value="2024-05-01T12:00.50Z")
@example(value="2024-05-01T12:00:040Z")
@example(value="2024-05-01T12:00:00,123456789Z")
def test_every_form_means_what_it_means_to_botocore(value: Any) -> None:
    decoded = decode_timestamp(value)
    assert decoded == parse_to_aware_datetime(value)
    assert decoded.tzinfo is UTC or decoded.utcoffset() == timedelta(0)


# The standard library of some Python takes these.
GARBLED = [
    *("2024-05-01T12:00:00.Z", "2024-05-01T12:00:400Z", "2024-05-01T12:00:00:+02:00", "2024-05-01T12:00:00.123456T7Z"),
    *("2024-05-01T12:00:00.123456+Z", "2024-05-01T12:00:00.1234567\u0668x", "2024-05-01T12:00:00.123456789:Z"),
]

SHORT_OR_ODD = [
    *("2024-05-01T12:059Z", "2024-05-01T12:030Z", "2024-05-01T12:159Z", "2024-05-01T12:30:Z", "2024-05-01T239Z"),
    *("2024W01-12TZ", "2024-W01-1T12:00:00Z", "20240501T120000.12Z", "2024-05-01t12:00:00Z", "2024-05-01T12:00:00z"),
    *("2024-05-01T12:00:00.Z", "2024-05-01T12:00:00,5Z", "2024-05-01T24:00:00Z", "2024-05-01T12:00:60Z"),
    *("2024-05-01T12:00:00.1234567Z", "2024-05-01T12:00:00.9999999Z", "2024-05-01T12:00:00+00:00Z"),
    *("2024-05-01T12:00.50Z", "2024-05-01T12.5000Z", "2024-05-01T120000.5Z", "2024-05-01T12:00:00.123456789Z"),
    *GARBLED,
]


@pytest.mark.parametrize("text", SHORT_OR_ODD)
@pytest.mark.parametrize("form", ["{}", "{}0", " {}", "{} "])
def test_the_fast_decoder_reads_a_timestamp_as_the_exact_one_or_leaves_it_to_it(text: str, form: str) -> None:
    exactly = account.make_json_converter()
    exactly.register_structure_hook(complex, lambda value, _: value)  # any hook disables the fast path
    body = json.dumps({"DomainName": "x", "RegisteredAt": form.format(text)})
    assert decoded_or_error(account.json_converter, body) == decoded_or_error(exactly, body)


@pytest.mark.parametrize("escaped", [r"2024-05-01T12:00:00.123456\u0037Z", r"2024-05-01T12:00:00\u005a"])
def test_the_fast_decoder_reads_escaped_characters_as_the_exact_one(escaped: str) -> None:
    exactly = account.make_json_converter()
    exactly.register_structure_hook(complex, lambda value, _: value)
    body = f'{{"DomainName": "x", "RegisteredAt": "{escaped}"}}'
    assert decoded_or_error(account.json_converter, body) == decoded_or_error(exactly, body)


def decoded_or_error(converter: Any, body: str) -> object:
    try:
        return converter.loads(body, account.PartnerDomain)
    except DecodeError as error:
        return str(error)


@given(moment=MOMENTS)
def test_a_datetime_is_written_as_botocore_writes_it(moment: datetime) -> None:
    text = encode_timestamp(moment)
    assert text == JSONSerializer()._convert_timestamp_to_str(moment, "iso8601")
    assert decode_timestamp(text) == moment
    assert decode_timestamp(moment) == moment


@given(moment=MOMENTS)
def test_every_form_that_is_written_has_the_fraction(moment: datetime) -> None:
    text = encode_http_date(moment)
    assert decode_timestamp(text) == moment
    if moment.microsecond == 0:
        assert text == JSONSerializer()._convert_timestamp_to_str(moment, "rfc822")


@pytest.mark.parametrize(
    "value", ["", "yesterday", "2024-13-01T00:00:00Z", "2024-05-01T25:00:00Z", True, None, [], {}, b"x", *GARBLED]
)
def test_what_is_no_timestamp_is_refused(value: Any) -> None:
    with pytest.raises(DecodeError, match="expected timestamp, got "):
        decode_timestamp(value)


@pytest.mark.parametrize(
    "value", ["0001-01-01T00:00:00+14:00", datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))]
)
def test_a_moment_before_all_time_is_refused(value: Any) -> None:
    with pytest.raises(DecodeError, match="expected timestamp, got "):
        decode_timestamp(value)


@pytest.mark.parametrize("value", [1e300, float("inf"), float("nan"), 10**30])
def test_a_number_out_of_range_is_refused(value: Any) -> None:
    with pytest.raises(DecodeError, match="expected timestamp, got a number out of range"):
        decode_timestamp(value)


def test_a_datetime_without_a_zone_is_not_sent() -> None:
    with pytest.raises(EncodeError, match="expected a datetime with a time zone, got one without"):
        check_timestamp(datetime(2024, 5, 1))  # noqa: DTZ001 - the case itself
    nothing: Any = "2024-05-01"
    with pytest.raises(EncodeError, match="expected datetime, got str"):
        encode_timestamp(nothing)
