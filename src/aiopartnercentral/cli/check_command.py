"""The signature of `check`."""

from __future__ import annotations

import inspect
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from aiopartnercentral.cli.option_values import check_file, check_rate
from aiopartnercentral.cli.options import LIMITS, LOGGING, TIMEOUT, option
from aiopartnercentral.cli.services import listing_names

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check"]


class CheckFormat(StrEnum):
    """The format of the results."""

    TABLE = "table"
    JSON = "json"


_SOURCES: Final = Annotated[
    Path,
    typer.Argument(metavar="SOURCES", show_default=False, callback=check_file, help="TOML file of sources."),
]
_LISTINGS: Final = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="LISTING",
        show_default=False,
        autocompletion=listing_names,
        help="Listings to try, such as list-opportunities; list-connections by default.",
    ),
]
_OPTIONS: Final[Mapping[str, tuple[Any, Any]]] = {
    "style": option(
        "Output", CheckFormat, "--format", default=CheckFormat.TABLE, help="Table for people, or json for programs."
    ),
    "rate": option(
        LIMITS,
        float | None,
        metavar="NUMBER",
        callback=check_rate,
        help="Maximum requests per second for each account. Default: 5.",
    ),
    "timeout": option(
        LIMITS,
        float,
        metavar="SECONDS",
        default=TIMEOUT,
        callback=check_rate,
        help="Maximum time to wait for the answer of a source, and for its credentials.",
    ),
    **LOGGING,
}


def check(**options: Any) -> None:  # noqa: ANN401 - the types are in the signature
    """Check a sources file: credentials, roles and permissions of each source, without writing anything.

    Each source gets one request for one item of each listing. All are tried at the same time, each for at most
    --timeout seconds. The exit code is 0 if all are ok, 1 if any failed, and 2 for wrong usage.
    """
    from aiopartnercentral.cli.check import check as check_sources  # noqa: PLC0415 - loads botocore
    from aiopartnercentral.cli.runner import run  # noqa: PLC0415 - loads the event loop

    options["listings"] = list(dict.fromkeys(options["listings"] or ["list-connections"]))
    raise typer.Exit(run(lambda: check_sources(options)))


_PARAMETERS: Final = [
    inspect.Parameter("sources", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=_SOURCES),
    inspect.Parameter("listings", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=_LISTINGS, default=None),
    *(
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default)
        for name, (hint, default) in _OPTIONS.items()
    ),
]
check.__annotations__ = {each.name: each.annotation for each in _PARAMETERS}
vars(check)["__signature__"] = inspect.Signature(_PARAMETERS)
