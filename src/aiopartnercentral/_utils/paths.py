"""Paths, compared by the files that they lead to."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check_distinct", "irreplaceable", "is_directory", "real_path"]


def real_path(path: str | os.PathLike[str]) -> str:
    """Return the path of the file that a path leads to; the path itself if it can lead to none.

    That is the case for a relative path if the working directory was removed, and for a path that no file can have.
    """
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.fspath(path)


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
        ValueError: two are the same file, directly or by links.
    """
    names: dict[str, str] = {}
    for name, path in files:
        real = real_path(path)
        if real in names:
            raise ValueError(f"{names[real]} and {name} name the same file, {os.fspath(path)}")
        names[real] = name
