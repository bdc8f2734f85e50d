"""Paths with placeholders such as `{label}` in them, and the safe file names that their values become.

A file name made from a value is safe on every common file system. Two values never get the same name, not even on a
file system that ignores case:

- ASCII letters and digits, `-`, `_` and `.` are kept. Every other byte of the UTF-8 text becomes `%` and two
  hexadecimal digits. So do a dot at either end, and the first letter of a name that Windows reserves, such as `CON`.
- The expected spelling is lower case, except for `AWS` and `Sandbox` as the whole value or after its last slash. A
  value in another spelling keeps its letters and gets `~` and a number, whose bits say which letters differ.
- A name of more than 72 characters is cut to 38, followed by `~~` and 32 digits of a hash of the value.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import string
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import attrs

from aiopartnercentral._utils import validators

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiopartnercentral.sinks.base import Page

__all__ = [
    "FIELDS",
    "SCHEME",
    "PathTemplate",
    "is_template",
    "is_url",
    "literal",
    "path_text",
    "safe_file_name",
    "split_url",
]

FIELDS: Final = ("catalog", "label", "account", "service", "operation")
"""The attributes of a page that may stand in braces; so may `date`."""

_UNSAFE = re.compile(rb"[^A-Za-z0-9._-]")
_LOWER_CASE = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_CATALOGS = {"aws": "AWS", "sandbox": "Sandbox"}
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
_ANY_NAME = r"[A-Za-z0-9%_~-][A-Za-z0-9%._~-]*"  # as `safe_file_name` returns them
# The names of all listings in the command, and their names in Python.
_OPERATION = r"(?:get|list|search)_[a-z0-9_]+|(?:Get|List|Search)[A-Za-z0-9]+~[0-9a-z]+"
_MAX_LENGTH, _KEPT_LENGTH, _HASH_BYTES = 72, 38, 16


@validators.Check
def path_text(name: str, value: object) -> str:
    """Demand a path, and return it as a string."""
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(path, str):
        raise TypeError(f"{name} must be a path, not {validators.type_name(value)}")
    return path


def safe_file_name(value: str) -> str:
    """Return a file name for a value; see the module for the rules."""
    encoded = value.encode("utf-8", "surrogatepass")
    name = _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], encoded).decode()
    if _RESERVED.match(name):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    if name.endswith("."):
        name = f"{name[:-1]}%2E"
    name += _case_suffix(value)
    if not value:
        name = "%"
    if len(name) > _MAX_LENGTH:
        digest = hashlib.blake2b(encoded, digest_size=_HASH_BYTES).hexdigest()
        name = f"{name[:_KEPT_LENGTH].lower()}~~{digest}"
    return name


def _case_suffix(value: str) -> str:
    """Return the suffix that says which letters are not in the expected case; empty if all are."""
    lower = value.translate(_LOWER_CASE)
    head, slash, last = lower.rpartition("/")
    expected = f"{head}{slash}{_CATALOGS.get(last, last)}"
    letters = [(found, wanted) for found, wanted in zip(value, expected, strict=True) if found in string.ascii_letters]
    bits = sum((found != wanted) << index for index, (found, wanted) in enumerate(letters))
    return f"~{bits:x}" if bits else ""


def is_template(path: str | os.PathLike[str]) -> bool:
    """Return whether a path has braces in it."""
    return not {"{", "}"}.isdisjoint(os.fspath(path))


@attrs.frozen
class PathTemplate:
    """A path with `{catalog}`, `{label}`, `{account}`, `{service}`, `{operation}` or `{date}` in it.

    `{{` and `}}` are literal braces.

    Attributes:
        text: the template as given.
        fields: the names of its placeholders.
        date: what `{date}` stands for, such as `2026-11-29`; by default the day on which this was parsed, in UTC.
    """

    text: str
    fields: frozenset[str]
    date: str = attrs.field(factory=lambda: datetime.now(UTC).date().isoformat())

    @classmethod
    def parse(cls, text: str) -> PathTemplate:
        """Return the template of a text.

        Raises:
            ValueError: the text is not a valid template.
        """
        try:
            parts = list(string.Formatter().parse(text))
        except ValueError:
            parts = [("", "", None, None)]
        fields = frozenset(field for _, field, _, _ in parts if field is not None)
        is_formatted = any(conversion or spec for _, _, spec, conversion in parts)
        if is_formatted or not fields <= {*FIELDS, "date"}:
            known = ", ".join(f"{{{field}}}" for field in (*FIELDS, "date"))
            raise ValueError(
                f"{text!a} is not a valid template: placeholders are {known}; write {{{{ and }}}} for braces"
            )
        return cls(text, fields)

    def of(self, time: datetime) -> PathTemplate:
        """Return the template for the day of a time, in UTC."""
        return attrs.evolve(self, date=time.astimezone(UTC).date().isoformat())

    @property
    def directory(self) -> str:
        """The directory before the first placeholder, which must exist."""
        literal = next(iter(string.Formatter().parse(self.text)))[0]
        return os.path.dirname(literal) or "."  # noqa: PTH120 - a part of a path

    def values(self, page: Page) -> tuple[str, ...]:
        """Return the page's values of the placeholders: pages with the same ones belong in the same file."""
        return tuple(getattr(page, field) for field in FIELDS if field in self.fields)

    def describe(self, page: Page) -> str:
        """Return the page's values of the placeholders for a message."""
        return ", ".join(f"{field} {getattr(page, field)!r}" for field in FIELDS if field in self.fields)

    def expand(self, page: Page) -> str:
        """Return the path of the file that a page belongs in."""
        values = {field: safe_file_name(getattr(page, field)) for field in FIELDS}
        return self.text.format(**values, date=self.date)

    @property
    def beginning(self) -> str:
        """The beginning of all paths for this date, up to the first other placeholder."""
        beginning = ""
        for literal, field, _, _ in string.Formatter().parse(self.text):
            beginning += literal
            if field != "date":
                break
            beginning += self.date
        return beginning

    def outputs(self, services: Iterable[str], operations: Iterable[str]) -> re.Pattern[str]:
        """Return what the paths of outputs of earlier runs match.

        Arguments:
            services: the services of the run, with which `{service}` can be replaced.
            operations: further names for `{operation}` than those that listings have by default.
        """
        named = "|".join(filter(None, (_OPERATION, _any_of(operations))))
        names = {"service": _any_of(services) or "(?!)", "operation": named}
        expression, seen = "", set[str]()
        for literal, field, _, _ in string.Formatter().parse(self.text):
            expression += re.escape(literal)
            if field == "date":
                expression += re.escape(self.date)
            elif field is not None:
                expression += f"(?P={field})" if field in seen else f"(?P<{field}>{names.get(field, _ANY_NAME)})"
                seen.add(field)
        return re.compile(expression)

    def find(self, services: Iterable[str], operations: Iterable[str]) -> list[str]:
        """Return the existing files that are outputs of earlier runs; see `outputs`."""
        pattern = ""
        for literal, field, _, _ in string.Formatter().parse(self.text):
            pattern += glob.escape(literal)
            if field is not None:
                pattern += self.date if field == "date" else "*"
        found = glob.glob(pattern)  # noqa: PTH207 - the paths as the template has them
        return sorted(filter(self.outputs(services, operations).fullmatch, found))


