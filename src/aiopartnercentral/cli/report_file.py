"""The report file of a run, and its errors in the command's words."""

from __future__ import annotations

import json
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral.cli.messages import explain
from aiopartnercentral.cli.runner import CommandError
from aiopartnercentral.cli.terminal import one_line
from aiopartnercentral.cli.writer import STDOUT, Target, create_directories, is_replaceable, write_once
from aiopartnercentral.errors import AioPartnerCentralError, SinkError
from aiopartnercentral.sinks.partial_file import PartialFile

if TYPE_CHECKING:
    from aiopartnercentral._pagination.report import Report, SourceReport
    from aiopartnercentral.bulk import Origin

__all__ = ["begin_report", "foreseen", "write_report"]


def begin_report(path: str, report: Report[Origin], *, template: str | None) -> None:
    """Replace the report of an earlier run, which would pass for this run's if this one were killed.

    Nothing is done if the path is not that of a file. If it cannot be written, `write_report` will say so.
    """
    if path == STDOUT or not is_replaceable(path):
        return
    with suppress(OSError, SinkError):
        create_directories(template or path, path)
        PartialFile.replace(path, _report_json(report, is_finished=False))


async def write_report(
    file: Target, report: Report[Origin], *, template: str | None, elsewhere: str | None
) -> CommandError | None:
    """Write the report into the open file, or `elsewhere`, and return why that failed, or None."""
    try:
        with ExitStack() as stack:
            target = file if elsewhere is None else stack.enter_context(await Target.open(elsewhere, template=template))
            await write_once(target, _report_json(report, is_finished=True))
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


def _report_json(report: Report[Origin], *, is_finished: bool) -> bytes:
    """Return the report as JSON, with the command's message for each error: the service's text may quote a request."""
    content = report.as_json()
    if not is_finished:
        content["finished_at"] = None
    for entry, state in zip(content["sources"], map(foreseen, report.sources.values()), strict=True):
        if state.error is not None:
            entry["error"]["message"] = explain(state.error) or type(state.error).__name__
    text = json.dumps(content, indent=2, ensure_ascii=False)
    # The path of a malformed item can contain a lone surrogate, which UTF-8 cannot encode.
    return f"{text}\n".encode(errors="backslashreplace")
