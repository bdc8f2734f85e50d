"""Which clients and operations may send first attempts without botocore's request path: those with nothing unusual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiobotocore.httpsession import AIOHTTPSession
from botocore.history import get_global_history_recorder

from aiopartnercentral._transport.call_context import CBOR
from aiopartnercentral._transport.chain import ChainSession
from aiopartnercentral._transport.direct.patches import patched_in_aiohttp, patched_in_botocore
from aiopartnercentral._transport.direct.request import usual_path
from aiopartnercentral._transport.http.ry_session import RySession
from aiopartnercentral._transport.standalone_settings import logs_botocore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiopartnercentral.types import Operation

__all__ = ["client_obstacle", "handlers_of", "operation_obstacle", "quota_handlers", "session_obstacle"]

_OWN = "aiopartnercentral."
_REPRODUCED = frozenset(
    {
        *("botocore.handlers.generate_idempotent_uuid", "botocore.handlers.add_recursion_detection_header"),
        *("botocore.handlers.add_retry_headers", "botocore.handlers.set_operation_specific_signer"),
        *(
            "botocore.handlers._handle_request_validation_mode_member",
            "botocore.handlers._set_auth_scheme_preference_signer",
        ),
        *("botocore.handlers.inject_api_version_header_if_needed", "aiobotocore.signers.AioRequestSigner.handler"),
        "botocore.useragent.UserAgentString.rebuild_and_replace_user_agent_handler",
        "botocore.retries.standard.MaxAttemptsSeeder.seed_max_attempts",
        "botocore.retries.standard.RetryQuotaChecker.release_retry_quota",
        *("aiobotocore.retries.standard.AioRetryHandler.needs_retry", "aiobotocore.retryhandler.AioRetryHandler"),
    }
)
"""botocore's handlers whose effect a request template has, or a direct success, and those that act on errors alone."""
_USUAL_ARGUMENTS = frozenset({"keepalive_timeout", "use_dns_cache", "ttl_dns_cache"})
_EVENTS = (
    *("provide-client-params", "before-parameter-build", "before-endpoint-resolution", "before-call"),
    *("request-created", "choose-signer", "before-sign", "before-send", "before-parse", "response-received"),
    *("needs-retry", "after-call", "after-call-error"),
)


def session_obstacle(session: object) -> str | None:
    """Return why clients of a session are not eligible; None if they may be."""
    is_own = session is None or isinstance(session, ChainSession)
    return None if is_own else "the session was created by the caller"


def client_obstacle(client: Any) -> str | None:  # noqa: ANN401 - botocore's, without types
    """Return why no operation of a client is eligible; None if there may be some."""
    if usual_path(client.meta.endpoint_url) is None:
        return "the endpoint URL is not of the usual form"
    for obstacle in (_request_obstacle, _http_obstacle, _observer_obstacle):
        if (found := obstacle(client)) is not None:
            return found
    return None


def _request_obstacle(client: Any) -> str | None:  # noqa: ANN401 - as above
    """Return which setting gives requests another form."""
    config, model = client.meta.config, client.meta.service_model
    protocol = getattr(model, "resolved_protocol", None) or model.metadata["protocol"]
    signature = client._request_signer.signature_version  # noqa: SLF001 - nothing else has it
    mode = (config.retries or {}).get("mode")
    rules = getattr(client._ruleset_resolver, "_param_definitions", {})  # noqa: SLF001 - as above
    if protocol not in {"json", CBOR}:
        return f"the protocol is {protocol}"
    if signature != "v4":
        return f"the signature version is {signature}"
    if mode not in {"standard", "legacy"}:
        return f"the retry mode is {mode}"
    if getattr(config, "_supplied_user_agent", config.user_agent) is None:
        return "the user agent names the features of each call"
    if any("AccountId" in (rule.builtin or "") for rule in rules.values()):
        return "the endpoint depends on the account"
    return None


def _http_obstacle(client: Any) -> str | None:  # noqa: ANN401 - as above
    """Return what is unusual about the HTTP client."""
    http = client._endpoint.http_session  # noqa: SLF001 - nothing else has the HTTP client
    if not isinstance(http, AIOHTTPSession | RySession):
        return "the HTTP client is neither aiobotocore's default one nor ry"
    modules = {cls.__module__ for cls in type(http).__mro__} - {"builtins"}
    if not all(name.startswith(("aiobotocore.", _OWN)) for name in modules):
        return "the HTTP client is a class of the caller's"
    if http._proxy_config.proxy_url_for(client.meta.endpoint_url):  # noqa: SLF001 - nothing else has these
        return "requests go through a proxy"
    if http._cert_file:  # noqa: SLF001 - as above
        return "there is a client certificate"
    arguments = None if isinstance(http, RySession) else http._connector_args  # noqa: SLF001 - as above
    unusual = sorted((arguments or {}).keys() - _USUAL_ARGUMENTS)
    if unusual:
        return f"connector_args has {', '.join(unusual)}"
    return None


def _observer_obstacle(client: Any) -> str | None:  # noqa: ANN401 - as above
    """Return who expects botocore to work on every request."""
    uses_aiohttp = not isinstance(client._endpoint.http_session, RySession)  # noqa: SLF001 - as above
    patched = patched_in_botocore() or (patched_in_aiohttp() if uses_aiohttp else None)
    if patched is not None:
        return f"{patched} is patched"
    if logs_botocore():
        return "botocore logs at DEBUG"
    history: Any = get_global_history_recorder()
    if history._enabled:  # noqa: SLF001 - nothing else has it
        return "botocore's history is enabled"
    return _foreign_handler(client)


def _foreign_handler(client: Any, operation: str = "*") -> str | None:  # noqa: ANN401 - as above
    for event in _EVENTS:
        for handler in handlers_of(client, event, operation):
            name = f"{getattr(handler, '__module__', '')}.{getattr(handler, '__qualname__', type(handler).__name__)}"
            if not name.startswith(_OWN) and name not in _REPRODUCED:
                return f"{name} handles {event}"
    return None


def handlers_of(client: Any, event: str, operation: str = "*") -> Iterator[Any]:  # noqa: ANN401 - as above
    """Yield the handlers of an event of one operation, or of all operations."""
    emitter = client.meta.events
    handlers = getattr(emitter, "_emitter", emitter)._handlers  # noqa: SLF001 - nothing else has them
    yield from handlers.prefix_search(f"{event}.{client.meta.service_model.service_id.hyphenize()}.{operation}")


def quota_handlers(client: Any) -> list[Any]:  # noqa: ANN401 - as above
    """Return the handlers that tell the retry quota of a client about a success."""
    handlers = handlers_of(client, "after-call")
    return [each for each in handlers if each.__qualname__ == "RetryQuotaChecker.release_retry_quota"]


def operation_obstacle(client: Any, operation: Operation[Any, Any]) -> str | None:  # noqa: ANN401 - as above
    """Return why an operation of an eligible client is not eligible itself; None if it may be."""
    return _foreign_handler(client, operation.name) if operation.all_in_body else "botocore parses the responses"
