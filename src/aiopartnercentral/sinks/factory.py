"""The sink for a path: its format by the ending, one file or a file for each expansion of a template."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import attrs

from aiopartnercentral.sinks.compression import ENDINGS
from aiopartnercentral.sinks.csv import CsvSink
from aiopartnercentral.sinks.ndjson import NdjsonSink
from aiopartnercentral.sinks.parquet import ParquetSink
from aiopartnercentral.sinks.partitioned import MAX_OPEN, TemplateSink
from aiopartnercentral.sinks.path_template import Template, is_template

if TYPE_CHECKING:
    from aiopartnercentral.sinks.base import Sink
    from aiopartnercentral.sinks.columns import Formulas
    from aiopartnercentral.sinks.file_sink import FileSink

__all__ = ["Format", "open_sink"]

Format: TypeAlias = Literal["ndjson", "csv", "parquet"]

_FORMATS: Final[Mapping[str, Format]] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".parquet": "parquet",
}


def open_sink(
    path: str | os.PathLike[str],
    *,
    format: Format | None = None,  # noqa: A002 - what it is called everywhere
    cls: Any = None,  # noqa: ANN401 - a union is no class
    compression: Literal["gzip", "zstd", "none"] | None = None,
    envelope: bool = False,
    source: bool = True,
    explode: str | None = None,
    formulas: Formulas = "escape",
    max_open: int = MAX_OPEN,
) -> Sink:
    """Return the sink for a path; nothing is touched until its `open`.

    Arguments:
        path: a file, or a template with `{catalog}`, `{label}` or `{operation}` in it for a file for each.
        format: `ndjson`, `csv` or `parquet`; by default what the ending says, before `.gz` or `.zst`.
        cls: for CSV and Parquet, the class of the items, or the class for each operation by the name that its pages
            have: `item_classes` of a bulk collection. `item_class` gives it for a paginated operation.
        compression: of NDJSON and CSV; by default what the ending says.
        envelope: NDJSON lines that say where each item is from.
        source: columns of CSV and Parquet that say it.
        explode: for CSV, a list or map of which each entry gets a row.
        formulas: for CSV, `escape` or `keep` what a spreadsheet would take for a formula.
        max_open: with a template, how many files may be open at once.

    Raises:
        ValueError: the ending says no format, an option does not go with the format, a class is missing, or the
            template is none.
        TypeError: `cls` is no generated class.
        ImportError: a package that the format needs is not installed; the message says how it would be.
    """
    path = os.fspath(path)
    is_many = is_template(path)
    template = Template.of(path) if is_many else None
    form, squeeze = _form(path, format, compression)
    _check(form, squeeze, envelope=envelope, explode=explode)
    made = _Files(form, cls, squeeze, envelope, source, explode, formulas)
    classes = cls if isinstance(cls, Mapping) else {}
    if form != "ndjson":
        if cls is None or (isinstance(cls, Mapping) and not cls):
            raise ValueError(f"{form} needs the class of the items")
        if len(classes) > 1 and (template is None or "operation" not in template.fields):
            raise ValueError(f"a {form} file holds the items of one operation: put {{operation}} into {path!a}")
    if template is None or not template.fields:
        return made.one(path.format() if template else path, next(iter(classes), ""))
    for operation in classes or [""]:
        made.one(path, operation)  # so that what is wrong is said before anything is fetched
    return TemplateSink(path, made.one, wants="raw" if form == "ndjson" else "items", max_open=max_open)


@attrs.frozen
class _Files:
    """Makes the sinks of files that differ in nothing but their paths and classes."""

    form: Format
    cls: Any
    compression: str | None
    envelope: bool
    source: bool
    explode: str | None
    formulas: Formulas

    def one(self, path: str, operation: str) -> FileSink:
        """Return the sink of a file.

        Raises:
            ValueError: no class was given for the operation.
        """
        if self.form == "ndjson":
            return NdjsonSink(path, compression=self.compression, envelope=self.envelope)
        cls = self.cls
        if isinstance(cls, Mapping):
            if operation not in cls:
                raise ValueError(f"no class was given for the items of {operation}")
            cls = cls[operation]
        if self.form == "parquet":
            return ParquetSink(path, cls, source=self.source)
        return CsvSink(
            path,
            cls,
            compression=self.compression,
            source=self.source,
            explode=self.explode,
            formulas=self.formulas,
        )


def _form(path: str, form: str | None, compression: str | None) -> tuple[Format, str | None]:
    """Return the format and the compression.

    Raises:
        ValueError: neither the arguments nor the ending say a format.
    """
    stem, ending = os.path.splitext(path)  # noqa: PTH122 - the path may be a template
    by_ending = ENDINGS.get(ending.lower())
    if by_ending is not None:
        ending = os.path.splitext(stem)[1]  # noqa: PTH122 - as above
    for known in get_args(Format):
        if known == (form or _FORMATS.get(ending.lower())):
            return known, by_ending if compression is None else None if compression == "none" else compression
    if form is not None:
        raise ValueError(f"there is no format {form!a}: it can be {', '.join(get_args(Format))}")
    raise ValueError(f"the ending of {path!a} says no format: it can be {', '.join(_FORMATS)}, or name the format")


def _check(form: Format, compression: str | None, *, envelope: bool, explode: str | None) -> None:
    """Raise `ValueError` for an option that does not go with the format."""
    if form == "parquet" and compression is not None:
        raise ValueError("a Parquet file is compressed inside: leave out the compression and its ending")
    if form != "ndjson" and envelope:
        raise ValueError(f"envelope is an option of ndjson, not of {form}")
    if form != "csv" and explode is not None:
        raise ValueError(f"explode is an option of csv, not of {form}")
