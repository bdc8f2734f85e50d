"""CBOR decodes into what the JSON that stands for it decodes into, and into what botocore makes of it."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs
import cbor2
import golden_cbor as package
import pytest
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from golden_cbor.fast import FAST
from hypothesis import given, strategies as st

from aiopartnercentral._serialization import cbor
from aiopartnercentral._serialization.codec import Codec
from aiopartnercentral.errors import DecodeError
from tests.support import synthetic
from tests.support.comparing import without_payloads
from tests.support.counting import calls
from tests.support.strategies import (
    CANONICAL,
    LOSSLESS,
    TOLERATED,
    Corruption,
    WireStrategies,
    cbor_form,
    json_form,
    spelled,
)

if TYPE_CHECKING:
    from random import Random

MODEL = synthetic.model("cbor")
BOTOCORE = ServiceModel(MODEL, "golden-cbor")
WIRE = WireStrategies(json_form(MODEL), max_depth=3)
RECEIVED = ["Thing", "ListThingsResponse"]
USUAL = attrs.evolve(CANONICAL, unknown_members=True)
# botocore names the wrong member of a union that has others, and keeps the value of a key that null follows.
KNOWN = attrs.evolve(TOLERATED, unknown_union_members=False, timestamp_forms=False)
RANDOM = st.randoms(use_true_random=False)


def body_of(value: Any, name: str, random: Random) -> bytes:
    return spelled(cbor_form(value, name, MODEL["shapes"]), random)


def decode(body: bytes, name: str, converter: Any = None) -> Any:
    """Decode as the client does."""
    coroutine = Codec(FAST, json=converter).decode_cbor(body, getattr(package, name))
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


def exactly(body: bytes, name: str) -> Any:
    """Decode by the converter's hooks."""
    return package.json_converter.loads(cbor.to_json(body), getattr(package, name))


@pytest.mark.parametrize("name", RECEIVED)
@given(data=st.data(), random=RANDOM)
def test_the_fast_decoders_are_sure_of_what_is_usual(name: str, data: st.DataObject, random: Random) -> None:
    value = without_nulls(data.draw(WIRE.shape(name, extras=USUAL)))  # those of sparse collections are not usual
    body = body_of(value, name, random)
    decoded = FAST.decode_cbor(body, getattr(package, name))
    assert decoded == exactly(body, name) == package.json_converter.structure(value, getattr(package, name))
    assert repr(decoded) == repr(exactly(body, name))


@pytest.mark.parametrize("name", RECEIVED)
@given(data=st.data(), random=RANDOM)
def test_whatever_is_tolerated_in_json_is_in_cbor(name: str, data: st.DataObject, random: Random) -> None:
    value = data.draw(WIRE.shape(name, extras=TOLERATED))
    body = body_of(value, name, random)
    assert decode(body, name) == exactly(body, name) == package.json_converter.structure(value, getattr(package, name))


@pytest.mark.parametrize("name", RECEIVED)
@given(data=st.data(), random=RANDOM)
def test_nothing_is_lost_on_the_way_through_the_object(name: str, data: st.DataObject, random: Random) -> None:
    value = data.draw(WIRE.shape(name, extras=LOSSLESS))
    assert package.json_converter.unstructure(decode(body_of(value, name, random), name)) == value


@pytest.mark.parametrize("name", [*RECEIVED, "Busy"])
@given(data=st.data(), random=RANDOM)
def test_the_json_has_everything(name: str, data: st.DataObject, random: Random) -> None:
    value = data.draw(WIRE.shape(name, extras=attrs.evolve(TOLERATED, timestamp_forms=False)))
    assert json.loads(cbor.to_json(body_of(value, name, random))) == value


@pytest.mark.parametrize("name", RECEIVED)
@given(data=st.data(), random=RANDOM)
def test_decoding_equals_botocores_parser(name: str, data: st.DataObject, random: Random) -> None:
    value = without_sparse_nulls(data.draw(WIRE.shape(name, extras=KNOWN)))
    body = body_of(value, name, random)
    parser = create_parser("smithy-rpc-v2-cbor")
    parsed = parser.parse({"body": body, "headers": {}, "status_code": 200}, BOTOCORE.shape_for(name))
    del parsed["ResponseMetadata"]
    theirs = package.botocore_converter.structure(parsed, getattr(package, name))
    assert without_payloads(decode(body, name)) == theirs


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value if each is not None] if isinstance(value, list) else value


