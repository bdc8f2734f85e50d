"""`write`: sends one operation for each line of a file, and prints the outcome of each row."""

from __future__ import annotations

import difflib
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiopartnercentral.bulk import Limits, Source, Writes, WritesFinished
from aiopartnercentral.cli.messages import explain
from aiopartnercentral.cli.row_file import RowsError, open_rows
from aiopartnercentral.cli.runner import FAILED, USAGE, CommandError
from aiopartnercentral.cli.services import SERVICES, facts
from aiopartnercentral.cli.terminal import one_line, say
from aiopartnercentral.cli.writer import STDOUT, Target, check_files, deliver
from aiopartnercentral.errors import CheckpointError, EncodeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiopartnercentral.bulk import RowResult, WriteEvent, WriteObserver, WriteReport, WriteStream
    from aiopartnercentral.cli.writer import Writer
    from aiopartnercentral.types import Operation

__all__ = ["resume_hint", "write_rows"]


def resume_hint(checkpoint: Path | None) -> str | None:
    """Return what to do after a run was stopped."""
    return None if checkpoint is None else "rerun the same command to resume: rows that are written are not sent again"


async def write_rows(options: Mapping[str, Any]) -> int:
    """Write the rows, print a line for each, and return the exit code; a cancellation stops the run.

    Arguments:
        options: the options of the command.

    Raises:
        CommandError: wrong usage, or an error that ended the run.
    """
    reports: list[WriteReport] = []
    failures: list[Exception] = []
    operation = _operation(options["operation"])
    _check_files(options["rows"], options["checkpoint"])
    with await Target.open(STDOUT) as target:
        try:
            async with (
                open_rows(options["rows"], options["key"], operation) as rows,
                _writes(options, operation, rows, partial(_take_report, reports)) as stream,
            ):
                await deliver(target, partial(_print_results, stream, failures))
        except CommandError:
            raise
        except Exception as error:  # noqa: BLE001 - explained below, unless it is unexpected
            failures.append(error)
    for report in reports if not failures else ():
        say(one_line(str(report).partition("\n")[0], limit=None))
    for failure in failures:
        if (line := _explained(failure)) is None:
            raise failure
        has_begun = any(sum(report.rows.values()) for report in reports)
        is_refused = isinstance(failure, CheckpointError | RowsError) and not has_begun
        hint = None if is_refused else resume_hint(options["checkpoint"])
        raise CommandError(line, *([] if hint is None else [hint]), exit_code=USAGE if is_refused else FAILED)
    return FAILED if any(report.failed for report in reports) else 0


def _take_report(reports: list[WriteReport], event: WriteEvent) -> None:
    if isinstance(event, WritesFinished):
        reports.append(event.report)


def _check_files(rows: Path, checkpoint: Path | None) -> None:
    """Refuse files that are the same one; a pipe or a socket may well be both standard input and output.

    Raises:
        CommandError: there is one.
    """
    files = [("--rows", rows), ("--checkpoint", checkpoint), ("standard output", Path("/dev/stdout"))]
    try:
        check_files([(name, str(path)) for name, path in files if path is not None and _may_be_file(path)])
    except ValueError as error:
        raise CommandError(one_line(str(error)), exit_code=USAGE) from None


def _may_be_file(path: Path) -> bool:
    try:
        return path.is_file() or not path.exists()
    except OSError:
        return True


def _writes(
    options: Mapping[str, Any],
    operation: Operation[Any, Any],
    rows: AsyncIterator[tuple[str, object]],
    observer: WriteObserver,
) -> Writes[Any]:
    try:
        return Writes(
            operation.input,
            rows,
            Source(
                options["catalog"],
                profile=options["profile"],
                region_name=options["region"],
                endpoint_url=options["endpoint_url"],
            ),
            limits=Limits(rate=options["rate"], concurrency=options["concurrency"], attempts=options["max_attempts"]),
            on_error="raise" if options["on_error"] == "raise" else "report",
            ignore_errors=options["ignore_errors"] or (),
            checkpoint=options["checkpoint"],
            resend_unknown=options["resend_unknown"] or False,
            observer=observer,
        )
    except (TypeError, ValueError) as error:
        raise CommandError(one_line(str(error)), exit_code=USAGE) from None


def _operation(name: str) -> Operation[Any, Any]:
    """Return the operation that a name in any spelling means.

    Raises:
        CommandError: there is none, there are several, or it only reads.
    """
    service, _, spelt = name.rpartition(".")
    wanted = spelt.replace("-", "").replace("_", "").lower()
    every = {each: facts(each).operations for each in SERVICES if service in ("", each)}
    found = [
        (each, operation) for each, known in every.items() for operation in known if operation.name.lower() == wanted
    ]
    if len(found) > 1:
        choices = " or ".join(f"{each}.{spelt}" for each, _ in found)
        raise CommandError(f"{one_line(name)!r} is in {len(found)} services: write {choices}", exit_code=USAGE)
    if not found:
        names = [operation.name for known in every.values() for operation in known if not operation.readonly]
        near = difflib.get_close_matches(spelt.title().replace("-", "").replace("_", ""), names, 1)
        hint = f"did you mean {near[0]}?" if near else "`aiopartnercentral describe` lists all"
        raise CommandError(f"there is no operation {one_line(name)!r}: {hint}", exit_code=USAGE)
    ((_, operation),) = found
    if operation.readonly:
        raise CommandError(f"{operation.name} only reads: there is nothing to write", exit_code=USAGE)
    return operation


async def _print_results(stream: WriteStream[Any], failures: list[Exception], writer: Writer) -> None:
    """Print a line for each row, and add the error that ends the run, if there is one."""
    try:
        async for _, result in stream:
            await writer.write(_line(result))
    except Exception as error:  # noqa: BLE001 - a task group would wrap it
        failures.append(error)


def _line(result: RowResult[Any]) -> bytes:
    content = result.as_json()
    if result.error is not None:
        content["error"]["message"] = _explained(result.error, quotes=False) or type(result.error).__name__
    return f"{json.dumps(content, ensure_ascii=False)}\n".encode(errors="backslashreplace")


def _explained(error: Exception, *, quotes: bool = True) -> str | None:
    """Return the message for an error, with the service's own text or without; None for an unexpected one."""
    return one_line(str(error)) if isinstance(error, EncodeError) else explain(error, quotes=quotes)
