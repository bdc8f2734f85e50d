"""The synthetic models: tiny services, one for each feature, and the packages generated from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codegen.services import ServiceConfig
from codegen.source import Source

HERE = Path(__file__).parents[1] / "codegen"
MODELS = HERE / "models"
GOLDEN = HERE / "golden"
# Features of which something is left out, as it is of services that are not the project's own.
PARTIAL = frozenset({"streams"})
FEATURES = tuple(sorted(path.name for path in MODELS.iterdir() if path.is_dir()))


def config(feature: str, root: Path = GOLDEN) -> ServiceConfig:
    """Return the configuration that generates the feature's golden package."""
    return ServiceConfig(
        name=f"golden-{feature}",
        api_version="2025-01-01",
        package=f"golden_{feature}",
        root=root,
        region="us-east-1",
        fan_out="Catalog",
        whole=feature not in PARTIAL,
    )


def model(feature: str) -> dict[str, Any]:
    """Return a new copy of the feature's service model."""
    return json.loads((MODELS / feature / "service-2.json").read_bytes())


def paginators(feature: str) -> dict[str, Any]:
    """Return a new copy of the feature's paginators; most have none."""
    path = MODELS / feature / "paginators-1.json"
    return json.loads(path.read_bytes())["pagination"] if path.exists() else {}


def source(feature: str) -> Source:
    """Return what the generator reads of the feature."""
    return Source(config=config(feature), service=model(feature), paginators=paginators(feature))
