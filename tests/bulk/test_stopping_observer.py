"""An observer that raises a `BaseException` ends the run, which leaves nothing open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral import bulk
from aiopartnercentral.bulk import Collection, Source
from aiopartnercentral.sinks import open_sink
from tests.support.bulk_sources import FAST, LISTING
from tests.support.connections import connection
from tests.support.servers import Reply, scripted_server
from tests.support.tasks import bounded, no_task_left

if TYPE_CHECKING:
    from pathlib import Path

    from aiopartnercentral.bulk import Event

pytestmark = pytest.mark.anyio

THROTTLED = Reply({"__type": "ThrottlingException", "Message": "slower"}, status=400)
PAGE = Reply({"ConnectionSummaries": [connection("AWS", 1)]})
EVENTS = [
    *(bulk.RunStarted, bulk.SourceStarted, bulk.Throttled, bulk.Retried),
    *(bulk.PageFetched, bulk.SourceFinished, bulk.RunFinished),
]


class StopError(BaseException):
    """Stops the run, as `SystemExit` does in a program."""


@pytest.mark.parametrize("into", [True, False])
@pytest.mark.parametrize("kind", EVENTS)
async def test_whichever_event_it_stops_at_everything_is_closed(tmp_path: Path, kind: type, *, into: bool) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, kind):
            raise StopError

    output, checkpoint = tmp_path / "a.ndjson", tmp_path / "run.checkpoint"
    with scripted_server() as server:
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        given: Any = {"listings": LISTING, "sources": source, "limits": FAST, "checkpoint": checkpoint}
        for observer in (stop, None):
            server.replies(THROTTLED, PAGE)
            collection = Collection(observer=observer, **given)
            with bounded():
                async with no_task_left():
                    try:
                        await (collection.into(open_sink(output)) if into else collection.collect())
                    except StopError:
                        assert observer is stop
                    else:
                        assert observer is None
        assert server.received
    # The second run could lock the checkpoint, and has completed what the first one had left.
    assert [path.name for path in tmp_path.iterdir()] == (["a.ndjson"] if into else [])
