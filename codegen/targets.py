"""Which packages a command is about: the project's own, one service of the installed botocore, or all of them."""

from __future__ import annotations

import keyword
from difflib import get_close_matches
from typing import TYPE_CHECKING

from codegen import names, source
from codegen.errors import UsageError
from codegen.services import ServiceConfig

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from codegen import ir


def one(
    service: str,
    output: Path,
    *,
    api_version: str | None = None,
    package: str | None = None,
    fan_out: str | None = None,
) -> ServiceConfig:
    """Return what is to be generated for one service of the installed botocore, by default from its newest model.

    Raises:
        UsageError: there is no such service or version, or the package's name is none that Python can import.
    """
    services = source.installed_versions()
    if service not in services:
        raise UsageError(f"the installed botocore has no service {service!r}{_hint(service, services)}")
    versions = services[service]
    if api_version is not None and api_version not in versions:
        raise UsageError(f"the installed botocore has no version {api_version} of {service}, but {', '.join(versions)}")
    package = names.package(service) if package is None else package
    for part in package.split("."):
        if not part.isidentifier() or keyword.iskeyword(part):
            raise UsageError(f"{package!r} is no name of a package that Python can import")
    return ServiceConfig(
        name=service,
        api_version=api_version or versions[-1],
        package=package,
        root=output,
        fan_out=fan_out,
        whole=False,
    )


def check_fan_out(service: ir.Service) -> None:
    """Raise unless some paginated operation fans out over the member that the configuration names, if it names one.

    Raises:
        UsageError: naming the member and those that it may have been meant to be.
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


def every(output: Path) -> list[ServiceConfig]:
    """Return what is to be generated for every model of the installed botocore; older ones have it in their name."""
    return [
        ServiceConfig(
            name=service,
            api_version=version,
            package=names.package(service if version == versions[-1] else f"{service} {version}"),
            root=output,
            whole=False,
        )
        for service, versions in source.installed_versions().items()
        for version in versions
    ]
