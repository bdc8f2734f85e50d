"""The options that every listing has, and the checks of their values."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from aiopartnercentral.cli.output import STDOUT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COMMON", "Format", "OnFailure", "check_text"]


class Format(StrEnum):
    """How items are written."""

    TABLE = "table"
    NDJSON = "ndjson"


class OnFailure(StrEnum):
    """What the failure of a catalog does; the library's `on_error`."""

    RAISE = "raise"
    FINISH = "finish"
    REPORT = "report"


def check_text(value: list[str] | str | None) -> list[str] | str | None:
    """Refuse text that is empty or no text: bytes of the command line that the locale could not decode."""
    for text in [value] if isinstance(value, str) else value or ():
        if not text:
            raise typer.BadParameter("it is empty")
        if text != text.encode("utf-8", "replace").decode():
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


def _check_output(value: str) -> str:
    if value == "":
        raise typer.BadParameter("it is empty: name a file, or - for standard output")
    return value


def _option(hint: Any, switch: str | None = None, *, default: object = None, **more: Any) -> tuple[Any, object]:  # noqa: ANN401 - passed on to typer
    """Return an option's type, which says all about it, and its default."""
    return Annotated[hint, typer.Option(*[switch] if switch else [], **more)], default


COMMON: Final[Mapping[str, tuple[Any, Any]]] = {
    "max_items": _option(int | None, metavar="NUMBER", min=1, help="At most so many items of each catalog."),
    "ordered": _option(
        bool, "--ordered", default=False, help="All of a catalog before the next; else as pages arrive."
    ),
    "max_concurrency": _option(
        int, default=10, metavar="NUMBER", min=1, help="How many catalogs are collected at once."
    ),
    "on_error": _option(
        OnFailure,
        default=OnFailure.FINISH,
        help="When a catalog fails: raise stops all at once; finish collects the others and tells what failed; "
        "report does so as well, always by the report. The exit code is 1 in each case.",
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
        help="table for people, without sensitive members; ndjson is one item a line, as the service spelled it. "
        "By default a table on a terminal, and ndjson elsewhere.",
    ),
    "output": _option(
        str,
        default=STDOUT,
        metavar="FILE",
        callback=_check_output,
        help="A file, replaced at the end by what was collected, even if some catalogs failed; left alone if all "
        "failed, or if it was stopped by a signal or --on-error raise. - is standard output.",
    ),
    "progress": _option(
        bool | None, "--progress/--no-progress", help="Progress on stderr; by default if that is a terminal."
    ),
    "report": _option(
        bool | None, "--report/--no-report", help="The report on stderr; by default if that is a terminal."
    ),
}
