"""Which responses of an object store are repeated, and which fail at once; what is left of both."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import anyio
import pytest
from aiobotocore.config import AioConfig
from aiohttp import web

from aiopartnercentral._transport import s3_content, s3_retries
from aiopartnercentral.errors import SinkError
from aiopartnercentral.sinks import open_sink
from tests.sinks.files import names
from tests.sinks.sample_pages import large, page, text_of
from tests.support.object_store import BUCKET, forward, refusal, relaying

pytestmark = pytest.mark.anyio

URL = f"s3://{BUCKET}/nightly/out.ndjson"
KEY = "nightly/out.ndjson"
OPERATIONS = ("create", "part", "complete", "put")
REPEATED = [
    *((400, code) for code in ("BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "RequestTimeout")),
    *((400, "ThrottlingException"), (408, "RequestTimeout"), (429, "TooManyRequests"), (429, "")),
    *((409, "OperationAborted"), (409, "ConditionalRequestConflict")),
    *((500, "InternalError"), (503, "SlowDown"), (503, "ServiceUnavailable"), (504, "")),
]
REFUSED = [
    (403, "AccessDenied", "access denied: .*s3:PutObject"),
    (404, "NoSuchBucket", "there is no such bucket"),
    (404, "NoSuchUpload", "its multipart upload was aborted"),
    (400, "InvalidPart", "failed with InvalidPart"),
    (400, "EntityTooLarge", "larger than the store allows"),
    (400, "KMS.DisabledException", "its KMS key cannot be used"),
    (400, "InvalidDigest", "failed with InvalidDigest"),
    (501, "NotImplemented", r"NotImplemented .HTTP 501.$"),
]


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def waits(monkeypatch):
    """The waits before retries, which take no time."""
    numbers = []
    monkeypatch.setattr(s3_retries, "backoff", lambda _, number: numbers.append(number) or 0.001)
    return numbers


class Faults:
    """Answers the requests of one operation, once `begin` says so."""

    def __init__(self, what):
        self.what, self.count = what, 0
        self._next = None

    def begin(self, following):
        """Take the responses from a function; None stands for that of the store."""
        self._next = following

    async def __call__(self, request, name):
        if name != self.what or self._next is None:
            return None
        self.count += 1
        response = self._next()
        if response is not None:
            await request.read()
        return response


async def opened(what, options, spool):
    """Return a sink whose commit sends a request of the operation."""
    sink = open_sink(URL, s3=options, spool=spool)
    await sink.open()
    await sink.write(given(what))
    return sink


def given(what):
    return page(0) if what == "put" else large(2)


def damaged(what):
    """Return responses with status 200 that are not those of an operation that was executed."""
    if what in ("part", "put"):
        return [web.Response, lambda: web.Response(headers={"ETag": '"0"', s3_retries.CRC32_HEADER: "AA=="})]
    embedded = [lambda code=code: refusal(200, code) for code in ("InternalError", "SlowDown", "OfTomorrow")]
    return [*embedded, web.Response, lambda: web.Response(body=b"  \n<?xml version='1.0'?><Compl")]


@pytest.mark.parametrize("what", OPERATIONS)
async def test_what_may_succeed_later_is_repeated(store, spool, waits, what):
    left = [lambda each=each: refusal(*each) for each in REPEATED] + damaged(what)
    count = len(left)
    faults = Faults(what)
    async with relaying(store, faults) as url:
        sink = await opened(what, store.options(endpoint_url=url, attempts=30), spool)
        faults.begin(lambda: left.pop()() if left else None)
        await sink.commit()
    assert left == []
    assert len(waits) == count
    assert faults.count == count + (2 if what == "part" else 1)
    assert store.get(KEY) == text_of(given(what))
    assert store.uploads() == []
    assert names(spool) == []


@pytest.mark.parametrize(
    ("what", "embedded"), [*((what, False) for what in OPERATIONS), ("create", True), ("complete", True)]
)
async def test_a_refusal_fails_at_once_and_keeps_the_old_object(store, spool, waits, what, embedded):
    """S3 can send a refusal in a response with status 200."""
    store.put(KEY, b"old")
    for status, code, reason in REFUSED:
        faults = Faults(what)
        async with relaying(store, faults) as url:
            sink = await opened(what, store.options(endpoint_url=url), spool)
            faults.begin(lambda status=status, code=code: refusal(200 if embedded else status, code))
            named = reason.replace("501", "400") if embedded else reason
            with pytest.raises(SinkError, match=f"cannot write {URL}: .*{named}") as caught:
                await sink.commit()
            await sink.abort(keep=False)
        assert "a secret" not in str(caught.value)
        assert faults.count <= (2 if what == "part" else 1)  # the parts are sent at once
        assert store.uploads() == []
    assert waits == []
    assert store.get(KEY) == b"old"
    assert names(spool) == []


@pytest.mark.parametrize("what", OPERATIONS)
@pytest.mark.parametrize(
    "failing",
    [
        ((400, "BadDigest"), "the store received other bytes than were sent, in each attempt .BadDigest."),
        ((503, "SlowDown"), "[A-Za-z]+ failed with SlowDown .HTTP 503.: try again later"),
        ((409, "OperationAborted"), "[A-Za-z]+ failed with OperationAborted .HTTP 409.: try again later"),
        (None, "the response of the store has no (ETag|UploadId)"),
    ],
)
async def test_the_attempts_are_limited_and_the_old_object_stays(store, spool, waits, what, failing):
    store.put(KEY, b"old")
    response, reason = failing
    faults = Faults(what)
    async with relaying(store, faults) as url:
        sink = await opened(what, store.options(endpoint_url=url, attempts=4), spool)
        faults.begin(lambda: web.Response() if response is None else refusal(*response))
        with pytest.raises(SinkError, match=f"cannot write {URL}: {reason}"):
            await sink.commit()
        await sink.abort(keep=False)
    assert 4 <= faults.count <= (8 if what == "part" else 4)
    assert max(waits) == 3
    assert store.get(KEY) == b"old"
    assert store.uploads() == []
    assert names(spool) == []


@pytest.mark.usefixtures("waits")
async def test_the_limit_of_the_caller_s_config_counts(store, spool):
    faults = Faults("put")
    config = AioConfig(retries={"max_attempts": 1, "mode": "adaptive"})
    async with relaying(store, faults) as url:
        sink = await opened("put", store.options(endpoint_url=url, config=config), spool)
        faults.begin(lambda: refusal(400, "BadDigest"))
        with pytest.raises(SinkError, match="BadDigest"):
            await sink.commit()
        await sink.abort(keep=False)
    assert faults.count == 2


@pytest.mark.parametrize("wait", ["7", "3600"])
def test_a_wait_that_the_store_asks_for_counts_up_to_a_limit(wait):
    response = {"ResponseMetadata": {"HTTPStatusCode": 503, "HTTPHeaders": {"retry-after": wait}}}
    asked = s3_retries._needs_retry(3, (None, response), 1, None, {"headers": {}})
    assert asked == min(float(wait), 20.0)


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("is_lost_for_ever", [False, True])
async def test_an_upload_whose_id_was_lost_is_aborted(store, spool, is_lost_for_ever):
    """The store executes a request, but a gateway answers instead: of one attempt, or of all."""
    theirs = store.client.create_multipart_upload(Bucket=BUCKET, Key=f"{KEY}.gz")["UploadId"]
    lost, is_begun = [], False

    async def lose(request, what):
        response = await forward(store, request)
        if what == "uploads":
            now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
            response.body = response.body.replace(b"2010-11-10T20:48:33.000Z", now.encode())  # moto's only date
        if what == "create" and is_begun and (is_lost_for_ever or not lost):
            lost.append(what)
            return refusal(502, "BadGateway")
        return response

    async with relaying(store, lose) as url:
        sink = await opened("part", store.options(endpoint_url=url, attempts=3), spool)
        is_begun = True
        if is_lost_for_ever:
            with pytest.raises(SinkError, match="BadGateway"):
                await sink.commit()
            await sink.abort(keep=False)
        else:
            await sink.commit()
    assert len(lost) == (3 if is_lost_for_ever else 1)
    assert [each["UploadId"] for each in store.uploads()] == [theirs]
    assert names(spool) == []


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("etag", [None, '"of KMS"'])
async def test_a_lost_response_to_the_last_request_is_no_failure(store, spool, etag):
    """The ETag of an object that is encrypted with KMS says nothing about its content, but its checksum does."""
    lost = []

    async def lose(request, what):
        if what == "complete" and not lost:
            lost.append(what)
            await forward(store, request)
            request.transport.abort()
            return web.Response()
        response = await forward(store, request)
        if what == "head":
            head = store.head(KEY)
            response.headers[s3_retries.CRC32_HEADER] = head["ChecksumCRC32"]
            response.headers["ETag"] = etag or head["ETag"]
        return response

    async with relaying(store, lose) as url:
        sink = await opened("part", store.options(endpoint_url=url), spool)
        await sink.commit()
    assert lost
    assert store.get(KEY) == text_of(given("part"))


async def test_another_object_after_a_lost_upload_is_a_failure(store, spool):
    store.put(KEY, b"of another run")

    async def vanish(_, what):
        return refusal(404, "NoSuchUpload") if what == "complete" else None

    async with relaying(store, vanish) as url:
        sink = await opened("part", store.options(endpoint_url=url), spool)
        with pytest.raises(SinkError, match="its multipart upload was aborted, for example by a lifecycle rule"):
            await sink.commit()
        await sink.abort(keep=False)
    assert store.get(KEY) == b"of another run"


class Reads:
    """Answers the requests that read an object.

    Attributes:
        answers: the responses, functions that make them of the request and the store's response, or the bytes of those
            whose connection breaks once these have arrived; then whole ones.
        ranges: the header `Range` of each request.
    """

    def __init__(self, store, monkeypatch):
        self.answers, self.ranges = [], []
        self._store, self._arrived = store, 0
        read = s3_content._next

        async def counted(*args, **options):
            data = await read(*args, **options)
            self._arrived += len(data or b"")
            return data

        monkeypatch.setattr(s3_content, "_next", counted)

    async def __call__(self, request, name):
        if name != "get":
            return None
        self.ranges.append(request.headers.get("Range"))
        answer = await forward(self._store, request)
        if not self.answers:
            return answer
        size = self.answers.pop(0)
        if not isinstance(size, int):
            await request.read()
            return await size(request, answer) if callable(size) else size
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        response.content_length = len(answer.body)
        await response.prepare(request)
        expected = self._arrived + size
        await response.write(answer.body[:size])
        while self._arrived < expected:
            await anyio.sleep(0.01)
        request.transport.close()
        return response


@pytest.fixture
async def delivered(store, spool, waits, monkeypatch):  # noqa: ARG001 - a wait takes no time
    """Return a function that resumes a run whose object was delivered, and the answers to its reads."""
    reads = Reads(store, monkeypatch)
    async with relaying(store, reads) as url:
        options = store.options(endpoint_url=url, attempts=3)
        sink = open_sink(URL, s3=options, spool=spool)
        await sink.open(run_id="run")
        await sink.write(large(2))
        position = await sink.flush()
        await sink.commit()

        async def resumed():
            sink = open_sink(URL, s3=options, spool=spool)
            await sink.open(position)
            await sink.write(page(5))
            await sink.commit()
            assert store.get(KEY) == text_of(large(2)) + text_of(page(5))
            assert names(spool) == []

        yield resumed, reads


@pytest.mark.parametrize(
    ("sizes", "starts"),
    [([0, 0], []), ([0, 0, 3_000_000, 0, 1], [3_000_000, 3_000_000, 3_000_001]), ([10] * 4, [10, 20, 30, 40])],
)
async def test_a_delivered_object_is_read_on_after_a_broken_connection(delivered, sizes, starts):
    resumed, reads = delivered
    reads.answers = [*sizes]
    await resumed()
    assert reads.ranges == [None] * (len(sizes) + 1 - len(starts)) + [f"bytes={start}-" for start in starts]


async def in_part(_, answer):
    """Return less of a range than was requested."""
    _, start, _, size = re.split("[ /-]", answer.headers["Content-Range"])
    headers = {**answer.headers, "Content-Range": f"bytes {start}-{int(start) + 999}/{size}"}
    headers.pop("Content-Length", None)
    return web.Response(status=206, headers=headers, body=answer.body[:1000])


async def without_last_chunk(request, answer):
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
    response = web.StreamResponse(headers=headers)
    response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write(answer.body)
    await anyio.sleep(0.2)  # until the client has read it
    request.transport.close()
    return response


async def without_size(request, answer):
    head = f"HTTP/1.1 200 OK\r\nETag: {answer.headers['ETag']}\r\nConnection: close\r\n\r\n"
    request.transport.write(head.encode() + answer.body[:1000])
    request.transport.close()
    return web.Response()


async def test_a_range_that_is_sent_in_part_is_read_on(delivered):
    resumed, reads = delivered
    reads.answers = [0, 500, in_part, in_part]
    await resumed()
    assert reads.ranges[1:] == [None, "bytes=500-", "bytes=1500-", "bytes=2500-"]


async def test_an_object_is_whole_though_its_last_chunk_is_missing(delivered):
    resumed, reads = delivered
    reads.answers = [without_last_chunk]
    await resumed()
    assert reads.ranges[1:] == [f"bytes={len(text_of(large(2)))}-"]


async def without_end(_, __):
    """Return that the object ends where the connection broke."""
    return web.Response(status=416, headers={"Content-Range": "bytes */1000"})


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (lambda: [1000, without_end], "the store sent 1000 of its [0-9]+ bytes"),
        (lambda: [without_size], "the store did not send its size"),
        (lambda: [1000, 0, 0, 0], "Response payload is not completed"),
        (lambda: [1000, refusal(412, "PreconditionFailed")], "it was replaced while it was read"),
        (lambda: [1000, refusal(404, "NoSuchKey")], "it was replaced while it was read"),
        (lambda: [1000, web.Response(body=b"all", headers={"ETag": '"0"'})], "the store sent other bytes"),
        (lambda: [0, 0, refusal(403, "AccessDenied")], "access denied: .*s3:GetObject"),
    ],
    ids=["cut", "without a size", "always", "replaced", "deleted", "without ranges", "denied"],
)
async def test_an_object_that_cannot_be_read_whole_is_read_by_the_next_run(delivered, answers, reason):
    resumed, reads = delivered
    reads.answers = answers()
    with pytest.raises(SinkError, match=f"cannot write {URL}: {reason}"):
        await resumed()
    reads.answers = []
    await resumed()
