"""What changes between two runs, or during one, is in the next incremental run."""

from __future__ import annotations

import json
import pickle
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from aiopartnercentral import account, revenue, selling
from aiopartnercentral.bulk import Collection, Limits, Source, load_report
from aiopartnercentral.errors import CheckpointError
from aiopartnercentral.sinks import open_sink
from tests.support.changing_service import ChangingService
from tests.support.servers import scripted_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("aws_environment")]

FAST = Limits(rate=10_000, backoff=0.001)
LISTING = selling.listings.list_opportunities()
HOUR = timedelta(hours=1)


@attrs.define
class Job:
    """A collection that is run again and again, each time with the report of the time before."""

    service: ChangingService
    url: str
    catalogs: tuple[str, ...] = ("AWS", "Sandbox")
    listings: Any = LISTING
    options: dict[str, Any] = attrs.field(factory=lambda: {"on_error": "report"})
    report: Any = None

    def collection(self, **changed: Any) -> Collection[Any]:
        sources = [Source(name, endpoint_url=self.url, region_name="us-east-1") for name in self.catalogs]
        options = {"since": self.report, "limits": FAST, **self.options, **changed}
        return Collection(self.listings, sources, **options)

    async def run(self, **changed: Any) -> list[str]:
        """Collect, keep the report, and return what came: such as `AWS O1 2` for the second revision of O1."""
        collected = await self.collection(**changed).collect()
        self.report = collected.report
        self.service.now += HOUR
        return sorted(f"{origin.catalog} {item.id} {_revision(item)}".rstrip() for origin, item in collected)

    def since(self, catalog: str, report: Any = None) -> datetime | None:
        """Return when the report says that a catalog was collected from."""
        found = self.report if report is None else report
        return next(state.since for origin, state in found.sources.items() if origin.catalog == catalog)

    def cursor(self, catalog: str) -> datetime:
        return next(self.report.cursor(origin).time for origin in self.report.sources if origin.catalog == catalog)


def _revision(item: Any) -> str:
    return getattr(item, "partner_opportunity_identifier", "").removeprefix("revision ")


@pytest.fixture
def job() -> Iterator[Job]:
    service = ChangingService()
    for number in range(8):
        service.change("AWS", f"O{number}")
    service.change("Sandbox", "S0")
    service.now += HOUR
    with scripted_server() as server:
        server.answer = service
        yield Job(service, server.url)


async def test_only_what_has_changed_comes_again(job: Job) -> None:
    assert len(await job.run()) == 9
    assert job.since("AWS") is None
    assert await job.run() == []
    job.service.change("AWS", "O3")
    job.service.change("AWS", "O9")
    assert await job.run() == ["AWS O3 2", "AWS O9 1"]
    assert await job.run() == []
    job.service.change("Sandbox", "S0")
    assert await job.run() == ["Sandbox S0 2"]


async def test_a_report_says_since_when_in_text_and_json(job: Job) -> None:
    await job.run()
    assert "since" not in str(job.report)
    cursor = job.cursor("AWS")
    job.catalogs = (*job.catalogs, "New")
    await job.run()
    since = cursor - timedelta(minutes=5, seconds=1)
    assert job.since("AWS") == since
    assert job.since("New") is None
    entries = {entry["catalog"]: entry["since"] for entry in job.report.as_json()["sources"]}
    assert entries["AWS"] == f"{since:%Y-%m-%dT%H:%M:%S}.000Z"
    assert entries["New"] is None
    lines = {line.split()[0]: line for line in str(job.report).splitlines()[:-1]}
    assert f"{since:%Y-%m-%d %H:%M:%S} UTC" in lines["AWS"]
    assert "whole" in lines["New"]


@pytest.mark.parametrize("skew", [-3 * HOUR, timedelta(), 3 * HOUR])
async def test_what_changes_while_it_is_listed_is_in_the_next_run(job: Job, skew: timedelta) -> None:
    job.service.now += skew  # this machine's clock is wrong by so much
    job.service.items.clear()
    for number in range(8):
        job.service.change("AWS", f"O{number}")
    pages = 0

    def change(_: str) -> None:
        nonlocal pages
        pages += 1
        if pages == 2:  # O0 was on the first page, and is not listed again
            job.service.change("AWS", "O0")
            job.service.change("AWS", "O7")

    job.catalogs, job.service.on_request, job.service.step = ("AWS",), change, timedelta(minutes=1)
    job.options["overlap"] = timedelta()
    assert {"AWS O0 1", "AWS O7 2"} < set(await job.run())
    assert await job.run() == ["AWS O0 2"]
    assert await job.run() == []


