"""Sources from a TOML file, one table for each access.

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

import os
import tomllib
from pathlib import Path
from typing import Any, Final

import attrs

from aiopartnercentral._transport.credentials import Role
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.bulk.source import Source
from aiopartnercentral.errors import SourcesFileError

__all__ = ["load_sources"]

_ROLE_KEYS: Final = {
    "role_arn": "arn",
    "external_id": "external_id",
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
_KEYS: Final = ("catalogs", *_SOURCE_KEYS, *_ROLE_KEYS, "external_id_env")
# What tells one source from another cannot be the same in all of them.
_NO_DEFAULTS: Final = ("profile", "role_arn", "label", "account")
_OF_ROLES: Final = (*_ROLE_KEYS.keys() - {"role_arn"}, "external_id_env")
_EXTERNAL_ID: Final = {"external_id", "external_id_env"}


def load_sources(path: str | os.PathLike[str]) -> tuple[Source, ...]:
    """Return the sources that a file names: for each `[[source]]` table one for each of its catalogs.

    Raises:
        SourcesFileError: the file is no TOML or says something that cannot be; says the table and the key.
        OSError: the file cannot be read.
    """
    file = Path(path)
    try:
        content = tomllib.loads(file.read_bytes().decode())
    except (ValueError, RecursionError) as error:
        # Of numbers with thousands of digits, and of arrays in arrays, the parser knows nothing.
        reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"is not TOML: {error}"
        failure = SourcesFileError(f"{file} {reason}")
    else:
        return _sources(file, content)
    raise failure  # what has been read is no part of it


def _sources(file: Path, content: dict[str, Any]) -> tuple[Source, ...]:
    for name in content.keys() - {"defaults", "source"}:
        raise SourcesFileError(f"{file}: there is nothing called {name!r}; there are [defaults] and [[source]] tables")
    defaults, tables = content.get("defaults", {}), content.get("source", [])
    if not isinstance(defaults, dict):
        raise SourcesFileError(f"{file}: defaults must be a table: [defaults]")
    if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
        raise SourcesFileError(f"{file}: source must be an array of tables: [[source]]")
    if not tables:
        raise SourcesFileError(f"{file}: there is no [[source]] table, so no source")
    common = _Table(f"{file}: defaults", defaults)
    common.check([key for key in _KEYS if key not in _NO_DEFAULTS])
    labels: dict[str, int] = {}
    sources = []
    for number, values in enumerate(tables, 1):
        table = _Table(f"{file}: source {number}", values)
        table.check(_KEYS)
        for source in table.with_defaults(defaults).sources():
            if source.label in labels:
                raise table.failure("label", f"{source.label!r} is the label of source {labels[source.label]} as well")
            labels[source.label] = number
            sources.append(source)
    return tuple(sources)


@attrs.frozen
class _Table:
    """A table of the file, and where it stands."""

    place: str
    values: dict[str, Any] = attrs.field(repr=False)

    def failure(self, key: str, reason: str) -> SourcesFileError:
        return SourcesFileError(f"{self.place}: {key}: {reason}")

    def check(self, known: tuple[str, ...] | list[str]) -> None:
        """Check what a table may say for itself, whatever the defaults are."""
        for key in self.values:
            if key not in known:
                raise self.failure(key, f"there is no such key here; there are {', '.join(known)}")
        if self.values.keys() >= _EXTERNAL_ID:
            raise self.failure("external_id_env", "external_id is given as well")
        if self.values.keys() >= {"profile", "role_arn"}:
            raise self.failure("profile", "role_arn is given as well; the profile that assumes a role is role_profile")
        if "profile" in self.values:
            for key in _OF_ROLES:
                if key in self.values:
                    raise self.failure(key, "belongs to a role_arn, and profile is given")

    def with_defaults(self, defaults: dict[str, Any]) -> _Table:
        """Return the table with the defaults for what it does not say."""
        own = self.values.keys()
        is_role = "role_arn" in own
        for key in _OF_ROLES:
            if key in own and not is_role:
                raise self.failure(key, "belongs to a role_arn, and there is none")
        taken = {key: value for key, value in defaults.items() if is_role or key not in _OF_ROLES}
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

    def _catalogs(self) -> list[str]:
        catalogs = self.values.get("catalogs")
        if catalogs is None:
            raise self.failure("catalogs", 'is missing; name them here or in [defaults], such as ["AWS"]')
        if not isinstance(catalogs, list) or not all(isinstance(each, str) for each in catalogs):
            raise self.failure("catalogs", 'must be a list of strings, such as ["AWS", "Sandbox"]')
        if not catalogs:
            raise self.failure("catalogs", "must name at least one catalog")
        for position, catalog in enumerate(catalogs):
            if catalog in catalogs[:position]:
                raise self.failure("catalogs", f"names {catalog!r} twice")
        return catalogs

    def _role(self) -> Role:
        arguments = {name: self.values[key] for key, name in _ROLE_KEYS.items() if key in self.values}
        if "external_id_env" in self.values:
            arguments["external_id"] = self._from_environment("external_id_env")
        role: Role = self._made(Role, arguments, _ROLE_KEYS)
        return role

    def _from_environment(self, key: str) -> str:
        name = self.values[key]
        if not isinstance(name, str):
            raise self.failure(key, f"must be a string, not {type_name(name)}")
        value = os.environ.get(name)
        if value is None:
            raise self.failure(key, f"there is no environment variable {name!r}")
        return value

    def _made(self, cls: type, arguments: dict[str, Any], keys: dict[str, str]) -> Any:  # noqa: ANN401 - either class
        try:
            return cls(**arguments)
        except (TypeError, ValueError) as error:
            # The message begins with the argument's name, which may be another than the key's.
            name, _, reason = str(error).partition(" ")
        key = next((key for key, argument in keys.items() if argument == name), name)
        if key == "external_id" and key not in self.values:
            key = "external_id_env"
        raise self.failure(key, reason)
