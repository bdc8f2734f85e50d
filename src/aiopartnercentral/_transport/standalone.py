"""Connections that start without botocore, whose import and first client take half of the time to a first page.

botocore's client is opened by the first thing that is unusual: an error, a broken connection, an unusual parameter.
Whatever only botocore understands, such as a profile, a proxy or a setting of its own, is left to it from the start.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import re
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import attrs
import botocore

from aiopartnercentral._transport.call_context import CBOR, MAX_CONNECTIONS, STANDARD_ATTEMPTS
from aiopartnercentral._transport.clock_skew import ServiceClock
from aiopartnercentral._transport.connection import Connection
from aiopartnercentral._transport.direct.pinned_requests import PinnedRequests
from aiopartnercentral._transport.direct.request import Keys
from aiopartnercentral._transport.direct.sender import DirectSender
from aiopartnercentral._transport.user_agent import user_agent
from aiopartnercentral._utils import model_data

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

    from aiopartnercentral._transport.botocore_client import BotocoreClient
    from aiopartnercentral.types import Service

__all__ = ["StandaloneSettings", "open_standalone_connection", "standalone_settings"]

_LOGGER = logging.getLogger("aiopartnercentral.transport")
_SIGV4 = "aws.auth#sigv4"
_SECONDS = 60  # botocore's time limits to connect, and to wait for data
_KEEPALIVE = 12  # aiobotocore's seconds until an idle connection is closed
_URL = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?/?")
_CREDENTIALS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_UNDERSTOOD = frozenset({"region_name", "endpoint_url", "timeout", "verify", *_CREDENTIALS})
_WITHOUT_EFFECT = frozenset(
    {
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_EXECUTION_ENV"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_DEFAULT_OUTPUT", "AWS_PAGER", "AWS_EC2_METADATA_DISABLED"),
        *("AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"),
    }
)
"""Variables of the environment that are understood here, or say nothing about requests to a service of one region."""
_WITHOUT_EFFECT_TOO = ("AWS_LAMBDA_", "AWS_XRAY_", "AWS_CLI_")
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
_OF_ERRORS = ("botocore.exceptions", "botocore.vendored")
"""The modules of botocore that the library's own exceptions load."""
_PATCHING = ("wrapt", "ddtrace", "newrelic", "elasticapm")
"""Modules that patch botocore as soon as it is loaded."""


@attrs.frozen
class StandaloneSettings:
    """What a connection needs that botocore would have resolved.

    Attributes:
        protocol: the protocol of the service: `json` or CBOR's.
        endpoint_url: the URL that requests are sent to.
        region: the region that they are signed for.
        keys: what signs them.
        ca_bundle: the file of the certificates that are trusted; None for those that botocore trusts by itself.
        options: the options of aiobotocore's client with the same settings.
    """

    protocol: str
    endpoint_url: str
    region: str
    keys: StaticKeys
    ca_bundle: str | None
    options: Mapping[str, Any] = attrs.field(repr=False)


class StaticKeys(Keys):
    """Credentials that do not change."""

    __slots__ = ()

    async def get_frozen_credentials(self) -> StaticKeys:
        """Return these, as botocore's credentials do."""
        return self


def standalone_settings(service: Service, options: Mapping[str, Any]) -> StandaloneSettings | None:
    """Return the settings of a connection that can start without botocore; None if anything is left to botocore.

    Arguments:
        service: the service.
        options: the options of a client.
    """
    given = {name: value for name, value in options.items() if value is not None}
    keys, verify = _keys(given), given.get("verify", True)
    endpoint, region = given.get("endpoint_url", service.endpoint_url), given.get("region_name", service.region)
    if keys is None or region is None or verify is False or not given.keys() <= _UNDERSTOOD:
        return None
    if (
        endpoint is None
        or _URL.fullmatch(endpoint) is None
        or (region != service.region and "endpoint_url" not in given)
    ):
        return None
    if _has_other_settings() or not _has_usual_process():
        return None
    protocol = _protocol(service)
    if protocol is None:
        return None
    own = dict(zip(_CREDENTIALS, (keys.access_key, keys.secret_key, keys.token), strict=True))
    return StandaloneSettings(protocol, endpoint, region, keys, _ca_bundle(verify), {"timeout": None, **given, **own})


