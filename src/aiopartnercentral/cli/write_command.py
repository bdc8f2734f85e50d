"""The signature of `write`: its options, most of which `collect` has as well."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from aiopartnercentral.cli.completion import written_operations
from aiopartnercentral.cli.option_values import OnFailure, check_file, check_rate, check_text
from aiopartnercentral.cli.options import LIMITS, LOGGING, SHARED, SOURCES, option
from aiopartnercentral.cli.terminal import say

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["write"]

_ROWS: Final = "What to write"
_RESUME: Final = "Resume"


def _known(context: typer.Context, name: str) -> str:
    """Refuse an unknown operation before the options, one of which may be missing."""
    if not context.resilient_parsing:
        from aiopartnercentral.cli.runner import CommandError  # noqa: PLC0415 - loads the event loop
        from aiopartnercentral.cli.write import operation_of  # noqa: PLC0415 - loads botocore

        try:
            operation_of(name)
        except CommandError as error:
            for line in error.lines:
                say(line)
            raise typer.Exit(error.exit_code) from None
    return name


_OPERATION: Final = Annotated[
    str,
    typer.Argument(
        is_eager=True,
        callback=_known,
        metavar="OPERATION",
        show_default=False,
        autocompletion=written_operations,
        help="The operation, such as create-opportunity, in any spelling; after its service if several have the name, "
        "such as selling.tag-resource.",
    ),
]
_OPTIONS: Final[Mapping[str, tuple[Any, Any]]] = {
    "rows": option(
        _ROWS,
        Path,
        default=inspect.Parameter.empty,
        metavar="FILE",
        callback=check_file,
        help="NDJSON file: in each line a request, with the names of AWS. The catalog may be left out.",
    ),
    "key": option(
        _ROWS,
        str,
        default=inspect.Parameter.empty,
        metavar="NAME",
        callback=check_text,
        help="Member of each line that names the row in every run, such as the id in your own system. It is not sent, "
        "unless the operation has such a member. Keys are shown, and saved in --checkpoint.",
    ),
    "catalog": option(
        SOURCES,
        str,
        default=inspect.Parameter.empty,
        metavar="NAME",
        callback=check_text,
        help="Catalog to write to: AWS or Sandbox.",
    ),
    **{name: SHARED[name] for name in ("profile", "region", "endpoint_url")},
    "checkpoint": option(
        _RESUME,
        Path | None,
        metavar="FILE",
        callback=check_file,
        help="Save the outcome of each row here; rerun the same command to resume after Ctrl-C or a crash. No row is "
        "executed twice. Keep the file: without it, the same rows are written again.",
    ),
    "resend_unknown": option(
        _RESUME,
        list[str] | None,
        metavar="KEY",
        callback=check_text,
        help="Send the row with this key again, whose outcome is unknown, although it may have been executed; can be "
        "repeated.",
    ),
    "concurrency": option(
        LIMITS, int, default=10, metavar="NUMBER", min=1, help="Maximum number of concurrent requests."
    ),
    "max_attempts": SHARED["max_attempts"],
    "timeout": option(
        LIMITS,
        float | None,
        metavar="SECONDS",
        callback=check_rate,
        help="Maximum time for each attempt, and for credentials. Default: 60 without any answer. A row that is not "
        "answered in time may have been executed: see --resend-unknown.",
    ),
    "rate": option(LIMITS, float, default=5.0, metavar="NUMBER", min=0.001, help="Maximum requests per second."),
    "on_error": option(
        "Errors",
        OnFailure,
        default=OnFailure.FINISH,
        help="When a row fails or its outcome is unknown. finish, report: write the others. raise: take no "
        "further row, and finish those in flight. In all cases, the exit code is 1.",
    ),
    "ignore_errors": option(
        "Errors",
        list[str] | None,
        metavar="CODE",
        callback=check_text,
        help="Skip a row that fails with this error code, such as ConflictException; can be repeated.",
    ),
    **LOGGING,
}


def write(**options: Any) -> None:  # noqa: ANN401 - the types are in the signature
    """Send one operation for each line of a file, such as an opportunity to create.

    Standard output gets a line of JSON for each finished row: its key, outcome and identifiers.
    """
    from aiopartnercentral.cli.runner import run  # noqa: PLC0415 - loads the event loop
    from aiopartnercentral.cli.write import resume_hint, write_rows  # noqa: PLC0415 - loads botocore

    hint = resume_hint(options["checkpoint"])
    raise typer.Exit(run(lambda: write_rows(options), hint=lambda: hint))


_PARAMETERS: Final = [
    inspect.Parameter("operation", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=_OPERATION),
    *(
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default)
        for name, (hint, default) in _OPTIONS.items()
    ),
]
write.__annotations__ = {each.name: each.annotation for each in _PARAMETERS}
vars(write)["__signature__"] = inspect.Signature(_PARAMETERS)
