"""`collect`: collects one or several listings of all sources into the output."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import anyio
import attrs
from botocore.exceptions import ProfileNotFound

from aiopartnercentral._pagination.report import EarlierRun, Report, versions_of
from aiopartnercentral._utils.paths import real_path
from aiopartnercentral._utils.text import clean, counted, one_line
from aiopartnercentral.bulk import RunStarted, check_sources
from aiopartnercentral.bulk.checkpoint_object import check_checkpoint
from aiopartnercentral.bulk.collection import begin_at
from aiopartnercentral.bulk.sink_writer import empty_pages
from aiopartnercentral.cli.check import try_each
from aiopartnercentral.cli.collection import collection_of, rate_of
from aiopartnercentral.cli.config import resume_hint
from aiopartnercentral.cli.config_checks import combine
from aiopartnercentral.cli.each import listing_of
from aiopartnercentral.cli.file_checks import check_run_files, check_writable
from aiopartnercentral.cli.item_table import ItemTables
from aiopartnercentral.cli.log import logged
from aiopartnercentral.cli.messages import explain, failure_lines, in_options, say_misspelt, unforeseen
from aiopartnercentral.cli.option_values import Format, OnFailure
from aiopartnercentral.cli.options import TIMEOUT
from aiopartnercentral.cli.progress import Progress, with_progress
from aiopartnercentral.cli.report_file import (
    BeginningReport,
    begin_of,
    earlier_report_replaced,
    foreseen,
    say_whole,
    write_report,
)
from aiopartnercentral.cli.runner import FAILED, USAGE, CommandError, UsageError
from aiopartnercentral.cli.services import facts
from aiopartnercentral.cli.sinks import StreamSink, count_malformed, malformed_sink, output_sink, write_malformed
from aiopartnercentral.cli.sources import sources_of
from aiopartnercentral.cli.table import encoded, named, say_how_far, say_result, say_unwritten
from aiopartnercentral.cli.terminal import is_styled, say, width_of
from aiopartnercentral.cli.writer import (
    STDOUT,
    Target,
    Writer,
    deliver,
    warnings_of_files,
)
from aiopartnercentral.errors import CheckpointError, PositionError, SinkError
from aiopartnercentral.sinks.base import output_paths, parent_text
from aiopartnercentral.sinks.rejects import SinkWithRejects
from aiopartnercentral.types import NestedListing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiopartnercentral.bulk import Event, Origin, Source
    from aiopartnercentral.cli.config import Config, ParsedListing
    from aiopartnercentral.sinks import Sink
    from aiopartnercentral.sinks.file_sink import FileSink

__all__ = ["collect"]


async def collect(parsed: Sequence[ParsedListing]) -> int:
    """Collect into the output, and return the exit code.

    If this is cancelled, an earlier output is unchanged. A line on stderr and the report tell what was collected so
    far. With a checkpoint, the run can be resumed.

    Raises:
        CommandError: the run failed; its lines are still to be printed.
    """
    config = combine(parsed)
    unwritten = None
    async with AsyncExitStack() as stack:
        warnings = stack.enter_context(warnings_of_files())
        say_misspelt(config.ignore_errors, dict.fromkeys(one.service for one in config.listings))
        run = _Run(config, await sources_of(config))
        path = config.dated("report")
        if path is not None and not config.dry_run:  # before anything that can take long or fail
            await stack.enter_async_context(
                earlier_report_replaced(path, config.s3, run.unfinished(), is_restored=run.leaves_report)
            )
        stack.enter_context(logged(config.logging))
        run.check_outputs()
        if config.dry_run:
            return await run.try_each()
        report_file = None if path is None else stack.enter_context(await run.target(path, template=config.report))
        try:
            await run.collect()
        except anyio.get_cancelled_exc_class():
            run.say_how_far()
            if not run.is_done:  # otherwise it is too late to stop
                raise
        except CommandError as error:
            if error.exit_code == FAILED:  # neither wrong usage nor a pipe that its reader has closed
                run.say_result()
            raise
        else:
            run.say_result()
        finally:  # last, as the next run begins at this report, whatever becomes of the process
            if path is not None and report_file is not None and run.progress.started:
                with anyio.CancelScope(shield=True):
                    moved = run.moved_report
                    elsewhere = None if moved is None else partial(run.target, moved, template=config.report)
                    unwritten = await write_report(path, report_file, run.report, elsewhere=elsewhere)
    for line in warnings:
        say(clean(line))
    return _conclude(config, run, unwritten)


def _conclude(config: Config, run: _Run, unwritten: CommandError | None) -> int:
    """Return the exit code.

    Raises:
        CommandError: something failed, or the report could not be written; its lines are still to be printed.
    """
    failed = run.named_report.failures
    if (fault := unforeseen(failed)) is not None:
        raise fault
    if not failed and unwritten is None:
        return 0
    lines = [*(failure_lines(failed) if config.shows_failures else ()), *(() if unwritten is None else unwritten.lines)]
    lines += [] if (hint := resume_hint(check_checkpoint(**config.place))) is None else [hint]
    code = FAILED if unwritten is None or failed else unwritten.exit_code
    if config.profile is not None and failed and all(isinstance(one, ProfileNotFound) for one in failed.values()):
        code = USAGE
    raise CommandError(*lines, exit_code=code)


class _Run:
    """One run of the command: one collection, or one for each source if they come in order.

    Attributes:
        config: the options.
        progress: the totals of its events.
    """

    def __init__(self, config: Config, sources: Sequence[Source]) -> None:
        """Check the options and the paths.

        Raises:
            UsageError: an option has an invalid value.
        """
        self.config = config
        self._sources = sources
        self._resumes: EarlierRun | None = None
        self._since = begin_of(config)
        self._beginning = BeginningReport()
        self.target = partial(Target.open, s3=config.s3, spool=config.spool)
        self._listings = {one.method: listing_of(one, config.listings) for one in config.listings}
        try:
            # One collection for each source and listing, so that their items are not interleaved.
            parts = [([source], [one]) for source in check_sources(sources) for one in config.listings]
            self.progress = Progress(sources=len(parts))
            parts = parts if config.ordered else [(list(sources), list(config.listings))]
            self._collections = [
                collection_of(config, self._listings, *part, since=self._since, observer=self._observe)
                for part in parts
            ]
            # The first one has the id and the beginning of the run, as its report does.
            begin_at(self._collections[0], config.beginning)
            # A stream of lines needs only the encoding of the sink for a file.
            self._encoder = (
                output_sink(config, STDOUT, self._collections[0])
                if config.is_stream and config.form is not Format.TABLE
                else None
            )
            output = None if config.is_stream else output_sink(config, config.output, self._collections[0])
            origins = [origin for one in self._collections for origin in one.origins]
            outputs = [config.output] if output is None else output_paths(output, empty_pages(origins))
            check_run_files(config, outputs)
            self._other_files = {real_path(path) for _, path in config.files([])}
            self._outputs = [] if output is None else [*outputs, *filter(None, [config.dated("malformed")])]
        except (ValueError, ImportError) as error:
            # A missing package, a duplicate label, an invalid template, a file with two uses, a directory.
            names = {one.method: one.command for one in config.listings}
            raise UsageError(one_line(in_options(str(error), names), limit=None)) from error
        self._is_streamed = False
        self._sink = output
        if output is not None and config.malformed is not None:
            rejects = malformed_sink(config)
            self._sink = SinkWithRejects(output, rejects, str(config.malformed))

    def check_outputs(self) -> None:
        """Check whether existing outputs can be replaced; otherwise a template's is checked at its first page.

        Raises:
            CommandError: one cannot.
        """
        try:
            check_writable(self._outputs)
        except SinkError as error:
            raise CommandError(explain(error) or str(error)) from error

    async def try_each(self) -> int:
        """Try each source and listing with one request, print the results, and return the exit code."""
        config = self.config
        options: Any = {
            "timeout": config.timeout or TIMEOUT,
            "rate": rate_of(config),
            "ignore_errors": config.ignore_errors,
        }
        return await try_each(self._listings, self._sources, live=config.shown_live, **options)

    async def collect(self) -> None:
        """Collect everything; `report` has the result.

        Raises:
            CommandError: the output cannot be written or resumed.
            Exception: a bug.
        """
        config, sink = self.config, self._sink
        work = self._into_stream if sink is None else partial(self._collections[0].into, sink)
        is_whole = True
        try:
            shown = self._into_stream if self._is_table else partial(self._with_progress, work)
            await self._beginning.during(shown)
        except Exception as error:
            failures = self.progress.report.failures.values()
            if config.on_error is not OnFailure.RAISE or not any(failure is error for failure in failures):
                raise self._explained(error) from error
            is_whole = False
        report = self.report
        if report.lost or not is_whole:
            say_unwritten(config, self.named_report, "every source failed" if is_whole else None)
        left_out = count_malformed(report)
        if left_out and is_whole and not (sink is not None and report.lost):
            say(f"{counted(left_out, 'malformed item')} omitted: see {clean(str(self.dated('malformed')))}")

    @property
    def _is_table(self) -> bool:
        """Whether the output is a table: written at the end, and not over the progress on the same terminal."""
        return self._sink is None and self._encoder is None

    async def _with_progress(self, work: Callable[[], Awaitable[object]]) -> None:
        await with_progress(work, self.progress, self.name, live=self.config.shown_live)

    @property
    def is_done(self) -> bool:
        """Whether everything is collected and written."""
        report = self.report
        return self.progress.started and report.complete and report.output_written is True

    @property
    def moved_report(self) -> str | None:
        """The path of the report of a run that resumes one of another day, if the name has the day."""
        path = self.dated("report")
        return None if path == self.config.dated("report") else path

    def leaves_report(self, error: BaseException | None) -> bool:
        """Return whether an earlier report stays: this run was refused, or has its report elsewhere."""
        is_refused = isinstance(error, CommandError) and error.exit_code == USAGE and not self.progress.started
        return is_refused or self.moved_report is not None

    def dated(self, option: str) -> str | None:
        """Return the path of an option, with the day on which this run or the one that it resumes began."""
        resumed = self._resumes
        return self.config.dated(option, None if resumed is None else resumed.started_at)

    @property
    def report(self) -> Report[Origin]:
        """The report of what was collected so far; a source that has not started is pending.

        The other files of the run are not among the earlier files.
        """
        report = self.progress.report
        pending = {origin: state for each in self._collections for origin, state in each.pending.items()}
        return attrs.evolve(
            report,
            sources={origin: report.sources.get(origin, state) for origin, state in pending.items()},
            output_written=self._is_streamed if self._sink is None else report.output_written,
            earlier_files=[file for file in report.earlier_files if real_path(file.path) not in self._other_files],
        )

    @property
    def named_report(self) -> Report[str]:
        """The report with the displayed names of the sources."""
        report = self.report
        states = {origin: foreseen(state) for origin, state in report.sources.items()}
        return named(attrs.evolve(report, sources=states), self.name)

    def say_result(self) -> None:
        """Print the result of a run that has started."""
        if self.progress.started:
            say_result(self.config, self.named_report)
            say_whole(map(self.name, self.progress.whole))

    def say_how_far(self) -> None:
        """Print the result of a run that has started and is stopped."""
        if self.progress.started:
            say_whole(map(self.name, self.progress.whole))
            say_how_far(self.config, self.named_report)

    def name(self, origin: Origin) -> str:
        """Return the displayed name of a source: with its listing if there are several."""
        return str(origin) if len(self.config.listings) > 1 else origin.label

    def _observe(self, event: Event) -> None:
        """Count an event; the first one says what the run resumes, and replaces an earlier run's report."""
        if isinstance(event, RunStarted) and not self.progress.started:
            self._resumes = event.resumes
            if event.resumption is not None:
                say(clean(event.resumption))
            if (path := self.dated("report")) is not None:
                self._beginning.begin(path, self.unfinished(), template=self.config.report, s3=self.config.s3)
        self.progress.observe(event)

    def unfinished(self) -> Report[Origin]:
        """Return the report of this run before it has collected anything."""
        services = dict.fromkeys(one.service for one in self.config.listings)
        versions = versions_of([facts(one) for one in services])
        return attrs.evolve(
            self.report,
            run_id=self.config.beginning.run_id,
            started_at=self.config.beginning.wall,
            resumes=self._resumes,
            versions=versions,
            output_written=None,
        )

    async def _into_stream(self) -> None:
        """Write to standard output, a device or a pipe; or a table or ordered lines into a file."""
        config, failure = self.config, None

        async def work(writer: Writer) -> None:
            nonlocal failure
            try:
                await (self._table(writer) if self._encoder is None else self._lines(writer, self._encoder))
            except Exception as error:  # noqa: BLE001 - raised again outside the task group, which would wrap it
                failure = error

        async with AsyncExitStack() as stack:
            target = stack.enter_context(await self.target(config.output, template=config.template))
            rejects = None if config.malformed is None else malformed_sink(config)
            if rejects is not None:
                # Opened before the target: if this fails, nothing has been printed yet.
                stack.push_async_callback(partial(rejects.abort, keep=False))
                await rejects.open()
            await deliver(target, work)
            if failure is not None:
                raise failure
            report = self.progress.report
            if rejects is not None and (count_malformed(report) or not report.lost):
                await write_malformed(rejects, report)
            if not report.lost:
                await target.keep()
                self._is_streamed = True

    async def _lines(self, writer: Writer, encoder: Sink) -> None:
        sink = StreamSink(writer, cast("FileSink", encoder))
        for collection in self._collections:
            await collection.into(sink)

    async def _table(self, writer: Writer) -> None:
        config, tables = self.config, ItemTables()
        await self._with_progress(partial(self._fill, tables))
        styled = config.output == STDOUT and is_styled(sys.stdout)
        text = await tables.text(width_of(sys.stdout) if config.to_terminal else None, styled=styled)
        await writer.write(encoded(text, terminal=config.to_terminal))

    async def _fill(self, tables: ItemTables) -> None:
        has_several = len(self.config.listings) > 1
        for collection in self._collections:
            async with collection as stream:
                async for origin, item in stream:
                    source = None if self.config.sources is None else origin.label
                    tables.add(item, source, origin.listing if has_several else None, self._parent_of(origin))

    def _parent_of(self, origin: Origin) -> str | None:
        """Return the parent of an item as a table has it, without sensitive members; None if it has none."""
        listing = self._listings[origin.listing]
        if origin.parent is None or not isinstance(listing, NestedListing):
            return None
        return parent_text(listing.shown(origin.parent))

    def _explained(self, error: Exception) -> Exception:
        """Return the exception to raise for an error that ended the run; an unexpected error is returned unchanged."""
        line = explain(error)
        if line is None or isinstance(error, CommandError):
            return error
        if isinstance(error, PositionError) or not self.progress.started:
            # Nothing was fetched: the checkpoint is of another run, or a file cannot be written, as on a full disk.
            is_refused = isinstance(error, CheckpointError) and error.__cause__ is None
            return CommandError(line, exit_code=USAGE if is_refused or isinstance(error, PositionError) else FAILED)
        return CommandError(line, *filter(None, [resume_hint(check_checkpoint(**self.config.place))]))
