"""The one module that talks to aiobotocore: opens its clients, sends calls through them, takes the bodies out.

Handlers on botocore's events take the raw body of a successful answer before botocore's own parser walks it, so that
the generated converters decode it once and nothing that botocore would drop is lost. They act only on calls made
through a `Transport`: everybody else's calls on the same client go on as before. Signing, endpoints, retries, errors
and response metadata stay botocore's.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
from aiobotocore.client import AioBaseClient
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore import xform_name
from botocore.exceptions import ClientError, ReadTimeoutError, ResponseStreamingError
from botocore.parsers import ResponseParserError

from aiopartnercentral import __version__, service_model
from aiopartnercentral.shapes import ResponseMetadata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from aiopartnercentral.operation import Service
    from aiopartnercentral.shapes import JsonValue

_FIRST_ERROR_STATUS = 300


@attrs.frozen(kw_only=True)
class Answer:
    """A successful answer.

    Attributes:
        body: the body's bytes; None where a stub answered in place of the network.
        parsed: what botocore made of it: all members if `body` is None, otherwise none.
        metadata: what came beside it.
    """

    body: bytes | None = attrs.field(repr=False)
    parsed: Mapping[str, Any] = attrs.field(repr=False)
    metadata: ResponseMetadata


class ErrorAnswerError(Exception):
    """The service answered with an error; never leaves the library.

    Attributes:
        error: botocore's exception.
        body: the body's bytes, or None where a stub answered.
    """

    def __init__(self, error: ClientError, body: bytes | None) -> None:
        super().__init__()
        self.error = error
        self.body = body


@attrs.define
class _Taken:
    """Where the handler leaves what it takes out of the answer to the call under way."""

    status: int = 0
    body: bytes | None = None
    request_id: str | None = None


# Both live for a moment, in the task of the call alone: `_CALLING` from the beginning of a call of ours until botocore
# has a context for it, `_AWAITED` from the making of a request until its answer. So a call that somebody else makes
# from within ours, in a handler of an event, is never taken for it.
_CALLING: ContextVar[_Taken | None] = ContextVar("aiopartnercentral_calling", default=None)
_AWAITED: ContextVar[_Taken | None] = ContextVar("aiopartnercentral_awaited", default=None)
_KEY = "aiopartnercentral"


def _mark_context(context: dict[str, Any], **_: object) -> None:
    """On `provide-client-params`: tie the call's context, which is its own, to the call."""
    context[_KEY] = _CALLING.get()
    _CALLING.set(None)


def _await_answer(request: Any, **_: object) -> None:  # noqa: ANN401 - an AWSRequest
    """On `request-created`, which comes before each attempt: the next answer in this task is to this request."""
    _AWAITED.set(request.context.get(_KEY))


def _take_body(response_dict: dict[str, Any], **_: object) -> None:
    """On `before-parse`: take the body of an answer to a call of ours."""
    taken = _AWAITED.get()
    _AWAITED.set(None)
    if taken is None:
        return
    body: bytes = response_dict["body"]
    taken.status, taken.body = response_dict["status_code"], body
    taken.request_id = response_dict["headers"].get("x-amzn-requestid")
    if taken.status < _FIRST_ERROR_STATUS or not _can_be_parsed(body):
        response_dict["body"] = b"{}"


_HANDLERS: dict[str, Callable[..., None]] = {
    "provide-client-params": _mark_context,
    "request-created": _await_answer,
    "before-parse": _take_body,
}


def _can_be_parsed(body: bytes) -> bool:
    """Tell whether botocore's parser survives the body of an error; text that is no JSON becomes its message."""
    try:
        return isinstance(json.loads(body.decode() or "{}"), dict)
    except (UnicodeDecodeError, RecursionError):
        return False
    except ValueError:
        return True


class Transport:
    """Sends calls through one aiobotocore client, which stays its owner's.

    Raises:
        TypeError: the client is no aiobotocore client of the service.
    """

    def __init__(self, client: Any, service: Service) -> None:  # noqa: ANN401 - aiobotocore has no types
        if not isinstance(client, AioBaseClient):
            raise TypeError(f"expected an aiobotocore client of {service.name}, got {type(client).__name__}")
        model = client.meta.service_model
        if model.service_name != service.name:
            raise TypeError(f"expected an aiobotocore client of {service.name}, got one of {model.service_name}")
        self._client: Any = client
        self._closed = False
        for event, handler in _HANDLERS.items():
            name = f"{event}.{model.service_id.hyphenize()}"
            client.meta.events.register_first(name, handler, unique_id=f"{_KEY}-{event}")

    @property
    def endpoint_url(self) -> str:
        """Where the client sends calls, as far as its configuration tells."""
        url: str = self._client.meta.endpoint_url
        return url

    def close(self) -> None:
        """Refuse further calls: the client is being closed."""
        self._closed = True

    async def send(self, operation: str, params: Mapping[str, JsonValue]) -> Answer:
        """Send one call and return its answer; cancelling it drops the connection.

        Raises:
            ErrorAnswerError: the service answered with an error.
            RuntimeError: the client has been closed.
            botocore.exceptions.BotoCoreError: no whole answer came, or the call could not be made.
        """
        if self._closed:
            raise RuntimeError("a client is open only inside its `async with` block")
        method = getattr(self._client, xform_name(operation), None)
        if method is None:
            raise NotImplementedError(f"the wrapped client's version of botocore does not know {operation}")
        taken = _Taken()
        _CALLING.set(taken)
        try:
            parsed = await method(**params)
        except ClientError as error:
            raise ErrorAnswerError(error, taken.body) from None
        except (ResponseParserError, AttributeError, TypeError):
            if taken.status < _FIRST_ERROR_STATUS:
                raise
            raise ErrorAnswerError(_unparsed_error(operation, taken), taken.body) from None
        except _broken_body_errors() as error:
            raise _as_botocore_error(error, self._client.meta.endpoint_url) from error
        finally:
            _CALLING.set(None)
        return Answer(body=taken.body, parsed=parsed, metadata=_metadata(parsed))


