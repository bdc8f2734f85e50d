"""HTTP clients that follow no redirects, limit responses, and report a mistake in their configuration at once.

aiobotocore's default HTTP client follows a redirect to any host, and takes the session token and the body along. And
its errors for a mistake in the configuration look like errors of the network, which are repeated.
"""

from __future__ import annotations

import re
import ssl
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.endpoint import AioEndpoint
from aiobotocore.httpsession import AIOHTTPSession
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectionError,  # noqa: A004
    HTTPClientError,
    InvalidConfigError,
    InvalidProxiesConfigError,
)

from aiopartnercentral._transport.call_context import FIRST_ERROR_STATUS
from aiopartnercentral._transport.closed import client_closed
from aiopartnercentral._transport.http.botocore_requests import as_botocores, plain_request
from aiopartnercentral._transport.untrusted_responses import WithoutRedirects, guard_aiohttp, guard_httpx
from aiopartnercentral.errors import RedirectError, ResponseTooLargeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._transport.http.asyncio_client import AsyncioPool

__all__ = ["SUPPORTS_HTTPX", "Guard", "check_endpoint", "guarded", "guarded_config", "merged"]

SUPPORTS_HTTPX: Final = hasattr(AioEndpoint, "_sleep")
"""Whether aiobotocore is 3.9 or later: before, retries wait on asyncio alone; that of 2.25 even ignores `verify`."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PROXY_AUTHENTICATION_REQUIRED = 407
_REQUEST_TIMEOUT = 408
_NOT_ALLOWED = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HEADER_SETTINGS = {
    "authorization": (
        "AWS_ACCESS_KEY_ID, or the access key id of the credentials, or AWS_CONTAINER_AUTHORIZATION_TOKEN and its file"
    ),
    "x-amz-security-token": "AWS_SESSION_TOKEN, or the session token of the credentials",
    "user-agent": "user_agent and user_agent_appid of the config",
}


def merged(config: AioConfig, other: AioConfig) -> AioConfig:
    """Return the config merged with the settings of `other`, but with the HTTP client of `config`."""
    result = config.merge(other)
    # Older versions of aiobotocore lose these in `merge`.
    result.connector_args, result.http_session_cls = config.connector_args, config.http_session_cls
    return result


def guarded_config(config: AioConfig, default: Any) -> AioConfig:  # noqa: ANN401 - a config, or None
    """Return the config with its HTTP client, or that of the session's default config, as one that is guarded."""
    classes = (getattr(each, "http_session_cls", AIOHTTPSession) for each in (config, default))
    own: Any = next((each for each in classes if each is not AIOHTTPSession), AIOHTTPSession)
    cls = _guarded_class(own)
    result = merged(config, AioConfig(http_session_cls=cls))
    result.http_session_cls = cls
    return result


def guarded(http_client: Any) -> Any:  # noqa: ANN401 - aiobotocore has no types
    """Return an HTTP client, open or not, as one that is guarded; both are one client, with the same connections."""
    if isinstance(http_client, Guard):
        return http_client
    same: Any = object.__new__(_guarded_class(type(http_client)))
    same.__dict__ = http_client.__dict__
    return same


def _guarded_class(cls: Any) -> Any:  # noqa: ANN401 - as above
    httpx: Any = getattr(sys.modules.get("aiobotocore.httpxsession"), "HttpxSession", None)
    if not SUPPORTS_HTTPX and httpx is not None and isinstance(cls, type) and issubclass(cls, httpx):
        raise InvalidConfigError(
            error_msg="HttpxSession of aiobotocore before 3.9 may ignore verify and proxies, and cannot retry on trio: "
            "install 'aiobotocore[httpx2]>=3.9'"
        )
    is_bare = isinstance(cls, type) and not issubclass(cls, Guard)
    return _subclass(cls) if is_bare else cls


