from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.clients import aws_environment, client, loaded_botocore, server, unloaded_botocore
from tests.support.credential_sources import CredentialSources

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import ScriptedServer

__all__ = ["aws_environment", "client", "loaded_botocore", "server", "unloaded_botocore"]


@pytest.fixture
def sources(server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CredentialSources:
    return CredentialSources(server, tmp_path, monkeypatch)