def _protocol(service: Service) -> str | None:
    """Return the protocol that botocore would speak with a service; None if that is not for direct requests."""
    metadata = model_data.load(service.name, service.api_version)["metadata"]
    protocol: str = CBOR if CBOR in metadata.get("protocols", ()) else metadata["protocol"]
    is_usual = metadata["signatureVersion"] == "v4" and metadata.get("auth", [_SIGV4])[:1] == [_SIGV4]
    return protocol if is_usual and protocol in {"json", CBOR} else None


def _ca_bundle(verify: bool | str) -> str | None:  # noqa: FBT001 - botocore's option
    if isinstance(verify, str):
        return verify
    return os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or None


def _keys(given: Mapping[str, Any]) -> StaticKeys | None:
    """Return explicit credentials, or those of the environment; None if there are none, or not all of their parts."""
    if any(name in given for name in _CREDENTIALS):
        access, secret, token = (given.get(name) for name in _CREDENTIALS)
    else:
        access, secret, token = (os.environ.get(name.upper()) for name in _CREDENTIALS)
    return StaticKeys(access, secret, token or None) if access and secret else None


def _has_other_settings() -> bool:
    """Return whether there is a setting that only botocore understands."""
    for name, value in os.environ.items():
        upper = name.upper()
        if not value or upper in _WITHOUT_EFFECT or upper.startswith(_WITHOUT_EFFECT_TOO):
            continue
        if upper.startswith(("AWS_", "BOTO")) or upper in _PROXIES:
            return True
    if sys.platform in {"darwin", "win32"}:
        from urllib.request import getproxies  # noqa: PLC0415 - slow to load

        if getproxies():  # of the system
            return True
    files = (
        os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config",
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials",
        "~/.aws/models",
    )
    return any(map(_has_content, files))


def _has_content(path: str) -> bool:
    """Return whether a file is not empty, or a directory is there; without pathlib, which is slow to load."""
    try:
        return os.stat(os.path.expanduser(path)).st_size > 0  # noqa: PTH111, PTH116
    except OSError:
        return False


def _has_usual_process() -> bool:
    """Return whether the process runs asyncio, has not loaded botocore, and nobody wants to see botocore's work."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    if _has_loaded_botocore() or any(name in sys.modules for name in _PATCHING):
        return False
    return not any(logging.getLogger(name).isEnabledFor(logging.DEBUG) for name in ("botocore", "aiobotocore"))


def _has_loaded_botocore() -> bool:
    """Return whether botocore is loaded: then it takes little time, and may have been changed."""
    modules = [name for name in sys.modules if name.startswith(("botocore.", "aiobotocore."))]
    return not all(name.startswith(_OF_ERRORS) for name in modules)


@asynccontextmanager
async def open_standalone_connection(
    service: Service, settings: StandaloneSettings, max_response_bytes: int
) -> AsyncIterator[Connection]:
    """Open a connection that starts without botocore.

    Arguments:
        service: the service.
        settings: its settings.
        max_response_bytes: maximum bytes of a response.
    """
    from aiobotocore import __version__ as aiobotocore_version  # noqa: PLC0415 - only the version

    from aiopartnercentral._transport.direct.http import AiohttpClient  # noqa: PLC0415 - loads aiohttp

    description = model_data.load(service.name, service.api_version)
    version, clock = f"botocore/{botocore.__version__}", ServiceClock()
    requests = PinnedRequests(
        description=description,
        protocol=settings.protocol,
        endpoint_url=settings.endpoint_url.rstrip("/"),
        region=settings.region,
        user_agent=f"{user_agent('aiobotocore', aiobotocore_version, 'standard')} {version}",
        keys=settings.keys,
    )
    async with AsyncExitStack() as stack:
        session = _Session(settings, max_response_bytes, stack)
        connection = Connection(
            service=service,
            protocol=settings.protocol,
            endpoint_url=settings.endpoint_url,
            max_connections=MAX_CONNECTIONS,
            max_attempts=STANDARD_ATTEMPTS,
            clock=clock,
            obstacle=None,
            sender=DirectSender(AiohttpClient(session.opened), requests, clock),
            open_botocore=_Opener(service, settings, max_response_bytes, session, requests, stack).open,
        )
        requests.opened_botocore = connection.opened_botocore
        try:
            yield connection
        finally:
            connection.is_closed = True


@attrs.define(eq=False)
class _Session:
    """The session of aiohttp, opened by the first request."""

    settings: StandaloneSettings
    max_response_bytes: int
    stack: AsyncExitStack
    lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    session: Any = None

    async def opened(self) -> Any:  # noqa: ANN401 - aiohttp's session, without redirects
        """Return the session, with the settings of aiobotocore's."""
        if self.session is None:
            async with self.lock:
                if self.session is None:
                    self.session = await self._open()
        return self.session

    async def _open(self) -> Any:  # noqa: ANN401 - as above
        import aiohttp  # noqa: PLC0415 - slow to load

        from aiopartnercentral._transport.untrusted_responses import WithoutRedirects, guard_aiohttp  # noqa: PLC0415 - loads aiohttp

        tls: Any = True  # for http://
        if self.settings.endpoint_url.startswith("https"):
            tls = await asyncio.to_thread(_tls_context, self.settings.ca_bundle or _botocores_bundle())
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, ssl=tls, keepalive_timeout=_KEEPALIVE),
            timeout=aiohttp.ClientTimeout(sock_connect=_SECONDS, sock_read=_SECONDS),
            skip_auto_headers={"CONTENT-TYPE"},
            auto_decompress=False,
        )
        self.stack.push_async_exit(session)
        guard_aiohttp(session, self.max_response_bytes)
        return WithoutRedirects(session)


