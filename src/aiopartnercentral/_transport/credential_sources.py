"""Guards the sources of credentials: AWS services, HTTP servers and programs.

aiobotocore's provider chain calls them with clients and programs of its own. They follow no redirects, what they
answer is limited, and their errors quote no secret of the request.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

from botocore.exceptions import ClientError

from aiopartnercentral._transport.http_client import check_endpoint, guarded
from aiopartnercentral._utils.text import REDACTED
from aiopartnercentral.errors import ResponseTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiobotocore.session import AioSession

__all__ = ["guard_clients", "guard_provider"]

_MOST_BYTES: Final = 1024 * 1024
_SERVICES: Final = ("sts", "sso", "sso-oidc", "signin")
_XML_END, _JSON_END = re.compile(rb"Response>\s*\Z"), re.compile(rb"(\}|\A)\s*\Z")
_QUERY: Final = "query"  # the protocol of STS
_SECRETS: Final = frozenset(
    {"ExternalId", "TokenCode", "WebIdentityToken"}
    | {"accessToken", "clientSecret", "code", "codeVerifier", "deviceCode", "refreshToken"}
)
"""The members of requests that no message may repeat."""


def guard_clients(session: AioSession) -> None:
    """Guard the clients that a session opens for the services that give credentials, from now on."""
    for service in _SERVICES:
        name = f"creating-client-class.{service}"
        session.register(name, _add_guard, unique_id=f"aiopartnercentral-{name}")


def _add_guard(base_classes: list[type], **_: object) -> None:
    base_classes.insert(0, _GuardedClient)


class _GuardedClient:
    """A base before that of a client."""

    _endpoint: Any
    meta: Any

    async def __aenter__(self) -> Any:  # noqa: ANN401 - aiobotocore has no types
        check_endpoint(self.meta)
        http_client = guarded(self._endpoint.http_session)
        http_client.max_response_bytes = _MOST_BYTES
        is_xml = self.meta.service_model.metadata["protocol"] == _QUERY
        http_client.body_end = _XML_END if is_xml else _JSON_END
        self._endpoint.http_session = http_client
        return await super().__aenter__()  # type: ignore[misc] # of the client

    async def _make_api_call(self, operation: str, params: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
        try:
            return await super()._make_api_call(operation, params)  # type: ignore[misc] # as above
        except ClientError as error:
            failure = _without_secrets(error, params)
        raise failure  # outside the handler, as the error would be its context


def _without_secrets(error: ClientError, params: Mapping[str, Any]) -> ClientError:
    """Return the error without the secrets of its request, whose message may quote them as they are or were sent."""
    response: Any = error.response
    message = str(response.get("Error", {}).get("Message") or "")
    for secret in (str(params[name]) for name in _SECRETS & params.keys()):
        for form in filter(None, (secret, secret.strip(), quote_plus(secret), quote(secret, safe=""))):
            message = message.replace(form, REDACTED)
    told: Any = {**response, "Error": {**response.get("Error", {}), "Message": message}}
    return type(error)(told, error.operation_name)


def guard_provider(provider: Any, verify: bool | str | None = None) -> None:  # noqa: ANN401, FBT001 - as above
    """Guard the HTTP client, the program or the inner providers of a provider of the chain; others have none of these.

    Arguments:
        provider: the provider.
        verify: whether to verify TLS certificates, or the path of a CA bundle; None for botocore's default.
    """
    if hasattr(provider, "_popen"):  # of a credential_process
        provider._popen = _run_program  # noqa: SLF001 - aiobotocore's leaves the program running if it is cancelled
    builder: Any = getattr(provider, "_profile_provider_builder", None)
    if builder is not None and "providers" not in vars(builder):  # of a profile with a role, and not guarded yet
        builder.providers = partial(_guarded_providers, builder.providers, verify)
    fetcher: Any = getattr(provider, "_fetcher", None) or getattr(provider, "_role_fetcher", None)
    if not hasattr(fetcher, "_session"):
        return
    # Of container credentials or instance metadata.
    fetcher._session = http_client = guarded(fetcher._session)  # noqa: SLF001 - nothing else has it
    http_client._create_lock = _ShieldedLock  # noqa: SLF001 - as above
    http_client.max_response_bytes = _MOST_BYTES
    if verify is not None:
        http_client._verify = verify  # noqa: SLF001 - the fetcher makes it


def _guarded_providers(
    make: Callable[..., list[Any]],
    verify: bool | str | None,  # noqa: FBT001
    **options: Any,  # noqa: ANN401 - as above
) -> list[Any]:
    providers = make(**options)
    for each in providers:
        guard_provider(each, verify)
    return providers


class _ShieldedLock:
    """A lock that can be taken in spite of a cancellation, as aiobotocore does to close an HTTP client."""

    def __init__(self) -> None:
        import anyio  # noqa: PLC0415 - rarely needed

        self._lock = anyio.Lock()

    async def __aenter__(self) -> None:
        import anyio  # noqa: PLC0415 - rarely needed

        with anyio.CancelScope(shield=True):
            await self._lock.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()


class _EndedProgram:
    """A program that has ended, as aiobotocore expects it."""

    def __init__(self, output: bytes, returncode: int) -> None:
        self.returncode = returncode
        self._output = output

    async def communicate(self) -> tuple[bytes, bytes]:
        """Return what it has written to stdout, and nothing of stderr, which may have secrets."""
        return self._output, b""


async def _run_program(*command: str, **_: object) -> _EndedProgram:
    """Run a program until it ends; it is killed if this is cancelled, with the programs that it has started.

    Raises:
        ResponseTooLargeError: it wrote too much.
        OSError: it cannot be run.
    """
    import anyio  # noqa: PLC0415 - rarely needed

    # With a terminal it stays in the terminal's session, as it may ask a person. There, Ctrl-C reaches all programs.
    is_group = hasattr(os, "killpg") and not _has_terminal()
    output, code = b"", 0
    # asyncio would not wait until a program that it was starting has ended.
    with anyio.CancelScope(shield=True) as starting:
        opening = anyio.open_process(command, stdin=None, stderr=subprocess.DEVNULL, start_new_session=is_group)
        async with await opening as program:
            starting.shield = False
            try:
                output = await _output(program.stdout)
                code = await program.wait()
            except BaseException:
                with suppress(ProcessLookupError):
                    if is_group:
                        os.killpg(program.pid, signal.SIGKILL)
                    else:
                        program.kill()
                raise
    return _EndedProgram(output, code)


async def _output(stdout: Any) -> bytes:  # noqa: ANN401 - a stream, as it is a pipe
    output = bytearray()
    async for part in stdout:
        output += part
        if len(output) > _MOST_BYTES:
            raise ResponseTooLargeError(_MOST_BYTES)
    return bytes(output)


def _has_terminal() -> bool:
    """Return whether this process can ask a person, even if its input is something else."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
