"""Which packages a command is about: the project's own, one service of the installed botocore, or all of them."""

from __future__ import annotations

import keyword
from difflib import get_close_matches
from typing import TYPE_CHECKING

from codegen import names, source
from codegen.errors import UsageError
from codegen.services import ServiceConfig

if TYPE_CHECKING:
    from pathlib import Path


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
        near = get_close_matches(service, services, 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(f"the installed botocore has no service {service!r}{hint}")
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
