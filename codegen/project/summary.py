"""The results for every model of a botocore, as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .batch import Result

_COMMAND = "python -m codegen generate --all"


def text(results: Sequence[Result], botocore: str) -> str:
    """Return the document in Markdown: totals, a table with a row for each model, and what was omitted."""
    return "\n".join([*_head(results, botocore), "", *_table(results), "", *_omissions(results)]) + "\n"


def _head(results: Sequence[Result], botocore: str) -> Iterator[str]:
    unsupported = [result for result in results if result.error is not None]
    operations, streams = sum(r.operations for r in results), sum(r.refused for r in results)
    paginators = sum(len(r.omissions) - r.refused for r in results)
    yield "# Every service of botocore"
    yield ""
    yield f"Written by `{_COMMAND}` from the models of botocore {botocore}."
    yield ""
    yield f"{len(results)} models: {len(results) - len(unsupported)} generated, {len(unsupported)} unsupported."
    yield f"{operations} operations generated, {streams} omitted; {paginators} paginators omitted."


def _table(results: Sequence[Result]) -> Iterator[str]:
    yield "| service | version | protocol | operations | omitted | types | outcome |"
    yield "|---|---|---|---:|---:|---:|---|"
    for result in results:
        outcome = "generated" if result.error is None else f"unsupported: {result.error}"
        counts = f"{result.operations} | {result.refused} | {result.types}"
        yield f"| {result.service} | {result.api_version} | {result.protocol} | {counts} | {outcome} |"


def _omissions(results: Sequence[Result]) -> Iterator[str]:
    yield "## Omitted"
    yield ""
    yield "An operation that streams has no method. An operation whose paginator is omitted still has its method."
    for result in results:
        if result.omissions:
            yield ""
            yield f"### {result.service} {result.api_version}"
            yield ""
            yield from (f"- {omission}" for omission in result.omissions)
