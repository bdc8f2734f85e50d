"""Files that are replaced atomically, where the file system or the process cannot do everything."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral._utils import atomic_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", [errno.EACCES, errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_a_file_that_cannot_be_opened_may_be_in_use(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.part"
    path.write_text("of another process")

    def refuse(*_: Any) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OSError, match=os.strerror(number)):
        atomic_files.remove_left_over(path)
    assert path.read_text() == "of another process"


def test_a_file_system_without_modes_does_not_prevent_a_replacement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, target = tmp_path / "a.part", tmp_path / "a"
    target.write_text("old")

    def refuse(*_: Any) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(shutil, "copymode", refuse)
    fd = atomic_files.create_file(path, target)
    os.write(fd, b"new")
    atomic_files.replace_file(path, target, fd)
    assert target.read_text() == "new"
