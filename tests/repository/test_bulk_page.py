"""The tables of the pages about collections are those of the code."""

from __future__ import annotations

import re
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, get_args

import attrs
import pytest

from aiopartnercentral import Outcome, account
from aiopartnercentral.bulk import Collection, Event, Limits, Source
from aiopartnercentral.emulator import Emulator
from tests.support.bulk_sources import FAST
from tests.support.clients import aws_environment
from tests.support.doc_blocks import PAGES, table_rows
from tests.support.services import CONFIGS
from tests.support.telemetry_recorder import Recorder

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["aws_environment"]

PAGE = "".join(PAGES[f"docs/{name}.md"] for name in ("bulk", "collections", "incremental", "observability"))


rows = partial(table_rows, PAGE)


def test_every_limit_is_there_with_its_default() -> None:
    told = rows("limit")
    fields = attrs.fields_dict(Limits)
    assert set(told) == set(fields)
    numbers = {name: cells[0].split()[0] for name, cells in told.items() if cells[0]}
    limits = Limits()
    hours = numbers.pop("run_seconds")
    assert float(hours) * 3600 == limits.run_seconds
    assert {name: float(text) for name, text in numbers.items()} == {name: getattr(limits, name) for name in numbers}
    assert set(fields) - set(numbers) == {"rates", "run_seconds"}


def test_every_event_is_there_with_what_it_has() -> None:
    told = {name: re.findall("`([^`]+)`", cells[-1]) for name, cells in rows("event").items()}
    assert told == {
        event.__name__: [field.name for field in attrs.fields(event) if field.name != "run"]
        for event in get_args(Event)
    }


def test_every_listing_says_whether_it_can_be_collected_incrementally() -> None:
    packages = [import_module(f"{config.package}.operations") for config in CONFIGS.values()]
    listings = [pagination for package in packages for pagination in package.SERVICE.paginations]
    known = {each.method: each.since for each in listings if each.since is not None}
    created = {each.method: each.created_since for each in listings if each.created_since is not None}
    told, others = rows("listing"), rows("other listing")
    assert set(told) == set(known)
    for each in listings:
        if each.since is None:
            continue
        time_filter, bound, key, modified = told[each.method]
        assert re.findall("`(.*?)`", time_filter) == [*filter(None, [each.since.argument, each.since.field])]
        assert bound.startswith("is included" if each.since.inclusive else "is not included")
        fields = attrs.fields_dict(each.item())
        assert {key.strip("`"), modified.strip("`")} <= set(fields)
        assert modified.strip("`").replace("_", "") == each.since.modified.lower()
    assert {name: re.findall("`(.*?)`", cells[0])[0] for name, cells in others.items()} == created
    assert f"The other {len(listings) - len(known)}\nlistings cannot" in PAGE


def test_every_outcome_is_there() -> None:
    assert set(rows("outcome")) == set(Outcome)


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