async def test_a_change_that_shows_late_is_in_the_overlap(job: Job) -> None:
    await job.run()
    job.service.delay = timedelta(minutes=4)
    job.service.change("AWS", "O3")
    assert await job.run() == []
    assert await job.run() == ["AWS O3 2"]
    assert await job.run(overlap=timedelta()) == []
    job.service.change("AWS", "O4")
    job.service.now += timedelta(seconds=10)
    assert await job.run(overlap=timedelta()) == []
    assert await job.run(overlap=timedelta()) == []  # what `overlap` is for


async def test_a_second_revision_in_the_overlap_comes_too(job: Job) -> None:
    await job.run()
    job.service.change("AWS", "O3")
    job.service.now += timedelta(seconds=1)
    assert await job.run() == ["AWS O3 2"]
    job.service.now -= HOUR
    job.service.change("AWS", "O3")
    assert await job.run() == ["AWS O3 3"]
    assert await job.run() == []


async def test_one_time_can_have_two_revisions(job: Job) -> None:
    await job.run()
    job.service.change("AWS", "O3")
    time = job.service.now
    assert await job.run() == ["AWS O3 2"]
    after, job.service.now = job.service.now, time
    job.service.change("AWS", "O3")
    job.service.now = after
    assert await job.run() == ["AWS O3 3"]


@pytest.mark.parametrize(
    "options", [{"on_error": "report"}, {"on_error": "report", "ignore_errors": ["AccessDeniedException"]}]
)
async def test_a_source_that_was_denied_starts_where_it_was(job: Job, options: dict[str, Any]) -> None:
    job.options = options
    job.service.denied = {"Sandbox"}
    assert len(await job.run()) == 8
    job.service.denied = set()
    assert await job.run() == ["Sandbox S0 1"]
    assert job.since("Sandbox") is None
    job.service.denied = {"Sandbox", "AWS"}
    job.service.change("Sandbox", "S0")
    before = job.cursor("Sandbox")
    assert await job.run() == []
    assert job.cursor("Sandbox") == before
    job.service.denied = set()
    assert await job.run() == ["Sandbox S0 2"]


async def test_a_source_that_failed_halfway_gives_all_of_it_again(job: Job) -> None:
    job.service.failing = {"AWS"}
    assert len(await job.run()) == 4
    job.service.failing = set()
    assert len(await job.run()) == 8
    assert job.since("AWS") is None
    assert await job.run() == []


async def test_a_limited_source_does_not_advance(job: Job) -> None:
    await job.run()
    for number in range(4):
        job.service.change("AWS", f"O{number}")
    job.listings = selling.listings.list_opportunities(max_items=2)
    assert await job.run() == ["AWS O0 2", "AWS O1 2"]
    job.listings = LISTING
    assert await job.run() == ["AWS O0 2", "AWS O1 2", "AWS O2 2", "AWS O3 2"]


async def test_without_the_time_of_the_service_it_does_not_advance(job: Job) -> None:
    job.service.sends_date = False
    assert len(await job.run()) == 9
    assert len(await job.run()) == 9
    job.service.sends_date = True
    assert len(await job.run()) == 9
    assert await job.run() == []


async def test_a_page_of_which_the_consumer_did_not_want_all_does_not_count(job: Job) -> None:
    await job.run()
    job.service.change("AWS", "O1")
    stream = await _break(job.collection())
    job.report = stream.report
    assert await job.run() == ["AWS O1 2"]


async def _break(collection: Collection[Any]) -> Any:
    with suppress(ZeroDivisionError):
        async with collection as stream:
            async for _ in stream:
                raise ZeroDivisionError
    return stream


async def test_a_time_takes_the_overlap_too(job: Job) -> None:
    await job.run()
    job.report = (datetime.now(UTC) - timedelta(days=2)).astimezone()
    asked = len(job.service.asked)
    since = job.report
    await job.run(overlap=timedelta(minutes=1))
    sent = since.astimezone(UTC).replace(microsecond=0) - timedelta(minutes=1, seconds=1)
    assert {after for _, after in job.service.asked[asked:]} == {sent} == {job.since("AWS")}
    assert await job.run() == []  # such a run has a report like any other


@pytest.mark.parametrize("form", ["object", "pickle", "file", "path"])
async def test_the_report_may_be_given_as(job: Job, tmp_path: Path, form: str) -> None:
    await job.run()
    path = tmp_path / "report.json"
    path.write_text(json.dumps(job.report.as_json()))
    forms = {"object": job.report, "pickle": pickle.loads(pickle.dumps(job.report)), "file": str(path), "path": path}
    job.report = forms[form]
    job.service.change("AWS", "O3")
    assert await job.run() == ["AWS O3 2"]


