"""The report file of a run, and the earlier report from which an incremental run continues."""

from __future__ import annotations

import errno
import json
import os
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import attrs

from aiopartnercentral._pagination.report_html import report_page
from aiopartnercentral._pagination.source_report import with_noted_parent
from aiopartnercentral._utils.paths import real_path
from aiopartnercentral._utils.text import clean, one_line
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.bulk import load_report
from aiopartnercentral.bulk.instrumentation.events import CURSOR_AHEAD
from aiopartnercentral.cli.messages import explain
from aiopartnercentral.cli.runner import CommandError, UsageError
from aiopartnercentral.cli.terminal import say
from aiopartnercentral.cli.writer import STDOUT, Target, create_directories, is_replaceable, write_once
from aiopartnercentral.errors import AioPartnerCentralError, SinkError
from aiopartnercentral.sinks.compression import split_extension
from aiopartnercentral.sinks.object_storage import ObjectStorage
from aiopartnercentral.sinks.partial_file import PartialFile, os_errors_as_sink_errors
from aiopartnercentral.sinks.path_template import is_url, literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from aiopartnercentral._pagination.report import Report, SourceReport
    from aiopartnercentral.bulk import Origin
    from aiopartnercentral.cli.config import Config
    from aiopartnercentral.sinks import S3Options

__all__ = [
    "BeginningReport",
    "EarlierReport",
    "begin_of",
    "earlier_report_replaced",
    "foreseen",
    "is_html",
    "say_whole",
    "write_report",
]


@attrs.define
class EarlierReport:
    """The report of an earlier run, which would pass for this run's if this one were killed or failed early.

    Attributes:
        path: its path, or the URL of an object.
        s3: the options of an object, or None.
    """

    path: str
    s3: S3Options | None
    _found: bytes | None = attrs.field(default=None, init=False)
    _written: bytes | None = attrs.field(default=None, init=False)
    _etag: str | None = attrs.field(default=None, init=False)

    async def replace(self, report: Report[Origin]) -> None:
        """Replace it with an unfinished report; does nothing if there is none.

        A file that cannot be replaced, such as on a full disk, is overwritten in place or deleted.

        Raises:
            CommandError: it remains.
        """
        content = _content(self.path, report, is_finished=False)
        try:
            if is_url(self.path):
                await self._replace_object(content)
            elif self.path != STDOUT and is_replaceable(self.path):
                await run_to_completion(partial(self._replace_file, content))
        except SinkError as error:
            raise CommandError(f"cannot write {clean(self.path)}: {error.reason}") from error

    async def restore(self) -> None:
        """Put it back, unless it has been replaced again."""
        if self._found is None:
            return
        if self._etag is None:
            await run_to_completion(partial(self._restore_file, self._found))
        else:
            with suppress(SinkError):
                await ObjectStorage.parse(literal(self.path), self.s3).replace(self._found, replaces=self._etag)

    async def _replace_object(self, content: bytes) -> None:
        destination = ObjectStorage.parse(literal(self.path), self.s3)
        try:
            self._found = await destination.read()
        except SinkError:  # without the permission to read it, nobody knows whether there is one
            await destination.replace(content)
        else:
            if self._found is not None:
                self._etag = await destination.replace(content)

    def _replace_file(self, content: bytes) -> None:
        with os_errors_as_sink_errors(self.path):
            if not os.path.lexists(real_path(self.path)):
                return
            with suppress(OSError):  # one that cannot be read can be replaced
                self._found = Path(self.path).read_bytes()
            try:
                _replace(self.path, content)
                self._written = content
            except PermissionError:  # it is protected, so it is not deleted either
                raise
            except OSError:
                Path(real_path(self.path)).unlink(missing_ok=True)

    def _restore_file(self, found: bytes) -> None:
        with suppress(OSError, SinkError):
            if self._written is None or Path(self.path).read_bytes() == self._written:
                _replace(self.path, found)


@asynccontextmanager
async def earlier_report_replaced(
    path: str, s3: S3Options | None, report: Report[Origin], *, is_restored: Callable[[BaseException | None], bool]
) -> AsyncIterator[None]:
    """Replace the report of an earlier run with an unfinished one before the block runs.

    Arguments:
        path: its path, or the URL of an object.
        s3: the options of an object, or None.
        report: the report of this run.
        is_restored: returns whether to put the earlier one back; called with the error of the block, or None.

    Raises:
        CommandError: it can neither be replaced nor deleted.
    """
    earlier, failure = EarlierReport(path, s3), None
    await earlier.replace(report)
    try:
        yield
    except BaseException as error:
        failure = error
        raise
    finally:
        if is_restored(failure):
            with anyio.CancelScope(shield=True):
                await earlier.restore()


def _replace(path: str, content: bytes) -> None:
    """Replace a file, in place if there is no other way.

    Raises:
        OSError: that failed, or the file has other names, under which it would change, too.
        SinkError: it may not be replaced, such as a mount point.
    """
    try:
        PartialFile.replace(path, content)
    except SinkError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        _overwrite(path, content)


