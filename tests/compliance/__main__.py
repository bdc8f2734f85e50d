"""Runs files of protocol tests: `python -m tests.compliance PATH [PATH ...]`; see docs/compliance.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.compliance import report, run, suites

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and report; returns 1 if the generated client is below botocore's somewhere, 2 if a file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m tests.compliance", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file of suites, or a folder of files")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="for people or for programs")
    parser.add_argument("--verbose", action="store_true", help="a line for each case, and what botocore's client did")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if any case in scope fails")
    asked = parser.parse_args(arguments)
    try:
        found = suites.read(asked.paths)
    except suites.FormatError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    results = run.run(found)
    told = report.as_json(results) if asked.format == "json" else "\n".join(report.text(results, verbose=asked.verbose))
    sys.stdout.write(f"{told}\n")
    return int(any(result.failed if asked.strict else result.is_below for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
