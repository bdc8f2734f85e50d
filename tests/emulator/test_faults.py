"""Fault injection, over real sockets."""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median

import anyio
import httpx2
import pytest
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError

from aiopartnercentral import DecodeError, account
from aiopartnercentral.emulator import (
    Clock,
    CorruptItem,
    EmptyPage,
    Emulator,
    ExpiredPageToken,
    ExponentialLatency,
    ExtraMember,
    Fault,
    InvalidJson,
    Latency,
    LognormalLatency,
    RepeatedPageToken,
    Reset,
    ServerError,
    SlowBody,
    Throttle,
    TruncatedBody,
    UniformLatency,
    UnknownEnumValue,
    UnknownUnionMember,
    WrongContentType,
)
from aiopartnercentral.emulator.faults.config_file import KINDS
from aiopartnercentral.emulator.faults.rules import CallNumbers
from aiopartnercentral.emulator.services import ACCOUNT
from tests.emulator.raw_requests import headers
from tests.emulator.workflows import invitation

pytestmark = pytest.mark.anyio

PAGE = {"Catalog": "AWS", "MaxResults": 10}


@pytest.fixture
async def faulty():
    async with Emulator({"AWS": 45, "Sandbox": 5}, clock=Clock(running=False)) as running:
        yield running


@pytest.fixture
def ask(faulty, http):
    """Return `await ask(operation, request)`, which gives the response."""

    async def send(operation="ListConnections", request=PAGE, name="123456789012"):
        return await http.post(faulty.endpoint_url, headers=headers(operation, name), json=request)

    return send


@pytest.fixture
async def client(faulty):
    async with connect(faulty) as connected:
        yield connected


def connect(emulator, attempts=1):
    return account.connect(
        endpoint_url=emulator.endpoint_url,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=AioConfig(retries={"total_max_attempts": attempts, "mode": "standard"}),
    )


async def raw(emulator, operation="ListConnections", request=PAGE):
    """Send a request over a plain socket; return what came until the end, how long it took, and how it ended."""
    body = json.dumps(request).encode()
    lines = {
        "Host": "localhost",
        "Connection": "close",
        "Content-Length": str(len(body)),
        **headers(operation, "123456789012"),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    host, port = emulator.endpoint_url.removeprefix("http://").split(":")
    received, begun = [], time.monotonic()
    with anyio.fail_after(20):
        async with await anyio.connect_tcp(host, int(port)) as stream:
            await stream.send(f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body)
            try:
                while True:
                    received.append(await stream.receive())
            except anyio.EndOfStream:
                end = "closed"
            except anyio.BrokenResourceError:
                end = "reset"
    return b"".join(received), time.monotonic() - begun, end


def struck(emulator):
    return [request.faults for request in emulator.requests]


def problems(operation, answer):
    """Return what the model has against an answer."""
    validator = ACCOUNT.validator
    return list(validator.problems(validator.operations[operation]["output"]["shape"], answer))


# the calls that a fault is injected into


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("*", {*range(1, 13)}),
        ("*/4", {4, 8, 12}),
        (3, {3}),
        ("2-4", {2, 3, 4}),
        ("11-", {11, 12}),
        ("1-9/3", {1, 4, 7}),
        ("5/4", {5, 9}),
        ("1, 10-", {1, 10, 11, 12}),
    ],
)
async def test_calls_are_counted_from_one(text, hits, faulty, ask):
    faulty.faults = [Fault(ServerError(), calls=text)]
    statuses = [(await ask()).status_code for _ in range(12)]
    assert {number for number, status in enumerate(statuses, 1) if status == 500} == hits


NO_CALLS = ["", "0", "-1", "1--2", "5-3", "*/0", "a", "1;2", "x" * 1000, 0, -1, True, 1.5, None, b"1"]


@pytest.mark.parametrize("calls", [*NO_CALLS, pytest.param(10**5000, id="huge")])
def test_wrong_numbers_of_calls_are_refused(calls):
    with pytest.raises((TypeError, ValueError), match=r"^calls must ") as caught:
        Fault(ServerError(), calls=calls)
    assert len(str(caught.value)) < 200


def test_an_open_range_of_calls_has_no_end():
    assert 10**9 in CallNumbers("1-")