@cache
def _subclass(cls: Any) -> Any:  # noqa: ANN401 - as above
    return type(cls.__name__, (Guard, cls), {"__module__": __name__})


def check_endpoint(meta: Any) -> None:  # noqa: ANN401 - as above
    """Refuse the endpoint URL of a client that no request can be sent to, or whose password messages would show.

    Raises:
        botocore.exceptions.InvalidConfigError: it is not one of http or https, or has a user name and password.
    """
    service, parts = meta.service_model.service_id, urlsplit(meta.endpoint_url)
    reason = None
    if "@" in parts.netloc:
        reason = "has a user name and password, but requests are signed"
    elif parts.scheme not in {"http", "https"} or not _has_port(parts):
        reason = "must begin with http:// or https://, and its port must be a number up to 65535"
    if reason:
        own = f"AWS_ENDPOINT_URL_{service.replace(' ', '_').upper()}"
        settings = f"endpoint_url, AWS_ENDPOINT_URL, {own}, and endpoint_url of the AWS config file"
        raise InvalidConfigError(error_msg=f"the endpoint URL of {service} {reason}: check {settings}")


def _has_port(parts: SplitResult) -> bool:
    """Return whether the port of a URL is one, or the usual one."""
    try:
        return parts.port != 0
    except ValueError:
        return False


