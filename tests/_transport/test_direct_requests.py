"""A request that is sent directly is the one that botocore would have sent at that moment, to the last byte."""

from __future__ import annotations

import json
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from aiobotocore.credentials import AioCredentials
from anyio.from_thread import start_blocking_portal
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ParamValidationError
from botocore.model import ServiceModel
from botocore.serialize import create_serializer
from hypothesis import given, settings, strategies as st
from yarl import URL

from aiopartnercentral import account
from aiopartnercentral._transport import standalone_settings as standalone
from aiopartnercentral._transport.direct.model import operation_model
from aiopartnercentral._transport.direct.request import RequestTemplate, UnsupportedRequestError
from aiopartnercentral._transport.direct.sender import random_id
from aiopartnercentral._transport.http.response import HttpResponse
from aiopartnercentral.account.operations import SERVICE
from tests.support.account_model import BOTOCORE, MODEL, OPERATIONS, WIRE, decode
from tests.support.strategies import CANONICAL, json_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anyio.from_thread import BlockingPortal

    from aiopartnercentral._transport.direct.request import SignedRequest
    from aiopartnercentral.types import Operation

ENDPOINTS = [
    ("us-east-1", None),
    ("us-gov-west-1", "http://127.0.0.1:8000"),
    ("eu-central-1", "https://example.com:443/"),
    ("us-east-1", "http://example.com:80/a/~b/-c_d.e/%20/"),
    ("us-east-1", "https://[::1]:8443"),
    ("us-east-1", "http://[::1]"),
]
KEYS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=128)
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64)
TOKENS = st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=800)
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - UTC
TRACES = st.text(st.characters(min_codepoint=1, max_codepoint=0x2FF), min_size=1, max_size=60)
UUIDS = st.uuids(version=4)
OPERATIONS_BY_NAME = {operation.name: operation for operation in SERVICE.operations}
ORIGINAL_UUID4 = uuid.uuid4


class Session:
    """Stands in for the session of aiohttp and for the pool of direct requests; it only keeps what it is to send."""

    status = 200
    raw_headers = ((b"x-amzn-requestid", b"id"),)
    url = "http://example.com/"

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    async def request(self, method: str, **options: Any) -> Session:
        kept = {name: value for name, value in options.items() if value}
        self.sent.append((method, str(kept.pop("url")), list(kept.pop("headers").items()), kept.pop("data"), kept))
        return self

    async def read(self) -> bytes:
        return b"{}"

    async def post(self, request: SignedRequest) -> HttpResponse:
        headers = [*request.headers.items(), ("Accept-Encoding", "identity")]  # which the pool adds
        self.sent.append((request.method, str(URL(request.url, encoded=True)), headers, request.body, {}))
        return HttpResponse(self.status, {"x-amzn-requestid": "id"}, b"{}")

    async def aclose(self) -> None:
        """Nothing is open."""


@attrs.frozen
class Client:
    """A client that only keeps requests."""

    portal: BlockingPortal = attrs.field(repr=False)
    client: account.Client
    session: Session = attrs.field(factory=Session, repr=False)

    def __attrs_post_init__(self) -> None:
        async def get_session(*_: object) -> Session:
            return self.session

        connection = self.transport.connection
        if connection.botocore is not None:
            http = connection.botocore.client._endpoint.http_session
            http._get_session = get_session
            http.pool = None if http.pool is None else self.session
        if connection.sender is not None:
            connection.sender._http = self.session

    @property
    def transport(self) -> Any:
        return self.client._api.transport

    def sent(self, operation: Operation[Any, Any], params: Any, credentials: Any, offset: timedelta) -> Any:
        """Return what is sent for a call, and the metadata of the response."""
        self.transport.connection.clock.offset = offset
        call = self.transport.start_call(operation)
        call.credentials = credentials
        response = self.portal.call(self.transport.send, operation, params, call)
        assert call.attempts == 1
        (sent,) = self.session.sent
        self.session.sent.clear()
        return sent, response.body, response.metadata


