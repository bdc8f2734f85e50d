"""AWS config files, and a server that is STS, IAM Identity Center, a container's credentials and Partner Central."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from tests.support.servers import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.support.servers import Received, ScriptedServer

ROLE = "arn:aws:iam::111122223333:role/reader"
START_URL = "https://example.awsapps.com/start"
ASSUME_ROLE = f"[profile p]\nrole_arn = {ROLE}\nsource_profile = base\nexternal_id = the-external-id\n"
BASE = "[profile base]\naws_access_key_id = AKIDOFBASE\naws_secret_access_key = the-secret-key\n"
SSO = f"""[profile p]
sso_start_url = {START_URL}
sso_region = eu-west-1
sso_account_id = 111122223333
sso_role_name = reader
"""

SSO_SESSION = f"""[profile p]
sso_session = s
sso_account_id = 111122223333
sso_role_name = reader
[sso-session s]
sso_start_url = {START_URL}
sso_region = eu-west-1
"""


def in_time(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def assumed(action: str = "AssumeRole", key: str = "ASSUMED") -> Reply:
    members = {
        "AccessKeyId": key,
        "SecretAccessKey": "the-secret-key",
        "SessionToken": "the-token",
        "Expiration": in_time(hours=1),
    }
    credentials = "".join(f"<{name}>{value}</{name}>" for name, value in members.items())
    user = "<AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/reader/me</Arn></AssumedRoleUser>"
    result = f"<{action}Result><Credentials>{credentials}</Credentials>{user}</{action}Result>"
    return Reply(f"<{action}Response>{result}</{action}Response>".encode())


def sts_error(code: str, message: str = "no", status: int = 403) -> Reply:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(f"<ErrorResponse>{error}</ErrorResponse>".encode(), status=status)


def container_credentials(**members: Any) -> Reply:
    return Reply(
        {
            "AccessKeyId": "CONTAINER",
            "SecretAccessKey": "the-secret-key",
            "Token": "the-token",
            "Expiration": in_time(hours=1),
            **members,
        }
    )


def sso_credentials(**members: Any) -> Reply:
    credentials = {"accessKeyId": "SSO", "secretAccessKey": "the-secret-key", "sessionToken": "the-token"}
    return Reply({"roleCredentials": {**credentials, "expiration": 4e12, **members}})


def key_of(received: Received) -> str:
    found = re.search("Credential=([^/]+)/", received.headers.get("authorization", ""))
    return found[1] if found else ""


@attrs.define
class CredentialSources:
    """What answers, and what was asked of the service and of those that give credentials."""

    server: ScriptedServer
    home: Path
    monkeypatch: pytest.MonkeyPatch
    give: Callable[[Received], Reply] = attrs.field(default=lambda _: assumed())
    serve: Callable[[Received], Reply] = attrs.field(default=lambda _: Reply({"ConnectionSummaries": []}))

    def __attrs_post_init__(self) -> None:
        self.server.answer = lambda received: (self.serve if received.operation else self.give)(received)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            self.monkeypatch.delenv(name, raising=False)
        for name in ("STS", "SSO", "SSO_OIDC"):
            self.monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", self.server.url)
        for provider in ("credentials.SSOProvider", "tokens.SSOTokenProvider"):
            self.monkeypatch.setattr(f"botocore.{provider}._SSO_TOKEN_CACHE_DIR", str(self.home))

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def given(self) -> list[Received]:
        return [received for received in self.server.received if not received.operation]

    @property
    def served(self) -> list[str]:
        """Return the access key ids that signed the service's requests."""
        return [key_of(received) for received in self.server.received if received.operation]

    def configure(self, text: str) -> None:
        file = self.home / "config"
        file.write_text(text)
        self.monkeypatch.setenv("AWS_CONFIG_FILE", str(file))

    def process(self, printed: str) -> None:
        """Configure a credential_process that prints this."""
        file = self.home / "printed"
        file.write_text(printed)
        self.command(f"sh -c 'echo the-secret-key >&2; cat {file}'")

    def command(self, command: str) -> None:
        """Configure a credential_process."""
        self.configure(f"[profile p]\ncredential_process = {command}\n")

    def container(self) -> None:
        self.monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{self.url}/credentials")

    def instance(self) -> None:
        """Be the metadata service of an instance with a role."""
        self.monkeypatch.delenv("AWS_EC2_METADATA_DISABLED", raising=False)
        self.monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", self.url)
        answers = {"token": Reply(b"the-token"), "": Reply(b"reader"), "reader": container_credentials(Code="Success")}
        self.give = lambda received: answers[received.path.rpartition("/")[2]]

    def login(self, text: str | None = None) -> None:
        """Log in to IAM Identity Center; the cached login is this text."""
        self.configure(SSO)
        token = {"accessToken": "the-token", "expiresAt": in_time(hours=1)}
        self._cache_login(START_URL, json.dumps(token) if text is None else text)

    def refreshable_login(self, **left: float) -> None:
        """Log in to IAM Identity Center with a session whose token has so much time left."""
        self.configure(SSO_SESSION)
        token = {"accessToken": "the-token", "expiresAt": in_time(**left), "refreshToken": "the-secret-refresh"}
        client = {"clientId": "c", "clientSecret": "the-secret", "registrationExpiresAt": in_time(hours=9)}
        self._cache_login("s", json.dumps({**token, **client}))

    def _cache_login(self, key: str, text: str) -> None:
        name = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
        (self.home / f"{name}.json").write_text(text)
