"""A camera for tests: MJPEG over HTTP on loopback, with the number of each frame in its picture, and with faults.

As a module: ``with StreamServer() as server: HttpCamera(server.uri)``, and :func:`read_number` of a frame. As a
program, for a camera in a process of its own::

    python tests/support/stream_server.py --fps 30

prints its address and the :func:`time.monotonic` of its frame 0, then reads lines on stdin: the name of a fault,
or ``end``.
"""

from __future__ import annotations

import argparse
import io
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

BITS = 20
"""Bits of a frame's number: at 30 frames a second it starts again after ten hours."""

CHECK_BITS = 8
_BLOCKS = BITS + CHECK_BITS
_PRIME = 251

FAULTS = ("close", "hang", "garbage", "half", "zero", "resize", "refuse", "bomb", "drip")
"""The names that :meth:`StreamServer.fault` accepts.

``close`` ends all connections. ``hang`` sends nothing more on the open ones. ``garbage``, ``half``, ``zero`` and
``bomb`` send parts that are noise, half a JPEG, nothing at all, or a huge picture, until
:meth:`StreamServer.end_fault`. ``resize`` changes the resolution. ``refuse`` ends all connections and answers 503
until then. ``drip`` sends a byte each tenth of a second on the open connections.
"""


def draw(number: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture of ``size`` (width, height) with ``number`` as black and white blocks on its upper quarter.

    The blocks survive JPEG and scaling; the rest is a smooth picture whose colour turns with the number.
    """
    width, height = size
    code = number % 2**BITS
    code |= (code % _PRIME) << BITS
    bits = [255 * (code >> bit & 1) for bit in range(_BLOCKS)]
    picture = Image.linear_gradient("L").resize(size)
    picture = Image.merge("RGB", (picture, picture.transpose(Image.Transpose.ROTATE_180), picture.point(_turn(number))))
    strip = Image.fromarray(np.array([bits], np.uint8)).resize((width, height // 4), Image.Resampling.NEAREST)
    picture.paste(strip.convert("RGB"), (0, 0))
    return picture


def _turn(number: int) -> list[int]:
    return [(value + 4 * number) % 256 for value in range(256)]


def read_number(pixels: npt.NDArray[np.uint8]) -> int:
    """The number in a frame (height, width, 3) made by :func:`draw`; ValueError if its check does not fit."""
    height, width, _ = pixels.shape
    row = pixels[height // 16 : height // 8].mean(axis=(0, 2))
    centres = ((np.arange(_BLOCKS) + 0.5) * width / _BLOCKS).astype(int)
    code = sum(1 << bit for bit, x in enumerate(centres) if row[x] > 127)
    number = code % 2**BITS
    if code >> BITS != number % _PRIME:
        raise ValueError("not a frame of this server")
    return number


def jpeg(picture: Image.Image) -> bytes:
    """``picture`` as a JPEG of a camera."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()


def _bomb() -> bytes:
    """A JPEG with 60000 x 60000 pixels in its header."""
    content = bytearray(jpeg(Image.new("RGB", (8, 8))))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = bytes.fromhex("ea60ea60")
    return bytes(content)


class StreamServer:
    """Sends frame ``n`` at ``n / fps`` seconds after its start, as a camera would: a slow client misses some.

    ``boundary`` and ``with_length`` are the form of the body; ``user`` ("name:password") is asked for by basic
    authentication.
    """

    def __init__(
        self,
        fps: float = 30.0,
        size: tuple[int, int] = (640, 480),
        *,
        boundary: str = "frame",
        with_length: bool = True,
        user: str | None = None,
    ) -> None:
        self.fps, self.size, self.user = fps, size, user
        self.boundary, self.with_length = boundary, with_length
        self.start_s = 0.0
        self.sent = threading.Condition()
        self.last_jpeg: bytes = b""
        self._number = -1
        self._fault: str | None = None
        self._generation = 0  # of connections: those of an older one are ended, hung or starved
        self._stopping = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._threads = [
            threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True),
            threading.Thread(target=self._film, daemon=True),
        ]

    @property
    def uri(self) -> str:
        """The stream's address, without the user."""
        return f"http://127.0.0.1:{self._http.server_port}/stream"

    @property
    def number(self) -> int:
        """The number of the frame whose time has come last."""
        return int((time.monotonic() - self.start_s) * self.fps)

    def __enter__(self) -> StreamServer:
        self.start_s = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with self.sent:
            self.sent.notify_all()
        self._http.shutdown()
        self._http.server_close()

    def fault(self, name: str) -> None:
        """Begin the fault ``name``, one of :data:`FAULTS`."""
        assert name in FAULTS, name
        with self.sent:
            if name == "resize":
                self.size = (320, 240) if self.size == (640, 480) else (640, 480)
                return
            self._fault = name
            if name in ("close", "hang", "refuse", "drip"):
                self._generation += 1
            self.sent.notify_all()

    def end_fault(self) -> None:
        """End the fault for new connections, and for open ones that got bad parts."""
        with self.sent:
            if self._fault not in ("hang", "drip"):
                self._fault = None

    def _film(self) -> None:
        while not self._stopping.is_set():
            due_s = self.start_s + (self._number + 1) / self.fps
            if self._stopping.wait(max(0.0, due_s - time.monotonic())):
                return
            number = max(self._number + 1, self.number)
            content = jpeg(draw(number, self.size))
            with self.sent:
                self._number, self.last_jpeg = number, content
                self.sent.notify_all()

    def _part(self) -> bytes:
        """The body of the next part; called with the lock held."""
        if self._fault == "garbage":
            return np.random.default_rng(self._number).bytes(5000)
        if self._fault == "half":
            return self.last_jpeg[: len(self.last_jpeg) // 2]
        if self._fault == "zero":
            return b""
        return _bomb() if self._fault == "bomb" else self.last_jpeg

    def _serve(self, request: Any, generation: int) -> None:
        number = self._number
        while True:
            with self.sent:
                while self._number <= number and self._generation == generation and not self._stopping.is_set():
                    self.sent.wait()
                if self._stopping.is_set():
                    return
                old, fault, number, body = self._generation > generation, self._fault, self._number, self._part()
            if old:
                if fault in ("hang", "drip"):
                    self._starve(request, fault)
                return
            length = f"Content-Length: {len(body)}\r\n" if self.with_length else ""
            head = f"--{self.boundary}\r\nContent-Type: image/jpeg\r\n{length}\r\n".encode()
            request.wfile.write(head + body + b"\r\n")

    def _starve(self, request: Any, fault: str) -> None:
        while not self._stopping.wait(0.1):
            if fault == "drip":
                request.wfile.write(b"x")
            elif request.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                return

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                generation = server._generation  # before the client learns that it is connected
                if server._fault == "refuse":
                    self.send_error(503)
                    return
                if server.user is not None and not self._knows_the_password(server.user):
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Type", f'multipart/x-mixed-replace; boundary="{server.boundary}"')
                self.end_headers()
                self.connection.settimeout(10.0)
                try:
                    server._serve(self, generation)
                except (BlockingIOError, OSError):
                    self.close_connection = True

            def _knows_the_password(self, user: str) -> bool:
                import base64

                return self.headers.get("Authorization") == "Basic " + base64.b64encode(user.encode()).decode()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description="A camera for tests.")
    parser.add_argument("--fps", type=float, default=30.0)
    with StreamServer(parser.parse_args().fps) as server:
        print(server.uri, server.start_s, flush=True)
        for line in sys.stdin:
            command = line.strip()
            if command == "end":
                break
            if command == "end_fault":
                server.end_fault()
            else:
                server.fault(command)
            print("done", time.monotonic(), flush=True)


if __name__ == "__main__":
    main()
