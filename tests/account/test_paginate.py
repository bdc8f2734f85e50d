from __future__ import annotations

import gc
import json
import pickle
from typing import TYPE_CHECKING, Any

import anyio
import pyarrow as pa
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpxsession import HttpxSession

from aiopartnercentral import account
from aiopartnercentral._pagination.report import Outcome, SourcesFailedError
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import DecodeError, PaginationError
from aiopartnercentral.sinks import arrow_schema
from tests.support.clients import IDENTITY, TRIO
from tests.support.connections import connection
from tests.support.servers import Reply
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from tests.support.servers import Received, ScriptedServer

pytestmark = pytest.mark.anyio


def pages(count: int, size: int) -> Any:
    """Return an answer of so many pages of so many connections for every catalog."""

    def answer(received: Received) -> Reply:
        page = int(received.body.get("NextToken", "0"))
        items = [connection(received.body["Catalog"], page * size + i) for i in range(size)]
        following = {"NextToken": str(page + 1)} if page + 1 < count else {}
        return Reply({"ConnectionSummaries": items, **following})

    return answer


async def test_two_catalogs_are_collected_typed_and_reported() -> None:
    async with (
        Emulator({"AWS": 250, "Sandbox": 130}) as emulator,
        account.connect(endpoint_url=emulator.endpoint_url, **IDENTITY) as client,
    ):
        paginator = client.paginate.list_connections(catalogs=["AWS", "Sandbox"], page_size=100)
        for _ in range(2):  # re-iterable, from the first page on
            async with paginator as stream:
                seen = [(catalog, item) async for catalog, item in stream]
            assert {catalog: sum(c == catalog for c, _ in seen) for catalog in ("AWS", "Sandbox")} == {
                "AWS": 250,
                "Sandbox": 130,
            }
            assert len({(catalog, item.id) for catalog, item in seen}) == 380
            assert all(isinstance(item, account.ConnectionSummary) and item.catalog == c for c, item in seen)
            report = stream.report
            assert report.complete
            assert [(name, c.pages, c.items, c.outcome) for name, c in report.sources.items()] == [
                ("AWS", 3, 250, Outcome.COMPLETE),
                ("Sandbox", 2, 130, Outcome.COMPLETE),
            ]
        assert sorted(await paginator.collect(), key=lambda pair: (pair[0], pair[1].id)) == sorted(
            seen, key=lambda pair: (pair[0], pair[1].id)
        )


async def test_what_was_collected_becomes_a_table() -> None:
    async with (
        Emulator({"AWS": 25, "Sandbox": 13, "Denied": 1}, denied_catalogs=["Denied"]) as emulator,
        account.connect(endpoint_url=emulator.endpoint_url, **IDENTITY) as client,
    ):
        collected = await client.paginate.list_connections(catalogs=["AWS", "Sandbox"], page_size=10).collect()
        with pytest.raises(SourcesFailedError) as caught:
            await client.paginate.list_connections(catalogs=["Sandbox", "Denied"]).collect()
        none = await client.paginate.list_connections(catalog="Denied", on_error="report").collect()
        pages_of_them = await client.paginate.list_connections(catalog="AWS").pages().collect()
    table = collected.to_arrow()
    assert table.schema == arrow_schema(account.ConnectionSummary, text_columns=["source"])
    assert sorted(zip(table["source"].to_pylist(), table["id"].to_pylist(), strict=True)) == sorted(
        (catalog, item.id) for catalog, item in collected
    )
    assert dict(collected.to_pandas().groupby("source").size()) == {"AWS": 25, "Sandbox": 13}
    assert collected.to_polars().columns == table.schema.names
    assert pa.RecordBatchReader.from_stream(collected).read_all() == table
    narrow = pa.schema([field.with_type(pa.string_view()) if field.name == "id" else field for field in table.schema])
    assert pa.RecordBatchReader.from_stream(collected, schema=narrow).schema == narrow
    assert caught.value.collected.to_arrow().num_rows == 13
    assert none.to_arrow().schema == table.schema
    with pytest.raises(TypeError, match="only items become a table, not pages"):
        pages_of_them.to_arrow()


