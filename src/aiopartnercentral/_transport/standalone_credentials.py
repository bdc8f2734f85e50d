"""The credentials of connections that start without botocore: explicit ones, or those of the environment or a profile.

The AWS config files are read as botocore reads them. A setting is understood if it does not matter to a connection, or
matters only to how credentials are obtained: botocore's chain does that, without a client. Any other setting, and any
unusual form, leaves the connection to botocore.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final, Literal

from aiopartnercentral._transport.direct.request import Keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._transport.refreshable_credentials import RefreshingCredentials

__all__ = [
    "CREDENTIALS",
    "STS_ENDPOINTS",
    "VARIABLES_OF_CHAIN",
    "FoundKeys",
    "StaticKeys",
    "credentials",
]

CREDENTIALS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
"""The options, and settings of a profile, that are credentials; the environment has them in upper case."""
_VISIBLE = re.compile(r"[!-~]+")
_PROFILE = re.compile(r"profile ([A-Za-z0-9._@+/-]+)")
_WITHOUT_EFFECT = frozenset({*CREDENTIALS, "region", "output", "mfa_serial"})
"""Settings of a profile that are understood here, or do not matter to a service that is in one region alone."""
_OF_CHAIN = frozenset(
    {
        *("role_arn", "source_profile", "credential_source", "role_session_name", "external_id", "duration_seconds"),
        *("web_identity_token_file", "credential_process"),
        *("sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name", "sso_registration_scopes"),
    }
)
"""Settings of a profile that matter only to how botocore's chain obtains credentials."""
VARIABLES_OF_CHAIN: Final = frozenset(
    {
        *("AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        *("AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CREDENTIAL_EXPIRATION"),
        *(
            "AWS_EC2_METADATA_SERVICE_ENDPOINT",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
            "AWS_EC2_METADATA_V1_DISABLED",
        ),
        *("AWS_METADATA_SERVICE_TIMEOUT", "AWS_METADATA_SERVICE_NUM_ATTEMPTS"),
        *("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC"),
    }
)
"""Environment variables that matter only to the chain."""
STS_ENDPOINTS: Final = ("legacy", "regional")
"""Values of `sts_regional_endpoints`, which matters only to the chain; botocore refuses others for each client."""
_OF_THE_CLI = "cli_"


class StaticKeys(Keys):
    """Credentials that do not change."""

    __slots__ = ()

    async def get_frozen_credentials(self) -> Any:  # noqa: ANN401 - these, or botocore's
        """Return the current credentials, as botocore's credentials do."""
        return self


class FoundKeys(StaticKeys):
    """Credentials of the environment or a profile; once they have expired, botocore's provider reads them there again.

    Arguments:
        keys: the credentials.
        timeout: maximum seconds to read them again; None for no limit.
        provider: the name of the provider's class in aiobotocore.
        arguments: its arguments.
    """

    __slots__ = ("_arguments", "_provider", "_renewed", "_timeout")

    def __init__(self, keys: Keys, timeout: float | None, provider: str, *arguments: str) -> None:
        super().__init__(keys.access_key, keys.secret_key, keys.token)
        self._timeout = timeout
        self._provider = provider
        self._arguments = arguments
        self._renewed: RefreshingCredentials | None = None

    def expire(self, access_key: str) -> None:
        """Obtain them again at the next call, if they are still those with this access key id."""
        if self._renewed is not None:
            self._renewed.expire(access_key)
        elif access_key == self.access_key:
            from aiobotocore import credentials as providers  # noqa: PLC0415 - loads botocore

            from aiopartnercentral._transport.providers import credentials_of  # noqa: PLC0415 - as above

            provider = getattr(providers, self._provider)(*self._arguments)
            self._renewed = credentials_of(provider, self._timeout)

    async def get_frozen_credentials(self) -> Any:  # noqa: ANN401 - as above
        """Return the current credentials.

        Raises:
            CredentialsError: new ones cannot be obtained.
        """
        return self if self._renewed is None else await self._renewed.get_frozen_credentials()


def credentials(given: Mapping[str, Any]) -> StaticKeys | Literal["chain"] | None:
    """Return the credentials that botocore would find, or `"chain"` if its chain has to find them.

    None means that the profile has a setting that only botocore understands, or the credentials have such a form.

    Arguments:
        given: the options of a client.
    """
    chosen = given.get("profile")
    named = os.environ.get("AWS_DEFAULT_PROFILE", os.environ.get("AWS_PROFILE")) if chosen is None else chosen
    found = _of_profile(named)
    if found is None:
        return None
    settings, provider = found
    if any(name in given for name in CREDENTIALS):
        return None if provider is None else _keys(given)
    if provider is None or not VARIABLES_OF_CHAIN.isdisjoint(map(str.upper, os.environ)):
        return "chain"
    if chosen is None and os.environ.get("AWS_ACCESS_KEY_ID"):
        settings, provider = {name: os.environ.get(name.upper()) for name in CREDENTIALS}, ("AioEnvProvider",)
    elif not any(settings.get(name) for name in CREDENTIALS):
        return "chain"
    keys = _keys(settings)
    return None if keys is None else FoundKeys(keys, given.get("timeout"), *provider)


def _keys(found: Mapping[str, str | None]) -> StaticKeys | None:
    """Return usable credentials; None for any other."""
    access, secret, token = (found.get(name) for name in CREDENTIALS)
    is_usual = all(_VISIBLE.fullmatch(each) for each in (access or "", secret or "", token or "-"))
    return StaticKeys(f"{access}", f"{secret}", token or None) if is_usual else None


def _of_profile(profile: str | None) -> tuple[Mapping[str, str | None], tuple[str, ...] | None] | None:
    """Return the credentials of a profile, or of the default one, and the class and arguments of their provider.

    There is no provider if the chain has to find them. The result is None if the profile has a setting that matters to
    anything else.
    """
    config_file = os.environ.get("AWS_CONFIG_FILE", "~/.aws/config")
    shared_file = os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
    config, shared = _sections(config_file), _sections(shared_file)
    if config is None or shared is None:
        return None
    profiles = {}
    for section, values in config.items():
        match = _PROFILE.fullmatch(section)
        if match is None and section.startswith("profile"):  # such as a quoted name
            return None
        if match is not None or section == "default":
            profiles["default" if match is None else match[1]] = values
    name = "default" if profile is None else profile
    if profile is not None and name not in profiles and name not in shared:
        return None
    own, of_shared = profiles.get(name, {}), shared.get(name, {})
    names = {each for each in (*own, *of_shared) if not each.startswith(_OF_THE_CLI)}
    if all(each.get("sts_regional_endpoints", "regional") in STS_ENDPOINTS for each in (own, of_shared)):
        names.discard("sts_regional_endpoints")
    if not names <= _WITHOUT_EFFECT | _OF_CHAIN:
        return None
    if "aws_access_key_id" in of_shared:
        found, provider = of_shared, ("AioSharedCredentialProvider", shared_file, name)
    else:
        found, provider = own, ("AioConfigProvider", config_file, name)
    return found, provider if names.isdisjoint(_OF_CHAIN) else None


def _sections(path: str) -> dict[str, dict[str, str]] | None:
    """Return the sections of a file, without any if there is no file; None if botocore would report a mistake in it."""
    path = os.path.expanduser(os.path.expandvars(path))  # noqa: PTH111 - pathlib is slow to load
    if not os.path.isfile(path):  # noqa: PTH113 - as above
        return {}
    import configparser  # noqa: PLC0415 - most servers have no such file

    parser = configparser.RawConfigParser()
    try:
        parser.read([path])
    except (configparser.Error, UnicodeDecodeError):
        return None
    sections = {section: dict(parser.items(section)) for section in parser.sections()}
    nested = (value for section in sections.values() for value in section.values() if value.startswith("\n"))
    lines = (line for value in nested for line in value.splitlines() if line.strip())
    return sections if all("=" in line for line in lines) else None
