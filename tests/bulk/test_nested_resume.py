"""Runs over nested listings that end early, and those that resume them, give each item once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import attrs
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from aiopartnercentral import selling
from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.bulk import Collection
from aiopartnercentral.errors import CheckpointError
from aiopartnercentral.sinks import open_sink
from tests.support.nested_service import DETAILS, FAST, MEMBERS, Partners, asked, error, serving, source, world
from tests.support.servers import Reply, ScriptedServer, scripted_server
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import Received

PROGRAM = Path(__file__).with_name("collect_nested_program.py")


def collection(server: Any, path: Path, listing: Any = MEMBERS, **options: Any) -> Collection[Any]:
    options.setdefault("limits", FAST)
    return Collection(listing, options.pop("sources", source(server)), checkpoint=path, **options)


def names(path: Path) -> list[str]:
    return [json.loads(line)["CompanyName"] for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        yield running


_PARENTS = st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=4)  # of each, the sizes of its pages


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=st.lists(_PARENTS, min_size=1, max_size=3), data=st.data())
def test_any_shape_and_any_point_of_interruption_give_each_item_once(
    server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory, pages: list[list[list[int]]], data: st.DataObject
) -> None:
    numbers = iter(range(10_000))
    partners = Partners(
        [
            [
                (f"eng-{next(numbers):014}", [[f"c{next(numbers)}" for _ in range(size)] for size in sizes])
                for sizes in page
            ]
            for page in pages
        ]
    )
    server.answer = partners.answer
    expected = [child for _, child in partners.children]
    folder = tmp_path_factory.mktemp("run")
    breaks = data.draw(st.lists(st.integers(0, len(expected) + 3), max_size=3), label="breaks")
    concurrency = data.draw(st.integers(1, 5), label="concurrency")

    async def interrupted() -> None:
        limits = attrs.evolve(FAST, concurrency=concurrency)
        found: list[str] = []
        for stop in breaks:
            async with collection(server, folder / "stream.json", limits=limits) as stream:
                async for _, item in stream:
                    found.append(item.company_name)
                    if len(found) >= stop:
                        break
        async with collection(server, folder / "stream.json", limits=limits) as stream:
            found += [item.company_name async for _, item in stream]
        # A page of which the consumer has not asked for more is handed over again.
        assert list(dict.fromkeys(found)) == expected

    anyio.run(interrupted)

    async def into_a_file() -> None:
        limits = attrs.evolve(FAST, concurrency=concurrency)
        for stop in breaks:
            left = iter(range(stop))
            server.answer = lambda received, left=left: (
                partners.reply(received) if next(left, None) is not None else error("AccessDeniedException")
            )
            report = await collection(server, folder / "file.json", limits=limits, on_error="report").into(
                open_sink(folder / "out.ndjson"), save_every=0
            )
            if report.complete:
                assert names(folder / "out.ndjson") == expected
        server.answer = partners.answer
        report = await collection(server, folder / "file.json", limits=limits).into(open_sink(folder / "out.ndjson"))
        assert report.complete
        assert report.items == len(expected)

    anyio.run(into_a_file)
    assert names(folder / "out.ndjson") == expected
    assert not (folder / "file.json").exists()


@pytest.mark.anyio
async def test_a_failed_run_resumes_at_the_parent_that_failed(tmp_path: Path) -> None:
    partners = world(4, 4, children=3)
    bad = list(partners.parents)[5]
    with serving(AWS=partners) as server:
        server.answer = lambda received: (
            error("AccessDeniedException") if received.body.get("Identifier") == bad else partners.reply(received)
        )
        first = await collection(server, tmp_path / "c.json", on_error="report").into(open_sink(tmp_path / "o.ndjson"))
        assert [state.outcome for state in first.sources.values()] == [Outcome.FAILED]
        assert first.items == 15
        server.answer, server.received[:] = partners.answer, []
        second = await collection(server, tmp_path / "c.json").into(open_sink(tmp_path / "o.ndjson"))
        assert len(asked(server, "ListEngagements")) == 1
        assert (
            sorted({json.loads(each)["Identifier"] for each in asked(server, "ListEngagementMembers")})
            == list(partners.parents)[5:]
        )
    assert second.complete
    assert second.resumed_items == 15
    assert names(tmp_path / "o.ndjson") == [child for _, child in partners.children]


@pytest.mark.anyio
@pytest.mark.parametrize("change", ["gone", "parents refused", "children refused"])
async def test_a_position_that_is_not_there_any_more_restarts_the_source(tmp_path: Path, change: str) -> None:
    partners = world(3, 3, children=4)
    bad = list(partners.parents)[4]
    refusals: list[str] = []

    def fails(received: Received) -> Reply:
        is_bad = received.body.get("Identifier") == bad and "NextToken" in received.body
        return error("AccessDeniedException") if is_bad else partners.reply(received)

    now = Partners([partners.pages[0], [parent for parent in partners.pages[1] if parent[0] != bad]])

    def refuses(received: Received) -> Reply:
        operation = "ListEngagements" if change == "parents refused" else "ListEngagementMembers"
        if "NextToken" in received.body and received.operation == operation and not refusals:
            refusals.append(operation)
            return error("ValidationException")
        return partners.reply(received)

    with serving(AWS=partners) as server:
        server.answer = fails
        await collection(server, tmp_path / "c.json", on_error="report").into(open_sink(tmp_path / "o.ndjson"))
        server.answer = now.answer if change == "gone" else refuses
        report = await collection(server, tmp_path / "c.json").into(open_sink(tmp_path / "o.ndjson"))
    (state,) = report.sources.values()
    assert state.restarted
    assert state.complete
    assert (state.items, state.resumed) == (len(names(tmp_path / "o.ndjson")), True)
    assert 0 < state.resumed_items <= state.items
    # What was written of the parent that is gone stays in the output.
    assert sorted(names(tmp_path / "o.ndjson")) == sorted(
        child for parent, child in partners.children if change != "gone" or parent != bad or child[-1] in "01"
    )


@pytest.mark.anyio
async def test_skipped_parents_are_in_the_report_of_the_run_that_resumes(tmp_path: Path) -> None:
    partners = world(3)
    gone, bad, _ = partners.parents

    def answer(received: Received) -> Reply:
        name = received.body.get("Identifier")
        codes = {gone: "ResourceNotFoundException", bad: "InternalServerException"}
        return error(codes[name]) if name in codes else partners.reply(received)

    with serving(AWS=partners) as server:
        server.answer = answer
        limits = attrs.evolve(FAST, attempts=1)
        await collection(server, tmp_path / "c.json", limits=limits, on_error="report").into(
            open_sink(tmp_path / "o.ndjson")
        )
        server.answer = partners.answer
        report = await collection(server, tmp_path / "c.json").into(open_sink(tmp_path / "o.ndjson"))
    (state,) = report.sources.values()
    assert state.skipped_parents.vanished == 1
    assert [one.parent for one in state.skipped_parents.first] == [{"identifier": gone}]


@pytest.mark.anyio
@pytest.mark.parametrize("is_refused", [False, True])
async def test_parents_without_items_are_progress(tmp_path: Path, *, is_refused: bool) -> None:
    partners = world(2, 2)
    gone = list(partners.parents)[:3]
    refusals = [error("ValidationException")] * is_refused

    def answer(received: Received) -> Reply:
        name = received.body.get("Identifier")
        code = "ResourceNotFoundException" if name in gone else "InternalServerException"
        return partners.reply(received) if name is None else error(code)

    def later(received: Received) -> Reply:
        if "NextToken" in received.body and refusals:
            return refusals.pop()
        return (
            error("ResourceNotFoundException") if received.body.get("Identifier") in gone else partners.reply(received)
        )

    with serving(AWS=partners) as server:
        server.answer = answer
        limits = attrs.evolve(FAST, attempts=1, concurrency=1)
        first = await collection(server, tmp_path / "c.json", limits=limits, on_error="report").into(
            open_sink(tmp_path / "o.ndjson")
        )
        server.answer = later
        report = await collection(server, tmp_path / "c.json").into(open_sink(tmp_path / "o.ndjson"))
    ((before,), (state,)) = (each.sources.values() for each in (first, report))
    assert (before.pages, before.skipped_parents.vanished) == (0, 3)
    assert (state.resumed, state.restarted, state.complete) == (True, is_refused, True)
    assert (state.items, state.skipped_parents.vanished) == (len(names(tmp_path / "o.ndjson")), 3)


@pytest.mark.anyio
async def test_limits_hold_across_runs(tmp_path: Path) -> None:
    partners = world(2, 2, children=5)
    listing = selling.listings.list_engagements(max_items=3).each(
        selling.listings.list_engagement_members, {"identifier": "id"}, max_items=3
    )
    with serving(AWS=partners) as server:
        for most in (2, 4, 7, 100):
            left = iter(range(most))
            server.answer = lambda received, left=left: (
                partners.reply(received) if next(left, None) is not None else error("AccessDeniedException")
            )
            limits = attrs.evolve(FAST, concurrency=1)
            options: dict[str, Any] = {"limits": limits, "on_error": "report"}
            report = await collection(server, tmp_path / "c.json", listing, **options).into(
                open_sink(tmp_path / "o.ndjson")
            )
    assert [state.outcome for state in report.sources.values()] == [Outcome.LIMITED]
    expected = [f"{name}.{number}" for name in list(partners.parents)[:3] for number in range(3)]
    assert names(tmp_path / "o.ndjson") == expected


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (selling.listings.list_engagements().each(selling.Client.get_engagement, {"identifier": "id"}), "is missing"),
        (
            selling.listings.list_engagements(page_size=7).each(
                selling.listings.list_engagement_members, {"identifier": "id"}
            ),
            "differs in parent.MaxResults",
        ),
        (
            selling.listings.list_engagements().each(selling.listings.list_engagement_members, {"identifier": "arn"}),
            "differs in members",
        ),
        (selling.listings.list_engagement_members(identifier="eng-1"), "differs in .*members, parent"),
    ],
)
async def test_a_checkpoint_of_another_nested_listing_is_refused(tmp_path: Path, other: Any, difference: str) -> None:
    with serving(AWS=world(2)) as server:
        async with collection(server, tmp_path / "c.json") as stream:
            await anext(stream)
        with pytest.raises(CheckpointError, match=difference):
            async with collection(server, tmp_path / "c.json", other):
                pytest.fail("it was resumed")


@pytest.mark.parametrize(("kind", "form"), [("members", "ndjson"), ("details", "parquet"), ("details", "ndjson")])
def test_killed_and_started_again_it_gives_every_item_once(tmp_path: Path, kind: str, form: str) -> None:
    dice, kills = random.Random(kind + form), 0
    partners = {name: attrs.evolve(world(9, 8, 7, children=5), delay=0.01) for name in ("AWS", "Sandbox")}
    with serving(**partners) as server:
        for _ in range(30):
            command = [sys.executable, str(PROGRAM), kind, str(tmp_path / "c.json"), str(tmp_path / f"o.{form}")]
            process = subprocess.Popen(
                [*command, server.url], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
            )
            assert process.stdout is not None
            with process.stdout:
                assert process.stdout.readline() == "begins\n"
                if kills < 3:
                    last = len(server.received) + dice.randrange(2, 45)  # of 54 requests or more
                    while len(server.received) < last and process.poll() is None:
                        time.sleep(0.001)
                    kills += process.poll() is None
                    process.kill()
                if process.wait(GUARD) == 0:
                    break
    assert kills >= 1
    assert not (tmp_path / "c.json").exists()
    expected = [child for _, child in partners["AWS"].children] if kind == "members" else partners["AWS"].parents
    if form == "parquet":
        table = pyarrow.parquet.read_table(tmp_path / "o.parquet")
        found = table.column("id").to_pylist()
        assert table.column("source_parent").to_pylist() == found
    else:
        rows = [json.loads(line) for line in (tmp_path / "o.ndjson").read_bytes().splitlines()]
        found = [row["item"]["CompanyName" if kind == "members" else "Id"] for row in rows]
        assert [row["parent"]["identifier"] for row in rows] == [each.partition(".")[0] for each in found]
    assert sorted(found) == sorted([*expected, *expected])


def test_details_are_resumed_by_their_item(tmp_path: Path) -> None:
    """The key of a parent in a checkpoint is a digest, as its members may be sensitive."""

    async def stopped() -> None:
        with serving(AWS=world(5)) as server:
            async with collection(server, tmp_path / "c.json", DETAILS) as stream:
                for _ in range(3):
                    await anext(stream)

    anyio.run(stopped)
    assert "eng-" not in (tmp_path / "c.json").read_text()