def without_sparse_nulls(value: Any) -> Any:
    """Drop the nulls in lists and in the map that keeps them: botocore drops those of maps and keeps those of lists."""
    if isinstance(value, dict):
        return {
            key: {name: each for name, each in inner.items() if each is not None}
            if key == "ByName" and isinstance(inner, dict)
            else without_sparse_nulls(inner)
            for key, inner in value.items()
        }
    return [without_sparse_nulls(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", RECEIVED)
@given(data=st.data(), random=RANDOM)
def test_a_fault_is_a_decode_error_at_its_path(name: str, data: st.DataObject, random: Random) -> None:
    corruption: Corruption = data.draw(WIRE.corruptions(name))
    with pytest.raises(DecodeError) as caught:
        decode(body_of(corruption.value, name, random), name)
    assert caught.value.path == corruption.path


@given(data=st.data(), random=RANDOM)
def test_a_damaged_body_is_not_an_object_of_nones(data: st.DataObject, random: Random) -> None:
    body = body_of(data.draw(WIRE.shape("ListThingsResponse")), "ListThingsResponse", random)
    size = data.draw(st.integers(1, len(body) - 1))
    for damaged in (body[:size], body + body[:size], body + b"\xff", body + b"\x00"):
        with pytest.raises(DecodeError) as caught:
            decode(damaged, "ListThingsResponse")
        assert (caught.value.path, caught.value.is_retryable) == ("$", True)


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        (1e20, "got a number out of range"),
        (math.nan, "got another string"),
        ("x", "got another string"),
        ([1], "got array"),
    ],
)
def test_a_timestamp_that_is_none_has_a_path(timestamp: Any, reason: str) -> None:
    body = cbor2.dumps({"Things": [{"Id": "a"}, {"Id": "b", "When": cbor2.CBORTag(1, timestamp)}]})
    with pytest.raises(DecodeError, match=reason) as caught:
        decode(body, "ListThingsResponse")
    assert caught.value.path == "$.Things[1].When"


@pytest.mark.parametrize(
    ("member", "number"),
    [
        ("Count", 2**70),
        ("Count", -(2**64)),
        ("Ratio", 2**70),
        ("Ratio", Decimal("2.5")),
        ("Ratio", math.inf),
        ("Ratio", -0.0),
        ("Numbers", [2**2000, 1.5]),
        ("Numbers", [Decimal("1e999")]),
        ("Count", Decimal(1)),
        ("Count", 1.0),
        ("Ratio", Decimal("NaN")),
    ],
)
def test_numbers_are_the_same_on_both_paths(member: str, number: Any) -> None:
    body = cbor2.dumps({"Id": "a", member: number})
    found = []
    for how in (decode, exactly):
        try:
            found.append(repr(how(body, "Thing")))
        except DecodeError as error:
            found.append(str(error))
    assert found[0] == found[1]


def test_the_last_of_equal_keys_counts() -> None:
    body = b"\xa2\x62Id\x61a\x62Id\x61b"
    assert decode(body, "Thing") == exactly(body, "Thing") == package.Thing(id="b")
    assert cbor.to_json(body) == b'{"Id":"b"}'


def test_what_is_not_known_may_be_of_any_type() -> None:
    """A typed response drops it, and its JSON has it."""
    unknown = {"Big": 2**70, "Exact": Decimal("1.10"), "Bytes": b"\xff", "When": cbor2.CBORTag(1, 1.5), "Not": math.nan}
    odd = {
        "Tagged": cbor2.CBORTag(9999, [math.inf, {"x": [1]}]),
        "Half": Fraction(1, 2),
        "Simple": cbor2.CBORSimpleValue(99),
    }
    body = cbor2.dumps({"Id": "a", "Future": {**unknown, **odd, "Nothing": cbor2.undefined}})
    assert decode(body, "Thing") == exactly(body, "Thing") == package.Thing(id="a")
    assert cbor.to_json(body).startswith(
        b'{"Id":"a","Future":{"Big":1180591620717411303424,"Exact":1.10,"Bytes":"/w==",'
        b'"When":"1970-01-01T00:00:01.500000Z","Not":"NaN","Tagged":["Infinity",{"x":[1]}],"Half":[1,2],"Simple":'
    )


