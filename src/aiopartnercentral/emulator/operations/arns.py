"""The catalog of an ARN, and the catalog of a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_CATALOG: Final = re.compile("arn:[^:]+:partnercentral:[^:]+:[0-9]{12}:catalog/([^/]+)/.+")
_NAMES: Final = ("Catalog", "catalog", "ResourceArn", "resourceArn")


def catalog_of(arn: str) -> str | None:
    """Return the name of the catalog in an ARN; None if there is none."""
    found = _CATALOG.fullmatch(arn)
    return found[1] if found else None


def catalog_named(request: Mapping[str, Any]) -> str | None:
    """Return the catalog that a request names, directly or in an ARN; None if it names none."""
    named = next((request[name] for name in _NAMES if name in request), None)
    catalog = catalog_of(named) if isinstance(named, str) and ":" in named else named
    return catalog if isinstance(catalog, str) else None


def identifier_of(text: str) -> str:
    """Return an identifier that a request gives as such or as an ARN."""
    return text.rpartition("/")[2]
