"""The services that the command knows, and the listings of each, quick to import."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiopartnercentral.types import Pagination, Service

__all__ = [
    "SERVICES",
    "details",
    "facts",
    "listed_services",
    "listing_names",
    "load",
    "pagination_of",
    "service_of",
    "summaries",
]

SERVICES: Final = ("account", "selling", "benefits", "channel", "marketing", "revenue")
"""The names of the generated packages, in the order in which help lists them."""


@cache
def summaries() -> Mapping[str, Mapping[str, str]]:
    """Return a sentence about each listing, by service and by the listing's name in the command."""
    return _summaries("LISTINGS")


@cache
def details() -> Mapping[str, Mapping[str, str]]:
    """Return the same about each operation whose responses are collected for each item of a listing."""
    return _summaries("DETAILS")


def _summaries(table: str) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for service in SERVICES:
        texts: Mapping[str, str] = getattr(load(service, "summaries"), table)
        found[service] = {method.replace("_", "-"): text for method, text in texts.items()}
    return found


def listing_names(incomplete: str) -> list[str]:
    """Return the listings of catalogs that begin like this."""
    return [name for known in summaries().values() for name in known if name.startswith(incomplete)]


def service_of(command: str) -> str | None:
    """Return the service that has a listing or the details of one, or None if there is none."""
    return next((one for one in SERVICES if command in summaries()[one] or command in details()[one]), None)


def pagination_of(service: str, command: str) -> Pagination[Any, Any, Any]:
    """Return the operation of a subcommand."""
    method = command.replace("-", "_")
    if command in details()[service]:
        from aiopartnercentral.types.listings import response_as_item  # noqa: PLC0415 - loads attrs

        return response_as_item(facts(service).package, method)
    return next(one for one in facts(service).paginations if one.method == method)


def listed_services(name: str | None) -> Sequence[str]:
    """Return the services whose operations and types `describe` lists: all without a name, or the one with this name.

    The name is in lower case: `account` is a service, and `Account` a type.
    """
    if name is None:
        return SERVICES
    service = name.strip().removeprefix("aiopartnercentral.")
    return [service] if service in SERVICES else []


def load(service: str, module: str | None = None) -> Any:  # noqa: ANN401 - a generated module
    """Return a service's generated package, or a module of it."""
    return import_module(".".join(filter(None, ["aiopartnercentral", service, module])))


def facts(service: str) -> Service:
    """Return what the runtime knows about a service."""
    found: Service = load(service, "operations").SERVICE
    return found
