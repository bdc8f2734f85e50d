"""Bodies with a Content-Encoding."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from aiopartnercentral.emulator import Credential, Emulator, protocol
from aiopartnercentral.emulator.services import JSON_CONTENT_TYPE

pytestmark = pytest.mark.anyio

PAGE = {"Catalog": "AWS", "MaxResults": 10}


@pytest.fixture
def nothing_logged(caplog):
    yield
    assert not caplog.records


@pytest.mark.parametrize(
    ("encoding", "pack", "status"),
    [
        ("gzip", gzip.compress, 200),
        ("GZIP", gzip.compress, 200),
        ("deflate", zlib.compress, 200),
        ("identity", bytes, 200),
        ("gzip", bytes, 400),
        ("gzip", lambda body: gzip.compress(body)[:-9], 400),
        ("gzip", lambda body: gzip.compress(body) + b"more", 400),
        ("deflate", lambda _: b"", 400),
        ("gzip", lambda body: gzip.compress(body + b" " * protocol.MAX_BODY), 413),
        ("br", bytes, 415),
        ("zstd", bytes, 415),
        ("gzip, gzip", lambda body: gzip.compress(gzip.compress(body)), 415),
    ],
)
@pytest.mark.usefixtures("nothing_logged")
async def test_an_encoded_body_is_decoded_or_refused(encoding, pack, status, emulator, post):
    content = pack(json.dumps(PAGE).encode())
    answer = await post(emulator.endpoint_url, "ListConnections", content, **{"Content-Encoding": encoding})
    assert answer.status_code == status
    assert answer.headers["x-amzn-requestid"]
    assert answer.headers["content-type"] == JSON_CONTENT_TYPE
    assert ("__type" in answer.json()) == (status != 200)
    assert emulator.requests[-1].status == status


async def test_an_encoded_body_is_signed_as_it_is_sent(http):

    known = {"AKID": Credential("secret", "111122223333")}
    async with Emulator({"AWS": 5}, credentials=known) as emulator:
        content = gzip.compress(json.dumps(PAGE).encode())
        sent = {"X-Amz-Target": "PartnerCentralAccount.ListConnections", "Content-Type": JSON_CONTENT_TYPE,
                "Content-Encoding": "gzip"}  # fmt: skip
        request = AWSRequest("POST", f"{emulator.endpoint_url}/", headers=sent, data=content)
        SigV4Auth(Credentials("AKID", "secret"), "partnercentral-account", "us-east-1").add_auth(request)
        answer = await http.post(f"{emulator.endpoint_url}/", headers=dict(request.headers), content=content)
        assert answer.status_code == 200, answer.text
