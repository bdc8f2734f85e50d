"""The options that every listing has, and the checks of their values.

A listing's own options stand behind its name. What is said of the whole collection is said once, behind any of them.
"""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from aiopartnercentral.cli.text import is_text
from aiopartnercentral.cli.writer import STDOUT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OWN", "SHARED", "Format", "OnFailure", "check_text", "switch_of"]


class Format(StrEnum):
    """How items are written."""

    TABLE = "table"
    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"


class OnFailure(StrEnum):
    """What the failure of a source does; the library's `on_error`."""

    RAISE = "raise"
    FINISH = "finish"
    REPORT = "report"


def check_text(value: list[str] | str | None) -> list[str] | str | None:
    """Refuse text that is empty or no text: bytes of the command line that the locale could not decode."""
    for text in [value] if isinstance(value, str) else value or ():
        if not text:
            raise typer.BadParameter("it is empty")
        if not is_text(text):
            raise typer.BadParameter("it holds bytes that are no text")
    return value


def _check_endpoint(value: str | None) -> str | None:
    """Refuse what is no address, before botocore does so with its own idea of a message; credentials are not echoed."""
    if value is None:
        return None
    if not value.isascii() or not value.isprintable() or " " in value or not _is_address(value):
        raise typer.BadParameter("it must be an address such as https://host or http://127.0.0.1:8080")
    if "@" in urlsplit(value).netloc:
        raise typer.BadParameter("it must hold no user name or password: calls are signed by AWS credentials")
    return value


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_output(value: str | None) -> str | None:
    """Refuse what names nothing; standard output has one name, and is not replaced even if it is a file."""
    if value == "":
        raise typer.BadParameter("it is empty: name a file, or - for standard output")
    return STDOUT if value == "/dev/stdout" else value


def _check_file(value: Path | None) -> Path | None:
    if value is not None and not value.name:
        raise typer.BadParameter("it must name a file")
    return value


def _check_rate(value: float | None) -> float | None:
    if value is not None and not (value > 0 and math.isfinite(value)):
        raise typer.BadParameter("it must be above 0")
    return value


def _option(hint: Any, switch: str | None = None, *, default: object = None, **more: Any) -> tuple[Any, object]:  # noqa: ANN401 - passed on to typer
    """Return an option's type, which says all about it, and its default."""
    return Annotated[hint, typer.Option(*[switch] if switch else [], **more)], default


OWN: Final[Mapping[str, tuple[Any, Any]]] = {
    "max_items": _option(int | None, metavar="NUMBER", min=1, help="At most so many items of each source."),
}
"""Of one listing, beside its filters."""

SHARED: Final[Mapping[str, tuple[Any, Any]]] = {
    "sources": _option(
        Path | None,
        metavar="FILE",
        callback=_check_file,
        help="A TOML file of sources, of any number of accounts, in place of --catalog, --profile, --region and "
        "--endpoint-url.",
    ),
    "endpoint_url": _option(
        str | None, metavar="URL", callback=_check_endpoint, help="Where to send requests, if not to AWS."
    ),
    "region": _option(
        str | None, metavar="NAME", callback=check_text, help="The region, if not the service's only one."
    ),
    "profile": _option(str | None, metavar="NAME", callback=check_text, help="A profile of the AWS config files."),
    "format": _option(
        Format | None,
        help="table for people, without sensitive members; ndjson is one item a line, as the service spelled it; csv "
        "and parquet have a row for each item. By default what the ending of the output says, a table on a terminal, "
        "and ndjson elsewhere.",
    ),
    "output": _option(
        str,
        default=STDOUT,
        metavar="FILE",
        callback=_check_output,
        help="A file, replaced at the end by what was collected, even if some sources failed; left alone if all "
        "failed, or if it was stopped by a signal or --on-error raise. {catalog}, {label} and {operation} in it make "
        "a file for each; .gz and .zst compress. - is standard output.",
    ),
    "checkpoint": _option(
        Path | None,
        metavar="FILE",
        callback=_check_file,
        help="How far each source is, from which the same command goes on after whatever has stopped it; removed once "
        "everything is collected.",
    ),
    "rate": _option(
        float | None,
        metavar="NUMBER",
        callback=_check_rate,
        help="Requests a second of each account, at most; by default 5 with --sources, and no limit to speak of "
        "without. An account that is throttled has less for a while.",
    ),
    "concurrency": _option(
        int, default=10, metavar="NUMBER", min=1, help="How many requests may be under way at once."
    ),
    "ordered": _option(
        bool, "--ordered", default=False, help="All of a catalog before the next; else as pages arrive."
    ),
    "on_error": _option(
        OnFailure,
        default=OnFailure.FINISH,
        help="When a source fails: raise stops all at once; finish collects the others and tells what failed; "
        "report does so as well, always by the summary. The exit code is 1 in each case.",
    ),
    "ignore_errors": _option(
        list[str] | None,
        metavar="CODE",
        callback=check_text,
        help="An error that skips its source instead of failing it, such as AccessDeniedException; can be repeated.",
    ),
    "malformed": _option(
        Path | None,
        metavar="FILE",
        callback=_check_file,
        help="Where items go that are not what the model says, as ndjson; without it such an item fails its source. "
        "For table, csv and parquet: ndjson has every item as it is.",
    ),
    "progress": _option(
        bool | None, "--progress/--no-progress", help="Progress on stderr; by default if that is a terminal."
    ),
    "summary": _option(
        bool | None,
        "--summary/--no-summary",
        help="A table of all sources on stderr; by default if that is a terminal.",
    ),
    "report": _option(
        str | None,
        metavar="FILE",
        callback=_check_output,
        help="The same and more as JSON, once everything is over; not if a signal or --on-error raise ends it.",
    ),
}
"""Of the whole collection, beside the catalogs."""


def switch_of(name: str) -> str:
    """Return what is typed for a shared option."""
    return "--catalog" if name == "catalogs" else f"--{name.replace('_', '-')}"
