"""Values of options: enums; validators, which return the value or raise; completions; and the options of S3."""

from __future__ import annotations

import math
import os
import re
import shlex
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import typer

from aiopartnercentral._utils.paths import descriptor_of
from aiopartnercentral.cli.terminal import STDOUT, is_text
from aiopartnercentral.sinks.path_template import is_url, split_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from aiopartnercentral.sinks import S3Options

__all__ = [
    "OF_S3",
    "Format",
    "Formulas",
    "LogFormat",
    "OnFailure",
    "check_checkpoint",
    "check_directory",
    "check_endpoint",
    "check_file",
    "check_log_file",
    "check_output",
    "check_rate",
    "check_region",
    "check_text",
    "duration",
    "max_age",
    "names",
    "one_of",
    "profiles",
    "s3_contradictions",
    "s3_options",
    "since",
]


class Format(StrEnum):
    """The output format."""

    TABLE = "table"
    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"


class Formulas(StrEnum):
    """The policy for text that a spreadsheet would take for a formula."""

    ESCAPE = "escape"
    KEEP = "keep"


class LogFormat(StrEnum):
    """The format of a log."""

    TEXT = "text"
    JSON = "json"


class OnFailure(StrEnum):
    """The policy for a source that fails; the library's `on_error`."""

    FINISH = "finish"
    REPORT = "report"
    RAISE = "raise"


def check_text(value: list[str] | str | None) -> list[str] | str | None:
    """Reject empty text, and bytes of the command line that the locale cannot decode."""
    for text in [value] if isinstance(value, str) else value or ():
        if not text:
            raise typer.BadParameter("it is empty")
        if not is_text(text):
            raise typer.BadParameter("it contains bytes that are not text")
    return value


def check_endpoint(value: str | None) -> str | None:
    """Reject an invalid address with a clearer message than botocore's; credentials in it are not shown."""
    if value is None:
        return None
    if not value.isascii() or not value.isprintable() or " " in value or not _is_address(value):
        raise typer.BadParameter("it must be an address such as https://host or http://127.0.0.1:8080")
    if "@" in urlsplit(value).netloc:
        raise typer.BadParameter("it must not contain a user name or password: AWS credentials sign the requests")
    return value


def check_region(value: str | None) -> str | None:
    """Reject text that cannot be the name of a region."""
    if value is None:
        return None
    from aiopartnercentral._transport.options import region_name  # noqa: PLC0415 - the completion does not need it

    try:
        return region_name("region", value)
    except ValueError:
        raise typer.BadParameter(f"{value!a} is not a region: check its name") from None


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def check_output(value: str | None) -> str | None:
    """Reject an empty path; return `-` for /dev/stdout and its other names."""
    if value == "":
        raise typer.BadParameter("it is empty: name a file, or - for standard output")
    try:
        if value is not None and is_url(value):
            split_url(value)
    except ValueError as error:
        raise typer.BadParameter(str(error).replace("path", "it", 1).partition(";")[0]) from None
    return STDOUT if value is not None and descriptor_of(value) == 1 else value


def check_file(value: Path | None) -> Path | None:
    """Reject a path that cannot be that of a file, such as - for standard output."""
    if value is not None and value.name in ("", STDOUT):
        raise typer.BadParameter("it must name a file")
    if value is not None and value.parts[0] == "s3:":
        raise typer.BadParameter("it must name a local file, not an object in S3")
    return value


def check_directory(value: Path | None) -> Path | None:
    """Reject what is not the path of a local directory; `.` is one."""
    if value is not None and (value.name == STDOUT or value.parts[:1] == ("s3:",)):
        raise typer.BadParameter("it must name a local directory")
    return value


def check_log_file(value: str | None) -> str | None:
    """Reject what is not the path of a local file."""
    if value is not None:
        check_file(Path(value))
    return value


def check_checkpoint(value: str | None) -> str | None:
    """Reject what is neither the path of a file nor the URL of an object."""
    if value is None or not is_url(check_output(value) or ""):
        check_file(None if value is None else Path(value))
    return value


def check_rate(value: float | None) -> float | None:
    """Reject a rate that is not a finite number above 0."""
    if value is not None and not (value > 0 and math.isfinite(value)):
        raise typer.BadParameter("it must be a finite number above 0")
    return value


