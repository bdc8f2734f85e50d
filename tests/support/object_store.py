"""A store that speaks the protocol of S3: moto's, and a relay before it that injects faults."""

from __future__ import annotations

import io
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import attrs
import boto3
from aiohttp import ClientSession, web
from botocore.config import Config

from aiopartnercentral.bulk import Credentials
from aiopartnercentral.sinks import S3Options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from ssl import SSLContext

    Fault = Callable[[web.BaseRequest, str], Awaitable[web.StreamResponse | None]]

BUCKET = "exports"
CREDENTIALS = Credentials(access_key_id="AKIDEXAMPLE", secret_access_key="the-secret-key")
PART = 5 << 20
_HEADERS = re.compile(r"x-amz-.*|content-.*|range|if-.*", re.IGNORECASE)

_KEPT = ("ETag", "Content-Range", "Content-Type", "Last-Modified", "Date")


@attrs.frozen
class ObjectStore:
    """Where it listens, and what is in its bucket."""

    url: str
    client: Any

    @classmethod
    def at(cls, url: str) -> ObjectStore:
        client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=Config(retries={"total_max_attempts": 1}),
        )
        return cls(url, client)

    def reset(self) -> None:
        """Leave an empty bucket."""
        if BUCKET in [each["Name"] for each in self.client.list_buckets()["Buckets"]]:
            for key in self.keys():
                self.client.delete_object(Bucket=BUCKET, Key=key)
            for upload in self.uploads():
                self.client.abort_multipart_upload(Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
        else:
            self.client.create_bucket(Bucket=BUCKET)

    def options(self, **given: Any) -> S3Options:
        return S3Options(**{"endpoint_url": self.url, "credentials": CREDENTIALS, "part_size": PART} | given)

    def keys(self) -> list[str]:
        return [each["Key"] for each in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", ())]

    def uploads(self) -> list[dict[str, Any]]:
        """The multipart uploads that have not ended."""
        return self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        return self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def head(self, key: str) -> dict[str, Any]:
        return self.client.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")


@asynccontextmanager
async def relaying(store: ObjectStore, fault: Fault, tls: SSLContext | None = None) -> AsyncIterator[str]:
    """Relay requests to a store, unless `fault(request, what)` gives a response; yields the URL.

    `what` is the operation: `create`, `part`, `complete`, `abort`, `put`, `get`, `list` or `uploads`.
    """

    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        given = await fault(request, _operation(request))
        return await forward(store, request) if given is None else given

    app = web.Application(client_max_size=1 << 30)  # which answers `Expect: 100-continue`
    app.router.add_route("*", "/{path:.*}", respond)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield f"{'http' if tls is None else 'https'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def forward(store: ObjectStore, request: web.BaseRequest) -> web.Response:
    """Return the store's response to a request."""
    headers = {name: value for name, value in request.headers.items() if _HEADERS.fullmatch(name)}
    headers["Authorization"] = request.headers["Authorization"]
    path = re.sub("^http://[^/]+", "", request.raw_path)  # httpx sends the whole URL
    url, body = f"{store.url}{path}", io.BytesIO(await request.read())
    async with (
        ClientSession(auto_decompress=False) as session,
        session.request(request.method, url, data=body, headers=headers) as answer,
    ):
        kept = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
        return web.Response(status=answer.status, body=await answer.read(), headers=kept)


def refusal(status: int, code: str) -> web.Response:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>a secret of the store</Message></Error>"
    return web.Response(status=status, body=body.encode(), content_type="application/xml")


def _operation(request: web.BaseRequest) -> str:
    query = request.query_string
    if "uploadId=" in query:
        return {"PUT": "part", "POST": "complete", "DELETE": "abort"}[request.method]
    if "uploads" in query:
        return "create" if request.method == "POST" else "uploads"
    return "list" if "list-type" in query else request.method.lower()
