"""Combines the options of all listings, and checks them together: one may be missing, or exclude another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral._utils.text import clean
from aiopartnercentral.cli.config import Config
from aiopartnercentral.cli.option_values import Format, s3_contradictions
from aiopartnercentral.cli.options import switch_of
from aiopartnercentral.cli.runner import UsageError
from aiopartnercentral.cli.terminal import is_text
from aiopartnercentral.cli.writer import STDOUT, is_replaceable
from aiopartnercentral.sinks.compression import KNOWN, format_of, is_supported, split_extension
from aiopartnercentral.sinks.factory import FORMATS_OF
from aiopartnercentral.sinks.path_template import PathTemplate, is_template, is_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aiopartnercentral.cli.config import ParsedListing

__all__ = ["combine"]

_ACCESS: Final = ("catalogs", "profile", "region", "endpoint_url")
_REPORT_EXTENSIONS: Final = (("", None), (".json", None), (".html", None))
_PLACEHOLDER: Final = re.compile(r"\{(?:date|label|catalog|account|service|operation)\}")


def combine(parsed: Sequence[ParsedListing]) -> Config:
    """Return the configuration of all listings together.

    Raises:
        UsageError: an option is missing, given twice, or excludes another.
    """
    given: dict[str, Any] = {}
    given_after: dict[str, str] = {}
    for one in parsed:
        command = one.listing.command
        if any(other.listing.command == command for other in parsed if other is not one):
            raise UsageError(f"{command} is given twice: each listing is collected once")
        for name, value in one.given.items():
            if name in given_after:
                raise UsageError(
                    f"{switch_of(name)} is given after {given_after[name]} and after {command}: give it once, it "
                    "applies to all listings"
                )
            given[name], given_after[name] = value, command
    options = {**parsed[0].defaults, **given}
    options |= {name: options[name] or [] for name in ("catalogs", "ignore_errors", "whole")}
    config = Config(listings=[one.listing for one in parsed], **options)
    if (config.form is Format.TABLE or config.ordered) and _has_only_date(config.output):
        config = attrs.evolve(config, output=config.dated("output") or "", template=config.output)
    for line in _contradictions(config):
        raise UsageError(line)
    return config


def _has_only_date(path: str | Path) -> bool:
    """Return whether a path is a template without any other placeholder than `{date}`."""
    try:
        return is_template(path) and PathTemplate.parse(str(path)).fields <= {"date"}
    except ValueError:
        return False


def _contradictions(config: Config) -> Iterator[str]:
    """Yield a line for each option that is missing or excludes another."""
    yield from _of_access(config)
    yield from _of_output(config)
    yield from _of_names(config)
    yield from _of_since(config)
    yield from _of_checkpoint(config)
    yield from _of_malformed(config)
    yield from _of_report(config)
    yield from _of_log(config)
    objects = {"--output": config.output, "--report": config.report, "--checkpoint": config.checkpoint}
    yield from s3_contradictions(objects, {"spool": config.spool, **config.of_s3})
    if config.ordered and config.sink_option is not None:
        yield f"--ordered and {config.sink_option} exclude each other: only a stream of lines or a table has an order"


def _of_access(config: Config) -> Iterator[str]:
    if config.sources is None and not config.catalogs:
        yield "nothing to collect: pass --catalog or --sources"
    for name in _ACCESS:
        if config.sources is not None and getattr(config, name):
            yield f"--sources and {switch_of(name)} exclude each other: set it for each source in the file"


def _of_output(config: Config) -> Iterator[str]:
    for name, formats in FORMATS_OF.items():
        if getattr(config, name) and config.form not in formats:
            yield f"{switch_of(name)} is an option of --format {' and '.join(formats)}, not of {config.form}"
    if config.form is Format.PARQUET and not config.to_files:
        yield "--format parquet needs --output and a file"
    elif config.compression is not None and not config.to_files:
        yield f"the extension {config.compression} of --output needs a file: nothing else is compressed"
    elif config.to_files:
        yield from _of_extension(config)
    if config.form is Format.CSV and config.is_stream and len(config.listings) > 1:
        yield "--format csv of several listings needs {operation} in --output: each listing has its own columns"
    if config.output == config.report == STDOUT:
        yield "--report - and --output - exclude each other: both would be standard output"
    if config.form is Format.TABLE and is_template(config.output):
        yield "--format table and a template in --output exclude each other: there is one table for all sources"


def _of_extension(config: Config) -> Iterator[str]:
    by_extension, compression = format_of(config.output)
    if not is_supported(compression):
        yield f"--output must end in {KNOWN}, as {compression} is not supported: {clean(config.output)}"
    elif config.format is None and by_extension is None:
        yield f"--output must end in {KNOWN}, or --format must be given: {clean(config.output)}"
    elif config.form != (by_extension or config.form) or (config.form is Format.TABLE and compression is not None):
        extension = Path(config.output).suffix
        yield f"--format {config.form} and the extension {clean(extension)} of --output exclude each other"


def _of_names(config: Config) -> Iterator[str]:
    for name in ("report", "malformed"):
        path = getattr(config, name)
        if path is not None and is_template(path) and not _has_only_date(path):
            yield (
                f"{switch_of(name)} names one file: its name can contain {{date}}, but no other placeholder; write "
                f"{{{{ and }}}} for braces"
            )
    if config.checkpoint is not None and (found := _PLACEHOLDER.search(config.checkpoint)):
        yield f"--checkpoint cannot contain {found[0]}: the next run must find it under the same name"


def _of_since(config: Config) -> Iterator[str]:
    for name in ("overlap", "whole"):
        if getattr(config, name) and config.since is None:
            yield f"{switch_of(name)} needs --since: without it, everything is collected"
    commands = [one.command for one in config.listings]
    for command in config.whole:
        if command not in commands:
            yield f"--whole {clean(command)} is not a listing of this command: {', '.join(commands)}"


def _of_checkpoint(config: Config) -> Iterator[str]:
    if config.checkpoint is not None and config.form is Format.TABLE:
        yield "--checkpoint and --format table exclude each other: a table is written only at the end"
    elif config.checkpoint is not None and not config.to_files:
        yield "--checkpoint needs --output and a file: only files can be resumed"
    for name in ("restart", "checkpoint_max_age"):
        if getattr(config, name) and config.checkpoint is None:
            yield f"{switch_of(name)} needs --checkpoint: without one, every run starts over"
    if not (config.checkpoint is None or is_url(config.checkpoint) or is_replaceable(config.checkpoint)):
        yield f"--checkpoint must name a file, and {clean(config.checkpoint)} is not a file"
    if config.checkpoint is not None and is_template(config.output) and not is_text(config.output):
        yield "--checkpoint and a template in --output with bytes that are not text exclude each other"


def _of_malformed(config: Config) -> Iterator[str]:
    if config.malformed is not None:
        if config.form is Format.NDJSON:
            yield "--malformed and --format ndjson exclude each other: ndjson includes every item as it was sent"
        name = str(config.malformed)
        extension, compression = split_extension(name)
        if extension not in ("", ".ndjson", ".jsonl") or not is_supported(compression):
            known = ".ndjson or .jsonl (each also with .gz or .zst)"
            yield f"--malformed must end in {known}, or have no extension: {clean(name)}"


def _of_report(config: Config) -> Iterator[str]:
    report = config.report
    if report not in (None, STDOUT) and is_replaceable(report) and split_extension(report) not in _REPORT_EXTENSIONS:
        yield f"--report must end in .json or .html, or have no extension: {clean(report)}"


def _of_log(config: Config) -> Iterator[str]:
    if config.log_format is not None and not (config.verbose or config.log_file):
        yield "--log-format needs --verbose or --log-file: without them, nothing is logged"
    if config.quiet and config.verbose and config.log_file is None:
        yield "--quiet and --verbose exclude each other, unless --log-file takes the log"
    for name in ("progress", "summary"):
        if config.quiet and getattr(config, name):
            yield f"--quiet and --{name} exclude each other"
