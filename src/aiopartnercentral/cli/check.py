"""`check`: tries each source of a sources file with one request for each listing, and writes nothing."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import anyio
import attrs

from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.bulk import Collection, Limits
from aiopartnercentral.cli.causes import Cause, by_cause, cause_of
from aiopartnercentral.cli.log import LogOptions, logged
from aiopartnercentral.cli.messages import explain, explain_all, unforeseen
from aiopartnercentral.cli.options import LOGGING
from aiopartnercentral.cli.report_file import foreseen
from aiopartnercentral.cli.runner import FAILED, USAGE, CommandError
from aiopartnercentral.cli.services import details, load, pagination_of, service_of
from aiopartnercentral.cli.sources import sources_of_file
from aiopartnercentral.cli.table import Column, encoded, render
from aiopartnercentral.cli.terminal import clean, is_styled, is_terminal, one_line, width_of
from aiopartnercentral.cli.writer import STDOUT, Target, check_given_files, write_once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiopartnercentral._pagination.report import Report
    from aiopartnercentral.bulk import Origin
    from aiopartnercentral.types import Listing

__all__ = ["check"]

_OK: Final = "ok"
_UNCHECKED: Final = "not checked"
_ATTEMPTS: Final = 3


@attrs.frozen
class _Row:
    """The result of one request.

    Attributes:
        origin: the source and listing.
        is_checked: whether it has ended before the command was stopped.
        error: why it failed, or None.
        seconds: how long it took.
    """

    origin: Origin
    is_checked: bool
    error: Exception | None
    seconds: float

    @property
    def cause(self) -> Cause | None:
        return None if self.error is None else cause_of(self.error)

    @property
    def result(self) -> str:
        return _UNCHECKED if not self.is_checked else _OK if self.cause is None else self.cause.name

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
    """Request one item of each source and listing, print the results, and return the exit code.

    If this is cancelled, a table for people shows which sources were checked so far.

    Arguments:
        options: the options of the command.

    Raises:
        CommandError: the sources file or a listing is not valid, or the results cannot be written.
    """
    listings = {each.replace("-", "_"): _listing(each) for each in options["listings"]}
    check_given_files(("SOURCES", options["sources"]), ("--log-file", options["log_file"]))
    with logged(LogOptions(*(options[name] for name in LOGGING))):
        sources = await sources_of_file(options["sources"])
        limits = Limits(attempts=_ATTEMPTS, **({} if options["rate"] is None else {"rate": options["rate"]}))
        try:
            collection: Collection[Any] = Collection(listings, sources, limits=limits, on_error="report")
        except ValueError as error:  # two sources with one label
            raise CommandError(one_line(str(error)), exit_code=USAGE) from None
        is_table = options["style"] != "json"
        async with collection as stream:
            try:
                async for _ in stream:
                    pass
            except anyio.get_cancelled_exc_class():
                with anyio.CancelScope(shield=True):
                    if is_table:
                        await _print(_as_text(_rows(stream.report)))
                raise
        rows = _rows(stream.report)
        if (fault := unforeseen(_failures(rows))) is not None:
            raise fault
        await _print(_as_text(rows) if is_table else _as_json(rows))
    return FAILED if any(row.error is not None for row in rows) else 0


def _listing(command: str) -> Listing[Any, Any]:
    """Return the listing of one item.

    Raises:
        CommandError: there is no such listing, or it needs filters.
    """
    service = service_of(command)
    if service is None or command in details()[service]:
        text = f"{one_line(command)} is not a listing of a catalog: collect --help lists them"
        raise CommandError(text, exit_code=USAGE)
    sized = {"page_size": 1} if "page_size" in pagination_of(service, command).attributes else {}
    try:
        listing: Listing[Any, Any] = getattr(load(service, "listings"), command.replace("-", "_"))(max_items=1, **sized)
    except TypeError as error:
        raise CommandError(
            f"{one_line(str(error))}: only listings without required filters can be checked", exit_code=USAGE
        ) from None
    return listing


async def _print(content: bytes) -> None:
    with await Target.open(STDOUT) as target:
        await write_once(target, content)


def _rows(report: Report[Origin]) -> list[_Row]:
    states = [(origin, foreseen(state)) for origin, state in report.sources.items()]
    unchecked = (Outcome.PENDING, Outcome.RUNNING, Outcome.CANCELLED)
    return [_Row(origin, state.outcome not in unchecked, state.error, state.elapsed) for origin, state in states]


def _failures(rows: Sequence[_Row]) -> dict[str, Exception]:
    """Return the errors by the displayed name of the source, with its listing if there are several."""
    has_several = len({row.origin.listing for row in rows}) > 1
    return {str(row.origin) if has_several else row.origin.label: row.error for row in rows if row.error is not None}


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
    unchecked = sum(not row.is_checked for row in rows)
    lines = [
        *(f"error: {line}" for line in explain_all(failures)),
        *by_cause(failures),
        f"{number} of {len(rows)} ok{f', {unchecked} not checked' if unchecked else ''}",
    ]
    text = render(columns, [[each] for each in cells], width=width, styled=is_styled(sys.stdout)) + "".join(
        f"{line}\n" for line in lines
    )
    return encoded(text, terminal=is_terminal(sys.stdout))