def _overwrite(path: str, content: bytes) -> None:
    """Overwrite a file in place: the blocks that this frees are enough on a full disk.

    If this is interrupted, what remains is not a complete report.

    Raises:
        OSError: that failed, or the file has other names, under which it would change, too.
    """
    with Path(path).open("r+b") as file:
        if os.fstat(file.fileno()).st_nlink > 1:
            raise OSError(errno.EMLINK, os.strerror(errno.EMLINK))
        file.truncate(0)
        file.write(content)


@attrs.define
class BeginningReport:
    """The unfinished report of a run that has begun."""

    _given: tuple[ObjectStorage, bytes] | None = None
    _decided: anyio.Event = attrs.field(factory=anyio.Event)

    def begin(self, path: str, report: Report[Origin], *, template: str | None, s3: S3Options | None) -> None:
        """Write the report: a file at once, an object in S3 while the work goes on.

        Nothing is done if the path is that of neither. If it cannot be written, `write_report` will say so;
        an earlier report has already been replaced by `EarlierReport`.
        """
        content = _content(path, report, is_finished=False)
        if is_url(path):
            self._given = ObjectStorage.parse(literal(path), s3), content
            self._decided.set()
        elif path != STDOUT and is_replaceable(path):
            with suppress(OSError, SinkError):
                create_directories(template or path, path)
                PartialFile.replace(path, content)

    async def during(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work; returns when the report that `begin` was given is written, too.

        Raises:
            Exception: an error of the work.
        """
        failure = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._write)
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - raised again outside the task group, which would wrap it
                failure = error
            self._decided.set()
        if failure is not None:
            raise failure

    async def _write(self) -> None:
        await self._decided.wait()
        if self._given is not None:
            destination, content = self._given
            with suppress(SinkError):
                await destination.replace(content)


async def write_report(
    path: str, file: Target, report: Report[Origin], *, elsewhere: Callable[[], Awaitable[Target]] | None
) -> CommandError | None:
    """Write the report into the open file, or into one that is opened elsewhere; return why that failed, or None.

    The path says whether it is JSON or HTML.
    """
    try:
        with ExitStack() as stack:
            target = file if elsewhere is None else stack.enter_context(await elsewhere())
            await write_once(target, _content(path, report, is_finished=True))
            await target.keep()
    except CommandError as error:
        return error
    return None


class _SettingError(AioPartnerCentralError):
    """The configuration of a source is invalid."""


def foreseen(state: SourceReport) -> SourceReport:
    """Return the state, with a `_SettingError` for an error of Python that botocore raises for a bad configuration."""
    error = state.error
    if not isinstance(error, ValueError | OSError) or explain(error) is not None:
        return state
    line = f"a setting of the source, the environment or the AWS config file is not usable: {one_line(str(error))}"
    return attrs.evolve(state, error=_SettingError(line))


def is_html(path: str) -> bool:
    """Return whether a report with this path is a page for people, and not JSON."""
    return split_extension(path) == (".html", None)


def _content(path: str, report: Report[Origin], *, is_finished: bool) -> bytes:
    """Return the report, with the command's message for each error: the service's text may quote a request."""
    content = report.as_json()
    if not is_finished:
        content["finished_at"] = None
    errors = [foreseen(state).error for state in report.sources.values()]
    for entry, error in zip(content["sources"], errors, strict=True):
        if error is not None:
            entry["error"]["message"] = with_noted_parent(error, explain(error, quotes=False) or type(error).__name__)
    text = report_page(content, errors) if is_html(path) else f"{json.dumps(content, indent=2, ensure_ascii=False)}\n"
    # The path of a malformed item can contain a lone surrogate, which UTF-8 cannot encode.
    return text.encode(errors="backslashreplace")


def begin_of(config: Config) -> datetime | Report[Origin] | None:
    """Return the time or the report at which the run begins; None if it collects everything.

    In the first night there is no report yet. It may be missing if this run writes it: another name is a mistake.

    Raises:
        CommandError: the report is missing, cannot be read, or is something else.
    """
    path = config.since
    if path is None or isinstance(path, datetime):
        return path
    if is_html(str(path)):
        reason = f"{clean(str(path))} is a page for a browser, and only a JSON report can be read"
        raise UsageError(f"--since: {reason}")
    try:
        return load_report(path)
    except FileNotFoundError as error:
        if config.reports_to_since:
            return None
        reason = f"{error.strerror}; a run whose --report has the same name may begin without it"
        raise UsageError(f"cannot read {clean(str(path))}: {reason}") from None
    except OSError as error:
        raise UsageError(f"cannot read {clean(str(path))}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(one_line(str(error))) from None


def say_whole(names: Iterable[str]) -> None:
    """Print which sources were collected as a whole, as they had a cursor that lies in the future."""
    for name in names:
        say(f"{clean(name)}: {CURSOR_AHEAD}")
