"""What can be typed. Everything heavy is imported by the commands themselves, so that `--help` is quick."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from aiopartnercentral import __version__

__all__ = ["app"]

_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
_FOLLOWED: dict[str, Any] = {**_SETTINGS, "allow_extra_args": True, "allow_interspersed_args": False}


class Style(StrEnum):
    """How a description is written."""

    TEXT = "text"
    JSON = "json"


class ListingCommand(TyperCommand):
    """A command that refuses an option that is said twice, where only the last one would count."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - see `CollectGroup`
        """Take in the arguments."""
        _, _, given = self.make_parser(ctx).parse_args(list(args))
        for option in given:
            if given.count(option) > 1 and not (option.multiple or option.is_eager):
                ctx.fail(f"{'/'.join(option.opts)} can be said only once.")
        return super().parse_args(ctx, args)


class CollectGroup(TyperGroup):
    """The commands below `collect`, derived from the generated client when they are first asked for.

    typer keeps its own copy of click, or click itself, depending on its version; neither's types are part of its
    interface, hence `Any`.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - see the class
        """Return the names of the listings."""
        self._derive()
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - see the class
        """Return the command of a listing, or None if there is none of the name."""
        self._derive()
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: Any) -> None:  # noqa: ANN401 - see the class
        """Do what all listings of the command line ask for together."""
        from aiopartnercentral.cli.collect import collect  # noqa: PLC0415 - loads botocore
        from aiopartnercentral.cli.config import checkpoint_of, how_to_go_on  # noqa: PLC0415 - the package of the sinks
        from aiopartnercentral.cli.runner import run  # noqa: PLC0415 - loads the event loop

        parts = super().invoke(ctx)
        raise typer.Exit(run(lambda: collect(parts), hint=lambda: how_to_go_on(checkpoint_of(parts))))

    def _derive(self) -> None:
        # Where typer itself keeps commands, for it suggests from there what a misspelt one may have meant.
        from aiopartnercentral.cli.subcommands import commands  # noqa: PLC0415 - loads the generated package

        for name, function in ({} if self.commands else commands()).items():
            single = _typer()
            single.command(name, cls=ListingCommand, short_help=function.__doc__, context_settings=_FOLLOWED)(function)
            self.commands[name] = typer.main.get_command(single)


def _typer(**more: Any) -> typer.Typer:  # noqa: ANN401 - passed on to typer
    # Plain text throughout: frames would break addresses and identifiers in two, and a traceback must show no locals.
    return typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=_SETTINGS,
        **more,
    )


app: typer.Typer = _typer(no_args_is_help=True)
app.add_typer(
    _typer(cls=CollectGroup, no_args_is_help=True, subcommand_metavar="LISTING [OPTIONS] [LISTING [OPTIONS]]..."),
    name="collect",
    short_help="Collect listings of many catalogs or accounts at once.",
    help="Collect one or several listings of many catalogs or accounts at once. Filters stand behind the listing that "
    "they are for; what is for all of them can stand behind any.",
)


def _print_version(value: bool) -> None:  # noqa: FBT001 - typer's interface
    if value:
        typer.echo(f"aiopartnercentral {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Collect AWS Partner Central listings, many catalogs at once.

    Exit codes: 0 all collected, 1 something failed (what succeeded is kept), 2 wrong usage, 128 + number after a
    signal, 141 if the reader of the output has gone.
    """


@app.command(short_help="Collect two catalogs from an embedded Partner Central.")
def demo(
    *,
    latency: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, max=60, help="How long each answer is held back.")
    ] = 0.15,
) -> None:
    """Collect two catalogs from an embedded Partner Central; needs no credentials and no network."""
    from aiopartnercentral.cli.demo import forget_environment, show  # noqa: PLC0415 - loads aiohttp and botocore
    from aiopartnercentral.cli.runner import run  # noqa: PLC0415 - loads the event loop

    forget_environment()
    raise typer.Exit(run(lambda: show(latency)))


@app.command(short_help="Run a local Partner Central.")
def emulator(
    *,
    host: Annotated[
        str, typer.Option(metavar="NAME", help="Address to listen on; nothing is encrypted, so keep it local.")
    ] = ("127.0.0.1"),
    port: Annotated[
        int, typer.Option(metavar="NUMBER", min=0, max=65535, help="Port to listen on; 0 for a free one.")
    ] = 0,
    catalog: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=NUMBER",
            help="A catalog and its number of connections; can be repeated. AWS=120 and Sandbox=30 by default.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Another number is other data.")] = 0,
    latency: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long each answer is held back.")] = 0.0,
    requests_per_second: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="More than that is throttled; no limit by default.")
    ] = None,
    deny: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A catalog, or CATALOG:OPERATION, to deny; can be repeated."),
    ] = None,
    task_seconds: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long tasks and verifications are in progress.")
    ] = 1.0,
    freeze_time: Annotated[
        bool, typer.Option("--freeze-time", help="Let time stand still but for POST /_emulator/clock.")
    ] = False,
    credentials: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="AWS credentials file with aws_account_id; only these may sign requests."),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep there all that changes, and go on from there at the next start."),
    ] = None,
    faults: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What is to go wrong, as TOML; docs/emulator.md lists the kinds."),
    ] = None,
) -> None:
    """Run a local Partner Central until Ctrl-C or SIGTERM; the first line on stdout says where it listens."""
    from aiopartnercentral.cli.emulator import prepare, serve  # noqa: PLC0415 - loads aiohttp
    from aiopartnercentral.cli.runner import run  # noqa: PLC0415 - loads the event loop

    prepared = prepare(
        catalog or [],
        host=host,
        port=port,
        seed=seed,
        latency=latency,
        requests_per_second=requests_per_second,
        deny=deny or [],
        task_seconds=task_seconds,
        freeze_time=freeze_time,
        credentials=credentials,
        state=state,
        faults=faults,
    )
    raise typer.Exit(run(lambda: serve(prepared), when_stopped=0))


@app.command(short_help="Describe an operation or a type of the API.")
def describe(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            show_default=False,
            help="An operation or a type, such as list_connections or ConnectionSummary, in any spelling; without it, "
            "all of them are listed.",
        ),
    ] = None,
    *,
    docs: Annotated[
        bool, typer.Option("--docs", help="AWS's texts about the members too, from the installed botocore.")
    ] = False,
    style: Annotated[
        Style, typer.Option("--format", help="text for people; json for programs, with the same facts.")
    ] = Style.TEXT,
) -> None:
    """Describe an operation or a type of the Partner Central Account API: members, constraints, errors, who uses it."""
    from aiopartnercentral.cli.describe import show  # noqa: PLC0415 - loads botocore's exceptions
    from aiopartnercentral.cli.runner import run  # noqa: PLC0415 - loads the event loop

    if docs and name is None:
        raise typer.BadParameter("it needs the NAME of an operation or a type", param_hint="'--docs'")
    raise typer.Exit(run(lambda: show(name, docs=docs, as_json=style is Style.JSON)))
