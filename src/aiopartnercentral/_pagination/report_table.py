"""Reports as Arrow tables: a row for each source, with the members that a source has in the JSON of a report."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral._utils.lazy_imports import import_optional

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["report_schema", "report_table"]

_KEY: Final = ("label", "catalog", "account", "service", "listing", "operation")


def report_schema() -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the `pyarrow.Schema` of the table of every report.

    Raises:
        ImportError: pyarrow is not installed.
    """
    pa = import_optional("pyarrow", extra="arrow")
    text, flag, number, time = pa.string(), pa.bool_(), pa.int64(), pa.timestamp("us", tz="UTC")
    request = ("request_id", text)
    texts = pa.map_(text, text)
    parent = pa.struct([("parent", texts), ("reason", text), ("vanished", flag), request])
    return pa.schema(
        [
            ("run_id", text),
            *((name, text) for name in _KEY),
            ("outcome", text),
            ("complete", flag),
            *((name, number) for name in ("items", "pages", "retries", "throttled")),
            ("restarted", flag),
            ("elapsed", pa.float64()),
            *((name, time) for name in ("started_at", "finished_at", "since")),
            ("resumed", flag),
            *((name, number) for name in ("resumed_items", "resumed_pages")),
            ("error", pa.struct([("type", text), ("message", text)])),
            ("skipped_parents", pa.struct([("skipped", number), ("vanished", number), ("first", pa.list_(parent))])),
            ("malformed", pa.list_(pa.struct([("path", text), ("reason", text), request]))),
            ("cursor", pa.struct([("time", time), ("parameters", texts), ("seen", text)])),
        ]
    )


def report_table(report: Mapping[str, Any]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the `pyarrow.Table` of the JSON of a report.

    Raises:
        ImportError: pyarrow is not installed.
    """
    schema = report_schema()
    rows = [{"run_id": report["run_id"], **source} for source in report["sources"]]
    columns = [[_value(row.get(field.name), field.type) for row in rows] for field in schema]
    pa = import_optional("pyarrow", extra="arrow")
    return pa.Table.from_arrays(
        [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
    )


def _value(value: Any, data_type: Any) -> Any:  # noqa: ANN401 - JSON, and pyarrow has no types
    """Return a JSON value as pyarrow takes it for a type."""
    types = import_optional("pyarrow", extra="arrow").types
    if value is None:
        return None
    if types.is_timestamp(data_type):
        return datetime.fromisoformat(value)
    if types.is_list(data_type):
        return [_value(each, data_type.value_type) for each in value]
    if types.is_map(data_type):
        return list(value.items())
    if types.is_struct(data_type):
        return {field.name: _value(value.get(field.name), field.type) for field in data_type}
    return value