def _unparsed_error(operation: str, taken: _Taken) -> ClientError:
    """Return the error for an answer whose members made botocore's parser give up: its code and message count."""
    members = json.loads(taken.body or b"{}")
    kind = members.get("__type")
    code = kind.partition(":")[0].rpartition("#")[2] if isinstance(kind, str) else str(taken.status)
    message = members.get("message", members.get("Message", ""))
    metadata = {"HTTPStatusCode": taken.status, "RequestId": taken.request_id}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, operation)


def _metadata(parsed: Mapping[str, Any]) -> ResponseMetadata:
    metadata = parsed.get("ResponseMetadata", {})
    return ResponseMetadata(
        request_id=metadata.get("RequestId"),
        http_status=metadata.get("HTTPStatusCode", 0),
        attempts=metadata.get("RetryAttempts", 0) + 1,
        http_headers=dict(metadata.get("HTTPHeaders", {})),
    )


def _broken_body_errors() -> tuple[type[Exception], ...]:
    """Return what the HTTP clients raise when a body breaks off, which aiobotocore lets through as it is."""
    loaded = [sys.modules[name] for name in ("httpx2", "httpx") if name in sys.modules]
    return (aiohttp.ClientError, *(module.HTTPError for module in loaded))


def _as_botocore_error(error: Exception, endpoint_url: str) -> Exception:
    if isinstance(error, TimeoutError):
        timeout: Exception = ReadTimeoutError(endpoint_url=endpoint_url, error=error)
        return timeout
    broken: Exception = ResponseStreamingError(error=error)
    return broken


@asynccontextmanager
async def open_botocore_client(
    service: Service,
    *,
    region_name: str | None = None,
    profile: str | None = None,
    session: AioSession | None = None,
    config: AioConfig | None = None,
    **options: Any,  # noqa: ANN401 - what aiobotocore's create_client takes
) -> AsyncIterator[Any]:
    """Open an aiobotocore client of the service from its pinned model.

    Raises:
        TypeError: an option is unknown, or `profile` and `session` are both given.
        botocore.exceptions.BotoCoreError: the profile does not exist, or the configuration is not usable.
    """
    if session is not None and profile is not None:
        raise TypeError("profile and session exclude each other: a session has its own profile")
    _check_event_loop(config)
    is_own = session is None
    session = session or AioSession(profile=profile)
    pinned, paths = str(service_model.root()), session.get_component("data_loader").search_paths
    if pinned not in paths:
        # In a session of ours the pinned model goes first: the generated classes were made from it, whatever botocore
        # is installed. In somebody else's it only adds a service that botocore does not know.
        paths.insert(0 if is_own else len(paths), pinned)
    options.setdefault("api_version", service.api_version)
    config = _with_user_agent(session, _with_retries(session, config))
    if region_name is None and not _names_region(session, config):
        region_name = service.region
    async with session.create_client(service.name, region_name=region_name, config=config, **options) as client:
        yield client


def _check_event_loop(config: AioConfig | None) -> None:
    """Say what to do on trio, which aiobotocore's default HTTP client does not run on."""
    if getattr(config, "http_session_cls", AIOHTTPSession) is not AIOHTTPSession:
        return
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "aiobotocore's default HTTP client runs on asyncio alone; elsewhere pass "
            "config=AioConfig(http_session_cls=aiobotocore.httpxsession.HttpxSession)"
        ) from None


def _names_region(session: AioSession, config: AioConfig) -> bool:
    """Tell whether the caller's config or session names a region; environment and profile mean other services too."""
    configs = (config, session.get_default_client_config())
    named = any(getattr(each, "region_name", None) for each in configs)
    return named or bool(session.instance_variables().get("region"))


def _with_retries(session: AioSession, config: AioConfig | None) -> AioConfig:
    """Return the config with the retry mode `standard`, unless anything of the caller's names a mode."""
    if not isinstance(config, AioConfig):
        config = AioConfig() if config is None else AioConfig().merge(config)
    retries = {**_retries(session.get_default_client_config()), **_retries(config)}
    asked = {
        "retry_mode": os.environ.get("AWS_RETRY_MODE"),
        **session.get_scoped_config(),
        **session.instance_variables(),
    }
    if "mode" in retries or asked["retry_mode"]:
        return config
    return _merged(config, AioConfig(retries={**retries, "mode": "standard"}))


def _with_user_agent(session: AioSession, config: AioConfig) -> AioConfig:
    """Return the config with a user agent of ours, unless anything of the caller's has a say in it.

    botocore puts its own together twice for each call, which takes a tenth of the call's time.
    """
    asked = (config, session.get_default_client_config())
    if any(getattr(each, name, None) for each in asked for name in ("user_agent", "user_agent_appid")):
        return config
    if session.get_config_variable("user_agent_appid"):
        return config
    extra = f" {session.user_agent_extra}" if session.user_agent_extra else ""  # which botocore adds by itself
    ours = f"{session.user_agent().removesuffix(extra)} md/aiopartnercentral#{__version__}"
    return _merged(config, AioConfig(user_agent=ours))


def _merged(config: AioConfig, other: AioConfig) -> AioConfig:
    merged = config.merge(other)
    # Older versions of aiobotocore lose these in `merge`.
    merged.connector_args, merged.http_session_cls = config.connector_args, config.http_session_cls
    return merged


def _retries(config: Any) -> dict[str, Any]:  # noqa: ANN401 - a config, or None
    return dict(getattr(config, "retries", None) or {})
