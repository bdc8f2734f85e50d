"""The services that are generated, and facts about each that its model does not have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
"""The checkout or, in a wheel, the package that has the models."""
IS_CHECKOUT = (ROOT / "src").is_dir()
MODELS = ROOT / "service-model"
TEXTS = ROOT / "codegen" / "texts"
_CATALOGS = ("AWS", "Sandbox")


@attrs.frozen(kw_only=True)
class ServiceConfig:
    """One service to generate.

    Attributes:
        name: botocore's name of the service.
        api_version: the model's version.
        package: import name of the generated package.
        root: the folder that the package is imported from.
        region: the one region that serves the API, used where the caller names none; None where many do.
        endpoint_url: the URL of its endpoint there, as botocore's rules say; None to leave it to botocore.
        fan_out: name of the request member over which paginated operations fan out; None where there is none.
        has_marker: the package has its own `py.typed` (PEP 561); otherwise the package around it has one.
        texts: TOML file with the project's own descriptions; None where it has none.
        enums: the enums whose values a string is documented to have, by its shape: a value of the first enum, alone or
            followed by a colon and a value of the next, and so on.
        values: the documented values of a string that may have others as well, by its shape.
        whole: whether an unsupported operation or paginator is an error, rather than omitted.
    """

    name: str
    api_version: str
    package: str
    root: Path = ROOT / "src"
    region: str | None = None
    endpoint_url: str | None = None
    fan_out: str | None = None
    enums: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    values: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    has_marker: bool = True
    texts: Path | None = None
    whole: bool = True

    @property
    def output(self) -> Path:
        """The folder that holds the generated package."""
        return self.root.joinpath(*self.package.split("."))


def _partner_central(
    package: str,
    api_version: str,
    *,
    name: str | None = None,
    host: str | None = None,
    fan_out: str = "Catalog",
    **facts: Any,  # noqa: ANN401 - of `ServiceConfig`
) -> ServiceConfig:
    """Return the configuration of one of the services of Partner Central, all of which are in us-east-1."""
    return ServiceConfig(
        name=f"partnercentral-{name or package}",
        api_version=api_version,
        package=f"aiopartnercentral.{package}",
        region="us-east-1",
        endpoint_url=f"https://partnercentral-{host or f'{package}.us-east-1'}.api.aws",
        fan_out=fan_out,
        has_marker=False,
        texts=TEXTS / f"{package}.toml" if IS_CHECKOUT else None,
        **facts,
    )


SERVICES = (
    _partner_central(
        "account",
        "2025-04-04",
        enums={"ConnectionTypeFilter": ("ConnectionType", "ConnectionTypeStatus")},
        values={"Catalog": _CATALOGS},
    ),
    _partner_central("selling", "2022-07-26", values={"CatalogIdentifier": _CATALOGS}),
    _partner_central("benefits", "2018-05-10", values={"CatalogName": _CATALOGS}),
    _partner_central("channel", "2024-03-18", host="channel.global", fan_out="catalog", values={"Catalog": _CATALOGS}),
    _partner_central("marketing", "2026-05-31"),
    _partner_central("revenue", "2022-07-26", name="revenue-measurement", host="prm.global"),
)
