"""Answers that botocore takes apart, and cannot: over real sockets, from generated packages of other protocols."""

from __future__ import annotations

import pickle
from importlib import import_module

import pytest

from aiopartnercentral import DecodeError, ServiceError
from tests.support.shown_errors import SECRET, shown

pytestmark = pytest.mark.anyio

THING = {"thing_id": "a", "http_method": "GET"}
PUT = ("rest_json", "put_thing", THING)
GET = ("rest_json", "get_thing", {"thing_id": "a"})
DESCRIBE = ("query", "describe", {"name": "n"})


@pytest.mark.parametrize(
    ("call", "headers", "body"),
    [
        (PUT, {"x-attributes": SECRET}, b"{}"),
        (PUT, {}, b'["S3CR3T"]'),
        (PUT, {}, b"null"),
        (PUT, {}, b'{"Thing": "S3CR3T"}'),
        (PUT, {}, b'{"Thing": {"When": "S3CR3T"}}'),
        (GET, {}, b'"S3CR3T"'),
        (DESCRIBE, {}, b"<S3CR3T"),
        (DESCRIBE, {}, b"<R><DescribeResult><When>S3CR3T</When></DescribeResult></R>"),
    ],
)
async def test_an_answer_is_malformed_and_not_quoted(connected, call, headers, body):
    feature, method, arguments = call
    async with connected(feature, 200, headers, body) as client:
        with pytest.raises(DecodeError) as caught:
            await getattr(client, method)(**arguments)
    error = caught.value
    assert (error.path, error.request_id) == ("$", "r-1")
    assert str(error).startswith(f"{error.operation}: $: ")
    for kept in (error, pickle.loads(pickle.dumps(error))):
        assert (kept.body, kept.http_status) == (body, 200)
        assert kept.http_headers.items() >= {"x-amzn-requestid": "r-1", **headers}.items()
        assert SECRET not in shown(kept)


@pytest.mark.parametrize("value", ["soon", "Wed, 01 May 2024 12:00:00 GMT"])
@pytest.mark.parametrize(
    ("headers", "body", "message"),
    [
        ({"X-Amzn-ErrorType": "Busy"}, b'{"message": "later"}', "later"),
        ({"X-Amzn-ErrorType": "Busy"}, b"<html>", "<html>"),
        ({}, b'{"__type": "ns#Busy", "message": "later"}', "later"),
        ({}, b'{"code": "Busy"}', ""),
    ],
)
async def test_a_malformed_header_does_not_hide_the_error(connected, headers, body, message, value):
    async with connected("rest_json", 429, {**headers, "Retry-After": value}, body) as client:
        with pytest.raises(ServiceError) as caught:
            await client.put_thing(**THING)
    error = caught.value
    assert type(error) is import_module("golden_rest_json").Busy
    assert (error.code, error.http_status, error.request_id) == ("Busy", 429, "r-1")
    assert error.response["Error"]["Message"] == message
    assert value not in shown(error)


@pytest.mark.parametrize("body", [b"<S3CR3T", b"", b"S3CR3T"])
async def test_an_error_whose_body_cannot_be_read_has_its_status(connected, body):
    async with connected("query", 400, {}, body) as client:
        with pytest.raises(ServiceError) as caught:
            await client.describe(name="n")
    assert type(caught.value) is ServiceError
    assert (caught.value.code, caught.value.http_status, caught.value.request_id) == ("400", 400, "r-1")
    assert SECRET not in shown(caught.value)


async def test_what_somebody_s_handler_raises_is_not_taken_for_the_answer(connected):
    def fail(**_):
        raise ValueError("a handler's own")

    async with connected("rest_json", 200, {}, b"{}") as client:
        client._api.transport.connection.botocore.client.meta.events.register("after-call", fail)
        with pytest.raises(ValueError, match="a handler's own"):
            await client.put_thing(**THING)
