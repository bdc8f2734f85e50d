"""The command `python -m codegen`: `sync`, `generate` and `check`.

Exit codes: 0 done and clean, 1 `check` found differences or the model cannot be honoured, 2 usage.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from codegen import check, source
from codegen.errors import CodegenError
from codegen.services import MODELS, SERVICES

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m codegen", description="Generate the typed packages.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("sync", help="pin the service models of the installed botocore")
    commands.add_parser("generate", help="write the generated packages from the pinned models")
    commands.add_parser("check", help="fail if a generated file is stale, missing or orphaned")
    command = parser.parse_args(argv).command
    try:
        return {"sync": _sync, "generate": _generate, "check": _check}[command]()
    except CodegenError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command's output
        return 1


def _sync() -> int:
    for path in source.sync(SERVICES, MODELS):
        print(f"wrote {path}")  # noqa: T201 - a command's output
    return 0


def _generate() -> int:
    for config in SERVICES:
        changed = check.write(check.render(source.load(config, MODELS)), config.output)
        for path in changed:
            print(f"{'wrote' if path.exists() else 'removed'} {path}")  # noqa: T201 - a command's output
        print(f"{config.name}: {len(changed)} file(s) changed")  # noqa: T201 - a command's output
    return 0


def _check() -> int:
    problems = []
    for config in SERVICES:
        problems += check.differences(check.render(source.load(config, MODELS)), config.output)
    for line in problems:
        print(line, file=sys.stderr)  # noqa: T201 - a command's output
    if problems:
        print("run `python -m codegen generate`", file=sys.stderr)  # noqa: T201 - a command's output
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
