"""The command line. The commands themselves import everything that is slow to import, so `--help` is quick."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from aiopartnercentral import __version__
from aiopartnercentral._utils.text import did_you_mean
from aiopartnercentral.cli.check_command import check
from aiopartnercentral.cli.completion import api_names, complete_at_first_tab
from aiopartnercentral.cli.emulator_command import emulator, emulator_set
from aiopartnercentral.cli.help import Command, Group, examples, write_sections
from aiopartnercentral.cli.services import details, listed_services, service_of, summaries
from aiopartnercentral.cli.write_command import write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["app"]

_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_LISTING_SETTINGS: dict[str, Any] = {**_SETTINGS, "allow_extra_args": True, "allow_interspersed_args": False}


class DescriptionFormat(StrEnum):
    """The format of a description."""

    TEXT = "text"
    JSON = "json"


class ListingCommand(Command):
    """The command of a listing, after whose options other listings may follow."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - see `Command`
        """Parse the arguments; further structures may follow the first one of an option, as in the AWS CLI."""
        from aiopartnercentral.cli.filters import STRUCTURE  # noqa: PLC0415 - loads the package

        repeatable = {name for one in self.params if one.metavar == STRUCTURE and one.multiple for name in one.opts}
        expanded, rest, repeated = list[str](), iter(args), None
        for arg in rest:
            name, has_value, _ = arg.partition("=")
            if name in repeatable:
                repeated = name
                expanded += [arg] if has_value else [arg, *islice(rest, 1)]
            else:
                is_structure = arg.startswith(("{", "[")) or (has_value and not arg.startswith("-"))
                repeated = repeated if is_structure else None
                expanded += [arg] if repeated is None else [repeated, arg]
        return super().parse_args(ctx, expanded)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:  # noqa: ANN401 - see `Command`
        """Return the options of the last listing, the values of its last option, and the names of all listings."""
        if not ctx.args:
            return [*super().shell_complete(ctx, incomplete), *ctx.parent.command.complete_names(incomplete)]
        name, command, rest = ctx.parent.command.resolve_command(ctx.parent, ctx.args)
        with command.make_context(name, rest, parent=ctx.parent, resilient_parsing=True) as following:
            switch = "" if following.args else "".join(rest[-1:])
            options = [one for one in command.get_params(following) if switch in one.opts]
            option = options[0] if options and not getattr(options[0], "is_flag", False) else command
            found: list[Any] = option.shell_complete(following, incomplete)
        return found


class RootGroup(Group):
    """All commands, in groups by what they are for."""

    panels: ClassVar[Mapping[str, Sequence[str]]] = {
        "Collect and write": ("collect", "write", "check"),
        "Look at the API": ("describe",),
        "Try and test without AWS": ("demo", "emulator", "emulator-set"),
    }

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - see `Command`
        """Return the names of the commands."""
        every = [name for names in self.panels.values() for name in names]
        return sorted(super().list_commands(ctx), key=every.index)