async def test_every_paginated_operation_collects() -> None:
    async with (
        Emulator({"AWS": 40}) as emulator,
        account.connect(endpoint_url=emulator.endpoint_url, **IDENTITY) as client,
    ):
        connections = await client.paginate.list_connections(catalogs="AWS", page_size=7).collect()
        invitations = await client.paginate.list_connection_invitations(catalogs="AWS", page_size=7).collect()
        partners = await client.paginate.list_partners(catalogs="AWS").collect()
    assert len(connections) == 40
    assert {type(item) for _, item in invitations} == {account.ConnectionInvitationSummary}
    assert {type(item) for _, item in partners} == {account.PartnerSummary}


async def test_filters_and_page_size_are_sent_with_every_page(server: ScriptedServer, client: account.Client) -> None:
    server.answer = pages(3, 2)
    identifiers = ["pprofile-1", "123456789012"]
    paginator = client.paginate.list_connections(
        catalogs=iter(["AWS"]), connection_type="SUBSIDIARY", other_participant_identifiers=identifiers, page_size=2
    )
    identifiers.clear()
    assert len(await paginator.collect()) == 6
    assert identifiers == []
    base = {
        "Catalog": "AWS",
        "ConnectionType": "SUBSIDIARY",
        "OtherParticipantIdentifiers": ["pprofile-1", "123456789012"],
        "MaxResults": 2,
    }
    assert [received.body for received in server.received] == [
        base,
        base | {"NextToken": "1"},
        base | {"NextToken": "2"},
    ]


async def test_pages_and_raw_items(server: ScriptedServer, client: account.Client) -> None:
    odd = b'{"Catalog":"AWS",\r\n "Future":[1.10, 1E5, 123456789012345678901234567890, "\\u00e4\xc3\xa4\\n"]}'
    server.replies(Reply(b'{"ConnectionSummaries": [' + odd + b', {}],\n\n"NextToken": null}'))
    paginator = client.paginate.list_connections(catalogs="AWS")
    async with paginator.raw() as stream:
        raw = [item async for item in stream]
    assert raw == [("AWS", odd.replace(b"\r\n", b"  ")), ("AWS", b"{}")]
    assert json.loads(raw[0][1]) == json.loads(odd)
    server.answer = pages(2, 3)
    async with paginator.pages() as pages_stream:
        counts = [(catalog, len(page.connection_summaries)) async for catalog, page in pages_stream]
    assert counts == [("AWS", 3), ("AWS", 3)]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"[]", "ListConnections: $: expected object, got array (request id request-3)"),
        (b"{}", "ListConnections: $.ConnectionSummaries: required member is missing (request id request-1)"),
        (b'{"ConnectionSummaries": null}', "$.ConnectionSummaries: required member is missing"),
        (b'{"ConnectionSummaries": {}}', "$.ConnectionSummaries: expected array, got object"),
        (b'{"ConnectionSummaries": [], "NextToken": 5}', "$.NextToken: expected string, got number"),
        (b'{"ConnectionSummaries": [', "$: not JSON"),
        (b'{"ConnectionSummaries": [{"Name": "\xff"}]}', "$: not JSON"),
        *(
            ('{"ConnectionSummaries": []}'.encode(other), "$: not JSON")
            for other in ("utf-16", "utf-16-le", "utf-8-sig")
        ),
    ],
)
async def test_a_malformed_page_is_a_decode_error_raw_and_typed(
    body: bytes, problem: str, server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply(body))
    paginator = client.paginate.list_connections(catalogs="AWS")
    with pytest.raises(DecodeError) as typed:
        await paginator.collect()
    assert problem.partition(" (")[0] in str(typed.value)
    server.received.clear()
    with pytest.raises(DecodeError) as raw:
        async with paginator.raw() as stream:
            [item async for item in stream]
    assert problem in str(raw.value)


