"""Rows over HTTP: outcomes, tokens, retries, errors, limits and the report."""

from __future__ import annotations

import asyncio
import json
import pickle
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from aiopartnercentral import CheckpointError, CredentialsError, EncodeError, TimeExceededError, benefits, selling
from aiopartnercentral.bulk import (
    Limits,
    RowFinished,
    RowOutcome,
    RowRetried,
    RowsNotWrittenError,
    Source,
    Writes,
    WritesFinished,
    WritesStarted,
)
from aiopartnercentral.bulk.rows import RowEncoder
from tests.bulk.writing import FAST, created, creations, results_of
from tests.support.opportunity_server import failure, opportunity_server
from tests.support.servers import Reply, socket_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.support.opportunity_server import Opportunities
    from tests.support.servers import Received

pytestmark = pytest.mark.anyio
ASSIGNEE = selling.AssigneeContact(email="a@example.com", first_name="A", last_name="B", business_title="PAM")


@pytest.fixture
def server(aws_environment: None) -> Iterator[Opportunities]:  # noqa: ARG001 - order
    with opportunity_server() as state:
        yield state


def _rows(number: int) -> list[tuple[str, selling.AssignOpportunityRequest]]:
    return [
        (str(index), selling.AssignOpportunityRequest(catalog="AWS", identifier=f"O{index}", assignee=ASSIGNEE))
        for index in range(number)
    ]


def assignments(server: Opportunities, number: int, **options: Any) -> Writes[selling.AssignOpportunityResponse]:
    options = {"limits": FAST, "on_error": "report", **options}
    return Writes(selling.AssignOpportunityRequest, _rows(number), Source("AWS", endpoint_url=server.url), **options)


async def test_each_row_is_written_and_its_result_has_the_response(server: Opportunities) -> None:
    request = selling.CreateOpportunityRequest(catalog="AWS", project=selling.Project(title="object"))
    results = await results_of(creations(server, [("a", request), ("b", created("mapping"))]))
    assert {key: result.outcome for key, result in results.items()} == {"a": "written", "b": "written"}
    assert results["a"].ids == {"Id": results["a"].response.id}
    assert {each["Project"]["Title"] for each in server.kept.values()} == {"object", "mapping"}


async def test_rows_are_taken_lazily_from_an_async_iterable_that_is_closed(server: Opportunities) -> None:
    taken, closed = [], []

    async def rows() -> AsyncIterator[dict[str, Any]]:
        try:
            for index in range(1000):
                taken.append(index)
                yield created(index)
        finally:
            closed.append(True)

    async with creations(server, rows(), key=lambda row: row["Project"]["Title"]) as stream:
        async for _, _ in stream:
            assert re.fullmatch(r"<WriteStream, open: \d+ written>", repr(stream))
            break
    assert repr(stream) == f"<WriteStream, closed: {len(taken)} written>"
    assert len(taken) <= 3 * FAST.concurrency
    assert closed == [True]
    # What was taken was written, too, and counted.
    assert len(server.kept) == len(taken) == stream.report.rows[RowOutcome.WRITTEN]
    assert not stream.report.complete


async def test_an_explicit_token_wins(server: Opportunities) -> None:
    await creations(server, [("a", {**created(1), "ClientToken": "mine"})]).run()
    request = selling.CreateOpportunityRequest(catalog="AWS", client_token="own")
    await creations(server, [("b", request)]).run()
    assert [body["ClientToken"] for body in server.sent("CreateOpportunity")] == ["mine", "own"]


async def test_an_empty_token_is_none(server: Opportunities) -> None:
    request = selling.CreateOpportunityRequest(catalog="AWS", client_token="")
    report = await creations(server, [("a", {"ClientToken": ""}), ("b", {"ClientToken": None}), ("c", request)]).run()
    assert report.rows[RowOutcome.WRITTEN] == 3
    assert len({body["ClientToken"] for body in server.sent("CreateOpportunity")} - {""}) == 3


