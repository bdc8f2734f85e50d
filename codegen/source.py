"""The JSON of a service model, read from a botocore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from . import botocore_data, ir
from .botocore_data import READ_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .botocore_data import Botocore
    from .services import ServiceConfig


@attrs.frozen(kw_only=True)
class Source:
    """The JSON of one service's model, as `ir` reads it, and the project's own descriptions."""

    config: ServiceConfig
    service: Mapping[str, Any]
    paginators: Mapping[str, Any]
    texts: ir.Texts = attrs.field(factory=ir.Texts)


def of(botocore: Botocore, config: ServiceConfig) -> Source:
    """Read the model of a service in a botocore, without prose.

    Raises:
        SourceError: botocore does not have this service or version, or a file of it is not a JSON object.
    """
    found = {kind: botocore.parsed(config, kind, botocore.original(config, kind)) for kind in READ_KINDS}
    # Some files describe operations that the model no longer has.
    operations = found["service-2"].get("operations", {})
    paginators = {k: v for k, v in found["paginators-1"].get("pagination", {}).items() if k in operations}
    return Source(config=config, service=found["service-2"], paginators=paginators)


def of_installed(config: ServiceConfig) -> Source:
    """Read the model of a service in the installed botocore; see `of`."""
    return of(botocore_data.installed(), config)
