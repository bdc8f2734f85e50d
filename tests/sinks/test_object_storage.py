"""Outputs in S3, whose part moto's server plays."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pyarrow.parquet as pq
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.httpxsession import HttpxSession
from aiohttp import web

from aiopartnercentral.bulk import Role
from aiopartnercentral.errors import PositionError, SinkError
from aiopartnercentral.sinks import Page, S3Options, open_sink
from tests.sinks.files import names, written
from tests.sinks.readers import query
from tests.sinks.sample_pages import CLS, large, page, raw, text_of
from tests.support.certificates import certificate
from tests.support.hostile_server import hostile_server, resetting
from tests.support.object_store import BUCKET, CREDENTIALS, forward, refusal, relaying

pytestmark = pytest.mark.anyio

URL = f"s3://{BUCKET}/nightly/out.ndjson"
KEY = "nightly/out.ndjson"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.parametrize("extension", ["csv.gz", "parquet"])
async def test_an_object_is_the_file_that_a_local_sink_writes(store, spool, tmp_path, extension):
    await written(f"s3://{BUCKET}/a/out.{extension}", page(0), page(5), s3=store.options(), spool=spool)
    local = tmp_path / f"out.{extension}"
    await written(local, page(0), page(5))
    assert store.get(f"a/out.{extension}") == local.read_bytes()
    assert store.uploads() == []
    assert names(spool) == []


async def test_a_large_file_is_a_multipart_upload_that_the_store_verifies(store, spool):
    given = large(3)
    await written(URL, given, s3=store.options(), spool=spool)
    assert store.get(KEY) == text_of(given)
    assert store.head(KEY)["ETag"].strip('"').endswith("-3")
    assert store.uploads() == []
    assert names(spool) == []


MEMORY = """
import resource, sys
import anyio
from aiopartnercentral.sinks import Page, S3Options, open_sink
from tests.support.object_store import BUCKET, CREDENTIALS

MIB = 1 << 20

async def main():
    options = S3Options(endpoint_url=sys.argv[1], credentials=CREDENTIALS, part_size=8 * MIB)
    peaks = []
    for name, mebibytes in (("small", 1), ("middle", 9), ("large", 60)):
        sink = open_sink(f"s3://{BUCKET}/{name}.ndjson", s3=options, spool=sys.argv[2])
        await sink.open()
        for _ in range(mebibytes):
            await sink.write(Page("acme", "AWS", "list_connections", raw=[b"x" * (MIB - 1)]))
        await sink.commit()
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    print((peaks[2] - peaks[1]) / (8 * MIB))

anyio.run(main)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
async def test_an_upload_takes_less_memory_than_two_parts(store, spool):
    command = [sys.executable, "-c", MEMORY, store.url, str(spool)]
    done = await anyio.run_process(command, cwd=ROOT, stderr=None)
    assert float(done.stdout) < 2
    assert store.head("large.ndjson")["ContentLength"] == 60 << 20
    assert store.head("large.ndjson")["ETag"].strip('"').endswith("-8")


@pytest.mark.parametrize("client", [AIOHTTPSession, HttpxSession])
async def test_a_part_is_read_again_for_each_attempt_of_every_http_client(store, spool, client):
    given, broken = large(2), []

    async def break_first(request, what):
        assert "Expect" not in request.headers  # for whose answer aiohttp would wait without a limit
        if what in ("part", "put") and what not in broken:
            broken.append(what)
            await request.content.read(1 << 16)
            request.transport.abort()
            return web.Response()
        return None

    config = AioConfig(http_session_cls=client)
    async with relaying(store, break_first) as url:
        options = store.options(endpoint_url=url, config=config)
        await written(URL, given, s3=options, spool=spool)
        await written(f"s3://{BUCKET}/small.ndjson", page(5), s3=options, spool=spool)
        await written(f"s3://{BUCKET}/empty.ndjson", s3=options, spool=spool)
    assert broken == ["part", "put"]
    assert store.get(KEY) == text_of(given)
    assert store.get("small.ndjson") == text_of(page(5))
    assert store.get("empty.ndjson") == b""


