"""What attacks on the page need: ``edge watch`` with page and metrics, and raw connections to it."""

from __future__ import annotations

import contextlib
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks.device.hostile.case import HANG_S, Ended
from benchmarks.device.hostile.mqtt_scene import WatchProcess
from benchmarks.device.ports import free_port
from benchmarks.device.waiting import wait
from edge.errors import UnavailableError

TOKEN = "s3cret-token"
_START_S = 60.0


class Page:
    """An ``edge watch`` whose page is on :attr:`port`, and whose metrics are on :attr:`metrics`.

    If ``token``, the page needs :data:`TOKEN`.
    """

    def __init__(self, source: str, *options: str, token: bool = False) -> None:
        """Start it and wait for the first label."""
        self.port, self.metrics = free_port(), free_port()
        ports = ("--web", str(self.port), "--prometheus", str(self.metrics))
        variables = {"EDGE_WEB_TOKEN": TOKEN if token else ""}
        self._watch = WatchProcess(source, *ports, *options, **variables)
        self.headers = {"Authorization": f"Bearer {TOKEN}"} if token else {}
        if not wait(lambda: self.status("/health") == 200, _START_S):
            self._watch.end()
            raise UnavailableError(f"edge watch does not start: {self._watch.lines[-1:]}")

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def threads(self) -> int:
        """The number of threads of the process."""
        return len(list(Path(f"/proc/{self._watch.process.pid}/task").iterdir()))

    def status(self, path: str, port: int | None = None, **headers: str) -> int:
        """The status of the answer to a GET; 0 if there is none in time."""
        address = f"http://127.0.0.1:{port or self.port}{path}"
        request = urllib.request.Request(address, headers={**self.headers, **headers})
        try:
            with urllib.request.urlopen(request, timeout=HANG_S) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def is_served(self) -> str | None:
        """None if another viewer gets page, picture, events and metrics now; else what it does not get."""
        for path, port in (("/", None), ("/observation.json", None), ("/metrics", self.metrics)):
            if (status := self.status(path, port)) != 200:
                return f"{path} has {'no answer: hang' if not status else f'status {status}'}"
        return None

    def connect(self, opened: contextlib.ExitStack, port: int | None = None) -> socket.socket:
        """A connection that ends with ``opened``."""
        return opened.enter_context(socket.create_connection(("127.0.0.1", port or self.port), timeout=HANG_S))

    def end(self) -> Ended:
        """End it."""
        return self._watch.end()


def request(path: str = "/health", method: str = "GET", *lines: str, host: str = "localhost") -> bytes:
    """A request with the header ``lines``."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode()


def answer(connection: socket.socket, content: bytes) -> int:
    """Send ``content``; the status of the answer, 0 if the other end closes."""
    with contextlib.suppress(OSError):
        connection.sendall(content)
    received = b""
    with contextlib.suppress(OSError):
        while b"\r\n" not in received and (part := connection.recv(1 << 16)):
            received += part
    found = re.match(rb"HTTP/1\.\d (\d{3}) ", received)
    return int(found[1]) if found else 0


@contextlib.contextmanager
def many(page: Page, count: int, port: int | None = None) -> Iterator[list[socket.socket]]:
    """``count`` connections."""
    with contextlib.ExitStack() as opened:
        yield [page.connect(opened, port) for _ in range(count)]