async def test_a_server_error_is_retried_only_with_a_token(server: Opportunities) -> None:
    failures = Counter()

    def fail_once(received: Received) -> Reply | None:
        body = json.dumps(received.body.get("Project") or received.body.get("Identifier"))
        failures[body] += 1
        return failure("InternalServerException", 500) if failures[body] == 1 else None

    server.after = fail_once
    report = await creations(server, [(str(index), created(index)) for index in range(3)]).run()
    assert (report.rows[RowOutcome.WRITTEN], report.retries, len(server.kept)) == (3, 3, 3)
    report = await assignments(server, 3).run()
    assert (report.rows[RowOutcome.UNKNOWN], report.retries) == (3, 0)
    assert len(server.sent("AssignOpportunity")) == 3


@pytest.mark.parametrize(("status", "outcome"), [(501, RowOutcome.FAILED), (505, RowOutcome.UNKNOWN)])
async def test_a_server_error_that_stays_is_not_repeated(
    status: int, outcome: RowOutcome, server: Opportunities
) -> None:
    server.after = lambda _: failure("OddException", status)
    report = await creations(server, [("a", created(1))]).run()
    assert (report.rows[outcome], report.retries, report.problems[0].attempts) == (1, 0, 1)


async def test_a_broken_connection_is_not_repeated_without_a_token(
    server: Opportunities, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket_server(b"") as url:  # it reads the request and hangs up: nobody knows whether it was executed
        monkeypatch.setattr(server.server.__class__, "url", property(lambda _: url))
        report = await assignments(server, 1).run()
        assert (report.rows[RowOutcome.UNKNOWN], report.problems[0].attempts) == (1, 1)
        report = await creations(server, [("a", created(1))]).run()
        assert (report.rows[RowOutcome.UNKNOWN], report.problems[0].attempts) == (1, FAST.attempts)


async def test_a_clients_own_retries_are_not_used_without_a_token(server: Opportunities) -> None:
    server.after = lambda _: failure("InternalServerException", 500)
    async with selling.connect(endpoint_url=server.url) as client:
        rows = [("a", {"Identifier": "O1", "Assignee": json.loads(json.dumps(_assignee()))})]
        writes = Writes(selling.AssignOpportunityRequest, rows, Source("AWS", client=client), on_error="report")
        assert (await writes.run()).rows[RowOutcome.UNKNOWN] == 1
    assert len(server.sent("AssignOpportunity")) == 1


def _assignee() -> dict[str, str]:
    return {"Email": "a@example.com", "FirstName": "A", "LastName": "B", "BusinessTitle": "PAM"}


async def test_nothing_listens_so_nothing_was_executed(tmp_path: Path, server: Opportunities) -> None:
    with opportunity_server() as gone:
        pass
    journal = tmp_path / "run.journal"
    report = await assignments(gone, 2, checkpoint=journal, limits=Limits(rate=1000, attempts=1)).run()
    assert report.rows[RowOutcome.FAILED] == 2
    # So a later run sends them.
    assert (await assignments(server, 2, checkpoint=journal).run()).rows[RowOutcome.WRITTEN] == 2


async def test_throttling_is_retried_also_without_a_token(server: Opportunities) -> None:
    throttled = [failure("ThrottlingException") for _ in range(2)]
    server.before = lambda _: throttled.pop() if throttled else None
    report = await assignments(server, 4).run()
    assert (report.rows[RowOutcome.WRITTEN], report.throttled) == (4, 2)
    assert len(server.executed) == 4


async def test_a_changed_request_is_an_error_that_names_the_row(server: Opportunities, tmp_path: Path) -> None:
    journal = tmp_path / "run.journal"
    await creations(server, [("a", created(1))], checkpoint=journal).run()
    results = await results_of(creations(server, [("a", created(2))], checkpoint=journal))
    assert isinstance(results["a"].error, CheckpointError)
    assert "'a'" in str(results["a"].error)
    assert len(server.kept) == 1


async def test_a_refused_row_can_be_corrected(server: Opportunities, tmp_path: Path) -> None:
    journal = tmp_path / "run.journal"
    wrong = {"PrimaryNeedsFromAws": ["invalid"]}
    results = await results_of(creations(server, [("a", wrong)], checkpoint=journal))
    assert (results["a"].outcome, results["a"].error.code) == ("failed", "ValidationException")
    results = await results_of(creations(server, [("a", created(1))], checkpoint=journal))
    assert results["a"].outcome == "written"
    assert len({body["ClientToken"] for body in server.sent("CreateOpportunity")}) == 2


@pytest.mark.parametrize(("resend", "outcomes"), [(False, "uu"), (True, "ww"), (["1"], "uw")])
async def test_unknown_rows_are_sent_again_only_on_demand(
    server: Opportunities, tmp_path: Path, resend: Any, outcomes: str
) -> None:
    journal = tmp_path / "run.journal"
    server.after = lambda _: failure("InternalServerException", 500)
    await assignments(server, 2, checkpoint=journal).run()
    server.after = lambda _: None
    results = await results_of(assignments(server, 2, checkpoint=journal, resend_unknown=resend))
    assert "".join(results[key].outcome[0] for key in ("0", "1")) == outcomes


async def test_rows_in_flight_that_are_no_longer_given_are_reported(server: Opportunities, tmp_path: Path) -> None:
    journal = tmp_path / "run.journal"
    server.after = lambda _: failure("InternalServerException", 500)
    await assignments(server, 2, checkpoint=journal).run()
    results = await results_of(assignments(server, 1, checkpoint=journal))
    assert {key: result.outcome for key, result in results.items()} == {"0": "unknown", "1": "unknown"}


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ({"Project": {"Titel": "x"}}, "$.Project.Titel"),
        ({"Project": {"Title": 1}}, "$.Project.Title"),
        ({"Projet": None}, "$.Projet"),
        ({"Catalog": "Sandbox"}, "$.Catalog"),
    ],
)
async def test_an_invalid_request_is_not_sent(server: Opportunities, row: dict[str, Any], path: str) -> None:
    results = await results_of(creations(server, [("a", row), ("b", created(1))]))
    error = results["a"].error
    assert isinstance(error, EncodeError)
    assert error.path == path
    assert len(server.sent("CreateOpportunity")) == 1


