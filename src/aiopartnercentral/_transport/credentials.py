"""How an account's credentials are come by: a role to assume, or whatever a program of the caller's gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

import attrs

from aiopartnercentral._utils import validators

__all__ = ["Credentials", "CredentialsProvider", "Role"]

SESSION_NAME: Final = "aiopartnercentral"

_role_arn = validators.pattern(
    r"arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[\w+=,.@/-]+",
    length=(20, 2048),
    allowed="a role's ARN, such as arn:aws:iam::123456789012:role/name",
)
_session_name = validators.pattern(r"[\w+=,.@-]+", length=(2, 64), allowed="of letters, digits and _+=,.@- alone")
_external_id = validators.pattern(r"[\w+=,.@:/-]+", length=(2, 1224), allowed="of letters, digits and _+=,.@:/- alone")


def _or_default(session_name: str | None) -> str:
    return SESSION_NAME if session_name is None else session_name


def _aware(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, datetime):
        raise TypeError(f"{attribute.name} must be a datetime, not {validators.type_name(value)}")
    if value.utcoffset() is None:
        raise ValueError(f"{attribute.name} must say its time zone, such as datetime.now(timezone.utc) does")


@attrs.frozen(kw_only=True)
class Role:
    """A role that is assumed, and assumed again before its session ends.

    Reference: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

    Arguments:
        arn: the role's ARN.
        external_id: what the role's owner wants to hear, 2 to 1224 characters; shown nowhere.
        session_name: the session's name in the account's logs, 2 to 64 characters, `aiopartnercentral` by default.
        profile: the profile of the AWS config files whose credentials assume it; the usual chain by default.
        duration: how long a session lasts, in seconds, 900 to 43200; at most 3600 if another role assumes it.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument has a value that STS would refuse.
    """

    arn: str = attrs.field(validator=_role_arn)
    external_id: str | None = attrs.field(default=None, repr=False, validator=validators.optional(_external_id))
    session_name: str = attrs.field(default=None, converter=_or_default, validator=_session_name)
    profile: str | None = attrs.field(default=None, validator=validators.optional(validators.text))
    duration: int = attrs.field(default=3600, validator=validators.number(900, 43200, "seconds"))

    @property
    def account_id(self) -> str:
        """The account that the role belongs to."""
        return self.arn.split(":")[4]


@attrs.frozen(kw_only=True)
class Credentials:
    """What a credentials provider gives.

    Arguments:
        access_key_id: names the credentials.
        secret_access_key: signs; shown nowhere.
        session_token: what temporary credentials send beside the signature; shown nowhere.
        expires_at: until when they are good, with a time zone; None if they do not expire.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument is empty, has control characters, or no time zone.
    """

    access_key_id: str = attrs.field(validator=validators.text)
    secret_access_key: str = attrs.field(repr=False, validator=validators.text)
    session_token: str | None = attrs.field(default=None, repr=False, validator=validators.optional(validators.text))
    expires_at: datetime | None = attrs.field(default=None, validator=validators.optional(_aware))


CredentialsProvider: TypeAlias = Callable[[], Awaitable[Credentials]]
"""Gives credentials when they are first needed, and again before they expire."""