def _any_of(values: Iterable[str]) -> str:
    """Return the regular expression of the file names of these values."""
    return "|".join(re.escape(safe_file_name(value)) for value in values)


SCHEME: Final = "s3://"


def is_url(path: str) -> bool:
    """Return whether a path is the URL of an object.

    Raises:
        ValueError: it is a URL of another kind, or one that a path object has damaged.
    """
    if path.startswith(SCHEME):
        return True
    scheme, separator, _ = path.partition(":/")
    if separator and scheme == "s3":
        raise ValueError(f"path must be a string if it is a URL, as a path object drops a slash: {path!a}")
    if separator and path.startswith(f"{scheme}://") and len(scheme) > 1 and scheme.isalnum():
        raise ValueError(
            f"path must be that of a file or begin with {SCHEME}; for another store, pass a file object: {path!a}"
        )
    return False


def literal(path: str) -> str:
    """Return the template that stands for one path."""
    return path.replace("{", "{{").replace("}", "}}")


def split_url(url: str) -> tuple[str, str]:
    """Return the bucket and the key of a URL, or the template of the keys.

    Raises:
        ValueError: it names no bucket or no key, or a key that cannot be the path of a spool file; or it has control
            characters or surrogates.
    """
    try:
        validators.text("path", url)
    except ValueError as error:
        raise ValueError(f"{error}: {url!a}") from None
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    if not bucket or not key:
        raise ValueError(f"path must name a bucket and a key, such as s3://bucket/key.parquet: {url!a}")
    if {"{", "}"} & {*bucket}:
        raise ValueError(f"path must have no placeholder in the name of the bucket: {url!a}")
    if {"", ".", ".."} & {*key.split("/")}:
        raise ValueError(f"path must have a name between two slashes, and at its end: {url!a}")
    return bucket, key
