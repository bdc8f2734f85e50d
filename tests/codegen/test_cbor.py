"""Services that speak CBOR: nothing of a response is lost, and it is what botocore makes of it otherwise."""

from __future__ import annotations

import json
import math
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import cbor2
import golden_cbor as package
import pytest

from aiopartnercentral import DecodeError
from tests.support.clients import IDENTITY
from tests.support.servers import Reply, scripted_server
from tests.support.shown_errors import SECRET, shown

pytestmark = pytest.mark.anyio

MOMENT = datetime(2024, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)
USUAL = {
    "Id": "a",
    "ByName": {"x": "1"},
    "Dense": {},
    "Numbers": [1, 2.5, -1e300],
    "Choice": {"Count": 2**40},
    "When": cbor2.CBORTag(1, MOMENT.timestamp()),
    "Bytes": b"\x00\xff",
    "Ratio": 0.1,
    "Count": -5,
    "Flag": False,
    "Inner": {"Id": "☃", "When": cbor2.CBORTag(1, 0)},
}


def page(*things, **members):
    return cbor2.dumps({"Things": list(things), **members})


@pytest.fixture
def answered(connected):
    @asynccontextmanager
    async def answered(body, status=200, headers=None):
        head = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor", **(headers or {})}
        async with connected("cbor", status, head, body) as client:
            yield client

    return answered


async def things(answered, *given):
    async with answered(page(*given)) as client:
        return (await client.list_things(catalog="AWS")).things


async def test_common_values_are_what_botocore_makes_of_them(answered):
    async with answered(page(USUAL, {"Id": "b"}, NextToken="n")) as client:
        ours = await client.list_things(catalog="AWS")
        parsed = await client._api.transport.connection.botocore.client.list_things(Catalog="AWS")
    parsed.pop("ResponseMetadata")
    assert ours == package.botocore_converter.structure(parsed, package.ListThingsResponse)
    assert ours.response_metadata.request_id == "r-1"
    assert (ours.things[0].when, ours.things[0].bytes_, ours.next_token) == (MOMENT, b"\x00\xff", "n")


async def test_nulls_stay_in_sparse_collections_alone(answered):
    inner = {"Id": "b", "ByName": {"x": None}}
    given = {"Id": "a", "ByName": {"x": None, "y": "1"}, "Dense": {"x": None, "y": "1"}, "Numbers": [None, 1]}
    (found,) = await things(answered, {**given, "Inner": inner, "Ratio": None, "Choice": None})
    assert (found.by_name, found.dense, found.numbers) == ({"x": None, "y": "1"}, {"y": "1"}, [None, 1.0])
    assert (found.inner.by_name, found.ratio, found.choice) == ({"x": None}, None, None)


async def test_an_unknown_member_of_a_union_keeps_its_value(answered):
    (found,) = await things(answered, {"Id": "a", "Choice": {"Future": {"Deep": [1, None, b"\x00"]}}})
    assert found.choice == package.ChoiceUnknown("Future", {"Deep": [1, None, "AA=="]})


@pytest.mark.parametrize("number", [2**70, -(2**70), Decimal("1e999")])
async def test_a_number_beyond_64_bits_is_dropped_or_kept_like_any_other(number, answered):
    (found,) = await things(answered, {"Id": "a", "Future": number, "When": cbor2.CBORTag(1, 0), "Bytes": b"\x00"})
    assert (found.id, found.when, found.bytes_) == ("a", datetime(1970, 1, 1, tzinfo=UTC), b"\x00")
    (found,) = await things(answered, {"Id": "a", "Choice": {"Future": number}})
    assert found.choice == package.ChoiceUnknown("Future", number)


async def test_raw_items_have_everything(answered):
    given = {**USUAL, "Future": {"Deep": None}, "ByName": {"x": None}, "Ratio": math.inf}
    async with answered(page(given, Unknown=1)) as client:
        async with client.paginate.list_things(catalog="AWS").raw() as stream:
            ((_, item),) = [each async for each in stream]
        (typed,) = await client.paginate.list_things(catalog="AWS").collect()
    assert json.loads(item) == {
        **USUAL,
        "Future": {"Deep": None},
        "ByName": {"x": None},
        "Ratio": "Infinity",
        "When": "2024-05-01T12:00:00.250000Z",
        "Bytes": "AP8=",
        "Inner": {"Id": "☃", "When": "1970-01-01T00:00:00Z"},
    }
    assert package.json_converter.loads(item, package.Thing) == typed[1]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 0.5, 1e-300, 65504.0, 2**53, 7])
@pytest.mark.parametrize("canonical", [False, True])
async def test_numbers_of_every_size(number, canonical, answered):
    body = cbor2.dumps({"Things": [{"Id": "\u00f9\u00fa\u00fb", "Ratio": number}]}, canonical=canonical)
    async with answered(body) as client:
        (found,) = (await client.list_things(catalog="AWS")).things
    assert found.ratio == number or (math.isnan(number) and math.isnan(found.ratio))


async def test_typed_items_may_come_with_their_json(answered):
    async with answered(page(USUAL, {"Id": "b"}, Unknown=1)) as client:
        fetcher = client.page_fetcher(package.listings.list_things(), keeps_raw=True)
        fetched = await fetcher.typed("AWS", None)
    assert [item.id for item in fetched.items] == ["a", "b"]
    assert [package.json_converter.loads(bytes(raw), package.Thing) for raw in fetched.raw_items] == fetched.items


