from __future__ import annotations

from tests.support.clients import aws_environment, client, server

__all__ = ["aws_environment", "client", "server"]
