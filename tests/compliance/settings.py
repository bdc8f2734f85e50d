"""What both clients are made with, and the surroundings of a run."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import urlsplit
from uuid import UUID

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession

from tests.compliance.server import Loopback

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.compliance.server import Server
    from tests.compliance.suites import Suite

TOKEN = "00000000-0000-4000-8000-000000000000"
"""The idempotency token that the files expect where none is given."""


def options(suite: Suite, server: Server) -> dict[str, Any]:
    """Return the arguments of both clients; the endpoint has the host that the suite names, and the server's port."""
    endpoint = urlsplit(suite.told.get("clientEndpoint", "http://localhost"))
    config = AioConfig(
        # botocore's own runner calls its serializers alone, without the validator before them.
        parameter_validation=False,
        retries={"mode": "standard", "total_max_attempts": 1},
        read_timeout=10,
        connector_args={"resolver": Loopback()},
    )
    return {
        "endpoint_url": f"http://{endpoint.hostname}:{server.port}{endpoint.path}",
        "region_name": "us-east-1",
        "aws_access_key_id": "AKIDEXAMPLE",
        "aws_secret_access_key": "not-a-secret",
        "config": config,
    }


def session(models: Path) -> AioSession:
    """Return a session that finds the models in a folder."""
    made = AioSession()
    made.get_component("data_loader").search_paths.insert(0, str(models))
    return made


@contextmanager
def surroundings() -> Iterator[None]:
    """Keep this machine's AWS configuration out, and make every idempotency token the one that the files expect."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    with (
        mock.patch.dict(os.environ, {**kept, **nowhere, "AWS_EC2_METADATA_DISABLED": "true"}, clear=True),
        mock.patch("botocore.handlers.uuid.uuid4", return_value=UUID(TOKEN)),
    ):
        yield
