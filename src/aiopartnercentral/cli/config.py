"""What was asked for: the options of all listings put together, and what of them goes with what."""

from __future__ import annotations

import os
import shlex
import sys
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.cli.options import Format, OnFailure, switch_of
from aiopartnercentral.cli.progress import can_be_live, is_terminal
from aiopartnercentral.cli.runner import USAGE, CommandError
from aiopartnercentral.cli.text import clean, is_text
from aiopartnercentral.cli.writer import STDOUT, is_replaceable
from aiopartnercentral.sinks.compression import EXTENSIONS
from aiopartnercentral.sinks.path_template import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Asked", "Job", "Part", "checkpoint_of", "how_to_go_on", "put_together"]

_BY_ENDING: Final = {".csv": Format.CSV, ".parquet": Format.PARQUET}
_OF_ONE_ACCESS: Final = ("catalogs", "profile", "region", "endpoint_url")
_FILES: Final = ("sources", "output", "checkpoint", "malformed", "report")
_ASCII: Final = 128
_OF_BULK: Final = ("sources", "checkpoint", "rate", "ignore_errors", "malformed", "report")


@attrs.frozen(kw_only=True)
class Asked:
    """One listing.

    Attributes:
        method: name of the method of `client.paginate`.
        command: what was typed for it.
        arguments: those of the method's arguments that say what is asked: filters, page_size and max_items.
    """

    method: str
    command: str
    arguments: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Part:
    """One listing as it was typed.

    Attributes:
        asked: the listing.
        given: the options of the whole that stood behind it.
        defaults: what these are where nobody says anything.
    """

    asked: Asked
    given: Mapping[str, Any]
    defaults: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Job:
    """What was asked for; see the options of the same names.

    Attributes:
        listings: what is asked of every source.
    """

    listings: Sequence[Asked]
    catalogs: list[str]
    sources: Path | None
    endpoint_url: str | None
    region: str | None
    profile: str | None
    format: Format | None
    output: str
    checkpoint: Path | None
    rate: float | None
    concurrency: int
    ordered: bool
    on_error: OnFailure
    ignore_errors: list[str]
    malformed: Path | None
    progress: bool | None
    summary: bool | None
    report: str | None

    @property
    def on_terminal(self) -> bool:
        """Whether a person sees the data itself."""
        return self.output == STDOUT and is_terminal(sys.stdout)

    @property
    def form(self) -> Format:
        """How the items are written."""
        if self.format is not None:
            return self.format
        if self.output == STDOUT:
            return Format.TABLE if self.on_terminal else Format.NDJSON
        path = Path(self.output)
        ending = path.with_suffix("").suffix if path.suffix.lower() in EXTENSIONS else path.suffix
        return _BY_ENDING.get(ending.lower(), Format.NDJSON)

    @property
    def compression(self) -> str | None:
        """The ending of the output that has the items compressed; None if they are not."""
        ending = Path(self.output).suffix
        return ending if self.form is Format.NDJSON and ending.lower() in EXTENSIONS else None

    @property
    def into_file(self) -> bool:
        """Whether the items go into files; a device or a pipe is written like standard output."""
        return self.output != STDOUT and is_replaceable(self.output)

    @property
    def bulk(self) -> str | None:
        """What of the options makes it a bulk collection; None if it is a plain one."""
        for name in _OF_BULK:
            if getattr(self, name):
                return switch_of(name)
        if self.form in (Format.CSV, Format.PARQUET):
            return f"--format {self.form}"
        if self.output != STDOUT and self.form is Format.NDJSON:
            if is_template(self.output):
                return "a template in --output"
            if self.compression is not None:
                return f"the ending {self.compression} of --output"
        return self.listings[1].command if len(self.listings) > 1 else None

    @property
    def shows_progress(self) -> bool:
        """Whether progress is shown; unasked, not between the lines of the data."""
        return self.live if self.progress is None else self.progress

    @property
    def live(self) -> bool:
        """Whether progress is redrawn in place, for which the terminal must stay undisturbed."""
        return can_be_live() and not (self.on_terminal and self.form is not Format.TABLE)

    @property
    def shows_summary(self) -> bool:
        """Whether the summary is shown, in which the failures are told as well."""
        unasked = is_terminal(sys.stderr) or self.on_error is OnFailure.REPORT
        return unasked if self.summary is None else self.summary


