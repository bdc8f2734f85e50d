"""The subcommands of `collect`: one for each paginated operation, derived from the generated client.

Another listing, with its own filters, may follow the options of a listing. Each subcommand returns its `ParsedListing`
and those of the listings after it.

This module imports the generated package, so `app` imports it only for `collect`.
"""

from __future__ import annotations

import inspect
import re
import types
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, get_args, get_origin

import attrs
import typer

from aiopartnercentral._serialization.members import attribute_types
from aiopartnercentral._utils import model_data
from aiopartnercentral.account import operations
from aiopartnercentral.cli.config import ListingArguments, ParsedListing
from aiopartnercentral.cli.options import FILTERS, OWN, SHARED, SOURCES, check_text
from aiopartnercentral.cli.terminal import squashed
from aiopartnercentral.types import OpenEnum

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.types import Pagination

__all__ = ["Subcommand", "commands", "examples", "subcommands"]

_SUMMARIES: Final[Mapping[str, str]] = {
    "list_connections": "Collect connections with other participants.",
    "list_connection_invitations": "Collect connection invitations, sent and received.",
    "list_partners": "Collect the partners of the account.",
}
_FILTERS: Final[Mapping[str, str]] = {
    "connection_type": "Filter by connection type.",
    "list_connections(connection_type)": "Filter by connection type, such as SUBSIDIARY, or by type and status, such "
    "as SUBSIDIARY:ACTIVE.",
    "other_participant_identifiers": "Filter by the account or profile id of the other participant; can be repeated.",
    "participant_type": "Filter by the role of this account in the invitation.",
    "status": "Filter by status.",
}
_EXAMPLES: Final[Mapping[str, str]] = {
    "list_connections": "--connection-type SUBSIDIARY",
    "list_connection_invitations": "--status PENDING",
    "list_partners": "--output partners.csv",
}


@attrs.frozen(kw_only=True)
class Subcommand:
    """A paginated operation as a command.

    Attributes:
        method: name of the function of `account.listings`.
        filters: the type of each option that is sent to the service.
        page_size: minimum and maximum page size; None if the operation has no page size.
        catalog: pattern of a catalog's name.
    """

    method: str
    filters: Mapping[str, Any]
    page_size: tuple[int | None, int | None] | None
    catalog: re.Pattern[str]

    @property
    def command(self) -> str:
        """The name of the subcommand."""
        return self.method.replace("_", "-")


def subcommands() -> list[Subcommand]:
    """Return the subcommands of all paginated operations, in the order of their names.

    Raises:
        TypeError: the type of a filter has no option.
    """
    return [_subcommand(one) for one in sorted(operations.SERVICE.paginations, key=lambda one: one.method)]


def commands() -> dict[str, Callable[..., list[ParsedListing]]]:
    """Return typer's function for each subcommand; its signature has the options."""
    return {one.command: _function(one) for one in subcommands()}


def examples(method: str) -> str:
    """Return example commands for a listing, one per line."""
    command = f"aiopartnercentral collect {method.replace('_', '-')}"
    return (
        f"{command} --catalog AWS {_EXAMPLES.get(method, '')}".rstrip()
        + f"\n{command} --catalog AWS --format csv --columns source_label,id --output ids.csv"
        + f"\n{command} --sources partners.toml --output '{{label}}.ndjson' --checkpoint run.json"
    )


def _subcommand(pagination: Pagination[Any, Any, Any]) -> Subcommand:
    request, method = pagination.operation.input, pagination.method
    model = model_data.load(operations.SERVICE.name, operations.SERVICE.api_version)
    members = model["shapes"][model["operations"][pagination.operation.name]["input"]["shape"]]["members"]
    shapes = {squashed(name): model["shapes"][member["shape"]] for name, member in members.items()}
    hints = attribute_types(request)
    names = {attribute: name for name, attribute in pagination.attributes.items()}
    filters = {}
    for field in attrs.fields(request):
        name = names.get(field.name, field.name)
        if field.name not in (pagination.catalog, pagination.token) and name != "page_size":
            filters[name] = _option_type(hints[field.name], f"{method}({name})", field.default)
    size = shapes[squashed(pagination.attributes["page_size"])] if "page_size" in pagination.attributes else None
    return Subcommand(
        method=method,
        filters=filters,
        page_size=None if size is None else (size.get("min"), size.get("max")),
        catalog=re.compile(shapes["catalog"].get("pattern", ".+")),
    )


def _option_type(hint: Any, where: str, default: object) -> Any:  # noqa: ANN401 - types as values have no type
    """Return the type of the option for typer: text, a number, a flag or a list of these."""
    inner = [arg for arg in get_args(hint) if arg is not type(None)] if _is_union(hint) else [hint]
    bare = inner[0] if len(inner) == 1 else None
    many = get_origin(bare) is list
    element = get_args(bare)[0] if many else bare
    if not (isinstance(element, type) and issubclass(element, str | int)):
        raise TypeError(f"the command has no option for the type of {where}: {hint}")
    choices = f" Known values: {', '.join(element)}." if issubclass(element, OpenEnum) else ""
    kind: Any = str if issubclass(element, str) else element
    name = where[where.index("(") + 1 : -1]
    text = _FILTERS.get(where) or _FILTERS.get(name) or f"Value of {name.replace('_', ' ')} in the request."
    option = typer.Option(
        f"--{(name.removesuffix('s') if many else name).replace('_', '-')}",
        help=text + choices,
        metavar=_metavar(name, element),
        callback=check_text if kind is str else None,
        show_default=False,
        rich_help_panel=FILTERS,
    )
    typed = list[kind] if many else kind
    return Annotated[typed if default is attrs.NOTHING else typed | None, option]


def _metavar(name: str, element: type) -> str | None:
    """Return the placeholder of the option's value in the help; None for a flag."""
    if issubclass(element, str):
        return "ID" if name.endswith(("identifier", "identifiers")) else "NAME"
    return None if element is bool else "NUMBER"


def _is_union(hint: object) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def _function(subcommand: Subcommand) -> Callable[..., list[ParsedListing]]:
    def command(context: typer.Context, **options: Any) -> list[ParsedListing]:  # noqa: ANN401 - the types are in the signature
        shared = {name: options.pop(name) for name in ("catalogs", *SHARED)}
        given = {name for name in shared if _is_given(context, name)}
        arguments = ListingArguments(
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
    command.__doc__ = _SUMMARIES.get(subcommand.method, f"Collect the items of {subcommand.method}.")
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
    for name, hint in subcommand.filters.items():
        optional = type(None) in get_args(get_args(hint)[0])
        typed[name] = (hint, None if optional else inspect.Parameter.empty)
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
    return {**typed, **OWN, "catalogs": (_catalogs(subcommand.catalog), None), **SHARED}


def _catalogs(pattern: re.Pattern[str]) -> Any:  # noqa: ANN401 - types as values have no type
    def check(names: list[str] | None) -> list[str] | None:
        for name in names or ():
            if not pattern.fullmatch(name):
                raise typer.BadParameter(f"{name!a} is not the name of a catalog: it must match {pattern.pattern}")
            if names is not None and names.count(name) > 1:
                raise typer.BadParameter(f"{name} is given twice: each catalog is collected once")
        return names

    option = typer.Option(
        "--catalog",
        metavar="NAME",
        help="Catalog to collect, such as AWS or Sandbox; can be repeated.",
        callback=check,
        show_default=False,
        rich_help_panel=SOURCES,
    )
    return Annotated[list[str] | None, option]
