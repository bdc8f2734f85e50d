"""An HTTP client for aiobotocore that sends through ry, and whose errors are those of aiobotocore's own HTTP client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidConfigError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import MAX_POOL_CONNECTIONS, ProxyConfiguration, mask_proxy_url

from aiopartnercentral._transport.closed import client_closed
from aiopartnercentral._transport.http.ry_client import RyClient, UnsendableUrlError
from aiopartnercentral._transport.http.ry_reason import reason
from aiopartnercentral._transport.http.settings import HttpSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiobotocore.awsrequest import AioAWSResponse

    from aiopartnercentral._transport.direct.request import SignedRequest
    from aiopartnercentral._transport.http.response import HttpResponse

__all__ = ["RySession"]

_KEEPALIVE = "keepalive_timeout"
_DEFAULT_KEEPALIVE = 12.0  # as aiobotocore's
_PROXY_AUTHENTICATION_REQUIRED = 407
# What ry's errors tell about their causes: the names of the Rust libraries' variants.
_TLS = "kind: InvalidData"
_OF_PROXY = ("ProxyAuthRequired", "TunnelUnsuccessful", "ConnectFailed(", "ConnectError(")
_CLOSED = ("IncompleteMessage", "UnexpectedEof")
_NOT_HTTP = ("Parse(", "kind: InvalidInput")


class RySession:
    """An `http_session_cls` for the config of aiobotocore; the arguments are those of aiobotocore's `AIOHTTPSession`.

    Raises:
        botocore.exceptions.InvalidConfigError: ry cannot do what an argument asks for.
    """

    max_response_bytes: int | None = None

    def __init__(  # noqa: PLR0917 - aiobotocore's arguments
        self,
        verify: Any = True,  # noqa: ANN401, FBT002 - aiobotocore's arguments have no types
        proxies: Any = None,  # noqa: ANN401 - as above
        timeout: Any = None,  # noqa: ANN401 - as above
        max_pool_connections: int = MAX_POOL_CONNECTIONS,
        socket_options: Any = None,  # noqa: ANN401, ARG002 - which AIOHTTPSession does not use either
        client_cert: Any = None,  # noqa: ANN401 - as above
        proxies_config: Any = None,  # noqa: ANN401 - as above
        connector_args: Any = None,  # noqa: ANN401 - as above
    ) -> None:
        arguments: Mapping[str, Any] = connector_args or {}
        _check(client_cert, proxies, proxies_config, arguments)
        connect, read = timeout if isinstance(timeout, list | tuple) else (timeout, timeout)
        self._verify = verify
        self._cert_file = client_cert
        self._proxy_config = ProxyConfiguration(proxies=proxies)
        self._settings: dict[str, Any] = {
            "connect_timeout": connect,
            "read_timeout": read,
            "max_connections": max_pool_connections,
            "keepalive": arguments.get(_KEEPALIVE, _DEFAULT_KEEPALIVE),
            "verify": verify,
        }
        self._clients: dict[str | None, RyClient] = {}  # by the URL of the proxy
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_closed = True
        clients = [*self._clients.values()]
        self._clients.clear()
        for client in clients:
            client.close()

    async def close(self) -> None:
        """Close the connections."""
        await self.__aexit__()

    async def post(self, request: SignedRequest) -> HttpResponse:
        """Send a direct request, without a proxy, and return the response, which may be a redirect.

        Raises:
            Exception: no complete response arrived; see `failing_with` of `Guard`.
        """
        return await self._client(None).post(request)

    async def _get_session(self, proxy_url: str | None) -> RyClient:
        return self._client(proxy_url)

    def _client(self, proxy_url: str | None) -> RyClient:
        client = self._clients.get(proxy_url)
        if self._is_closed:
            raise client_closed()
        if client is None:
            settings = HttpSettings(proxy=proxy_url, max_response_bytes=self.max_response_bytes, **self._settings)
            client = self._clients[proxy_url] = RyClient(settings)
        return client

    async def send(self, request: Any) -> AioAWSResponse:  # noqa: ANN401 - aiobotocore has no types
        """Send a request of botocore's.

        Raises:
            RuntimeError: the client is closed, or the process was forked after its parent had loaded ry.
            botocore.exceptions.BotoCoreError: no complete response arrived.
        """
        if request.stream_output:
            raise InvalidConfigError(error_msg=_cannot("stream responses"))
        proxy_url = self._proxy_config.proxy_url_for(request.url)
        try:
            client = await self._get_session(proxy_url)
            received = await client.request(request.method, request.url, _headers(request), _body(request.body))
        except Exception as error:  # noqa: BLE001 - raised below
            failure = error
        else:
            return received.for_botocore(request.url)
        if isinstance(failure, RuntimeError):  # no response would help
            raise failure
        # Outside the handler: the error may quote a header, or the password of a proxy.
        raise _translated(failure, request, proxy_url)


def _check(client_cert: object, proxies: Any, proxies_config: object, connector_args: Mapping[str, Any]) -> None:  # noqa: ANN401 - as above
    unknown = sorted(connector_args.keys() - {_KEEPALIVE})
    if client_cert:
        raise InvalidConfigError(error_msg=_cannot("send a client certificate (client_cert of the config)"))
    if proxies_config:
        raise InvalidConfigError(error_msg=_cannot("apply proxies_config of the config"))
    if any((url or "").startswith("https:") for url in (proxies or {}).values()):
        raise InvalidConfigError(error_msg=_cannot("use a proxy whose URL begins with https"))
    if unknown:
        raise InvalidConfigError(error_msg=_cannot(f"apply {', '.join(unknown)} of connector_args of the config"))


def _cannot(what: str) -> str:
    return f"the HTTP client ry cannot {what}: use http_client='asyncio', the default"


def _headers(request: Any) -> dict[str, str]:  # noqa: ANN401 - as above
    """Return the headers of a request, whose body is never sent in chunks."""
    headers = {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
        if name.lower() != "transfer-encoding"
    }
    headers["Accept-Encoding"] = "identity"  # as AIOHTTPSession does
    return headers


def _body(body: Any) -> bytes:  # noqa: ANN401 - as above
    if isinstance(body, str):
        return body.encode()
    return bytes(body.read() if hasattr(body, "read") else body or b"")


class _CauseError(Exception):
    """What ry says about a failure, without the URL.

    Attributes:
        status: the HTTP status of a proxy that refuses to connect to the host, if it is known.
    """

    status: int | None = None


class _NotConnectedError(_CauseError):
    """What ry says about a connection that was not opened."""


def _translated(error: Exception, request: Any, proxy_url: str | None) -> BotoCoreError:  # noqa: ANN401 - as above
    """Return the exception that AIOHTTPSession would raise."""
    if isinstance(error, BotoCoreError):
        return error
    if isinstance(error, UnsendableUrlError):
        advice = "write it as a browser would, or use http_client='asyncio'"
        return InvalidConfigError(error_msg=f"the path of the endpoint URL is not in normal form: {advice}")
    if type(error).__name__ != "ReqwestError":
        return HTTPClientError(error=error)
    failed: Any = error
    text = str(error).partition("source: ")[2]
    if failed.is_connect():
        return _not_connected(failed, text, request.url, proxy_url)
    return _not_received(failed, text, request)


def _not_connected(failed: Any, text: str, url: str, proxy_url: str | None) -> BotoCoreError:  # noqa: ANN401 - ry's
    cause = _NotConnectedError(reason(text))
    if failed.is_timeout():
        return ConnectTimeoutError(endpoint_url=url, error=cause)
    if _TLS in text:
        return SSLError(endpoint_url=url, error=cause)
    if proxy_url and any(each in text for each in _OF_PROXY):
        cause.status = _PROXY_AUTHENTICATION_REQUIRED if "ProxyAuthRequired" in text else None
        return ProxyConnectionError(proxy_url=mask_proxy_url(proxy_url), error=cause)
    failure = EndpointConnectionError(endpoint_url=url, error=cause)
    failure.__cause__ = cause  # by which `is_unexecuted` knows it
    return failure


def _not_received(failed: Any, text: str, request: Any) -> BotoCoreError:  # noqa: ANN401 - as above
    why = reason(text)
    cause = _CauseError(why)
    if failed.is_timeout():
        return ReadTimeoutError(endpoint_url=request.url, error=cause)
    if any(each in text for each in _NOT_HTTP):
        return HTTPClientError(error=_CauseError(f"the response is not HTTP: {why.removeprefix('parse: ')}"))
    if failed.is_body() or any(each in text for each in _CLOSED):
        return ConnectionClosedError(error=cause, request=request, endpoint_url=request.url)
    return EndpointConnectionError(endpoint_url=request.url, error=cause)
