"""An endpoint URL that HTTP clients write differently, or refuse, is botocore's: direct requests change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral import account
from aiopartnercentral._transport import standalone_settings
from aiopartnercentral._transport.direct.request import usual_path
from tests.support.clients import without_backoff
from tests.support.hostile_server import hostile_server, sending

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

PAGE = b'HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n{"ConnectionSummaries":[]}'
NOT_USUAL = [
    *("http://LocalHost:{port}", "http://localhost.:{port}", "http://127.1:{port}", "http://2130706433:{port}"),
    *("http://0x7f.0.0.1:{port}", "http://127.0.0.01:{port}", "http://127.0.0.1:0{port}", "HTTP://127.0.0.1:{port}"),
    *(
        "http://127.0.0.1:{port}/a b",
        "http://127.0.0.1:{port}/ü",
        "http://127.0.0.1:{port}/a?b",
        "http://[::0:1]:{port}",
    ),
    *("http://127.0.0.1:{port}/#a", "http://127.0.0.1:{port}/a\u00a0", "http://127.0.0.1:{port}/a;b=c@d+e"),
]
USUAL = [
    *("http://127.0.0.1:{port}", "http://127.0.0.1:{port}/", "http://localhost:{port}", "http://127.0.0.1:{port}/a"),
    *("http://127.0.0.1:{port}/a/../b", "http://127.0.0.1:{port}//a/./~b/", "http://127.0.0.1:{port}/a%C3%BC"),
]


async def sent(url: str, **options: Any) -> tuple[str, Any]:
    """Return how a client sends, and what the server gets: the target and the host, or the error of the client."""
    kind = "none"
    with hostile_server(sending(PAGE)) as server:
        try:
            async with account.connect(
                endpoint_url=url.format(port=server.url.rpartition(":")[2]),
                aws_access_key_id="a",
                aws_secret_access_key="b",
                **options,
            ) as client:
                kind = client.transport.kind
                await client.list_connections(catalog="AWS")
        except Exception as error:  # noqa: BLE001 - compared
            return kind, (type(error), len(server.requests))
        (request,) = server.requests
        lines = request.split(b"\r\n")
        (host,) = (each for each in lines if each.lower().startswith(b"host:"))
        return kind, (lines[0], host.rpartition(b":")[0])


@pytest.fixture(params=[True, False], ids=["a start without botocore", "a start with botocore"])
def start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standalone_settings, "_has_loaded_botocore", lambda: not request.param)
    without_backoff(monkeypatch)


@pytest.mark.usefixtures("start")
@pytest.mark.parametrize("url", [*NOT_USUAL, *USUAL])
async def test_a_url_leads_to_the_same_request_as_without_direct_requests(url: str) -> None:
    kind, ours = await sent(url)
    assert kind != ("direct" if url in NOT_USUAL else "botocore")
    assert (await sent(url, direct=False))[1] == ours


@pytest.mark.usefixtures("start")
@pytest.mark.parametrize("text", [None, "no certificate"])
async def test_a_ca_bundle_that_cannot_be_loaded_is_a_mistake_without_tls_too(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.pem"
    if text is not None:
        bundle.write_text(text)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    kind, ours = await sent(USUAL[0])
    assert ours == (await sent(USUAL[0], direct=False))[1]
    assert (kind, ours[0].__name__, ours[1]) == ("direct", "InvalidConfigError", 0)


def test_ports_and_labels() -> None:
    for end, path in {"": "", ":65535": "", ":443/": "/", "/a": "/a"}.items():
        assert usual_path(f"https://a-1.example.com{end}") == path
    for end in (":65536", ":0", ":", "\n", "/a\n", "-", ".", ".1", ".1a", "_", "@b", "/?", "/\\"):
        assert usual_path(f"https://example.com{end}") is None
    assert usual_path("https://[::1]:8443/") == "/"
    for url in ("ftp://a", "https://", "a", "https://user@a", "https://256.1.1.1"):
        assert usual_path(url) is None