class Guard:
    """A base before an HTTP client's: requests follow no redirects, and errors for mistakes are not repeated.

    Attributes:
        last_status: the HTTP status of the last response.
        max_response_bytes: maximum bytes of a response's body; None for no limit.
        body_end: what the body of every success ends with; a success without it, or a response with status 408, is
            repeated like a lost connection. None for any body.
        pool: the connections that send direct requests, and whatever else they can; None if there are none.
        owns_pool: whether they are closed with the HTTP client.
    """

    last_status: int = 0
    max_response_bytes: int | None = None
    body_end: re.Pattern[bytes] | None = None
    pool: AsyncioPool | None = None
    owns_pool: bool = True
    _failing: _Failing | None = None
    _known: tuple[Any, Any] = (None, None)  # the last session, and what its requests are made with
    # An HTTP client of the caller's own need not have these.
    _sessions: Any = ()
    _connector_args: Any = None
    _timeout: Any = None
    _proxy_config: Any = None
    _verify: Any = None
    _cert_file: Any = None

    async def __aenter__(self) -> Any:  # noqa: ANN401 - as above
        try:
            await super().__aenter__()  # type: ignore[misc] # of the HTTP client
        except OSError as error:
            mistake = self._certificates_mistake(error)
            if mistake is None:
                raise
        else:
            return self
        raise mistake

    async def __aexit__(self, *exc_info: object) -> None:
        from anyio import CancelScope  # noqa: PLC0415 - slow to load

        # A cancellation would leave connections open, which other users of the client then never close.
        with CancelScope(shield=True):
            if self.pool is not None and self.owns_pool:
                await self.pool.aclose()
            await super().__aexit__(*exc_info)  # type: ignore[misc] # as above

    def _get_ssl_context(self) -> Any:  # noqa: ANN401 - as above
        context = super()._get_ssl_context()  # type: ignore[misc] # as above
        if self._verify:
            context.check_hostname = True  # older versions of aiobotocore accept a certificate of any server
        return context

    def _setup_proxy_ssl_context(self, proxy_url: str) -> Any:  # noqa: ANN401 - as above
        # Older versions of aiobotocore have none, and so accept any certificate that comes through a proxy.
        return super()._setup_proxy_ssl_context(proxy_url) or self._get_ssl_context()  # type: ignore[misc] # as above

    async def _get_session(self, *arguments: Any) -> Any:  # noqa: ANN401 - as above
        if self._failing is not None:
            return self._failing
        session = await super()._get_session(*arguments)  # type: ignore[misc] # as above
        known, requests = self._known
        if known is not session:
            requests = self._guard(session)
            self._known = session, requests
        return requests

    def _guard(self, session: Any) -> Any:  # noqa: ANN401 - as above
        """Guard a session, and return what requests are made with."""
        if isinstance(session, aiohttp.ClientSession):
            guard_aiohttp(session, self.max_response_bytes)
            return WithoutRedirects(session)
        httpx: Any = getattr(sys.modules.get("aiobotocore.httpxsession"), "httpx", None)
        if httpx is not None and isinstance(session, httpx.AsyncClient):
            guard_httpx(session, self.max_response_bytes)
            if "pool_timeout" not in (self._connector_args or ()):
                # A call may wait for a connection as long as its own time limit allows, not only 5 seconds.
                self._timeout.pool = None
                session.timeout = self._timeout
        return session

    async def send(self, request: Any) -> Any:  # noqa: ANN401 - as above
        """Send a request.

        Raises:
            RedirectError: the response is a redirect.
            ResponseTooLargeError: the response is larger than `max_response_bytes`.
            botocore.exceptions.InvalidConfigError: a setting is not usable.
            RuntimeError: the client is closed.
            botocore.exceptions.BotoCoreError: no complete response arrived.
        """
        if self._sessions is None:
            raise client_closed()
        try:
            response = await self._sent(request)
        except (HTTPClientError, ConnectionError) as error:
            cause: object = getattr(error, "kwargs", {}).get("error")
            mistake = cause if isinstance(cause, ResponseTooLargeError) else self._mistake(request, error)
            if mistake is None:
                raise
        else:
            self.last_status = response.status_code
            self.check(request, response.status_code, response.headers)
            if self.body_end is not None and (reason := await _damage(response, self.body_end)):
                raise _LostResponseError(host=_address(request.url), reason=reason)
            return response
        raise mistake  # outside the handler: the cause may quote a header, or the password of a proxy

    async def _sent(self, request: Any) -> Any:  # noqa: ANN401 - as above
        """Send a request over the pool if it is a usual one, otherwise as the HTTP client does."""
        pool, failing = self.pool, self._failing
        if pool is None:
            return await super().send(request)  # type: ignore[misc] # as above
        if failing is not None:
            failure = failing.error
        else:
            plain = None if self._proxy_config.proxy_url_for(request.url) else plain_request(request)
            if plain is None:
                return await super().send(request)  # type: ignore[misc] # as above
            try:
                return (await pool.post(plain)).for_botocore(request.url)
            except Exception as error:  # noqa: BLE001 - raised below
                failure = error
        if isinstance(failure, RuntimeError):  # no response would help
            raise failure
        # Outside the handler: a local variable of the traceback may be a secret.
        raise as_botocores(failure, request)

    async def tls_context(self) -> ssl.SSLContext:
        """Return the TLS context of the HTTP client, which is that of aiobotocore or a subclass of it.

        Raises:
            OSError: the certificates cannot be loaded.
            RuntimeError: the client is closed.
        """
        if self._sessions is None:
            raise client_closed()
        session = await super()._get_session(None)  # type: ignore[misc] # as above
        tls = session.connector._ssl  # noqa: SLF001 - nothing else has it
        if isinstance(tls, ssl.SSLContext):
            return tls
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # older versions of aiobotocore have none if verify is False
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def check(self, request: Any, status: int, headers: Mapping[str, str]) -> None:  # noqa: ANN401 - as above
        """Raise the exception for a response that is not the service's.

        Raises:
            RedirectError: it is a redirect.
            botocore.exceptions.InvalidConfigError: it is a proxy's, which demands authentication.
        """
        if status in _REDIRECTS:
            raise _redirected(request.url, headers.get("location", ""))
        if status == _PROXY_AUTHENTICATION_REQUIRED:
            raise _refused_by_proxy()

    def failing_with(self, error: Exception) -> Any:  # noqa: ANN401 - as above
        """Return an HTTP client with the same settings, whose requests fail with an error of a direct request."""
        same: Any = object.__new__(type(self))
        same.__dict__ = {**self.__dict__, "_failing": _Failing(error)}
        return same

    def _mistake(self, request: Any, error: Exception) -> InvalidConfigError | None:  # noqa: ANN401 - as above
        """Return the error for a mistake in the configuration that made a request fail; None for any other cause."""
        cause: object = getattr(error, "kwargs", {}).get("error")
        proxy = self._proxy_config.proxy_url_for(request.url) or "" if self._proxy_config else ""
        if "://" in proxy.partition("://")[2]:  # botocore puts http:// before the URL of a proxy of any other kind
            return _proxy_mistake()
        if isinstance(error, ConnectionError):
            status = getattr(cause, "status", None) or str(cause)[:3]
            return _refused_by_proxy() if proxy and str(status) == str(_PROXY_AUTHENTICATION_REQUIRED) else None
        if type(error) is not HTTPClientError:
            return None
        for name, value in request.headers.items():
            if _is_not_a_header(value):
                setting = _HEADER_SETTINGS.get(name.lower(), "the configuration")
                reason = f"the header {name} has a control character or a surrogate: check {setting}"
                return InvalidConfigError(error_msg=reason)
        if isinstance(cause, OSError) and (mistake := self._certificates_mistake(cause)) is not None:
            return mistake
        is_mistake = isinstance(cause, ValueError | InvalidProxiesConfigError) or type(cause).__name__ == "InvalidURL"
        return _proxy_mistake() if proxy and is_mistake else None

    def _certificates_mistake(self, error: OSError) -> InvalidConfigError | None:
        """Return the error for a file of certificates that cannot be loaded; None for any other error."""
        if not isinstance(error, ssl.SSLError | FileNotFoundError | IsADirectoryError | PermissionError):
            return None
        reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        files = " or ".join(path for path in (self._verify, self._cert_file) if isinstance(path, str))
        settings = (
            "verify, AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, ca_bundle of the AWS config file, or client_cert of the config"
        )
        return InvalidConfigError(
            error_msg=f"the certificates in {files} cannot be loaded ({reason}): check {settings}"
        )