@pytest.mark.parametrize("checksum", ["crc32", "md5"])
@pytest.mark.parametrize("signs", [None, True])
async def test_with_tls_a_body_is_signed_only_by_its_checksum(store, spool, tmp_path, checksum, signs):
    """As the SHA-256 of a part would be computed in the event loop, which waits meanwhile."""
    sent = {}

    async def note(request, what):
        sent[what] = request.headers["x-amz-content-sha256"], request.headers["Authorization"]

    config = None if signs is None else AioConfig(s3={"payload_signing_enabled": signs})
    authority, context = certificate(tmp_path)
    async with relaying(store, note, context) as url:
        options = store.options(endpoint_url=url, verify=str(authority), checksum=checksum, config=config)
        await written(URL, large(2), s3=options, spool=spool)
        await written(f"s3://{BUCKET}/small.ndjson", page(0), s3=options, spool=spool)
    header = "x-amz-checksum-crc32" if checksum == "crc32" else "content-md5"
    for what in ("part", "put"):
        digest, authorization = sent[what]
        assert (digest == "UNSIGNED-PAYLOAD") is (signs is None)
        assert header in authorization  # so nobody can replace it
    assert store.get(KEY) == text_of(large(2))


async def test_the_options_are_those_of_the_object(store, spool):
    options = store.options(
        kms_key="alias/exports",
        storage_class="STANDARD_IA",
        acl="bucket-owner-full-control",
        metadata={"team": "partners"},
        checksum="md5",
    )
    for name, given in (("small", page(0)), ("large", large(2))):
        await written(f"s3://{BUCKET}/{name}.ndjson", given, s3=options, spool=spool)
        head = store.head(f"{name}.ndjson")
        assert head["ContentType"] == "application/x-ndjson"
        assert head["StorageClass"] == "STANDARD_IA"
        assert head["Metadata"] == {"team": "partners"}
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/exports")


async def test_parquet_of_two_accounts_is_read_back_by_other_libraries(store, spool, tmp_path):
    template = f"s3://{BUCKET}/{{date}}/{{account}}-{{operation}}.parquet"
    sink = open_sink(template, cls={"list_connections": CLS}, s3=store.options(), spool=spool)
    await sink.open()
    for number, account in enumerate(("111111111111", "222222222222")):
        given = page(number * 5)
        await sink.write(Page(account, "AWS", "list_connections", given.items, given.raw, account=account))
    await sink.commit()
    keys = store.keys()
    assert [key.partition("/")[2] for key in keys] == [
        "111111111111-list_connections.parquet",
        "222222222222-list_connections.parquet",
    ]
    for key, account in zip(keys, ("111111111111", "222222222222"), strict=True):
        path = tmp_path / "downloaded.parquet"
        path.write_bytes(store.get(key))
        assert pq.read_table(path).num_rows == 5
        found = query("select distinct source_label from read_parquet(?)", path)
        assert found == [(account,)]


async def test_objects_of_earlier_runs_are_reported(store, spool):
    template = f"s3://{BUCKET}/{{date}}/{{label}}.ndjson"
    await written(template, page(0, label="gone"), s3=store.options(), spool=spool)
    (earlier,) = store.keys()
    store.put("other/gone.ndjson", b"")
    sink = await written(template, page(0, label="here"), s3=store.options(), spool=spool)
    assert [each.path for each in await sink.earlier_files()] == [f"s3://{BUCKET}/{earlier}"]
    assert names(spool) == []


async def test_a_run_that_is_aborted_keeps_the_old_object_and_leaves_nothing(store, spool):
    store.put(KEY, b"old")
    sink = open_sink(URL, s3=store.options(), spool=spool)
    await sink.open()
    await sink.write(page(0))
    await sink.abort(keep=False)
    assert store.get(KEY) == b"old"
    assert names(spool) == []


