"""The report file of a run, and the earlier report from which an incremental run continues."""

from __future__ import annotations

import json
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import TYPE_CHECKING

import anyio
import attrs

from aiopartnercentral._pagination.report_html import report_page
from aiopartnercentral._pagination.source_report import with_noted_parent
from aiopartnercentral._utils.text import clean, one_line
from aiopartnercentral.bulk import load_report
from aiopartnercentral.bulk.instrumentation.events import CURSOR_AHEAD
from aiopartnercentral.cli.messages import explain
from aiopartnercentral.cli.runner import CommandError, UsageError
from aiopartnercentral.cli.terminal import say
from aiopartnercentral.cli.writer import STDOUT, Target, create_directories, is_replaceable, write_once
from aiopartnercentral.errors import AioPartnerCentralError, SinkError
from aiopartnercentral.sinks.compression import split_extension
from aiopartnercentral.sinks.object_storage import ObjectStorage
from aiopartnercentral.sinks.partial_file import PartialFile
from aiopartnercentral.sinks.path_template import is_url, literal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiopartnercentral._pagination.report import Report, SourceReport
    from aiopartnercentral.bulk import Origin
    from aiopartnercentral.cli.config import Config
    from aiopartnercentral.sinks import S3Options

__all__ = ["BeginningReport", "begin_of", "foreseen", "is_html", "say_whole", "write_report"]


@attrs.define
class BeginningReport:
    """Replaces the report of an earlier run, which would pass for this run's if this one were killed."""

    _given: tuple[ObjectStorage, bytes] | None = None
    _decided: anyio.Event = attrs.field(factory=anyio.Event)

    def begin(self, path: str, report: Report[Origin], *, template: str | None, s3: S3Options | None) -> None:
        """Write the report: a file at once, an object in S3 while the work goes on.

        Nothing is done if the path is that of neither. If it cannot be written, `write_report` will say so.
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
