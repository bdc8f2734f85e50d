"""Files of sinks under test: the formats, writing one in a go, and what is left in a directory or open."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiopartnercentral.sinks import open_sink
from tests.sinks.sample_pages import CLS

FORMATS = ["ndjson", "ndjson.gz", "ndjson.zst", "csv", "csv.gz", "parquet"]
EVERY_FORMAT = pytest.mark.parametrize("extension", FORMATS)


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def descriptors():
    """Return the numbers of this process's open files, if the system tells them."""
    table = Path("/proc/self/fd")
    return [int(entry.name) for entry in table.iterdir()] if table.is_dir() else []


async def written(path, *pages, flushes=False, run_id=None, **options):
    """Write pages to a file with a sink of its own, and return the sink."""
    sink = open_sink(path, **{"cls": CLS} | options)
    await sink.open(run_id=run_id)
    for each in pages:
        await sink.write(each)
        if flushes:
            await sink.flush()
    await sink.commit()
    return sink
