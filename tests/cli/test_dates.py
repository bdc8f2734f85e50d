"""`{date}` in the names of a run's files, while a night ends."""

from __future__ import annotations

import json
import sys

import anyio
import pytest

pytestmark = pytest.mark.anyio

# A wall clock that shows another day each time.
PROGRAM = """
import datetime, sys
from aiopartnercentral._pagination import progress
from aiopartnercentral.cli import main
from aiopartnercentral.sinks import partitioned, path_template

class Clock(datetime.datetime):
    days = 0

    @classmethod
    def now(cls, tz=None):
        cls.days += 1
        return datetime.datetime(2026, 1, 1, tzinfo=tz) + datetime.timedelta(days=cls.days - 1)

progress.datetime = path_template.datetime = partitioned.datetime = Clock
sys.exit(main())
"""


@pytest.mark.parametrize("output", ["{date}/{label}.csv", "{date}/out.csv", "{date}/ordered.csv"])
async def test_every_file_of_a_run_has_the_same_day(emulator, environment, tmp_path, output):
    files = {"--output": output, "--malformed": "{date}/bad.ndjson", "--report": "{date}/r.json"}
    ordered = ("--ordered",) if "ordered" in output else ("--checkpoint", str(tmp_path / "run.json"))
    options = [part for name, path in files.items() for part in (name, str(tmp_path / path))]
    where = ("--catalog", "Sandbox", "--endpoint-url", emulator.endpoint_url)
    command = [sys.executable, "-c", PROGRAM, "collect", "list-connections", *where, *options, *ordered]
    ended = await anyio.run_process(command, check=False, env=environment)
    assert (ended.returncode, ended.stderr) == (0, b"")
    (day,) = tmp_path.iterdir()
    assert {path.name for path in day.iterdir()} >= {"bad.ndjson", "r.json"}
    assert json.loads((day / "r.json").read_bytes())["started_at"].startswith(day.name)
    assert len([*day.iterdir()]) == 3
