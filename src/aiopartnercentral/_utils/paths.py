"""Paths, compared by the files that they lead to, and mistakes in them."""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check_distinct", "descriptor_of", "irreplaceable", "is_directory", "is_mistake", "real_path"]

_DESCRIPTORS = ("/dev/fd", "/proc/self/fd")
_MAX_LINKS = 40
# Errors whose cause is the path alone. Others, such as missing permissions, may be the machine's fault.
_MISTAKES = frozenset({errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR})


def is_mistake(error: OSError) -> bool:
    """Return whether a file cannot be opened because of its path, which is wrong usage."""
    return error.errno in _MISTAKES


def real_path(path: str | os.PathLike[str]) -> str:
    """Return the path of the file that a path leads to; the path itself if it can lead to none.

    That is the case for a relative path if the working directory was removed, and for a path that no file can have.
    """
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.fspath(path)


def descriptor_of(path: str | os.PathLike[str]) -> int | None:
    """Return the file descriptor that a path such as `/dev/stdout` or `/dev/fd/3` leads to; None for any other path.

    Such a path stands for an open file. The name of that file may be a different one by now, or none.
    """
    current = os.fspath(path)
    for _ in range(_MAX_LINKS):
        parent, name = os.path.split(current)
        if name.isascii() and name.isdecimal() and real_path(parent) in map(real_path, _DESCRIPTORS):
            return int(name)
        try:
            current = os.path.join(parent, os.readlink(current))  # noqa: PTH115, PTH118 - not a path object
        except (OSError, ValueError):
            break
    return None


def is_directory(path: str | os.PathLike[str]) -> bool:
    """Return whether a path leads to a directory that has not been removed; a removed working directory still opens."""
    real = real_path(path)
    return os.path.isabs(real) and os.path.isdir(real)  # noqa: PTH112, PTH117 - not a path object


def irreplaceable(path: Path) -> str | None:
    """Return why an existing file cannot be replaced, although this process may write it; None if it probably can.

    Arguments:
        path: its real path.
    """
    try:
        # Linux checks whether a name may be removed before it checks that the name is that of a directory.
        path.rmdir()
    except OSError as error:
        if error.errno == errno.EPERM:
            return "it cannot be replaced: its directory is sticky and it is another user's, or it has a file attribute"
    mounts = _mount(path), _mount(path.parent)
    if None not in mounts and mounts[0] != mounts[1]:
        return "it is a mount point, which cannot be replaced: mount its directory instead"
    return None


def _mount(path: Path) -> str | None:
    """Return the id of the mount that a file or directory is in; None if the system does not tell."""
    with suppress(OSError, AttributeError):  # only Linux has O_PATH
        fd = os.open(path, os.O_PATH)
        try:
            lines = Path(f"/proc/self/fdinfo/{fd}").read_text(encoding="ascii").splitlines()
        finally:
            os.close(fd)
        return next((line for line in lines if line.startswith("mnt_id:")), None)
    return None


def check_distinct(files: Iterable[tuple[str, str | os.PathLike[str]]]) -> None:
    """Refuse two files of one run that are the same file, so that none replaces another.

    Arguments:
        files: the name of each file in messages, and its path.

    Raises:
        ValueError: two are the same file: directly, by links, or by names that the file system takes for the same one.
    """
    names: dict[object, str] = {}  # by path, and by the file's identity
    spellings: dict[str, str] = {}
    for name, path in files:
        status = _status(path)
        if status is not None and stat.S_ISCHR(status.st_mode):  # a terminal, or /dev/null
            continue
        real = real_path(path)
        spelling = spellings.setdefault(unicodedata.normalize("NFD", real).casefold(), real)
        if spelling != real and _ignores_case(Path(real).parent):
            real = spelling
        # What all hard links to an existing file have in common.
        identity = real if status is None else (status.st_dev, status.st_ino)
        # Files of one output may be hard links of each other: each is replaced by a file of its own.
        if real in names or names.get(identity, name) != name:
            raise ValueError(f"{names.get(real) or names[identity]} and {name} name the same file, {os.fspath(path)}")
        names[identity] = names[real] = name


def _status(path: str | os.PathLike[str]) -> os.stat_result | None:
    """Return the status of the file that a path leads to; None if there is no such file."""
    descriptor = descriptor_of(path)
    with suppress(OSError, ValueError):
        return os.stat(path if descriptor is None else descriptor)  # noqa: PTH116 - not a path object
    return None


def _ignores_case(directory: Path) -> bool:
    """Return whether names in a directory that differ only in case are the same, as far as existing names tell.

    Then so are names that differ only in how Unicode composes their letters.
    """
    with suppress(OSError):
        for path in (*directory.iterdir(), directory):
            other = path.with_name(path.name.swapcase())
            if other.name != path.name:
                return other.exists() and other.samefile(path)
    return False
