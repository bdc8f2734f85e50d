"""Tries each source with one request for each listing, and writes nothing: `check`, and `collect --dry-run`."""

from __future__ import annotations

import json
import sys
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import anyio
import attrs
from botocore.config import Config

from aiopartnercentral._pagination.causes import Cause, cause_of
from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral._utils.text import clean, one_line
from aiopartnercentral.bulk import Collection, Limits
from aiopartnercentral.cli.file_checks import check_given_files
from aiopartnercentral.cli.log import LogOptions, logged
from aiopartnercentral.cli.messages import cause_lines, explain, explain_all, unforeseen
from aiopartnercentral.cli.options import LOGGING
from aiopartnercentral.cli.progress import Progress, with_progress
from aiopartnercentral.cli.report_file import foreseen
from aiopartnercentral.cli.runner import FAILED, UsageError
from aiopartnercentral.cli.services import details, load, service_of
from aiopartnercentral.cli.sources import sources_of_file
from aiopartnercentral.cli.table import Column, encoded, prose, render
from aiopartnercentral.cli.terminal import can_redraw, is_styled, is_terminal, width_of
from aiopartnercentral.cli.writer import STDOUT, Target, write_once
from aiopartnercentral.types import NestedListing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiopartnercentral._pagination.report import Report, SourceReport
    from aiopartnercentral.bulk import Origin, Source
    from aiopartnercentral.types import Listing

__all__ = ["check", "try_each"]

_OK: Final = "ok"
_UNCHECKED: Final = "not checked"
_AT_ONCE: Final = 100
_UNFINISHED: Final = (Outcome.PENDING, Outcome.RUNNING, Outcome.CANCELLED)


@attrs.frozen
class _Row:
    """The result of one request.

    Attributes:
        origin: the source and listing.
        is_checked: whether it has ended before the command was stopped.
        error: why it failed, or None.
        is_ignored: whether the run would skip it because of the error.
        seconds: how long it took.
    """

    origin: Origin
    is_checked: bool
    error: Exception | None
    is_ignored: bool
    seconds: float

    @classmethod
    def of(cls, origin: Origin, state: SourceReport) -> _Row:
        state = foreseen(state)
        outcome = state.outcome
        return cls(origin, outcome not in _UNFINISHED, state.error, outcome is Outcome.SKIPPED, state.elapsed)

    @property
    def cause(self) -> Cause | None:
        return None if self.error is None else cause_of(self.error)

    @property
    def result(self) -> str:
        if self.cause is None:
            return _OK if self.is_checked else _UNCHECKED
        return f"{self.cause.name}, ignored" if self.is_ignored else self.cause.name

    def as_json(self) -> dict[str, Any]:
        cause, origin = self.cause, self.origin
        return {
            "label": origin.label,
            "catalog": origin.catalog,
            "account": origin.account,
            "service": origin.service,
            "operation": origin.operation,
            "ok": cause is None,
            "cause": None if cause is None else cause.name,
            "fixed_by": None if cause is None else cause.owner,
            "next_step": None if cause is None else cause.step,
            "message": None if self.error is None else explain(self.error, quotes=False) or type(self.error).__name__,
            "request_id": getattr(self.error, "request_id", None),
            "seconds": round(self.seconds, 3),
        }


async def check(options: Mapping[str, Any]) -> int:
    """Try each source of the file and each listing, print the results, and return the exit code.

    Arguments:
        options: the options of the command.

    Raises:
        CommandError: the sources file or a listing is not valid, or the results cannot be written.
    """
    listings = {each.replace("-", "_"): _listing(each) for each in options["listings"]}
    check_given_files(("SOURCES", options["sources"]), ("--log-file", options["log_file"]))
    log = LogOptions(*(options[name] for name in LOGGING))
    live = True if can_redraw() and log.to_file_or_off else None
    with logged(log):
        sources = await sources_of_file(options["sources"])
        rate = {} if options["rate"] is None else {"rate": options["rate"]}
        limits = {"timeout": options["timeout"], **rate}
        return await try_each(listings, sources, is_json=options["style"] == "json", live=live, **limits)


