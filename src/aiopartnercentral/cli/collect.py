"""One collection, from the client to the output."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import anyio
import anyio.to_thread
import attrs
from botocore.exceptions import BotoCoreError

from aiopartnercentral import account
from aiopartnercentral.cli.grid import Column, Item, render
from aiopartnercentral.cli.options import Format, OnFailure
from aiopartnercentral.cli.output import STDOUT, Outlet, Target
from aiopartnercentral.cli.problems import explain, explain_all, unforeseen
from aiopartnercentral.cli.progress import can_be_live, follow, is_terminal, width_of
from aiopartnercentral.cli.running import FAILED, USAGE, CommandError
from aiopartnercentral.cli.tables import cells, columns_of, encoded, report_text
from aiopartnercentral.cli.text import one_line
from aiopartnercentral.errors import CatalogsFailedError
from aiopartnercentral.report import Outcome, Report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiopartnercentral.client import ConnectOptions
    from aiopartnercentral.paging import Paginator, Stream, StreamSource

__all__ = ["Job", "collect", "drain"]


@attrs.frozen(kw_only=True)
class Job:
    """What was asked for; see the options of the same names.

    Attributes:
        listing: name of the method of `client.paginate`.
        filters: those of its arguments that go to the service.
    """

    listing: str
    filters: Mapping[str, Any]
    catalogs: list[str]
    page_size: int | None = None
    max_items: int | None
    ordered: bool
    max_concurrency: int
    on_error: OnFailure
    endpoint_url: str | None
    region: str | None
    profile: str | None
    format: Format | None
    output: str
    progress: bool | None
    report: bool | None

    @property
    def on_terminal(self) -> bool:
        """Whether a person sees the data itself."""
        return self.output == STDOUT and is_terminal(sys.stdout)

    @property
    def as_table(self) -> bool:
        """Whether the items are written as a table."""
        return self.on_terminal if self.format is None else self.format is Format.TABLE

    @property
    def shows_progress(self) -> bool:
        """Whether progress is shown; unasked, not between the lines of the data."""
        return self.live if self.progress is None else self.progress

    @property
    def live(self) -> bool:
        """Whether progress is redrawn in place, for which the terminal must stay undisturbed."""
        return can_be_live() and not (self.on_terminal and not self.as_table)

    @property
    def shows_report(self) -> bool:
        """Whether the report is shown, in which the failures are told as well."""
        unasked = is_terminal(sys.stderr) or self.on_error is OnFailure.REPORT
        return unasked if self.report is None else self.report


async def collect(job: Job) -> int:
    """Collect into the output and return the exit code; cancelling it leaves an earlier file as it was.

    Raises:
        CommandError: it failed, and nothing but the message is left to do.
    """
    is_open = False
    with await Target.open(job.output) as target:
        try:
            async with account.connect(**_connection(job)) as client:
                is_open = True
                report = await _deliver(job, _paginator(job, client), target)
        except (BotoCoreError, ValueError, OSError) as error:
            if is_open and explain(error) is None:
                raise
            _raise_unusable(job, error)
        kept = len(report.failures) < len(report.catalogs) and not _aborted(job, report)
        if kept:
            await target.keep()
    if job.shows_report and sys.stderr is not None:
        _write_report(report)
    fault = unforeseen(report.failures)
    if fault is not None:
        raise fault
    if not report.failures:
        return 0
    raise CommandError(*() if job.shows_report else explain_all(report.failures))


def _write_report(report: Report) -> None:
    try:
        sys.stderr.write(report_text(report, width=width_of(sys.stderr)))
        sys.stderr.flush()
    except OSError:
        # Nobody reads it; that is no fault of the collection.
        return


def _aborted(job: Job, report: Report) -> bool:
    return job.on_error is OnFailure.RAISE and bool(report.failures)


def _connection(job: Job) -> ConnectOptions:
    options: ConnectOptions = {}
    if job.endpoint_url is not None:
        options["endpoint_url"] = job.endpoint_url
    if job.region is not None:
        options["region_name"] = job.region
    if job.profile is not None:
        options["profile"] = job.profile
    return options


def _paginator(job: Job, client: account.Client) -> Paginator[Any, Any]:
    arguments: dict[str, Any] = dict(job.filters)
    if job.page_size is not None:
        arguments["page_size"] = job.page_size
    method: Callable[..., Paginator[Any, Any]] = getattr(client.paginate, job.listing)
    return method(
        catalogs=job.catalogs,
        max_items=job.max_items,
        ordered=job.ordered,
        max_concurrency=job.max_concurrency,
        on_error=job.on_error.value,
        **arguments,
    )


def _raise_unusable(job: Job, error: Exception) -> NoReturn:
    """Raise what tells why there is no client to collect with.

    Raises:
        CommandError: always.
    """
    line = explain(error)
    if line is None and str(error).startswith("Invalid endpoint"):
        # What botocore raises for an address in the environment or the config file that is none.
        line = "the endpoint's address is not usable: check AWS_ENDPOINT_URL and endpoint_url in the AWS config file"
    if line is None:
        line = f"a setting of the environment or the AWS config file is not usable: {one_line(str(error))}"
    named = {"ProfileNotFound": job.profile, "InvalidRegionError": job.region}.get(type(error).__name__)
    raise CommandError(line, exit_code=FAILED if named is None else USAGE) from error


async def _deliver(job: Job, paginator: Paginator[Any, Any], target: Target) -> Report:
    """Collect and write; returns the report, failures included, once everything is written."""
    outlet = Outlet(target.fd)
    rows: list[Item] = []
    columns: list[Column] = []

    async def write_line(item: bytes) -> None:
        await outlet.write(item + b"\n")

    async def add_row(item: object) -> None:
        columns[:] = columns or columns_of(type(item))
        rows.append(cells(item))

    report = Report(catalogs={}, elapsed=0.0)
    async with anyio.create_task_group() as group:
        group.start_soon(outlet.pump, group.cancel_scope)
        source, consume = (paginator, add_row) if job.as_table else (paginator.raw(), write_line)
        report = await drain(source, consume, live=job.live if job.shows_progress else None)
        if rows and not _aborted(job, report):
            # In a thread, for a table of thousands of rows takes a while, and Ctrl-C must not wait for it.
            width = width_of(sys.stdout) if job.on_terminal else None
            table = partial(render, columns, rows, width=width)
            text = await anyio.to_thread.run_sync(table, abandon_on_cancel=True)
            await outlet.write(encoded(text, terminal=job.on_terminal))
        outlet.end()
    if outlet.error is not None:
        raise target.failure(outlet.error)
    return report


async def drain(source: StreamSource[Any], consume: Callable[[Any], Awaitable[None]], *, live: bool | None) -> Report:
    """Give every item to the consumer and return the report; a failed catalog is in the report, not raised.

    Cancelling it stops all fetching.

    Arguments:
        source: what to collect.
        consume: is called with each item, in order.
        live: whether progress is redrawn in place or written in lines; None for none.

    Raises:
        Exception: what is no failure of a catalog.
    """
    async with source as stream:
        if live is None:
            await _exhaust(stream, consume)
        else:
            async with anyio.create_task_group() as group:
                group.start_soon(partial(follow, lambda: stream.report, live=live))
                await _exhaust(stream, consume)
                group.cancel_scope.cancel()
        return stream.report


async def _exhaust(stream: Stream[Any], consume: Callable[[Any], Awaitable[None]]) -> None:
    try:
        async for _, item in stream:
            await consume(item)
    except CatalogsFailedError:
        return
    except Exception as error:
        failed = [state for state in stream.report.catalogs.values() if state.outcome is Outcome.FAILED]
        if not any(state.error is error for state in failed):
            raise
