"""What a shell completes the values of options with, quick to import."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["one_of", "profiles"]

_SECTION: Final = re.compile(r"\s*\[(.+)\]\s*(?:[#;].*)?")


def one_of(values: Iterable[str]) -> Callable[[str], list[str]]:
    """Return a completion with these values."""
    every = list(values)

    def complete(incomplete: str) -> list[str]:
        return [_typed(value) for value in every if value.startswith(incomplete)]

    return complete


def profiles(incomplete: str) -> list[str]:
    """Return the profiles of the AWS config files that begin like this; a file that cannot be read has none."""
    config = _sections("AWS_CONFIG_FILE", "config")
    named = [words[1] for words in map(_words, config) if len(words) == 2 and words[0] == "profile"]  # noqa: PLR2004
    named += ["default"] if "default" in config else []
    every = dict.fromkeys([*named, *_sections("AWS_SHARED_CREDENTIALS_FILE", "credentials")])
    return one_of(sorted(every))(incomplete)


def _sections(variable: str, name: str) -> list[str]:
    """Return the titles of the sections of a file, which a variable of the environment may name."""
    path = Path(os.environ.get(variable) or f"~/.aws/{name}")
    try:
        lines = path.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError, RuntimeError):
        return []
    return [found[1].strip() for found in map(_SECTION.fullmatch, lines) if found is not None]


def _words(title: str) -> list[str]:
    try:
        return shlex.split(title)
    except ValueError:
        return []


def _typed(value: str) -> str:
    """Return a value as the shell inserts it: bash does not quote it."""
    is_bash = os.environ.get("_AIOPARTNERCENTRAL_COMPLETE") == "complete_bash"
    return re.sub(r"(?=[^\w@%+:,./-])", r"\\", value) if is_bash else value
