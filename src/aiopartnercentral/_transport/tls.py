"""One TLS context for all clients of a run: a context holds 0.7 MB of certificates and takes 50 ms to create."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aiobotocore.httpsession import AIOHTTPSession

from aiopartnercentral._transport.http_client import Guard

if TYPE_CHECKING:
    import ssl

__all__ = ["sharing_tls"]


def sharing_tls() -> type[AIOHTTPSession]:
    """Return a class of HTTP clients that share a TLS context, unless a proxy or client certificate needs its own."""
    contexts: dict[Any, Any] = {}

    class SharingTls(Guard, AIOHTTPSession):  # type: ignore[misc] # which has no types
        """aiobotocore's HTTP client, guarded, with a shared TLS context; its connections are not shared."""

        def __init__(
            self,
            verify: Any = True,  # noqa: ANN401, FBT002 - aiobotocore's arguments
            proxies: Any = None,  # noqa: ANN401 - aiobotocore's arguments
            *args: Any,  # noqa: ANN401 - aiobotocore's arguments
            client_cert: Any = None,  # noqa: ANN401 - aiobotocore's argument
            **kwargs: Any,  # noqa: ANN401 - aiobotocore's arguments
        ) -> None:
            super().__init__(verify, proxies, *args, client_cert=client_cert, **kwargs)
            self._shared = None if proxies or client_cert else verify

        def _get_ssl_context(self) -> ssl.SSLContext:
            context: Any = contexts.get(self._shared)
            if context is None:
                context = super()._get_ssl_context()
                if self._shared is not None:
                    contexts[self._shared] = context
                    # Each client would load the certificates into it again, which only takes time.
                    context.load_verify_locations = cache(context.load_verify_locations)
            return context  # type: ignore[no-any-return] # of Python's own class

    return SharingTls
