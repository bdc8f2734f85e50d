"""Writes generated packages, or compares them with the files on disk byte by byte."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TextIO

from . import COMMAND, emit, names
from .build import build
from .emit.writer import FORMER_HEADER, HEADER, WIDTH
from .errors import CodegenError, writing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .ir import Service
    from .source import Source


def render(source: Source) -> dict[str, bytes]:
    """Return the files of one service's package: name -> content.

    Raises:
        CodegenError: the model is not supported, or the formatter is missing.
    """
    return rendered(build(source))


def rendered(service: Service) -> dict[str, bytes]:
    """Return the files of the package of a service that has been read.

    Raises:
        CodegenError: the formatter is missing.
    """
    return _formatted(emit.texts(service, names.name(service)))


def _formatted(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Format all files with one run of ruff, ignoring configuration files."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        command = [
            *(sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--quiet"),
            *("--line-length", str(WIDTH), "--target-version", "py311", "."),
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603 - fixed command
        if done.returncode != 0:
            raise CodegenError(f"the formatter refused a file: {done.stderr.decode(errors='replace').strip()}")
        return {name: (folder / name).read_bytes() for name in texts}


def write(files: Mapping[str, bytes], output: Path, *, is_ours: bool) -> list[Path]:
    """Make the directory hold exactly these files; returns those that were written or removed.

    It is atomic: even if it is interrupted, the directory has either all old files or all new ones.

    Arguments:
        files: the content of each file, by its path in the directory.
        output: the directory.
        is_ours: whether all files in it may be replaced; otherwise nothing is written if one of them was not generated.

    Raises:
        CodegenError: a file or directory cannot be written, or was not generated.
    """
    with writing():
        output.mkdir(parents=True, exist_ok=True)
        problems = _differences(files, output)
        for path, problem in problems.items():
            if not is_ours and problem != "missing" and not _is_generated(path, problem):
                raise CodegenError(f"{path} was not generated: nothing is written to {output}")
        if problems:
            _replace(output.resolve(), files)
    return list(problems)


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace the directory by one with these files."""
    new, old = (folder.with_name(f".{folder.name}.{state}") for state in ("new", "old"))
    try:
        shutil.rmtree(new, ignore_errors=True)  # left by a process that was killed here
        shutil.rmtree(old, ignore_errors=True)
        for name, content in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        folder.rename(old)
        new.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _is_generated(path: Path, problem: str) -> bool:
    """Return whether a file was generated; an incomplete file of an interrupted write counts as generated."""
    headers, text = (HEADER.encode(), FORMER_HEADER.encode()), path.read_bytes()
    return text.startswith(headers) or (problem == "stale" and any(header.startswith(text) for header in headers))


def differences(files: Mapping[str, bytes], output: Path) -> list[str]:
    """Return a line for each file of the directory that is stale, missing or orphaned."""
    return [f"{path}: {problem}" for path, problem in _differences(files, output).items()]


def files_of(package: Path) -> set[Path]:
    """Return the files of a package's directory, without compiled modules."""
    return {path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def _differences(files: Mapping[str, bytes], output: Path) -> dict[Path, str]:
    problems = {}
    there = files_of(output)
    wanted = {output / name for name in files}
    for path in sorted(wanted | there):
        if path not in wanted:
            problems[path] = "orphaned"
        elif path not in there:
            problems[path] = "missing"
        elif path.read_bytes() != files[path.relative_to(output).as_posix()]:
            problems[path] = "stale"
    return problems


def told(problems: Sequence[str]) -> int:
    """Write the differences that `check` has found, and what to do about them; returns the exit code."""
    for line in problems:
        say(line, sys.stderr)
    if problems:
        say(f"run `{COMMAND} generate`, with the same options", sys.stderr)
    return 1 if problems else 0


def say(text: str, stream: TextIO | None = None) -> None:
    """Write a line."""
    print(text, file=stream)
