"""Reads files of protocol tests: suites, each a small service model, and the cases of each.

The format is botocore's. The keys that upstream files do not have are described in docs/compliance.md.
"""

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

OPERATION = "OperationName"
"""What an operation is called that a case does not name."""

_IGNORE_LIST = "ignore-list.json"
_OF_OUTPUT = ("result", "error", "decodeError")
_OF_INPUT = ("serialized", "encodeError")


class FormatError(Exception):
    """A file is no file of protocol tests; the message says which and where."""


class Kind(enum.Enum):
    """What a case is about."""

    INPUT = "input"
    OUTPUT = "output"
    ERROR = "error"


@attrs.frozen
class Case:
    """One case of a suite.

    Attributes:
        index: its place in the suite.
        told: the case as it stands in the file.
    """

    index: int
    told: Mapping[str, Any] = attrs.field(repr=False)

    @property
    def kind(self) -> Kind:
        """What it is about."""
        if "response" not in self.told:
            return Kind.INPUT
        return Kind.ERROR if "error" in self.told else Kind.OUTPUT

    @property
    def given(self) -> Mapping[str, Any]:
        """The operation, as a service model has it."""
        return self.told["given"]

    @property
    def operation(self) -> str:
        """The operation's name."""
        return self.given.get("name", OPERATION)

    @property
    def name(self) -> str:
        """Its id, or its number where it has none."""
        return self.told.get("id") or f"#{self.index}"


@attrs.frozen
class Suite:
    """Cases that share a model.

    Attributes:
        file: how its file is called in the report.
        index: its place in the file.
        told: the suite as it stands in the file.
        cases: its cases.
    """

    file: str
    index: int
    told: Mapping[str, Any] = attrs.field(repr=False)
    cases: tuple[Case, ...] = attrs.field(repr=False)

    @property
    def description(self) -> str:
        """What it says of itself."""
        return self.told.get("description") or f"suite {self.index}"

    @property
    def protocol(self) -> str:
        """The protocol of its model."""
        return self.told["metadata"]["protocol"]


def read(paths: Iterable[Path]) -> list[Suite]:
    """Return the suites of all files, those in folders included, in the order of their names.

    Raises:
        FormatError: a path does not exist, or a file is not what it should be.
    """
    return [suite for path in paths for file, name in _files(path) for suite in _suites(file, name)]


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file and how the report calls it: with its folder, which says what the cases are about."""
    if path.is_dir():
        root = path.resolve()
        found = sorted(each for each in root.rglob("*.json") if not each.name.endswith(_IGNORE_LIST))
        if not found:
            raise FormatError(f"{path}: no *.json in this folder")
        for each in found:
            yield each, each.relative_to(root if each.parent != root else root.parent).as_posix()
    elif path.exists():
        yield path, "/".join(path.resolve().parts[-2:])
    else:
        raise FormatError(f"{path}: no such file or folder")


def _suites(path: Path, name: str) -> list[Suite]:
    try:
        told = json.loads(path.read_bytes())
    except ValueError as error:
        raise FormatError(f"{path}: not JSON: {error}") from error
    if not isinstance(told, list):
        raise FormatError(f"{path}: expected a list of suites")
    return [_suite(suite, index, name, f"{path}: suite {index}") for index, suite in enumerate(told)]


def _suite(told: Any, index: int, file: str, where: str) -> Suite:
    wanted = {"metadata": dict, "shapes": dict, "cases": list}
    for key, kind in wanted.items():
        if not isinstance(told, dict) or not isinstance(told.get(key), kind):
            raise FormatError(f"{where}: expected an object with {', '.join(wanted)}")
    if not isinstance(told["metadata"].get("protocol"), str):
        raise FormatError(f"{where}: its metadata name no protocol")
    cases = tuple(_case(case, number, f"{where}, case {number}") for number, case in enumerate(told["cases"]))
    return Suite(file, index, told, cases)


def _case(told: Any, index: int, where: str) -> Case:
    if not isinstance(told, dict) or not isinstance(told.get("given"), dict):
        raise FormatError(f"{where}: expected an object with the operation as `given`")
    expected = _OF_OUTPUT if "response" in told else _OF_INPUT
    if not any(key in told for key in expected):
        raise FormatError(f"{where}: says nothing of what is expected: none of {', '.join(expected)}")
    return Case(index, told)
