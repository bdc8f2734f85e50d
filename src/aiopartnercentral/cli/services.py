"""The services that the command knows, and the listings of each, quick to import."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral.types import Service

__all__ = ["SERVICES", "facts", "load", "service_of", "summaries"]

SERVICES: Final = ("account", "selling", "benefits", "channel", "marketing", "revenue")
"""The names of the generated packages, in the order in which help lists them."""


@cache
def summaries() -> Mapping[str, Mapping[str, str]]:
    """Return a sentence about each listing, by service and by the listing's name in the command."""
    found: dict[str, Mapping[str, str]] = {}
    for service in SERVICES:
        listings: Mapping[str, str] = load(service, "summaries").LISTINGS
        found[service] = {method.replace("_", "-"): text for method, text in listings.items()}
    return found


def service_of(command: str) -> str | None:
    """Return the service that has a listing, or None if there is none."""
    return next((service for service, listings in summaries().items() if command in listings), None)


def load(service: str, module: str | None = None) -> Any:  # noqa: ANN401 - a generated module
    """Return a service's generated package, or a module of it."""
    return import_module(".".join(filter(None, ["aiopartnercentral", service, module])))


def facts(service: str) -> Service:
    """Return what the runtime knows about a service."""
    found: Service = load(service, "operations").SERVICE
    return found
