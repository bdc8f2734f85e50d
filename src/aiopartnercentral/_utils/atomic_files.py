"""Files that appear only when they are complete: written under another name, synced to disk, and renamed.

All functions here block, so they run in a thread. While a file is written, its process locks it. So a file without a
lock was left by a process that was killed, and the next process replaces it. Windows and some network file systems have
no locks.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import stat
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "LOGGER",
    "OPEN_FLAGS",
    "PREFIX",
    "create_file",
    "digest",
    "keep_permissions",
    "lock_file",
    "make_directory",
    "remove_left_over",
    "replace_file",
    "sync_data",
    "sync_directory",
]

LOGGER: logging.Logger = logging.getLogger(__name__)
"""Warns of each replaced file to which somebody has lost access, and of partial files that could not be found."""

PREFIX = ".aiopartnercentral-"
"""The beginning of the name of each file that is created next to a user's, so that no file of the user's is removed."""

OPEN_FLAGS = os.O_RDWR
"""The flags to open a file that is being written: neither a link is followed, nor the other end of a pipe awaited."""
for _name in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
    OPEN_FLAGS |= getattr(os, _name, 0)


_ACCESS_LIST = "system.posix_acl_access"  # of Linux

# How `open` fails for a link, a pipe without a reader, a device or a socket. With other errors, a file may be in use.
_NO_FILE = {getattr(errno, name, None) for name in ("ELOOP", "EMLINK", "EFTYPE", "ENXIO", "ENODEV", "EOPNOTSUPP")}


def digest(text: str, size: int) -> str:
    """Return a hash of a text for a file name, with two hexadecimal digits for each byte of the size."""
    return hashlib.blake2b(os.fsencode(text), digest_size=size).hexdigest()


def create_file(path: Path, target: Path, *, private: bool = False) -> int:
    """Create and lock an empty file that will replace the target, and return its descriptor.

    What a killed process has left at the path is removed first. So is a link or a pipe, which is neither followed nor
    opened.

    Arguments:
        path: the file to create.
        target: the file to replace; see `keep_permissions`. If there is none, the umask gives the permissions.
        private: whether only the owner may use the file.

    Raises:
        BlockingIOError: another process is writing the file.
        OSError: the file cannot be created.
    """
    remove_left_over(path)
    replaces = target.exists()
    try:
        fd = os.open(path, OPEN_FLAGS | os.O_CREAT | os.O_EXCL, 0o600 if replaces or private else 0o666)
    except FileExistsError as error:
        raise BlockingIOError(error.errno, error.strerror) from None
    try:
        if replaces:
            keep_permissions(fd, target, private=private)
        lock_file(fd)
        is_ours = os.fstat(fd).st_nlink > 0
    except BaseException:
        os.close(fd)
        raise
    if not is_ours:
        # Before it was locked, another process has taken it for a file that was left over.
        os.close(fd)
        raise BlockingIOError
    return fd


def remove_left_over(path: Path, *, even_unlocked: bool = True) -> None:
    """Remove a file that a killed process has left; does nothing if there is none.

    Arguments:
        path: the file.
        even_unlocked: whether it is removed if the file system has no locks, so that another process may be writing it.

    Raises:
        BlockingIOError: another process is writing the file.
        OSError: it cannot be removed.
    """
    try:
        fd = os.open(path, OPEN_FLAGS)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise
        path.unlink(missing_ok=True)
        return
    try:
        if is_locked := lock_file(fd):
            # Before it is unlocked, so that no other process takes it for left over meanwhile.
            path.unlink(missing_ok=True)
    finally:
        os.close(fd)
    if even_unlocked and not is_locked:
        path.unlink(missing_ok=True)


def lock_file(fd: int) -> bool:
    """Lock an open file, and return whether its file system has locks; closing the file unlocks it.

    Raises:
        BlockingIOError: another process has locked it.
    """
    if fcntl is None:  # pragma: no cover - Windows
        return False
    locks: Any = fcntl  # the stubs of some platforms lack these members
    try:
        locks.flock(fd, locks.LOCK_EX | locks.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:  # the latter on some network file systems
        raise BlockingIOError(error.errno, error.strerror) from None
    except OSError:
        return False
    return True


def keep_permissions(fd: int, target: Path, *, private: bool) -> bool:
    """Give an open file the owner, group and permissions of the file that it will replace, as far as the system allows.

    On Linux, also its access control list and the attributes of users. Where the group cannot be kept, the permissions
    are narrowed, so that nobody may read the new file who may not read the target.

    Arguments:
        fd: the open file.
        target: the file to replace; nothing is done if there is none.
        private: whether only the owner may use the file.

    Returns:
        Whether nobody has lost access to the file, as far as the permissions tell; True if it is private.
    """
    if sys.platform == "win32":
        return True
    try:
        old = target.stat()
    except FileNotFoundError:
        return True
    keeps_group = _keep_owner(fd, old)
    attributes = _attributes(target)
    access_list = attributes.pop(_ACCESS_LIST, None)
    keeps_list = access_list is not None and keeps_group and not private
    mode = allowed = stat.S_IMODE(old.st_mode)
    if private or access_list is not None:  # the list sets the rest
        mode &= 0o700
    elif not keeps_group:
        # Members of the new group and of the earlier one may do no more than they might before.
        common = mode & mode >> 3 & 0o7
        mode = mode & 0o700 | common << 3 | common
    if not keeps_list:  # a directory may give its files a list
        _set_attribute(fd, _ACCESS_LIST, None)
    with suppress(OSError):  # some file systems have one mode for all files
        os.fchmod(fd, mode if os.fstat(fd).st_uid == old.st_uid else mode | 0o600)
    if keeps_list:
        keeps_list = _set_attribute(fd, _ACCESS_LIST, access_list)
    for name, value in attributes.items():
        _set_attribute(fd, name, value)
    return private or (_keeps_access(fd, old) and (keeps_list if access_list is not None else mode == allowed))


def _keep_owner(fd: int, old: os.stat_result) -> bool:
    """Give an open file the owner and the group, or at least the group; return whether it has the group."""
    if sys.platform != "win32":
        new = os.fstat(fd)
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            with suppress(OSError):
                os.fchmod(fd, 0o600)
            for owner in (old.st_uid, -1):
                with suppress(OSError):
                    os.fchown(fd, owner, old.st_gid)
                    break
    return os.fstat(fd).st_gid == old.st_gid


def _keeps_access(fd: int, old: os.stat_result) -> bool:
    """Return whether the earlier owner may read and write the file as before, in the file's group or not."""
    owner, group, others = (old.st_mode >> shift & 0o6 for shift in (6, 3, 0))
    return old.st_uid in (0, os.fstat(fd).st_uid) or not owner & ~(group & others)


