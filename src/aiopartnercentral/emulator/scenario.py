"""Scenarios: a whole situation of an emulator, from a TOML file or a mapping with the same keys.

    seed, account_id, task_seconds, nightly_changes, files, [catalogs], [[account]], replay
                                                                       as arguments of `Emulator`, at its start only
    latency, requests_per_second, denied_catalogs                      as arguments of `Emulator`
    [clock]                                                            start, running
    [quotas]                                                           as arguments of `Quotas`
    [[denial]], [[fault]]                                              as in a faults file
    clock.advance_seconds, [[code]]                                    while an emulator runs only

The scenarios that are part of the library are in `scenarios/`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator import options
from aiopartnercentral.emulator.auth import Credential
from aiopartnercentral.emulator.faults.config_file import fault_of, parsed, read_toml
from aiopartnercentral.emulator.iam import Denial
from aiopartnercentral.emulator.state.clock import Clock
from aiopartnercentral.emulator.state.quotas import Quotas

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.resources.abc import Traversable
    from os import PathLike

_SHIPPED: Final = files(__name__.rpartition(".")[0]) / "scenarios"  # which may be in a zip file

CHANGEABLE: Final = ("latency", "requests_per_second", "denied_catalogs", "clock", "quotas", "denial", "fault")
"""The keys that can be set while an emulator runs."""
_CHANGEABLE_ONLY: Final = (*CHANGEABLE, "code")
_FILES: Final = ("files", "replay")  # relative to the scenario's own file
_AT_START: Final = ("seed", "account_id", "task_seconds", "nightly_changes", "catalogs", "account", *_FILES)
KEYS: Final = (*_AT_START, *CHANGEABLE)
_ACCOUNT_KEYS: Final = ("access_key_id", "secret_access_key", "account_id", "session_token")

_CODE_KEYS: Final = ("email", "code", "catalog", "account_id")

_table = validators.instance_of(dict, "a table")
# More than the calendar has, and little enough for a timedelta.
_seconds = validators.number(least=0, most=10**12)


def shipped() -> Sequence[str]:
    """Return the names of the scenarios that are part of the library."""
    return sorted(file.name.removesuffix(".toml") for file in _SHIPPED.iterdir() if file.name.endswith(".toml"))


def read_scenario(scenario: str | PathLike[str]) -> dict[str, Any]:
    """Return the arguments of `Emulator` for a scenario.

        Emulator(**read_scenario("throttled-account"))

    Arguments:
        scenario: the name of a scenario that is part of the library, or the path of a TOML file.

    Raises:
        TypeError: `scenario` is neither a name nor a path.
        ValueError: there is no such scenario, or something in it is wrong; the message names file, table and key.
    """
    path, tables = read_tables(scenario)
    arguments = settings_of(tables, KEYS, where=str(path))
    for name in _FILES:
        if name in arguments:
            arguments[name] = Path(str(path)).parent / arguments[name]
    for name, cls in (("clock", Clock), ("quotas", Quotas)):
        if name in arguments:
            arguments[name] = cls(**arguments[name])
    return arguments


def read_tables(scenario: str | PathLike[str]) -> tuple[Traversable, dict[str, Any]]:
    """Return the file of a scenario, and its contents, of which only the syntax is checked.

    Raises:
        TypeError: `scenario` is neither a name nor a path.
        ValueError: there is no such scenario, or it is not TOML; the message names the file.
    """
    path = _path(scenario)
    return path, read_toml(path, "scenario")


def _path(scenario: str | PathLike[str]) -> Traversable:
    """Return the file of a scenario."""
    given = validators.path("scenario", scenario)
    if given in shipped():
        return _SHIPPED / f"{given}.toml"
    path = Path(given)
    if path.name == given and not path.suffix and not os.path.exists(path):  # noqa: PTH110 - a path object may raise
        raise ValueError(f"{given!a} is neither a file nor a scenario of the library: {', '.join(shipped())}")
    return path


def read_changes(scenario: str | PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return what a scenario sets in a running emulator, by the names of the arguments of `Emulator`.

    Arguments:
        scenario: a name or path as for `read_scenario`, or a mapping with the keys of a file.

    Raises:
        TypeError: `scenario` is of another type.
        ValueError: something is wrong, or cannot be set while it runs; the message names table and key.
    """
    if isinstance(scenario, Mapping):
        return settings_of(scenario, _CHANGEABLE_ONLY)
    path, tables = read_tables(scenario)
    return settings_of(tables, _CHANGEABLE_ONLY, where=str(path))


