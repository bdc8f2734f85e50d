"""Of which failures it is certain that the service has not executed the request, over real sockets."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiobotocore.config import AioConfig

from aiopartnercentral import CredentialsError, EncodeError, account
from aiopartnercentral._transport.retries import is_unexecuted
from tests.support.servers import Reply, refusing_port, scripted_server
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("aws_environment")]

LANES: dict[str, dict[str, Any]] = {
    "direct": {},
    "botocore": {"config": AioConfig(retries={"mode": "adaptive"})},
    "ry": {"http_client": "ry"},
}


async def failure(url: str, lane: str, timeout: float = GUARD) -> Exception:  # noqa: ASYNC109 - of the call
    async with account.connect(endpoint_url=url, **LANES[lane]) as client:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - of any class
            await client.with_options(attempts=1, timeout=timeout).list_connections(catalog="AWS")
    return raised.value


@contextmanager
def breaking_server(*, resets: bool) -> Iterator[str]:
    """Run a server that reads a request, and then closes or resets the connection."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(100_000)
                if resets:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(GUARD)


@pytest.mark.parametrize("lane", LANES)
async def test_it_is_certain_if_no_connection_was_opened(lane: str) -> None:
    with refusing_port() as port:
        assert is_unexecuted(await failure(f"http://127.0.0.1:{port}", lane))
    assert is_unexecuted(await failure("http://no-such-host.invalid", lane))


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("resets", [False, True])
async def test_it_is_uncertain_if_the_connection_broke(lane: str, *, resets: bool) -> None:
    with breaking_server(resets=resets) as url:
        assert not is_unexecuted(await failure(url, lane))


@pytest.mark.parametrize(
    ("reply", "is_certain"),
    [
        (Reply({"__type": "ThrottlingException"}, status=400), True),
        (Reply({"__type": "ValidationException"}, status=400), True),
        (Reply({"__type": "ConflictException"}, status=409), True),
        (Reply({}, status=429), True),
        (Reply({"__type": "InternalServerException"}, status=500), False),
        (Reply({"__type": "InternalServerException"}, status=400), False),
        (Reply(b"", status=408), False),
        (Reply(b"<html>", status=502), False),
        (Reply({"__type": "NotImplementedException"}, status=501), True),
        (Reply({"__type": "InternalServerException"}, status=501), False),
        (Reply(b"", status=505), False),
        (Reply(b"cut", status=200), False),
    ],
)
async def test_a_response_says_it(reply: Reply, *, is_certain: bool) -> None:
    with scripted_server() as server:
        server.replies(reply)
        assert is_unexecuted(await failure(server.url, "direct")) is is_certain


async def test_it_is_uncertain_if_no_response_comes_in_time() -> None:
    with scripted_server() as server:
        server.replies(Reply(delay=GUARD))
        error = await failure(server.url, "direct", timeout=1)
    assert isinstance(error, TimeoutError)
    assert not is_unexecuted(error)


async def test_it_is_certain_if_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_unexecuted(EncodeError("no"))
    assert is_unexecuted(CredentialsError("no"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert is_unexecuted(await failure("http://127.0.0.1:1", "direct"))
    assert not is_unexecuted(RuntimeError("anything else"))
