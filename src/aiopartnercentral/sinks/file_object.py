"""The destinations of outputs that are not local files: a file object, or a URL."""

from __future__ import annotations

import io
import os
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, Self

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.errors import SinkError
from aiopartnercentral.sinks.object_storage import ObjectStorage
from aiopartnercentral.sinks.path_template import literal
from aiopartnercentral.sinks.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aiopartnercentral._transport.s3_options import S3Options
    from aiopartnercentral.sinks.base import EarlierFile
    from aiopartnercentral.sinks.partitioned import PartitionedSink
    from aiopartnercentral.sinks.spool import Destination

__all__ = ["BinaryFile", "FileObject", "OpenableFile", "Remote"]

_CHUNK_BYTES = 1 << 20


class BinaryFile(Protocol):
    """A file object that bytes can be written to, such as `open(path, "wb")`, `io.BytesIO()` or a socket's file."""

    def write(self, data: bytes, /) -> Any:  # noqa: ANN401 - the number of bytes, or None
        """Write data, or a part of it; returns the number of bytes, or None for all."""
        ...


class OpenableFile(Protocol):
    """A file that is open while its `with` block runs, such as `fsspec.open(url, "wb")`."""

    def __enter__(self) -> BinaryFile: ...

    def __exit__(self, *exc_info: object) -> Any: ...  # noqa: ANN401 - of any context manager


@attrs.frozen
class FileObject:
    """Copies the complete file into a file object, or into one that is opened for that.

    Attributes:
        file: where it goes. What is open already is not closed.
    """

    file: BinaryFile | OpenableFile

    @classmethod
    def checked(cls, file: object) -> FileObject:
        """Return the destination for a file object.

        Raises:
            TypeError: nothing can be written to it, or only text.
        """
        given: Any = file
        is_text = isinstance(file, io.TextIOBase) or "t" in str(getattr(file, "mode", ""))
        if is_text or not (callable(getattr(given, "write", None)) or hasattr(given, "__enter__")):
            kind = "one of text" if is_text else validators.type_name(file)
            raise TypeError(f"path must be a path or a binary file object, not {kind}")
        return cls(given)

    @property
    def name(self) -> str:
        """Its name in messages."""
        name = getattr(self.file, "name", None) or getattr(self.file, "path", None)
        return name if isinstance(name, str) else f"the file object {type(self.file).__name__}"

    async def check(self, spool: Spool) -> None:
        """Refuse a file object that is closed or only for reading; see `Destination.check`."""
        del spool
        file: Any = self.file
        if getattr(file, "closed", False):
            raise SinkError(self.name, "it is closed")
        if hasattr(file, "writable") and not file.writable():
            raise SinkError(self.name, "it is not open for writing")

    async def deliver(
        self, spool: Spool, files: Mapping[str, Path], outputs: PartitionedSink | None
    ) -> Sequence[EarlierFile]:
        """Copy the file in a thread, which a cancellation does not interrupt; see `Destination.deliver`."""
        del spool, outputs
        (path,) = files.values()
        await run_to_completion(partial(self._copy, path))
        return ()

    def _copy(self, path: Path) -> None:
        destination: Any = self.file
        try:
            with path.open("rb") as source:
                if hasattr(destination, "write"):
                    _copy_chunks(source, destination)
                else:
                    with destination as opened:
                        _copy_chunks(source, opened)
        except (OSError, ValueError) as error:  # the latter from a file that is closed
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise SinkError(self.name, f"{reason}; a part of the output may be in it") from error

    async def fetch(self, key: str, path: Path) -> None:
        """Do nothing, as what was written cannot be read."""


def _copy_chunks(source: io.BufferedReader, destination: Any) -> None:  # noqa: ANN401 - a `BinaryFile`
    while data := source.read(_CHUNK_BYTES):
        rest = memoryview(data)
        while rest:
            written = destination.write(rest)
            rest = rest[len(rest) if written is None else written :]
    if hasattr(destination, "flush"):
        destination.flush()


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
