"""The services that are generated, and facts about each that its model does not have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "service-model"
TEXTS = ROOT / "codegen" / "texts"


@attrs.frozen(kw_only=True)
class ServiceConfig:
    """One service to generate.

    Attributes:
        name: botocore's name of the service.
        api_version: the model's version.
        package: import name of the generated package.
        root: the folder that the package is imported from.
        region: the one region that serves the API, used where the caller names none; None where many do.
        endpoint_url: the URL of its endpoint there, by botocore's rules.
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


SERVICES = (
    ServiceConfig(
        name="partnercentral-account",
        api_version="2025-04-04",
        package="aiopartnercentral.account",
        region="us-east-1",
        endpoint_url="https://partnercentral-account.us-east-1.api.aws",
        fan_out="Catalog",
        enums={"ConnectionTypeFilter": ("ConnectionType", "ConnectionTypeStatus")},
        values={"Catalog": ("AWS", "Sandbox")},
        has_marker=False,
        texts=TEXTS / "account.toml",
    ),
)