class _Failing:
    """Connections whose requests fail."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def request(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - the arguments and result of ry's client
        raise self.error


class _LostResponseError(ConnectionClosedError):
    """A response that is not what its service sent; botocore repeats the request."""

    fmt = "{host}: {reason}"


async def _damage(response: Any, body_end: re.Pattern[bytes]) -> str | None:  # noqa: ANN401 - aiobotocore has no types
    """Return what is wrong with a response; None if nothing is."""
    if response.status_code == _REQUEST_TIMEOUT:
        return f"invalid response (HTTP {_REQUEST_TIMEOUT})"
    if response.status_code < FIRST_ERROR_STATUS and not body_end.search(await response.content):
        return "invalid response (cut off, or not from AWS)"
    return None


def _is_not_a_header(value: object) -> bool:
    """Return whether a value has characters that no header has; one with surrogates is not even a string."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return not isinstance(text, str) or _NOT_ALLOWED.search(text) is not None


def _redirected(url: str, location: str) -> RedirectError:
    asked = _address(url)
    return RedirectError(asked, _address(location) or asked)  # a location may be relative


def _address(url: str) -> str:
    """Return the host and port of a URL, whose other parts may hold secrets; nothing if it has no host."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return "an invalid address"


def _proxy_mistake() -> InvalidConfigError:
    settings = "HTTP_PROXY, HTTPS_PROXY, and proxies and proxies_config of the config"
    return InvalidConfigError(
        error_msg=f"the proxy is not usable: check {settings}; its URL must begin with http or https"
    )


def _refused_by_proxy() -> InvalidConfigError:
    settings = "the user name and password in HTTP_PROXY, HTTPS_PROXY, or proxies of the config"
    return InvalidConfigError(error_msg=f"the proxy demands authentication (HTTP 407): check {settings}")
