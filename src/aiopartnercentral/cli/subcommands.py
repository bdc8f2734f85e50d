"""The subcommands of `collect`: one for each listing of each service, derived from its generated package.

Another listing, with its own filters, may follow the options of a listing. Each subcommand returns its `ParsedListing`
and those of the listings after it.

Only the package of the listing is imported, so `app` imports this module once a listing is named.
"""

from __future__ import annotations

import inspect
import re
import shlex
from typing import TYPE_CHECKING, Annotated, Any, Final

import attrs
import typer

from aiopartnercentral._utils import model_data
from aiopartnercentral._utils.text import squashed
from aiopartnercentral.cli.config import ListingArguments, ParsedListing
from aiopartnercentral.cli.each import described, example_options
from aiopartnercentral.cli.filters import Filter, filters_of
from aiopartnercentral.cli.option_values import one_of
from aiopartnercentral.cli.options import FILTERS, OWN, SHARED, SOURCES
from aiopartnercentral.cli.services import details, facts, pagination_of
from aiopartnercentral.cli.shapes import Shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Subcommand", "command_of", "subcommand"]

_CATALOGS: Final = ("AWS", "Sandbox")


@attrs.frozen(kw_only=True)
class Subcommand:
    """A listing as a command.

    Attributes:
        service: the name of the service's package, such as `selling`.
        method: name of the function in the package's `listings`.
        filters: the options that are sent to the service.
        page_size: minimum and maximum page size; None if the operation has no page size.
        catalog: pattern of a catalog's name.
        catalogs: the known catalogs.
    """

    service: str
    method: str
    filters: Sequence[Filter]
    page_size: tuple[int | None, int | None] | None
    catalog: re.Pattern[str]
    catalogs: Sequence[str]

    @property
    def is_nested(self) -> bool:
        """Whether it is collected only for each item of a listing."""
        return self.command in details()[self.service]

    @property
    def command(self) -> str:
        """The name of the subcommand."""
        return self.method.replace("_", "-")

    @property
    def examples(self) -> list[str]:
        """Example commands."""
        required = [part for each in self.filters if each.required for part in each.example]
        below = example_options(self.service, self.command)
        given = [each.example for each in self.filters if each.required and each.example[0] not in below]
        nested = shlex.join(
            ["aiopartnercentral", "collect", self.command, *below, *(part for one in given for part in one)]
        )
        if self.is_nested:
            return [
                f"{nested} --catalog AWS",
                f"{nested} --sources partners.toml --output '{{label}}.parquet' --checkpoint run.json",
            ]
        optional = sorted((each for each in self.filters if not each.required), key=lambda each: not each.is_structure)
        # A structure first, as it needs an example most.
        further = optional[0].example if optional else []
        command = " ".join(["aiopartnercentral collect", self.command, *map(shlex.quote, required)])
        return [
            " ".join([command, "--catalog AWS", *map(shlex.quote, further)]),
            f"{command} --catalog AWS --output {self.method}.csv",
            f"{command} --sources partners.toml --output '{{label}}.ndjson' --checkpoint run.json",
            *([f"{nested} --catalog AWS"] if below else []),
        ]


def subcommand(service: str, command: str, *, is_described: bool = True) -> Subcommand:
    """Return the subcommand of a listing, or of the details of one; not described, its filters have no help."""
    known, pagination = facts(service), pagination_of(service, command)
    model = model_data.load(known.name, known.api_version)
    shapes, request = Shapes(model["shapes"]), model["operations"][pagination.operation.name]["input"]["shape"]
    members = {squashed(name): shapes.shapes[shape] for name, shape in shapes.members(request).items()}
    size = members[squashed(pagination.attributes["page_size"])] if "page_size" in pagination.attributes else None
    catalog = members[squashed(pagination.catalog or "")]
    return Subcommand(
        service=service,
        method=pagination.method,
        filters=filters_of(service, pagination, shapes, request, is_described=is_described),
        page_size=None if size is None else (size.get("min"), size.get("max")),
        catalog=re.compile(catalog.get("pattern", ".+")),
        catalogs=catalog.get("enum", _CATALOGS),
    )


def command_of(subcommand: Subcommand) -> Callable[..., list[ParsedListing]]:
    """Return typer's function for a subcommand; its signature has the options."""

    def command(context: typer.Context, **options: Any) -> list[ParsedListing]:  # noqa: ANN401 - the types are in the signature
        shared = {name: options.pop(name) for name in ("catalogs", *SHARED)}
        given = {name for name in shared if _is_given(context, name)}
        arguments = ListingArguments(
            service=subcommand.service,
            method=subcommand.method,
            command=subcommand.command,
            arguments={name: value for name, value in options.items() if value not in (None, [])},
        )
        parsed = ParsedListing(
            listing=arguments,
            given={name: value for name, value in shared.items() if name in given},
            defaults={name: value for name, value in shared.items() if name not in given},
        )
        return [parsed, *_following(context)]

    typed = _annotations(subcommand)
    command.__name__ = subcommand.method
    command.__doc__ = described(subcommand.service, subcommand.command)
    command.__annotations__ = {"context": typer.Context, **{name: hint for name, (hint, _) in typed.items()}}
    vars(command)["__signature__"] = inspect.Signature(
        [
            inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
            *(
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default)
                for name, (hint, default) in typed.items()
            ),
        ]
    )
    return command


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _following(context: typer.Context) -> list[ParsedListing]:
    """Return the listings that follow the options of this one."""
    if not context.args or context.parent is None:
        return []
    # The way in which a group invokes its first command; typer and click differ in how they chain several.
    group: Any = context.parent.command
    name, command, rest = group.resolve_command(context.parent, context.args)
    with command.make_context(name, rest, parent=context.parent) as following:
        parsed: list[ParsedListing] = following.command.invoke(following)
    return parsed


def _annotations(subcommand: Subcommand) -> dict[str, tuple[Any, Any]]:
    """Return the type and the default of each option."""
    typed: dict[str, tuple[Any, Any]] = {}
    for each in subcommand.filters:
        typed[each.name] = (each.option, inspect.Parameter.empty if each.required else None)
    if subcommand.page_size is not None:
        least, most = subcommand.page_size
        option = typer.Option(
            metavar="NUMBER",
            min=least,
            max=most,
            help="Items per page; the service chooses by default.",
            rich_help_panel=FILTERS,
        )
        typed["page_size"] = (Annotated[int | None, option], None)
    own = {} if subcommand.is_nested else OWN
    return {**typed, **own, "catalogs": (_catalogs(subcommand), None), **SHARED}


def _catalogs(subcommand: Subcommand) -> Any:  # noqa: ANN401 - types as values have no type
    def check(names: list[str] | None) -> list[str] | None:
        for name in names or ():
            if not subcommand.catalog.fullmatch(name):
                raise typer.BadParameter(
                    f"{name!a} is not the name of a catalog: it must match {subcommand.catalog.pattern}"
                )
            if names is not None and names.count(name) > 1:
                raise typer.BadParameter(f"{name} is given twice: each catalog is collected once")
        return names

    option = typer.Option(
        "--catalog",
        metavar="NAME",
        help="Catalog to collect, such as AWS or Sandbox; can be repeated.",
        callback=check,
        autocompletion=one_of(subcommand.catalogs),
        show_default=False,
        rich_help_panel=SOURCES,
    )
    return Annotated[list[str] | None, option]
