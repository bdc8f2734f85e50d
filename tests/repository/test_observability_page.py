"""The tables of docs/observability.md are those of the code."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import attrs
import pytest

from aiopartnercentral import CallEvent, account
from aiopartnercentral.bulk import Collection, Event, Source
from aiopartnercentral.emulator import Emulator
from tests.support.bulk_sources import FAST
from tests.support.clients import aws_environment
from tests.support.doc_blocks import table_rows
from tests.support.telemetry_recorder import Recorder

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["aws_environment"]

PAGE = (Path(__file__).parents[2] / "docs" / "observability.md").read_text(encoding="utf-8")


rows = partial(table_rows, PAGE)


@pytest.mark.parametrize(("table", "events", "key"), [("event", Event, "run"), ("call event", CallEvent, "call")])
def test_every_event_is_there_with_what_it_has(table: str, events: object, key: str) -> None:
    told = {name: re.findall("`([^`]+)`", cells[-1]) for name, cells in rows(table).items()}
    assert told == {
        event.__name__: [field.name for field in attrs.fields(event) if field.name != key] for event in get_args(events)
    }


def test_every_logger_is_there() -> None:
    source = Path(__file__).parents[2] / "src" / "aiopartnercentral"
    named = {
        found
        for file in source.rglob("*.py")
        for found in re.findall(r'getLogger\("(aiopartnercentral\.[a-z.]+)"\)', file.read_text(encoding="utf-8"))
    }
    assert set(rows("logger")) - {""} == {name for name in named if not name.startswith("aiopartnercentral.emulator")}


@pytest.mark.anyio
@pytest.mark.usefixtures("aws_environment")
async def test_every_attribute_of_a_call_is_there() -> None:
    recorder = Recorder()
    async with (
        Emulator({"AWS": 3, "Sandbox": 3}, denied_catalogs=["Sandbox"]) as emulator,
        account.connect(endpoint_url=emulator.endpoint_url, observer=recorder.telemetry()) as client,
    ):
        with pytest.raises(account.AccessDeniedException):
            await client.list_connections(catalog="Sandbox")
    (span,) = recorder.exporter.get_finished_spans()
    assert {name: attributes(cells[-1]) for name, cells in rows("span of a call").items()} == {span.name: keys(span)}


@pytest.mark.anyio
@pytest.mark.usefixtures("aws_environment")
async def test_every_attribute_and_metric_is_there() -> None:
    recorder = Recorder()
    async with Emulator({"AWS": 3, "Sandbox": 3}, denied_catalogs=["Sandbox"]) as emulator:
        sources = [Source(catalog, endpoint_url=emulator.endpoint_url) for catalog in ("AWS", "Sandbox")]
        collection = Collection(
            [account.listings.list_connections()],
            sources=sources,
            limits=FAST,
            on_error="raise",
            observer=recorder.telemetry(),
        )
        with pytest.raises(account.AccessDeniedException):
            await collection.collect()
        collection = Collection(
            [account.listings.list_connections()], sources=sources[:1], observer=recorder.telemetry()
        )
        await collection.collect()
    spans: dict[str, set[str]] = {}
    for span in recorder.exporter.get_finished_spans():
        spans.setdefault(span.name, set()).update(keys(span))
    assert {name: attributes(cells[-1]) for name, cells in rows("span").items()} == spans
    assert set(rows("metric")) == {
        value.name for value in vars(recorder.telemetry()).values() if hasattr(value, "name") and "bulk" in value.name
    }


def keys(span: ReadableSpan) -> set[str]:
    return set(span.attributes or ())


def attributes(cell: str) -> set[str]:
    """Return the attributes that a cell names; those that begin with a dot go with the prefix before them."""
    names = [name for name in re.findall("`([^`]+)`", cell) if "." in name]
    return {f"aiopartnercentral{name}" if name.startswith(".") else name for name in names}
