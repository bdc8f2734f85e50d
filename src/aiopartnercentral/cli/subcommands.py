"""A command for each paginated operation, derived from the generated client: a further one gets its command by itself.

Behind the options of one the next may follow, with filters of its own. Each command gives its `Part`, and those of the
commands behind it.

Importing this loads the generated package, so `app` does it only when `collect` is asked for.
"""

from __future__ import annotations

import inspect
import re
import types
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import attrs
import typer

from aiopartnercentral._client import CollectionOptions
from aiopartnercentral._utils import model_data
from aiopartnercentral.account import operations
from aiopartnercentral.account.client import Paginate
from aiopartnercentral.cli.api import squashed
from aiopartnercentral.cli.config import Asked, Part
from aiopartnercentral.cli.options import OWN, SHARED, check_text
from aiopartnercentral.types import OpenEnum, Pagination

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Listing", "commands", "listings"]

# How the collection is done, not what is asked of the service: these options are the same for every listing.
_OF_THE_COLLECTION: Final = frozenset({*CollectionOptions.__annotations__, "on_malformed", "page_size"})
_SUMMARIES: Final[Mapping[str, str]] = {
    "list_connections": "Collect the connections with other partners.",
    "list_connection_invitations": "Collect the invitations to connect, sent and received.",
    "list_partners": "Collect the account's partner profiles.",
}
_FILTERS: Final[Mapping[str, str]] = {
    "connection_type": "Only connections of this type.",
    "other_participant_identifiers": "Only those with this partner, by account or profile id; can be repeated.",
    "participant_type": "Only invitations in which the account has this role.",
    "status": "Only those in this state.",
}


@attrs.frozen(kw_only=True)
class Listing:
    """A paginated operation as a command.

    Attributes:
        method: name of the method of `client.paginate`.
        pagination: the operation and how its answers go on.
        filters: for each option that goes to the service the type that it is typed as.
        page_size: smallest and largest page; None where the operation has no page size.
        catalog: what a catalog's name must look like.
    """

    method: str
    pagination: Pagination[Any, Any, Any]
    filters: Mapping[str, Any]
    page_size: tuple[int | None, int | None] | None
    catalog: re.Pattern[str]

    @property
    def command(self) -> str:
        """What is typed for it."""
        return self.method.replace("_", "-")


def listings() -> list[Listing]:
    """Return all paginated operations, in the order of their names.

    Raises:
        TypeError: a filter is of a type that has no option; the command must learn it.
    """
    paginations = {
        squashed(value.operation.name): value for value in vars(operations).values() if isinstance(value, Pagination)
    }
    methods = sorted(name for name in vars(Paginate) if not name.startswith("_"))
    return [_listing(name, paginations[squashed(name)]) for name in methods]


def commands() -> dict[str, Callable[..., list[Part]]]:
    """Return for each command the function that typer is to call, its options in the signature."""
    return {listing.command: _function(listing) for listing in listings()}


def _listing(method: str, pagination: Pagination[Any, Any, Any]) -> Listing:
    given = inspect.signature(getattr(Paginate, method)).parameters
    hints = get_type_hints(pagination.operation.input)
    names = [name for name in given if name != "self" and name not in _OF_THE_COLLECTION]
    service = operations.SERVICE
    model = model_data.load(service.name, service.api_version)
    pages = model_data.load(service.name, service.api_version, "paginators-1")["pagination"]
    members = model["shapes"][model["operations"][pagination.operation.name]["input"]["shape"]]["members"]
    page_size = None
    if "page_size" in given:
        shape = model["shapes"][members[pages[pagination.operation.name]["limit_key"]]["shape"]]
        page_size = (shape.get("min"), shape.get("max"))
    return Listing(
        method=method,
        pagination=pagination,
        filters={name: _option_type(hints[name], f"{method}({name})", given[name].default) for name in names},
        page_size=page_size,
        catalog=re.compile(model["shapes"][members["Catalog"]["shape"]].get("pattern", ".+")),
    )


