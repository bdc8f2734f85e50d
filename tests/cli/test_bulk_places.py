"""Where files cannot be, or not all at once: told in a line before anything is asked of the service.

In this process, as nothing of it needs one of its own.
"""

from __future__ import annotations

import os

import pytest

from aiopartnercentral.cli.app import app

CONNECTIONS = ("collect", "list-connections")
AWS = ("--catalog", "AWS")


@pytest.fixture
def told(capsys, monkeypatch, tmp_path):
    """Return `told(*arguments)`, which gives the exit code and the first line of the command; a traceback is raised."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            app([*CONNECTIONS, *map(str, arguments)], prog_name="aiopartnercentral")
        out, err = capsys.readouterr()
        assert out == ""
        return ended.value.code, err.splitlines()[0]

    return run


@pytest.mark.parametrize("name", ["a" * 300, "loop/a"])
def test_a_name_that_no_file_can_have(told, tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    for options in (
        ("--output", f"{name}.csv"),
        ("--output", f"{name}.ndjson", "--checkpoint", "c"),
        ("--output", "a.csv", "--checkpoint", name),
        ("--output", "a.csv", "--report", name),
        ("--output", "a.csv", "--malformed", name),
        ("--output", name),
    ):
        code, line = told(*AWS, *options)
        assert code in (1, 2)
        assert name[:20] in line
    assert told("--sources", name, "--output", "a.csv")[0] == 2
    assert not list(tmp_path.glob("a.csv*"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--output", "pipe", "--format", "csv"), "--format csv needs --output and a file"),
        (("--output", "pipe.parquet"), "--format parquet needs --output and a file"),
        (("--output", "pipe.gz"), "the ending .gz of --output needs a file"),
        (("--output", "/dev/stdout", "--format", "csv"), "--format csv needs --output and a file"),
        (("--output", "/dev/stdout", "--report", "-"), "--report - and --output - exclude each other"),
    ],
)
def test_what_is_written_into_files_alone(told, options, words):
    for name in ("pipe", "pipe.gz", "pipe.parquet"):
        os.mkfifo(name)
    code, line = told(*AWS, *options)
    assert code == 2
    assert words in line
