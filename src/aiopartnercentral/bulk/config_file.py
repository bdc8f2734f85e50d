"""Sources from a TOML file, with one table for each profile or role.

[defaults]
catalogs = ["AWS", "Sandbox"]
external_id_env = "PARTNER_EXTERNAL_ID"

[[source]]
role_arn = "arn:aws:iam::111122223333:role/partner-central-reader"

[[source]]
profile = "acme"
label = "acme in {catalog}"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from aiopartnercentral._transport.credentials import Role
from aiopartnercentral._utils import validators
from aiopartnercentral.bulk.source import Source
from aiopartnercentral.errors import SourcesFileError

if TYPE_CHECKING:
    import os

__all__ = ["load_sources"]

T = TypeVar("T")

_ROLE_KEYS: Final = {
    "role_arn": "arn",
    "external_id": "external_id",
    "external_id_env": "external_id_env",
    "session_name": "session_name",
    "role_profile": "profile",
    "duration": "duration",
}
_SOURCE_KEYS: Final = {
    "profile": "profile",
    "region": "region_name",
    "endpoint_url": "endpoint_url",
    "label": "label",
    "account": "account",
}
_KEYS: Final = ("catalogs", *_SOURCE_KEYS, *_ROLE_KEYS)
# These identify a source, so they cannot be the same for all sources.
_NO_DEFAULTS: Final = ("profile", "role_arn", "label", "account")
_ROLE_ONLY: Final = tuple(_ROLE_KEYS.keys() - {"role_arn"})
_EXTERNAL_ID: Final = {"external_id", "external_id_env"}

_catalogs = validators.collection_of(
    validators.text, 'a list of strings, such as ["AWS", "Sandbox"]', not_empty=True, unique=True
)


def load_sources(path: str | os.PathLike[str]) -> tuple[Source, ...]:
    """Return the sources of a file: one for each catalog of each `[[source]]` table.

    Raises:
        TypeError, ValueError: `path` is not a path.
        SourcesFileError: the file is not TOML, or is invalid; the message names the table and the key.
        OSError: the file cannot be read.
    """
    file = Path(validators.path("path", path))
    try:
        content = tomllib.loads(file.read_bytes().decode())
    except (ValueError, RecursionError) as error:
        # The parser lets through Python's own errors for numbers of thousands of digits and deeply nested arrays.
        reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"is not TOML: {error}"
        failure = SourcesFileError(f"{file} {reason}")
    else:
        return _sources(file, content)
    raise failure  # Raised outside the handler: the parser's error has the text of the file, which may include secrets.


def _sources(file: Path, content: dict[str, Any]) -> tuple[Source, ...]:
    for name in content.keys() - {"defaults", "source"}:
        raise SourcesFileError(f"{file}: {name!r} is unknown: a sources file has [defaults] and [[source]] tables")
    defaults, tables = content.get("defaults", {}), content.get("source", [])
    if not isinstance(defaults, dict):
        raise SourcesFileError(f"{file}: defaults must be a table: [defaults]")
    if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
        raise SourcesFileError(f"{file}: source must be an array of tables: [[source]]")
    if not tables:
        raise SourcesFileError(f"{file}: the file has no [[source]] table")
    common = _Table(f"{file}: defaults", defaults)
    common.check([key for key in _KEYS if key not in _NO_DEFAULTS])
    labels: dict[str, int] = {}
    sources = []
    for number, values in enumerate(tables, 1):
        table = _Table(f"{file}: source {number}", values)
        table.check(_KEYS)
        for source in table.with_defaults(defaults).sources():
            other = labels.get(source.label)
            if other == number:
                text = f"{source.label!r} is the label of each of its catalogs: add {{catalog}} to tell them apart"
                raise table.failure("label", text)
            if other is not None:
                raise table.failure("label", f"{source.label!r} is already the label of source {other}")
            labels[source.label] = number
            sources.append(source)
    return tuple(sources)


@attrs.frozen
class _Table:
    """A table of the file, and its name in messages."""

    place: str
    values: dict[str, Any] = attrs.field(repr=False)

    def failure(self, key: str, reason: str) -> SourcesFileError:
        return SourcesFileError(f"{self.place}: {key}: {reason}")

    def check(self, known: tuple[str, ...] | list[str]) -> None:
        """Check the table's own keys, whatever the defaults are."""
        for key in self.values:
            if key not in known:
                raise self.failure(key, f"unknown key: allowed are {', '.join(known)}")
        if self.values.keys() >= _EXTERNAL_ID:
            raise self.failure("external_id_env", "excludes external_id, which is also given")
        if self.values.keys() >= {"profile", "role_arn"}:
            reason = "excludes role_arn, which is also given; the profile that assumes a role is role_profile"
            raise self.failure("profile", reason)
        if "profile" in self.values:
            for key in _ROLE_ONLY:
                if key in self.values:
                    raise self.failure(key, "needs role_arn, but profile is given")

    def with_defaults(self, defaults: dict[str, Any]) -> _Table:
        """Return the table with the defaults for its missing keys."""
        own = self.values.keys()
        is_role = "role_arn" in own
        for key in _ROLE_ONLY:
            if key in own and not is_role:
                raise self.failure(key, "needs role_arn, which is missing")
        taken = {key: value for key, value in defaults.items() if is_role or key not in _ROLE_ONLY}
        if own & _EXTERNAL_ID:
            taken = {key: value for key, value in taken.items() if key not in _EXTERNAL_ID}
        return _Table(self.place, {**taken, **self.values})

    def sources(self) -> list[Source]:
        """Return one source for each catalog."""
        arguments = {name: self.values[key] for key, name in _SOURCE_KEYS.items() if key in self.values}
        if "role_arn" in self.values:
            arguments["role"] = self._role()
        label = arguments.get("label")
        made = []
        for catalog in self._catalogs():
            if isinstance(label, str):
                arguments["label"] = label.replace("{catalog}", catalog)
            made.append(self._made(Source, {"catalog": catalog, **arguments}, {"catalogs": "catalog", **_SOURCE_KEYS}))
        return made

    def _catalogs(self) -> tuple[str, ...]:
        if "catalogs" not in self.values:
            raise self.failure("catalogs", 'is missing; set it here or in [defaults], such as ["AWS"]')
        return self._checked(_catalogs, "catalogs")

    def _role(self) -> Role:
        arguments = {name: self.values[key] for key, name in _ROLE_KEYS.items() if key in self.values}
        role: Role = self._made(Role, arguments, _ROLE_KEYS)
        return role

    def _checked(self, check: validators.Check[T], key: str) -> T:
        try:
            return check(key, self.values[key])
        except (TypeError, ValueError) as error:
            name, _, reason = str(error).partition(" ")
        raise self.failure(name, reason)

    def _made(self, cls: type, arguments: dict[str, Any], keys: dict[str, str]) -> Any:  # noqa: ANN401 - either class
        try:
            return cls(**arguments)
        except (TypeError, ValueError) as error:
            # The message begins with the name of the argument, which may differ from that of the key.
            name, _, reason = str(error).partition(" ")
        key = next((key for key, argument in keys.items() if argument == name), name)
        raise self.failure(key, reason)
