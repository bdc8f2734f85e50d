"""A request that is sent directly is the one that botocore would have sent at that moment, to the last byte."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.credentials import AioCredentials
from anyio.from_thread import start_blocking_portal
from botocore.exceptions import ParamValidationError
from hypothesis import given, settings, strategies as st

from aiopartnercentral import account
from aiopartnercentral.account.operations import SERVICE
from tests.support.account_model import MODEL, OPERATIONS, WIRE, decode
from tests.support.strategies import CANONICAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anyio.from_thread import BlockingPortal

    from aiopartnercentral.types import Operation

ENDPOINTS = [
    ("us-east-1", None),
    ("us-gov-west-1", "http://127.0.0.1:8000"),
    ("eu-central-1", "https://example.com:443/"),
    ("us-east-1", "http://EXAMPLE.com:80/a/~b/-c_d.e/%20 /"),
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


class HttpClient:
    """Stands in for aiobotocore's HTTP client; it only keeps what it is to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    async def send(self, request: Any) -> AioAWSResponse:
        headers = [(k, v.decode() if isinstance(v, bytes) else v) for k, v in request.headers.items()]
        self.sent.append((request.method, request.url, headers, request.body, request.stream_output))
        response = AioAWSResponse(request.url, 200, {"x-amzn-requestid": "id"}, None)
        response._content = b"{}"
        return response


@attrs.frozen
class Client:
    """A client whose HTTP client only keeps requests."""

    portal: BlockingPortal = attrs.field(repr=False)
    client: account.Client
    http: HttpClient = attrs.field(factory=HttpClient, repr=False)

    def __attrs_post_init__(self) -> None:
        self.transport._client._endpoint.http_session.send = self.http.send

    @property
    def transport(self) -> Any:
        return self.client._api._transport

    def sent(self, operation: Operation[Any, Any], params: Any, credentials: Any, offset: timedelta) -> Any:
        """Return what is sent for a call, and the metadata of the response."""
        self.transport._client._request_signer._credentials = credentials
        self.transport._clock.offset = offset
        call = self.transport.start_call(operation)
        response = self.portal.call(self.transport.send, operation, params, call)
        assert call.attempts == 1
        (sent,) = self.http.sent
        self.http.sent.clear()
        return sent, response.body, response.metadata


@pytest.fixture(scope="module")
def clients() -> Iterator[list[tuple[Client, Client]]]:
    """Return pairs of clients of several endpoints: one sends directly, the other through botocore."""
    keys: Any = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
    with start_blocking_portal("asyncio") as portal, ExitStack() as stack:

        def opened(region: str, url: str | None, *, direct: bool) -> Client:
            options: Any = {"region_name": region, "endpoint_url": url, "direct": direct, **keys}
            return Client(portal, stack.enter_context(portal.wrap_async_context_manager(account.connect(**options))))

        yield [(opened(*each, direct=True), opened(*each, direct=False)) for each in ENDPOINTS]


def at(patch: pytest.MonkeyPatch, moment: datetime, trace: str | None, ids: list[uuid.UUID]) -> None:
    """Set the time, the trace header and the next random ids."""
    patch.setattr("botocore.auth.get_current_datetime", lambda *_: moment)
    patch.setattr("aiopartnercentral._transport.clock_skew._now", lambda: moment)
    pending = list(ids)
    patch.setattr(uuid, "uuid4", lambda: pending.pop(0) if pending else ORIGINAL_UUID4())
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
        patch.setattr(direct.transport._client, "_make_api_call", None)  # there is a template now
        moment, trace, ids = data.draw(TIMES), data.draw(traces), [data.draw(UUIDS), data.draw(UUIDS)]
        at(patch, moment, trace, ids)
        ours = direct.sent(operation, params, credentials, offset)
        at(patch, moment, trace, ids)
        theirs = whole.sent(operation, params, credentials, offset)
        if offset:  # the library signs botocore's request again, with the headers in another order
            ours, theirs = (((*sent[:2], sorted(sent[2]), *sent[3:]), *rest) for sent, *rest in (ours, theirs))
        assert ours == theirs


@pytest.mark.parametrize("path", ["/x/../y", "/x//y", "/?b=1&a=2"])
def test_an_unusual_url_is_left_to_botocore(path: str) -> None:
    keys: Any = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
    url, operation = f"http://example.com{path}", OPERATIONS_BY_NAME["ListConnections"]
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(account.connect(endpoint_url=url, **keys)) as opened,
    ):
        client = Client(portal, opened)
        client.sent(operation, {"Catalog": "AWS"}, AioCredentials("AKIDEXAMPLE", "not-a-secret"), timedelta())
        assert list(client.transport._direct._plans["ListConnections"].templates.values()) == [None]


@pytest.mark.parametrize("params", [{}, {"Catalog": ""}, {"Catalog": 5}, {"Catalog": "AWS", "Other": "x"}])
def test_parameters_are_checked_by_botocore(params: Any, clients: list[tuple[Client, Client]]) -> None:
    operation = OPERATIONS_BY_NAME["ListConnections"]
    reports = []
    for client in clients[0]:
        with pytest.raises(ParamValidationError) as caught:
            client.sent(operation, params, AioCredentials("AKIDEXAMPLE", "not-a-secret"), timedelta())
        reports.append(str(caught.value))
    assert reports[0] == reports[1] != ""
