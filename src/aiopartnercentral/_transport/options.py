"""The options of clients, and of their calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from aiobotocore.config import AioConfig
    from aiobotocore.session import AioSession

    from aiopartnercentral._serialization import BotocoreConverter, JsonConverter

__all__ = ["CallOptions", "ClientOptions", "ConnectOptions"]


class ClientOptions(TypedDict, total=False):
    """Options that the clients of several accounts can share.

    Attributes:
        config: botocore's config; its retry mode is `standard` unless it names another, and its pool has 100
            connections.
        timeout: maximum seconds of a call with all its attempts, 600 by default; None for no limit.
        max_response_bytes: maximum bytes of a response, 100 MiB by default; reading stops there.
        verify: whether to verify TLS certificates, or the path of a CA bundle.
        use_ssl: whether to use TLS if the endpoint URL has no scheme.
        api_version: version of the service model; by default the pinned one.
        json_converter: converter that decodes responses; by default the service's shared one.
        botocore_converter: converter that encodes requests; by default the service's shared one.
    """

    config: AioConfig
    timeout: float | None
    max_response_bytes: int
    verify: bool | str
    use_ssl: bool
    api_version: str
    json_converter: JsonConverter
    botocore_converter: BotocoreConverter


class ConnectOptions(ClientOptions, total=False):
    """Options of `connect`: the arguments of aiobotocore's `create_client`, and a few more.

    Attributes:
        region_name: the AWS region; by default the service's only one.
        endpoint_url: URL to send requests to instead of AWS.
        profile: a profile of the AWS config files.
        session: an aiobotocore session to share; the pinned model is added to its loader if that lacks the service.
        aws_access_key_id: explicit credentials, instead of the default credential provider chain.
        aws_secret_access_key: see `aws_access_key_id`.
        aws_session_token: see `aws_access_key_id`.
        aws_account_id: see `aws_access_key_id`.
    """

    region_name: str
    endpoint_url: str
    profile: str
    session: AioSession
    aws_access_key_id: str
    aws_secret_access_key: str
    aws_session_token: str
    aws_account_id: str


class CallOptions(TypedDict, total=False):
    """Options of single calls; see `ServiceClient.with_options`.

    Attributes:
        timeout: maximum seconds of a call with all its attempts; None for no limit.
        attempts: maximum attempts of a call, the first one included.
    """

    timeout: float | None
    attempts: int