def duration(value: str | None) -> timedelta | None:
    """Return the length of `90m`, `12h` or `7d`; a number without a unit is refused, as it could be any."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)([smhd])", value.strip())
    if found is None:
        raise typer.BadParameter(f"{value!a} is not a duration such as 90m, 12h or 7d")
    return float(found[1]) * timedelta(**{_UNITS[found[2]]: 1})


def max_age(value: str | None) -> timedelta | None:
    """Return the length of a duration above 0."""
    length = duration(value)
    if length is not None and not length:
        raise typer.BadParameter(f"{value!a} is not a duration above 0: use --restart to start over in any case")
    return length


def since(value: str | None) -> datetime | Path | None:
    """Return a time, which is in UTC without a zone, or the path of a report."""
    if value is None:
        return None
    if value in ("", STDOUT):
        raise typer.BadParameter("it must be a time such as 2026-11-01T00:00:00Z, or the file of a report")
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        if _TIME.fullmatch(value):
            raise typer.BadParameter(f"{value!a} is not a time such as 2026-11-01T00:00:00Z") from None
        return check_file(Path(value))
    return time if time.utcoffset() is not None else time.replace(tzinfo=UTC)


def names(value: str | None) -> list[str] | None:
    """Return the names of `a,b`."""
    if value is None:
        return None
    found = [name.strip() for name in value.split(",")]
    if not all(found):
        raise typer.BadParameter(f"{value!a} is not a list of names such as id,arn")
    return found


_TIME: Final = re.compile(r"\d{4}-\d\d?-\d\d?([T ].*)?")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


OF_S3: Final[Mapping[str, str]] = {
    "s3_profile": "profile",
    "s3_region": "region_name",
    "s3_endpoint_url": "endpoint_url",
    "s3_kms_key": "kms_key",
    "s3_acl": "acl",
    "s3_storage_class": "storage_class",
}
"""The arguments of `S3Options`, by option."""


def s3_options(outputs: Sequence[str | None], given: Mapping[str, Any]) -> S3Options | None:
    """Return the options of the outputs in S3; None if no output is there.

    Raises:
        ValueError: an option has an invalid value.
    """
    if not any(map(is_url, filter(None, outputs))):
        return None
    from aiopartnercentral.sinks import S3Options  # noqa: PLC0415 - local files do not need it

    arguments: dict[str, Any] = {argument: given.get(name) for name, argument in OF_S3.items()}
    return S3Options(**arguments)


def s3_contradictions(objects: Mapping[str, str | None], given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each option of S3 that is not valid or applies to nothing.

    Arguments:
        objects: the options that may name objects, and what they name.
        given: the options of S3, and `spool`.
    """
    try:
        s3_options([*objects.values()], given)
    except ValueError as error:
        yield f"--s3-{str(error).replace('_', '-', 1)}"
        return
    for name, value in given.items():
        of_option = [objects["--output"], objects["--report"]] if name == "spool" else objects.values()
        if value is not None and not any(map(is_url, filter(None, of_option))):
            them = "--output or --report" if name == "spool" else "--output, --report or --checkpoint"
            yield f"--{name.replace('_', '-')} needs an {them} that begins with s3://"
    names: dict[str, str] = {}
    for option, url in objects.items():
        if url is not None and is_url(url) and names.setdefault(url, option) != option:
            yield f"{names[url]} and {option} name the same object"


_SECTION: Final = re.compile(r"\s*\[(.+)\]\s*(?:[#;].*)?")


def one_of(values: Iterable[str]) -> Callable[[str], list[str]]:
    """Return a completion with these values."""
    every = list(values)

    def complete(incomplete: str) -> list[str]:
        return [_typed(value) for value in every if value.startswith(incomplete)]

    return complete


def profiles(incomplete: str) -> list[str]:
    """Return the profiles of the AWS config files that begin like this; a file that cannot be read has none."""
    config = _sections("AWS_CONFIG_FILE", "config")
    named = [words[1] for words in map(_words, config) if len(words) == 2 and words[0] == "profile"]  # noqa: PLR2004
    named += ["default"] if "default" in config else []
    every = dict.fromkeys([*named, *_sections("AWS_SHARED_CREDENTIALS_FILE", "credentials")])
    return one_of(sorted(every))(incomplete)


def _sections(variable: str, name: str) -> list[str]:
    """Return the titles of the sections of a file, which a variable of the environment may name."""
    path = Path(os.environ.get(variable) or f"~/.aws/{name}")
    try:
        lines = path.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError, RuntimeError):
        return []
    return [found[1].strip() for found in map(_SECTION.fullmatch, lines) if found is not None]


def _words(title: str) -> list[str]:
    try:
        return shlex.split(title)
    except ValueError:
        return []


def _typed(value: str) -> str:
    """Return a value as the shell inserts it: bash does not quote it."""
    is_bash = os.environ.get("_AIOPARTNERCENTRAL_COMPLETE") == "complete_bash"
    return re.sub(r"(?=[^\w@%+:,./-])", r"\\", value) if is_bash else value
