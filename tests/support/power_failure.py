"""A disk that forgets, at a power failure, what nobody has synced."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import attrs
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Image: TypeAlias = dict[str, bytes | None]
"""The content of each file below a directory, by its path; None for a directory."""


@attrs.define
class Disk:
    """Remembers what was synced below a directory.

    Attributes:
        root: the directory.
        images: what may be left if the power fails just after a sync, for each sync. The data of a file are those that
            were synced. Its name may have reached the disk by itself, or only with the sync of its directory.
    """

    root: Path
    images: list[Image] = attrs.field(factory=list)
    _data: dict[int, bytes] = attrs.field(factory=dict)
    _names: dict[Path, dict[str, int]] = attrs.field(factory=dict)
    _kept: list[int] = attrs.field(factory=list)

    @property
    def synced(self) -> Image:
        """What is left for certain if the power fails now."""
        return self._image(lambda directory: self._names.get(directory, {}))

    def restore(self, image: Image) -> None:
        """Replace everything below the directory."""
        shutil.rmtree(self.root)
        self.root.mkdir()
        for name, data in image.items():
            if data is None:
                (self.root / name).mkdir()
            else:
                (self.root / name).write_bytes(data)

    def has_synced(self, fd: int) -> None:
        path = Path(os.path.realpath(f"/proc/self/fd/{fd}"))
        if self.root not in (path, *path.parents):
            return
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            self._names[path] = _names(path)
        else:
            # Kept open, so that no other file gets its inode; opened again, as a copy of it would keep its lock.
            kept = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
            self._kept.append(kept)
            self._data[os.fstat(fd).st_ino] = os.pread(kept, os.fstat(fd).st_size, 0)
        for image in (self.synced, self._image(_names)):
            if image not in self.images:
                self.images.append(image)

    def close(self) -> None:
        for fd in self._kept:
            os.close(fd)

    def _image(self, names: Callable[[Path], dict[str, int]]) -> Image:
        image: Image = {}
        directories = [self.root]
        for directory in directories:
            for name, inode in names(directory).items():
                path = directory / name
                if path.is_dir():
                    directories.append(path)
                image[str(path.relative_to(self.root))] = None if path.is_dir() else self._data.get(inode, b"")
        return image


def _names(directory: Path) -> dict[str, int]:
    with os.scandir(directory) as entries:
        return {entry.name: entry.inode() for entry in entries}


@contextmanager
def forgetting_disk(root: Path) -> Iterator[Disk]:
    """Give the disk of a directory, which remembers the syncs of the block; needs /proc."""
    disk = Disk(root)
    with pytest.MonkeyPatch.context() as patched:
        for name in ("fsync", "fdatasync"):
            really = getattr(os, name)

            def sync(fd: int, really: Callable[[int], None] = really) -> None:
                really(fd)
                disk.has_synced(fd)

            patched.setattr(os, name, sync)
        try:
            yield disk
        finally:
            disk.close()