class CollectGroup(Group):
    """The subcommands of `collect`, each of which is derived from a generated package when it is first needed."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - see `Command`
        super().__init__(**settings)
        self.commands: Any = {
            name: None for known in (summaries(), details()) for each in known.values() for name in each
        }

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - see `Command`
        """Return the command of a listing, or None if there is no such listing."""
        service = service_of(cmd_name)
        if service is not None and self.commands[cmd_name] is None:
            from aiopartnercentral.cli.subcommands import command_of, subcommand  # noqa: PLC0415 - loads the package

            # While a shell completes, the help of options would cost more than all the rest.
            single, listing = _typer(), subcommand(service, cmd_name, is_described=not ctx.resilient_parsing)
            single.command(
                cmd_name,
                cls=ListingCommand,
                epilog=examples(*listing.examples),
                context_settings=_LISTING_SETTINGS,
            )(command_of(listing))
            self.commands[cmd_name] = typer.main.get_command(single)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - see `Command`
        """Return the name and the command of the listing that the arguments begin with, and the other arguments."""
        name = args[0]
        if service_of(name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"No such listing {name!r}{did_you_mean(name, self.commands)}: see `collect --help`.")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:  # noqa: ANN401, ARG002 - see `Command`
        """Return the names of the listings."""
        return self.complete_names(incomplete)

    def complete_names(self, incomplete: str) -> list[Any]:
        """Return the names of listings that begin like this, without importing their packages."""
        return [
            SimpleNamespace(value=name, help=text, type="plain")  # the attributes that typer's completion reads
            for known in (summaries(), details())
            for each in known.values()
            for name, text in each.items()
            if name.startswith(incomplete)
        ]

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - see `Command`
        """Write the listings of each service, without importing its package."""
        listings = {f"Listings of {service}": each.items() for service, each in summaries().items()}
        nested = {
            f"Details of each item of a listing of {service}": each.items() for service, each in details().items()
        }
        write_sections(ctx, formatter, listings | nested)

    def invoke(self, ctx: Any) -> None:  # noqa: ANN401 - see `Command`
        """Collect all listings of the command line together."""
        from aiopartnercentral.cli.collect import collect  # noqa: PLC0415 - loads botocore
        from aiopartnercentral.cli.config import checkpoint_of, resume_hint  # noqa: PLC0415 - loads the sinks
        from aiopartnercentral.cli.runner import run  # noqa: PLC0415 - loads the event loop

        parsed = super().invoke(ctx)
        raise typer.Exit(run(lambda: collect(parsed), hint=lambda: resume_hint(checkpoint_of(parsed))))


def _typer(**more: Any) -> typer.Typer:  # noqa: ANN401 - passed on to typer
    # Without rich markup: frames would break addresses and identifiers, and tracebacks must not show local variables.
    return typer.Typer(
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=_SETTINGS,
        **{"add_completion": False, **more},
    )


complete_at_first_tab()
app: typer.Typer = _typer(
    add_completion=True,
    cls=RootGroup,
    no_args_is_help=True,
    epilog=examples("aiopartnercentral demo", "aiopartnercentral collect list-partners --help"),
)
app.add_typer(
    _typer(cls=CollectGroup, no_args_is_help=True, subcommand_metavar="LISTING [OPTIONS] [LISTING [OPTIONS]]..."),
    name="collect",
    short_help="Collect listings of many catalogs or accounts at once.",
    help="Collect one or several listings of many catalogs or accounts at once, of one service or several. Put filters "
    "after their listing; put other options after any listing. Run `collect LISTING --help` for all options. "
    "`--checkpoint FILE` makes a run resumable: rerun the same command to resume. A value each:LISTING.ATTRIBUTE, "
    "such as each:list-engagements.id, collects something for each item of another listing.",
    epilog=examples(
        "aiopartnercentral collect list-connections --catalog AWS --catalog Sandbox",
        "aiopartnercentral collect list-opportunities list-partners --sources partners.toml --output '{operation}.csv'",
    ),
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
    """Collect listings of AWS Partner Central from many catalogs and accounts at once, or write many rows.

    Exit codes: 0 complete, 1 something failed (items of other sources are kept), 2 wrong usage, 128 + n stopped by
    signal n, 141 the program that reads stdout, such as head, closed it.
    """


@app.command(
    cls=Command,
    short_help="Collect two catalogs from an embedded Partner Central.",
    epilog=examples("aiopartnercentral demo --latency 0.5"),
)
def demo(
    *,
    latency: Annotated[float, typer.Option(metavar="SECONDS", min=0, max=60, help="Delay of each response.")] = 0.15,
) -> None:
    """Collect two catalogs from an embedded Partner Central; needs no credentials and no network."""
    from aiopartnercentral.cli.demo import forget_environment, show  # noqa: PLC0415 - loads aiohttp and botocore
    from aiopartnercentral.cli.runner import run  # noqa: PLC0415 - loads the event loop

    forget_environment()
    raise typer.Exit(run(lambda: show(latency)))


app.command(
    cls=Command,
    short_help="Send one operation for each line of a file.",
    epilog=examples(
        "aiopartnercentral write create-opportunity --rows opportunities.ndjson --key id --catalog AWS "
        "--checkpoint opportunities.journal",
    ),
)(write)


app.command(
    cls=Command,
    short_help="Check credentials, roles and permissions of a sources file.",
    epilog=examples(
        "aiopartnercentral check partners.toml",
        "aiopartnercentral check partners.toml list-opportunities list-partners --format json",
    ),
)(check)


app.command(
    cls=Command,
    short_help="Run a local Partner Central for tests.",
    epilog=examples(
        "aiopartnercentral emulator --port 8080 --catalog AWS=1000 --latency 0.05",
        "aiopartnercentral emulator --scenario outage --access-log",
    ),
)(emulator)
app.command(
    cls=Command,
    short_help="Change a running emulator: clock, quotas, faults.",
    epilog=examples(
        "aiopartnercentral emulator-set http://127.0.0.1:8080 --scenario throttled-account",
        "aiopartnercentral emulator-set http://127.0.0.1:8080 --advance 86400 --quota open_invitations=3",
    ),
)(emulator_set)


@app.command(
    cls=Command,
    short_help="Describe an operation or a type of the API.",
    epilog=examples(
        "aiopartnercentral describe account",
        "aiopartnercentral describe list-connections --docs",
        "aiopartnercentral describe ConnectionSummary --format json",
    ),
)
def describe(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            show_default=False,
            autocompletion=api_names,
            help="An operation or a type, such as list_connections or ConnectionSummary, in any spelling; after its "
            "service if several have the name, such as selling.TagResource. The name of a service, such as account, "
            "lists its operations and types; without NAME, those of all services are listed.",
        ),
    ] = None,
    *,
    docs: Annotated[
        bool, typer.Option("--docs", help="Show AWS's text about each member too, from the installed botocore.")
    ] = False,
    style: Annotated[
        DescriptionFormat, typer.Option("--format", help="text for people, or json for programs.")
    ] = DescriptionFormat.TEXT,
) -> None:
    """Describe an operation or a type of Partner Central, or list a service's operations and types."""
    from aiopartnercentral.cli.describe import describe as write  # noqa: PLC0415 - loads botocore
    from aiopartnercentral.cli.runner import run  # noqa: PLC0415 - loads the event loop

    if docs and listed_services(name):
        raise typer.BadParameter("it needs NAME, an operation or a type", param_hint="'--docs'")
    raise typer.Exit(run(lambda: write(name, docs=docs, as_json=style is DescriptionFormat.JSON)))