async def test_what_only_the_standard_library_reads_is_still_raw_and_typed(
    server: ScriptedServer, client: account.Client
) -> None:
    first = json.dumps(connection("AWS", 1, Name="\ud800")).encode()
    second = b'{ "Score" : 0.12345678901234567890,"Dup":1,\n "Dup":2, "B":"]},{[" }'
    body = b' {"X":[1,{"y":"]"}] ,\n"ConnectionSummaries" : [ %b ,%b ],"NextToken":null } ' % (first, second)
    server.replies(Reply(body))
    paginator = client.paginate.list_connections(catalogs="AWS")
    async with paginator.raw() as stream:
        assert [text async for _, text in stream] == [first, second.replace(b"\n", b" ")]
    server.replies(Reply(b'{"ConnectionSummaries": [%b]}' % first))
    ((_, typed),) = await paginator.collect()
    assert typed.id == connection("AWS", 1)["Id"]


async def test_a_token_cycle_ends_the_catalog(server: ScriptedServer, client: account.Client) -> None:
    following = {None: "a", "a": "b", "b": "c", "c": "a"}
    server.answer = lambda received: Reply(
        {"ConnectionSummaries": [connection("AWS", 1)], "NextToken": following[received.body.get("NextToken")]}
    )
    with pytest.raises(
        PaginationError, match="catalog AWS: page 4 returned a page token that was already used"
    ) as caught:
        await client.paginate.list_connections(catalogs="AWS").collect()
    assert (caught.value.source, caught.value.pages) == ("catalog AWS", 4)


async def test_error_policies_over_the_network() -> None:
    async with (
        Emulator({"AWS": 250, "Sandbox": 130}, denied_catalogs=["Sandbox"]) as emulator,
        account.connect(endpoint_url=emulator.endpoint_url, **IDENTITY) as client,
    ):
        catalogs = ["AWS", "Sandbox"]
        with pytest.raises(account.AccessDeniedException) as denied:
            await client.paginate.list_connections(catalogs=catalogs, page_size=10, on_error="raise").collect()
        assert "Sandbox" in "".join(denied.value.__notes__)
        got = []
        with pytest.raises(SourcesFailedError) as failed:  # noqa: PT012 - what came before the failure counts
            async with client.paginate.list_connections(catalogs=catalogs) as stream:
                async for pair in stream:
                    got.append(pair)  # noqa: PERF401 - see above
        assert len(got) == 250
        assert list(failed.value.failures) == ["Sandbox"]
        with pytest.raises(ExceptionGroup) as group:
            await client.paginate.list_connections(catalogs=catalogs, on_error="finish").collect()
        assert isinstance(group.value, SourcesFailedError)
        assert group.value.report is not None
        assert {name: state.items for name, state in group.value.report.sources.items()} == {"AWS": 250, "Sandbox": 0}
        assert list(group.value.report.failures.items()) == list(group.value.failures.items())
        again = pickle.loads(pickle.dumps(group.value))
        assert (str(again), again.collected) == (str(group.value), group.value.collected)
        assert str(again.report) == str(group.value.report)
        assert [item.catalog for _, item in group.value.collected if isinstance(item, account.ConnectionSummary)] == [
            "AWS"
        ] * 250
        collected = await client.paginate.list_connections(catalogs=catalogs, on_error="report").collect()
        assert len(collected) == 250
        assert list(collected.report.failures) == ["Sandbox"]
        assert group.group_contains(account.AccessDeniedException)
        async with client.paginate.list_connections(catalogs=catalogs, on_error="report") as stream:
            got = [pair async for pair in stream]
        assert len(got) == 250
        assert not stream.report.complete
        sandbox = stream.report.sources["Sandbox"]
        assert sandbox.outcome is Outcome.FAILED
        assert isinstance(sandbox.error, account.AccessDeniedException)


async def test_retries_are_reported(server: ScriptedServer, client: account.Client) -> None:
    server.replies(
        Reply({"__type": "ThrottlingException", "Message": "slow"}, status=400),
        Reply({"ConnectionSummaries": [], "NextToken": "1"}),
        Reply({"ConnectionSummaries": []}),
    )
    async with client.paginate.list_connections(catalogs="AWS") as stream:
        assert [pair async for pair in stream] == []
    assert (stream.report.retries, stream.report.pages) == (1, 2)


