"""Sends requests as fast as a server can answer them: a few sockets, one request in flight each, nothing decoded."""

from __future__ import annotations

import socket
import ssl
from contextlib import ExitStack
from time import perf_counter
from typing import TYPE_CHECKING, Any

import orjson

from benchmarks.errors import BenchmarkError
from benchmarks.server import HEAD_END, HOST, LENGTH, Address

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHUNK = 1 << 18


def request_of(operation: str, members: dict[str, Any], *, account: str = "123456789012") -> bytes:
    """Return the bytes of an account's request, with a dummy signature."""
    body = orjson.dumps(members)
    credential = f"{account}/20251001/us-east-1/partnercentral-account/aws4_request"
    head = (
        f"POST / HTTP/1.1\r\nHost: {HOST}\r\nX-Amz-Target: PartnerCentralAccount.{operation}\r\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0\r\n"
        f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ask(address: Address, request: bytes) -> bytes:
    """Return the body of the answer to one request.

    Raises:
        BenchmarkError: there is no response, or it is an error.
    """
    try:
        with _connect(address) as connection:
            connection.sendall(request)
            return _receive(connection)
    except OSError as error:
        raise BenchmarkError(f"the server does not answer: {error}") from error


def requests_per_second(address: Address, requests: Sequence[bytes], *, connections: int) -> float:
    """Send requests, one at a time on each socket, and return the number of responses per second.

    Raises:
        BenchmarkError: a request was answered by an error, or not at all.
    """
    with ExitStack() as stack:
        try:
            sockets = [stack.enter_context(_connect(address)) for _ in range(connections)]
            waiting = iter(requests)
            started = perf_counter()
            for each, request in zip(sockets, waiting, strict=False):
                each.sendall(request)
            for number in range(len(requests)):
                each = sockets[number % connections]
                _receive(each)
                following = next(waiting, None)
                if following is not None:
                    each.sendall(following)
            return len(requests) / (perf_counter() - started)
        except OSError as error:
            raise BenchmarkError(f"the server does not answer: {error}") from error


def _connect(address: Address) -> socket.socket:
    connection = socket.create_connection((HOST, address.port))
    if not address.authority:
        return connection
    return ssl.create_default_context(cafile=address.authority).wrap_socket(connection, server_hostname=HOST)


def _receive(connection: socket.socket) -> bytes:
    """Return the body of the next answer."""
    received = _more(connection)
    while HEAD_END not in received:
        received += _more(connection)
    head, _, body = received.partition(HEAD_END)
    status, length = head.partition(b"\r\n")[0], LENGTH.search(head)
    if length is None or b" 200 " not in status:
        raise BenchmarkError(f"the server answered {status.decode()}")
    parts, missing = [body], int(length[1]) - len(body)
    while missing > 0:
        parts.append(_more(connection))
        missing -= len(parts[-1])
    return b"".join(parts)


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(_CHUNK)
    if not received:
        raise ConnectionError("the connection was closed within an answer")
    return received
