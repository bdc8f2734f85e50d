"""Where an account's credentials come from: a role to assume, or the caller's credentials provider."""

from __future__ import annotations

import inspect
import os
from collections.abc import Awaitable, Callable
from datetime import datetime  # noqa: TC003 - callers may resolve the annotations, as cattrs does
from pickle import PicklingError
from typing import Any, Final, TypeAlias

import attrs

from aiopartnercentral._transport.pickling import PickledWithoutSecrets, check_no_secrets
from aiopartnercentral._utils import validators
from aiopartnercentral.errors import CredentialsError

__all__ = [
    "Credentials",
    "CredentialsProvider",
    "Role",
    "UnusableCredentialsError",
    "check_provider",
    "external_id_of",
    "provided",
    "usable_credentials",
]

SESSION_NAME: Final = "aiopartnercentral"
_PROVIDER = "an async function"
_NOT_PROVIDERS: Final[dict[str, Callable[[object], bool]]] = {
    "an async generator: return the credentials, and do not yield them": inspect.isasyncgenfunction,
    "a generator: write `async def`, and return the credentials": inspect.isgeneratorfunction,
}
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

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
class Role(PickledWithoutSecrets):
    """An IAM role to assume; it is assumed again before its session expires.

    Reference: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

    Arguments:
        arn: the role's ARN.
        external_id: the external id that the role's trust policy requires, 2 to 1224 characters; never shown.
        external_id_env: instead of it, the environment variable that has it where the role is assumed; so the role
            can be pickled, which one with an external id cannot.
        session_name: the session's name in the account's logs, 2 to 64 characters, `aiopartnercentral` by default.
        profile: the profile of the AWS config files whose credentials assume the role; by default the default
            credential provider chain is used.
        duration: how long a session lasts, in seconds, 900 to 43200; at most 3600 if another role assumes it.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument has a value that STS rejects, or both `external_id` and `external_id_env` are given.
    """

    arn: str = attrs.field(validator=_role_arn)
    external_id: str | None = attrs.field(default=None, repr=False, validator=validators.optional(_external_id))
    external_id_env: str | None = attrs.field(default=None, validator=validators.optional(validators.text))
    session_name: str = attrs.field(default=None, converter=_or_default, validator=_session_name)
    profile: str | None = attrs.field(default=None, validator=validators.optional(validators.text))
    duration: int = attrs.field(default=3600, validator=validators.integer(least=900, most=43200))

    def __attrs_post_init__(self) -> None:
        """Refuse an external id that is given twice."""
        if self.external_id is not None and self.external_id_env is not None:
            raise ValueError("external_id_env excludes external_id, which is also given")

    def _check_pickled(self) -> None:
        check_no_secrets(f"role {self.arn}", external_id=self.external_id, credentials=None)

    @property
    def account_id(self) -> str:
        """The account that the role belongs to."""
        return self.arn.split(":")[4]


def external_id_of(role: Role) -> str | None:
    """Return the external id to assume a role with; None if it needs none.

    Raises:
        CredentialsError: the environment variable of the role is not set, or its value is not an external id.
    """
    name = role.external_id_env
    if name is None:
        return role.external_id
    value = os.environ.get(name)
    if value is None:
        raise CredentialsError(f"the environment variable {name}, which has the external id, is not set: set it")
    try:
        return _external_id(f"the external id in the environment variable {name}", value)
    except ValueError as error:
        raise CredentialsError(str(error)) from None


@attrs.frozen(kw_only=True)
class Credentials(PickledWithoutSecrets):
    """AWS credentials, as a credentials provider returns them; they cannot be pickled.

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

    def _check_pickled(self) -> None:
        raise PicklingError("Credentials are secret and not pickled: let the other process obtain its own")


class UnusableCredentialsError(Exception):
    """A source gave values that cannot be credentials; internal to the library. The text names the member."""


def usable_credentials(access_key_id: Any, secret_access_key: Any, session_token: Any, expires_at: Any) -> Credentials:  # noqa: ANN401 - checked here
    """Return what a source of credentials gave, which may be anything.

    Raises:
        UnusableCredentialsError: a value cannot be that of credentials.
    """
    try:
        return Credentials(
            access_key_id=access_key_id,
            secret_access_key=secret_access_key,
            session_token=None if session_token == "" else session_token,
            expires_at=expires_at,
        )
    except (TypeError, ValueError) as error:
        reason = str(error)
    raise UnusableCredentialsError(reason)


CredentialsProvider: TypeAlias = Callable[[], Awaitable[Credentials]]
"""An async function that returns credentials; it is called when they are first needed and before they expire."""


@validators.Check
def check_provider(name: str, value: object) -> CredentialsProvider:
    """Demand a credentials provider, as far as this can be checked before it is called."""
    given = validators.function(_PROVIDER)(name, value)
    kind = next((kind for kind, is_kind in _NOT_PROVIDERS.items() if is_kind(given)), None)
    if kind is not None:
        raise TypeError(f"{name} must be {_PROVIDER}, not {kind}")
    try:
        parameters = inspect.signature(given, follow_wrapped=False).parameters.values()
    except (TypeError, ValueError):  # of a function that is not written in Python
        return given
    required = [each.name for each in parameters if each.default is each.empty and each.kind not in _VARIADIC]
    if required:
        raise TypeError(
            f"{name} must be {_PROVIDER} without required parameters, not one that needs {', '.join(required)}: "
            "bind them with functools.partial"
        )
    return given


async def provided(provider: CredentialsProvider) -> Credentials:
    """Return what a credentials provider returns.

    Raises:
        CredentialsError: it is not async.
        Exception: its own error.
    """
    given: object = provider()
    if not inspect.isawaitable(given):
        raise CredentialsError(
            f"credentials must be {_PROVIDER}, not one that returns {validators.type_name(given)} at once: write "
            "`async def`"
        )
    credentials: Credentials = await given
    return credentials
