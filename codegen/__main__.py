"""The command: `sync`, `generate`, `check` and `drift`.

It is `python -m codegen` in a checkout, and `python -m aiopartnercentral.codegen` with a wheel.

Exit codes: 0 done and clean, 1 `check` or `drift` found differences or a model is unsupported, 2 usage,
130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import attrs

from . import COMMAND, botocore_data, check, drift, source, texts
from .build import build
from .errors import CodegenError, UsageError, writing
from .many_services import batch, summary, targets
from .services import IS_CHECKOUT, MODELS, SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from . import ir
    from .botocore_data import Botocore
    from .services import ServiceConfig

_INTERRUPTED = 130  # the usual code of a program that SIGINT ends


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    parser = _parser()
    given = parser.parse_args(argv)
    try:
        return {"sync": _sync, "generate": _generate, "check": _check, "drift": _drift}[given.command](given)
    except UsageError as error:
        _say(f"{parser.prog}: error: {error}", sys.stderr)
        return 2
    except CodegenError as error:
        _say(f"error: {error}", sys.stderr)
        return 1
    except KeyboardInterrupt:
        _say("interrupted: each package is either unchanged or complete", sys.stderr)
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Generate the typed packages.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    synced = commands.add_parser("sync", help="pin the service models of a botocore")
    _from(synced)
    _target(
        commands.add_parser(
            "generate",
            help="write generated packages",
            description="Write the project's packages from the pinned models, or others from the installed botocore.",
        )
    )
    _target(
        commands.add_parser(
            "check",
            help="fail if a generated file is stale, missing or orphaned, or a text is missing or not used",
            description="Compare generated packages with the files on disk, byte for byte, and the texts about the "
            "project's packages with their models.",
        )
    )
    drifted = commands.add_parser(
        "drift", help="list the differences between the installed botocore and the pinned models"
    )
    drifted.add_argument("--format", choices=("text", "json"), default="text", help="text, or JSON for other programs")
    return parser


def _from(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--from",
        dest="botocore",
        type=Path,
        metavar="PATH",
        help="wheel, zip file or directory of a botocore; default: the installed one",
    )


def _target(command: argparse.ArgumentParser) -> None:
    """Add the options that select the packages of a command."""
    which = command.add_mutually_exclusive_group()
    which.add_argument("--service", metavar="NAME", help="a service of botocore, such as sqs")
    which.add_argument("--all", action="store_true", help="every model of the installed botocore")
    _from(command)
    command.add_argument("--output", type=Path, metavar="DIR", help="directory that the package is imported from")
    command.add_argument("--api-version", metavar="DATE", help="version of the service's model; default: the newest")
    command.add_argument("--package", help="import name of the package; default: the service's name")
    command.add_argument("--fan-out", metavar="MEMBER", help="request member to fan out over, such as Catalog")
    command.add_argument("--region", metavar="NAME", help="region that `connect` uses if the caller names none")
    command.add_argument("--jobs", type=int, metavar="N", help="processes for --all; default: one per processor")
    command.add_argument("--summary", type=Path, metavar="FILE", help="write a summary of --all in Markdown")


def _checked(given: argparse.Namespace) -> None:
    """Reject options that do not go together.

    Raises:
        UsageError: the options exclude each other, or the formatter or what they need is not installed; the message
            names them.
    """
    if find_spec("ruff") is None:
        raise UsageError("ruff is not installed; the extra `codegen` has it")
    if (given.output is None) == bool(given.service or given.all):
        raise UsageError("--output needs --service or --all, and they need --output")
    if given.output is None:
        _check_checkout(given)
    for name in ("api_version", "package", "fan_out", "region", "botocore"):
        if getattr(given, name) is not None and given.service is None:
            raise UsageError(f"--{'from' if name == 'botocore' else name.replace('_', '-')} needs --service")
    for name in ("jobs", "summary"):
        if getattr(given, name) is not None and not given.all:
            raise UsageError(f"--{name} needs --all")
    if given.jobs is not None and given.jobs < 1:
        raise UsageError("--jobs must be at least 1")


def _check_checkout(given: argparse.Namespace) -> None:
    if not IS_CHECKOUT:
        raise UsageError(
            f"{given.command} is for the project's own packages in a checkout of its repository; for a package of your "
            "own, use generate or check with --service or --all, and --output"
        )


def _botocore(given: argparse.Namespace) -> Botocore:
    return botocore_data.installed() if given.botocore is None else botocore_data.unpacked(given.botocore)


def _services(given: argparse.Namespace) -> Iterator[ir.Service]:
    if given.service is None:
        sources = [source.load(config, MODELS) for config in SERVICES]
    else:
        botocore = _botocore(given)
        config: ServiceConfig = targets.one(
            botocore,
            given.service,
            given.output,
            api_version=given.api_version,
            package=given.package,
            fan_out=given.fan_out,
            region=given.region,
        )
        sources = [source.of(botocore, config)]
    for each in sources:
        service = build(each)
        targets.check_fan_out(service)
        yield service


def _sync(given: argparse.Namespace) -> int:
    _check_checkout(given)
    botocore = _botocore(given)
    for path in source.sync(SERVICES, MODELS, botocore):
        _say(f"wrote {path}")
    for config in SERVICES:
        if not botocore.has(config):
            _say(f"kept {config.name}: {botocore.name} does not have {config.api_version}")
    return 0


def _generate(given: argparse.Namespace) -> int:
    _checked(given)
    if given.all:
        return _every(given, only_check=False)
    for service in _services(given):
        changed = check.write(check.rendered(service), service.config.output, is_ours=given.service is None)
        for path in changed:
            _say(f"{'wrote' if path.exists() else 'removed'} {path}")
        for omission in service.omissions:
            _say(f"omitted: {omission}")
        _say(f"{service.config.name}: {len(changed)} file(s) changed")
    return 0


def _check(given: argparse.Namespace) -> int:
    _checked(given)
    if given.all:
        return _every(given, only_check=True)
    problems, of_texts = [], []
    for service in _services(given):
        problems += check.differences(check.rendered(service), service.config.output)
        of_texts += texts.problems(service)
    for line in of_texts:
        _say(line, sys.stderr)
    return 1 if _found(problems) or of_texts else 0


def _found(problems: Sequence[str]) -> int:
    for line in problems:
        _say(line, sys.stderr)
    if problems:
        _say(f"run `{COMMAND} generate`, with the same options", sys.stderr)
    return 1 if problems else 0


def _every(given: argparse.Namespace, *, only_check: bool) -> int:
    import botocore  # noqa: PLC0415 - only this and `drift` need it

    def progress(result: batch.Result, done: int, total: int) -> None:
        told = result.error or f"{result.operations} operations, {len(result.problems)} file(s) changed"
        _say(f"[{done:{len(str(total))}}/{total}] {result.service} {result.api_version}: {told}", sys.stderr)

    jobs = given.jobs or os.cpu_count() or 1
    configs = targets.every(given.output)
    results = batch.run(configs, given.output, jobs=jobs, only_check=only_check, progress=progress)
    if given.summary is not None:
        document = summary.text(results, botocore.__version__)
        with writing():
            given.summary.write_text(document, encoding="utf-8")
    unsupported = [result for result in results if result.error is not None]
    _say(f"{len(results)} models: {len(results) - len(unsupported)} generated, {len(unsupported)} unsupported")
    for result in unsupported:
        _say(f"{result.service} {result.api_version}: {result.error}", sys.stderr)
    differences = _found([line for result in results for line in result.problems]) if only_check else 0
    return 1 if unsupported or differences else 0


def _drift(given: argparse.Namespace) -> int:
    botocore = botocore_data.installed()
    pinned = {config.name: source.pinned_from(config, MODELS) for config in SERVICES}
    obstacles = {config.name: drift.obstacle(config, MODELS, botocore) for config in SERVICES}
    found = {c.name: drift.against(c, MODELS, botocore) for c in SERVICES if obstacles[c.name] is None}
    if given.format == "json":
        changes = {name: [attrs.asdict(change) for change in each] for name, each in found.items()}
        skipped = {name: reason for name, reason in obstacles.items() if reason is not None}
        document = {"installed_botocore": botocore.version, "pinned_botocore": pinned}
        _say(json.dumps({**document, "services": changes, "not_compared": skipped}, indent=2))
    else:
        _say(f"installed: botocore {botocore.version}")
        for name, reason in obstacles.items():
            _say_changes(f"{name}, pinned from botocore {pinned[name]}", reason, found.get(name, []))
    return 1 if any(found.values()) else 0


def _say_changes(service: str, obstacle: str | None, changes: Sequence[drift.Change]) -> None:
    if obstacle is not None:
        _say(f"{service}: not compared, {obstacle}")
        return
    _say(f"{service}: {len(changes)} change(s), {sum(change.breaking for change in changes)} breaking")
    for change in changes:
        _say(f"{'!' if change.breaking else ' '} {change}")


def _say(text: str, stream: TextIO | None = None) -> None:
    print(text, file=stream)


if __name__ == "__main__":
    sys.exit(main())
