"""The security token service: moto's server, in a process of its own."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import attrs
import boto3
from aiohttp import ClientSession, web
from anyio.from_thread import start_blocking_portal

from aiopartnercentral.emulator.auth import Credential
from tests.support.moto_server import moto_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_UNLIMITED = "inf"


@attrs.frozen
class SecurityTokenService:
    """Where it listens, and what it knows."""

    url: str

    def _post(self, path: str, body: str = "") -> None:
        headers = {"Content-Type": "text/plain"}  # a form is not its body any more
        request = urllib.request.Request(f"{self.url}/moto-api/{path}", body.encode(), headers)  # noqa: S310 - http
        urllib.request.urlopen(request).close()  # noqa: S310 - http

    def reset(self) -> None:
        self._post("reset-auth", _UNLIMITED)
        self._post("reset")

    def assumed(self, arn: str | None = None) -> list[dict[str, Any]]:
        """What was assumed, in the order of time: all roles, or one."""
        with urllib.request.urlopen(f"{self.url}/moto-api/data.json") as answer:  # noqa: S310 - http
            roles = json.load(answer)["sts"].get("AssumedRole", [])
        return [role for role in roles if arn in (None, role["role_arn"])]

    def user_who_may_assume(self, resource: str) -> tuple[str, str]:
        """Make a user with one permission, and demand it and a signature of everybody from now on."""
        options: Any = {"region_name": "us-east-1", "endpoint_url": self.url}
        iam = boto3.client("iam", **options, aws_access_key_id="any", aws_secret_access_key="any")
        try:
            iam.create_user(UserName="runner")
            statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_user_policy(UserName="runner", PolicyName="runner", PolicyDocument=policy)
            key = iam.create_access_key(UserName="runner")["AccessKey"]
        finally:
            iam.close()
        self._post("reset-auth", "0")
        return key["AccessKeyId"], key["SecretAccessKey"]


@attrs.frozen
class AssumedCredentials(Mapping[str, Credential]):
    """The credentials of assumed roles alone, for an emulator that verifies signatures and session tokens.

    They are good for so many seconds from their first use on.
    """

    sts: SecurityTokenService
    seconds: float = 900
    first_used: dict[str, float] = attrs.field(factory=dict)

    def __getitem__(self, key: str) -> Credential:
        for role in self.sts.assumed():
            is_good = time.monotonic() < self.first_used.setdefault(key, time.monotonic()) + self.seconds
            if role["access_key_id"] == key and is_good:
                return Credential(role["secret_access_key"], role["account_id"], role["session_token"])
        raise KeyError(key)

    def __iter__(self):
        return (role["access_key_id"] for role in self.sts.assumed())

    def __len__(self):
        return len(self.sts.assumed())


@contextmanager
def security_token_service() -> Iterator[SecurityTokenService]:
    with moto_server() as url:
        yield SecurityTokenService(url)


@contextmanager
def brief_sessions(sts: SecurityTokenService, seconds: int) -> Iterator[str]:
    """Stand before the service and ask it for sessions shorter than anybody can ask STS for; yields the URL."""

    async def relay(request: web.BaseRequest) -> web.Response:
        body = re.sub(rb"DurationSeconds=\d+", b"DurationSeconds=%d" % seconds, await request.read())
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type", "X-Amz-Date")}
        async with ClientSession() as session, session.post(sts.url, data=body, headers=headers) as answer:
            return web.Response(body=await answer.read(), status=answer.status, content_type="text/xml")

    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        runner = web.ServerRunner(web.Server(relay, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(serving()) as url:
        yield url