async def test_on_error_finish_writes_the_others_and_raise_stops(server: Opportunities) -> None:
    rows = [("bad", {"PrimaryNeedsFromAws": ["invalid"]}), *((str(index), created(index)) for index in range(40))]
    with pytest.raises(RowsNotWrittenError, match="1 row failed: bad") as raised:
        await creations(server, rows, on_error="finish").run()
    assert len(server.kept) == 40
    assert raised.value.report.problems[0].row == "bad"
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)
    with pytest.raises(selling.ValidationException):
        await creations(server, rows, on_error="raise").run()
    assert len(server.kept) < 80
    report = await creations(server, rows[:2], ignore_errors=["ValidationException"]).run()
    assert (report.rows[RowOutcome.SKIPPED], report.failed, report.complete) == (1, 0, False)


async def test_a_second_row_with_the_same_key_ends_the_run(server: Opportunities) -> None:
    with pytest.raises(ValueError, match="'a' came twice"):
        await creations(server, [("a", created(1)), ("a", created(2))]).run()
    assert len(server.kept) == 1


async def test_an_error_of_the_rows_ends_the_run_after_those_in_flight(server: Opportunities) -> None:
    def rows() -> Iterator[tuple[str, Any]]:
        yield "a", created(1)
        raise OSError("the file is gone")

    async with creations(server, rows()) as stream:
        with pytest.raises(OSError, match="gone"):
            async for _ in stream:
                pass
    assert (len(server.kept), stream.report.complete) == (1, False)


