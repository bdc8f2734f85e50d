"""Every format of file, the files that are there, and a file written whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiopartnercentral.sinks import open_sink
from tests.sinks.sample_pages import CLS

FORMATS = ["ndjson", "ndjson.gz", "ndjson.zst", "csv", "csv.gz", "parquet"]
EVERY = pytest.mark.parametrize("ending", FORMATS)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def descriptors():
    """Return the numbers of the files that this process has open, where the system tells."""
    table = Path("/proc/self/fd")
    return [int(entry.name) for entry in table.iterdir()] if table.is_dir() else []


async def written(path, *pages, flushes=False, token=None, **options):
    sink = open_sink(path, cls=CLS, **options)
    await sink.open(token=token)
    for each in pages:
        await sink.write(each)
        if flushes:
            await sink.flush()
    await sink.finish()
    return sink
