"""The project's own one-line descriptions, a TOML file for each service, and how they differ from its model."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import cattrs

from .. import ir
from ..errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_CONVERTER = cattrs.Converter(forbid_extra_keys=True)


@_CONVERTER.register_structure_hook
def _string(value: Any, _: type[str]) -> str:  # noqa: ANN401 - a TOML file has any type
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value


def load(path: Path | None) -> ir.Texts:
    """Read the texts of a service; there are none without a file.

    Raises:
        SourceError: the file is missing, or has something other than the tables of `ir.Texts`.
    """
    if path is None:
        return ir.Texts()
    try:
        return _CONVERTER.structure(tomllib.loads(path.read_text(encoding="utf-8")), ir.Texts)
    except FileNotFoundError as error:
        raise SourceError(f"{path} is missing") from error
    except (ValueError, cattrs.BaseValidationError) as error:
        reasons = cattrs.transform_error(error) if isinstance(error, cattrs.BaseValidationError) else [str(error)]
        raise SourceError(f"{path}: {'; '.join(reasons)}") from error


def problems(service: ir.Service) -> list[str]:
    """Return a line for everything in the service without a text, and for every text that nothing uses."""
    if service.config.texts is None:
        return []
    found = [*_lacking(service), *_unused(service)]
    return [f"{service.config.texts}: {line}" for line in found]


def _lacking(service: ir.Service) -> Iterator[str]:
    texts = service.texts
    yield from (f"no text of operation {o.name}" for o in service.operations if o.name not in texts.operations)
    for shape in service.shapes.values():
        is_class = isinstance(shape, ir.Structure | ir.Union | ir.Enum)
        if is_class and not service.is_message(shape.name) and shape.name not in texts.shapes:
            yield f"no text of {type(shape).__name__.lower()} {shape.name}"
        if isinstance(shape, ir.Structure | ir.Union):
            without = (m.name for m in shape.members if texts.of_member(shape.name, m) is None)
            yield from (f"no text of member {shape.name}.{name}" for name in without)


def _unused(service: ir.Service) -> Iterator[str]:
    texts, shapes = service.texts, service.shapes
    owners = {s.name: s.members for s in shapes.values() if isinstance(s, ir.Structure | ir.Union)}
    members = {name: {m.name for m in found} for name, found in owners.items()}
    values = {enum.name: set(enum.values) for enum in service.enums()}
    inherited = [(m.name, m.target) for name, found in owners.items() for m in found if not _has_own(texts, name, m)]
    shared = {name for name, _ in inherited}
    used = {target for name, target in inherited if name not in texts.shared}
    named = {s.name for s in shapes.values() if isinstance(s, ir.Structure | ir.Union | ir.Enum)}
    yield from _unknown("operations", texts.operations, {o.name for o in service.operations})
    yield from _unknown("shared", texts.shared, shared)
    yield from _unknown("shapes", texts.shapes, named | used)
    for table, given, known in (("members", texts.members, members), ("values", texts.values, values)):
        for name, entries in given.items():
            yield from _unknown(f"{table}.{name}", entries, known.get(name, set()))


def _has_own(texts: ir.Texts, shape: str, member: ir.Member) -> bool:
    return member.name in texts.members.get(shape, {})


def _unknown(table: str, given: Mapping[str, str], known: set[str]) -> Iterator[str]:
    yield from (f"[{table}] {name} is unknown or not used" for name in given if name not in known)