async def test_a_resumed_run_has_each_item_once(store, spool):
    for _ in range(2):  # the second time, the file was delivered, but nobody has noted it
        sink = open_sink(URL, s3=store.options(), spool=spool)
        await sink.open(run_id="run")
        await sink.write(page(0))
        position = json.loads(json.dumps(await sink.flush()))
        await sink.write(page(100))
        await sink.abort(keep=True)
        assert CREDENTIALS.secret_access_key not in json.dumps(position)
        for _ in range(2):
            again = open_sink(URL, s3=store.options(), spool=spool)
            await again.open(position)
            await again.write(page(5))
            await again.commit()
            assert store.get(KEY) == b"".join(raw(n) + b"\n" for n in range(10))
            assert names(spool) == []


@pytest.mark.parametrize("earlier", [False, True])
async def test_a_spool_that_was_moved_is_resumed(store, tmp_path, earlier):
    """An earlier version saved the directory of the spool, too."""
    template = f"s3://{BUCKET}/{{catalog}}/{{label}}.ndjson"
    sink = open_sink(template, s3=store.options(), spool=tmp_path / "{of} one machine")
    await sink.open(run_id="run")
    await sink.write(page(0))
    position = json.loads(json.dumps(await sink.flush()))
    await sink.abort(keep=True)
    assert str(tmp_path) not in json.dumps(position)
    if earlier:
        position["spooled"]["template"] = f"{sink._spool.directory}/{{catalog}}/{{label}}.ndjson".replace(
            "{of}", "{{of}}"
        )
    (tmp_path / "{of} one machine").rename(tmp_path / "another")
    again = open_sink(template, s3=store.options(), spool=tmp_path / "another")
    assert again.paths_at(position) == again.paths([page(0)])
    await again.open(position)
    await again.write(page(5))
    await again.commit()
    assert store.get("AWS/acme%2FAWS.ndjson") == b"".join(raw(n) + b"\n" for n in range(10))
    other = open_sink(f"s3://{BUCKET}/{{catalog}}-{{label}}.ndjson", s3=store.options(), spool=tmp_path / "another")
    with pytest.raises(PositionError, match="another output"):
        await other.open(position)


