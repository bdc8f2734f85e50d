"""The errors that stop a generation; each names the service and the shape or file."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class CodegenError(Exception):
    """Base of everything that the generator reports to its user instead of a traceback."""


class UsageError(CodegenError):
    """Options of the command are invalid, or name something that does not exist."""


class SourceError(CodegenError):
    """A pinned model is missing or unreadable, or does not match SOURCES.toml."""


class ModelError(CodegenError):
    """The model has something that the generator does not support.

    Attributes:
        where: service, shape and member that the message is about, such as `demo.Widget.Size`.
    """

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)
        self.where = where
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@contextmanager
def writing() -> Iterator[None]:
    """Raise a `CodegenError` with the path for each `OSError` of the `with` block."""
    try:
        yield
    except OSError as error:
        raise CodegenError(f"cannot write {error.filename}: {error.strerror}") from error