@pytest.mark.parametrize(
    ("scope", "hits"),
    [
        ({}, [True, True, True, True, True]),
        ({"operation": "List*"}, [True, True, False, True, False]),
        ({"catalog": "Sandbox"}, [False, True, True, False, True]),
        ({"catalog": "S?ndbox", "operation": "ListTagsForResource"}, [False] * 5),
        ({"account_id": "111111111111"}, [False, False, False, True, False]),
        ({"operation": "Tag*"}, [False, False, False, False, True]),
    ],
)
async def test_a_fault_is_limited_to_operation_catalog_and_account(scope, hits, faulty, ask):
    arn = "arn:aws:partnercentral:us-east-1:123456789012:catalog/Sandbox/connection-preferences"
    faulty.faults = [Fault(ServerError(status=503, error="ServiceUnavailableException"), **scope)]
    answers = [
        await ask("ListConnections", {"Catalog": "AWS"}),
        await ask("ListPartners", {"Catalog": "Sandbox"}),
        await ask("GetConnectionPreferences", {"Catalog": "Sandbox"}),
        await ask("ListPartners", {"Catalog": "AWS"}, "111111111111"),
        await ask("TagResource", {"ResourceArn": arn, "Tags": [{"Key": "a", "Value": "b"}]}),
    ]
    assert [answer.status_code == 503 for answer in answers] == hits
    assert [bool(kinds) for kinds in struck(faulty)] == hits
    assert {answer.json()["__type"] for answer in answers if answer.status_code == 503} <= {
        "ServiceUnavailableException"
    }