async def test_a_report_that_is_read_is_the_report_that_was_written(job: Job, tmp_path: Path) -> None:
    job.service.denied = {"Sandbox"}
    await job.run()
    await job.run()
    path = tmp_path / "report.json"
    path.write_text(json.dumps(job.report.as_json()))
    told, written = load_report(path).as_json(), job.report.as_json()
    for each in (told, written):
        each["sources"][1]["error"].pop("type")
        each.pop("finished_at")  # is computed, to a thousandth of a second
    assert told == written
    assert "O1" not in path.read_text()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not a report of a collection: Input data was truncated"),
        ("[1]", "is not a report of a collection: Expected `object`"),
        ('{"complete": true}', "is not a report of a collection: Object missing required field `format`"),
        ('{"format": "other", "version": 1}', "is not a report: its format is not 'aiopartnercentral report'"),
        ('{"format": "aiopartnercentral report", "version": 9}', "has version 9, not 1"),
        ('{"format": "aiopartnercentral report", "version": 1}', "missing required field `run_id`"),
    ],
)
async def test_another_file_is_refused_by_its_name(job: Job, tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=complaint) as caught:
        job.collection(since=path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("since", "error"), [("yesterday", FileNotFoundError), ("2026-11-29", FileNotFoundError), (".", IsADirectoryError)]
)
async def test_what_cannot_be_read_is_refused_with_what_is_allowed(job: Job, since: str, error: type[OSError]) -> None:
    with pytest.raises(error, match="since must be a datetime, a report or the path of its file, which ") as caught:
        job.collection(since=since)
    assert caught.value.filename == since


@pytest.mark.parametrize(
    ("since", "error", "complaint"),
    [
        ("", ValueError, "^since must not be empty$"),
        ("a\0b", ValueError, "^since must not contain null characters$"),
        (5, TypeError, "^since must be a datetime, a report or the path of its file, not an integer$"),
        (b"report.json", TypeError, "^since must be a datetime, a report or the path of its file, not bytes$"),
    ],
)
async def test_what_is_not_a_file_is_refused(job: Job, since: Any, error, complaint: str) -> None:
    with pytest.raises(error, match=complaint):
        job.collection(since=since)
    with pytest.raises(
        error, match=complaint.replace("since", "path").replace("datetime, a report or the path of its file", "path")
    ):
        load_report(since)


async def test_a_report_that_has_a_source_twice_is_refused(job: Job, tmp_path: Path) -> None:
    await job.run()
    told = job.report.as_json()
    told["sources"].append(told["sources"][1])
    path = tmp_path / "report.json"
    path.write_text(json.dumps(told))
    with pytest.raises(ValueError, match=r"report\.json is not a report of a collection: it has the source .* twice"):
        job.collection(since=path)


