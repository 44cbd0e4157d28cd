"""HTTP clients that keep a server busy: many connections on one thread, so that they take little time themselves."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from typing import NamedTuple

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_ANSWER_S = 60.0
_RECEIVE_BYTES = 1 << 16


class Load(NamedTuple):
    """What came of a load: the time of each answer in ms, how many had each status, and the whole time in s."""

    times_ms: list[float]
    statuses: Counter[int]
    elapsed_s: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.times_ms) / self.elapsed_s

    def percentile(self, percent: int) -> float:
        """The time within which ``percent`` percent of the answers came, in ms."""
        ordered = sorted(self.times_ms)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


class _Client:
    """One connection, which stays open. It has one request on its way at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._sent_s = 0.0

    def send(self, request: bytes) -> None:
        self._received, self._sent_s = b"", time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> tuple[int, float] | None:
        """Status and time in ms of the answer, as soon as all of it has come."""
        part = self.socket.recv(_RECEIVE_BYTES)
        if not part:
            raise ConnectionError("the server closed a connection before its answer")
        self._received += part
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]):
            return None
        return int(self._received[9:12]), 1000 * (time.perf_counter() - self._sent_s)


def post(path: str, body: bytes, kind: str = "image/jpeg") -> bytes:
    """The bytes of a POST request."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def load(port: int, requests: Sequence[bytes], clients: int, count: int) -> Load:
    """Send ``count`` of ``requests``, in turn, to ``port`` of loopback; each client sends its next one at once.

    Raises :class:`OSError` if the server closes a connection or gives no answer.
    """
    times_ms: list[float] = []
    statuses: Counter[int] = Counter()
    ahead, left = cycle(requests), count
    with selectors.DefaultSelector() as waiting:
        opened = [_Client(port) for _ in range(min(clients, count))]
        started_s = time.perf_counter()
        for client in opened:
            waiting.register(client.socket, selectors.EVENT_READ, client)
            client.send(next(ahead))
            left -= 1
        while len(times_ms) < count:
            ready = waiting.select(_ANSWER_S)
            if not ready:
                raise TimeoutError(f"no answer within {_ANSWER_S:g} s")
            for key, _ in ready:
                if (answered := key.data.answer()) is None:
                    continue
                statuses[answered[0]] += 1
                times_ms.append(answered[1])
                if left:
                    key.data.send(next(ahead))
                    left -= 1
        elapsed_s = time.perf_counter() - started_s
        for client in opened:
            client.socket.close()
    return Load(times_ms, statuses, elapsed_s)
