"""The options of clients, and of their calls, and the checks of their values."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict
from urllib.parse import urlsplit

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.validators import Check, optional

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from aiobotocore.config import AioConfig
    from aiobotocore.session import AioSession

    from aiopartnercentral._serialization import BotocoreConverter, JsonConverter
    from aiopartnercentral._transport.call_events import CallObserver

__all__ = [
    "CallOptions",
    "ClientOptions",
    "ConnectOptions",
    "check_options",
    "check_values",
    "endpoint_url",
    "region_name",
    "verify",
]

# Names that botocore and others use. A similar name may mean something else: `max_items` would cut a listing short.
_RENAMED = {"max_results": "page_size", "max_attempts": "attempts", "retries": "attempts"}
_CONFIG = "config=AioConfig({}=...)"


class ClientOptions(TypedDict, total=False):
    """Options that the clients of several accounts can share."""

    config: AioConfig
    """Botocore's config; its retry mode is `standard` unless it names another, and its pool has 100 connections."""
    timeout: float | None
    """Maximum seconds of a call with all its attempts, and to obtain credentials, 600 by default; None for no limit."""
    max_response_bytes: int
    """Maximum bytes of a response, 100 MiB by default; reading stops there."""
    direct: bool
    """Whether usual calls may be sent without botocore's request path, which is faster; True by default."""
    http_client: Literal["asyncio", "ry"]
    """What sends the requests: the library itself by default; ry needs the extra of this name."""
    verify: bool | str
    """Whether to verify TLS certificates, or the path of a CA bundle."""
    use_ssl: bool
    """Whether to use TLS if the endpoint URL has no scheme."""
    api_version: str
    """Version of the service model; by default the pinned one."""
    json_converter: JsonConverter
    """Converter that decodes responses; by default the service's shared one."""
    botocore_converter: BotocoreConverter
    """Converter that encodes requests; by default the service's shared one."""


class ConnectOptions(ClientOptions, total=False):
    """Options of `connect`: the arguments of aiobotocore's `create_client`, and a few more."""

    region_name: str
    """The AWS region; by default the service's only one."""
    endpoint_url: str
    """URL to send requests to instead of AWS."""
    profile: str
    """A profile of the AWS config files."""
    session: AioSession
    """An aiobotocore session to share; the pinned model is added to its loader if that lacks the service, and its
    requests for credentials follow no redirects any more.
    """
    aws_access_key_id: str
    """Explicit credentials, instead of the default credential provider chain."""
    aws_secret_access_key: str
    """See `aws_access_key_id`."""
    aws_session_token: str
    """See `aws_access_key_id`."""
    aws_account_id: str
    """See `aws_access_key_id`."""
    observer: CallObserver | None
    """Called with each event of each call, such as a `Telemetry`; see `CallEvent`."""


class CallOptions(TypedDict, total=False):
    """Options of single calls; see `ServiceClient.with_options`."""

    timeout: float | None
    """Maximum seconds of a call with all its attempts; None for no limit."""
    attempts: int
    """Maximum attempts of a call, the first one included."""
    observer: CallObserver | None
    """Called with each event of each call; see `ConnectOptions`."""


region_name = validators.pattern(r"[a-z0-9]+(-[a-z0-9]+)+", "the name of a region, such as us-east-1", length=(3, 63))


@Check
def endpoint_url(name: str, value: object) -> str:
    """Demand the URL of an endpoint. A request is signed, so the URL has no user name and password."""
    given = validators.text(name, value)
    parts = None
    try:
        parts = urlsplit(given)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an invalid address or port
        usable = False
    if parts is None or not usable:
        raise ValueError(f"{name} must be a URL that begins with http:// or https://")
    if "@" in parts.netloc:
        raise ValueError(f"{name} must be a URL without user name and password")
    return given


