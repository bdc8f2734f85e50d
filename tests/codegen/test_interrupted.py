"""Generation that is interrupted or killed leaves whole packages, and no process or file behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import attrs
import pytest

from codegen import check
from codegen.project import batch
from codegen.services import ROOT

OLD = {"__init__.py": b'"""Old."""\n', "fast/a.py": b'"""Old."""\n', "gone.py": b'"""Old."""\n'}
NEW = {"__init__.py": b'"""New."""\n', "fast/a.py": b'"""New."""\n', "fast/b.py": b'"""New."""\n'}


def content(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


class Stopping(dict):
    """Files of which the one after `count` interrupts its own writing."""

    def __init__(self, files, count):
        super().__init__(files)
        self.count = count

    def items(self):
        for index, item in enumerate(super().items()):
            if index == self.count:
                raise KeyboardInterrupt
            yield item


@pytest.mark.parametrize("count", range(len(NEW)))
def test_a_package_is_as_it_was_when_its_writing_is_interrupted(tmp_path, count):
    folder = tmp_path / "package"
    check.write(OLD, folder, is_ours=True)
    with pytest.raises(KeyboardInterrupt):
        check.write(Stopping(NEW, count), folder, is_ours=True)
    assert content(folder) == OLD
    assert list(tmp_path.iterdir()) == [folder]


def test_what_a_kill_left_is_cleared_away(tmp_path):
    folder = tmp_path / "package"
    for left in (".package.new", ".package.old"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "half.py").touch()
    assert len(check.write(OLD, folder, is_ours=True)) == len(OLD)
    assert {path.name for path in check.write(NEW, folder, is_ours=True)} == {"__init__.py", "a.py", "b.py", "gone.py"}
    assert content(folder) == NEW
    assert list(tmp_path.iterdir()) == [folder]


def test_a_link_to_a_folder_stays_one(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    check.write(OLD, link, is_ours=True)
    assert link.is_symlink()
    assert content(real) == OLD


# A shell that runs the tests in the background has them ignore SIGINT, which would be inherited.
FEW = """
import signal
import sys
from codegen import __main__
from codegen.botocore_data import Botocore
from codegen.project import batch

signal.signal(signal.SIGINT, signal.default_int_handler)

versions = Botocore.versions
Botocore.versions = lambda self: {name: versions(self)[name] for name in sys.argv[1].split(",")}
sys.exit(__main__.main(sys.argv[2:]))
"""


@attrs.frozen
class Run:
    """`generate --all` of a few services, in a session of its own."""

    output: Path
    process: subprocess.Popen[str]

    def wait_for(self, package):
        """Wait until a package is there."""
        while not (self.output / package / "__init__.py").exists():
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.01)

    def others(self):
        """Return the processes of the session, without its leader."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, _, _, session = path.read_text().rpartition(")")[2].split()[:4]
                if int(session) == self.process.pid and state != "Z":
                    found.append(int(path.parent.name))
        return [pid for pid in found if pid != self.process.pid]

    def ended(self):
        """Wait until all is over; gives what was said on stderr."""
        _, err = self.process.communicate(timeout=120)
        deadline = time.monotonic() + 60
        while self.others() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert self.others() == []
        assert "Traceback" not in err
        return err


@pytest.fixture
def begun(tmp_path):
    """Start to generate small services before a large one."""
    output = tmp_path / "out"
    command = [sys.executable, "-c", FEW, "sso,pricing,glue,iot,rds", "generate", "--all", "--jobs", "2"]
    process = subprocess.Popen(
        [*command, "--output", output],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield Run(output, process)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_command(begun, sent):
    begun.wait_for("sso")
    begun.process.send_signal(sent)
    begun.ended()
    assert begun.process.returncode == -sent


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_an_interruption_leaves_whole_packages_that_the_manifest_knows(begun):
    begun.wait_for("sso")
    os.killpg(begun.process.pid, signal.SIGINT)
    assert begun.ended().splitlines()[-1] == "interrupted: each package is either unchanged or complete"
    assert begun.process.returncode == 130
    manifest = json.loads((begun.output / batch.MANIFEST).read_bytes())
    packages = {path.name for path in begun.output.iterdir() if path.is_dir()}
    assert "sso" in packages
    assert packages == manifest.keys()
    assert "rds" not in packages  # which was not begun
