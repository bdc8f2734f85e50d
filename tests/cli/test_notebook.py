"""What people do in notebooks: a client that is kept across cells, and the progress of a run."""

from __future__ import annotations

import re

import pytest

from aiopartnercentral.cli.notebook import show_progress
from tests.support.notebooks import kernel, text_of

OPEN = """
import os
from contextlib import AsyncExitStack
from aiopartnercentral import account, blocking
from aiopartnercentral.bulk import Collection, Limits, Source
from aiopartnercentral.emulator import Emulator
os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
stack = AsyncExitStack()
emulator = await stack.enter_async_context(Emulator({"AWS": 230, "Sandbox": 40}))
url = emulator.endpoint_url
client = await stack.enter_async_context(account.connect(endpoint_url=url))
"""
RUN = """
from aiopartnercentral.cli.notebook import show_progress
sources = [Source(catalog, endpoint_url=url, label=catalog) for catalog in ("AWS", "Sandbox")]
listing = account.listings.list_connections(page_size=5)
collection = Collection(listing, sources, limits=Limits(rate=1000), observer=show_progress())
"""


@pytest.fixture(scope="module")
def cells():
    with kernel() as running:
        assert text_of(running.run(OPEN + RUN)) == ""
        yield running


def problem(outputs):
    (error,) = outputs
    return f"{error['ename']}: {error['evalue']}"


def test_a_client_that_a_stack_holds_works_in_every_cell(cells):
    page = "(await client.list_connections(catalog='AWS')).connection_summaries"
    assert text_of(cells.run(f"len({page})")) == text_of(cells.run(f"len({page})")) != "0"
    assert "230 items" in text_of(cells.run("await client.paginate.list_connections(catalogs=['AWS']).collect()"))
    paginator = "client.paginate.list_connections(catalogs=['AWS', 'Sandbox'], connection_type='SUBSIDIARY')"
    assert text_of(cells.run(paginator)) == (
        "<Paginator of account.listings.list_connections(connection_type='SUBSIDIARY'): AWS, Sandbox>"
    )
    inner = "async with account.connect(endpoint_url=url) as short: pass"
    assert cells.run(inner) == []
    assert "is open only inside its `async with` block" in problem(
        cells.run("await short.list_partners(catalog='AWS')")
    )


def test_a_client_with_an_event_loop_of_its_own_works_in_cells_that_do_not_await(cells):
    # In a thread, as the emulator of this test is in the kernel's event loop.
    cells.run("import asyncio; call = await asyncio.to_thread(blocking(account.connect(endpoint_url=url)).open)")
    count = "call(lambda c: c.list_connections(catalog='AWS')).connection_summaries"
    assert text_of(cells.run(f"await asyncio.to_thread(lambda: len({count}))")) != "0"
    assert cells.run("call.close()") == []
    assert problem(cells.run(count)).startswith("RuntimeError: the client is open only from `open()`")


def test_the_progress_is_one_display_that_is_redrawn(cells):
    first, second = cells.run("await collection.collect(); report = (await collection.collect()).report")
    for shown in (first, second):
        assert shown["output_type"] == "display_data"
        assert re.search(r"^2 of 2 sources finished in 0:00:\d\d\n54 pages, 270 items, ", text_of([shown]))
        assert text_of([shown], "text/html") == f"<pre>{text_of([shown])}</pre>"


def test_the_progress_of_a_run_that_is_left_says_how_far_it_has_come(cells):
    (left,) = cells.run("""
async with collection as stream:
    async for _ in stream:
        break
""")
    assert re.search(r"^0 of 2 sources finished \(2 cancelled\) in 0:00:\d\d\n\d+ pages, \d+ items, ", text_of([left]))
    # One source is finished, one has begun, and two have not.
    (interrupted,) = cells.run("""
import anyio
from aiopartnercentral.bulk import SourceFinished, combine
many = [Source("Sandbox", endpoint_url=url), *(Source("AWS", endpoint_url=url, label=name) for name in "abc")]
with anyio.CancelScope() as scope:
    stop = lambda event: isinstance(event, SourceFinished) and scope.cancel()
    observer = combine(show_progress(), stop)
    limits = Limits(sources=2, rate=1)
    await Collection(account.listings.list_connections(), many, limits=limits, observer=observer).collect()
""")
    assert re.search(r"^1 of 4 sources finished \(3 cancelled\) in 0:00:\d\d\n", text_of([interrupted]))


def test_the_progress_of_a_run_in_another_thread_is_shown_in_the_cell(cells):
    outputs = cells.run("""
def work():
    with collection.blocking() as stream:
        return sum(1 for _ in stream)
await asyncio.to_thread(work)
""")
    shown, result = outputs
    assert re.search(r"^2 of 2 sources finished in 0:00:\d\d\n54 pages, 270 items, ", text_of([shown]))
    assert text_of([result]) == "270"


def test_running_sources_have_a_line_whose_text_is_escaped(cells):
    outputs = cells.run("""
from aiopartnercentral.bulk import RunStarted, SourceStarted, PageFetched
show = show_progress()
slow = Collection(listing, [Source("AWS", label="<b>")]).origins
show(RunStarted(run="r", services=(), origins=slow, finished=()))
show(SourceStarted(run="r", origin=slow[0], resumed=False))
await asyncio.sleep(0.3)
rest = {"malformed": 0, "attempts": 1, "seconds": 0, "waited": 0, "request_id": None, "endpoint_url": "http://a"}
show(PageFetched(run="r", origin=slow[0], page=1, items=5, **rest))
""")
    assert text_of(outputs, "text/html").startswith("<pre>  &lt;b&gt; ListConnections: 1 page, 5 items\n0 of 1 source")


def test_outside_of_a_notebook_it_says_so():
    with pytest.raises(RuntimeError, match="needs a notebook"):
        show_progress()
