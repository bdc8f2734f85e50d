from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.clients import aws_environment
from tests.support.opportunity_server import opportunity_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.opportunity_server import Opportunities

__all__ = ["aws_environment"]


@pytest.fixture
def server(aws_environment: None) -> Iterator[Opportunities]:  # noqa: ARG001 - order
    with opportunity_server() as state:
        yield state
