"""The tables of the pages about collections are those of the code."""

from __future__ import annotations

import re
from functools import partial
from importlib import import_module

import attrs

from aiopartnercentral import Outcome
from aiopartnercentral.bulk import Limits
from tests.support.doc_blocks import PAGES, table_rows
from tests.support.services import CONFIGS

PAGE = "".join(PAGES[f"docs/{name}.md"] for name in ("bulk", "limits", "reports", "incremental"))


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
    assert "No other\nlisting can be collected incrementally" in PAGE


def test_every_outcome_is_there() -> None:
    assert set(rows("outcome")) == set(Outcome)
