"""The pinned service models: in the package in a wheel, at the top of the repository in a checkout."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_IN_WHEEL = Path(__file__).parents[1] / "service-model"
_IN_CHECKOUT = Path(__file__).parents[3] / "service-model"


@cache
def root() -> Path:
    """Return the directory that botocore's loader searches: `<root>/<service>/<api version>/service-2.json`.

    Raises:
        FileNotFoundError: the installation is damaged: neither the wheel's nor the checkout's directory exists.
    """
    for candidate in (_IN_WHEEL, _IN_CHECKOUT):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"no service model in {_IN_WHEEL} or {_IN_CHECKOUT}: reinstall aiopartnercentral")


@cache
def load(service: str, api_version: str, kind: str = "service-2") -> dict[str, Any]:
    """Return one file of a service model as parsed JSON.

    Arguments:
        service: botocore's name of the service, such as `partnercentral-account`.
        api_version: the model's version, such as `2025-04-04`.
        kind: `service-2`, `paginators-1` or `endpoint-rule-set-1`.

    Raises:
        FileNotFoundError: this installation does not have the file.
    """
    model: dict[str, Any] = json.loads((root() / service / api_version / f"{kind}.json").read_bytes())
    return model