def settings_of(tables: Mapping[str, Any], allowed: Sequence[str], *, where: str = "") -> dict[str, Any]:
    """Return the arguments of `Emulator` for the keys of a scenario; for clock and quotas, their own arguments.

    Arguments:
        tables: the keys and tables.
        allowed: the keys that there may be.
        where: what has them, such as the name of a file; empty for nothing.

    Raises:
        ValueError: something is wrong; the message names table and key.
    """
    begin = f"{where}: " if where else ""
    given = dict(tables)
    try:
        for key in KEYS:
            if key in given and key not in allowed:
                raise ValueError(f"{key} can be set at the start only; later, {', '.join(allowed)}")  # noqa: TRY301
        _check_keys("", given, allowed)
        arguments = {name: given.pop(name) for name in list(given) if name not in _PARSERS and name not in _LISTS}
        is_running = allowed is _CHANGEABLE_ONLY
        parsers = {**_PARSERS, "clock": _move} if is_running else _PARSERS
        arguments |= {name: parsers[name](given.pop(name)) for name in list(given) if name in parsers}
        for name, listed in given.items():
            if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
                raise ValueError(f"{name} must be [[{name}]] tables")  # noqa: TRY301 - of a file
            if name != "account":
                options.check_count(name, listed)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{begin}{error}") from None
    if "account" in given:
        pairs = parsed(where, "account", given.pop("account"), _credential)
        arguments["credentials"] = dict(pairs)
    for name, listed in given.items():
        argument, parse = _LISTS[name]
        arguments[argument] = parsed(where, name, listed, parse)
    return arguments


def _check_keys(where: str, table: Mapping[str, Any], known: Sequence[str], what: str = "key") -> None:
    for key in table:
        if key not in known:
            raise ValueError(f"{where}{key!a} is not a {what}: the {what}s are {', '.join(known)}")


def _check_required(table: Mapping[str, Any], required: Sequence[str], what: str) -> None:
    for key in required:
        if key not in table:
            raise ValueError(f"{key} is missing: {what} needs {', '.join(required)}")


def _clock(value: object) -> dict[str, Any]:
    """Return the arguments of a clock."""
    table = dict(_table("clock", value))
    _check_keys("clock.", table, ("start", "running"))
    if isinstance(table.get("start"), str):
        try:
            table["start"] = datetime.fromisoformat(table["start"])
        except ValueError:
            raise ValueError("clock.start must be a time such as 2025-10-01T00:00:00Z") from None
    try:
        Clock(**table)
    except (TypeError, ValueError) as error:
        raise type(error)(f"clock.{error}") from None
    return table


def _move(value: object) -> dict[str, Any]:
    """Return the arguments of a clock, and how far it is advanced."""
    table = dict(_table("clock", value))
    seconds = table.pop("advance_seconds", None)
    moved = _clock(table)
    if seconds is not None:
        moved["advance"] = timedelta(seconds=_seconds("clock.advance_seconds", seconds))
    return moved


def _code(table: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a verification code."""
    _check_keys("", table, _CODE_KEYS)
    _check_required(table, _CODE_KEYS[:2], "a code")
    return table


def _quotas(value: object) -> dict[str, Any]:
    """Return the arguments of quotas."""
    table: dict[str, Any] = _table("quotas", value)
    _check_keys("", table, [field.name for field in attrs.fields(Quotas)], "quota")
    try:
        Quotas(**table)
    except (TypeError, ValueError) as error:
        raise ValueError(f"quotas.{error}") from None
    return table


def _credential(table: dict[str, Any]) -> tuple[str, Credential]:
    _check_keys("", table, _ACCOUNT_KEYS)
    _check_required(table, _ACCOUNT_KEYS[:3], "an account")
    credential = Credential(table["secret_access_key"], table["account_id"], table.get("session_token"))
    return validators.text("access_key_id", table["access_key_id"]), credential


def _denial(table: dict[str, Any]) -> Denial:
    _check_keys("", table, [field.name for field in attrs.fields(Denial)])
    return Denial(**table)


_PARSERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "clock": _clock,
    "quotas": _quotas,
    "files": lambda value: validators.path("files", value),
    "replay": lambda value: validators.path("replay", value),
}
_LISTS: Final[Mapping[str, Any]] = {
    "account": ("credentials", _credential),
    "denial": ("denials", _denial),
    "fault": ("faults", fault_of),
    "code": ("codes", _code),
}
