"""Faults from a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.emulator.faults.connection import ContentType, HalfBody, InvalidJson, Reset
from aiopartnercentral.emulator.faults.errors import ExpiredToken, ServerError, Throttle
from aiopartnercentral.emulator.faults.latency import (
    ExponentialLatency,
    Latency,
    LognormalLatency,
    Trickle,
    UniformLatency,
)
from aiopartnercentral.emulator.faults.mutations import (
    ExtraMember,
    MalformedItem,
    UnknownEnumValue,
    UnknownUnionMember,
)
from aiopartnercentral.emulator.faults.pagination import EmptyPage, RepeatedToken
from aiopartnercentral.emulator.faults.rules import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from aiopartnercentral.emulator.faults.context import Action

KINDS: Final[Mapping[str, type[Action]]] = {
    cls.kind: cls
    for cls in (
        Latency,
        UniformLatency,
        ExponentialLatency,
        LognormalLatency,
        Trickle,
        Throttle,
        ServerError,
        ExpiredToken,
        Reset,
        HalfBody,
        InvalidJson,
        ContentType,
        UnknownUnionMember,
        UnknownEnumValue,
        ExtraMember,
        MalformedItem,
        RepeatedToken,
        EmptyPage,
    )
}
"""The kinds of faults by their names in a file."""


def read_faults(path: str | PathLike[str]) -> list[Fault]:
    """Return the faults of a TOML file: a `[[fault]]` each, with its kind and what that and every fault can be told.

    Raises:
        ValueError: the file cannot be read, or something in it is impossible; the message names file, fault and key.
    """
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot read the faults of {path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path} is no TOML: {error}") from None
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply") from None
    tables = document.pop("fault", [])
    if document or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        other = next(iter(document), "fault")
        raise ValueError(f"{path} must have tables [[fault]] and nothing else, and {other!r} is none")
    return [_numbered(path, number, table) for number, table in enumerate(tables, 1)]


def _numbered(path: str | PathLike[str], number: int, table: dict[str, Any]) -> Fault:
    try:
        return _fault(table)
    except ValueError as error:
        raise ValueError(f"{path}, fault {number}: {error}") from None


def _fault(table: dict[str, Any]) -> Fault:
    """Return the fault of a table, or raise ValueError with a message that begins with the key."""
    kind = table.pop("kind", None)
    cls = KINDS.get(kind) if isinstance(kind, str) else None
    if cls is None:  # the names last: there are many, and the command cuts what is long
        raise ValueError(f"kind {kind!r} is none of {', '.join(KINDS)}")
    own, common = _keys(cls), _keys(Fault)
    common.pop("action")
    for key in table:
        if key not in own and key not in common:
            raise ValueError(f"{key} is no key of {kind}, which has {', '.join((*own, *common))}")
    for key, required in own.items():
        if required and key not in table:
            raise ValueError(f"{key} is needed for {kind}")
    action = cls(**{key: table.pop(key) for key in own if key in table})
    return Fault(action, **table)


def _keys(cls: type[attrs.AttrsInstance]) -> dict[str, bool]:
    """Return what a class can be told, and whether it must be."""
    return {field.alias or field.name: field.default is attrs.NOTHING for field in attrs.fields(cls) if field.init}
