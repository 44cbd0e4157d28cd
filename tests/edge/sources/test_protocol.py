"""The public names of edge.sources, and the source in the docstring of its protocol."""

from __future__ import annotations

import io
import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import pytest
from PIL import Image

import edge.sources
from edge.errors import UnavailableError
from edge.live.grabber import Grabber
from edge.sources.protocol import FrameSource
from edge.statistics import StreamStatistics
from support.colours import encoded, plain
from support.docstring_example import run_example


class Camera(BaseHTTPRequestHandler):
    """Answers each request with a red PNG."""

    def do_GET(self) -> None:
        """Send the picture."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(encoded(plain("red"), "PNG"))

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def source() -> Any:
    """The source of the docstring."""
    names = {"io": io, "np": np, "urllib": urllib, "Image": Image, "UnavailableError": UnavailableError}
    return run_example(FrameSource, names)["Snapshots"]()


def test_public_names() -> None:
    """Every name in ``__all__`` can be imported, and no other."""
    assert edge.sources.__all__ == ["END", "HANG", "EndOfStream", "FakeSource", "FrameSource", "open_source"]
    assert all(getattr(edge.sources, name) is not None for name in edge.sources.__all__)
    with pytest.raises(AttributeError, match=r"module 'edge\.sources' has no attribute 'close_source'"):
        edge.sources.close_source  # noqa: B018


def test_the_source_of_the_docstring(source: Any) -> None:
    """A grabber takes frames from it as from any other source."""
    with HTTPServer(("127.0.0.1", 0), Camera) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        source.uri = f"http://127.0.0.1:{server.server_port}/"
        grabber = Grabber(source, StreamStatistics(), max_frame_age_s=60.0, retries=0)
        grabber.start()
        frame = grabber.newest(timeout_s=60.0)
        grabber.stop()
        server.shutdown()
    assert frame is not None
    assert frame.pixels[0, 0].tolist() == [220, 40, 40]


def test_its_failure(source: Any) -> None:
    """Without a server it raises the error that makes a grabber try again."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        source.uri = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(UnavailableError, match="refused"):
            source.read()
