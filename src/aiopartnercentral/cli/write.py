"""`write`: writes the rows of a file, a JSON object in each line, and reports the result of each."""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import attrs

from aiopartnercentral._serialization import jsontext
from aiopartnercentral._serialization.members import members
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.text import clean, nearest, one_line, squashed
from aiopartnercentral.bulk import Limits, Source, Writes, WritesFinished
from aiopartnercentral.bulk.write_journal import fingerprint
from aiopartnercentral.cli.file_checks import check_given_files
from aiopartnercentral.cli.log import LogOptions, logged
from aiopartnercentral.cli.messages import explain, say_misspelt
from aiopartnercentral.cli.options import LOGGING
from aiopartnercentral.cli.runner import FAILED, USAGE, CommandError, UsageError
from aiopartnercentral.cli.services import SERVICES, facts
from aiopartnercentral.cli.terminal import say
from aiopartnercentral.cli.writer import STDOUT, Target, deliver
from aiopartnercentral.errors import AioPartnerCentralError, CheckpointError, DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from aiopartnercentral.bulk import RowResult, WriteEvent, WriteObserver, WriteReport, WriteStream
    from aiopartnercentral.cli.writer import Writer
    from aiopartnercentral.types import Operation

__all__ = ["RowsError", "open_rows", "operation_of", "resume_hint", "write_rows"]


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
    service, operation = operation_of(options["operation"])
    say_misspelt(options["ignore_errors"] or (), [service])
    check_given_files(
        ("--rows", options["rows"]),
        ("--checkpoint", options["checkpoint"]),
        ("--log-file", options["log_file"]),
        ("standard output", "/dev/stdout"),
    )
    with logged(LogOptions(*(options[name] for name in LOGGING))), await Target.open(STDOUT) as target:
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
            **({} if options["timeout"] is None else {"timeout": options["timeout"]}),
        )
    except (TypeError, ValueError) as error:
        raise UsageError(one_line(str(error))) from None


def operation_of(name: str) -> tuple[str, Operation[Any, Any]]:
    """Return the service and the operation that a name in any spelling means.

    Raises:
        CommandError: there is none, there are several, or it only reads.
    """
    service, _, spelt = name.rpartition(".")
    wanted = squashed(spelt)
    every = {each: facts(each).operations for each in SERVICES if service in ("", each)}
    found = [
        (each, operation) for each, known in every.items() for operation in known if squashed(operation.name) == wanted
    ]
    if len(found) > 1:
        choices = " or ".join(f"{each}.{spelt}" for each, _ in found)
        raise UsageError(f"{one_line(name)!r} is in {len(found)} services: write {choices}")
    if not found:
        names = [operation.name for known in every.values() for operation in known if not operation.readonly]
        meant = nearest(spelt, names)
        hint = f"did you mean {meant}?" if meant else "`aiopartnercentral describe` lists all"
        raise UsageError(f"there is no operation {one_line(name)!r}: {hint}")
    ((package, operation),) = found
    if operation.readonly:
        raise UsageError(f"{operation.name} only reads: there is nothing to write")
    return package, operation


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


_CHUNK = 1 << 18  # bytes that are read at once


class RowsError(AioPartnerCentralError):
    """The file cannot be read, or a line of it is not a row; the message names the file and the line."""


@asynccontextmanager
async def open_rows(
    path: Path, key: str, operation: Operation[Any, Any]
) -> AsyncIterator[AsyncIterator[tuple[str, dict[str, Any]]]]:
    """Open a file, and give the key and the request of each line.

    A cancellation does not wait for a file that gives nothing, such as a pipe with a silent writer.

    Arguments:
        path: the file, which may be a pipe.
        key: the member that is the key of a row. It is not a part of the request, unless the operation has it.
        operation: the operation.

    Raises:
        RowsError: the file cannot be read; from the rows, a line is not a row.
    """
    name = clean(str(path))
    try:
        reader = _Reader(await anyio.to_thread.run_sync(_open, path, abandon_on_cancel=True))
    except OSError as error:
        raise RowsError(f"cannot read {name}: {error.strerror}") from error
    is_sent = key in {member.key for member in members(operation.input, is_botocore=False)}
    try:
        yield _rows(reader, name, key, is_sent=is_sent)
    finally:
        reader.close()


def _open(path: Path) -> int:
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        os.close(fd)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return fd


@attrs.define
class _Reader:
    """Reads the lines of an open file in threads, which a cancellation abandons."""

    _fd: int
    _is_reading: bool = False

    async def lines(self) -> AsyncIterator[bytes]:
        rest = b""
        while chunk := await self._chunk():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line
        yield rest

    async def _chunk(self) -> bytes:
        self._is_reading = True
        try:
            chunk = await anyio.to_thread.run_sync(os.read, self._fd, _CHUNK, abandon_on_cancel=True)
        except OSError:
            self._is_reading = False
            raise
        self._is_reading = False
        return chunk

    def close(self) -> None:
        """Close the file, unless an abandoned thread still reads it."""
        if not self._is_reading:
            os.close(self._fd)


async def _rows(reader: _Reader, name: str, key: str, *, is_sent: bool) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Yield the key and the request of each line.

    Raises:
        RowsError: the file cannot be read, or a line is not a JSON object with a key of its own.
    """
    numbers: dict[bytes, int] = {}
    number = 0
    try:
        async for line in reader.lines():
            number += 1
            if line.strip():
                where = f"line {number} of {name}"
                row = _parsed(line, where)
                named = _key(row.get(key) if is_sent else row.pop(key, None), key, where)
                first = numbers.setdefault(fingerprint(named), number)
                if first != number:
                    raise RowsError(f"{where} has the same {clean(key)!r} as line {first}, {clean(named)!r}")
                yield named, row
    except OSError as error:
        raise RowsError(f"cannot read {name}: {error.strerror}") from error


def _parsed(line: bytes, where: str) -> dict[str, Any]:
    with suppress(DecodeError):
        if isinstance(row := jsontext.loads(line), dict):
            return row
    raise RowsError(f"{where} is not a JSON object")


def _key(value: object, name: str, where: str) -> str:
    """Return the key of a row; the number 1 and the text "1" are the same key.

    Raises:
        RowsError: it is not a key.
    """
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise RowsError(f"{where} has no member {clean(name)!r} that is a string or a whole number")
    try:
        return validators.text(f"the member {clean(name)!r}", str(value))
    except ValueError as error:
        raise RowsError(f"{where}: {error}") from None
