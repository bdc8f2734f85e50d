"""Assumes IAM roles with STS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError, SSLError  # noqa: A004
from botocore.parsers import ResponseParserError

from aiopartnercentral._transport.credentials import Credentials
from aiopartnercentral._utils.text import REDACTED
from aiopartnercentral.errors import CredentialsError

if TYPE_CHECKING:
    from aiopartnercentral._transport.credentials import Role

__all__ = ["assume", "credentials_error"]

_SERVER_ERROR = 500
_BUSY = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"})
# Exceptions for the response of something other than STS, such as a proxy or another service at AWS_ENDPOINT_URL.
_UNREADABLE = (ResponseParserError, LookupError, TypeError, ValueError)
_LOST = (HTTPClientError, ConnectionError, aiohttp.ClientError, TimeoutError)


async def assume(sts: Any, role: Role) -> Credentials:  # noqa: ANN401 - aiobotocore has no types
    """Assume a role with an STS client, and return its credentials.

    Raises:
        CredentialsError: the role cannot be assumed; the message names the role, and never the external id.
    """
    asked: dict[str, Any] = {
        "RoleArn": role.arn,
        "RoleSessionName": role.session_name,
        "DurationSeconds": role.duration,
    }
    if role.external_id is not None:
        asked["ExternalId"] = role.external_id
    try:
        return _credentials(await sts.assume_role(**asked))
    except (ClientError, BotoCoreError, *_UNREADABLE, aiohttp.ClientError, TimeoutError) as error:
        failure = credentials_error(f"role {role.arn} cannot be assumed", error, secret=role.external_id)
    # Raised outside the handler: the message of STS or botocore may repeat the external id, and must not be its
    # context.
    raise failure


def _credentials(answer: Any) -> Credentials:  # noqa: ANN401 - aiobotocore has no types
    members = answer["Credentials"]
    return Credentials(
        access_key_id=members["AccessKeyId"],
        secret_access_key=members["SecretAccessKey"],
        session_token=members["SessionToken"],
        expires_at=members["Expiration"],
    )


def credentials_error(what: str, error: Exception, *, secret: str | None = None) -> CredentialsError:
    """Return a `CredentialsError` for the cause, without the secret.

    Arguments:
        what: what failed.
        error: the cause.
        secret: text to remove from the message.
    """
    code, is_retryable = None, False
    if isinstance(error, ClientError):
        details: Any = error.response.get("Error", {})
        code = str(details.get("Code", "Unknown"))
        reason = f"{code}: {details.get('Message', '')}"
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        is_retryable = status >= _SERVER_ERROR or code in _BUSY
    elif isinstance(error, CredentialsError):
        code, reason, is_retryable = error.code, str(error), error.is_retryable
    elif isinstance(error, BotoCoreError | aiohttp.ClientError | TimeoutError):
        reason = str(error) or type(error).__name__
        is_retryable = isinstance(error, _LOST) and not isinstance(error, SSLError)
    else:
        reason = f"the response is not usable ({type(error).__name__})"
    if secret is not None:
        reason = reason.replace(secret, REDACTED)
    return CredentialsError(f"{what}: {reason}", code=code, is_retryable=is_retryable)
