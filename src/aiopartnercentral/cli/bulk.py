"""A bulk collection: many sources and listings, into files that can be gone on with, or like a plain one."""

from __future__ import annotations

import json
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import attrs

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Limits, Source, load_sources
from aiopartnercentral.cli.board import Board
from aiopartnercentral.cli.collect import connected
from aiopartnercentral.cli.config import how_to_go_on
from aiopartnercentral.cli.messages import explain
from aiopartnercentral.cli.options import Format, OnFailure
from aiopartnercentral.cli.progress import width_of
from aiopartnercentral.cli.rows import Rows
from aiopartnercentral.cli.runner import FAILED, USAGE, CommandError
from aiopartnercentral.cli.table import encoded
from aiopartnercentral.cli.text import clean, counted, one_line, say
from aiopartnercentral.cli.watching import watch
from aiopartnercentral.cli.writer import Outlet, Target, deliver, write_once
from aiopartnercentral.errors import AioPartnerCentralError, CheckpointError, PositionError, SourcesFileError
from aiopartnercentral.sinks import Page, open_sink
from aiopartnercentral.sinks.rejects import SinkWithRejects, rejects_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from aiopartnercentral._pagination.report import Progress
    from aiopartnercentral.bulk import BulkReport, Origin
    from aiopartnercentral.cli.config import Job
    from aiopartnercentral.sinks import Sink

__all__ = ["collect_in_bulk"]

# Requests a second where nobody asked for a rate, and a few catalogs of one account are all there is.
_NO_HURRY = 100.0
_NOTE = "while collecting source "


async def collect_in_bulk(job: Job) -> tuple[Mapping[str, Progress], float, CommandError | None]:
    """Collect into the output; returns how far each source has come, the seconds, and why there is no report if so.

    Cancelling it leaves an earlier output as it was; with a checkpoint it can be gone on with.

    Raises:
        CommandError: it failed, and nothing but the message is left to do.
    """
    unwritten = None
    async with AsyncExitStack() as stack:
        report_file = None if job.report is None else stack.enter_context(await Target.open(job.report))
        run = _Run(job, await stack.enter_async_context(_opened_sources(job)))
        report = await run.collect()
        if report_file is not None:
            try:
                await write_once(report_file, _told(report))
                await report_file.keep()
            except CommandError as error:
                unwritten = error
    return {run.name(origin): _foreseen(state) for origin, state in report.sources.items()}, report.elapsed, unwritten


@asynccontextmanager
async def _opened_sources(job: Job) -> AsyncIterator[Sequence[Source]]:
    """Give the sources: those of the file, or the catalogs through the one client that the options describe.

    Raises:
        CommandError: the file says something that cannot be, or there is no client.
    """
    if job.sources is None:
        async with connected(job) as client:
            where = "default" if job.profile is None else f"profile {job.profile}"
            yield [Source(catalog, client=client, account=where, label=catalog) for catalog in job.catalogs]
        return
    try:
        # In a thread, which is given up when it waits for whoever is to write a pipe.
        found = await anyio.to_thread.run_sync(load_sources, job.sources, abandon_on_cancel=True)
    except SourcesFileError as error:
        raise CommandError(one_line(str(error)), exit_code=USAGE) from None
    except OSError as error:
        raise CommandError(f"cannot read {clean(str(job.sources))}: {error.strerror}", exit_code=USAGE) from error
    yield found


