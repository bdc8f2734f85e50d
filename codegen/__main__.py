"""The command `python -m codegen`: `sync`, `generate`, `check` and `drift`.

Exit codes: 0 done and clean, 1 `check` or `drift` found differences or the model cannot be honoured, 2 usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

import attrs

from codegen import check, drift, source
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
    drifted = commands.add_parser("drift", help="say what the installed botocore has that the pinned models have not")
    drifted.add_argument("--format", choices=("text", "json"), default="text", help="text, or JSON for other programs")
    given = parser.parse_args(argv)
    try:
        if given.command == "drift":
            return _drift(as_json=given.format == "json")
        return {"sync": _sync, "generate": _generate, "check": _check}[given.command]()
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


def _drift(*, as_json: bool) -> int:
    import botocore  # noqa: PLC0415 - only this command needs it

    pinned = source.pinned_from(MODELS)
    found = {config.name: drift.of_installed(config, MODELS) for config in SERVICES}
    if as_json:
        changes = {name: [attrs.asdict(change) for change in each] for name, each in found.items()}
        document = {"pinned_botocore": pinned, "installed_botocore": botocore.__version__, "services": changes}
        print(json.dumps(document, indent=2))  # noqa: T201 - a command's output
    else:
        print(f"pinned: botocore {pinned}; installed: botocore {botocore.__version__}")  # noqa: T201 - a command's output
        for name, each in found.items():
            breaking = sum(change.breaking for change in each)
            print(f"{name}: {len(each)} change(s), {breaking} breaking")  # noqa: T201 - a command's output
            for change in each:
                print(f"{'!' if change.breaking else ' '} {change}")  # noqa: T201 - a command's output
    return 1 if any(found.values()) else 0


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
