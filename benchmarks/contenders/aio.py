"""The configuration of every client that aiobotocore makes, ours among them."""

from __future__ import annotations

from aiobotocore.config import AioConfig

from benchmarks.contenders.settings import KEEPALIVE_SECONDS, POOL_SIZE, RETRY_MODE


def aio_config() -> AioConfig:
    """Return the configuration."""
    return AioConfig(
        max_pool_connections=POOL_SIZE,
        retries={"mode": RETRY_MODE},
        connector_args={"keepalive_timeout": KEEPALIVE_SECONDS},
    )
