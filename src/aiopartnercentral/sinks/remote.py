"""Outputs that are not local files: the spool directory and the destination of a URL or a file object."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Self

import attrs

from aiopartnercentral.sinks.file_object import FileObject
from aiopartnercentral.sinks.object_storage import SCHEME, ObjectStorage
from aiopartnercentral.sinks.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from aiopartnercentral._transport.s3_options import S3Options
    from aiopartnercentral.sinks.spooled import Destination

__all__ = ["Remote", "is_url", "literal"]


def is_url(path: str) -> bool:
    """Return whether a path is the URL of an object.

    Raises:
        ValueError: it is a URL of another kind, or one that a path object has damaged.
    """
    if path.startswith(SCHEME):
        return True
    scheme, separator, _ = path.partition(":/")
    if separator and scheme == "s3":
        raise ValueError(f"path must be a string if it is a URL, as a path object drops a slash: {path!a}")
    if separator and path.startswith(f"{scheme}://") and len(scheme) > 1 and scheme.isalnum():
        raise ValueError(
            f"path must be that of a file or begin with {SCHEME}; for another store, pass a file object: {path!a}"
        )
    return False


def literal(path: str) -> str:
    """Return the template that stands for one path."""
    return path.replace("{", "{{").replace("}", "}}")


@attrs.frozen
class Remote:
    """An output that is not a local file.

    Attributes:
        output: its path: a URL, or a name with the extension of a file object's name.
        key: the key of its file, or the template of the keys.
        spool: the directory of its files until they are complete.
        destination: where they go then.
    """

    output: str
    key: str
    spool: Spool
    destination: Destination

    @classmethod
    def object_storage(cls, url: str, options: S3Options | None, parent: Path | None) -> Self:
        """Return the output of a URL that begins with `s3://`.

        Raises:
            TypeError, ValueError: it names no object, or the options are no `S3Options`.
        """
        destination = ObjectStorage.parse(url, options)
        identity = f"{destination.options.endpoint_url or ''} {url}"
        spool = Spool(output=url, base=destination.base, identity=identity, parent=parent)
        return cls(url, destination.key, spool, destination)

    @classmethod
    def file_object(cls, file: object, parent: Path | None) -> Self:
        """Return the output of a file object.

        Raises:
            TypeError: nothing can be written to it, or only text.
        """
        destination = FileObject.checked(file)
        stem, compression = os.path.splitext(destination.name)  # noqa: PTH122 - a text
        key = f"output{os.path.splitext(stem)[1]}{compression}".replace("{", "").replace("}", "")  # noqa: PTH122 - as above
        # Without a directory of the caller's, no later run could find the files.
        identity = secrets.token_hex() if parent is None else destination.name
        spool = Spool(output=destination.name, base="", identity=identity, parent=parent, is_kept=parent is not None)
        return cls(key, key, spool, destination)

    @property
    def spool_path(self) -> str:
        """The template of the paths of the spool files; without a placeholder if there is only one file."""
        return f"{literal(str(self.spool.directory))}/{self.key}"
