"""While credentials are obtained, no log record has a secret, at any level."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral import CredentialsError, account
from aiopartnercentral.bulk import ClientPool, Role, Source
from tests.support.credential_sources import ASSUME_ROLE, BASE, ROLE, container_credentials, in_time, sts_error

if TYPE_CHECKING:
    from tests.support.credential_sources import CredentialSources

pytestmark = pytest.mark.anyio


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


async def ask(sources: CredentialSources, **options: Any) -> None:
    source = Source("AWS", endpoint_url=sources.url, **options)
    async with ClientPool() as pool, pool.lease(source, account.Client) as client:
        await client.list_connections(catalog="AWS")


@pytest.mark.parametrize("kind", ["role", "profile", "container"])
async def test_debug_records(sources: CredentialSources, log: pytest.LogCaptureFixture, kind: str) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    if kind == "role":
        await ask(sources, role=Role(arn=ROLE, profile="base", external_id="the-external-id"))
    elif kind == "profile":
        await ask(sources, profile="p")
    else:
        sources.container()
        sources.give = lambda _: container_credentials()
        await ask(sources)
    assert len(sources.served) == 1
    assert "the-secret-key" not in log.text
    assert "the-external-id" not in log.text
    assert "ListConnections" in log.text  # other records are there


async def test_the_log_of_a_failed_refresh(sources: CredentialSources, log: pytest.LogCaptureFixture) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    sources.give = lambda _: sts_error("AccessDenied", "the-external-id is wrong")
    with pytest.raises(CredentialsError):
        await ask(sources, profile="p")
    assert "Refreshing temporary credentials failed" in log.text
    assert "Traceback" not in log.text
    assert "the-external-id" not in log.text


async def test_the_log_of_a_process_that_fails_later(sources: CredentialSources, log: pytest.LogCaptureFixture) -> None:
    printed = {"Version": 1, "AccessKeyId": "k", "SecretAccessKey": "s", "Expiration": in_time(minutes=5)}
    script = sources.home / "process.py"
    script.write_text(
        f"import pathlib, sys\nseen = pathlib.Path({str(sources.home / 'seen')!r})\n"
        f"if seen.exists():\n    sys.exit('the-secret-key')\nseen.touch()\nprint({json.dumps(printed)!r})\n"
    )
    sources.configure(f"[profile p]\ncredential_process = {sys.executable} {script}\n")
    with pytest.raises(CredentialsError, match="profile p: credential_process: its command failed"):
        await ask(sources, profile="p")
    assert "Refreshing temporary credentials failed" in log.text
    assert "the-secret-key" not in log.text