@Check
def verify(name: str, value: object) -> bool | str:
    """Demand a boolean or a path: aiohttp would take what is false in a condition for no verification at all."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a boolean, or the path of a CA bundle, not {validators.type_name(value)}")
    return validators.path(name, value)


@Check
def _credential(name: str, value: object) -> str:
    """Demand text that can be sent, or none, which stands for a value that is not given."""
    return validators.any_text(name, value) and validators.text(name, value)


def _instance_of(module: str, cls: str, expected: str) -> Check[Any]:
    """Return a check for an instance of a class, which is loaded only if there is a value to check."""

    def check(name: str, value: object) -> Any:  # noqa: ANN401 - of the class
        return validators.instance_of(getattr(import_module(module), cls), expected)(name, value)

    return Check(check)


_CONVERTERS = "aiopartnercentral._serialization.converters"
# None stands for an option that is not given, as in botocore.
_CHECKS: Final[Mapping[str, Check[Any]]] = {
    "config": optional(_instance_of("botocore.config", "Config", "an AioConfig")),
    "timeout": optional(validators.positive_number),
    "max_response_bytes": validators.count,
    "direct": validators.flag,
    "http_client": optional(validators.one_of(("asyncio", "ry"))),
    "verify": optional(verify),
    "use_ssl": validators.flag,
    "api_version": optional(validators.text),
    "json_converter": optional(_instance_of(_CONVERTERS, "JsonConverter", "a JsonConverter")),
    "botocore_converter": optional(_instance_of(_CONVERTERS, "BotocoreConverter", "a BotocoreConverter")),
    "region_name": optional(region_name),
    "endpoint_url": optional(endpoint_url),
    "profile": optional(validators.text),
    "session": optional(_instance_of("aiobotocore.session", "AioSession", "an AioSession")),
    "aws_access_key_id": optional(_credential),
    "aws_secret_access_key": optional(_credential),
    "aws_session_token": optional(_credential),
    "aws_account_id": optional(_credential),
    "attempts": validators.count,
    "observer": optional(validators.observer()),
}


def check_values(options: Mapping[str, object]) -> None:
    """Check the values of options of clients or of their calls; their names are known.

    Raises:
        TypeError: a value is of a wrong type.
        ValueError: a value is not allowed.
    """
    for name, value in options.items():
        _CHECKS[name](name, value)


def check_options(
    taker: str,
    options: Iterable[str],
    among: type,
    *,
    further: tuple[str, ...] = (),
    elsewhere: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Check options against a typed dictionary.

    Arguments:
        taker: name of the function that takes the options, for the message.
        options: names of the given options.
        among: the typed dictionary.
        further: other options that the function takes and has checked itself; messages name them.
        elsewhere: options of other functions that may be meant; each key shows how to pass one: `connect({}=...)`.

    Raises:
        TypeError: an option is unknown, or one that is required is missing.
    """
    known = among.__annotations__.keys()
    for name in options:
        if name not in known:
            meant = _meant(name, (*further, *known), elsewhere or {})
            hint = f"did you mean {meant}?" if meant else f"the options are {', '.join((*further, *known))}"
            raise TypeError(f"{taker} has no option {name}; {hint}")
    for name in sorted(among.__required_keys__ - set(options)):  # type: ignore[attr-defined] # of a typed dictionary
        raise TypeError(f"{taker} needs {name}")


def _meant(name: str, known: Collection[str], elsewhere: Mapping[str, Collection[str]]) -> str | None:
    """Return how to give the option that an unknown one may stand for, or None."""
    from aiopartnercentral._utils.text import nearest  # noqa: PLC0415 - only a mistake loads it

    for each in (name, _RENAMED.get(name)):
        if each in known:
            return each
        for place, names in elsewhere.items():
            if each in names:
                return place.format(each)
    if "config" in known:
        from botocore.config import Config  # noqa: PLC0415 - only a mistake loads it

        if name in Config.OPTION_DEFAULTS:
            return _CONFIG.format(name)
    return nearest(name, known)
