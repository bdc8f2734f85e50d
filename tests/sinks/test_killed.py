from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sinks.files import FORMATS, names
from tests.sinks.readers import rows

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.parametrize(
    ("name", "every", "kills"),
    [
        *((f"out.{extension}", 1, 8) for extension in FORMATS),
        *((f"out.{extension}", 4, 4) for extension in ("ndjson.gz", "parquet")),
        *((f"{{label}}.{extension}", 2, 4) for extension in ("ndjson.gz", "parquet")),
    ],
)
def test_a_process_killed_at_any_moment_loses_nothing_and_doubles_nothing(tmp_path, name, every, kills):
    directory, state = tmp_path / "outputs", tmp_path / "state.json"
    directory.mkdir()
    command = [
        sys.executable,
        "-m",
        "tests.sinks.killed_writer",
        directory / name,
        state,
        "20",
        str(every),
        "7",
        str(kills),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= kills
    found = names(directory)
    plain = [each for each in found if each.startswith("plain.")]
    assert sorted(plain + [each.removeprefix("plain.") for each in plain]) == found
    assert len(plain) == (7 if "{" in name else 1)
    for each in plain:
        path, undisturbed = directory / each.removeprefix("plain."), directory / each
        assert rows(path) == rows(undisturbed)
        if not name.endswith(".parquet"):
            assert path.read_bytes() == undisturbed.read_bytes()
