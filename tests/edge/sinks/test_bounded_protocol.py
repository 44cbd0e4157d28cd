"""The protocol of the HTTP servers: heads and bodies, and what a request may not be."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from edge.sinks.http_server import HttpServer, listen

pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")

_LARGE_BYTES = 64 << 10  # more than any head has


async def _lengths(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the number of bytes of the body."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(length).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]},
    )
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a server."""
    monkeypatch.setattr("edge.sinks.bounded_protocol.REQUEST_S", 600)  # no test waits for it
    listener = listen("127.0.0.1", 0, "PORT")
    server = HttpServer(_lengths, listener, "test")
    yield listener.getsockname()[1]
    server.close()


@contextlib.contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    """A connection to ``port``."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        yield connection


def answer(connection: socket.socket) -> tuple[bytes, bytes]:
    """The status and the body of the next answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(1 << 16)
    head, _, body = received.partition(b"\r\n\r\n")
    (length,) = (int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if b"content-length:" in line)
    while len(body) < length:
        body += connection.recv(1 << 16)
    return head[9:12], body


def post(size_bytes: int) -> bytes:
    """A request with a body of ``size_bytes``."""
    return b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size_bytes + bytes(size_bytes)


def test_large_bodies_are_no_heads(port: int) -> None:
    """Bodies that are longer than a head may be come whole, one after the other on one connection."""
    with connected(port) as connection:
        for size_bytes in (0, 3 * _LARGE_BYTES, _LARGE_BYTES - 1, 10 * _LARGE_BYTES, 1):
            connection.sendall(post(size_bytes))
            assert answer(connection) == (b"200", b"%d" % size_bytes)


def test_requests_in_one_piece(port: int) -> None:
    """Requests that come in one piece are answered one after the other."""
    with connected(port) as connection:
        connection.sendall(b"".join(map(post, (1, 2, 3))))
        received = b""
        while received.count(b"\r\n\r\n") < 3 or not received.endswith(b"3"):
            received += connection.recv(1 << 16)
        assert [part[:1] for part in received.split(b"\r\n\r\n")[1:]] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("requests", [1, 3])
def test_a_client_that_sends_no_more(port: int, requests: int) -> None:
    """It has closed its half of the connection, and still gets all answers; then the connection ends."""
    with connected(port) as connection:
        connection.sendall(post(5) * requests)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert received.count(b"HTTP/1.1 200") == requests


@pytest.mark.parametrize("sent", [b"", post(5)[:-1], b"GET / HT"])
def test_a_client_that_sends_no_more_of_half_a_request(port: int, sent: bytes) -> None:
    """There is nothing to wait for: the connection ends at once."""
    with connected(port) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1 << 16) == b""


_CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1"
_ENDLESS = (
    b"GET /",
    b"GET / HTTP/1.1\r\nX-Long: ",
    b"GET / HTTP/1.1\r\nA: b\r\n",
    _CHUNKED + b"\r\na\r\n0\r\nA: b\r\n",
    _CHUNKED + b"\r\na\r\n0\r\nX-Long: ",
    _CHUNKED + b";extension=",
)


@pytest.mark.parametrize("begin", _ENDLESS)
@pytest.mark.parametrize("before", [b"", post(10)])
def test_endless_heads_are_refused(port: int, before: bytes, begin: bytes) -> None:
    """A head without an end is refused with 400 or cut off, also after a request that was answered.

    So is a body in chunks that ends with fields without an end, and a chunk whose own head has no end.
    """
    with connected(port) as connection:
        if before:
            connection.sendall(before)
            assert answer(connection) == (b"200", b"10")
        received = b""
        with contextlib.suppress(ConnectionError):
            connection.sendall(begin)
            for _ in range(100):  # 100 times 16 KiB, which no head has
                connection.sendall(b"a: a\r\n" * 2730 if begin.endswith(b"\n") else b"a" * (16 << 10))
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(1 << 16):
                received += part
        assert received[9:12] in (b"400", b"")
    with connected(port) as connection:
        connection.sendall(post(1))
        assert answer(connection) == (b"200", b"1")


@pytest.mark.parametrize("hosts", [b"", b"Host: localhost\r\nHost: elsewhere\r\n"])
def test_one_host(port: int, hosts: bytes) -> None:
    """A request with two hosts, or without one, is refused: a proxy and this server could understand it differently."""
    with connected(port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + hosts + b"\r\n")
        assert connection.recv(1 << 16)[9:12] == b"400"
    with connected(port) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert answer(connection) == (b"200", b"0")
