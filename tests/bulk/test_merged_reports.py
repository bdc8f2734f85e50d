"""Reports of several runs become one report, and an Arrow table."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import pyarrow.parquet as pq
import pytest

from aiopartnercentral import MalformedItem, Report, SkippedParent, SkippedParents, account, selling
from aiopartnercentral._pagination.report import Cursor, EarlierRun, Outcome, SourceReport
from aiopartnercentral._utils.text import json_time
from aiopartnercentral.bulk import Collection, Origin, Source, by_account, load_report
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.sinks import open_sink
from aiopartnercentral.sinks.base import EarlierFile
from tests.support.bulk_sources import FAST, of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

START = datetime(2026, 11, 29, 2, tzinfo=UTC)


def origin(label: str) -> Origin:
    source = Source("AWS", label=label, account="a")
    return Origin(source=source, service="partnercentral-account", listing="mine", operation="ListConnections")


def report(*labels: str, **changes: Any) -> Report[Origin]:
    made: Report[Origin] = Report(
        sources={origin(label): SourceReport(outcome=Outcome.COMPLETE, items=2, pages=1) for label in labels},
        elapsed=10.0,
        run_id="run-" + labels[0],
        started_at=START,
        versions={"aiopartnercentral": "1"},
    )
    return attrs.evolve(made, **changes)


def plain(value: Any) -> Any:
    """Return a value of an Arrow table as the JSON of a report has it."""
    if isinstance(value, datetime):
        return json_time(value)
    if isinstance(value, list):
        return dict(value) if value and isinstance(value[0], tuple) else [plain(each) for each in value]
    return {name: plain(each) for name, each in value.items()} if isinstance(value, dict) else value


def test_a_row_has_what_the_json_of_a_source_has() -> None:
    error = account.AccessDeniedException({"Error": {"Code": "AccessDeniedException", "Message": "s3cret"}}, "X")
    parent = SkippedParent(parent={"identifier": "eng-1"}, reason="gone", vanished=True, request_id="r")
    full = SourceReport(
        outcome=Outcome.FAILED,
        pages=3,
        items=2**40,
        malformed=(MalformedItem(raw=b"s3cret", path="$.a", reason="why", request_id=None),),
        skipped_parents=SkippedParents(skipped=1, vanished=1, first=(parent,)),
        retries=4,
        throttled=5,
        started_at=START,
        finished_at=START + timedelta(seconds=1, milliseconds=1),
        resumed=True,
        resumed_items=1,
        resumed_pages=1,
        restarted=True,
        elapsed=1.5,
        error=error,
        next_token="s3cret",
        since=START,
        earlier_cursor=Cursor(time=START, parameters={"page_size": "digest"}, seen=frozenset([b"12345678"])),
    )
    whole = report("a", sources={origin("a"): full, origin("b"): SourceReport()})
    table = whole.to_arrow()
    assert table.schema == Report.arrow_schema()
    assert [plain(row) for row in table.to_pylist()] == [
        {"run_id": whole.run_id, **source} for source in whole.as_json()["sources"]
    ]
    assert "s3cret" not in str(table.to_pylist())
    assert report("a", sources={}).to_arrow().schema == Report.arrow_schema()


async def test_the_report_of_catalogs_has_the_same_schema() -> None:
    keys: dict[str, Any] = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
    async with (
        Emulator({"AWS": 3}) as emulator,
        account.connect(endpoint_url=emulator.endpoint_url, **keys) as client,
        client.paginate.list_connections(catalogs=["AWS"]) as stream,
    ):
        _ = [entry async for entry in stream]
    table = stream.report.to_arrow()
    assert table.schema == Report.arrow_schema()
    assert table.select(["catalog", "label", "items"]).to_pylist() == [{"catalog": "AWS", "label": None, "items": 3}]


def test_a_merged_report_spans_all_runs() -> None:
    first = report("a", "b", output_written=True, resumes=EarlierRun(run_id="older", started_at=START))
    earlier = EarlierRun(run_id="oldest", started_at=START - timedelta(hours=2))
    file = EarlierFile("x", START)
    second = report(
        "c",
        started_at=START - timedelta(hours=1),
        resumes=earlier,
        versions={"aiopartnercentral": "2", "m": "1"},
        earlier_files=(file,),
    )
    merged = Report.merge(first, second)
    assert [each.label for each in merged.sources] == ["a", "b", "c"]
    assert (merged.items, merged.pages, merged.complete) == (6, 3, True)
    assert (merged.started_at, merged.finished_at) == (second.started_at, first.finished_at)
    assert merged.run_id == "run-a+run-c"
    assert merged.resumes == earlier
    assert merged.versions == {"aiopartnercentral": "1, 2", "m": "1"}
    assert merged.output_written is True
    assert merged.earlier_files == (file,)
    assert Report.merge(first) == first
    assert Report.merge(second, first).as_json()["items"] == merged.items


def test_a_report_merges_with_others_as_the_class_merges_them() -> None:
    failed = SourceReport(outcome=Outcome.FAILED)
    others = [
        report("c", sources={origin("c"): failed}, versions={"m": "1"}),
        report("d", versions={"m": "2"}),
        report("e", versions={"m": "1"}),
    ]
    total = first = report("a", "b")
    for each in others:
        total = total.merge(each)
    assert [each.label for each in total.sources] == list("abcde")
    assert not total.complete
    assert (total.run_id, total.versions["m"]) == ("run-a+run-c+run-d+run-e", "1, 2")
    assert total == Report.merge(first, *others)
    assert total.merge() == total
    with pytest.raises(ValueError, match=r"^reports\[0\] and reports\[1\] both have the source a mine$"):
        total.merge(report("a"))


@pytest.mark.parametrize(
    ("written", "expected"), [((None, None), None), ((True, None), True), ((True, False), False), ((True, True), True)]
)
def test_the_output_is_written_if_each_run_has_written_its_own(written, expected) -> None:
    runs = [report(label, output_written=each) for label, each in zip("ab", written, strict=True)]
    assert Report.merge(*runs).output_written is expected


def test_reports_of_the_same_source_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^reports\[0\] and reports\[2\] both have the source b mine$"):
        Report.merge(report("a", "b"), report("c"), report("b"))
    with pytest.raises(ValueError, match=r"^reports\[1\] has the source b mine twice$"):
        Report.merge(report("a"), report("b", "b"))
    with pytest.raises(ValueError, match="at least one report"):
        Report.merge()


@pytest.mark.parametrize("wrong", [[report("b")], None, {}])
def test_only_reports_are_merged(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"reports\[1\] must be a Report, not .*: call merge\(\*reports\)"):
        Report.merge(report("a"), wrong)


async def test_partitions_make_one_report_from_which_the_next_night_continues(tmp_path: Path) -> None:
    listing = selling.listings.list_opportunities()
    async with Emulator({"AWS": 4}) as emulator:
        sources = [of(emulator, label) for label in "abc"]
        reports = []
        for number, group in enumerate(by_account(sources, 2)):
            whole = Collection(listing, group, limits=FAST)
            reports.append(await whole.into(open_sink(tmp_path / f"{number}.ndjson")))
        merged = Report.merge(*reports)
        assert sorted(each.label for each in merged.sources) == list("abc")
        path = tmp_path / "report.json"
        path.write_text(json.dumps(merged.as_json()))
        assert load_report(path).as_json()["run_id"] == merged.run_id
        again = await Collection(listing, sources, limits=FAST, since=path).collect()
    assert again == []
    assert all(state.since is not None for state in again.report.sources.values())
    assert merged.to_arrow().num_rows == 3


def test_a_file_keeps_the_schema(tmp_path: Path) -> None:
    pq.write_table(report("a").to_arrow(), tmp_path / "a.parquet")
    assert pq.read_schema(tmp_path / "a.parquet").equals(Report.arrow_schema())
