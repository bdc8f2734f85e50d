"""The source of a package: a botocore, one service of it, and the JSON of its model."""

from __future__ import annotations

import keyword
import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from . import botocore_data, ir, names
from .botocore_data import READ_KINDS
from .errors import UsageError
from .services import ServiceConfig

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Mapping

    from .botocore_data import Botocore

_HOST_LABEL = re.compile(r"(?![0-9]+$)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
"""What botocore takes for the name of a region, which becomes a part of the endpoint's host."""


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


def add_from(command: ArgumentParser) -> None:
    """Add the option that selects a botocore."""
    command.add_argument(
        "--from",
        dest="botocore",
        type=Path,
        metavar="PATH",
        help="wheel, zip file or directory of a botocore; default: the installed one",
    )


def botocore_of(given: Namespace) -> Botocore:
    """Return the botocore that the option selects."""
    return botocore_data.installed() if given.botocore is None else botocore_data.unpacked(given.botocore)


def one(
    botocore: Botocore,
    service: str,
    output: Path,
    *,
    api_version: str | None = None,
    package: str | None = None,
    fan_out: str | None = None,
    region: str | None = None,
) -> ServiceConfig:
    """Return the configuration for one service of a botocore, by default with its newest model.

    Raises:
        UsageError: there is no such service or version, Python cannot import a package of that name, or the name of the
            region is not one that botocore takes.
    """
    services = botocore.versions()
    if service not in services:
        raise UsageError(f"{botocore.name} has no service {service!r}{_hint(service, services)}")
    versions = services[service]
    if api_version is not None and api_version not in versions:
        raise UsageError(f"{botocore.name} has no version {api_version} of {service}, only {', '.join(versions)}")
    package = names.package(service) if package is None else package
    for part in package.split("."):
        if not part.isidentifier() or keyword.iskeyword(part):
            raise UsageError(f"{package!r} is not a package name that Python can import")
    if region is not None and not _HOST_LABEL.fullmatch(region):
        raise UsageError(f"{region!r} is not a region: check its name")
    return ServiceConfig(
        name=service,
        api_version=api_version or versions[-1],
        package=package,
        root=output,
        fan_out=fan_out,
        region=region,
        whole=False,
    )


def check_fan_out(service: ir.Service) -> None:
    """Check that some paginated operation fans out over the member that the configuration names, if it names one.

    Raises:
        UsageError: none does; the message suggests members of similar names.
    """
    wanted, name = service.config.fan_out, service.config.name
    paginated = [operation for operation in service.operations if operation.pagination is not None]
    if wanted is None or any(o.pagination is not None and o.pagination.fan_out == wanted for o in paginated):
        return
    members = {member.name for operation in paginated for member in service.structure(operation.input).members}
    raise UsageError(f"no paginated operation of {name} fans out over a string {wanted!r}{_hint(wanted, members)}")


def _hint(given: str, known: Iterable[str]) -> str:
    near = get_close_matches(given, sorted(known), 3)
    return f"; did you mean {' or '.join(near)}?" if near else ""
