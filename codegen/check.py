"""Writes what was generated, or compares it byte by byte with what is there: one code path makes the text for both."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from codegen import emit, names
from codegen.build import build
from codegen.emit.writer import HEADER, WIDTH
from codegen.errors import CodegenError, writing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codegen.ir import Service
    from codegen.source import Source


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
    """Format by ruff, all files at once, with options that no configuration file can change."""
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
    """Make the folder hold exactly these files; returns those that were written or removed.

    However it ends, the folder holds either all that it held before or all of these.

    Arguments:
        files: the content of each, by its path in the folder.
        output: the folder.
        is_ours: nobody else has files in it. Otherwise nothing is written if there is any that was not generated.

    Raises:
        CodegenError: a file or folder cannot be written, or holds something of somebody else's.
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
    """Put a folder of these files in the place of the one that is there."""
    new, old = (folder.with_name(f".{folder.name}.{state}") for state in ("new", "old"))
    try:
        shutil.rmtree(new, ignore_errors=True)  # of somebody who was killed here
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
    """Tell whether a file was generated; a stale one may be the beginning of one whose writing was interrupted."""
    header, text = HEADER.encode(), path.read_bytes()
    return text.startswith(header) or (problem == "stale" and header.startswith(text))


def differences(files: Mapping[str, bytes], output: Path) -> list[str]:
    """Return a line for each file of the folder that is stale, missing or orphaned."""
    return [f"{path}: {problem}" for path, problem in _differences(files, output).items()]


def files_of(package: Path) -> set[Path]:
    """Return the files of a package's folder, without what Python compiles them to."""
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
