"""Spans and metrics of real collections, as OpenTelemetry's SDK gets them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from opentelemetry.trace import SpanKind, StatusCode

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Limits, Source, Telemetry, combine
from aiopartnercentral.emulator import Emulator
from tests.support.bulk_sources import FAST, of
from tests.support.connections import connection
from tests.support.servers import Reply, scripted_server
from tests.support.telemetry_recorder import Recorder

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

pytestmark = pytest.mark.anyio

LISTING = account.listings.list_connections(page_size=10)
NAME = "partnercentral-account.ListConnections"
OPERATION = {"rpc.service": "partnercentral-account", "rpc.method": "ListConnections"}
SYSTEM = {"rpc.system": "aws-api", "rpc.system.name": "aws-api"}
SECRET = "Xq7secret"


def texts(recorder: Recorder) -> str:
    return "".join(span.to_json() for span in recorder.exporter.get_finished_spans()) + repr(recorder.metrics())


def told(span: ReadableSpan) -> dict[str, Any]:
    return {key.removeprefix("aiopartnercentral."): value for key, value in (span.attributes or {}).items()}


async def test_a_run_its_sources_and_their_pages_are_spans_within_the_callers() -> None:
    recorder, seen = Recorder(), list[Any]()
    async with Emulator({"AWS": 25}) as good, Emulator({"AWS": 5}, denied_catalogs=["AWS"]) as denied:
        collection = Collection(
            LISTING,
            [of(good, "good"), of(denied, "denied")],
            limits=FAST,
            on_error="report",
            observer=combine(seen.append, recorder.telemetry()),
        )
        with recorder.tracers.get_tracer("caller").start_as_current_span("caller") as caller:
            await collection.collect()
        request_ids = {event.request_id for event in seen if hasattr(event, "page")}
    (run,), sources, pages = (
        recorder.spans(name) for name in ("aiopartnercentral.bulk.run", "aiopartnercentral.bulk.source", NAME)
    )
    parents = {span.context.span_id: span for span in [run, *sources] if span.context}
    assert run.parent == caller.get_span_context()
    assert [parents[span.parent.span_id] for span in sources if span.parent] == [run, run]
    assert len({span.context.trace_id for span in [run, *sources, *pages] if span.context}) == 1
    by_label = {told(span)["label"]: span for span in sources}
    assert [parents[span.parent.span_id] for span in pages if span.parent] == [by_label["good"]] * 3
    assert [(told(page)["page.number"], told(page)["items"], page.kind) for page in pages] == [
        (1, 10, SpanKind.CLIENT),
        (2, 10, SpanKind.CLIENT),
        (3, 5, SpanKind.CLIENT),
    ]
    assert {told(page)["aws.request_id"] for page in pages} == request_ids
    assert all(told(page).items() >= {**SYSTEM, **OPERATION, "server.address": "127.0.0.1"}.items() for page in pages)
    good_one, denied_one = told(by_label["good"]), told(by_label["denied"])
    assert (good_one["outcome"], good_one["items"], good_one["pages"]) == ("complete", 25, 3)
    assert (denied_one["outcome"], denied_one["error.type"]) == ("failed", "AccessDeniedException")
    assert by_label["good"].status.status_code is StatusCode.UNSET
    assert by_label["denied"].status.status_code is run.status.status_code is StatusCode.ERROR
    assert (told(run)["run.complete"], told(run)["run.sources_failed"], told(run)["items"]) == (
        False,
        1,
        25,
    )
    for page in pages:
        assert run.start_time is not None
        assert page.start_time is not None
        assert page.end_time is not None
        assert run.start_time <= page.start_time < page.end_time <= (run.end_time or 0)


async def test_metrics_count_and_no_series_names_a_source() -> None:
    recorder = Recorder()
    replies = [
        Reply({"ConnectionSummaries": [connection("AWS", 1)], "NextToken": SECRET}),
        Reply({"__type": "ThrottlingException", "Message": SECRET}, status=400),
        Reply({"__type": "InternalServerException", "Message": SECRET}, status=500),
        Reply({"ConnectionSummaries": [connection("AWS", 2), {"Id": SECRET}, connection("AWS", 3)]}),
    ]
    with scripted_server() as server:
        limits = Limits(rate=1000, backoff=0.001)
        telemetry = recorder.telemetry()
        for label in ("label-1", "label-2"):
            server.replies(*replies)
            source = Source("AWS", endpoint_url=server.url, label=label, account=label)
            await Collection(LISTING, source, limits=limits, on_malformed="report", observer=telemetry).collect()
        server.replies(Reply({"__type": "AccessDeniedException", "Message": SECRET}, status=400))
        collection = Collection(
            LISTING,
            source,
            limits=limits,
            observer=telemetry,
            ignore_errors={"AccessDeniedException"},
        )
        await collection.collect()
    where = {**OPERATION, "aiopartnercentral.catalog": "AWS"}
    metrics = recorder.metrics()
    counts = {
        name.removeprefix("aiopartnercentral.bulk."): [(point.value, dict(point.attributes)) for point in points]
        for name, points in metrics.items()
        if not name.endswith("duration")
    }
    assert counts["pages"] == [(4, where)]
    assert counts["items"] == [(6, where)]
    assert counts["malformed_items"] == [(2, where)]
    assert counts["throttles"] == [(2, where)]
    assert counts["retries"] == [
        (2, {**where, "error.type": "ThrottlingException"}),
        (2, {**where, "error.type": "InternalServerException"}),
    ]
    assert counts["sources"] == [
        (2, {**where, "aiopartnercentral.outcome": "complete"}),
        (1, {**where, "aiopartnercentral.outcome": "skipped", "error.type": "AccessDeniedException"}),
    ]
    (seconds,) = metrics["aiopartnercentral.bulk.page.duration"]
    assert (seconds.count, dict(seconds.attributes)) == (4, where)
    assert 0 < seconds.sum < 60
    first, _, skipped = recorder.spans("aiopartnercentral.bulk.source")
    assert [(event.name, (event.attributes or {}).get("error.type")) for event in first.events] == [
        ("throttled", None),
        ("retried", "ThrottlingException"),
        ("retried", "InternalServerException"),
    ]
    assert skipped.status.status_code is StatusCode.UNSET
    assert SECRET not in texts(recorder)
    assert "label-1" not in repr(metrics)


@pytest.mark.parametrize("end", ["break", "raise", "cancel"])
async def test_a_stream_that_is_left_ends_all_its_spans(end: str) -> None:
    recorder = Recorder()
    telemetry = recorder.telemetry()
    async with Emulator({"AWS": 50}) as one, Emulator({"AWS": 50}) as two:
        collection = Collection(LISTING, [of(one, "1"), of(two, "2")], limits=FAST, observer=telemetry)

        async def some() -> None:
            async with collection as stream:
                await anext(stream)
                if end == "raise":
                    raise KeyError(SECRET)
                if end == "cancel":
                    scope.cancel()
                    await anyio.sleep_forever()

        with anyio.CancelScope() as scope:
            if end == "raise":
                with pytest.raises(KeyError):
                    await some()
            else:
                await some()
    (run,), sources = (recorder.spans(f"aiopartnercentral.bulk.{name}") for name in ("run", "source"))
    assert [told(span)["outcome"] for span in sources] == ["cancelled"] * 2
    error = {"break": None, "raise": "KeyError", "cancel": anyio.get_cancelled_exc_class().__name__}[end]
    assert told(run).get("error.type") == error
    assert run.status.status_code is (StatusCode.ERROR if end == "raise" else StatusCode.UNSET)
    assert not telemetry._runs
    assert SECRET not in texts(recorder)


async def test_one_observer_tells_runs_apart_that_are_open_together() -> None:
    recorder = Recorder()
    async with Emulator({"AWS": 30}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, observer=recorder.telemetry())
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(collection.collect)
    pages = recorder.spans(NAME)
    trees: dict[int, list[int]] = {}
    for page in pages:
        assert page.context
        trees.setdefault(page.context.trace_id, []).append(told(page)["page.number"])
    assert sorted(trees.values()) == [[1, 2, 3]] * 3


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_nothing_is_imported_before_it_is_used_and_the_extra_is_named_where_it_is_missing() -> None:
    assert run_python(
        "import sys\n"
        "from aiopartnercentral.bulk import Collection, Telemetry\n"
        "import aiopartnercentral.bulk.stream\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
        "sys.modules['opentelemetry'] = None\n"
        "try:\n"
        "    Telemetry()\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    ).splitlines() == [
        "[]",
        "this needs opentelemetry: pip install opentelemetry-api (part of the extra 'otel' of aiopartnercentral)",
    ]


@pytest.mark.parametrize(
    ("option", "expected"), [("tracer_provider", "a TracerProvider"), ("meter_provider", "a MeterProvider")]
)
def test_what_is_no_provider_is_refused(option: str, expected: str) -> None:
    given: Any = {option: 3}
    with pytest.raises(TypeError) as caught:
        Telemetry(**given)
    assert str(caught.value) == f"{option} must be {expected}, not an integer"