async def test_a_time_limit_ends_the_run(server: Opportunities, tmp_path: Path) -> None:
    slow = Limits(rate=5, run_seconds=0.5)
    journal = tmp_path / "run.journal"
    rows = [(str(index), created(index)) for index in range(1000)]
    with pytest.raises(TimeExceededError, match="run_seconds"):
        await creations(server, rows, limits=slow, checkpoint=journal).run()
    assert len(server.kept) < 20
    # None of the rows that waited has an unknown outcome.
    report = await creations(server, rows[:40], checkpoint=journal).run()
    assert (report.failed, len(server.kept)) == (0, 40)


async def test_cancelled_rows_are_in_flight_in_the_journal(server: Opportunities, tmp_path: Path) -> None:
    journal = tmp_path / "run.journal"
    server.after = lambda _: Reply(delay=30)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(assignments(server, 3, checkpoint=journal).run)
        with anyio.fail_after(30):
            while len(server.executed) < 3:
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    server.after = lambda _: None
    report = await assignments(server, 3, checkpoint=journal).run()
    assert report.rows[RowOutcome.UNKNOWN] == 3
    assert len(server.executed) == 3


@pytest.mark.parametrize("has_token", [True, False])
async def test_tasks_that_asyncio_cancels_at_any_time_execute_no_row_twice(
    server: Opportunities, tmp_path: Path, *, has_token: bool
) -> None:
    server.before = lambda _: failure("ThrottlingException") if len(server.server.received) % 5 == 0 else None
    cls: Any = selling.CreateOpportunityRequest if has_token else selling.AssignOpportunityRequest
    requests = [
        created(index) if has_token else {"Identifier": f"O{index}", "Assignee": _assignee()} for index in range(40)
    ]
    rows = [(str(index), request) for index, request in enumerate(requests)]
    async with selling.connect(endpoint_url=server.url) as client:
        await client.assign_opportunity(catalog="AWS", identifier="O99", assignee=ASSIGNEE)  # opens the connection
        options: dict[str, Any] = {"checkpoint": tmp_path / "run.journal", "on_error": "report", "limits": FAST}
        for number in range(10):
            task = asyncio.create_task(Writes(cls, rows, Source("AWS", client=client), **options).run())
            await asyncio.sleep(0.005 + number * 0.003)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.1)  # what was in flight arrives
        report = await Writes(cls, rows, Source("AWS", client=client), **options).run()
    bodies = [json.dumps(body) for operation, body in server.executed if operation != "touch"]
    assert len(bodies) == len(set(bodies))
    written = report.rows[RowOutcome.WRITTEN] + report.rows[RowOutcome.DONE]
    assert written + report.rows[RowOutcome.UNKNOWN] == 40
    assert written == 40 if has_token else written <= len(bodies) - 1


async def test_a_role_that_cannot_be_assumed_fails_its_rows_and_nothing_is_unknown(
    server: Opportunities, tmp_path: Path
) -> None:
    async def credentials() -> Any:
        tries.append(1)
        raise CredentialsError("no", is_retryable=True)

    tries: list[int] = []
    journal = tmp_path / "run.journal"
    source = Source("AWS", endpoint_url=server.url, credentials=credentials)
    options: dict[str, Any] = {"checkpoint": journal, "on_error": "report", "limits": FAST}
    report = await Writes(selling.AssignOpportunityRequest, _rows(1), source, **options).run()
    assert (report.rows[RowOutcome.FAILED], report.problems[0].attempts) == (1, 0)
    assert len(tries) <= FAST.attempts
    assert journal.read_bytes().count(b"\n") == 1


