"""A malformed item costs that item, and an ignored error makes a catalog a skipped one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral import account
from aiopartnercentral._pagination.page_iterator import MOST_MALFORMED
from aiopartnercentral._pagination.report import Outcome, SourcesFailedError
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import DecodeError, MalformedItemsError
from tests._client.test_paginate import IDENTITY, connection
from tests.servers import Reply

if TYPE_CHECKING:
    from tests.servers import ScriptedServer

pytestmark = pytest.mark.anyio


def without(item: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != member}


def page(*items: Any, token: str | None = None) -> bytes:
    return json.dumps({"Extra": {"a": 1}, "ConnectionSummaries": items, "NextToken": token}).encode()


async def test_malformed_items_are_left_out_and_reported_with_their_json(
    server: ScriptedServer, client: account.Client
) -> None:
    good = [connection("AWS", number) for number in range(4)]
    wrong = without(good[0], "Id") | {"OtherParticipantAccountId": "210987654321"}
    odd = connection("AWS", 7, UpdatedAt="yesterday")
    first, second = page(good[0], wrong, good[1], odd, token="next"), page(good[2], good[3])
    server.replies(Reply(first), Reply(second))
    async with client.paginate.list_connections(catalogs="AWS", on_malformed="report") as stream:
        ids = [item.id async for _, item in stream]
    state = stream.report.sources["AWS"]
    assert ids == [item["Id"] for item in good]
    assert (state.outcome, state.items, state.pages) == (Outcome.COMPLETE, 4, 2)
    assert not state.complete
    assert not stream.report.complete
    assert [json.loads(item.raw or b"") for item in state.malformed] == [wrong, odd]
    assert [item.path for item in state.malformed] == [
        "$.ConnectionSummaries[1].Id",
        "$.ConnectionSummaries[3].UpdatedAt",
    ]
    assert "210987654321" not in repr(stream.report)
    assert "2 malformed items left out" in str(stream.report)


async def test_pages_have_the_good_items_alone(server: ScriptedServer, client: account.Client) -> None:
    body = page(without(connection("AWS", 1), "Id"), connection("AWS", 2))
    server.replies(Reply(body))
    async with client.paginate.list_connections(catalogs="AWS", on_malformed="report").pages() as stream:
        ((_, only),) = [entry async for entry in stream]
    assert [item.id for item in only.connection_summaries] == [connection("AWS", 2)["Id"]]
    assert stream.report.items == 1


async def test_unless_asked_a_malformed_item_fails_its_catalog(server: ScriptedServer, client: account.Client) -> None:
    server.replies(Reply(page(without(connection("AWS", 1), "Id"))))
    with pytest.raises(DecodeError, match=r"\$.ConnectionSummaries\[0\].Id"):
        await client.paginate.list_connections(catalogs="AWS").collect()


@pytest.mark.parametrize(
    "body",
    [b"no JSON", b"[]", b"{}", b'{"ConnectionSummaries": {}}', b'{"ConnectionSummaries": [], "NextToken": 1}'],
)
async def test_what_is_wrong_with_the_page_itself_fails_its_catalog(
    body: bytes, server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply(body))
    with pytest.raises(DecodeError):
        await client.paginate.list_connections(catalogs="AWS", on_malformed="report").collect()


async def test_a_page_that_only_the_standard_library_reads_is_taken_apart_too(
    server: ScriptedServer, client: account.Client
) -> None:
    odd = page(connection("AWS", 1), without(connection("AWS", 2), "Id")).replace(b'"a": 1', b'"a": "\\ud800"')
    server.replies(Reply(odd))
    collected = await client.paginate.list_connections(catalogs="AWS", on_malformed="report").collect()
    assert (len(collected), len(collected.report.sources["AWS"].malformed)) == (1, 1)


async def test_a_service_that_has_changed_altogether_is_a_failure(
    server: ScriptedServer, client: account.Client
) -> None:
    wrong = [without(connection("AWS", number), "Id") for number in range(MOST_MALFORMED // 2 + 1)]
    server.replies(Reply(page(*wrong, token="a")), Reply(page(*wrong, token="b")), Reply(page()))
    paginator = client.paginate.list_connections(catalogs="AWS", on_malformed="report", on_error="report")
    collected = await paginator.collect()
    state = collected.report.sources["AWS"]
    assert (state.outcome, len(state.malformed), state.pages) == (Outcome.FAILED, 2 * len(wrong), 2)
    assert isinstance(state.error, MalformedItemsError)
    assert len(server.received) == 2


@pytest.mark.parametrize("on_error", ["raise", "finish", "report"])
async def test_an_ignored_error_skips_its_catalog(on_error: Any) -> None:
    async with (
        Emulator({"AWS": 3, "Sandbox": 2}, denied_catalogs=["AWS"]) as emulator,
        account.connect(endpoint_url=emulator.endpoint_url, **IDENTITY) as client,
    ):
        collected = await client.paginate.list_connections(
            catalogs=["AWS", "Sandbox"], on_error=on_error, ignore_errors={"AccessDeniedException"}
        ).collect()
    report = collected.report
    assert [report.sources[name].outcome for name in ("AWS", "Sandbox")] == [Outcome.SKIPPED, Outcome.COMPLETE]
    assert isinstance(report.sources["AWS"].error, account.AccessDeniedException)
    assert not report.failures
    assert not report.complete
    assert len(collected) == 2


async def test_other_errors_still_count() -> None:
    async with (
        Emulator({"AWS": 3, "Sandbox": 2}, denied_catalogs=["AWS"]) as emulator,
        account.connect(endpoint_url=emulator.endpoint_url, **IDENTITY) as client,
    ):
        paginator = client.paginate.list_connections(
            catalogs=["AWS", "Nowhere"], on_error="finish", ignore_errors=["AccessDeniedException"]
        )
        with pytest.raises(SourcesFailedError) as caught:
            await paginator.collect()
    assert list(caught.value.failures) == ["Nowhere"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_malformed": "drop"}, "on_malformed must be 'raise' or 'report', not 'drop'"),
        ({"on_malformed": 1}, "on_malformed must be 'raise' or 'report', not an integer"),
        ({"ignore_errors": "AccessDeniedException"}, "ignore_errors must be a collection of error codes, not a string"),
        ({"ignore_errors": [1]}, r"ignore_errors\[0\] must be a string, not an integer"),
    ],
)
async def test_a_wrong_argument_is_named(client: account.Client, options: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        client.paginate.list_connections(catalogs="AWS", **options)