def _attributes(path: Path) -> dict[str, bytes]:
    """Return the attributes of a file that are its users': neither those of the system nor of a security module."""
    if sys.platform == "linux":
        with suppress(OSError):
            names = [name for name in os.listxattr(path) if name == _ACCESS_LIST or name.startswith("user.")]
            return {name: os.getxattr(path, name) for name in names}
    return {}


def _set_attribute(fd: int, name: str, value: bytes | None) -> bool:
    """Set or remove an attribute of an open file, and return whether that succeeded."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.removexattr(fd, name) if value is None else os.setxattr(fd, name, value)
            return True
    return False


def replace_file(path: Path, target: Path, fd: int, *, private: bool = False) -> None:
    """Sync a file to disk, rename it to the target, and close its descriptor; the target survives a power failure then.

    The target's permissions are kept; see `keep_permissions`.

    Raises:
        OSError: that failed, and the target is unchanged.
    """
    with ExitStack() as stack:
        stack.callback(os.close, fd)
        is_kept = keep_permissions(fd, target, private=private)
        os.fsync(fd)
        if os.name == "nt":  # pragma: no cover - Windows, which renames no open file
            stack.close()
        # Before it is unlocked, so that no other process takes it for left over meanwhile.
        path.replace(target)
    sync_directory(target.parent)
    if not is_kept:
        kept = "its owner, group or access list could not be kept"
        LOGGER.warning("%s: %s, so some users may have lost access", target, kept)


def sync_data(fd: int) -> None:
    """Sync the data of an open file to disk, with the size but without the times.

    Raises:
        OSError: that failed.
    """
    getattr(os, "fdatasync", os.fsync)(fd)


def sync_directory(path: Path) -> None:
    """Sync the names in a directory to disk, apart from the content of the files; some file systems cannot."""
    with suppress(OSError):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def make_directory(path: Path) -> None:
    """Create a directory and its parents, and sync their names to disk; does nothing if it exists.

    Raises:
        OSError: it cannot be created.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync_directory(each.parent)
