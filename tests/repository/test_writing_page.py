"""The tables of docs/writing.md are those of the code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import get_args

import attrs

from aiopartnercentral._modification.object_read import pairs_of
from aiopartnercentral.bulk import RowOutcome, WriteEvent, Writes
from tests.support import services
from tests.support.doc_blocks import table_rows

PAGE = (Path(__file__).parents[2] / "docs" / "writing.md").read_text(encoding="utf-8")


def test_every_option_outcome_and_event_is_there() -> None:
    options = [each for each in inspect.signature(Writes).parameters.values() if each.kind is each.KEYWORD_ONLY]
    assert list(table_rows(PAGE, "option")) == [each.name for each in options]
    assert list(table_rows(PAGE, "outcome")) == list(RowOutcome)
    told = {name: re.findall("`([^`]+)`", cells[-1]) for name, cells in table_rows(PAGE, "event").items()}
    events = get_args(WriteEvent)
    assert told == {each.__name__: [part.name for part in attrs.fields(each) if part.name != "run"] for each in events}


def test_every_operation_that_replaces_an_object_is_there() -> None:
    lines = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    told = [(service, name, guard, unreadable) for service, name, guard, unreadable in lines]
    pairs = [(name, pair) for name in services.NAMES for pair in pairs_of(services.package(name).Client.service)]
    assert told == [
        (
            name,
            pair.update.name,
            f"`{pair.guard}`" if pair.guard else "none",
            ", ".join(f"`{key}`" for key in pair.unreadable) or "none",
        )
        for name, pair in pairs
    ]
