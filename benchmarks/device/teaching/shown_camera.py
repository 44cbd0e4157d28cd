"""A camera that sends the picture that is shown to it: MJPEG over HTTP on loopback."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from benchmarks.device.ports import serving

FPS = 10.0
_BOUNDARY = "frame"


class ShownCamera:
    """Sends the picture of :meth:`show` ten times a second to every reader."""

    def __init__(self) -> None:
        """Start without a picture; :attr:`address` is known inside :meth:`running`."""
        self.address = ""
        self._jpeg = b""
        self._closing = threading.Event()

    def show(self, picture: Image.Image) -> None:
        """Send ``picture``, RGB, from now on."""
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=90)
        self._jpeg = file.getvalue()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Serve during the block."""
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
                self.end_headers()
                with contextlib.suppress(OSError):  # the reader has left
                    while not camera._closing.wait(1 / FPS):
                        head = (
                            f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(camera._jpeg)}\r\n\r\n"
                        )
                        self.wfile.write(head.encode() + camera._jpeg + b"\r\n")

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        with serving(server) as port:
            self.address = f"http://127.0.0.1:{port}/"
            yield
            self._closing.set()