async def test_damaged_fingerprints_are_refused(job: Job, tmp_path: Path) -> None:
    await job.run()
    told = job.report.as_json()
    for seen in ("AAAA", "?"):
        told["sources"][0]["cursor"]["seen"] = seen
        path = tmp_path / "report.json"
        path.write_text(json.dumps(told))
        with pytest.raises(ValueError, match=r"cursor\.seen"):
            job.collection(since=path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"cursor": {"time": "2026-11-20T00:00:00"}}, r"timezone component - at `\$\.sources\[0\]\.cursor\.time`"),
        (
            {"cursor": {"time": "9999-12-31T23:59:59-12:00"}},
            "cursor.time is outside of the calendar - at the source 'AWS'",
        ),
        (
            {"cursor": {"time": "0001-01-01T00:00:00+12:00"}},
            "cursor.time is outside of the calendar - at the source 'AWS'",
        ),
        ({"since": "2026-11-20T00:00:00"}, r"timezone component - at `\$\.sources\[0\]\.since`"),
        ({"started_at": "2026-11-20T00:00:00"}, r"timezone component - at `\$\.sources\[0\]\.started_at`"),
        ({"label": ""}, "label"),
        ({"catalog": ""}, "catalog"),
    ],
)
async def test_an_edited_report_is_refused_by_its_name(
    job: Job, tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    await job.run()
    told, path = job.report.as_json(), tmp_path / "edited.json"
    source = told["sources"][0]
    told["sources"][0] = {**source, **change, "cursor": {**source["cursor"], **change.get("cursor", {})}}
    path.write_text(json.dumps(told))
    with pytest.raises(ValueError, match=complaint) as caught:
        job.collection(since=path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("ahead", [timedelta(minutes=30), 20 * HOUR, timedelta(days=3650)])
async def test_a_wrong_time_of_the_service_loses_nothing(job: Job, ahead: timedelta) -> None:
    job.service.now = datetime.now(UTC)
    job.service.dates_wrong = ahead
    await job.run()
    job.service.now -= HOUR  # only minutes have passed
    job.service.change("AWS", "O3")
    job.service.now += 20 * HOUR
    job.service.dates_wrong = timedelta()
    assert await job.run() == ["AWS O3 2"]
    assert await job.run() == []


@pytest.mark.parametrize("with_checkpoint", [False, True])
async def test_a_cursor_in_the_future_collects_the_source_as_a_whole(
    job: Job,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    with_checkpoint: bool,  # noqa: FBT001 - a case
) -> None:
    await job.run()
    told, path = job.report.as_json(), tmp_path / "edited.json"
    told["sources"][0]["cursor"].update(time="2136-11-20T00:00:00Z", seen="")
    path.write_text(json.dumps(told))
    job.report = path
    if with_checkpoint:
        job.options["checkpoint"] = tmp_path / "run.checkpoint"
        job.service.failing = {"AWS"}
        assert len(await job.run()) == 3
        job.report, job.service.failing = path, set()
        assert len(await job.run()) == 5
    else:
        assert len(await job.run()) == 8
    assert job.since("AWS") is None
    assert job.since("Sandbox") is not None
    reasons = [line for line in caplog.messages if "lies in the future" in line]
    assert len(reasons) == 1
    assert "AWS" in reasons[0]
    job.service.change("AWS", "O3")
    assert await job.run() == ["AWS O3 2"]


async def test_another_filter_is_another_question(job: Job) -> None:
    await job.run()
    job.listings = selling.listings.list_opportunities(page_size=50, max_items=1000)
    await job.run()  # neither changes what there is
    job.listings = selling.listings.list_opportunities(life_cycle_stage=["Launched"])
    with pytest.raises(ValueError, match="another ListOpportunities: it differs in LifeCycleStage"):
        job.collection()
    job.listings = {"ListOpportunities": selling.listings.search_opportunities()}
    with pytest.raises(ValueError, match="differs in operation"):
        job.collection()


@pytest.mark.parametrize(
    "listing",
    [
        selling.listings.list_opportunities(
            last_modified_date=selling.LastModifiedDate(before_last_modified_date=datetime.now(UTC))
        ),
        selling.listings.search_opportunities(
            filter=selling.OpportunitySearchFilter(
                not_filter=selling.OpportunitySearchFilter(
                    less_than=selling.OpportunitySearchPredicate(
                        key="LastModifiedDate",
                        value=selling.OpportunitySearchFilterValueDateValue(datetime.now(UTC)),
                    )
                )
            )
        ),
    ],
)
async def test_a_filter_by_the_same_time_is_refused(job: Job, listing: Any) -> None:
    job.listings = listing
    with pytest.raises(ValueError, match=r"its filter by .* is set, which since sets itself"):
        job.collection(since=datetime.now(UTC))


async def test_a_search_keeps_its_own_filter(job: Job) -> None:
    stage = selling.OpportunitySearchFilter(
        equals_to=selling.OpportunitySearchPredicate(
            key="Stage", value=selling.OpportunitySearchFilterValueStringValue("Launched")
        )
    )
    for given in (None, stage):
        job.listings = selling.listings.search_opportunities(**({} if given is None else {"filter": given}))
        job.report = None
        assert len(await job.run()) == 9
        job.service.change("AWS", "O3")
        assert await job.run() == [f"AWS O3 {2 if given is None else 3}"]
        assert await job.run() == []


async def test_listings_that_cannot_be_filtered_are_named(job: Job) -> None:
    job.listings = [
        selling.listings.list_opportunities(),
        account.listings.list_partners(),
        revenue.listings.list_revenue_attributions(),
    ]
    with pytest.raises(ValueError, match="since is not possible for ") as caught:
        job.collection(since=datetime.now(UTC))
    said = str(caught.value)
    assert "ListPartners: the service cannot filter it by time" in said
    assert "ListRevenueAttributions: created_after filters by creation, so changes of older items would be lost" in said
    assert "ListOpportunities" not in said


async def test_other_listings_may_be_collected_whole(job: Job) -> None:
    job.listings, job.catalogs = [LISTING, account.listings.list_partners()], ("AWS",)
    assert len(await job.run()) == 9
    job.service.change("AWS", "O3")
    assert await job.run(whole=["ListPartners"]) == ["AWS O3 2", "AWS partner-1"]
    assert [state.since is None for state in job.report.sources.values()] == [False, True]
    for whole, complaint in ((["ListOther"], "whole names 'ListOther'"), ("ListPartners", "must be names of listings")):
        with pytest.raises((ValueError, TypeError), match=complaint):
            job.collection(whole=whole)
    with pytest.raises(ValueError, match="whole needs since"):
        job.collection(since=None, whole=["ListPartners"])


def test_times_are_checked() -> None:
    collection: Any = partial(Collection, LISTING, "AWS")
    with pytest.raises(ValueError, match="since must be a datetime with a time zone"):
        collection(since=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="since must not be in the future"):
        collection(since=datetime.now(UTC) + HOUR)
    with pytest.raises(ValueError, match="overlap must be a timedelta of 0 or more"):
        collection(since=datetime.now(UTC), overlap=-HOUR)
    with pytest.raises(TypeError, match="overlap must be a timedelta"):
        collection(overlap=300)
    early = collection(since=datetime(1, 1, 1, tzinfo=UTC), overlap=timedelta(days=999_999))
    assert {state.since.year for state in early.pending.values()} == {1970}


@pytest.mark.parametrize("form", ["typed", "raw", "batches"])
async def test_every_form_of_a_stream_gives_the_same(job: Job, form: str) -> None:
    await job.run()
    job.service.change("AWS", "O3")
    await job.run()
    job.service.now -= HOUR
    job.service.change("AWS", "O4")
    collection = job.collection()
    views: dict[str, Any] = {"typed": collection, "raw": collection.raw(), "batches": collection.batches()}
    found = []
    async with views[form] as stream:
        async for _, entry in stream:
            found += (
                [json.loads(entry)["Id"]]
                if form == "raw"
                else [each.id for each in (entry if form == "batches" else [entry])]
            )
    assert found == ["O4"]
    job.report = stream.report
    assert await job.run() == []


async def test_pages_of_which_everything_is_omitted_are_not_empty(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiopartnercentral._pagination.page_iterator._MOST_EMPTY_PAGES", 2)
    job.options["overlap"] = timedelta(days=1)
    assert len(await job.run()) == 9
    assert await job.run() == []
    assert job.report.complete


async def test_into_a_file(job: Job, tmp_path: Path) -> None:
    path = tmp_path / "changes.ndjson"
    job.report = await job.collection().into(open_sink(path))
    assert len(path.read_bytes().splitlines()) == 9
    job.service.now += HOUR
    job.service.change("AWS", "O3")
    job.report = await job.collection().into(open_sink(path))
    assert [json.loads(line)["Id"] for line in path.read_bytes().splitlines()] == ["O3"]


async def test_a_file_that_was_not_written_does_not_count(job: Job, tmp_path: Path) -> None:
    await job.run()
    job.service.change("AWS", "O3")
    job.service.failing, job.service.denied = {"AWS"}, {"Sandbox"}
    for number in range(5):
        job.service.change("AWS", f"P{number}")
    report = await job.collection().into(open_sink(tmp_path / "changes.ndjson"))
    assert report.output_written is False
    job.service.failing, job.service.denied, job.report = set(), set(), report
    assert await job.run() == ["AWS O3 2", *(f"AWS P{number} 1" for number in range(5))]


async def test_a_resumed_run_has_the_same_since(job: Job, tmp_path: Path) -> None:
    path, output = tmp_path / "run.checkpoint", tmp_path / "changes.ndjson"
    await job.run()
    first = job.report
    for number in range(6):
        job.service.change("AWS", f"O{number}")
    job.service.change("Sandbox", "S0")
    job.service.failing = {"AWS"}
    failed = await job.collection(checkpoint=path).into(open_sink(output))
    assert failed.items == 4
    with pytest.raises(CheckpointError, match=r"AWS ListOpportunities differs in since, which was 20.* and is 20"):
        await job.collection(checkpoint=path, since=datetime.now(UTC) - 100 * HOUR).into(open_sink(output))
    with pytest.raises(CheckpointError, match=r"differs in since, which was 20.* and is none"):
        await job.collection(checkpoint=path, since=None).into(open_sink(output))
    job.service.failing = set()
    # The report of the run that is resumed is as good as the one that it began with.
    job.report = failed
    done = await job.collection(checkpoint=path).into(open_sink(output))
    assert done.complete
    assert sorted(json.loads(line)["Id"] for line in output.read_bytes().splitlines()) == [
        *(f"O{number}" for number in range(6)), "S0",
    ]  # fmt: skip
    assert [job.since(each, done) for each in job.catalogs] == [job.since(each, failed) for each in job.catalogs]
    assert not path.exists()
    job.report = done
    assert await job.run() == []
    job.report = first
    assert len(await job.run()) == 7
