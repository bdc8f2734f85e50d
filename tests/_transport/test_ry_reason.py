"""What ry prints about an error becomes a reason in words."""

from __future__ import annotations

import datetime as dt
import ssl
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from botocore.exceptions import SSLError

from aiopartnercentral import account
from aiopartnercentral._transport.http.ry_reason import reason
from tests.support.clients import IDENTITY
from tests.support.hostile_server import hostile_server, sending

if TYPE_CHECKING:
    from pathlib import Path

CONNECT = "hyper_util::client::legacy::Error(Connect, "
TLS = CONNECT + "Custom { kind: Other, error: Custom { kind: InvalidData, error: "
SENT = "hyper_util::client::legacy::Error(SendRequest, hyper::Error("
OS = 'Os { code: 111, kind: ConnectionRefused, message: "Connection refused" }'
REASONS = {
    TLS + "InvalidCertificate(UnknownIssuer) } }) }": "invalid certificate: unknown issuer",
    TLS + "InvalidCertificate(ExpiredContext { time: UnixTime(1796), not_after: UnixTime(15) }) } }) }": (
        "invalid certificate: expired"
    ),
    TLS + 'InvalidCertificate(NotValidForNameContext { expected: DnsName("a"), presented: ["b"] }) } }) }': (
        "invalid certificate: not valid for name"
    ),
    TLS + "InvalidCertificate(Other(OtherError(CaUsedAsEndEntity))) } }) }": (
        "invalid certificate: ca used as end entity"
    ),
    TLS + "AlertReceived(HandshakeFailure) } }) }": "alert received: handshake failure",
    CONNECT + 'Custom { kind: Other, error: Custom { kind: UnexpectedEof, error: "tls handshake eof" } }) }': (
        "tls handshake eof"
    ),
    CONNECT + f'ConnectError("tcp connect error", 127.0.0.1:1, {OS})) }}': "Connection refused",
    CONNECT + f'ConnectFailed(ConnectError("tcp connect error", [::1]:1, {OS}))) }}': "Connection refused",
    CONNECT
    + 'ConnectError("dns error", DnsError { inner: Custom { kind: Uncategorized, error: "not \\"known\\"" } })) }': (
        'not "known"'
    ),
    CONNECT + "TunnelUnsuccessful) }": "tunnel unsuccessful",
    CONNECT + "TimedOut) }": "timed out",
    "TimedOut }": "timed out",
    SENT + "IncompleteMessage)) }": "incomplete message",
    SENT + "Parse(Header(ContentLengthInvalid)))) }": "parse: header: content length invalid",
    SENT + f"Io, {OS})) }}": "Connection refused",
    "reqwest::Error { kind: Body, source: reqwest::Error { kind: Body, source: hyper::Error(Body, Custom "
    "{ kind: UnexpectedEof, error: IncompleteBody }) } } }": "incomplete body",
    "": "",
    "{ new: form }": "{ new: form }",
}


@pytest.mark.parametrize("text", REASONS)
def test_the_innermost_reason_is_told_in_words(text: str) -> None:
    assert reason(text) == REASONS[text]


PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
CERTIFICATES: dict[str, tuple[list[str], dict[str, Any]]] = {
    "unknown issuer": (["127.0.0.1"], {}),
    "not valid for name": (["other.example"], {}),
    "expired": (["127.0.0.1"], {"not_before": PAST - dt.timedelta(days=9), "not_after": PAST}),
}


@pytest.mark.anyio
@pytest.mark.parametrize("why", CERTIFICATES)
async def test_an_error_says_why_a_certificate_is_refused(why: str, tmp_path: Path) -> None:
    names, times = CERTIFICATES[why]
    authority, trusted = trustme.CA(), trustme.CA()
    (trusted if why == "unknown issuer" else authority).cert_pem.write_to_path(str(tmp_path / "bundle.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names, **times).configure_cert(context)
    with hostile_server(sending(b""), context) as server:
        options = {"endpoint_url": server.url, "verify": str(tmp_path / "bundle.pem"), "http_client": "ry", **IDENTITY}
        async with account.connect(**options) as client:
            with pytest.raises(SSLError) as caught:
                await client.with_options(attempts=1).list_connections(catalog="AWS")
    assert str(caught.value) == f"SSL validation failed for {server.url}/ invalid certificate: {why}"
