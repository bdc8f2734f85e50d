from __future__ import annotations

from tests.support.clients import aws_environment

__all__ = ["aws_environment"]
