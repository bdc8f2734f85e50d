"""The commands and options that only a checkout has: `sync`, `drift` and `--all`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from .. import botocore_data, source
from ..check import say, told
from ..errors import writing
from ..services import MODELS, SERVICES
from . import batch, drift, pinned, summary

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _MutuallyExclusiveGroup, _SubParsersAction
    from collections.abc import Sequence


def add_commands(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add `sync` and `drift`."""
    synced = commands.add_parser("sync", help="pin the service models of a botocore")
    source.add_from(synced)
    synced.set_defaults(run=_sync)
    drifted = commands.add_parser(
        "drift", help="list the differences between the installed botocore and the pinned models"
    )
    drifted.add_argument("--format", choices=("text", "json"), default="text", help="text, or JSON for other programs")
    drifted.set_defaults(run=_drift)


def add_all(command: ArgumentParser, which: _MutuallyExclusiveGroup) -> None:
    """Add the options for all services to `generate` or `check`."""
    which.add_argument("--all", action="store_true", help="every model of the installed botocore")
    command.add_argument("--jobs", type=int, metavar="N", help="processes for --all; default: one per processor")
    command.add_argument("--summary", type=Path, metavar="FILE", help="write a summary of --all in Markdown")


def every(given: Namespace, *, only_check: bool) -> int:
    """Generate or check a package for every model of the installed botocore; returns the exit code."""
    import botocore  # noqa: PLC0415 - only this needs it

    def progress(result: batch.Result, done: int, total: int) -> None:
        text = result.error or f"{result.operations} operations, {len(result.problems)} file(s) changed"
        say(f"[{done:{len(str(total))}}/{total}] {result.service} {result.api_version}: {text}", sys.stderr)

    jobs = given.jobs or os.cpu_count() or 1
    configs = batch.every(given.output)
    results = batch.run(configs, given.output, jobs=jobs, only_check=only_check, progress=progress)
    if given.summary is not None:
        document = summary.text(results, botocore.__version__)
        with writing():
            given.summary.write_text(document, encoding="utf-8")
    unsupported = [result for result in results if result.error is not None]
    say(f"{len(results)} models: {len(results) - len(unsupported)} generated, {len(unsupported)} unsupported")
    for result in unsupported:
        say(f"{result.service} {result.api_version}: {result.error}", sys.stderr)
    differences = told([line for result in results for line in result.problems]) if only_check else 0
    return 1 if unsupported or differences else 0


def _sync(given: Namespace) -> int:
    botocore = source.botocore_of(given)
    for path in pinned.sync(SERVICES, MODELS, botocore):
        say(f"wrote {path}")
    for config in SERVICES:
        if not botocore.has(config):
            say(f"kept {config.name}: {botocore.name} does not have {config.api_version}")
    return 0


def _drift(given: Namespace) -> int:
    botocore = botocore_data.installed()
    versions = {config.name: pinned.botocore_of(config, MODELS) for config in SERVICES}
    obstacles = {config.name: drift.obstacle(config, MODELS, botocore) for config in SERVICES}
    found = {c.name: drift.against(c, MODELS, botocore) for c in SERVICES if obstacles[c.name] is None}
    if given.format == "json":
        changes = {name: [attrs.asdict(change) for change in each] for name, each in found.items()}
        skipped = {name: reason for name, reason in obstacles.items() if reason is not None}
        document = {"installed_botocore": botocore.version, "pinned_botocore": versions}
        say(json.dumps({**document, "services": changes, "not_compared": skipped}, indent=2))
    else:
        say(f"installed: botocore {botocore.version}")
        for name, reason in obstacles.items():
            _say_changes(f"{name}, pinned from botocore {versions[name]}", reason, found.get(name, []))
    return 1 if any(found.values()) else 0


def _say_changes(service: str, obstacle: str | None, changes: Sequence[drift.Change]) -> None:
    if obstacle is not None:
        say(f"{service}: not compared, {obstacle}")
        return
    say(f"{service}: {len(changes)} change(s), {sum(change.breaking for change in changes)} breaking")
    for change in changes:
        say(f"{'!' if change.breaking else ' '} {change}")
