"""The AWS config files as botocore parses them, each parsed once for all sessions until it changes.

botocore parses them several times for each session: with 1,000 sources of as many profiles, that is the time of a run.
"""

from __future__ import annotations

import os
import time
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from botocore import configloader
from botocore.exceptions import ConfigNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["full_config", "load_config", "raw_config_parse"]

_Parser: TypeAlias = "Callable[[str | None], dict[str, Any]]"
_Version: TypeAlias = tuple[int, ...]

_SETTLED_SECONDS: Final = 2.0
"""A file that was written less long ago can change again without a new time, as file systems keep times coarsely."""


def raw_config_parse(path: str | None) -> dict[str, Any]:
    """Return the sections of a file, which callers share and must not change.

    Raises:
        botocore.exceptions.ConfigNotFound: there is no such file.
        botocore.exceptions.ConfigParseError: the file is not valid.
    """
    return _kept(_sections, path)


def load_config(path: str | None) -> dict[str, Any]:
    """Return the profiles and other sections of an AWS config file, which callers share and must not change.

    Raises:
        botocore.exceptions.ConfigNotFound: there is no such file.
        botocore.exceptions.ConfigParseError: the file is not valid.
    """
    return _kept(_profiles, path)


def full_config(config_file: str | None, credentials_file: str | None) -> dict[str, Any]:
    """Return the contents of both AWS config files, which callers share and must not change; a missing one is empty.

    Raises:
        botocore.exceptions.ConfigParseError: a file is not valid.
    """
    versions = _version(config_file), _version(credentials_file)
    merge = _merged if all(map(_is_settled, versions)) else _merged.__wrapped__
    return merge(config_file, credentials_file, versions)


@lru_cache(maxsize=1)
def _merged(config_file: str | None, credentials_file: str | None, _versions: object) -> dict[str, Any]:
    try:
        config = load_config(config_file)
    except ConfigNotFound:
        config = {"profiles": {}}
    try:
        credentials = raw_config_parse(credentials_file)
    except ConfigNotFound:
        return config
    profiles: dict[str, Any] = config["profiles"]
    added = {name: {**profiles.get(name, {}), **values} for name, values in credentials.items()}
    return {**config, "profiles": {**profiles, **added}}


def _kept(parser: _Parser, path: str | None) -> dict[str, Any]:
    version = _version(path)
    if version is None or not _is_settled(version):
        return parser(path)
    return _latest(parser, path)(version)


@cache
def _latest(parser: _Parser, path: str | None) -> Callable[[_Version], dict[str, Any]]:
    """Return a function of the file's version, which keeps only the result of the last one."""

    @lru_cache(maxsize=1)
    def parsed(_version: _Version) -> dict[str, Any]:
        return parser(path)

    return parsed


def _sections(path: str | None) -> dict[str, Any]:
    sections: dict[str, Any] = configloader.raw_config_parse(path)  # type: ignore[arg-type] # None is none
    return sections


def _profiles(path: str | None) -> dict[str, Any]:
    profiles: dict[str, Any] = configloader.build_profile_map(raw_config_parse(path))
    return profiles


def _version(path: str | None) -> _Version | None:
    """Return what differs once the file has been written or replaced; None if there is no file."""
    try:
        found = os.stat(os.path.expanduser(os.path.expandvars(path or "")))  # noqa: PTH111, PTH116 - as botocore does
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev


def _is_settled(version: _Version | None) -> bool:
    return version is None or time.time() - version[0] / 1e9 > _SETTLED_SECONDS
