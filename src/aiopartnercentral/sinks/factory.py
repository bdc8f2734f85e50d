"""`open_sink`: the sink for a path, its format by the file extension."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.sinks.base import Page
from aiopartnercentral.sinks.compression import EXTENSIONS, KNOWN, Format, format_of, is_supported
from aiopartnercentral.sinks.file_object import Remote
from aiopartnercentral.sinks.parquet import ParquetSink
from aiopartnercentral.sinks.partitioned import MAX_OPEN, PartitionedSink
from aiopartnercentral.sinks.path_template import PathTemplate, is_template, is_url, path_text
from aiopartnercentral.sinks.schema import schema_of
from aiopartnercentral.sinks.spool import SpooledSink
from aiopartnercentral.sinks.text_files import CsvSink, NdjsonSink

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aiopartnercentral._transport.s3_options import S3Options
    from aiopartnercentral.sinks.base import Sink
    from aiopartnercentral.sinks.columns import Formulas
    from aiopartnercentral.sinks.file_object import BinaryFile, OpenableFile
    from aiopartnercentral.sinks.file_sink import FileSink

__all__ = ["FORMATS_OF", "open_sink"]

FORMATS_OF: Final[Mapping[str, tuple[Format, ...]]] = {
    "envelope": ("ndjson",),
    "columns": ("csv", "parquet"),
    "explode": ("csv",),
    "formulas": ("csv",),
    "bom": ("csv",),
}
"""The formats for each option that not every format has."""
_NAMES = validators.collection_of(validators.text, "True, False or a collection of names of listings")
_check_format = validators.optional(validators.one_of(get_args(Format)))
_check_compression = validators.optional(validators.one_of([*EXTENSIONS.values(), "none"]))


def open_sink(
    path: str | os.PathLike[str] | BinaryFile | OpenableFile,
    *,
    format: Format | None = None,  # noqa: A002 - the field's word for it
    cls: Any = None,  # noqa: ANN401 - a union is not a class
    compression: Literal["gzip", "zstd", "none"] | None = None,
    envelope: bool = False,
    source: bool = True,
    parent: bool | Collection[str] = False,
    explode: str | None = None,
    formulas: Formulas = "escape",
    columns: Sequence[str] | None = None,
    bom: bool = False,
    max_open: int = MAX_OPEN,
    s3: S3Options | None = None,
    spool: str | os.PathLike[str] | None = None,
) -> Sink:
    """Return the sink for a path; nothing is created before its `open`.

    Arguments:
        path: a file, or a template with `{catalog}`, `{label}`, `{account}`, `{service}`, `{operation}` or `{date}` in
            it, which partitions the output. `{date}` is the day on which the run began, in UTC, also if it is resumed
            later; without a collection, the day on which the sink is opened.
            A path that begins with `s3://bucket/` is written to S3. A binary file object needs a `format`; nothing is
            written to it before `commit`.
        format: `ndjson`, `csv` or `parquet`; by default the one of the file extension, before `.gz` or `.zst`. The
            extension of another format is refused, and so is that of an unsupported compression, such as `.bz2`.
        cls: for CSV and Parquet, which need it, the class of the items, or a mapping with the class for each operation,
            such as `item_classes` of a bulk collection. `item_class` returns it for a paginated operation.
        compression: for NDJSON and CSV; by default the one of the file extension, which `none` ignores.
        envelope: for NDJSON, whether each line says where its item is from.
        source: for CSV and Parquet, whether columns say where each item is from.
        parent: for CSV and Parquet, whether the column `source_parent` names the parent of each item of a nested
            listing; or the names of the nested listings, such as `nested` of a bulk collection.
        explode: for CSV, a list or map member, each element of which gets a row.
        formulas: for CSV, whether to `escape` or `keep` text that a spreadsheet would take for a formula.
        columns: for CSV and Parquet, names of the columns to write, in their order; by default all.
        bom: for CSV, whether the file starts with a byte order mark, by which Excel recognizes UTF-8.
        max_open: for a template, the maximum number of files that are open at once.
        s3: for `s3://`, the credentials and other options.
        spool: for `s3://` or a file object, a directory for the files until they are complete, which a resumed run
            needs; by default in the system's directory of temporary files.

    Raises:
        TypeError: an argument is of a wrong type, or items cannot be of the type `cls`.
        ValueError: the format is unknown, the file extension is that of another format or compression, an option does
            not apply to the format, a class is missing, or the template is not valid.
        ImportError: a package that the format needs is not installed; the message says what to install.
    """
    remote = _remote(path, s3, spool)
    path = path_text("path", path) if remote is None else remote.output
    template = PathTemplate.parse(path) if is_template(path) else None
    file_format, compression_name = _format_of(path, _check_format("format", format), compression)
    if file_format == "parquet" and compression_name is not None:
        raise ValueError("compression is not an option of parquet, which compresses its columns itself")
    validators.flag("envelope", envelope)
    validators.flag("bom", bom)
    given = {
        "envelope": envelope,
        "explode": explode is not None,
        "formulas": formulas != "escape",
        "columns": columns is not None,
        "bom": bom,
    }
    for name in (name for name, is_given in given.items() if is_given):
        if file_format not in FORMATS_OF[name]:
            raise ValueError(f"{name} is an option of {' and '.join(FORMATS_OF[name])}, not of {file_format}")
    validators.flag("source", source)
    validators.count("max_open", max_open)
    factory = _FileSinkFactory(
        format=file_format,
        cls=cls,
        compression=compression_name,
        envelope=envelope,
        source=source,
        parent=parent if isinstance(parent, bool) else _NAMES("parent", parent),
        explode=explode,
        formulas=formulas,
        columns=columns,
        bom=bom,
    )
    classes = cls if isinstance(cls, Mapping) else {}
    if file_format == "ndjson":
        for each in classes.values() if isinstance(cls, Mapping) else [] if cls is None else [cls]:
            schema_of(each)  # has no use here, but is checked as for the other formats
    else:
        if cls is None or (isinstance(cls, Mapping) and not cls):
            raise ValueError(f"cls must be the class of the items for {file_format}, not {cls!r}")
        if len(classes) > 1 and (template is None or "operation" not in template.fields):
            raise ValueError(f"a {file_format} file holds items of one operation: add {{operation}} to {path!a}")
    if remote is None:
        return _sink(factory, path, classes, max_open)
    return SpooledSink(_sink(factory, remote.spool_path, classes, max_open), remote.spool, remote.destination)


def _sink(
    factory: _FileSinkFactory, path: str, classes: Mapping[str, Any], max_open: int
) -> FileSink | PartitionedSink:
    """Return the sink for a local path."""
    template = PathTemplate.parse(path) if is_template(path) else None
    if template is None or not template.fields:
        return factory.make(path.format() if template else path, next(iter(classes), ""))
    for operation in classes or [""]:
        factory.make(path, operation)  # reports a wrong argument now, rather than at the first page
    wants: Literal["raw", "items"] = "raw" if factory.format == "ndjson" else "items"
    # One file for all items, as without a placeholder, is there even if there are no items.
    initial = Page("", "", next(iter(classes), "")) if template.fields == {"date"} else None
    return PartitionedSink(path, factory.make, wants=wants, max_open=max_open, initial=initial)


def _remote(path: object, s3: S3Options | None, spool: str | os.PathLike[str] | None) -> Remote | None:
    """Return the output that is not a local file; None for a local file.

    Raises:
        TypeError, ValueError: an argument is wrong, or of no use for this output.
    """
    parent = None if spool is None else Path(validators.path("spool", spool))
    if not isinstance(path, str | os.PathLike):
        if s3 is not None:
            raise ValueError("s3 is an option of paths that begin with s3://, not of a file object")
        return Remote.file_object(path, parent)
    text = path_text("path", path)
    if is_url(text):
        return Remote.object_storage(text, s3, parent)
    for name, value in (("s3", s3), ("spool", spool)):
        if value is not None:
            raise ValueError(f"{name} is an option of paths that begin with s3://, not of {text!a}")
    return None


@attrs.frozen(kw_only=True)
class _FileSinkFactory:
    """Makes file sinks that differ only in their paths and classes."""

    format: Format
    cls: Any
    compression: str | None
    envelope: bool
    source: bool
    parent: bool | Collection[str]
    explode: str | None
    formulas: Formulas
    columns: Sequence[str] | None
    bom: bool

    def make(self, path: str, operation: str) -> FileSink:
        """Return the sink for a file.

        Raises:
            ValueError: the operation has no class.
        """
        if self.format == "ndjson":
            return NdjsonSink(path, compression=self.compression, envelope=self.envelope)
        cls = self.cls
        if isinstance(cls, Mapping):
            if operation not in cls:
                raise ValueError(f"cls has no class for the items of {operation}")
            cls = cls[operation]
        parent = self.parent if isinstance(self.parent, bool) else operation in self.parent
        if self.format == "parquet":
            return ParquetSink(path, cls, source=self.source, parent=parent, columns=self.columns)
        return CsvSink(
            path,
            cls,
            compression=self.compression,
            source=self.source,
            parent=parent,
            explode=self.explode,
            formulas=self.formulas,
            columns=self.columns,
            bom=self.bom,
        )


def _format_of(path: str, file_format: Format | None, compression: str | None) -> tuple[Format, str | None]:
    """Return the format and the compression.

    Raises:
        TypeError, ValueError: an argument is wrong, neither it nor the file extension gives a format, or both give
            different ones.
    """
    chosen = _check_compression("compression", compression)
    found, compressed = format_of(path)
    for name, value, of_path in (("format", file_format, found), ("compression", chosen, compressed)):
        if None not in (value, of_path) and value not in (of_path, "none"):
            raise ValueError(f"path has the extension of {of_path}, and {name} is {value!r}: {path!a}")
    if chosen is None and not is_supported(compressed):
        raise ValueError(
            f"path must end in {KNOWN}, as {compressed} is not supported, or pass compression='none': {path!a}"
        )
    result = file_format or found
    if result is None:
        raise ValueError(f"path must end in {KNOWN}, or format must be given: {path!a}")
    return result, compressed if chosen is None else None if chosen == "none" else chosen
