"""RTSP from GStreamer's server over loopback, in Debian's Python; skipped if that is missing."""

from __future__ import annotations

import hashlib
import socket
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest

from edge import Classifier
from edge.errors import ConfigurationError, UnavailableError
from edge.sources import rtsp
from edge.sources.http_login import read_challenges
from edge.sources.rtsp import RtspStream
from support.paths import TESTS
from support.scripted_server import Request, ScriptedServer

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
    stream.skip()
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
    with pytest.raises(UnavailableError, match="the server answers 404 Not Found; check the path") as refused:
        RtspStream(f"rtsp://me:secret@127.0.0.1:{server.port}/blue").open()
    assert "secret" not in str(refused.value)
    assert capfd.readouterr() == ("", "")


def _digest_server(request: Request) -> bytes:
    """Asks for the digest of the user ``me`` with the password ``secret``, and has no such stream then."""
    fields = next(iter(read_challenges([request.headers.get("authorization", "")])), None)
    if fields is not None:
        sent = fields.parameters
        secret = hashlib.md5(b"me:camera:secret").hexdigest()
        asked = hashlib.md5(f"{request.method}:{request.target}".encode()).hexdigest()
        if sent["response"] == hashlib.md5(f"{secret}:n:{asked}".encode()).hexdigest():
            return b"RTSP/1.0 404 no\r\nCSeq: 1\r\n\r\n"
    return b'RTSP/1.0 401 no\r\nWWW-Authenticate: Digest realm="camera", nonce="n"\r\n\r\n'


@pytest.mark.parametrize(
    ("user", "error", "reason"),
    [
        ("", ConfigurationError, "the server answers 401 Unauthorized; give user:password@"),
        ("me:wrong@", ConfigurationError, r"the server refuses the user or the password \(401\)"),
        ("me:secret@", UnavailableError, "the server answers 404 Not Found; check the path"),
    ],
)
def test_passwords(user: str, error: type[Exception], reason: str) -> None:
    """A refused password is called that, as for a camera over HTTP."""
    with ScriptedServer(_digest_server) as server, pytest.raises(error, match=reason) as refused:
        RtspStream(f"rtsp://{user}127.0.0.1:{server.port}/a?b=c").open()
    assert "secret" not in str(refused.value) and "wrong" not in str(refused.value)
    assert server.requests[0][:2] == ("DESCRIBE", f"rtsp://127.0.0.1:{server.port}/a?b=c")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n", "negotiate, ntlm"),
        ('WWW-Authenticate: Digest realm="a", nonce="n", algorithm=WHIRLPOOL\r\n', "digest"),
        ("", "it names none"),
    ],
)
def test_a_login_of_another_kind(asked: str, names: str) -> None:
    """It is called that, not a wrong password, and the password is not sent."""
    answer = f"RTSP/1.0 401 no\r\n{asked}\r\n".encode()
    with ScriptedServer(lambda request: answer) as server, pytest.raises(ConfigurationError) as refused:
        RtspStream(f"rtsp://me:secret@127.0.0.1:{server.port}/").open()
    uri = f"rtsp://***@127.0.0.1:{server.port}/"
    assert str(refused.value) == f"{uri}: asks for a kind of login that is not known here ({names})"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "this is not an RTSP server"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "this is not an RTSP server"),
        (b"RTSP/1.0 \xff\r\n\r\n", "this is not an RTSP server"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", "this is not an RTSP server"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", "this is not an RTSP server"),
        (b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 20_000, "this is not an RTSP server"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n", "describes its stream in more than 1 MiB"),
        (b"RTSP/1.0 503 \x1b[2J\r\n\r\n", "the server answers 503 Service Unavailable"),
    ],
)
def test_answers_that_are_no_stream(answer: bytes, reason: str) -> None:
    """They end in one line before FFmpeg sees the server."""
    with ScriptedServer(lambda request: answer) as server, pytest.raises(UnavailableError, match=reason):
        RtspStream(f"rtsp://127.0.0.1:{server.port}/").open()


def test_a_server_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error within the time limit."""
    monkeypatch.setattr(rtsp, "TIME_LIMIT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(UnavailableError, match=r"nothing in 0\.2 s"):
        RtspStream(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/").open()


def test_a_closed_port() -> None:
    """A closed port is reported immediately."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(UnavailableError, match=r"rtsp://\*\*\*@127.0.0.1:\d+/: no answer: Connection refused"):
            RtspStream(f"rtsp://me:secret@127.0.0.1:{free.getsockname()[1]}/").open()
