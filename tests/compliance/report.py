"""Says what a run found: as text for people, or as JSON for programs."""

from __future__ import annotations

import json
from importlib.metadata import version
from itertools import groupby
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.compliance.outcomes import Result

_COLUMNS = ("file", "cases", "ours", "botocore's", "out of scope", "only ours", "only botocore's")
_DISTRIBUTIONS = ("aiopartnercentral", "aiobotocore", "botocore")


@attrs.frozen
class Score:
    """The numbers of one file, or of all."""

    file: str
    cases: int
    ours: int
    theirs: int
    out_of_scope: int
    above: int
    below: int

    @property
    def row(self) -> tuple[str, ...]:
        """The columns of the table."""
        return tuple(str(each) for each in attrs.astuple(self))


def scores(results: Sequence[Result]) -> list[Score]:
    """Return the score of each file, and that of all under the name `total`."""
    found = [_score(file, list(each)) for file, each in groupby(results, lambda result: result.suite.file)]
    return [*found, _score("total", results)]


def _score(file: str, results: Sequence[Result]) -> Score:
    return Score(
        file=file,
        cases=len(results),
        ours=sum(result.we_passed for result in results),
        theirs=sum(result.they_passed for result in results),
        out_of_scope=sum(result.out_of_scope is not None for result in results),
        above=sum(result.is_above for result in results),
        below=sum(result.is_below for result in results),
    )


def text(results: Sequence[Result], *, verbose: bool) -> Iterator[str]:
    """Yield the lines of the report: cases that failed or are out of scope (all of them if verbose), and the table."""
    for result in results:
        if verbose or result.failed or result.out_of_scope is not None:
            yield _line(result, verbose=verbose)
    rows = [_COLUMNS, *(score.row for score in scores(results))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield ""
    for row in rows:
        first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join([row[0].ljust(len(first)), *rest])
    yield ""
    yield ", ".join(f"{name} {number}" for name, number in versions().items())


def versions() -> dict[str, str]:
    """Return what was compared."""
    return {name: version(name) for name in _DISTRIBUTIONS}


def _line(result: Result, *, verbose: bool) -> str:
    if result.out_of_scope is not None:
        return f"{'out of scope':15}  {result.where}: {result.out_of_scope}"
    theirs = result.theirs if verbose else "passed" if result.they_passed else "failed"
    word = "failed" if result.failed else "only ours" if result.is_above else "passed"
    word = "ONLY BOTOCORE'S" if result.is_below else word
    return f"{word:15}  {result.where}: {result.ours} (botocore's: {theirs})"


def as_json(results: Sequence[Result]) -> str:
    """Return the whole report as JSON text."""
    told: dict[str, Any] = {
        "versions": versions(),
        "scores": [attrs.asdict(score) for score in scores(results)],
        "cases": [_told(result) for result in results],
    }
    return json.dumps(told, indent=2)


def _told(result: Result) -> dict[str, Any]:
    return {
        "file": result.suite.file,
        "suite": result.suite.index,
        "description": result.suite.description,
        "case": result.case.index,
        "id": result.case.told.get("id"),
        "kind": result.case.kind.value,
        "protocol": result.suite.protocol,
        "ours": None if result.ours is None else list(result.ours.problems),
        "botocore": None if result.theirs is None else list(result.theirs.problems),
        "out_of_scope": result.out_of_scope,
        "below": result.is_below,
    }
