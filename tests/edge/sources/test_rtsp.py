"""RTSP from GStreamer's server over loopback, in Debian's Python; skipped if that is missing."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest

from edge import Classifier
from edge.errors import UnavailableError
from edge.sources.rtsp import RtspStream
from support.paths import TESTS

pytest.importorskip("cv2", reason="needs the extra 'camera'")

DEBIAN_PYTHON = "/usr/bin/python3"
PACKAGES = "gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good python3-gi"


class Server:
    """The server as a process."""

    def __init__(self) -> None:
        program = TESTS / "support" / "rtsp_server.py"
        try:
            self._process = subprocess.Popen(
                [DEBIAN_PYTHON, str(program)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                text=True,
            )
        except OSError:
            pytest.skip(f"needs {PACKAGES}")
        assert self._process.stdout is not None
        self.port = self._process.stdout.readline().strip()
        if not self.port:
            self.end()
            pytest.skip(f"needs {PACKAGES}")

    def end(self) -> None:
        """Close it with all its connections."""
        self._process.communicate(timeout=20)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of a red stream."""
    server = Server()
    yield server
    server.end()


def test_a_stream(server: Server, classifier: Classifier, capfd: pytest.CaptureFixture[str]) -> None:
    """Frames are RGB, and red is labelled red; when the server ends, one line says so, without the password."""
    stream = RtspStream(f"rtsp://me:secret@127.0.0.1:{server.port}/red")
    stream.open()
    frame = stream.read()
    assert (frame.shape, frame.dtype) == ((240, 320, 3), np.uint8)
    best = classifier.classify(frame).best
    assert best is not None and best.label == "red"
    server.end()
    with pytest.raises(UnavailableError, match="the stream ended, or sent no picture for 5 s") as ended:
        while True:
            stream.read()
    stream.close()
    assert str(ended.value).startswith(f"rtsp://***@127.0.0.1:{server.port}/red: ")
    assert capfd.readouterr() == ("", "")


def test_a_path_that_is_not_there(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    """A server that answers but has no such stream gets an error of its own, and FFmpeg prints no address."""
    with pytest.raises(UnavailableError, match="answers, but sends no stream") as refused:
        RtspStream(f"rtsp://me:secret@127.0.0.1:{server.port}/blue").open()
    assert "secret" not in str(refused.value)
    assert capfd.readouterr() == ("", "")


def test_nobody_there() -> None:
    """A closed port is reported immediately."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(UnavailableError, match=r"rtsp://\*\*\*@127.0.0.1:\d+/: no answer: Connection refused"):
            RtspStream(f"rtsp://me:secret@127.0.0.1:{free.getsockname()[1]}/").open()
