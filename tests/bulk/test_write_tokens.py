"""Idempotency tokens of rows: the same in every run, and no longer trusted than they are known."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiobotocore.config import AioConfig

from aiopartnercentral import CheckpointError, selling
from aiopartnercentral.bulk import RowOutcome, Source, Writes, row_request, write_journal
from tests.bulk.writing import FAST, created, creations, results_of
from tests.support.opportunity_server import failure, opportunity_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.opportunity_server import Opportunities

pytestmark = pytest.mark.anyio


@pytest.fixture
def server(aws_environment: None) -> Iterator[Opportunities]:  # noqa: ARG001 - order
    with opportunity_server() as state:
        yield state


async def test_a_row_has_the_same_token_in_every_run_and_another_journal_has_others(
    server: Opportunities, tmp_path: Path
) -> None:
    server.after = lambda _: failure("InternalServerException", 500)
    for _ in range(2):
        results = await results_of(creations(server, [("a", created(1))], checkpoint=tmp_path / "one"))
        assert results["a"].outcome is RowOutcome.UNKNOWN
    tokens = {body["ClientToken"] for body in server.sent("CreateOpportunity")}
    assert (len(tokens), len(server.kept)) == (1, 1)
    server.after = lambda _: None
    await creations(server, [("a", created(1))], checkpoint=tmp_path / "two").run()
    assert len(server.kept) == 2


@pytest.mark.parametrize("own", ["client", "config"])
async def test_a_client_that_retries_hides_no_request_that_may_have_been_executed(
    server: Opportunities, tmp_path: Path, own: str
) -> None:
    replies = [failure("InternalServerException", 500), failure("ValidationException")]
    server.after = lambda _: replies.pop(0) if replies else None
    config = AioConfig(retries={"total_max_attempts": 4, "mode": "standard"})
    journal = tmp_path / "run.journal"
    async with selling.connect(endpoint_url=server.url, config=config) as client:

        def writes(title: str) -> Writes[selling.CreateOpportunityResponse]:
            options: dict[str, Any] = {"checkpoint": journal, "on_error": "report", "limits": FAST}
            source = Source("AWS", client=client) if own == "client" else Source("AWS", endpoint_url=server.url)
            if own == "config":
                options["config"] = config
            return Writes(selling.CreateOpportunityRequest, [("a", created(title))], source, **options)

        results = await results_of(writes("first"))
        assert (results["a"].outcome, results["a"].attempts) == ("unknown", 2)
        # So the corrected row, which has another token, is not written as well.
        results = await results_of(writes("corrected"))
    assert isinstance(results["a"].error, CheckpointError)
    assert len(server.kept) == 1


async def test_an_old_token_is_not_sent_again(server: Opportunities, tmp_path: Path) -> None:
    journal = tmp_path / "run.journal"
    server.after = lambda _: failure("InternalServerException", 500)
    await creations(server, [("a", created(1))], checkpoint=journal).run()
    sent = len(server.sent("CreateOpportunity"))
    server.after = lambda _: None
    old = {"checkpoint": journal, "token_max_age": timedelta(microseconds=1)}
    results = await results_of(creations(server, [("a", created(1))], **old))
    assert results["a"].outcome == "unknown"
    assert len(server.sent("CreateOpportunity")) == sent
    results = await results_of(creations(server, [("a", created(1))], resend_unknown=["a"], **old))
    assert results["a"].outcome == "written"


async def test_a_token_that_was_sent_in_the_future_is_not_trusted(
    server: Opportunities, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class WrongClock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(days=1000)

    journal = tmp_path / "run.journal"
    server.after = lambda _: failure("InternalServerException", 500)
    with monkeypatch.context() as patched:
        patched.setattr(write_journal, "datetime", WrongClock)
        await creations(server, [("a", created(1))], checkpoint=journal).run()
    sent = len(server.sent("CreateOpportunity"))
    report = await creations(server, [("a", created(1))], checkpoint=journal).run()
    assert (report.rows[RowOutcome.UNKNOWN], len(server.sent("CreateOpportunity"))) == (1, sent)


@pytest.mark.parametrize("status", [500, 400])
async def test_a_token_that_becomes_too_old_during_a_run_is_not_sent_again(
    server: Opportunities, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + (timedelta() if replies else timedelta(hours=2))

    for module in (write_journal, row_request):
        monkeypatch.setattr(module, "datetime", Clock)
    code = "InternalServerException" if status == 500 else "ThrottlingException"
    replies = [failure(code, status, **{"Retry-After": "0"})]
    setattr(server, "after" if status == 500 else "before", lambda _: replies.pop() if replies else None)
    options: dict[str, Any] = {"checkpoint": tmp_path / "run.journal", "token_max_age": timedelta(hours=1)}
    report = await creations(server, [("a", created(1))], **options).run()
    # A request that was throttled was certainly not executed, however long ago that is.
    outcome, sent = (RowOutcome.UNKNOWN, 1) if status == 500 else (RowOutcome.WRITTEN, 2)
    assert (report.rows[outcome], len(server.sent("CreateOpportunity")), len(server.kept)) == (1, sent, 1)


@pytest.mark.parametrize("now", [{"Titel": 1}, created("changed"), "nonsense"])
async def test_a_row_that_was_in_flight_is_unknown_whatever_it_is_now(
    server: Opportunities, tmp_path: Path, now: Any
) -> None:
    journal = tmp_path / "run.journal"
    server.after = lambda _: failure("InternalServerException", 500)
    await creations(server, [("a", created(1))], checkpoint=journal).run()
    sent = len(server.sent("CreateOpportunity"))
    server.after = lambda _: None
    ignored = ["EncodeError", "CheckpointError", "TypeError"]
    for _ in range(2):
        report = await creations(server, [("a", now)], checkpoint=journal, ignore_errors=ignored).run()
        assert (report.rows[RowOutcome.UNKNOWN], report.problems[0].error is not None) == (1, True)
    # Its first request can still be sent again.
    report = await creations(server, [("a", created(1))], checkpoint=journal).run()
    assert (report.rows[RowOutcome.WRITTEN], len(server.kept)) == (1, 1)
    assert len(server.sent("CreateOpportunity")) == sent + 1
