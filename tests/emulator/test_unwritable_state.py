"""State files that cannot be written: at the start, and while an emulator runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.emulator.killable_process import COMMAND, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system's limits and /dev/full are Linux's")

NOBODY = 65534


def refused(path, *, before=(), **options):
    """Start the command with a state file, and return its exit code and its only line."""
    command = [*before, *COMMAND, "--state", str(path)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, **options)
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    return done.returncode, line.replace(str(path), "FILE")


def test_what_is_no_file_is_refused(tmp_path):
    for path in (Path("/dev/full"), tmp_path):
        assert refused(path) == (2, "aiopartnercentral: FILE is not a regular file")


def test_a_file_in_a_directory_that_cannot_be_written_is_refused(tmp_path):
    place = tmp_path / "place"
    place.mkdir(mode=0o555)
    other = []
    if os.getuid() == 0:  # which may write everywhere
        other = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        for each in (tmp_path, *tmp_path.parents[:2]):
            each.chmod(each.stat().st_mode | 0o055)
        check = [*other, sys.executable, "-c", "import aiopartnercentral"]
        if shutil.which("setpriv") is None or subprocess.run(check, check=False, cwd="/").returncode:
            pytest.skip("no other user can run this interpreter")
    assert refused(place / "state", before=other, cwd="/") == (
        2,
        "aiopartnercentral: FILE cannot be opened: Permission denied",
    )
    assert list(place.iterdir()) == []


def test_a_disk_that_is_full_at_the_start_is_told_and_the_file_can_be_used_later(tmp_path):
    import resource  # noqa: PLC0415 - of Unix only

    path = tmp_path / "state"

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, resource.RLIM_INFINITY))  # a part of the header fits

    code, line = refused(path, preexec_fn=limit)
    assert (code, line) == (2, "aiopartnercentral: FILE cannot be written: File too large")
    assert path.read_bytes() == b""
    with running("--state", path) as emulator:
        emulator.kill()
    assert path.read_bytes().startswith(b'{"format":')


def test_a_change_of_several_settings_happens_as_a_whole_or_not_at_all(tmp_path):
    import resource  # noqa: PLC0415 - of Unix only

    path = tmp_path / "state"
    code = {"email": "ada@byron.example", "code": "123456"}
    change = {"latency": 0.001, "clock": {"advance_seconds": 60}, "quotas": {"open_invitations": 3}, "code": [code]}
    with running("--state", path, "--freeze-time", "--catalog", "AWS=1") as emulator, httpx2.Client() as http:

        def limited(size):
            resource.prlimit(emulator.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        def told():
            places = ("scenario", "codes", "clock")
            return [http.get(f"{emulator.url}/_emulator/{place}").json() for place in places]

        before, size, answers = told(), path.stat().st_size, []
        # The lines are of the clock, the quotas and the code: none, one or two of them still fit.
        for room in (10, 150, 400):
            limited(size + room)
            answer = http.post(f"{emulator.url}/_emulator/scenario", json=change)
            answers.append((answer.status_code, "cannot write its state" in answer.json()["Message"]))
            assert told() == before
            assert path.stat().st_size == size
        limited(resource.RLIM_INFINITY)
        assert http.post(f"{emulator.url}/_emulator/scenario", json=change).status_code == 200
        after = told()
        emulator.kill()
        lines = [re.search(rb'"type":"(\w+)"', line)[1] for line in path.read_bytes()[size:].splitlines()]
    assert answers == [(500, True)] * 3
    assert lines == [b"clock", b"clock", b"quotas", b"code"]
    with running("--state", path, "--freeze-time", "--catalog", "AWS=1") as emulator, httpx2.Client() as http:
        assert http.get(f"{emulator.url}/_emulator/codes").json() == after[1]
        assert http.get(f"{emulator.url}/_emulator/scenario").json()["quotas"]["open_invitations"] == 3