def put_together(parts: Sequence[Part]) -> Job:
    """Return the job of all listings.

    Raises:
        CommandError: something is said twice, is missing, or does not go with something else.
    """
    given: dict[str, Any] = {}
    said_at: dict[str, Part] = {}
    for part in parts:
        command = part.asked.command
        if any(other.asked.command == command for other in parts if other is not part):
            raise _wrong(f"{command} is named twice; each listing is collected once")
        for name, value in part.given.items():
            if name in said_at:
                raise _wrong(
                    f"{switch_of(name)} stands behind {said_at[name].asked.command} and behind {command}: it is said "
                    "once, for all listings"
                )
            given[name], said_at[name] = value, part
    told = {**parts[0].defaults, **given}
    told["catalogs"], told["ignore_errors"] = told["catalogs"] or [], told["ignore_errors"] or []
    job = Job(listings=[part.asked for part in parts], **told)
    for wrong in _contradictions(job):
        raise _wrong(wrong)
    return job


def checkpoint_of(parts: Sequence[Part]) -> Path | None:
    """Return the checkpoint's file, whatever else is wrong with what was typed."""
    return next((part.given["checkpoint"] for part in parts if "checkpoint" in part.given), None)


def how_to_go_on(checkpoint: Path | None) -> str | None:
    """Return the line that says how to go on with a collection that did not come to its end; None if it cannot be."""
    if checkpoint is None or not checkpoint.exists():
        return None
    command = " ".join(map(_quoted, ["aiopartnercentral", *sys.argv[1:]]))
    return f"{clean(str(checkpoint))} says how far it has come; to go on: {command}"


def _quoted(argument: str) -> str:
    """Return what a shell reads as the argument; bytes that could steer a terminal or are no text by their numbers."""
    if argument.isprintable():
        return shlex.quote(argument)
    shown = (chr(byte) if chr(byte).isalnum() and byte < _ASCII else f"\\x{byte:02x}" for byte in os.fsencode(argument))
    return f"$'{''.join(shown)}'"


def _wrong(line: str) -> CommandError:
    return CommandError(line, exit_code=USAGE)


def _contradictions(job: Job) -> Iterator[str]:
    """Yield what is missing, or does not go with something else."""
    yield from _of_access(job)
    yield from _of_output(job)
    yield from _of_other_files(job)
    if job.ordered and job.bulk is not None:
        yield f"--ordered and {job.bulk} exclude each other: only catalogs of one listing can come in order"
    files = [(switch_of(name), getattr(job, name)) for name in _FILES if getattr(job, name) not in (None, STDOUT)]
    if job.checkpoint is not None:
        # What is there besides while it is in use, and removed then.
        files += [(f"the {ending} of --checkpoint", f"{job.checkpoint}{ending}") for ending in (".lock", ".part")]
    for (one, path), (other, same) in combinations(files, 2):
        if os.path.realpath(path) == os.path.realpath(same):
            yield f"{one} and {other} name the same file, {clean(str(path))}"


def _of_access(job: Job) -> Iterator[str]:
    if job.sources is None and not job.catalogs:
        yield "nothing says what to collect from: name catalogs by --catalog, or a file of sources by --sources"
    for name in _OF_ONE_ACCESS:
        if job.sources is not None and getattr(job, name):
            yield f"--sources and {switch_of(name)} exclude each other: the file says it for each source"


def _of_output(job: Job) -> Iterator[str]:
    if job.form in (Format.CSV, Format.PARQUET) and not job.into_file:
        yield f"--format {job.form} needs --output and a file: it is written to files alone"
    elif job.compression is not None and not job.into_file:
        yield f"the ending {job.compression} of --output needs a file: nothing else is compressed"
    if job.output == job.report == STDOUT:
        yield "--report - and --output - exclude each other: both would be standard output"
    if job.form is Format.TABLE and is_template(job.output):
        yield "--format table and a template in --output exclude each other: one table has everything"


def _of_other_files(job: Job) -> Iterator[str]:
    if job.checkpoint is not None and job.form is Format.TABLE:
        yield "--checkpoint and --format table exclude each other: a table is written at the end alone"
    elif job.checkpoint is not None and not job.into_file:
        yield "--checkpoint needs --output and a file: what has gone elsewhere cannot be taken back"
    if job.checkpoint is not None and not is_replaceable(job.checkpoint):
        yield f"--checkpoint must name a file: {clean(str(job.checkpoint))} is there and none"
    if job.checkpoint is not None and is_template(job.output) and not is_text(job.output):
        yield "--checkpoint and a template in --output that holds bytes that are no text exclude each other"
    if job.malformed is not None:
        if job.form is Format.NDJSON:
            yield "--malformed and --format ndjson exclude each other: ndjson has every item as the service spelled it"
        if is_template(str(job.malformed)):
            yield "--malformed names one file: there can be no braces in it"
