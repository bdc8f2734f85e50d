"""The options of every listing.

Filters belong to the listing before them. All other options apply to the whole run, and are given once, after any
listing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from aiopartnercentral.cli.option_values import (
    Format,
    Formulas,
    LogFormat,
    OnFailure,
    check_checkpoint,
    check_directory,
    check_endpoint,
    check_file,
    check_log_file,
    check_output,
    check_rate,
    check_region,
    check_text,
    duration,
    max_age,
    names,
    profiles,
    since,
)
from aiopartnercentral.cli.services import listing_names
from aiopartnercentral.cli.terminal import STDOUT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "FILTERS",
    "LIMITS",
    "LOGGING",
    "OWN",
    "SHARED",
    "SOURCES",
    "TIMEOUT",
    "option",
    "switch_of",
]


def option(
    panel: str,
    hint: Any,  # noqa: ANN401 - passed on to typer
    *switches: str,
    default: object = None,
    **more: Any,  # noqa: ANN401 - passed on to typer
) -> tuple[Any, object]:
    """Return the annotated type and the default of an option."""
    return Annotated[hint, typer.Option(*switches, rich_help_panel=panel, **more)], default


FILTERS: Final = "What to collect"
SOURCES: Final = "From where"
_OUTPUT: Final = "Output"
_CHANGES: Final = "Only what has changed"
LIMITS: Final = "Limits and retries"
_ERRORS: Final = "Errors"
_REPORTING: Final = "Progress and reports"
_S3: Final = "Output and report in S3"
TIMEOUT: Final = 10.0
"""Seconds to wait for each source of `check` and `collect --dry-run`, by default."""

LOGGING: Final[Mapping[str, tuple[Any, Any]]] = {
    "verbose": option(
        _REPORTING,
        int,
        "--verbose",
        "-v",
        default=0,
        count=True,
        show_default=False,
        help="Log retries and failures to stderr; with -vv, also every request and page.",
    ),
    "log_file": option(
        _REPORTING,
        str | None,
        metavar="FILE",
        callback=check_log_file,
        help="Append the log to this file, not to stderr; without --verbose, log retries and failures.",
    ),
    "log_format": option(
        _REPORTING, LogFormat | None, help="Format of the log: text (default), or json for one object per line."
    ),
}
"""Options of the log, which several commands have."""

OWN: Final[Mapping[str, tuple[Any, Any]]] = {
    "max_items": option(
        FILTERS,
        int | None,
        metavar="NUMBER",
        min=1,
        help="Maximum items per source; with each:, per item of the other listing.",
    ),
}
"""Options that belong to one listing, after its filters."""

SHARED: Final[Mapping[str, tuple[Any, Any]]] = {
    "dry_run": option(
        FILTERS,
        bool,
        "--dry-run",
        default=False,
        help="Collect nothing and write nothing: check options and files, and try each source with one request for "
        "one item of each listing, as `check` does.",
    ),
    "sources": option(
        SOURCES,
        Path | None,
        metavar="FILE",
        callback=check_file,
        help="TOML file of sources, to collect many accounts at once; replaces --catalog, --profile, --region and "
        "--endpoint-url.",
    ),
    "profile": option(
        SOURCES,
        str | None,
        metavar="NAME",
        callback=check_text,
        autocompletion=profiles,
        help="Profile of the AWS config files.",
    ),
    "region": option(
        SOURCES, str | None, metavar="NAME", callback=check_region, help="AWS region; us-east-1 by default."
    ),
    "endpoint_url": option(
        SOURCES,
        str | None,
        metavar="URL",
        callback=check_endpoint,
        help="Send requests here instead of to AWS.",
    ),
    "output": option(
        _OUTPUT,
        str,
        default=STDOUT,
        metavar="FILE",
        callback=check_output,
        help="File to write, or - for standard output. It is written atomically at the end of the run, and unchanged "
        "if the run is stopped or every source failed. {catalog}, {label}, {account}, {service} and {operation} in "
        "the name write one file for each, and {date} is the day on which the run began, in UTC. s3://BUCKET/KEY is an "
        "object in S3. Ends in .ndjson, .jsonl, .csv or .parquet; add .gz or .zst to compress any but parquet. "
        "Standard output and pipes get items as they arrive. These cannot be resumed.",
    ),
    "format": option(
        _OUTPUT,
        Format | None,
        help="table: for people, without sensitive members. ndjson: one item per line, exactly as the service sent it. "
        "csv, parquet: one row per item; parquet needs a file. Default: by the file extension; without a file, a table "
        "on a terminal and ndjson elsewhere. A file with another extension, or with none, needs this option.",
    ),
    "columns": option(
        _OUTPUT,
        str | None,
        metavar="NAME,...",
        callback=names,
        help="Columns of csv or parquet, in this order, such as source_label,id; all by default.",
    ),
    "explode": option(
        _OUTPUT,
        str | None,
        metavar="NAME",
        callback=check_text,
        help="List or map, such as connection_types: csv gets a row for each of its elements.",
    ),
    "formulas": option(
        _OUTPUT,
        Formulas | None,
        help="In csv, put an apostrophe before text that a spreadsheet would take for a formula (escape, the default), "
        "or keep all text unchanged.",
    ),
    "bom": option(
        _OUTPUT, bool, "--bom", default=False, help="Start csv with a byte order mark, by which Excel recognizes UTF-8."
    ),
    "envelope": option(
        _OUTPUT,
        bool,
        "--envelope",
        default=False,
        help='Write each line of ndjson as {"label": ..., "catalog": ..., "operation": ..., "item": ...}.',
    ),
    "ordered": option(
        _OUTPUT,
        bool,
        "--ordered",
        default=False,
        help="Collect one source after the other; by default items come as their pages arrive.",
    ),
    "malformed": option(
        _OUTPUT,
        Path | None,
        metavar="FILE",
        callback=check_file,
        help="NDJSON file for items that do not match the model; without it, such an item fails its source. Only for "
        "table, csv and parquet: ndjson output includes these items. FILE can contain {date}.",
    ),
    "since": option(
        _CHANGES,
        str | None,
        metavar="TIME|FILE",
        callback=since,
        help="Collect only what was modified since a time such as 2026-11-01T00:00:00Z, or since an earlier run: FILE "
        "is the report that it wrote with --report. With the same FILE for both, each run continues where the one "
        "before was complete, and the first run collects everything.",
    ),
    "overlap": option(
        _CHANGES,
        str | None,
        metavar="DURATION",
        callback=duration,
        help="Begin this long before that time, such as 30m, to include changes that the service shows late. "
        "Default: 5m.",
    ),
    "whole": option(
        _CHANGES,
        list[str] | None,
        metavar="NAME",
        callback=check_text,
        autocompletion=listing_names,
        help="Collect everything of this listing, such as list-partners, which the service cannot filter by time; can "
        "be repeated.",
    ),
    "checkpoint": option(
        "Resume",
        str | None,
        metavar="FILE",
        callback=check_checkpoint,
        help="Save progress here; rerun the same command to resume after Ctrl-C, a crash or a full disk. FILE can "
        "begin with s3://. Deleted when nothing is left to resume: every source is complete, limited or skipped.",
    ),
    "checkpoint_max_age": option(
        "Resume",
        str | None,
        metavar="DURATION",
        callback=max_age,
        help="Start over if the run in --checkpoint began longer ago than this, such as 90m or 7d, so that last "
        "night's items never pass for tonight's. Default: 12h.",
    ),
    "restart": option(
        "Resume",
        bool,
        "--restart",
        default=False,
        help="Start over: the progress in --checkpoint is not resumed.",
    ),
    "rate": option(
        LIMITS,
        float | None,
        metavar="NUMBER",
        callback=check_rate,
        help="Maximum requests per second for each account. Default: 5 with --sources, 100 otherwise. "
        "Lowered for a while if the service throttles the account.",
    ),
    "concurrency": option(
        LIMITS,
        int,
        default=10,
        metavar="NUMBER",
        min=1,
        help="Maximum number of concurrent pages: those that are being requested or wait for the consumer.",
    ),
    "max_attempts": option(
        LIMITS,
        int,
        default=8,
        metavar="NUMBER",
        min=1,
        envvar="AWS_MAX_ATTEMPTS",
        help="Maximum attempts for each request. A request that fails or is throttled is retried with backoff.",
    ),
    "timeout": option(
        LIMITS,
        float | None,
        metavar="SECONDS",
        callback=check_rate,
        help="Maximum time for each attempt, and for credentials. Default: 60 without any answer; 10 with --dry-run.",
    ),
    "on_error": option(
        _ERRORS,
        OnFailure,
        default=OnFailure.FINISH,
        help="When a source fails. finish: collect the others, then print one line for each different error. report: "
        "the same, but print the summary table, which includes the errors. raise: cancel the others at once; an output "
        "file stays unchanged. In all three cases, a failed source makes the exit code 1.",
    ),
    "ignore_errors": option(
        _ERRORS,
        list[str] | None,
        metavar="CODE",
        callback=check_text,
        help="Skip a source that fails with this error code, such as AccessDeniedException; can be repeated.",
    ),
    "progress": option(
        _REPORTING,
        bool | None,
        "--progress/--no-progress",
        help="Show progress on stderr. Default: only on a terminal.",
    ),
    "summary": option(
        _REPORTING,
        bool | None,
        "--summary/--no-summary",
        help="Print a summary table of all sources to stderr. Default: only on a terminal.",
    ),
    "report": option(
        _REPORTING,
        str | None,
        metavar="FILE",
        callback=check_output,
        help="Write a JSON report when the run ends, even by a signal or with failures; a page for a browser if FILE "
        "ends in .html. FILE can contain {date}, begin with s3://, or be - for standard output.",
    ),
    "quiet": option(
        _REPORTING,
        bool,
        "--quiet",
        "-q",
        default=False,
        help="Print no progress, summary or failed sources; see the exit code and --report.",
    ),
    **LOGGING,
    "spool": option(
        _S3,
        Path | None,
        metavar="DIRECTORY",
        callback=check_directory,
        help="Directory for files until they are uploaded; a resumed run needs them. Default: in the system's "
        "directory of temporary files.",
    ),
    "s3_profile": option(
        _S3,
        str | None,
        metavar="NAME",
        callback=check_text,
        autocompletion=profiles,
        help="Profile of the AWS config files for S3; by default the default credentials, not those of --profile.",
    ),
    "s3_region": option(_S3, str | None, metavar="NAME", callback=check_region, help="Region of the bucket."),
    "s3_endpoint_url": option(
        _S3,
        str | None,
        metavar="URL",
        callback=check_endpoint,
        help="Another store that speaks S3's protocol, such as MinIO.",
    ),
    "s3_kms_key": option(_S3, str | None, metavar="KEY", callback=check_text, help="KMS key that encrypts objects."),
    "s3_acl": option(
        _S3, str | None, metavar="NAME", callback=check_text, help="Canned ACL, such as bucket-owner-full-control."
    ),
    "s3_storage_class": option(
        _S3, str | None, metavar="NAME", callback=check_text, help="Storage class, such as STANDARD_IA."
    ),
}
"""Options that apply to the whole run, after `--catalog`."""


def switch_of(name: str) -> str:
    """Return the switch of a shared option."""
    return "--catalog" if name == "catalogs" else f"--{name.replace('_', '-')}"