def _tls_context(ca_bundle: str) -> ssl.SSLContext:
    import ssl  # noqa: PLC0415 - loaded by aiohttp

    context = ssl.create_default_context(cafile=ca_bundle)
    context.options |= ssl.OP_NO_TICKET  # as botocore's
    return context


def _botocores_bundle() -> str:
    """Return the file of the certificates that botocore trusts by itself."""
    found = importlib.util.find_spec("certifi")  # its own function takes longer
    for package in found.submodule_search_locations or () if found is not None else ():
        file = os.path.join(package, "cacert.pem")  # noqa: PTH118 - pathlib is slow to load
        if os.path.isfile(file):  # noqa: PTH113 - as above
            return file
    return os.path.join(os.path.dirname(botocore.__file__), "cacert.pem")  # noqa: PTH118, PTH120 - as above


@attrs.define(eq=False)
class _Opener:
    """Opens botocore's client, which sends over the same connections."""

    service: Service
    settings: StandaloneSettings
    max_response_bytes: int
    session: _Session
    requests: PinnedRequests
    stack: AsyncExitStack
    lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def open(self, connection: Connection) -> BotocoreClient:
        """Open the client, and let failed attempts be handed over to it; further calls wait for the first one."""
        async with self.lock:
            return connection.botocore or await self._open(connection)

    async def _open(self, connection: Connection) -> BotocoreClient:
        await asyncio.to_thread(_load)
        from aiopartnercentral._transport.botocore_connection import borrowing_botocore  # noqa: PLC0415 - loads botocore

        options = self.settings.options
        opening = borrowing_botocore(self.service, self.session.opened, self.max_response_bytes, options)
        botocore, obstacle, self.requests.after_call = await self.stack.enter_async_context(opening)
        if connection.is_closed:  # meanwhile, so that nobody else closes it
            await self.stack.aclose()
            raise RuntimeError("a client is open only inside its `async with` block")
        connection.clock.signer = botocore.client._request_signer  # noqa: SLF001 - nothing else signs with its credentials
        if obstacle is not None:
            connection.obstacle, connection.sender = obstacle, None
        _LOGGER.debug("%s: botocore is loaded", self.service.name)
        return botocore


def _load() -> None:
    """Load botocore, in a thread."""
    import aiopartnercentral._transport.botocore_connection  # noqa: F401, PLC0415 - loads botocore