async def test_events_come_in_order_and_the_report_is_text_and_json(server: Opportunities, tmp_path: Path) -> None:
    events: list[Any] = []
    throttled = [failure("ThrottlingException")]
    server.before = lambda _: throttled.pop() if throttled else None
    rows = [("bad", {"PrimaryNeedsFromAws": ["invalid"]}), ("good", created(1))]
    writes = creations(server, rows, observer=events.append, checkpoint=tmp_path / "run.journal")
    report = await writes.run()
    kinds = [type(event) for event in events]
    assert (kinds[0], kinds[-1], events[-1].report) == (WritesStarted, WritesFinished, report)
    assert Counter(kinds) == {WritesStarted: 1, RowRetried: 1, RowFinished: 2, WritesFinished: 1}
    assert str(report).splitlines()[1].split()[:3] == ["bad", "failed", "ValidationException:"]
    shown = json.loads(json.dumps(report.as_json()))
    assert (shown["rows"]["written"], shown["problems"][0]["row"], shown["problems_left_out"]) == (1, "bad", 0)
    with pytest.raises(RowsNotWrittenError):
        report.raise_for_failures()


@pytest.mark.parametrize("is_async", [True, False])
async def test_an_iterator_gives_its_rows_to_one_stream(
    server: Opportunities, tmp_path: Path, *, is_async: bool
) -> None:
    async def rows() -> AsyncIterator[tuple[str, Any]]:
        for each in ("a", "b"):
            yield each, created(each)

    given: Any = rows() if is_async else ((each, created(each)) for each in ("a", "b"))
    journal = tmp_path / "run.journal"
    writes = creations(server, given, checkpoint=journal)
    journal.touch()
    with pytest.raises(CheckpointError):  # which has taken no row
        await writes.run()
    journal.unlink()
    assert (await writes.run()).rows[RowOutcome.WRITTEN] == 2
    with pytest.raises(RuntimeError, match="only once"):
        await writes.run()
    again = creations(server, [("a", created("a"))])
    assert [(await again.run()).complete for _ in range(2)] == [True, True]


async def test_no_representation_has_the_services_text_which_may_quote_the_request(server: Opportunities) -> None:
    def refuse(_: Received) -> Reply:
        return Reply({"__type": codes.pop(), "Message": "confidential"}, status=400)

    codes = ["ValidationException", "ThrottlingException"]
    server.before = refuse
    events: list[Any] = []
    with pytest.raises(RowsNotWrittenError) as raised:
        await creations(server, [("a", created(1))], on_error="finish", observer=events.append).run()
    report = raised.value.report
    assert report.problems[0].error.message == "confidential"
    assert len(events) == 4
    for text in (repr(raised.value), str(raised.value), repr(report), str(report), *map(repr, events)):
        assert "confidential" not in text
    assert "error=ValidationException" in repr(report)


async def test_a_report_does_not_grow_with_the_rows(server: Opportunities) -> None:
    server.before = lambda _: failure("ValidationException")
    report = await creations(server, [(str(index), created(index)) for index in range(150)]).run()
    assert (report.failed, len(report.problems)) == (150, 100)
    assert str(report).endswith("and 50 more")


def test_a_required_token_without_the_trait_is_filled_in_as_well() -> None:
    assert RowEncoder(benefits.CreateBenefitApplicationInput).token == "ClientToken"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"operation": selling.Project}, "operation must be a class of requests"),
        ({"rows": "abc"}, "rows must be an iterable"),
        ({"rows": 1}, "rows must be an iterable"),
        ({"rows": {"key": {}}}, r"rows must be an iterable .*, not a mapping: pass its items\(\)"),
        ({"source": 1}, "source must be a catalog or a Source"),
        ({"on_error": "ignore"}, "on_error must be"),
        ({"resend_unknown": "a"}, "resend_unknown must be True, False or a collection"),
        ({"limits": Limits(rates={"ListPartners": 1})}, "not an operation of partnercentral-selling"),
        ({"key": 1}, "key must be a function"),
        ({"key": anyio.sleep}, "key must be a function that returns the key of a row, not an async function"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"operation": selling.CreateOpportunityRequest, "rows": [], "source": "AWS"} | arguments
    with pytest.raises((TypeError, ValueError), match=message):
        Writes(**given)


@pytest.mark.parametrize("row", [1, ("a",), (1, {}), ("", {}), ("a\n", {})])
async def test_a_row_must_be_a_pair_with_a_key_that_can_be_shown(server: Opportunities, row: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="row"):
        await creations(server, [row]).run()