async def test_a_relative_spool_stays_where_it_was_when_the_sink_was_made(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sink = open_sink(URL, s3=store.options(), spool="spool")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    await sink.open()
    await sink.write(page(0))
    await sink.commit()
    assert store.get(KEY) == text_of(page(0))
    assert names(tmp_path / "elsewhere") == []


async def test_a_position_whose_spool_is_gone_is_refused(store, spool, tmp_path):
    sink = open_sink(URL, s3=store.options(), spool=spool)
    await sink.open()
    await sink.write(page(0))
    position = await sink.flush()
    await sink.abort(keep=True)
    again = open_sink(URL, s3=store.options(), spool=tmp_path / "of another machine")
    with pytest.raises(PositionError, match=f"cannot resume {URL}: .*no longer exists.*spool directory"):
        await again.open(position)
    store.put(KEY, b"of another run")
    with pytest.raises(PositionError, match="no longer exists"):
        await again.open(position)


async def test_two_runs_at_once_do_not_share_a_spool(store, spool):
    first, second = (open_sink(URL, s3=store.options(), spool=spool) for _ in range(2))
    await first.open()
    with pytest.raises(SinkError, match=f"cannot write {URL}: another process is writing it"):
        await second.open()
    await first.write(page(0))
    await first.commit()
    await second.open()
    await second.abort(keep=False)


@pytest.mark.parametrize("when", ["create", "part"])
async def test_a_process_killed_during_the_upload_leaves_nothing_for_the_next_run(store, spool, when):
    store.put(KEY, b"old")
    reached, is_killed = anyio.Event(), False

    async def hang(request, what):
        if what == "uploads":
            response = await forward(store, request)
            now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
            response.body = response.body.replace(b"2010-11-10T20:48:33.000Z", now.encode())  # moto's only date
            return response
        if what == when and not is_killed:
            if what == "create":  # the answer, which has the id, is lost
                await forward(store, request)
            reached.set()
            await anyio.sleep_forever()
        return None

    theirs = store.client.create_multipart_upload(Bucket=BUCKET, Key=f"{KEY}.gz")["UploadId"]
    program = (
        "import sys, anyio\n"
        "from tests.sinks.test_object_storage import URL, S3Options, large, written\n"
        "from tests.support.object_store import CREDENTIALS, PART\n"
        "options = S3Options(endpoint_url=sys.argv[1], credentials=CREDENTIALS, part_size=PART)\n"
        "anyio.run(lambda: written(URL, large(3), s3=options, spool=sys.argv[2], run_id='run'))\n"
    )
    async with relaying(store, hang) as url:
        process = await anyio.open_process([sys.executable, "-c", program, url, str(spool)], cwd=ROOT)
        with anyio.fail_after(30):
            await reached.wait()
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
        is_killed = True
        assert len(store.uploads()) == 2
        assert store.get(KEY) == b"old"
        again = open_sink(URL, s3=store.options(endpoint_url=url), spool=spool)
        await again.open()
        assert [each["UploadId"] for each in store.uploads()] == [theirs]
        await again.write(large(3))
        await again.commit()
    assert store.get(KEY) == text_of(large(3))
    assert [each["UploadId"] for each in store.uploads()] == [theirs]
    assert names(spool) == []


@pytest.mark.parametrize(
    ("when", "native"), [("create", False), ("create", True), ("part", True), ("complete", False), ("put", False)]
)
async def test_a_cancellation_aborts_the_upload_and_keeps_the_old_object(store, spool, when, native):
    store.put(KEY, b"old")
    count, began = 0, anyio.Event()

    async def slow(_, what):
        nonlocal count
        count += what == when
        if what == when and count > (what == "create"):  # the first one is that of the check
            began.set()
            await anyio.sleep(0.3)

    async with relaying(store, slow) as url:
        sink = open_sink(URL, s3=store.options(endpoint_url=url), spool=spool)
        await sink.open()
        await sink.write(page(0) if when == "put" else large(3))
        with anyio.fail_after(30):
            if native:
                task = asyncio.ensure_future(sink.commit())
                await began.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(sink.commit)
                    await began.wait()
                    tasks.cancel_scope.cancel()
        await sink.abort(keep=False)
        await anyio.sleep(0.4)
    assert store.uploads() == []
    assert names(spool) == []
    if when != "put":
        assert store.get(KEY) == b"old" or when == "complete"


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (None, "a reset")])
async def test_what_passes_is_repeated(store, spool, status, code):
    seen = set()

    async def first_fails(request, what):
        if what in seen:
            return None
        seen.add(what)
        if status is None:
            request.transport.abort()
            return web.Response()
        return refusal(status, code)

    given = large(2)
    async with relaying(store, first_fails) as url:
        options = store.options(endpoint_url=url)
        await written(URL, given, s3=options, spool=spool)
        await written(f"s3://{BUCKET}/small.ndjson", page(0), s3=options, spool=spool)
    assert seen >= {"create", "part", "complete", "put", "abort"}
    assert store.get(KEY) == text_of(given)
    assert store.uploads() == []


