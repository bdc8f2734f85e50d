"""Values of options that are taken from each item of another listing: `--identifier each:list-engagements.id`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral._utils.text import listed, one_line
from aiopartnercentral.cli.options import switch_of
from aiopartnercentral.cli.runner import UsageError
from aiopartnercentral.cli.services import details, load, pagination_of, summaries
from aiopartnercentral.types.attribute_paths import is_text, item_class, resolved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiopartnercentral.cli.config import ListingArguments
    from aiopartnercentral.types import Listing

__all__ = ["described", "example_of", "example_options", "listing_of", "nested_text"]

_PREFIX: Final = "each:"
_VERB: Final = re.compile(r"(?:get|list|search)-")
_KEYS: Final = ("id", "identifier", "arn")  # attributes that name an item, the best first


def listing_of(arguments: ListingArguments, every: Sequence[ListingArguments]) -> Listing[Any, Any]:
    """Return a listing of a run, below each item of another one if its options say so.

    Arguments:
        arguments: the listing as it was typed.
        every: all listings of the run; the filters of the other listing are those that it has here.

    Raises:
        UsageError: the options say so wrongly.
    """
    taken = {name: value for name, value in arguments.arguments.items() if _is_taken(value)}
    filters = {name: value for name, value in arguments.arguments.items() if name not in taken}
    is_detail = arguments.command in details()[arguments.service]
    function: Any = getattr(
        load(arguments.service).Client if is_detail else load(arguments.service, "listings"), arguments.method
    )
    if not taken:
        if is_detail:
            form = _form(arguments.service, arguments.command)
            raise UsageError(f"{arguments.command} is collected for each item of a listing: give an option {form}")
        listing: Listing[Any, Any] = function(**filters)
        return listing
    members, parents = {}, {}
    for name, value in taken.items():
        option = f"{switch_of(name)} of {arguments.command}"
        if not isinstance(value, str):
            raise UsageError(f"{option} is a list, and {_PREFIX} gives one value of each item")
        command, dot, attribute = value.removeprefix(_PREFIX).partition(".")
        if not (command and dot and attribute):
            form = _form(arguments.service, arguments.command, name)
            raise UsageError(f"{option} must be {form}, not {one_line(value)}")
        members[name], parents[command] = attribute.replace("-", "_"), option
    if len(parents) > 1:
        raise UsageError(
            f"{' and '.join(parents.values())} name different listings: {' and '.join(map(one_line, parents))}"
        )
    ((command, option),) = parents.items()
    parent = _parent(arguments.service, command, option, every)
    try:
        return parent.each(function, members, **filters)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{option}: {one_line(str(error))}") from None


def _form(service: str, command: str, name: str | None = None) -> str:
    """Return how a value is written, with the example of an option of a subcommand, or of all that it needs."""
    parent, members = example_of(service, command) or ("", {})
    values = [
        (f"{switch_of(each)} " if name is None else "") + f"{_PREFIX}{parent}.{key}"
        for each, key in members.items()
        if name in (None, each)
    ]
    return f"{_PREFIX}LISTING.ATTRIBUTE{', such as ' if values else ''}{' '.join(values)}"


def _is_taken(value: object) -> bool:
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(text, str) and text.startswith(_PREFIX) for text in texts)


def _parent(service: str, command: str, option: str, every: Sequence[ListingArguments]) -> Listing[Any, Any]:
    if command not in summaries()[service]:
        known = listed(summaries()[service])
        raise UsageError(f"{option}: {one_line(command)} is not a listing of {service}; its listings are {known}")
    own = next((one for one in every if one.command == command), None)
    if own is not None and any(map(_is_taken, own.arguments.values())):
        raise UsageError(f"{option}: {command} is itself below each item of another listing")
    filters = {} if own is None else own.arguments
    method = command.replace("-", "_")
    try:
        listing: Listing[Any, Any] = getattr(load(service, "listings"), method)(**filters)
    except TypeError as error:
        raise UsageError(f"{option}: {one_line(str(error))}: collect {command} as well, with its filters") from None
    return listing


def example_of(service: str, command: str) -> tuple[str, dict[str, str]] | None:
    """Return a listing below each item of which a subcommand is likely to be collected, or None.

    It gives all required texts: by attributes with their names, or the only one by the attribute that names its items.

    Returns:
        The listing in the command, and the attribute for each option.
    """
    request, catalog = _request(service, command)
    wanted = [name for name, hint in _required(request, catalog).items() if hint is str]
    found = [
        (parent.startswith("list-"), len(parent), parent, members)
        for parent in summaries()[service]
        if parent != command and wanted and (members := _members(service, command, parent, wanted))
    ]
    return max(found)[2:] if found else None


def _members(service: str, command: str, parent: str, wanted: Sequence[str]) -> dict[str, str]:
    """Return the attributes that a parent's items have for the wanted options; none if it is not a likely parent."""
    nouns = _VERB.sub("", parent)
    stem = nouns.removesuffix("s").removesuffix("ie").replace("-", "_")
    noun = _VERB.sub("", command).replace("-", "_")
    if not noun.startswith(stem) or _required(*_request(service, parent)):
        return {}
    cls = item_class(pagination_of(service, parent))
    names = [field.name for field in attrs.fields(cls) if is_text(resolved(cls, field.name)[0])]
    if all(name in names for name in wanted):
        return {name: name for name in wanted}
    (name, *others) = wanted
    # The identifier of what is read is that of the item itself; the one of a listing is that of its parent.
    is_own = noun in (stem, f"{stem}y") or command in summaries()[service]
    key = next((each for each in (*_KEYS, *names) if each in names and each.endswith(_KEYS)), None)
    if others or key is None or not (stem in name or (is_own and name == "identifier")):
        return {}
    return {name: key}


def _request(service: str, command: str) -> tuple[type, str | None]:
    pagination = pagination_of(service, command)
    return pagination.operation.input, pagination.catalog


def _required(request: type, catalog: str | None) -> dict[str, Any]:
    """Return the type of each required member of a request, without the catalog."""
    names = [field.name for field in attrs.fields(request) if field.default is attrs.NOTHING]
    return {name: resolved(request, name)[0] for name in names if name != catalog}


def example_options(service: str, command: str) -> list[str]:
    """Return the options of the example as parts of a command line; none without an example."""
    parent, members = example_of(service, command) or ("", {})
    return [part for name, key in members.items() for part in (switch_of(name), f"{_PREFIX}{parent}.{key}")]


def described(service: str, command: str) -> str:
    """Return what a subcommand does, and whether it is only collected for each item of a listing."""
    if command in summaries()[service]:
        return summaries()[service][command]
    return f"{details()[service][command]} Collected for each item of a listing: give a value each:LISTING.ATTRIBUTE."


def nested_text(service: str, method: str) -> str | None:
    """Return how an operation is collected for each item of another one; None for an operation that is not."""
    command = method.replace("_", "-")
    if command not in summaries()[service] and command not in details()[service]:
        return None
    example = example_of(service, command)
    if example is None:
        return None
    parent, members = example
    child = f"{service}.{'Client' if command in details()[service] else 'listings'}.{method}"
    return (
        f"For each item of {parent}:\n"
        f"    aiopartnercentral collect {command} {' '.join(example_options(service, command))}\n"
        f"    {service}.listings.{parent.replace('-', '_')}().each({child}, {members!r})"
    )
