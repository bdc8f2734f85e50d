"""Where an account's credentials come from: a role to assume, or the caller's credentials provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime  # noqa: TC003 - callers may resolve the annotations, as cattrs does
from typing import Final, TypeAlias

import attrs

from aiopartnercentral._utils import validators

__all__ = ["Credentials", "CredentialsProvider", "Role"]

SESSION_NAME: Final = "aiopartnercentral"

_role_arn = validators.pattern(
    r"arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[\w+=,.@/-]+",
    "the ARN of a role, such as arn:aws:iam::123456789012:role/name",
    length=(20, 2048),
)
_session_name = validators.pattern(r"[\w+=,.@-]+", "made of letters, digits and _+=,.@- only", length=(2, 64))
_external_id = validators.pattern(r"[\w+=,.@:/-]+", "made of letters, digits and _+=,.@:/- only", length=(2, 1224))


def _or_default(session_name: str | None) -> str:
    return SESSION_NAME if session_name is None else session_name


@attrs.frozen(kw_only=True)
class Role:
    """An IAM role to assume; it is assumed again before its session expires.

    Reference: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

    Arguments:
        arn: the role's ARN.
        external_id: the external id that the role's trust policy requires, 2 to 1224 characters; never shown.
        session_name: the session's name in the account's logs, 2 to 64 characters, `aiopartnercentral` by default.
        profile: the profile of the AWS config files whose credentials assume the role; by default the default
            credential provider chain is used.
        duration: how long a session lasts, in seconds, 900 to 43200; at most 3600 if another role assumes it.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument has a value that STS rejects.
    """

    arn: str = attrs.field(validator=_role_arn)
    external_id: str | None = attrs.field(default=None, repr=False, validator=validators.optional(_external_id))
    session_name: str = attrs.field(default=None, converter=_or_default, validator=_session_name)
    profile: str | None = attrs.field(default=None, validator=validators.optional(validators.text))
    duration: int = attrs.field(default=3600, validator=validators.integer(least=900, most=43200))

    @property
    def account_id(self) -> str:
        """The account that the role belongs to."""
        return self.arn.split(":")[4]


@attrs.frozen(kw_only=True)
class Credentials:
    """AWS credentials, as a credentials provider returns them.

    Arguments:
        access_key_id: the access key id.
        secret_access_key: the secret access key; never shown.
        session_token: the session token of temporary credentials; never shown.
        expires_at: when they expire, with a time zone; None if they do not expire.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument is empty or has control characters, or the time has no time zone.
    """

    access_key_id: str = attrs.field(validator=validators.text)
    secret_access_key: str = attrs.field(repr=False, validator=validators.text)
    session_token: str | None = attrs.field(default=None, repr=False, validator=validators.optional(validators.text))
    expires_at: datetime | None = attrs.field(default=None, validator=validators.optional(validators.aware_datetime))


CredentialsProvider: TypeAlias = Callable[[], Awaitable[Credentials]]
"""An async function that returns credentials; it is called when they are first needed and before they expire."""
