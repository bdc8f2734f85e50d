"""Names of files made of a page's catalog, label and operation, however odd these are.

A value becomes a part of a name that is safe on every usual file system, and two values never become one name, not even
where the file system takes capital letters for small ones:

- letters and digits of ASCII, `-`, `_` and `.` stay; everything else becomes `%` and the two hexadecimal digits of each
  of its bytes in UTF-8, as does a dot at either end, and the first letter of what Windows reserves, such as `CON`;
- usual are small letters, and `AWS` and `Sandbox` as a whole value or behind its last slash. A value that is written
  otherwise keeps its letters, and gets `~` and a number behind it that says which of them are: one bit for each letter;
- what has more than 72 characters by then is cut to 38, with `~~` and 32 digits of a hash of the value behind it.
"""

from __future__ import annotations

import hashlib
import os
import re
import string
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from aiopartnercentral.sinks.base import Page

__all__ = ["FIELDS", "Template", "is_template", "safe"]

FIELDS: Final = ("catalog", "label", "operation")
"""What may stand in braces."""

_UNSAFE = re.compile(rb"[^A-Za-z0-9._-]")
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_USUAL = {"aws": "AWS", "sandbox": "Sandbox"}
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
_LONGEST, _KEPT, _HASH_BYTES = 72, 38, 16


def safe(value: str) -> str:
    """Return the part of a file's name that a value becomes; see the module."""
    encoded = value.encode("utf-8", "surrogatepass")
    name = _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], encoded).decode()
    if _RESERVED.match(name):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    if name.endswith("."):
        name = f"{name[:-1]}%2E"
    name += _case(value)
    if not value:
        name = "%"
    if len(name) > _LONGEST:
        digest = hashlib.blake2b(encoded, digest_size=_HASH_BYTES).hexdigest()
        name = f"{name[:_KEPT].lower()}~~{digest}"
    return name


def _case(value: str) -> str:
    """Return what says which letters of a value are not written as usual; nothing if all are."""
    small = value.translate(_SMALL)
    head, slash, last = small.rpartition("/")
    usual = f"{head}{slash}{_USUAL.get(last, last)}"
    letters = [(found, wanted) for found, wanted in zip(value, usual, strict=True) if found in string.ascii_letters]
    bits = sum((found != wanted) << index for index, (found, wanted) in enumerate(letters))
    return f"~{bits:x}" if bits else ""


def is_template(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path has braces in it."""
    return bool({"{", "}"} & set(os.fspath(path)))


@attrs.frozen
class Template:
    """A path with `{catalog}`, `{label}` and `{operation}` in it; `{{` and `}}` are braces.

    Attributes:
        text: the template.
        fields: which of these it has.
    """

    text: str
    fields: frozenset[str]

    @classmethod
    def of(cls, text: str | os.PathLike[str]) -> Template:
        """Read a template.

        Raises:
            ValueError: it is none; the message says why.
        """
        text = os.fspath(text)
        try:
            parts = list(string.Formatter().parse(text))
        except ValueError:
            parts = [("", "", None, None)]
        fields = frozenset(field for _, field, _, _ in parts if field is not None)
        odd = any(conversion or spec for _, _, spec, conversion in parts)
        if odd or not fields <= set(FIELDS):
            known = ", ".join(f"{{{field}}}" for field in FIELDS)
            raise ValueError(f"{text!a} is no template: in braces there can be {known}; {{{{ and }}}} are braces")
        return cls(text, fields)

    @property
    def root(self) -> str:
        """The folder that must be there: what comes before the first field."""
        literal = next(iter(string.Formatter().parse(self.text)))[0]
        return os.path.dirname(literal) or "."  # noqa: PTH120 - of a part of a path

    def path(self, page: Page) -> str:
        """Return the path for a page."""
        return self.text.format(catalog=safe(page.catalog), label=safe(page.label), operation=safe(page.operation))
