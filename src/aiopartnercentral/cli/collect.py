"""One collection, from the client to the output: a plain one here, all others by `bulk`."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import anyio
from botocore.exceptions import BotoCoreError

from aiopartnercentral import account
from aiopartnercentral._pagination.report import Outcome, Report, failures
from aiopartnercentral.cli.config import how_to_go_on, put_together
from aiopartnercentral.cli.messages import explain, explain_all, unforeseen
from aiopartnercentral.cli.options import Format, OnFailure
from aiopartnercentral.cli.progress import follow, width_of
from aiopartnercentral.cli.rows import Rows
from aiopartnercentral.cli.runner import FAILED, USAGE, CommandError
from aiopartnercentral.cli.table import encoded, report_text
from aiopartnercentral.cli.text import one_line, show
from aiopartnercentral.cli.writer import Outlet, Target, deliver
from aiopartnercentral.errors import CatalogsFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from aiopartnercentral._client import ConnectOptions
    from aiopartnercentral._pagination.paginator import Paginator, Stream, StreamSource
    from aiopartnercentral._pagination.report import Progress
    from aiopartnercentral.cli.config import Job, Part

__all__ = ["collect", "connected", "drain"]


async def collect(parts: Sequence[Part]) -> int:
    """Collect into the output and return the exit code; cancelling it leaves an earlier file as it was.

    Raises:
        CommandError: it failed, and nothing but the message is left to do.
    """
    job = put_together(parts)
    if job.bulk is None:
        report = await _collect_plainly(job)
        return _conclude(job, report.catalogs, report.elapsed)
    from aiopartnercentral.cli.bulk import collect_in_bulk  # noqa: PLC0415 - a plain collection starts without

    states, elapsed, unwritten = await collect_in_bulk(job)
    hint = partial(how_to_go_on, job.checkpoint)
    return _conclude(job, states, elapsed, called="source", hint=hint, unwritten=unwritten)


async def _collect_plainly(job: Job) -> Report:
    with await Target.open(job.output) as target:
        async with connected(job) as client:
            report = await _deliver(job, _paginator(job, client), target)
        if not report.lost and not _aborted(job, report):
            await target.keep()
    return report


def _conclude(
    job: Job,
    states: Mapping[str, Progress],
    elapsed: float,
    *,
    called: str = "catalog",
    hint: Callable[[], str | None] = lambda: None,
    unwritten: CommandError | None = None,
) -> int:
    """Tell how it ended, and return the exit code.

    Raises:
        CommandError: something failed, or the report is unwritten; its lines are what is still to be told.
    """
    if job.shows_summary and sys.stderr is not None:
        show(report_text(states, elapsed=elapsed, width=width_of(sys.stderr), called=called))
    failed = failures(states)
    fault = unforeseen(failed)
    if fault is not None:
        raise fault
    if not failed and unwritten is None:
        return 0
    lines = [] if job.shows_summary else explain_all(failed)
    more = () if unwritten is None else unwritten.lines
    line = hint()
    code = FAILED if failed or unwritten is None else unwritten.exit_code
    raise CommandError(*lines, *more, *([] if line is None else [line]), exit_code=code)


def _aborted(job: Job, report: Report) -> bool:
    return job.on_error is OnFailure.RAISE and bool(report.failures)


@asynccontextmanager
async def connected(job: Job) -> AsyncIterator[account.Client]:
    """Open the one client of a job without a file of sources.

    Raises:
        CommandError: there is none to be had.
    """
    is_open = False
    try:
        async with account.connect(**_connection(job)) as client:
            is_open = True
            yield client
    except (BotoCoreError, ValueError, OSError) as error:
        if is_open and explain(error) is None:
            raise
        _raise_unusable(job, error)


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
    (asked,) = job.listings
    method: Callable[..., Paginator[Any, Any]] = getattr(client.paginate, asked.method)
    return method(
        catalogs=job.catalogs,
        ordered=job.ordered,
        max_concurrency=job.concurrency,
        on_error=job.on_error.value,
        **asked.arguments,
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
    report = Report(catalogs={}, elapsed=0.0)

    async def work(outlet: Outlet) -> None:
        nonlocal report
        rows = Rows()

        async def write_line(item: bytes) -> None:
            await outlet.write(item + b"\n")

        async def add_row(item: object) -> None:
            rows.add(item)

        as_table = job.form is Format.TABLE
        source, consume = (paginator, add_row) if as_table else (paginator.raw(), write_line)
        report = await drain(source, consume, live=job.live if job.shows_progress else None)
        if not _aborted(job, report):
            text = await rows.text(width_of(sys.stdout) if job.on_terminal else None)
            await outlet.write(encoded(text, terminal=job.on_terminal))

    await deliver(target, work)
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
