"""The command: `generate` and `check` and, in a checkout, `sync` and `drift`.

It is `python -m codegen` in a checkout, and `python -m aiopartnercentral.codegen` with a wheel, which does not have the
package `project`.

Exit codes: 0 done and clean, 1 `check` or `drift` found differences or a model is unsupported, 2 usage,
130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from . import COMMAND, check, source
from .build import build
from .check import say
from .errors import CodegenError, UsageError
from .services import IS_CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from . import ir

_INTERRUPTED = 130  # the usual code of a program that SIGINT ends


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    parser = _parser()
    given = parser.parse_args(argv)
    try:
        code: int = given.run(given)
    except UsageError as error:
        say(f"{parser.prog}: error: {error}", sys.stderr)
        return 2
    except CodegenError as error:
        say(f"error: {error}", sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("interrupted: each package is either unchanged or complete", sys.stderr)
        return _INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    more = None if IS_CHECKOUT else "Not in the wheel, only in a checkout of the repository: sync, drift and --all."
    parser = argparse.ArgumentParser(prog=COMMAND, description="Generate the typed packages.", epilog=more)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    generate = commands.add_parser(
        "generate",
        help="write generated packages",
        description="Write the project's packages from the pinned models, or others from the installed botocore.",
    )
    compare = commands.add_parser(
        "check",
        help="fail if a generated file is stale, missing or orphaned, or a text is missing or not used",
        description="Compare generated packages with the files on disk, byte for byte, and the texts about the "
        "project's packages with their models.",
    )
    for command, run in ((generate, _generate), (compare, _check)):
        which = command.add_mutually_exclusive_group()
        which.add_argument("--service", metavar="NAME", help="a service of botocore, such as sqs")
        source.add_from(command)
        command.add_argument("--output", type=Path, metavar="DIR", help="directory that the package is imported from")
        command.add_argument(
            "--api-version", metavar="DATE", help="version of the service's model; default: the newest"
        )
        command.add_argument("--package", help="import name of the package; default: the service's name")
        command.add_argument("--fan-out", metavar="MEMBER", help="request member to fan out over, such as Catalog")
        command.add_argument("--region", metavar="NAME", help="region that `connect` uses if the caller names none")
        command.set_defaults(run=run, all=False, jobs=None, summary=None)
        if IS_CHECKOUT:
            from .project.commands import add_all  # noqa: PLC0415 - the wheel does not have it

            add_all(command, which)
    if IS_CHECKOUT:
        from .project.commands import add_commands  # noqa: PLC0415 - as above

        add_commands(commands)
    return parser


def _checked(given: argparse.Namespace) -> None:
    """Reject options that do not go together.

    Raises:
        UsageError: the options exclude each other, or the formatter or what they need is not installed; the message
            names them.
    """
    if find_spec("ruff") is None:
        raise UsageError("ruff is not installed; the extra `codegen` has it")
    if given.output is None and not given.service and not given.all and not IS_CHECKOUT:
        raise UsageError(
            f"{given.command} is for the project's own packages in a checkout of its repository; for a package of your "
            f"own, use it with --service and --output"
        )
    if (given.output is None) == bool(given.service or given.all):
        services = "--service or --all" if IS_CHECKOUT else "--service"
        raise UsageError(f"--output needs {services}, and {'they need' if IS_CHECKOUT else 'it needs'} --output")
    for name in ("api_version", "package", "fan_out", "region", "botocore"):
        if getattr(given, name) is not None and given.service is None:
            raise UsageError(f"--{'from' if name == 'botocore' else name.replace('_', '-')} needs --service")
    for name in ("jobs", "summary"):
        if getattr(given, name) is not None and not given.all:
            raise UsageError(f"--{name} needs --all")
    if given.jobs is not None and given.jobs < 1:
        raise UsageError("--jobs must be at least 1")


def _services(given: argparse.Namespace) -> Iterator[ir.Service]:
    if given.service is None:
        from .project.pinned import load_all  # noqa: PLC0415 - the wheel does not have it

        sources = load_all()
    else:
        botocore = source.botocore_of(given)
        config = source.one(
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
        source.check_fan_out(service)
        yield service


def _generate(given: argparse.Namespace) -> int:
    _checked(given)
    if given.all:
        from .project.commands import every  # noqa: PLC0415 - the wheel does not have it

        return every(given, only_check=False)
    for service in _services(given):
        changed = check.write(check.rendered(service), service.config.output, is_ours=given.service is None)
        if given.service is None:
            from .project import overview  # noqa: PLC0415 - the wheel does not have it

            changed += [overview.path(service)] if overview.write(service) else []
        for path in changed:
            say(f"{'wrote' if path.exists() else 'removed'} {path}")
        for omission in service.omissions:
            say(f"omitted: {omission}")
        say(f"{service.config.name}: {len(changed)} file(s) changed")
    return 0


def _check(given: argparse.Namespace) -> int:
    _checked(given)
    if given.all:
        from .project.commands import every  # noqa: PLC0415 - the wheel does not have it

        return every(given, only_check=True)
    problems, of_texts = [], []
    for service in _services(given):
        problems += check.differences(check.rendered(service), service.config.output)
        if given.service is None:
            from .project import overview  # noqa: PLC0415 - the wheel does not have it

            problems += overview.differences(service)
        if service.config.texts is not None:
            from .texts import problems as problems_of_texts  # noqa: PLC0415 - the wheel does not have it

            of_texts += problems_of_texts(service)
    for line in of_texts:
        say(line, sys.stderr)
    return 1 if check.told(problems) or of_texts else 0


if __name__ == "__main__":
    sys.exit(main())