class _Run:
    """One bulk collection of a job.

    Attributes:
        board: what its events come to.
    """

    def __init__(self, job: Job, sources: Sequence[Source]) -> None:
        """Check what can be checked before anything is opened.

        Raises:
            CommandError: something cannot be.
        """
        self._job = job
        self.board = Board()
        try:
            self._collection = self._made(sources)
            self._sink = self._made_sink() if job.into_file and job.form is not Format.TABLE else None
        except (ValueError, ImportError) as error:
            # What is installed or not, two labels that are one, or a template that is none.
            raise CommandError(one_line(str(error)), exit_code=USAGE) from error

    def name(self, origin: Origin) -> str:
        """Return what a source is called: with the listing, if there are several."""
        return str(origin) if len(self._job.listings) > 1 else origin.label

    async def collect(self) -> BulkReport:
        """Collect everything, and return the report.

        Raises:
            CommandError: it cannot be written or gone on with, or a source failed that was to stop all.
            Exception: a fault of the program.
        """
        job, failure = self._job, None
        reports: list[BulkReport] = []
        async with anyio.create_task_group() as group:
            if job.shows_progress:
                group.start_soon(partial(watch, self.board, self.name, live=job.live))
            try:
                into = self._into_stream() if self._sink is None else self._collection.into(self._sink)
                reports.append(await into)
            except Exception as error:  # noqa: BLE001 - raised again outside the group, which would wrap it
                failure = error
            group.cancel_scope.cancel()
        if failure is not None:
            raise self._explained(failure) from failure
        (report,) = reports
        left_out = sum(len(state.malformed) for state in report.states)
        if left_out and not (self._sink is not None and report.lost):
            say(f"{counted(left_out, 'malformed item')} left out: see {clean(str(job.malformed))}")
        return report

    def _made(self, sources: Sequence[Source]) -> Collection[Any]:
        job = self._job
        usual = Limits()
        limits = Limits(
            rate=job.rate or (_NO_HURRY if job.sources is None else usual.rate),
            concurrency=job.concurrency,
            account_concurrency=job.concurrency if job.sources is None else usual.account_concurrency,
        )
        listings = {
            asked.method: partial(getattr(account.Paginate, asked.method), **asked.arguments) for asked in job.listings
        }
        return Collection(
            account.Client,
            sources,
            listings,
            limits=limits,
            on_error="raise" if job.on_error is OnFailure.RAISE else "report",
            on_malformed="raise" if job.malformed is None else "report",
            ignore_errors=job.ignore_errors,
            checkpoint=job.checkpoint,
            observer=self.board.note,
        )

    def _made_sink(self) -> Sink:
        form: Any = self._job.form.value
        sink = open_sink(self._job.output, format=form, cls=self._collection.item_classes)
        malformed = self._job.malformed
        return sink if malformed is None else SinkWithRejects(sink, _ndjson(malformed), str(malformed))

    async def _into_stream(self) -> BulkReport:
        """Write to standard output, a device or a pipe, or a table into a file."""
        job, failure = self._job, None
        reports: list[BulkReport] = []

        async def work(outlet: Outlet) -> None:
            nonlocal failure
            try:
                reports.append(await (self._table(outlet) if job.form is Format.TABLE else self._lines(outlet)))
            except Exception as error:  # noqa: BLE001 - as above
                failure = error

        async with AsyncExitStack() as stack:
            target = stack.enter_context(await Target.open(job.output))
            beside = None if job.malformed is None else _ndjson(job.malformed)
            if beside is not None:
                # Before anything is shown that nobody could have again.
                stack.push_async_callback(partial(beside.abort, keep=False))
                await beside.open()
            await deliver(target, work)
            if failure is not None:
                raise failure
            (report,) = reports
            if beside is not None:
                await _write_malformed(beside, report)
            if not report.lost:
                await target.keep()
        return report

    async def _lines(self, outlet: Outlet) -> BulkReport:
        async with self._collection.raw() as stream:
            async for _, item in stream:
                await outlet.write(item + b"\n")
            return stream.report

    async def _table(self, outlet: Outlet) -> BulkReport:
        job, rows = self._job, Rows()
        async with self._collection as stream:
            async for origin, item in stream:
                rows.add(item, None if job.sources is None else origin.label)
            report = stream.report
        text = await rows.text(width_of(sys.stdout) if job.on_terminal else None)
        await outlet.write(encoded(text, terminal=job.on_terminal))
        return report

    def _explained(self, error: Exception) -> Exception:
        """Return what to raise for what has ended the whole; a fault that is not foreseen goes on as it is."""
        line = explain(error)
        if line is None or isinstance(error, CommandError):
            return error
        if isinstance(error, PositionError) or not self.board.sources:
            # Nothing has begun: the checkpoint is not what the options say, or the output cannot be written.
            return CommandError(line, exit_code=USAGE if isinstance(error, CheckpointError | PositionError) else FAILED)
        source = next((note[len(_NOTE) :] for note in getattr(error, "__notes__", ()) if note.startswith(_NOTE)), None)
        line = line if source is None else f"{clean(source)}: {line}"
        more = how_to_go_on(self._job.checkpoint)
        return CommandError(line, *([] if more is None else [more]))


class _SettingError(AioPartnerCentralError):
    """A source cannot be accessed as it is configured."""


def _foreseen(state: Progress) -> Progress:
    """Return the state with an error of ours for what botocore lets through when it follows a configuration."""
    error = state.error
    if not isinstance(error, ValueError | OSError) or explain(error) is not None:
        return state
    line = f"a setting of the source, the environment or the AWS config file is not usable: {one_line(str(error))}"
    return attrs.evolve(state, error=_SettingError(line))


def _told(report: BulkReport) -> bytes:
    """Return the report as JSON, of each error what the command says: the service's own words may quote a request."""
    told = report.as_json()
    for entry, state in zip(told["sources"], map(_foreseen, report.states), strict=True):
        if state.error is not None:
            entry["error"]["message"] = explain(state.error) or type(state.error).__name__
    text = json.dumps(told, indent=2, ensure_ascii=False)
    # Half of a surrogate pair, as the path of a malformed item can hold, stays what JSON makes of it.
    return f"{text}\n".encode(errors="backslashreplace")


def _ndjson(path: Path) -> Sink:
    return open_sink(path, format="ndjson")


async def _write_malformed(sink: Sink, report: BulkReport) -> None:
    """Write what was left out of all sources.

    Raises:
        SinkError: it cannot be written; an earlier file is as it was.
    """
    for origin, state in report.sources.items():
        left_out = Page(origin.label, origin.catalog, origin.listing, malformed=state.malformed)
        await sink.write(rejects_page(left_out))
    await sink.commit()
