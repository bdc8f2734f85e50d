"""The HTTP client that a caller chooses by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiobotocore.httpsession import AIOHTTPSession

from aiopartnercentral._transport.http.ry_module import load_ry
from aiopartnercentral._transport.http.ry_session import RySession
from aiopartnercentral._transport.http_client import guarded_config, merged

if TYPE_CHECKING:
    from aiobotocore.config import AioConfig

__all__ = ["with_http_client"]


def with_http_client(config: AioConfig, name: str | None) -> AioConfig:
    """Return the config of a client with the HTTP client of this name; None and `asyncio` keep the config's own.

    Raises:
        ImportError: its package is not installed.
        RuntimeError: the process was forked after its parent had loaded ry.
        TypeError: the config has an HTTP client of the caller's.
    """
    if name != "ry":
        return config
    load_ry()
    if not _is_default(config.http_session_cls):
        raise TypeError("http_client and an http_session_cls of the config exclude each other")
    result: Any = merged(config, config)
    result.http_session_cls = RySession
    return guarded_config(result, None)


def _is_default(cls: Any) -> bool:  # noqa: ANN401 - any object may be the class of an HTTP client
    """Return whether a class of HTTP clients is aiobotocore's default one, guarded or not."""
    if not (isinstance(cls, type) and issubclass(cls, AIOHTTPSession)):
        return False
    modules = {each.__module__.partition(".")[0] for each in cls.__mro__}
    return modules <= {"aiobotocore", "aiopartnercentral", "builtins"}
