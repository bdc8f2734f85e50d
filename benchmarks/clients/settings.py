"""The settings of all clients: endpoint, credentials and connection pool."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from aiobotocore.config import AioConfig

SERVICE = "partnercentral-account"
REGION = "us-east-1"
POOL_SIZE = 64
KEEPALIVE_SECONDS = 300
"""Longer than any client waits for its turn, so that none reconnects while it is timed."""
RETRY_MODE = "standard"


class Connection(TypedDict):
    """The connection arguments of botocore clients."""

    region_name: str
    endpoint_url: str
    aws_access_key_id: str
    aws_secret_access_key: str


def connection(url: str, key: str = "any") -> Connection:
    """Return the server's URL and dummy credentials."""
    return {"region_name": REGION, "endpoint_url": url, "aws_access_key_id": key, "aws_secret_access_key": "any"}


def clean_environment() -> dict[str, str]:
    """Return this process's environment without variables that configure only some of the clients."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy") and name != "REQUESTS_CA_BUNDLE"
    }
    nowhere = "no-such-aws-configuration"
    return {
        **kept,
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def aio_config() -> AioConfig:
    """Return the configuration of every aiobotocore client, including this library's."""
    from aiobotocore.config import AioConfig  # noqa: PLC0415 - other clients load none of it

    return AioConfig(
        max_pool_connections=POOL_SIZE,
        retries={"mode": RETRY_MODE},
        connector_args={"keepalive_timeout": KEEPALIVE_SECONDS},
    )
