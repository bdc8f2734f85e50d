"""Outputs that are not local files: the spool directory and the destination of a URL or a file object."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Self

import attrs

from aiopartnercentral.sinks.file_object import FileObject
from aiopartnercentral.sinks.object_storage import ObjectStorage
from aiopartnercentral.sinks.spool import Spool
from aiopartnercentral.sinks.urls import literal

if TYPE_CHECKING:
    from pathlib import Path

    from aiopartnercentral._transport.s3_options import S3Options
    from aiopartnercentral.sinks.spool import Destination

__all__ = ["Remote"]


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