async def test_leaving_early_closes_connections_and_tasks(server: ScriptedServer) -> None:
    quick = pages(100, 10)
    server.answer = lambda r: quick(r) if r.body["Catalog"] == "A" else Reply({"ConnectionSummaries": []}, delay=60)
    async with account.connect(endpoint_url=server.url, **IDENTITY) as client:
        before = len(anyio.get_running_tasks())
        async with client.paginate.list_connections(catalogs=["A", "B", "C"]) as stream:
            async for _ in stream:
                break
        assert len(anyio.get_running_tasks()) == before
        report = stream.report
        assert {c.outcome for c in report.sources.values()} == {Outcome.CANCELLED}
        assert report.items == 1
        with anyio.fail_after(GUARD):
            while server.disconnected < 2:
                await anyio.sleep(0.01)
        with anyio.move_on_after(0.1) as scope:
            await client.paginate.list_connections(catalogs=["B", "C"]).collect()
        assert scope.cancelled_caught
        assert len(anyio.get_running_tasks()) == before
    gc.collect()


@pytest.mark.parametrize("anyio_backend", [TRIO])
async def test_the_httpx_backend_collects_on_trio(server: ScriptedServer) -> None:
    server.answer = pages(3, 5)
    config = AioConfig(http_session_cls=HttpxSession)
    async with account.connect(endpoint_url=server.url, config=config) as client:
        pairs = await client.paginate.list_connections(catalogs=["AWS", "Sandbox"]).collect()
        server.replies(Reply(b"{}"))
        with pytest.raises(DecodeError):
            await client.list_connections(catalog="AWS")
    assert len(pairs) == 30


async def test_items_of_one_catalog_need_no_block() -> None:
    async with (
        Emulator({"AWS": 45}) as emulator,
        account.connect(endpoint_url=emulator.endpoint_url, **IDENTITY) as client,
    ):
        paginator = client.paginate.list_connections(catalog="AWS", page_size=20)
        seen = [item.id async for item in paginator]
        assert len(set(seen)) == 45
        asked = len(emulator.requests)
        async for item in paginator:
            assert item.id == seen[0]
            break
        with anyio.fail_after(GUARD):
            while [task for task in anyio.get_running_tasks() if task.name == "prefetch"]:
                await anyio.sleep(0.01)
        await anyio.sleep(0.05)
        assert len(emulator.requests) - asked <= 2


async def test_a_client_may_be_closed_while_a_page_is_fetched_ahead() -> None:
    async with Emulator({"AWS": 45}, latency=0.1) as emulator:
        async with account.connect(endpoint_url=emulator.endpoint_url, **IDENTITY) as client:
            items = aiter(client.paginate.list_connections(catalog="AWS", page_size=20))
            await anext(items)
        with anyio.fail_after(GUARD):
            while [task for task in anyio.get_running_tasks() if task.name == "prefetch"]:
                await anyio.sleep(0.01)
        with pytest.raises(Exception, match=r".") as failed:  # noqa: PT012 - those of the first page come before
            while True:
                await anext(items)
        assert not isinstance(failed.value, StopAsyncIteration)
        await items.aclose()


def test_catalogs_are_named_once() -> None:
    paginate = account.client.Paginate(object())  # type: ignore[arg-type] # no request is made
    with pytest.raises(TypeError, match=r"list_connections\(\) takes catalog or catalogs, not both"):
        paginate.list_connections(catalog="AWS", catalogs=["AWS"])  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"list_connections\(\) has no option page_sise; did you mean page_size\?"):
        paginate.list_connections(catalog="AWS", page_sise=3)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"list_connections\(\) has no option catalogue; did you mean catalogs?\?"):
        paginate.list_connections(catalogue="AWS")  # type: ignore[call-overload]
    with pytest.raises(
        TypeError, match=r"list_connections\(\) has no option where; the options are catalog, catalogs, "
    ):
        paginate.list_connections(where="AWS")  # type: ignore[call-overload]
