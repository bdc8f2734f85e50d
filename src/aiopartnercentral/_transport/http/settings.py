"""The settings of HTTP clients. Nothing here loads botocore."""

from __future__ import annotations

import os
from importlib import import_module

import attrs

__all__ = ["HttpSettings", "default_ca_bundle"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HttpSettings:
    """Settings of an HTTP client.

    Attributes:
        connect_timeout: maximum seconds to connect, including TLS; None for no limit.
        read_timeout: maximum seconds without any part of a response; None for no limit. It also limits connecting.
        max_connections: maximum requests at once; further ones wait.
        keepalive: seconds that an idle connection is kept.
        dns_ttl: seconds that a resolved name is used; ry decides itself.
        verify: whether to verify TLS certificates with the CA bundle that botocore uses, or the path of another one.
        max_response_bytes: maximum bytes of a response's body; None for no limit.
        proxy: URL of an HTTP proxy; None for none, whatever the environment says.
    """

    connect_timeout: float | None = 60.0
    read_timeout: float | None = 60.0
    max_connections: int = 100
    keepalive: float = 12.0
    dns_ttl: float = 10.0
    verify: bool | str = True
    max_response_bytes: int | None = None
    proxy: str | None = None  # it may have a password, so there is no repr


def default_ca_bundle() -> str:
    """Return the path of the CA bundle that botocore trusts by default: that of certifi, or else its own."""
    try:
        where = import_module("certifi").where  # which may be that of a Linux distribution, and name another file
    except ImportError:
        return os.path.join(*import_module("botocore").__path__, "cacert.pem")  # noqa: PTH118 - pathlib is slow to load
    return f"{where()}"