def _option_type(hint: Any, where: str, default: object) -> Any:  # noqa: ANN401 - types as values have no type
    """Return what typer is to make of the option: text, a number, a switch or a list of these; optional if it was."""
    inner = [arg for arg in get_args(hint) if arg is not type(None)] if _is_union(hint) else [hint]
    bare = inner[0] if len(inner) == 1 else None
    many = get_origin(bare) is list
    element = get_args(bare)[0] if many else bare
    if not (isinstance(element, type) and issubclass(element, str | int)):
        raise TypeError(f"{where} is of a type that the command has no option for: {hint}")
    choices = f" Known are {', '.join(element)}." if issubclass(element, OpenEnum) else ""
    kind: Any = str if issubclass(element, str) else element
    name = where[where.index("(") + 1 : -1]
    option = typer.Option(
        f"--{(name.removesuffix('s') if many else name).replace('_', '-')}",
        help=_FILTERS.get(name, f"Sent as the member {name.replace('_', ' ')} of the request.") + choices,
        metavar=_metavar(name, element),
        callback=check_text if kind is str else None,
        show_default=False,
    )
    typed = list[kind] if many else kind
    return Annotated[typed if default is inspect.Parameter.empty else typed | None, option]


def _metavar(name: str, element: type) -> str | None:
    """Return what stands for the option's value in the help; None for a switch, which has none."""
    if issubclass(element, str):
        return "ID" if name.endswith(("identifier", "identifiers")) else "NAME"
    return None if element is bool else "NUMBER"


def _is_union(hint: object) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def _function(listing: Listing) -> Callable[..., list[Part]]:
    def command(context: typer.Context, **options: Any) -> list[Part]:  # noqa: ANN401 - the types are in the signature
        shared = {name: options.pop(name) for name in ("catalogs", *SHARED)}
        given = {name for name in shared if _is_given(context, name)}
        asked = Asked(
            method=listing.method,
            command=listing.command,
            arguments={name: value for name, value in options.items() if value not in (None, [])},
        )
        part = Part(
            asked=asked,
            given={name: value for name, value in shared.items() if name in given},
            defaults={name: value for name, value in shared.items() if name not in given},
        )
        return [part, *_following(context)]

    typed = _annotations(listing)
    command.__name__ = listing.method
    command.__doc__ = _SUMMARIES.get(listing.method, f"Collect the items of {listing.pagination.operation.name}.")
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


def _following(context: typer.Context) -> list[Part]:
    """Return the parts of the listings that stand behind this one's options."""
    if not context.args or context.parent is None:
        return []
    # As a group calls the first of its commands; typer and click do not agree on how it would call several.
    group: Any = context.parent.command
    name, command, rest = group.resolve_command(context.parent, context.args)
    with command.make_context(name, rest, parent=context.parent) as following:
        parts: list[Part] = following.command.invoke(following)
    return parts


def _annotations(listing: Listing) -> dict[str, tuple[Any, Any]]:
    """Return the type and the default of each option."""
    typed: dict[str, tuple[Any, Any]] = {}
    for name, hint in listing.filters.items():
        optional = type(None) in get_args(get_args(hint)[0])
        typed[name] = (hint, None if optional else inspect.Parameter.empty)
    if listing.page_size is not None:
        least, most = listing.page_size
        option = typer.Option(
            metavar="NUMBER", min=least, max=most, help="Items of a page; the service's choice by default."
        )
        typed["page_size"] = (Annotated[int | None, option], None)
    return {**typed, **OWN, "catalogs": (_catalogs(listing.catalog), None), **SHARED}


def _catalogs(pattern: re.Pattern[str]) -> Any:  # noqa: ANN401 - types as values have no type
    def check(names: list[str] | None) -> list[str] | None:
        for name in names or ():
            if not pattern.fullmatch(name):
                raise typer.BadParameter(f"{name!a} is no catalog's name: it must match {pattern.pattern}")
            if names is not None and names.count(name) > 1:
                raise typer.BadParameter(f"{name} is named twice; each catalog is collected once")
        return names

    help_text = "A catalog to collect, such as AWS or Sandbox; repeat it for several at once."
    return Annotated[
        list[str] | None, typer.Option("--catalog", metavar="NAME", help=help_text, callback=check, show_default=False)
    ]