async def try_each(
    listings: Mapping[str, Listing[Any, Any]],
    sources: Sequence[Source],
    *,
    timeout: float,  # noqa: ASYNC109 - of each request
    rate: float = Limits().rate,
    ignore_errors: Sequence[str] = (),
    is_json: bool = False,
    live: bool | None = None,
) -> int:
    """Request one item of each source and listing, print the results, and return the exit code.

    If this is cancelled, a table for people shows which sources were checked so far.

    Arguments:
        listings: the listings by name; of a nested one, one item of one parent is requested.
        sources: the sources.
        timeout: maximum seconds to wait for the answer to a request, and for credentials.
        rate: maximum requests per second for each account.
        ignore_errors: error codes that do not make the exit code 1.
        is_json: whether the results are printed as JSON, rather than as a table.
        live: see `with_progress`.

    Raises:
        CommandError: two sources have the same label, or the results cannot be written.
    """
    # By botocore, within the time limit, so that what is not answered is not repeated.
    progress = Progress(is_trial=True)
    config: Any = Config(retries={"mode": "standard", "total_max_attempts": 3})
    try:
        collection: Collection[Any] = Collection(
            {name: _of_one_item(listing) for name, listing in listings.items()},
            sources,
            # Sources that do not answer are waited for together.
            limits=Limits(rate=rate, attempts=1, sources=_AT_ONCE, account_concurrency=_AT_ONCE, concurrency=_AT_ONCE),
            on_error="report",
            ignore_errors=ignore_errors,
            timeout=timeout,
            observer=progress.observe,
            config=config,
        )
    except ValueError as error:  # two sources with one label
        raise UsageError(one_line(str(error))) from None
    async with collection as stream:

        async def work() -> None:
            async for _ in stream:
                pass

        try:
            await with_progress(work, progress, str if len(listings) > 1 else attrgetter("label"), live=live)
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                if not is_json:
                    await _print(_as_text(_rows(stream.report)))
            raise
    rows = _rows(stream.report)
    if (fault := unforeseen(_failures(rows))) is not None:
        raise fault
    await _print(_as_json(rows) if is_json else _as_text(rows))
    return FAILED if _failures(rows) else 0


def _of_one_item(listing: Listing[Any, Any]) -> Listing[Any, Any]:
    """Return the same listing of one item; a nested one of one item of one parent."""
    sized = {"page_size": 1} if "page_size" in listing.pagination.attributes else {}
    has_pages = listing.pagination.token is not None  # unlike an operation that gets a single item
    least = attrs.evolve(listing, filters={**listing.filters, **sized}, max_items=1 if has_pages else None)
    return attrs.evolve(least, parent=_of_one_item(least.parent)) if isinstance(least, NestedListing) else least


def _listing(command: str) -> Listing[Any, Any]:
    """Return the listing without filters.

    Raises:
        UsageError: there is no such listing, or it needs filters.
    """
    service = service_of(command)
    if service is None or command in details()[service]:
        text = f"{one_line(command)} is not a listing of a catalog: collect --help lists them"
        raise UsageError(text)
    try:
        listing: Listing[Any, Any] = getattr(load(service, "listings"), command.replace("-", "_"))()
    except TypeError as error:
        raise UsageError(f"{one_line(str(error))}: only listings without required filters can be checked") from None
    return listing


async def _print(content: bytes) -> None:
    with await Target.open(STDOUT) as target:
        await write_once(target, content)


def _rows(report: Report[Origin]) -> list[_Row]:
    return [_Row.of(origin, state) for origin, state in report.sources.items()]


def _failures(rows: Sequence[_Row], *, ignored: bool = False) -> dict[str, Exception]:
    """Return the errors by the displayed name of the source, with its listing if there are several."""
    has_several = len({row.origin.listing for row in rows}) > 1
    failed = [(row.origin, row.error) for row in rows if row.error is not None and row.is_ignored == ignored]
    return {str(origin) if has_several else origin.label: error for origin, error in failed}


def _as_json(rows: Sequence[_Row]) -> bytes:
    content = {"ok": all(row.error is None for row in rows), "sources": [row.as_json() for row in rows]}
    return f"{json.dumps(content, indent=2, ensure_ascii=False)}\n".encode(errors="backslashreplace")


def _as_text(rows: Sequence[_Row]) -> bytes:
    """Return a table with a row for each source and listing, the errors, and what to do about each cause."""
    has_several = len({row.origin.listing for row in rows}) > 1
    columns = [
        Column("source"),
        *([Column("listing", 2)] if has_several else []),
        Column("account", 4),
        Column("result", 1),
        Column("fixed by", 3, prose=True),
        Column("seconds", 5, numeric=True),
    ]
    cells = [
        [
            clean(row.origin.label),
            *([row.origin.listing.replace("_", "-")] if has_several else []),
            clean(row.origin.account),
            row.result,
            "" if row.cause is None else row.cause.owner,
            f"{row.seconds:.2f}",
        ]
        for row in rows
    ]
    width = width_of(sys.stdout)
    failures = _failures(rows)
    number = sum(row.result == _OK for row in rows)
    others = {"ignored": sum(row.is_ignored for row in rows), "not checked": sum(not row.is_checked for row in rows)}
    lines = [
        *(f"skipped: {line}" for line in explain_all(_failures(rows, ignored=True))),
        *(f"error: {line}" for line in explain_all(failures)),
        *cause_lines(failures),
        ", ".join([f"{number} of {len(rows)} ok", *(f"{count} {what}" for what, count in others.items() if count)]),
    ]
    table = render(columns, [[each] for each in cells], width=width, styled=is_styled(sys.stdout))
    return encoded(table + prose(lines, width), terminal=is_terminal(sys.stdout))
