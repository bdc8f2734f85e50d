"""Faults from a TOML file, or from the same tables of a scenario."""

from __future__ import annotations

import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator.faults.broken_responses import InvalidJson, Reset, TruncatedBody, WrongContentType
from aiopartnercentral.emulator.faults.errors import ExpiredPageToken, ServerError, Throttle
from aiopartnercentral.emulator.faults.json_mutations import (
    CorruptItem,
    ExtraMember,
    UnknownEnumValue,
    UnknownUnionMember,
)
from aiopartnercentral.emulator.faults.latency import (
    ExponentialLatency,
    Latency,
    LognormalLatency,
    SlowBody,
    UniformLatency,
)
from aiopartnercentral.emulator.faults.pagination import EmptyPage, RepeatedPageToken
from aiopartnercentral.emulator.faults.rules import CallNumbers, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike

    from aiopartnercentral.emulator.faults.context import Action

ParsedT = TypeVar("ParsedT")

KINDS: Final[Mapping[str, type[Action]]] = {
    cls.kind: cls
    for cls in (
        Latency,
        UniformLatency,
        ExponentialLatency,
        LognormalLatency,
        SlowBody,
        Throttle,
        ServerError,
        ExpiredPageToken,
        Reset,
        TruncatedBody,
        InvalidJson,
        WrongContentType,
        UnknownUnionMember,
        UnknownEnumValue,
        ExtraMember,
        CorruptItem,
        RepeatedPageToken,
        EmptyPage,
    )
}
"""The actions by their names in a faults file."""


def read_faults(path: str | PathLike[str]) -> list[Fault]:
    """Return the faults of a TOML file: one for each `[[fault]]` table.

    Raises:
        TypeError: `path` is not a path.
        ValueError: the file cannot be read, or something in it is wrong; the message names file, fault and key.
    """
    document = read_toml(path, "faults")
    tables = document.pop("fault", [])
    if document or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        other = next(iter(document), "fault")
        raise ValueError(f"{path} must have only [[fault]] tables, not {other!r}")
    return parsed(str(path), "fault", tables, fault_of)


def read_toml(path: str | PathLike[str] | Traversable, what: str) -> dict[str, Any]:
    """Return the contents of a TOML file, which may be a resource of the library.

    Raises:
        TypeError: `path` is not a path.
        ValueError: the file cannot be read or is not TOML; the message names the file.
    """
    file: Traversable = path if isinstance(path, Traversable) else Path(validators.path("path", path))
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot read the {what} of {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not TOML: it is not text in UTF-8") from None
    except ValueError as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply") from None


def parsed(
    where: str, kind: str, tables: Sequence[dict[str, Any]], parse: Callable[[dict[str, Any]], ParsedT]
) -> list[ParsedT]:
    """Return what each table describes.

    Arguments:
        where: what has the tables, such as the name of a file; empty for nothing.
        kind: the name of the tables.
        tables: the tables.
        parse: returns what a table describes, or raises TypeError or ValueError with a text that begins with the key.

    Raises:
        ValueError: something in a table is wrong; the message names the table by its number, from 1, and the key.
    """
    found = []
    for number, table in enumerate(tables, 1):
        try:
            found.append(parse(table))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{where}{', ' if where else ''}{kind} {number}: {error}") from None
    return found


def fault_of(table: Mapping[str, Any]) -> Fault:
    """Return the fault of a table, or raise TypeError or ValueError with a text that begins with the key."""
    table = dict(table)
    if "kind" not in table:
        raise ValueError(f"kind is missing: it must be one of {', '.join(KINDS)}")
    cls = KINDS[validators.one_of(KINDS)("kind", table.pop("kind"))]
    own, common = _keys(cls), _keys(Fault)
    common.pop("action")
    for key in table:
        if key not in own and key not in common:
            raise ValueError(f"{key} is not a key of {cls.kind}, which has {', '.join((*own, *common))}")
    for key, required in own.items():
        if required and key not in table:
            raise ValueError(f"{key} is missing: {cls.kind} needs it")
    action = cls(**{key: table.pop(key) for key in own if key in table})
    return Fault(action, **table)


def table_of(fault: Fault) -> dict[str, Any]:
    """Return the table of a fault, without the keys that have their default."""
    table: dict[str, Any] = {"kind": fault.action.kind}
    for owner in (fault.action, fault):
        for field in attrs.fields(type(owner)):
            value = getattr(owner, field.name)
            if field.init and field.name != "action" and value != field.default:
                table[field.name] = value.text if isinstance(value, CallNumbers) else value
    return table


def _keys(cls: type[attrs.AttrsInstance]) -> dict[str, bool]:
    """Return the arguments of a class, and whether they are required."""
    return {field.alias or field.name: field.default is attrs.NOTHING for field in attrs.fields(cls) if field.init}
