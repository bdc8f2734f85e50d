from __future__ import annotations

import json
import shutil

import anyio
import pytest
from hypothesis import given, strategies as st

from aiopartnercentral.sinks import NdjsonSink, Page, open_sink
from tests.sinks.files import written
from tests.sinks.readers import content, query
from tests.sinks.sample_pages import CLS, page, raw

pytestmark = pytest.mark.anyio
READERS = {"ndjson": ["cat"], "ndjson.gz": ["gzip", "-dc"], "ndjson.zst": ["zstd", "-dcq"]}


@pytest.mark.parametrize("extension", READERS)
async def test_lines_are_as_served_for_every_reader(tmp_path, extension):
    path = tmp_path / f"out.{extension}"
    await written(path, *(page(n, 7) for n in range(0, 70, 7)), flushes=True)
    lines = b"".join(raw(n) + b"\n" for n in range(70))
    assert content(path) == lines
    command = READERS[extension]
    if shutil.which(command[0]) is not None:
        assert (await anyio.run_process([*command, path])).stdout == lines
    ids = query("select Id from read_json(?, format = 'newline_delimited')", path)
    assert [found for (found,) in ids] == [json.loads(raw(n))["Id"] for n in range(70)]


async def test_an_envelope_says_where_an_item_is_from(tmp_path):
    path = tmp_path / "out.ndjson"
    label = 'ac"me\n/AWS ☃'
    await written(path, page(0, 2, label=label), page(2, 1, catalog="Sandbox"), envelope=True)
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [(line["label"], line["catalog"], line["operation"]) for line in lines] == [
        (label, "AWS", "list_connections"),
        (label, "AWS", "list_connections"),
        ("acme/AWS", "Sandbox", "list_connections"),
    ]
    assert [line["item"] for line in lines] == [json.loads(raw(n)) for n in range(3)]
    assert raw(0) in path.read_bytes()


@given(pages=st.lists(st.lists(st.binary().filter(lambda line: b"\n" not in line))), bound=st.integers(1, 50))
async def test_every_byte_of_a_line_is_kept(tmp_path_factory, pages, bound):
    path = tmp_path_factory.mktemp("bytes") / "out.ndjson.gz"
    sink = NdjsonSink(path, compression="gzip", max_bytes=bound, max_rows=bound)
    await sink.open()
    for lines in pages:
        await sink.write(Page("a", "AWS", "list_connections", raw=lines))
    await sink.commit()
    assert content(path) == b"".join(line + b"\n" for lines in pages for line in lines)


async def test_what_would_lose_items_is_a_mistake(tmp_path):
    sink = open_sink(tmp_path / "out.ndjson")
    await sink.open()
    with pytest.raises(ValueError, match="the page has no raw, which this sink wants"):
        await sink.write(Page("a", "AWS", "list_connections", page(0).items))
    with pytest.raises(ValueError, match="has more than one line"):
        await sink.write(Page("a", "AWS", "list_connections", raw=[b"{\n}"]))
    await sink.abort(keep=False)
    typed = open_sink(tmp_path / "out.csv", cls=CLS)
    await typed.open()
    with pytest.raises(ValueError, match="the page has no items"):
        await typed.write(Page("a", "AWS", "list_connections", raw=[raw(0)]))
    await typed.abort(keep=False)


def test_a_page_shows_no_item():
    assert "Ada" not in repr(page(0))
