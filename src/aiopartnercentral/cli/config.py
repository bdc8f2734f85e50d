"""The configuration of a run of `collect`: the options of all its listings, combined and checked."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral._pagination.progress import Beginning
from aiopartnercentral._utils.paths import real_path
from aiopartnercentral._utils.text import clean
from aiopartnercentral.bulk.checkpoint_object import check_checkpoint
from aiopartnercentral.cli.log import LogOptions
from aiopartnercentral.cli.option_values import OF_S3, Format, Formulas, LogFormat, OnFailure, s3_options
from aiopartnercentral.cli.options import switch_of
from aiopartnercentral.cli.terminal import can_redraw, is_terminal
from aiopartnercentral.cli.writer import STDOUT, is_replaceable
from aiopartnercentral.sinks.compression import format_of
from aiopartnercentral.sinks.path_template import PathTemplate, is_template, is_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from aiopartnercentral.bulk.checkpoint_object import CheckpointObject
    from aiopartnercentral.sinks import S3Options

__all__ = ["Config", "ListingArguments", "ParsedListing", "checkpoint_of", "resume_hint"]

_LINES: Final = (Format.NDJSON, Format.CSV)
_DATED: Final = ("report", "malformed", "output")
_OTHER_FILES: Final = ("sources", "checkpoint", "malformed", "report", "log_file")
_ASCII: Final = 128


@attrs.frozen(kw_only=True)
class ListingArguments:
    """One listing to collect.

    Attributes:
        service: the name of the service's package, such as `account`.
        method: name of the function in the package's `listings`.
        command: the subcommand that was typed.
        arguments: filters, page_size and max_items, as the function takes them.
    """

    service: str
    method: str
    command: str
    arguments: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class ParsedListing:
    """One listing as it was typed.

    Attributes:
        listing: the listing.
        given: options of the whole run that were given after it.
        defaults: defaults of the options that were not.
    """

    listing: ListingArguments
    given: Mapping[str, Any]
    defaults: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Config:
    """The configuration of a run; see the options of the same names.

    Attributes:
        listings: what to collect from each source.
        beginning: when the run began; `{date}` stands for this day unless the run resumes another one.
        template: `output` as it was given, if its `{date}` is filled in; otherwise None.
    """

    listings: Sequence[ListingArguments]
    beginning: Beginning = attrs.field(factory=Beginning)
    template: str | None = None
    catalogs: list[str]
    sources: Path | None
    endpoint_url: str | None
    region: str | None
    profile: str | None
    format: Format | None
    output: str
    columns: list[str] | None
    explode: str | None
    formulas: Formulas | None
    bom: bool
    envelope: bool
    since: datetime | Path | None
    overlap: timedelta | None
    whole: list[str]
    checkpoint: str | None
    checkpoint_max_age: timedelta | None
    restart: bool
    rate: float | None
    concurrency: int
    max_attempts: int
    timeout: float | None
    ordered: bool
    dry_run: bool
    on_error: OnFailure
    ignore_errors: list[str]
    malformed: Path | None
    progress: bool | None
    summary: bool | None
    report: str | None
    quiet: bool
    verbose: int
    log_file: str | None
    log_format: LogFormat | None
    spool: Path | None
    s3_profile: str | None
    s3_region: str | None
    s3_endpoint_url: str | None
    s3_kms_key: str | None
    s3_acl: str | None
    s3_storage_class: str | None

    @property
    def s3(self) -> S3Options | None:
        """The options of the outputs in S3, or None; see `s3_options`."""
        return s3_options((self.output, self.report, self.checkpoint), self.of_s3)

    @property
    def of_s3(self) -> dict[str, Any]:
        """The options of the outputs in S3, by name."""
        return {name: getattr(self, name) for name in OF_S3}

    def remote(self, path: str) -> dict[str, Any]:
        """Return the arguments of an output that only one at a URL takes."""
        return {"s3": self.s3, "spool": self.spool} if is_url(path) else {}

    @property
    def place(self) -> dict[str, Any]:
        """The arguments of a collection that say where its checkpoint is."""
        return {"checkpoint": self.checkpoint, "checkpoint_s3": self.s3 if is_url(self.checkpoint or "") else None}

    @property
    def time_limit(self) -> dict[str, Any]:
        """The argument of a collection that limits the time of each request; its clients send a request once."""
        return {} if self.timeout is None else {"timeout": self.timeout}

    @property
    def logging(self) -> LogOptions:
        """What is logged, and where."""
        return LogOptions(self.verbose, self.log_file, self.log_format)

    @property
    def to_terminal(self) -> bool:
        """Whether the items themselves are shown on a terminal."""
        return self.output == STDOUT and is_terminal(sys.stdout)

    @property
    def form(self) -> Format:
        """The output format."""
        if self.format is not None:
            return self.format
        if self.output == STDOUT:
            return Format.TABLE if self.to_terminal else Format.NDJSON
        # A device or a pipe needs no extension.
        return Format(format_of(self.output)[0] or Format.NDJSON)

    @property
    def compression(self) -> str | None:
        """The file extension of a compressed NDJSON or CSV output; None if it is not compressed."""
        is_compressed = self.form in _LINES and format_of(self.output)[1] is not None
        return Path(self.output).suffix if is_compressed else None

    @property
    def to_files(self) -> bool:
        """Whether the items go into files; a device or a pipe is written like standard output."""
        return self.output != STDOUT and is_replaceable(self.output)

    @property
    def is_stream(self) -> bool:
        """Whether the output is one stream, in a file or not: of lines as they arrive, or a table at the end."""
        return not self.to_files or self.form is Format.TABLE or self.ordered

    @property
    def sink_option(self) -> str | None:
        """The option that requires a sink, or None if the output can be a stream of lines."""
        if self.form is Format.PARQUET:
            return "--format parquet"
        if self.checkpoint is not None:
            return "--checkpoint"
        if self.form in _LINES and is_template(self.output):
            return "a template in --output"
        return None if self.compression is None else f"the extension {self.compression} of --output"

    def files(self, outputs: Iterable[str]) -> Sequence[tuple[str, str]]:
        """Return all files of the run, each with its option.

        Arguments:
            outputs: the paths that `output` stands for; more than one if it is a template.
        """
        options = [("output", path) for path in outputs] + [(name, self.dated(name)) for name in _OTHER_FILES]
        if isinstance(self.since, Path) and not self.reports_to_since:
            options.append(("since", str(self.since)))
        return [
            (switch_of(name), "/dev/stdout" if path == STDOUT else path) for name, path in options if path is not None
        ]

    @property
    def reports_to_since(self) -> bool:
        """Whether this run replaces the report that it begins at, as a chain of nightly runs does."""
        written = self.dated("report")
        return written is not None and isinstance(self.since, Path) and real_path(written) == real_path(self.since)

    def dated(self, option: str, began: datetime | None = None) -> str | None:
        """Return the path of an option that can have no other placeholder than `{date}`.

        The date is the day of a time, by default that of the beginning of this run.
        """
        path = getattr(self, option)
        if path is None or not (option in _DATED and is_template(path)):
            return None if path is None else str(path)
        template = PathTemplate.parse(str(path)).of(began or self.beginning.wall)
        return template.text.format(date=template.date)

    @property
    def shows_progress(self) -> bool:
        """Whether progress is shown; by default not if it would mix with the data."""
        default = self.live and not self.quiet and self.logging.to_file_or_off
        return default if self.progress is None else self.progress

    @property
    def live(self) -> bool:
        """Whether progress is redrawn in place, so that nothing else may be written to the terminal."""
        return can_redraw() and not (self.to_terminal and self.form is not Format.TABLE)

    @property
    def shown_live(self) -> bool | None:
        """Whether the progress that is shown is redrawn in place; None if none is shown."""
        return self.live if self.shows_progress else None

    @property
    def shows_summary(self) -> bool:
        """Whether the summary is printed; it includes the failures."""
        default = (is_terminal(sys.stderr) or self.on_error is OnFailure.REPORT) and not self.quiet
        return default if self.summary is None else self.summary

    @property
    def shows_failures(self) -> bool:
        """Whether failed sources are printed, rather than being part of the summary or wanted by nobody."""
        return not (self.shows_summary or self.quiet)


def checkpoint_of(parsed: Sequence[ParsedListing]) -> Path | CheckpointObject | None:
    """Return where the checkpoint is, even if other options are wrong."""
    options = {name: value for one in parsed for name, value in one.given.items()}
    with suppress(ValueError):  # a wrong option of S3
        return check_checkpoint(options.get("checkpoint"), s3_options([options.get("checkpoint")], options))
    return None


def resume_hint(checkpoint: Path | CheckpointObject | None) -> str | None:
    """Return the line that says how to resume a run that did not complete; None without saved progress."""
    from aiopartnercentral.bulk.checkpoint_file import saved_progress  # noqa: PLC0415 - rarely needed

    saved = None if checkpoint is None else saved_progress(checkpoint)
    if checkpoint is None or saved is None:
        return None
    arguments = [each for each in sys.argv[1:] if each != switch_of("restart")]
    command = " ".join(map(_quoted, ["aiopartnercentral", *arguments]))
    return f"progress saved in {clean(str(checkpoint))}: {saved}; to resume: {command}"


def _quoted(argument: str) -> str:
    """Return the argument quoted for a shell; bytes that are not printable text are escaped."""
    if argument.isprintable():
        return shlex.quote(argument)
    shown = (chr(byte) if chr(byte).isalnum() and byte < _ASCII else f"\\x{byte:02x}" for byte in os.fsencode(argument))
    return f"$'{''.join(shown)}'"
