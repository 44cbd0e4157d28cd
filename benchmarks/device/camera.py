"""A camera for measurements: MJPEG over HTTP on loopback, in a process of its own, at an even pace.

``python -m benchmarks.device.camera 90`` prints its address and sends 90 frames a second until stdin closes. A third
word is the number of different frames.
"""

from __future__ import annotations

import io
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image

from benchmarks.device.ports import serving
from trainer.photos.drawn_flowers import KINDS, draw_flower

SIZE = (640, 480)
FRAMES = 20
"""How many different frames the camera sends by default."""
_BOUNDARY = "frame"


def draw_frames(count: int = FRAMES) -> list[Image.Image]:
    """``count`` pictures of :data:`SIZE` (width, height) in pixels, RGB: drawn flowers, different flowers in turn."""
    kinds = sorted(KINDS)
    return [draw_flower(kinds[i % len(kinds)], i, max(SIZE)).resize(SIZE) for i in range(count)]


def film(path: Path, seconds: float, fps: float = 25.0) -> None:
    """Write a video file (Motion JPEG) of drawn flowers at ``fps`` frames a second."""
    import cv2
    import numpy as np

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, SIZE)
    frames = [np.asarray(picture)[..., ::-1].copy() for picture in draw_frames(5)]
    for number in range(int(seconds * fps)):
        writer.write(frames[number // 10 % len(frames)])
    writer.release()


def serve(fps: float, frames: int = FRAMES) -> ThreadingHTTPServer:
    """A server that sends frame ``n`` at ``n / fps`` seconds to every reader; a slow reader misses some.

    After ``frames`` different ones they come again.
    """
    parts = []
    for picture in draw_frames(frames):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=85)
        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {file.tell()}\r\n\r\n"
        parts.append(head.encode() + file.getvalue() + b"\r\n")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
            self.end_headers()
            start_s, number = time.monotonic(), 0
            try:
                while True:
                    self.wfile.write(parts[number % len(parts)])
                    number = max(number + 1, int((time.monotonic() - start_s) * fps))
                    time.sleep(max(0.0, start_s + number / fps - time.monotonic()))
            except OSError:
                pass  # the reader has left

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server


def main() -> None:
    """Run as a program."""
    with serving(serve(float(sys.argv[1]), *map(int, sys.argv[2:3]))) as port:
        print(f"http://127.0.0.1:{port}/", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