async def test_items_with_a_wrong_timestamp_are_reported_one_by_one(answered):
    wrong = {"Id": "b", "When": cbor2.CBORTag(1, 1e20)}
    async with answered(page(USUAL, wrong, {"Id": "c"})) as client:
        stream = client.paginate.list_things(catalog="AWS", on_malformed="report")
        found = await stream.collect()
    assert [item.id for _, item in found] == ["a", "c"]
    (malformed,) = found.report.sources["AWS"].malformed
    assert (malformed.path, json.loads(malformed.raw)) == ("$.Things[1].When", {"Id": "b", "When": 1e20})


async def test_a_request_is_sent_directly_as_botocore_sends_it(models, monkeypatch):
    monkeypatch.setenv("AWS_DATA_PATH", str(models))
    sent = []
    with scripted_server() as server:
        server.replies(Reply(page(USUAL)))
        for kind in ("direct", "botocore"):
            async with package.connect(endpoint_url=server.url, direct=kind == "direct", **IDENTITY) as client:
                await client.list_things(catalog="\u2603", max_results=300)
                if kind == "direct":
                    monkeypatch.setattr(client._api.transport.connection.botocore.client, "_make_api_call", None)
                pages = client.paginate.list_things(catalog="\u2603", page_size=300)
                (item,) = await pages.collect()
                assert (item[1].id, client.transport.kind) == ("a", kind)
            sent.append(server.received[-1])
    for request in sent:
        for name in ("authorization", "x-amz-date", "amz-sdk-invocation-id"):
            assert request.headers.pop(name)
    assert sent[0] == sent[1]
    assert sent[0].headers["smithy-protocol"] == "rpc-v2-cbor"
    assert sent[0].body == {"Catalog": "\u2603", "MaxResults": 300}


async def test_other_spellings_of_cbor(answered):
    # Of indefinite length: {"Things": [{"Id": "ab", "ByName": {"x": undefined}}]}
    body = bytes.fromhex("bf665468696e6773 9fbf 6249 64 7f61616162ff 6642794e616d65 bf6178f7ff ffffff".replace(" ", ""))
    async with answered(body) as client:
        (found,) = (await client.list_things(catalog="AWS")).things
    assert (found.id, found.by_name) == ("ab", {"x": None})


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"S3CR3T", "$"),
        (b"\xa1\x66S3CR3T", "$"),
        (b"\xbf", "$"),
        (b"\x81" * 2000 + b"\xf6", "$"),
        (page({"Id": cbor2.CBORTag(9999, [SECRET])}), "$.Things[0].Id"),
        (page({"Id": "a", "Dense": {(SECRET,): "x"}}), "$"),
        (page({"Id": "a", "When": cbor2.CBORTag(1, SECRET)}), "$.Things[0].When"),
        (cbor2.dumps([SECRET]), "$"),
        (cbor2.dumps({}), "$.Things"),
        (page({"Id": 5}), "$.Things[0].Id"),
        (b"", "$"),
    ],
)
async def test_an_answer_is_malformed_and_not_quoted(body, path, answered):
    async with answered(body) as client:
        with pytest.raises(DecodeError) as caught:
            await client.list_things(catalog="AWS")
    assert (caught.value.path, caught.value.request_id, caught.value.operation) == (path, "r-1", "ListThings")
    assert caught.value.body == body
    assert SECRET not in shown(caught.value)


@pytest.mark.parametrize("header", [None, "Old.Busy;Sender"])
async def test_the_members_of_an_error(header, answered):
    body = {"__type": "ns#Busy", "message": "no", "Reasons": {"x": None}, "RetryAt": cbor2.CBORTag(1, 0.0)}
    headers = {} if header is None else {"x-amzn-query-error": header}
    async with answered(cbor2.dumps(body), 400, headers) as client:
        with pytest.raises(package.Busy) as caught:
            await client.list_things(catalog="AWS")
    error = caught.value
    assert (error.message, error.reasons, error.problems) == ("no", {"x": None}, ())
    assert error.retry_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert error.code == ("Busy" if header is None else "Old.Busy")


@pytest.mark.parametrize("body", [b"S3CR3T", b"", b"\x80"])
async def test_an_error_whose_body_cannot_be_read_has_its_status(body, answered):
    async with answered(body, 400) as client:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - its class is checked
            await client.list_things(catalog="AWS")
    assert (type(caught.value).__name__, caught.value.code, caught.value.request_id) == ("ServiceError", "400", "r-1")
    assert SECRET not in shown(caught.value)


@pytest.mark.parametrize("body", [b"", b"\xa0", b"S3CR3T"])
async def test_an_operation_without_an_output_ignores_the_body(body, answered):
    async with answered(body) as client:
        assert await client.forget(id="a") == package.ForgetResponse()


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xf6", page(USUAL)[:-3], b"S3CR3T"])
async def test_a_damaged_response_may_be_requested_again(body, answered):
    async with answered(body) as client:
        with pytest.raises(DecodeError) as caught:
            await client.list_things(catalog="AWS")
    assert caught.value.is_retryable