@pytest.fixture(scope="module", autouse=True)
def loaded_botocore() -> Iterator[None]:
    """Let clients start with botocore, whatever the command line says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standalone, "_has_loaded_botocore", lambda: True)
        yield


@pytest.fixture(scope="module")
def clients() -> Iterator[list[tuple[Client, Client]]]:
    """Return pairs of clients of several endpoints: one sends directly, the other through botocore.

    The first ones of the last pairs have started without botocore. All are opened in a Lambda function.
    """
    keys: Any = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
    with start_blocking_portal("asyncio") as portal, ExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("AWS_LAMBDA_FUNCTION_NAME", "function")

        def opened(region: str, url: str | None, *, direct: bool) -> Client:
            options: Any = {"region_name": region, "endpoint_url": url, "direct": direct, **keys}
            return Client(portal, stack.enter_context(portal.wrap_async_context_manager(account.connect(**options))))

        pairs = [(opened(*each, direct=True), opened(*each, direct=False)) for each in ENDPOINTS]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(standalone, "_has_loaded_botocore", lambda: False)
            patch.setattr(standalone, "_has_other_settings", lambda: False)
            for number in (0, 1, 2, 4, 5):  # one has a path
                pairs.append((opened(*ENDPOINTS[number], direct=True), pairs[number][1]))
        assert [direct.transport.connection.botocore is None for direct, _ in pairs] == [False] * 6 + [True] * 5
        yield pairs


def at(patch: pytest.MonkeyPatch, moment: datetime, trace: str | None, ids: list[uuid.UUID]) -> None:
    """Set the time, the trace header and the next random ids."""
    patch.setattr("botocore.auth.get_current_datetime", lambda *_: moment)
    patch.setattr("aiopartnercentral._transport.clock_skew._now", lambda: moment)
    pending = list(ids)
    patch.setattr(uuid, "uuid4", lambda: pending.pop(0) if pending else ORIGINAL_UUID4())
    patch.setattr("aiopartnercentral._transport.direct.sender.random_id", lambda: str(uuid.uuid4()))
    patch.delenv("_X_AMZN_TRACE_ID", raising=False)
    patch.setenv("AWS_LAMBDA_FUNCTION_NAME", "function")
    if trace is not None:
        patch.setenv("_X_AMZN_TRACE_ID", trace)


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=10)
@given(data=st.data())
def test_a_direct_request_is_botocores(name: str, data: st.DataObject, clients: list[tuple[Client, Client]]) -> None:
    operation = OPERATIONS_BY_NAME[name]
    request = decode(
        data.draw(WIRE.shape(MODEL["operations"][name]["input"]["shape"], extras=CANONICAL)), f"{name}Request"
    )
    credentials = AioCredentials(data.draw(KEYS), data.draw(SECRETS), data.draw(TOKENS))
    offset = data.draw(st.just(timedelta()) | st.timedeltas(timedelta(days=-1), timedelta(days=1)))
    direct, whole = data.draw(st.sampled_from(clients))
    params = direct.portal.call(direct.client._api.encode, operation, request)
    warm_up = AioCredentials("AKIDEXAMPLE", "not-a-secret", credentials.token and "a-token")
    traces = TRACES if data.draw(st.booleans()) else st.none()
    with pytest.MonkeyPatch.context() as patch:
        at(patch, datetime(2026, 1, 1, tzinfo=UTC), data.draw(traces), [])
        direct.sent(operation, params, warm_up, timedelta())
        if direct.transport.connection.botocore is not None:
            patch.setattr(direct.transport.connection.botocore.client, "_make_api_call", None)  # there is a template
        moment, trace, ids = data.draw(TIMES), data.draw(traces), [data.draw(UUIDS), data.draw(UUIDS)]
        at(patch, moment, trace, ids)
        ours = direct.sent(operation, params, credentials, offset)
        at(patch, moment, trace, ids)
        theirs = whole.sent(operation, params, credentials, offset)
        if offset:  # the library signs botocore's request again, with the headers in another order
            ours, theirs = (((*sent[:2], sorted(sent[2]), *sent[3:]), *rest) for sent, *rest in (ours, theirs))
        assert ours == theirs


@settings(max_examples=200)
@given(data=st.data())
def test_parameters_that_are_valid_are_serialized_as_they_are(data: st.DataObject) -> None:
    operation = BOTOCORE.operation_model(data.draw(st.sampled_from(OPERATIONS)))
    shape = operation.input_shape.name
    corrupted = WIRE.corruptions(shape).map(attrgetter("value"))
    params: Any = data.draw(WIRE.shape(shape, extras=CANONICAL) | corrupted | json_values())
    is_valid = operation_model(MODEL, operation.name).is_valid
    assert is_valid is not None
    if is_valid(params):
        assert create_serializer("json").serialize_to_request(params, operation)["body"] == json.dumps(params).encode()


@pytest.mark.parametrize("name", OPERATIONS)
def test_usual_parameters_need_no_serializer(name: str) -> None:
    model = operation_model(MODEL, name)
    stock = BOTOCORE.operation_model(name)
    assert model.is_valid is not None
    assert list(model.tokens) == stock.idempotent_members
    assert model.requires_output == bool(stock.output_shape and stock.output_shape.required_members)
    assert model.obstacle is None


PROTOCOL = "smithy-rpc-v2-cbor"
CBOR: Any = {
    "metadata": {"protocol": PROTOCOL, "protocols": [PROTOCOL], "targetPrefix": "Any"},
    "operations": {"Send": {"name": "Send", "http": {}, "input": {"shape": "Request"}}},
    "shapes": {
        "Request": {
            "type": "structure",
            "members": {name: {"shape": name} for name in ("Id", "Count", "Ratio", "When", "Bytes", "Many", "Named")},
        },
        "Id": {"type": "string"},
        "Count": {"type": "long"},
        "Ratio": {"type": "double"},
        "When": {"type": "timestamp"},
        "Bytes": {"type": "blob"},
        "Many": {"type": "list", "member": {"shape": "Choice"}},
        "Named": {"type": "map", "key": {"shape": "Id"}, "value": {"shape": "When"}},
        "Choice": {
            "type": "structure",
            "union": True,
            "members": {"Count": {"shape": "Count"}, "Flag": {"shape": "F"}},
        },
        "F": {"type": "boolean"},
    },
}


def cbor_by_botocore(params: Any) -> Any:
    operation = ServiceModel(CBOR, "any").operation_model("Send")
    return create_serializer(PROTOCOL).serialize_to_request(params, operation)["body"]


def first_time() -> datetime:
    """Return the first time that botocore can write; older versions write none before 1970."""
    try:
        cbor_by_botocore({"When": datetime(1969, 1, 1, tzinfo=UTC)})
    except OverflowError:
        return datetime(1970, 1, 2)  # noqa: DTZ001 - as Hypothesis takes it
    return datetime.min  # noqa: DTZ901 - as above


FIRST_TIME = first_time()
PLAIN_TIMES = st.datetimes(FIRST_TIME, timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
PLAIN: Any = {
    "Id": st.text(st.characters(codec="utf-8"), max_size=300),
    "Count": st.integers(-(2**63), 2**63 - 1),
    "Ratio": st.floats(allow_nan=False, allow_infinity=False),
    "When": PLAIN_TIMES,
    "Bytes": st.binary(max_size=300),
    "Many": st.lists(
        st.fixed_dictionaries({"Count": st.integers(-(2**63), 2**63 - 1)})
        | st.fixed_dictionaries({"Flag": st.booleans()}),
        max_size=30,
    ),
    "Named": st.dictionaries(st.text(st.characters(codec="utf-8")), PLAIN_TIMES, max_size=30),
}
OTHER: Any = {
    "Id": st.integers() | st.text(st.characters(categories=["Cs"]), min_size=1) | st.none(),
    "Count": st.integers(-(2**70), 2**70) | st.floats() | st.booleans(),
    "Ratio": st.floats() | st.integers() | st.decimals(),
    "When": st.datetimes(FIRST_TIME, timezones=st.timezones())
    | st.datetimes(FIRST_TIME)
    | st.text(max_size=3)
    | st.integers(0, 2**31),
    "Bytes": st.binary().map(bytearray) | st.text(max_size=3),
    "Many": st.lists(st.just({"Count": 1, "Flag": True}), max_size=2) | st.just([{}]) | st.just(({"Count": 1},)),
    "Named": st.dictionaries(st.integers(), PLAIN_TIMES, max_size=2),
    "Unknown": st.just(1),
}


@given(params=st.fixed_dictionaries({}, optional=PLAIN))
def test_usual_parameters_of_cbor_need_no_serializer(params: Any) -> None:
    model = operation_model(CBOR, "Send", PROTOCOL)
    assert model.is_valid is not None
    assert model.is_valid(params)
    assert model.write(params) == cbor_by_botocore(params)


@settings(max_examples=100)
@given(data=st.data())
def test_parameters_of_cbor_that_are_valid_are_written_as_botocore_writes_them(data: st.DataObject) -> None:
    model = operation_model(CBOR, "Send", PROTOCOL)
    name = data.draw(st.sampled_from(sorted(OTHER)))
    params = {**data.draw(st.fixed_dictionaries({}, optional=PLAIN)), name: data.draw(OTHER[name])}
    assert model.is_valid is not None
    if not model.is_valid(params):
        return
    try:
        expected = cbor_by_botocore(params)
    except UnicodeEncodeError:  # of a lone surrogate
        with pytest.raises(UnicodeEncodeError):
            model.write(params)
    else:
        assert model.write(params) == expected


def test_a_random_id_is_a_uuid() -> None:
    ids = [random_id() for _ in range(100)]
    assert {(uuid.UUID(each).version, str(uuid.UUID(each)) == each) for each in ids} == {(4, True)}
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", ["/x/../y", "/x//y"])
def test_an_unusual_url_is_left_to_botocore(path: str) -> None:
    keys: Any = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
    url, operation = f"http://example.com{path}", OPERATIONS_BY_NAME["ListConnections"]
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(account.connect(endpoint_url=url, **keys)) as opened,
    ):
        client = Client(portal, opened)
        client.sent(operation, {"Catalog": "AWS"}, AioCredentials("AKIDEXAMPLE", "not-a-secret"), timedelta())
        assert list(client.transport.connection.sender._plans["ListConnections"].templates.values()) == [None]


HEADERS = {
    "X-Amz-Target": "Service.Operation",
    "X-Amz-Date": "20260102T030405Z",
    "amz-sdk-invocation-id": "id",
    "amz-sdk-request": "attempt=1",
    "Content-Length": "2",
}
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=A/20260102/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature="
)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "no signature"),
        ({"Authorization": "Bearer token"}, "no signature"),
        ({"Authorization": f"{SIGNED}0"}, "not signed as expected"),
        ({"Authorization": SIGNED.replace(";x-amz-date", "")}, "time or the session token"),
        ({"Authorization": SIGNED, "X-Amz-Security-Token": "token"}, "time or the session token"),
        ({"Authorization": SIGNED, "traceparent": "trace"}, "other headers .traceparent"),
        ({"Authorization": SIGNED, "amz-sdk-request": "attempt=2"}, "other headers .amz-sdk-request"),
        ({"Authorization": SIGNED, "Transfer-Encoding": "chunked"}, "other headers .transfer-encoding"),
    ],
)
def test_a_request_of_another_form_is_no_template(changes: dict[str, str], reason: str) -> None:
    like = SimpleNamespace(method="POST", url="http://a/", headers={**HEADERS, **changes}, body=b"{}")
    with pytest.raises(UnsupportedRequestError, match=reason):
        RequestTemplate.like(like, ReadOnlyCredentials("A", "secret", None))


@pytest.mark.parametrize("params", [{}, {"Catalog": ""}, {"Catalog": 5}, {"Catalog": "AWS", "Other": "x"}])
def test_parameters_are_checked_by_botocore(params: Any, clients: list[tuple[Client, Client]]) -> None:
    operation = OPERATIONS_BY_NAME["ListConnections"]
    reports = []
    for client in clients[0]:
        with pytest.raises(ParamValidationError) as caught:
            client.sent(operation, params, AioCredentials("AKIDEXAMPLE", "not-a-secret"), timedelta())
        reports.append(str(caught.value))
    assert reports[0] == reports[1] != ""
