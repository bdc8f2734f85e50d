from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import resource, sys
import anyio
from aiopartnercentral.sinks import open_sink
from tests.sinks.sample_pages import CLS, page

async def main(path, few, many, every):
    pages = [page(n * 100, 100) for n in range(10)]
    peaks = []
    for count in (few, many):
        sink = open_sink(path, cls=CLS)
        await sink.open()
        for number in range(count):
            await sink.write(pages[number % 10])
            if number % every == 0:
                await sink.flush()
        await sink.commit()
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    print(peaks[1] - peaks[0])

anyio.run(main, sys.argv[1], *map(int, sys.argv[2:]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
@pytest.mark.parametrize(
    ("name", "few", "many"), [("out.ndjson.gz", 100, 1000), ("out.csv", 50, 300), ("out.parquet", 800, 1600)]
)
def test_memory_does_not_grow_with_the_number_of_pages(tmp_path, name, few, many):
    command = [sys.executable, "-c", SCRIPT, tmp_path / name, str(few), str(many), "5"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 30 * 1024