def test_only_timestamps_and_large_numbers_are_interpreted() -> None:
    """A response must not decide what cbor2 makes of it: regular expressions, e-mails, copies of other values."""
    interpreted = set()
    for tag in range(1 << 16):
        for value in (b"\x01", b"\x61a", b"\x80"):
            body = b"".join((b"\xd9", tag.to_bytes(2, "big"), value))
            try:
                found = cbor._loads(body, cbor._USUAL)
            except cbor2.CBORDecodeError as error:
                found = error.__cause__
            if not (isinstance(found, ValueError) and found.args == ("a reference",)):
                kept = isinstance(found, cbor2.CBORTag) and found.tag == tag
                interpreted |= set() if kept else {tag}
    assert interpreted <= {1, 2, 3, 4}


@pytest.mark.parametrize("place", ["known", "unknown"])
@pytest.mark.parametrize(
    "value",
    [
        b"\xd8\x1c\x81\xd8\x1d\x00",  # a list that has itself
        b"\x82\xd8\x1c\x61x\xd8\x1d\x00",
        b"\xd9\x01\x00\x82\x63abc\xd8\x19\x00",
        b"\xc4\x82\x01\xc2\x5a\x00\x01\x00\x00" + b"\xff" * 65536,  # would take a second
    ],
)
def test_what_is_much_larger_than_its_body_is_refused(value: bytes, place: str) -> None:
    body = b"\xa1" + cbor2.dumps({"known": "Id", "unknown": "Future"}[place]) + value
    with pytest.raises(DecodeError, match="not CBOR"):
        cbor.to_json(body)
    if place == "known" or value[0] != 0xC4:
        with pytest.raises(DecodeError, match="not CBOR"):
            decode(body, "Thing")


def test_what_has_another_tag_is_decoded_as_its_value() -> None:
    expression = cbor2.CBORTag(35, "(")  # which is none
    body = cbor2.dumps({"Id": "a", "Future": expression})
    assert decode(body, "Thing") == package.Thing(id="a")
    assert cbor.to_json(body) == b'{"Id":"a","Future":"("}'


def test_hooks_take_effect_and_get_json() -> None:
    converter = package.make_json_converter()
    converter.register_structure_hook(datetime, lambda value, _: f"the time {value}")
    converter.register_structure_hook(bytes, lambda value, _: base64.b64decode(value).hex())
    body = cbor2.dumps({"Id": "a", "When": cbor2.CBORTag(1, 0), "Bytes": b"\xff"})
    found = decode(body, "Thing", converter)
    assert (found.when, found.bytes_) == ("the time 1970-01-01T00:00:00Z", "ff")
    assert decode(body, "Thing", package.make_json_converter()).when == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_page_takes_a_fraction_of_what_the_stock_parser_calls() -> None:
    thing = {"Id": "a", "When": cbor2.CBORTag(1, 1.5), "Bytes": b"\x00", "Choice": {"Count": 1}, "Dense": {"x": "y"}}
    body = cbor2.dumps({"Things": [thing] * 100})
    parser, shape = create_parser("smithy-rpc-v2-cbor"), BOTOCORE.shape_for("ListThingsResponse")
    decode(body, "ListThingsResponse")
    stock = calls(lambda: parser.parse({"body": body, "headers": {}, "status_code": 200}, shape))
    ours = calls(lambda: decode(body, "ListThingsResponse"))
    assert ours.python <= 4 * 100 + 20  # the item, its timestamp, its bytes and its choice
    assert ours.python <= stock.python / 20
