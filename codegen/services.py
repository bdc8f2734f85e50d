"""Which services are generated, and the few facts about each that its model does not hold."""

from __future__ import annotations

from pathlib import Path

import attrs

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "service-model"


@attrs.frozen(kw_only=True)
class ServiceConfig:
    """One service to generate.

    Attributes:
        name: botocore's name of the service.
        api_version: the model's version.
        package: name of the generated package below `aiopartnercentral`.
        region: the one region that serves the API, used where the caller names none.
        fan_out: wire name of the request member over which paginated operations fan out.
    """

    name: str
    api_version: str
    package: str
    region: str
    fan_out: str

    @property
    def output(self) -> Path:
        """The folder that holds the generated package."""
        return ROOT / "src" / "aiopartnercentral" / self.package


SERVICES = (
    ServiceConfig(
        name="partnercentral-account",
        api_version="2025-04-04",
        package="account",
        region="us-east-1",
        fan_out="Catalog",
    ),
)
