"""The model of a service in the installed botocore, with AWS's texts, which the project does not repeat."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files
from typing import Any

import pytest


def botocore_model(service: str, api_version: str) -> dict[str, Any]:
    """Return the model, or skip the test if the installed botocore does not have the service."""
    folder = files("botocore") / "data" / service / api_version
    packed, unpacked = folder / "service-2.json.gz", folder / "service-2.json"
    if packed.is_file():
        return json.loads(gzip.decompress(packed.read_bytes()))
    if unpacked.is_file():
        return json.loads(unpacked.read_bytes())
    pytest.skip("the installed botocore does not have the service")