async def test_random_choices_depend_on_the_seed_only(faulty, ask):
    async def pattern(*faults):
        faulty.faults = faults
        return [(await ask()).status_code for _ in range(60)]

    runs = [await pattern(Fault(ServerError(), probability=0.3, seed=seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    assert 5 < runs[0].count(500) < 35
    rare = Fault(ServerError(), probability=0.1, burst=4, seed=1)
    lengths = [len(part) for part in "".join("x" if s == 500 else " " for s in await pattern(rare)).split()]
    assert lengths
    assert all(length % 4 == 0 for length in lengths[:-1])


async def test_two_faults_with_one_seed_choose_differently(faulty, ask):
    extra = [Fault(ExtraMember(), probability=0.5), Fault(UnknownUnionMember(), probability=0.5)]
    faulty.faults = extra
    for _ in range(30):
        await ask()
    assert len(set(struck(faulty))) == 4
    assert faulty.faults == tuple(extra)


# errors


async def test_a_burst_of_server_errors_is_retried_by_a_client(faulty):
    faulty.faults = [Fault(ServerError(status=503), calls="1-2")]
    async with connect(faulty, attempts=3) as client:
        page = await client.list_connections(catalog="AWS")
    assert len(page.connection_summaries) == 45
    assert [request.status for request in faulty.requests] == [503, 503, 200]
    assert struck(faulty) == [("server_error",), ("server_error",), ()]


async def test_a_bucket_throttles_with_its_codes_and_a_header(faulty, ask, client):
    codes = {"service_code": "some-service", "quota_code": "L-1234"}
    faulty.faults = [Fault(Throttle(rate=0, capacity=2, retry_after=1.5, **codes), operation="ListC*")]
    answers = [await ask() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 400]
    assert answers[2].headers["retry-after"] == "2"
    with pytest.raises(account.ThrottlingException) as caught:
        await client.list_connections(catalog="AWS")
    assert (caught.value.service_code, caught.value.quota_code) == ("some-service", "L-1234")
    assert (await ask("ListPartners", {"Catalog": "AWS"})).status_code == 200
    faulty.faults = faulty.faults  # which fills the bucket again
    assert (await ask()).status_code == 200
    faulty.faults = [Fault(Throttle(rate=1000, capacity=1))]
    assert (await ask()).status_code == 200
    await anyio.sleep(0.01)
    assert (await ask()).status_code == 200


async def test_an_error_after_the_request_was_executed(faulty, ask):
    faulty.faults = [Fault(ServerError(when="after"), operation="Create*", calls=1)]
    request = invitation("111111111111")
    first, second = [await ask("CreateConnectionInvitation", request) for _ in range(2)]
    assert (first.status_code, second.status_code) == (500, 200)
    listed = (await ask("ListConnectionInvitations", {"Catalog": "AWS"}, "111111111111")).json()
    assert len(listed["ConnectionInvitationSummaries"]) == 1


# time


async def test_latency_before_and_after_the_request_is_executed(faulty, ask):
    for when, done in (("before", 0), ("after", 1)):
        faulty.faults = [Fault(Latency(seconds=30, when=when), operation="Create*")]
        receiver = f"{done}11111111111"
        async with anyio.create_task_group() as group:
            group.start_soon(ask, "CreateConnectionInvitation", invitation(receiver))
            while not faulty.in_flight:
                await anyio.sleep(0.001)
            await ask()  # by whose end it is held
            group.cancel_scope.cancel()  # which hangs up
        with anyio.fail_after(10):
            while faulty.in_flight:
                await anyio.sleep(0.001)
        *_, created = [each for each in faulty.requests if each.operation == "CreateConnectionInvitation"]
        assert (created.status, created.faults) == (200 if done else 0, ("latency",))
        listed = (await ask("ListConnectionInvitations", {"Catalog": "AWS"}, receiver)).json()
        assert len(listed["ConnectionInvitationSummaries"]) == done


async def test_delayed_requests_get_a_response_at_shutdown():
    answers = []
    async with anyio.create_task_group() as group, Emulator({"AWS": 5}) as emulator:
        emulator.faults = [
            Fault(Latency(seconds=3000), operation="ListPartners"),
            Fault(Latency(seconds=3000, when="before"), operation="ListConnections"),
            Fault(SlowBody(bytes_per_second=2), operation="ListConnectionInvitations"),
        ]

        async def ask(operation):
            answers.append(await raw(emulator, operation, {"Catalog": "AWS"}))

        for operation in ("ListPartners", "ListConnections", "ListConnectionInvitations"):
            group.start_soon(ask, operation)
        with anyio.fail_after(10):
            while emulator.in_flight < 3:
                await anyio.sleep(0.01)
    assert len(answers) == 3
    for received, seconds, _ in answers:
        assert received.startswith(b"HTTP/1.1 200")
        json.loads(received.partition(b"\r\n\r\n")[2])
        assert seconds < 100


@pytest.mark.parametrize(
    ("kind", "least", "middle", "most"),
    [
        (Latency(seconds=0.25), 0.25, 0.25, 0.25),
        (UniformLatency(minimum=1, maximum=3), 1, 2, 3),
        (ExponentialLatency(mean=1, maximum=4), 0, 0.693, 4),
        (LognormalLatency(median=2, sigma=0.5, maximum=9), 0, 2, 9),
    ],
)
def test_latencies_have_their_distributions(kind, least, middle, most):
    drawn = [min(kind.maximum, kind.sample((number + 0.5) / 2000)) for number in range(2000)]
    assert least <= min(drawn) <= max(drawn) <= most
    assert abs(median(drawn) - middle) < 0.01
    assert isinstance(kind, Latency) or len(set(drawn)) > 1900


@pytest.mark.parametrize(
    "kind",
    [UniformLatency(minimum=0.001, maximum=0.01), ExponentialLatency(mean=0.001), LognormalLatency(median=0.001)],
)
async def test_random_latencies_delay_responses(kind, faulty, ask):
    faulty.faults = [Fault(kind)]
    assert (await ask()).status_code == 200
    assert struck(faulty) == [(kind.kind,)]


async def test_a_slow_body(faulty):
    request = {"Catalog": "AWS", "MaxResults": 1}
    whole, _, _ = await raw(faulty, request=request | {"NextToken": "wrong"})
    faulty.faults = [Fault(SlowBody(bytes_per_second=2000))]
    slow, seconds, _ = await raw(faulty, request=request | {"NextToken": "wrong"})
    body = slow.partition(b"\r\n\r\n")[2]
    assert body == whole.partition(b"\r\n\r\n")[2]
    assert seconds > len(body) / 2000 * 0.5


# connections and bodies


async def test_a_reset_before_prevents_the_execution_and_one_after_does_not(faulty, ask, client):
    for when, done in (("before", 0), ("after", 1)):
        faulty.faults = [Fault(Reset(when=when), operation="Create*", catalog="Sandbox")]
        receiver = f"{done}22222222222"
        received, _, end = await raw(faulty, "CreateConnectionInvitation", invitation(receiver, catalog="Sandbox"))
        assert (received, end) == (b"", "reset")
        assert faulty.requests[-1].faults == ("reset",)
        assert faulty.requests[-1].status == (200 if done else 0)
        listed = (await ask("ListConnectionInvitations", {"Catalog": "Sandbox"}, receiver)).json()
        assert len(listed["ConnectionInvitationSummaries"]) == done
    faulty.faults = [Fault(Reset())]
    with pytest.raises(BotoCoreError):
        await client.list_connections(catalog="AWS")


async def test_a_truncated_body(faulty, client):
    faulty.faults = [Fault(TruncatedBody(fraction=0.3))]
    received, _, end = await raw(faulty)
    head, _, body = received.partition(b"\r\n\r\n")
    (length,) = [int(line.split()[1]) for line in head.splitlines() if line.lower().startswith(b"content-length")]
    assert len(body) == int(length * 0.3)
    assert end == "closed"
    with pytest.raises(BotoCoreError):
        await client.list_connections(catalog="AWS")
    faulty.faults = [Fault(TruncatedBody()), Fault(SlowBody(bytes_per_second=100_000))]
    received, _, end = await raw(faulty)
    assert (len(received.partition(b"\r\n\r\n")[2]), end) == (length // 2, "closed")


@pytest.mark.parametrize("faults", [[TruncatedBody()], [TruncatedBody(), SlowBody(bytes_per_second=1)]])
async def test_a_complete_empty_response_does_not_close_the_connection(faulty, faults):
    # A client that sends its next request at that moment would fail or not, depending on what it sees first.
    faulty.faults = [*map(Fault, faults), Fault(WrongContentType(body=""))]
    addresses = set()
    async with httpx2.AsyncClient(trust_env=False) as client:
        for _ in range(3):
            url, head = faulty.endpoint_url, headers("ListConnections", "123456789012")
            answer = await client.post(url, json=PAGE, headers=head)
            assert (answer.status_code, answer.content) == (200, b"")
            addresses.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(addresses) == 1


async def test_truncated_json(faulty, ask, client):
    faulty.faults = [Fault(InvalidJson())]
    bodies = [(await ask()).content for _ in range(10)]
    assert len({len(body) for body in bodies}) > 5
    for body in bodies:
        with pytest.raises(ValueError, match=r".*"):
            json.loads(body)
    with pytest.raises(DecodeError):
        await client.list_connections(catalog="AWS")


async def test_a_wrong_content_type_with_the_same_or_another_body(faulty, ask, client):
    faulty.faults = [Fault(WrongContentType(), calls=1), Fault(WrongContentType(body="<h1>504</h1>"), calls="2-"),
                     Fault(ServerError(status=504), calls=3)]  # fmt: skip
    first, second, third = [await ask() for _ in range(3)]
    assert {answer.headers["content-type"] for answer in (first, second, third)} == {"text/html"}
    assert len(first.json()["ConnectionSummaries"]) == 10
    assert (second.status_code, second.text) == (200, "<h1>504</h1>")
    assert (third.status_code, third.text) == (504, "<h1>504</h1>")
    assert struck(faulty)[2] == ("server_error", "wrong_content_type")
    with pytest.raises(DecodeError):
        await client.list_connections(catalog="AWS")


# what the model does not have


async def test_an_unknown_union_member_where_the_response_has_a_union(faulty, ask, client):
    plain = (await ask()).json()
    faulty.faults = [Fault(UnknownUnionMember(member="Robot", everywhere=True))]
    assert len(problems("ListConnections", (await ask()).json())) >= 10
    page = await client.list_connections(catalog="AWS")
    others = [kind.other_participant for item in page.connection_summaries for kind in item.connection_types.values()]
    assert {type(other) for other in others} == {account.ParticipantUnknown}
    assert {other.tag for other in others} == {"Robot"}
    faulty.faults = [Fault(UnknownUnionMember())]
    one = (await ask()).json()
    assert len(problems("ListConnections", one)) == 1
    assert "Novelty" in json.dumps(one)
    assert one["ConnectionSummaries"] != plain["ConnectionSummaries"]
    await ask("ListPartners", {"Catalog": "AWS"})
    assert struck(faulty)[-2:] == [("unknown_union_member",), ()]  # there is no union in ListPartners


async def test_unions_in_errors_and_nested_responses(faulty, ask):
    faulty.faults = [Fault(UnknownUnionMember())]
    refused = (await ask("ListConnections", {"Catalog": 1})).json()
    assert list(refused["ErrorDetails"][0]) == ["Novelty"]
    started = {"VerificationDetails": {"RegistrantVerificationDetails": {}}}
    assert list((await ask("StartVerification", started)).json()["VerificationResponseDetails"]) == ["Novelty"]


async def test_an_unknown_enum_value_as_a_value_and_as_a_key(faulty, ask, client):
    faulty.faults = [Fault(UnknownEnumValue(value="ODD", shape="ConnectionType", everywhere=True))]
    page = await client.list_connections(catalog="AWS")
    assert {kind for item in page.connection_summaries for kind in item.connection_types} == {"ODD"}
    faulty.faults = [Fault(UnknownEnumValue(shape="*Status*"))]
    found = problems("ListConnections", (await ask()).json())
    assert [problem.code for problem in found] == ["INVALID_ENUM_VALUE"]
    assert (await ask("ListConnections", {"Catalog": 1})).json()["Reason"] == "REQUEST_VALIDATION_FAILED"
    faulty.faults = [Fault(UnknownEnumValue())]
    reasons = (await ask("ListConnections", {"Catalog": 1})).json()
    assert "NOVELTY" in json.dumps(reasons)


async def test_extra_members_are_ignored_by_a_client(faulty, ask, client):
    before = await client.list_connections(catalog="AWS")
    faulty.faults = [Fault(ExtraMember(member="Later", everywhere=True))]
    assert await client.list_connections(catalog="AWS") == before
    answer = (await ask()).json()
    assert "Later" in answer
    assert all("Later" in item for item in answer["ConnectionSummaries"])
    assert problems("ListConnections", answer) == []
    assert (await ask("TagResource", {})).json()["Later"]


@pytest.mark.parametrize(
    ("how", "member"), [("missing", None), ("wrong_type", None), ("missing", "Id"), ("wrong_type", "Id")]
)
async def test_one_item_of_a_page_is_corrupt(how, member, faulty, ask, client):
    faulty.faults = [Fault(CorruptItem(how=how, member=member))]
    items = (await ask()).json()["ConnectionSummaries"]
    found = problems("ListConnections", {"ConnectionSummaries": items})
    assert len(items) == 10
    assert len(found) == 1
    assert member is None or found[0].name.endswith(f"].{member}")
    assert found[0].code == ("REQUIRED_FIELD_MISSING" if how == "missing" else "INVALID_VALUE")
    with pytest.raises(DecodeError):
        await client.list_connections(catalog="AWS")
    await ask("GetConnectionPreferences", {"Catalog": "AWS"})
    assert struck(faulty)[-1] == ()


# pages


async def walk(ask, most=40):
    """Return the pages of a list and the tokens that led to them."""
    pages, tokens = [], [None]
    while len(pages) < most:
        more = {} if tokens[-1] is None else {"NextToken": tokens[-1]}
        answer = await ask("ListConnections", PAGE | more)
        assert answer.status_code == 200
        pages.append([item["Id"] for item in answer.json()["ConnectionSummaries"]])
        if "NextToken" not in answer.json():
            break
        tokens.append(answer.json()["NextToken"])
    return pages, tokens


async def test_expired_page_tokens(faulty, client):
    faulty.faults = [Fault(ExpiredPageToken(), operation="List*")]
    with pytest.raises(account.ValidationException) as caught:
        await client.paginate.list_connections(catalogs=["AWS"], page_size=10).collect()
    assert caught.value.error_details[0].value.name == "NextToken"
    assert [request.status for request in faulty.requests] == [200, 400]


@pytest.mark.parametrize("length", [1, 2, 3])
async def test_repeated_page_tokens_make_a_loop(length, faulty, ask):
    faulty.faults = [Fault(RepeatedPageToken(length=length))]
    _, tokens = await walk(ask, 12)
    assert len(set(tokens)) == length + 1
    assert tokens[1 : 1 + length] * 2 == tokens[1 : 1 + 2 * length]
    async with connect(faulty) as client:
        with pytest.raises(Exception, match=r"(?i)token"):
            await client.paginate.list_connections(catalogs=["AWS"], page_size=10).collect()


async def test_empty_pages_lose_nothing(faulty, ask, client):
    plain, _ = await walk(ask)
    faulty.faults = [Fault(EmptyPage(), calls="1-3,5,8")]
    pages, tokens = await walk(ask)
    assert [page for page in pages if page] == plain
    assert [len(page) for page in pages] == [0, 0, 0, 10, 0, 10, 10, 0, 10, 5]
    assert len(set(tokens)) == len(tokens)
    faulty.faults = [Fault(EmptyPage(), calls="*/2")]
    listing = client.paginate.list_connections(catalogs=["AWS"], page_size=10)
    assert [item.id for _, item in await listing.collect()] == [one for page in plain for one in page]


# all kinds together


def test_every_kind_has_a_test_and_a_name():
    text = Path(__file__).read_text(encoding="utf-8")
    assert len(KINDS) == 18
    for kind, cls in KINDS.items():
        assert cls.kind == kind
        assert text.count(f"{cls.__name__}(") > 0


async def test_a_change_before_a_reset_is_kept_and_one_that_it_prevents_is_not(tmp_path, http):
    path = tmp_path / "state"
    for when, found in (("before", 0), ("after", 1)):
        async with Emulator({"AWS": 5}, state=path, faults=[Fault(Reset(when=when))]) as emulator:
            with pytest.raises(httpx2.TransportError):
                await http.post(
                    emulator.endpoint_url,
                    headers=headers("CreateConnectionInvitation", "123456789012"),
                    json=invitation("111111111111"),
                )
        assert path.read_text().count("CreateConnectionInvitation") == found


async def test_faults_are_injected_before_validation_but_never_into_the_admin_api(faulty, http):
    faulty.faults = [Fault(ServerError(status=502))]
    for content in (b"no json", b"{}"):
        answer = await http.post(faulty.endpoint_url, headers=headers("ListConnections", "1"), content=content)
        assert answer.status_code == 502
    assert (await http.get(f"{faulty.endpoint_url}/_emulator/clock")).status_code == 200


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: [Fault(Reset()), Fault(Reset(), operation="Lst*")], r"^fault 2: 'Lst\*' matches no operation$"),
        (lambda: [Fault(Reset(), catalog="Moon")], "^fault 1: 'Moon' matches no catalog: there are AWS, Sandbox$"),
        (
            lambda: [Fault(UnknownUnionMember(shape="Address"))],
            "^fault 1: shape must match a shape to which unknown_union_member applies, not 'Address'$",
        ),
        (
            lambda: [Fault(CorruptItem(member="Moon"))],
            r"^fault 1: member must be one of \d+ names, not 'Moon': 'Arn', ",
        ),
        (lambda: [Fault(UnknownEnumValue(shape="Participant"))], "^fault 1: shape must match a shape to which"),
        (lambda: [Fault(Reset(), probability=1.5)], r"^probability must be a number from 0 to 1, not 1\.5$"),
        (
            lambda: [Fault(Reset(), probability=float("nan"))],
            "^probability must be a finite number from 0 to 1, not nan$",
        ),
        (lambda: [Fault(Reset(), burst=0)], "^burst must be an integer of at least 1, not 0$"),
        (lambda: [Fault(Reset(when="now"))], "^when must be 'before' or 'after', not 'now'$"),
        (lambda: [Fault(ServerError(status=404))], "^status must be an integer from 500 to 599, not 404$"),
        (lambda: [Fault(Latency(seconds=-1))], "^seconds must be a number from 0 to 86400, not -1$"),
        (lambda: [Fault(UniformLatency(minimum=2, maximum=1))], "^maximum must be at least the minimum, 2, not 1$"),
        (
            lambda: [Fault(SlowBody(bytes_per_second=0))],
            "^bytes_per_second must be a number above 0 and at most 1000000000, not 0$",
        ),
        (lambda: [Fault(TruncatedBody(fraction=1))], r"^fraction must be a number from 0 to 0\.999, not 1$"),
        (lambda: [Fault(RepeatedPageToken(length=0))], "^length must be an integer from 1 to 1000, not 0$"),
        (lambda: [Fault(ExtraMember(everywhere=1))], "^everywhere must be a boolean, not an integer$"),
        (
            lambda: [Fault(WrongContentType(content_type="text/html\r\nX: y"))],
            "^content_type must not contain control characters$",
        ),
    ],
)
async def test_a_wrong_fault_is_refused_and_changes_nothing(make, complaint, faulty):
    faulty.faults = before = (Fault(Reset()),)
    with pytest.raises((TypeError, ValueError), match=complaint):
        faulty.faults = make()
    assert faulty.faults == before


async def test_only_faults_with_actions_are_accepted(faulty):
    with pytest.raises(TypeError, match=r"^faults\[0\] must be a Fault, such as Fault\(Reset\(\)\), not a Reset$"):
        faulty.faults = [Reset()]
    with pytest.raises(TypeError, match=r"^action must be an action, such as Reset\(\), not a string$"):
        Fault("reset")
