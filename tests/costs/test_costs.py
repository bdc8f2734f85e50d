"""What a page costs, in counts: a change that makes the fast path slow fails here on any machine."""

from __future__ import annotations

import json
import timeit
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from aiobotocore.session import get_session
from botocore.model import ServiceModel
from botocore.parsers import JSONParser

from aiopartnercentral import account
from aiopartnercentral._pagination.page_fetcher import FetchedPage
from aiopartnercentral._pagination.paginator import Paginator
from aiopartnercentral._utils import model_data
from aiopartnercentral.account.fast import FAST
from tests.support.counting import Calls, calls, calls_of, instructions, memory
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.servers import Received, ScriptedServer

ITEMS = 100
PARTICIPANTS = (
    {"PartnerProfile": {"Id": "pprofile-0000000000001", "Name": "Größe & Söhne GmbH"}},
    {"SellerProfile": {"Id": "seller-0000000000001", "Name": "Example Corp."}},
    {"Account": {"Name": "Beispiel AG"}},
)
PAGE: dict[str, Any] = {
    "ConnectionSummaries": [
        {
            "Catalog": "AWS",
            "Id": f"pac-{number:013}",
            "Arn": f"arn:aws:partnercentral:us-east-1::catalog/AWS/connection/pac-{number:013}",
            "OtherParticipantAccountId": f"{number:012}",
            "UpdatedAt": f"2024-05-01T12:00:{number % 60:02}.123Z",
            "ConnectionTypes": {
                "SUBSIDIARY": {"Status": "ACTIVE", "OtherParticipant": PARTICIPANTS[number % len(PARTICIPANTS)]}
            },
        }
        for number in range(ITEMS)
    ],
    "NextToken": "more",
}
BODY = json.dumps(PAGE, ensure_ascii=False).encode()
STOCK_SHAPE = ServiceModel(model_data.load("partnercentral-account", "2025-04-04")).shape_for("ListConnectionsResponse")


def decode() -> account.ListConnectionsResponse:
    return account.json_converter.loads(BODY, account.ListConnectionsResponse)


def test_decoding_calls_one_function_for_an_item() -> None:
    decode()
    counted = calls(decode)
    # That of its timestamp; the connection type and the participant are used nowhere else, so they need none.
    assert counted.python <= ITEMS + 20
    assert counted.c <= 3 * ITEMS + 20  # two for the timestamp, and that of the map's values


def test_decoding_takes_few_instructions_for_an_item() -> None:
    decode()
    assert instructions(decode) <= 85 * ITEMS


def test_decoding_calls_a_fraction_of_what_the_stock_parser_calls() -> None:
    decode()
    response = {"body": BODY, "headers": {}, "status_code": 200}
    stock = calls(lambda: JSONParser().parse(response, STOCK_SHAPE))
    assert calls(decode).python <= stock.python / 30


def test_a_decoded_item_is_small_and_the_way_to_it_too() -> None:
    decode()
    measured = memory(decode)
    assert measured.result <= 1000 * ITEMS  # bytes: as many as its JSON, three times
    assert measured.peak <= 1.1 * measured.result  # msgspec fills the objects themselves


def test_an_unusual_page_is_decoded_once_more_and_no_oftener() -> None:
    unusual = BODY.replace(b".123Z", b"+02:00")
    cls = account.ListConnectionsResponse
    account.json_converter.loads(unusual, cls)
    exactly = calls(lambda: account.json_converter.structure(json.loads(unusual), cls))
    counted = calls(lambda: account.json_converter.loads(unusual, cls))
    assert counted.python <= 1.1 * exactly.python + calls(decode).python


@pytest.fixture
def server() -> Any:
    with scripted_server() as server:
        server.replies(Reply(BODY))
        yield server


def options(server: ScriptedServer) -> dict[str, Any]:
    return {"endpoint_url": server.url, "aws_access_key_id": "a", "aws_secret_access_key": "b"}


async def calls_of_a_page(server: ScriptedServer) -> Calls:
    async with account.connect(**options(server)) as client:
        request = account.ListConnectionsRequest(catalog="AWS")
        await client.call(request)
        return await calls_of(lambda: client.call(request))


@pytest.mark.anyio
async def test_a_call_takes_few_functions_of_ours(server: ScriptedServer) -> None:
    counted = await calls_of_a_page(server)
    assert counted.ours <= 4 * ITEMS + 80
    assert counted.python <= 4 * ITEMS + 340


@pytest.mark.anyio
async def test_a_call_takes_a_fraction_of_what_a_stock_call_takes(server: ScriptedServer) -> None:
    ours = await calls_of_a_page(server)
    session = get_session()
    session.get_component("data_loader").search_paths.append(str(model_data.root()))
    async with session.create_client("partnercentral-account", region_name="us-east-1", **options(server)) as client:
        await client.list_connections(Catalog="AWS")
        stock = await calls_of(lambda: client.list_connections(Catalog="AWS"))
    assert ours.python <= stock.python / 10


@pytest.mark.anyio
async def test_handing_over_an_item_takes_one_call() -> None:
    pages, items = 20, list(range(ITEMS))

    async def fetch(_: str, token: str | None) -> FetchedPage[None, int]:
        number = int(token or 0) + 1
        return FetchedPage(page=None, items=items, next_token=str(number) if number < pages else None)

    async def consume() -> None:
        async with Paginator(SimpleNamespace(typed=fetch, max_items=None), catalogs=["A", "B"]) as stream:
            async for _ in stream:
                pass

    await consume()
    counted = await calls_of(consume)
    assert counted.ours <= 2 * pages * (ITEMS + 35)


@pytest.mark.anyio
@pytest.mark.parametrize(("direct", "python", "c"), [(True, 550, 350), (False, 1700, 1250)])
async def test_collecting_a_page_takes_few_functions_of_ours_and_of_others(
    *, direct: bool, python: int, c: int
) -> None:
    pages = 10

    def answer(received: Received) -> Reply:
        number = int(received.body.get("NextToken", 0)) + 1
        more = {"NextToken": str(number)} if number < pages else {}
        return Reply({**PAGE, "NextToken": None, **more})

    with scripted_server() as server:
        server.answer = answer
        async with account.connect(**options(server), direct=direct) as client:

            async def collect() -> None:
                async with client.paginate.list_connections(catalogs="AWS") as connections:
                    assert len([entry async for entry in connections]) == pages * ITEMS

            await collect()
            counted = await calls_of(collect)
    # For each item one function hands it over, after the one that decodes its timestamp.
    assert counted.ours <= pages * (2 * ITEMS + 145)
    assert counted.python <= pages * (2 * ITEMS + python)
    assert counted.c <= pages * (3 * ITEMS + c)


def test_encoding_a_request_takes_one_function_for_a_member() -> None:
    request = account.ListConnectionsRequest(
        catalog="AWS", next_token="x", connection_type="SUBSIDIARY", max_results=5, other_participant_identifiers=["a"]
    )
    converter = account.make_botocore_converter()
    for encode in (FAST.encoder(type(request)), lambda each: converter.params(each, type(each))):
        assert encode is not None
        encode(request)
        counted = calls(lambda encode=encode: encode(request))
        assert counted.python <= 16
        assert counted.c <= 20


def test_decoding_takes_a_few_times_as_long_as_parsing_alone() -> None:
    """Time, but no absolute one: what counts no calls, such as a collection of garbage, shows here."""

    def least(function: Callable[[], object]) -> float:
        return min(timeit.repeat(function, number=5, repeat=20))

    decode()
    assert least(decode) <= 6 * least(lambda: msgspec.json.decode(BODY))
