"""Requests to S3, or to a store that speaks its protocol. Each failure is a `SinkError` that names the object."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode, b64encode
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import attrs
from aiobotocore.config import AioConfig
from anyio import CancelScope
from botocore.exceptions import BotoCoreError, ClientError
from botocore.handlers import add_expect_header

from aiopartnercentral._transport.client_factory import as_aio_config, chain_session, check_event_loop
from aiopartnercentral._transport.clock_skew import moment_of
from aiopartnercentral._transport.credentials import Credentials
from aiopartnercentral._transport.file_part import checksum, opened
from aiopartnercentral._transport.s3_content import content_of
from aiopartnercentral._transport.s3_errors import code_of, errors_of, is_refusal, status_of
from aiopartnercentral._transport.s3_retries import CRC32_HEADER, register_retries
from aiopartnercentral._transport.sessions import Sessions
from aiopartnercentral.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import timedelta

    from aiopartnercentral._transport.chain import ChainSession
    from aiopartnercentral._transport.credentials import CredentialsProvider
    from aiopartnercentral._transport.file_part import FilePart, FileRange
    from aiopartnercentral._transport.s3_options import S3Options

__all__ = ["BegunUpload", "S3Store", "StoredObject", "UploadedPart", "open_store"]

_REGION: Final = "us-east-1"
_CREDENTIALS_SECONDS = 600.0
_CONNECTIONS = 10
_CONNECT_SECONDS = 10.0
_NOT_FOUND = 404
_MAX_READ_BYTES = 1 << 30  # as what is read at once is held in memory


@attrs.frozen
class BegunUpload:
    """A multipart upload that has begun.

    Attributes:
        id: its id.
        is_only: whether no other upload can have begun, such as by an attempt whose response was lost.
    """

    id: str
    is_only: bool


@attrs.frozen
class UploadedPart:
    """A part of a multipart upload.

    Attributes:
        number: its number, from 1 on.
        etag: what the store calls it.
        checksums: the checksum that it was sent with, as an argument of botocore; empty for MD5.
    """

    number: int
    etag: str
    checksums: Mapping[str, str]


@attrs.frozen
class StoredObject:
    """An object that was read at once.

    Attributes:
        data: its content.
        etag: what the store calls this content.
        modified: when it was written, by the store's clock.
        age: how long ago that was, by the same clock if the store says its time.
    """

    data: bytes = attrs.field(repr=False)
    etag: str
    modified: datetime
    age: timedelta


@asynccontextmanager
async def open_store(bucket: str, options: S3Options, *, name: str) -> AsyncIterator[S3Store]:
    """Open a client for the objects of a bucket.

    Arguments:
        bucket: the bucket.
        options: the credentials and other options.
        name: the name of what is written, for errors.

    Raises:
        SinkError: the credentials cannot be obtained, or the configuration is not usable.
        RuntimeError: the event loop is not asyncio's, and the `config` names no HTTP client for it.
    """
    check_event_loop(options.config)
    config = _config(options)
    sessions = Sessions(config, options.verify, _CONNECTIONS, _CREDENTIALS_SECONDS)
    try:
        with errors_of(name):
            session = await _session(sessions, options)
            opened = session.create_client(
                "s3",
                region_name=options.region_name or session.get_config_variable("region") or _REGION,
                endpoint_url=options.endpoint_url,
                config=config,
            )
            client = await session.with_settings(opened.__aenter__)
            # Not every store answers such a header, for whose answer aiohttp waits without a time limit.
            client.meta.events.unregister("before-call.s3", add_expect_header)
            client.meta.events.register("before-sign.s3", _name_checksum)
            register_retries(client, options.attempts)
        try:
            yield S3Store(client, bucket, options)
        finally:
            with CancelScope(shield=True):
                await opened.__aexit__(None, None, None)
    finally:
        with CancelScope(shield=True):
            await sessions.close()


def _config(options: S3Options) -> AioConfig:
    # Checksums are sent by hand: botocore appends its own in a form that few stores but AWS's know.
    own = AioConfig(
        retries={"mode": "standard", "total_max_attempts": options.attempts},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=_CONNECT_SECONDS,
    )
    given = as_aio_config(options.config)
    config: AioConfig = own.merge(given)
    config.connector_args, config.http_session_cls = given.connector_args, given.http_session_cls
    return config


def _name_checksum(request: Any, **_: object) -> None:  # noqa: ANN401 - aiobotocore has no types
    """Tell botocore the checksum of a body, which it only knows if it is its own.

    With TLS, it then does not sign the SHA-256 of the body. That would read the whole part in the event loop.
    """
    if CRC32_HEADER in request.headers:
        algorithm = {"algorithm": "crc32", "in": "header", "name": CRC32_HEADER}
        request.context["checksum"] = {**request.context.get("checksum", {}), "request_algorithm": algorithm}


async def _session(sessions: Sessions, options: S3Options) -> ChainSession:
    """Return a session with the credentials of the options."""
    region = options.region_name or _REGION
    if options.role is None and options.credentials is None:
        return sessions.session(options.profile, region)
    session = chain_session(None, options.verify, region, _CREDENTIALS_SECONDS, sessions.config)
    if options.role is not None:
        session._credentials = await sessions.of_role(options.role, region)  # noqa: SLF001 - as its own chain sets it
    elif options.credentials is not None:
        provider = _provider(options.credentials)
        session._credentials = await sessions.of_provider(provider, id(provider))  # noqa: SLF001 - as above
    return session


def _provider(given: Credentials | CredentialsProvider) -> CredentialsProvider:
    if not isinstance(given, Credentials):
        return given
    credentials = given

    async def provide() -> Credentials:
        return credentials

    return provide


class S3Store:
    """The objects of a bucket. A failed request is a `SinkError` that names the object and the cause."""

    def __init__(self, client: Any, bucket: str, options: S3Options) -> None:  # noqa: ANN401 - aiobotocore has no types
        self._client = client
        self._bucket = bucket
        self._options = options

    def _errors(self, key: str, *, is_conditional: bool = False) -> AbstractContextManager[None]:
        return errors_of(f"s3://{self._bucket}/{key}", is_conditional=is_conditional)

    def has_refused(self, error: SinkError) -> bool:
        """Return whether the store has certainly not executed a request that failed."""
        return is_refusal(error)

    def _object(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": key}

    async def _checksums(self, data: bytes | FilePart) -> dict[str, str]:
        """Return the checksum of data as an argument of a request."""
        kind = self._options.checksum
        return {"ContentMD5" if kind == "md5" else "ChecksumCRC32": await checksum(data, kind)}

    async def put(self, key: str, data: bytes | FileRange, content_type: str, *, replaces: str | bool = True) -> str:
        """Create or replace an object, whole or not at all, and return its ETag.

        Arguments:
            key: its key.
            data: its content.
            content_type: its media type.
            replaces: the ETag of the object that it must replace, or whether it may replace any.

        Raises:
            ConditionError: there is another object, or none.
            ConditionUnsupportedError: the store refuses conditions.
        """
        arguments = {**self._object(key), **self._options.headers, "ContentType": content_type}
        if isinstance(replaces, str):
            arguments["IfMatch"] = replaces
        elif not replaces:
            arguments["IfNoneMatch"] = "*"
        with self._errors(key, is_conditional=replaces is not True):
            async with opened(data) as body:
                sums = await self._checksums(body)
                answer = await self._client.put_object(Body=body, **arguments, **sums)
            self._verify(key, answer, sums)
            etag: str = self._member(key, answer, "ETag")
        return etag

    async def delete(self, key: str, etag: str | None) -> None:
        """Delete an object: the one with an ETag, or any. Stores that ignore the condition delete any.

        Raises:
            ConditionError: there is another object, or none.
            ConditionUnsupportedError: the store refuses conditions.
        """
        condition = {} if etag is None else {"IfMatch": etag}
        with self._errors(key, is_conditional=etag is not None):
            await self._client.delete_object(**self._object(key), **condition)

    async def get(self, key: str) -> StoredObject | None:
        """Return an object with its content; None if there is no object."""
        answer = await self._found(key)
        if answer is None:
            return None
        if answer.get("ContentLength", 0) > _MAX_READ_BYTES:
            async with answer["Body"]:
                raise SinkError(f"s3://{self._bucket}/{key}", "it is larger than 1 GiB")
        data = b"".join([chunk async for chunk in self._content(key, answer)])
        modified: datetime = self._member(key, answer, "LastModified")
        now = moment_of(answer["ResponseMetadata"]["HTTPHeaders"].get("date")) or datetime.now(UTC)
        return StoredObject(data, self._member(key, answer, "ETag"), modified, now - modified)

    async def read(self, key: str) -> AsyncIterator[bytes] | None:
        """Return the content of an object in chunks; None if there is no object.

        After a broken connection, the missing part is requested, unless the object has been replaced since.
        """
        answer = await self._found(key)
        return None if answer is None else self._content(key, answer)

    async def _found(self, key: str) -> Any:  # noqa: ANN401 - aiobotocore has no types
        """Return the response of the store to the request for an object; None if there is no object."""
        with self._errors(key):
            answer = await self._get(key)
            if answer is not None:
                self._member(key, answer, "ETag")
        return answer

    def _content(self, key: str, answer: Mapping[str, Any]) -> AsyncIterator[bytes]:
        name = f"s3://{self._bucket}/{key}"
        return content_of(name, answer, get=partial(self._get, key), attempts=self._options.attempts)

    async def create_upload(self, key: str, content_type: str) -> BegunUpload:
        """Begin a multipart upload. The object is unchanged until it is completed."""
        arguments = {**self._object(key), **self._options.headers, "ContentType": content_type}
        if self._options.checksum == "crc32":
            arguments["ChecksumAlgorithm"] = "CRC32"
        with self._errors(key):
            answer = await self._client.create_multipart_upload(**arguments)
            return BegunUpload(self._member(key, answer, "UploadId"), not answer["ResponseMetadata"]["RetryAttempts"])

    async def upload_part(self, key: str, upload: str, number: int, data: FileRange) -> UploadedPart:
        """Upload a part."""
        with self._errors(key):
            async with opened(data) as body:
                sums = await self._checksums(body)
                answer = await self._client.upload_part(
                    **self._object(key), UploadId=upload, PartNumber=number, Body=body, **sums
                )
            self._verify(key, answer, sums)
            return UploadedPart(number, self._member(key, answer, "ETag"), {} if "ContentMD5" in sums else sums)

    def _verify(self, key: str, answer: Mapping[str, Any], sums: Mapping[str, str]) -> None:
        """Compare the checksum of what the store has received, if it says so."""
        received = answer.get("ChecksumCRC32")
        if received is not None and received != sums.get("ChecksumCRC32", received):
            raise SinkError(f"s3://{self._bucket}/{key}", "the store received other bytes than were sent")

    def _member(self, key: str, answer: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - of any type
        """Return a member of a response that each store has to send."""
        if name not in answer:
            raise SinkError(f"s3://{self._bucket}/{key}", f"the response of the store has no {name}")
        return answer[name]

    async def complete_upload(self, key: str, upload: str, parts: Sequence[UploadedPart]) -> None:
        """Make an object of the parts, whole or not at all."""
        listed = [{"PartNumber": part.number, "ETag": part.etag, **part.checksums} for part in parts]
        with self._errors(key):
            try:
                answer = await self._client.complete_multipart_upload(
                    **self._object(key), UploadId=upload, MultipartUpload={"Parts": listed}
                )
                self._member(key, answer, "ETag")
            except ClientError as error:
                # The response to an earlier attempt may have been lost.
                if code_of(error) != "NoSuchUpload" or not await self._is_made_of(key, parts):
                    raise

    async def _is_made_of(self, key: str, parts: Sequence[UploadedPart]) -> bool:
        """Return whether an object is the one that a multipart upload of the parts makes.

        Its checksum tells that, or its ETag. Of encrypted objects, only the checksum does.
        """
        try:
            found = await self._client.head_object(**self._object(key), ChecksumMode="ENABLED")
        except (ClientError, BotoCoreError):
            return False
        checksums = [b64decode(part.checksums.get("ChecksumCRC32", "")) for part in parts]
        if all(checksums) and "ChecksumCRC32" in found:
            crc = zlib.crc32(b"".join(checksums)).to_bytes(4, "big")
            return bool(found["ChecksumCRC32"] == f"{b64encode(crc).decode()}-{len(parts)}")
        with suppress(ValueError):  # an ETag that is not a digest
            digests = b"".join(bytes.fromhex(part.etag.strip('"')) for part in parts)
            expected = hashlib.md5(digests, usedforsecurity=False).hexdigest()
            return bool(found["ETag"].strip('"') == f"{expected}-{len(parts)}")
        return False

    async def abort_upload(self, key: str, upload: str) -> None:
        """Delete the parts of a multipart upload; does nothing if it was completed or aborted."""
        with self._errors(key):
            try:
                await self._client.abort_multipart_upload(**self._object(key), UploadId=upload)
            except ClientError as error:
                if code_of(error) != "NoSuchUpload":
                    raise

    async def uploads_of(self, key: str) -> dict[str, datetime]:
        """Return when each multipart upload of a key that has not ended was initiated, by its id."""
        found: dict[str, datetime] = {}
        with self._errors(key):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=key)
            async for page in pages:
                uploads = (each for each in page.get("Uploads", ()) if each["Key"] == key)
                found.update((each["UploadId"], each["Initiated"]) for each in uploads)
        return found

    async def _get(self, key: str, **conditions: str) -> Any:  # noqa: ANN401 - aiobotocore has no types
        try:
            return await self._client.get_object(**self._object(key), **conditions)
        except ClientError as error:
            if status_of(error) == _NOT_FOUND and code_of(error) != "NoSuchBucket":
                return None
            raise

    async def modified(self, prefix: str, is_wanted: Callable[[str], bool]) -> dict[str, datetime]:
        """Return when each wanted object was last modified, by its key; all keys begin with the prefix."""
        found: dict[str, datetime] = {}
        with self._errors(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            async for page in pages:
                objects = page.get("Contents", ())
                found.update((each["Key"], each["LastModified"]) for each in objects if is_wanted(each["Key"]))
        return found
