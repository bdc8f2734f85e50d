"""A private certificate, trio, and a code of a person: what the clients and programs of the chain need, too."""

from __future__ import annotations

import json
import os
import sys
import termios
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpxsession import HttpxSession

from aiopartnercentral import CredentialsError, account
from aiopartnercentral._transport.http_client import SUPPORTS_HTTPX
from aiopartnercentral.bulk import ClientPool, Source
from tests.support.certificates import certificate
from tests.support.clients import TRIO, alone
from tests.support.credential_sources import (
    ASSUME_ROLE,
    BASE,
    ROLE,
    CredentialSources,
    assumed,
    container_credentials,
)
from tests.support.servers import scripted_server
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("way", ["connect", "alone", "bulk"])]

PRINTED = json.dumps({"Version": 1, "AccessKeyId": "PRINTED", "SecretAccessKey": "s"})


async def ask(sources: CredentialSources, way: str, profile: str | None = "p", **options: Any) -> None:
    if way in {"connect", "alone"}:
        arguments: Any = options if profile is None else {"profile": profile, **options}
        with alone() if way == "alone" else nullcontext():
            async with account.connect(endpoint_url=sources.url, **arguments) as client:
                await client.list_connections(catalog="AWS")
    else:
        source = Source("AWS", profile=profile, endpoint_url=sources.url)
        async with ClientPool(**options) as pool, pool.lease(source, account.Client) as client:
            await client.list_connections(catalog="AWS")


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[CredentialSources, str]]:
    """Return a server with a private certificate, and the file that makes it trusted."""
    file, tls = certificate(tmp_path)
    with scripted_server(tls) as server:
        yield CredentialSources(server, tmp_path, monkeypatch), str(file)


@pytest.mark.parametrize("kind", ["role", "web identity", "container"])
async def test_verify_reaches_the_chain(private: tuple[CredentialSources, str], way: str, kind: str) -> None:
    sources, file = private
    key, profile = configure(sources, kind)
    with pytest.raises(CredentialsError, match=r"SSL|certificate") as caught:
        await ask(sources, way, profile)
    assert not caught.value.is_retryable
    await ask(sources, way, profile, verify=file)
    assert sources.served == [key]


@pytest.mark.parametrize("anyio_backend", [TRIO])
@pytest.mark.parametrize("kind", ["role", "web identity", "container", "process"])
async def test_the_chain_runs_on_trio(sources: CredentialSources, way: str, kind: str) -> None:
    key, profile = configure(sources, kind)
    await ask(sources, way, profile, config=AioConfig(http_session_cls=HttpxSession))
    assert sources.served == [key]


def configure(sources: CredentialSources, kind: str) -> tuple[str, str | None]:
    """Configure a kind of credentials; returns their access key id and the profile."""
    if kind == "role":
        sources.configure(ASSUME_ROLE + BASE)
        return "ASSUMED", "p"
    if kind == "web identity":
        token = sources.home / "token"
        token.write_text("the-token")
        sources.configure(f"[profile p]\nrole_arn = {ROLE}\nweb_identity_token_file = {token}\n")
        sources.give = lambda _: assumed("AssumeRoleWithWebIdentity")
        return "ASSUMED", "p"
    if kind == "container":
        sources.container()
        sources.give = lambda _: container_credentials()
        return "CONTAINER", None
    sources.process(PRINTED)
    return "PRINTED", "p"


# MFA


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Return where a person sees the terminal of this process and types."""
    person, stdin = os.openpty()
    with os.fdopen(stdin) as file:
        monkeypatch.setattr("sys.stdin", file)
        yield person
    os.close(person)


@asynccontextmanager
async def asking(sources: CredentialSources, way: str, person: int) -> AsyncIterator[anyio.CancelScope]:
    """Make a call, which asks for a code."""
    config = AioConfig(http_session_cls=HttpxSession) if SUPPORTS_HTTPX else None
    sources.configure(ASSUME_ROLE + "mfa_serial = arn:aws:iam::111122223333:mfa/ada\n" + BASE)
    with anyio.fail_after(GUARD):
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: ask(sources, way, config=config))
            await anyio.wait_readable(person)
            assert os.read(person, 1024) == b"Enter MFA code for arn:aws:iam::111122223333:mfa/ada: "
            yield group.cancel_scope


def shows_input(terminal: int) -> bool:
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


@pytest.mark.parametrize("anyio_backend", ["asyncio", TRIO])
async def test_the_event_loop_runs_while_a_person_types(sources: CredentialSources, person: int, way: str) -> None:
    async with asking(sources, way, person):
        os.write(person, b"123456\n")
    assert os.read(person, 1024) == b"\r\n"
    assert "TokenCode=123456" in sources.given[0].body
    assert sources.served == ["ASSUMED"]


@pytest.mark.parametrize("anyio_backend", ["asyncio", TRIO])
async def test_a_cancelled_prompt_leaves_the_terminal_as_it_was(
    sources: CredentialSources, person: int, way: str
) -> None:
    async with asking(sources, way, person) as scope:
        assert not shows_input(person)
        scope.cancel()
    assert shows_input(person)
    os.write(person, b"next\n")
    assert sys.stdin.readline() == "next\n"


@pytest.mark.parametrize("typed", [b"\x04", b"\n"], ids=["end of input", "nothing"])
async def test_a_code_that_is_not_entered(sources: CredentialSources, person: int, way: str, typed: bytes) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        async with asking(sources, way, person):
            os.write(person, typed)
    (error,) = caught.value.exceptions
    assert isinstance(error, CredentialsError)
    assert "no MFA code was entered (mfa_serial of the AWS config file): enter it, or use " in str(error)
    assert shows_input(person)
    assert sources.server.received == []


async def test_without_a_terminal_only_the_source_fails(
    sources: CredentialSources, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    sources.configure(ASSUME_ROLE + "mfa_serial = arn:aws:iam::111122223333:mfa/ada\n" + BASE)
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(CredentialsError, match=r"an MFA code is required .* there is no terminal to ask for it: use "):
        await ask(sources, way)
    assert sources.server.received == []
