"""Files that cannot be replaced, and names of the same file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from aiopartnercentral._utils.paths import check_distinct, irreplaceable

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux")
OWNER, OTHER = 1001, 1002


def test_a_plain_file_can_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert irreplaceable(tmp_path / "a") is None
    assert (tmp_path / "a").exists()
    assert irreplaceable(tmp_path / "none") is None


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """Return a file that another one is mounted on, as with `docker run -v file:file`."""
    (tmp_path / "real").write_text("earlier")
    (tmp_path / "a").touch()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    files = (tmp_path / "real", tmp_path / "a")
    if mount is None or umount is None or subprocess.run([mount, "--bind", *files], check=False).returncode:
        pytest.skip("the system lets nobody mount")
    yield tmp_path / "a"
    subprocess.run([umount, tmp_path / "a"], check=True)


@ROOT
def test_a_mounted_file_cannot_be_replaced(mounted: Path) -> None:
    with pytest.raises(OSError, match="Device or resource busy"):
        (mounted.parent / "real").rename(mounted)
    assert "it is a mount point" in str(irreplaceable(mounted))
    assert irreplaceable(mounted.parent / "real") is None


@ROOT
@pytest.mark.parametrize(("user", "mode", "refused"), [(OTHER, 0o1777, 1), (OTHER, 0o777, 0), (0, 0o1777, 0)])
def test_a_file_of_another_owner_in_a_sticky_directory(user: int, mode: int, refused: int) -> None:
    # Not in `tmp_path`: whenever pytest starts, it closes the directory above those of all its runs to others.
    with TemporaryDirectory() as directory:
        file = Path(directory) / "a"
        file.touch()
        os.chown(file, OWNER, OWNER)
        file.chmod(0o666)
        file.parent.chmod(mode)
        child = os.fork()
        if not child:
            os.setegid(user)
            os.seteuid(user)
            os._exit("sticky" in (irreplaceable(file) or ""))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == refused
        assert file.exists()


def test_a_hard_link_is_the_same_file_except_within_one_output(tmp_path: Path) -> None:
    one, link = tmp_path / "one", tmp_path / "link"
    one.touch()
    link.hardlink_to(one)
    with pytest.raises(ValueError, match=f"--output and --report name the same file, {link}"):
        check_distinct([("--output", one), ("--malformed", tmp_path / "bad"), ("--report", link)])
    check_distinct([("--output", one), ("--output", link), ("--report", tmp_path / "report")])


@pytest.mark.parametrize("name", [("Out.csv", "out.csv"), ("\u00fcout.csv", "u\u0308out.csv")])
def test_names_that_differ_in_case_are_one_file_where_the_directory_says_so(
    tmp_path: Path, name: tuple[str, str]
) -> None:
    files = [("--output", tmp_path / name[0]), ("--report", tmp_path / name[1])]
    (tmp_path / "earlier.txt").touch()
    if not (tmp_path / "EARLIER.TXT").exists():
        check_distinct(files)
        (tmp_path / "EARLIER.TXT").touch()
        check_distinct(files)
        (tmp_path / "EARLIER.TXT").unlink()
        (tmp_path / "EARLIER.TXT").hardlink_to(tmp_path / "earlier.txt")  # what such a file system shows
    with pytest.raises(ValueError, match=r"--output and --report name the same file, .*out\.csv"):
        check_distinct(files)


def test_a_device_takes_several_outputs() -> None:
    check_distinct([("--output", os.devnull), ("--report", os.devnull)])