@pytest.mark.parametrize(
    ("when", "response", "reason"),
    [
        ("part", lambda: web.Response(headers={"ETag": '"0123456789abcdef0123456789abcdef"'}), "InvalidPart"),
        ("part", lambda: web.Response(headers={"ETag": '"0"', "x-amz-checksum-crc32": "AAAAAA=="}), "other bytes"),
        ("part", lambda: refusal(503, "SlowDown"), "SlowDown .HTTP 503.: try again later"),
        ("complete", lambda: refusal(200, "InternalError"), "InternalError"),
        ("complete", lambda: refusal(403, "AccessDenied"), "access denied: .*s3:PutObject"),
        ("put", lambda: web.Response(headers={"x-amz-checksum-crc32": "AAAAAA=="}), "other bytes"),
        ("put", lambda: refusal(500, "InternalError"), "InternalError .HTTP 500.: try again later"),
        ("put", lambda: refusal(501, "NotImplemented"), r"NotImplemented .HTTP 501.$"),
    ],
)
async def test_what_a_hostile_store_does_keeps_the_old_object_and_is_named(store, spool, when, response, reason):
    store.put(KEY, b"old")

    async def fault(_, what):
        return response() if what == when else None

    async with relaying(store, fault) as url:
        sink = open_sink(URL, s3=store.options(endpoint_url=url, attempts=1), spool=spool)
        await sink.open()
        await sink.write(page(0) if when == "put" else large(3))
        with pytest.raises(SinkError, match=f"cannot write {URL}: .*{reason}") as caught:
            await sink.commit()
        assert "a secret" not in str(caught.value)
        await sink.abort(keep=False)
    assert store.get(KEY) == b"old"
    assert store.uploads() == []
    assert names(spool) == []


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, "AccessDenied", "access denied: the caller's policy"),
        (403, "SignatureDoesNotMatch", "the credentials were not accepted"),
        (400, "AuthorizationHeaderMalformed", "another region"),
        (301, "PermanentRedirect", "another region"),
    ],
)
async def test_a_bucket_that_cannot_be_written_is_known_when_the_sink_opens(store, spool, status, code, reason):
    async def refuse(*_):
        return refusal(status, code)

    async with relaying(store, refuse) as url:
        sink = open_sink(URL, s3=store.options(endpoint_url=url, attempts=1), spool=spool)
        with pytest.raises(SinkError, match=f"cannot write {URL}: .*{reason}"):
            await sink.open()
    assert names(spool) == []


async def test_a_missing_bucket_a_wrong_address_and_resets_are_known_when_the_sink_opens(store, spool):
    with pytest.raises(SinkError, match=r"cannot write s3://nowhere/a\.csv: there is no such bucket"):
        await written("s3://nowhere/a.csv", s3=store.options(), spool=spool)
    with pytest.raises(SinkError, match=r"cannot write s3://exports/a\.csv: Could not connect"):
        await written(f"s3://{BUCKET}/a.csv", s3=store.options(endpoint_url="http://127.0.0.1:1", attempts=1))
    with hostile_server(resetting()) as server:
        options = store.options(endpoint_url=server.url, attempts=2)
        with pytest.raises(SinkError, match=r"cannot write s3://exports/a\.csv: Could not connect"):
            await written(f"s3://{BUCKET}/a.csv", s3=options, spool=spool)
        assert len([each for each in server.requests if each.startswith(b"POST")]) == 2


async def test_a_full_disk_is_named_with_the_object(store, spool, monkeypatch):
    sink = open_sink(f"s3://{BUCKET}/{{label}}.ndjson", s3=store.options(), spool=spool)
    await sink.open()

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.write", full)
        with pytest.raises(SinkError, match=r"s3://exports/acme%2FAWS.ndjson: No space left on device; its spool"):
            await sink.write(large(2).__class__("acme/AWS", "AWS", "list_connections", raw=large(2).raw))
    await sink.abort(keep=False)
    assert names(spool) == []


def test_a_spool_of_others_is_not_used(store, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sink = open_sink(URL, s3=store.options())
    sink._spool.directory.parent.mkdir(mode=0o755)
    with pytest.raises(SinkError, match="others can use this spool directory"):
        anyio.run(sink.open)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("s3://bucket",), "must name a bucket and a key"),
        (("s3://bucket/a//b.csv",), "a name between two slashes"),
        (("s3://bucket/../b.csv",), "a name between two slashes"),
        (("s3://bucket/a\nb.csv",), r"path must not contain control characters: 's3://bucket/a\\nb.csv'"),
        (("s3://bucket/\udc80.csv",), r"path must not contain surrogates: 's3://bucket/\\udc80.csv'"),
        (("s3://{label}/b.csv",), "no placeholder in the name of the bucket"),
        ((Path("s3://bucket/b.csv"),), "must be a string if it is a URL"),
        (("gs://bucket/b.csv",), "pass a file object"),
    ],
)
def test_a_url_that_names_no_object_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        open_sink(*arguments, cls=CLS)


