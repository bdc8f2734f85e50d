"""Files that are replaced atomically, where the file system or the process cannot do everything."""

from __future__ import annotations

import errno
import logging
import os
import stat
import struct
import sys
from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral._utils import atomic_files

if TYPE_CHECKING:
    from pathlib import Path

ROOT = pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root has files of others")
OWNER, OTHER, GAMES, USERS = 1001, 1002, 2001, 2002
ANYBODY = 0xFFFFFFFF


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

    monkeypatch.setattr(os, "fchmod", refuse)
    fd = atomic_files.create_file(path, target)
    os.write(fd, b"new")
    atomic_files.replace_file(path, target, fd)
    assert target.read_text() == "new"


def replaced(
    folder: Path, before: tuple[int, int, int], user: int, *groups: int, private: bool = False
) -> tuple[tuple[int, int, int], bool]:
    """Return owner, group and mode of a file after a user has replaced it, and whether that was warned of.

    The first of the groups is the user's own. Those of the unfinished file were the same.
    """
    path, target = folder / "a.part", folder / "a"
    target.touch()
    os.chown(target, *before[:2])
    target.chmod(before[2])
    folder.chmod(0o777)
    for parent in folder.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    child = os.fork()
    if not child:
        os.setgroups(groups)
        os.setegid(groups[0])
        os.seteuid(user)
        warnings: list[logging.LogRecord] = []
        atomic_files.LOGGER.addFilter(lambda record: warnings.append(record) or True)
        fd = atomic_files.create_file(path, target, private=private)
        first = os.fstat(fd)
        atomic_files.replace_file(path, target, fd, private=private)
        is_same = attributes(first) == attributes(target.stat())
        os._exit(len(warnings) if is_same else 3)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 1)
    return attributes(target.stat()), bool(code)


def attributes(of: os.stat_result) -> tuple[int, int, int]:
    return of.st_uid, of.st_gid, stat.S_IMODE(of.st_mode)


@ROOT
@pytest.mark.parametrize(
    ("before", "user", "groups", "after", "warns"),
    [
        ((OWNER, GAMES, 0o640), 0, [0], (OWNER, GAMES, 0o640), False),
        ((OWNER, GAMES, 0o660), OTHER, [USERS, GAMES], (OTHER, GAMES, 0o660), True),
        ((OWNER, GAMES, 0o664), OTHER, [USERS, GAMES], (OTHER, GAMES, 0o664), True),
        ((OWNER, GAMES, 0o666), OTHER, [USERS, GAMES], (OTHER, GAMES, 0o666), False),
        ((OWNER, GAMES, 0o606), OTHER, [USERS, GAMES], (OTHER, GAMES, 0o606), True),
        ((OWNER, GAMES, 0o464), OTHER, [USERS, GAMES], (OTHER, GAMES, 0o664), False),
        ((OWNER, GAMES, 0o620), OTHER, [USERS, GAMES], (OTHER, GAMES, 0o620), True),
        ((0, GAMES, 0o620), OTHER, [USERS, GAMES], (OTHER, GAMES, 0o620), False),
        ((OWNER, USERS, 0o602), OTHER, [USERS], (OTHER, USERS, 0o602), True),
        ((OWNER, GAMES, 0o660), OTHER, [USERS], (OTHER, USERS, 0o600), True),
        ((OWNER, GAMES, 0o664), OWNER, [USERS], (OWNER, USERS, 0o644), True),
        ((OWNER, GAMES, 0o644), OWNER, [USERS], (OWNER, USERS, 0o644), False),
        ((OWNER, GAMES, 0o606), OTHER, [USERS], (OTHER, USERS, 0o600), True),
        ((OWNER, GAMES, 0o640), OWNER, [USERS], (OWNER, USERS, 0o600), True),
    ],
)
def test_a_replaced_file_keeps_its_people_and_gets_no_others(
    tmp_path: Path,
    before: tuple[int, int, int],
    user: int,
    groups: list[int],
    after: tuple[int, int, int],
    *,
    warns: bool,
) -> None:
    assert replaced(tmp_path, before, user, *groups) == (after, warns)


@ROOT
@pytest.mark.parametrize(("user", "owner"), [(0, OWNER), (OTHER, OTHER)])
def test_a_private_file_stays_private(tmp_path: Path, user: int, owner: int) -> None:
    assert replaced(tmp_path, (OWNER, GAMES, 0o664), user, GAMES, private=True) == ((owner, GAMES, 0o600), False)


@pytest.mark.skipif(sys.platform != "linux", reason="lists and attributes are Linux's")
def test_a_replaced_file_keeps_its_access_list_and_attributes(tmp_path: Path) -> None:
    path, target = tmp_path / "a.part", tmp_path / "a"
    target.touch(0o600)
    entries = [(1, 6, ANYBODY), (2, 4, OTHER), (4, 0, ANYBODY), (16, 4, ANYBODY), (32, 0, ANYBODY)]
    access_list = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(target, "system.posix_acl_access", access_list)
        os.setxattr(target, "user.origin", b"partners")
    except OSError as error:
        pytest.skip(f"the file system has none: {error}")
    fd = atomic_files.create_file(path, target)
    atomic_files.replace_file(path, target, fd)
    assert os.getxattr(target, "system.posix_acl_access") == access_list
    assert os.getxattr(target, "user.origin") == b"partners"
    fd = atomic_files.create_file(path, target, private=True)
    atomic_files.replace_file(path, target, fd, private=True)
    assert os.listxattr(target) == ["user.origin"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform != "linux", reason="lists are Linux's")
def test_without_its_list_a_file_is_only_its_owner_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path, target = tmp_path / "a.part", tmp_path / "a"
    target.touch(0o664)
    target.chmod(0o664)
    monkeypatch.setattr(atomic_files, "_attributes", lambda _: {"system.posix_acl_access": b"of another system"})
    fd = atomic_files.create_file(path, target)
    with caplog.at_level(logging.WARNING):
        atomic_files.replace_file(path, target, fd)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert caplog.messages == [
        f"{target}: its owner, group or access list could not be kept, so some users may have lost access"
    ]