def test_options_that_apply_to_nothing_are_refused():
    with pytest.raises(ValueError, match="s3 is an option of paths that begin with s3://"):
        open_sink("a.csv", cls=CLS, s3=S3Options())
    with pytest.raises(ValueError, match="spool is an option of paths"):
        open_sink("a.csv", cls=CLS, spool="spool")
    with pytest.raises(ValueError, match="profile and credentials exclude each other"):
        S3Options(profile="acme", credentials=CREDENTIALS)
    with pytest.raises(TypeError, match="s3 must be S3Options"):
        open_sink(URL, s3={"profile": "acme"})
    for wrong in ({"acl": "x y"}, {"storage_class": "cold"}, {"checksum": "sha1"}, {"part_size": 1}, {"attempts": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            S3Options(**wrong)


def test_no_secret_is_shown():
    options = S3Options(credentials=CREDENTIALS, metadata={"token": "hidden"})
    shown = f"{options!r} {open_sink(URL, s3=options)!r}"
    assert CREDENTIALS.secret_access_key not in shown
    assert "hidden" not in shown


def test_trio_is_refused_as_by_a_client(spool):
    with pytest.raises(RuntimeError, match="on trio, pass config=AioConfig"):
        anyio.run(open_sink(URL, s3=S3Options(credentials=CREDENTIALS), spool=spool).open, backend="trio")
    assert names(spool) == []


@pytest.mark.parametrize("way", ["profile", "role", "provider", "environment"])
async def test_requests_are_signed_with_the_credentials_of_the_options(store, spool, tmp_path, monkeypatch, way):
    keys = "aws_access_key_id = OFPROFILE\naws_secret_access_key = any\n"
    (tmp_path / "config").write_text(f"[profile exports]\nregion = eu-central-1\n{keys}")
    for name, value in (
        *(("CONFIG_FILE", str(tmp_path / "config")), ("ACCESS_KEY_ID", "OFENVIRONMENT"), ("SECRET_ACCESS_KEY", "any")),
        *(("ENDPOINT_URL_STS", store.url), ("EC2_METADATA_DISABLED", "true")),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)

    async def provide():
        return CREDENTIALS

    ways = {
        "profile": ({"profile": "exports"}, "OFPROFILE/[0-9]+/eu-central-1/"),
        "role": ({"role": Role(arn="arn:aws:iam::123456789012:role/exports")}, "ASIA[A-Z0-9]+/[0-9]+/us-east-1/"),
        "provider": ({"credentials": provide, "region_name": "eu-west-1"}, "AKIDEXAMPLE/[0-9]+/eu-west-1/"),
        "environment": ({}, "OFENVIRONMENT/[0-9]+/us-east-1/"),
    }
    given, expected = ways[way]
    signatures = []

    async def note(request, _):
        signatures.append(request.headers["Authorization"])

    async with relaying(store, note) as url:
        await written(URL, page(0), s3=S3Options(endpoint_url=url, **given), spool=spool)
    assert len(signatures) == 3
    assert all(re.search(f"Credential={expected}s3/", each) for each in signatures), signatures


async def test_credentials_that_are_missing_are_named(spool, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SinkError, match=f"cannot write {URL}: there are no AWS credentials"):
        await open_sink(URL, spool=spool).open()
    with pytest.raises(SinkError, match=rf"cannot write {URL}: The config profile \(nobody\) could not be found"):
        await open_sink(URL, s3=S3Options(profile="nobody"), spool=spool).open()
    assert names(spool) == []
