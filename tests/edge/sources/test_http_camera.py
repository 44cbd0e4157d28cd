"""MJPEG from a real server over loopback."""

from __future__ import annotations

import copy
import socket
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from edge.errors import ConfigurationError, UnavailableError
from edge.preprocess import decode
from edge.sources import http_camera, http_client
from edge.sources.frame import CodedPicture
from edge.sources.http_camera import HttpCamera
from support.stream_server import FAULTS, StreamServer, draw, jpeg, read_number


@pytest.fixture
def server() -> Iterator[StreamServer]:
    """A camera at 60 frames a second."""
    with StreamServer(60.0) as server:
        yield server


@pytest.fixture
def _short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time limit of one second, for tests that wait for it: on a busy machine other ones may need longer."""
    for module in (http_camera, http_client):
        monkeypatch.setattr(module, "TIME_LIMIT_S", 1.0)


@pytest.fixture
def opened() -> Iterator[list[HttpCamera]]:
    """Streams put here are closed after the test."""
    streams: list[HttpCamera] = []
    yield streams
    for stream in streams:
        stream.close()


def _open(opened: list[HttpCamera], uri: str) -> HttpCamera:
    stream = copy.copy(HttpCamera(uri))
    opened.append(stream)
    stream.open()
    return stream


@pytest.mark.parametrize("form", [{}, {"with_length": False}, {"boundary": "--a b"}], ids=str)
def test_frames_come_in_order(form: dict[str, object], opened: list[HttpCamera]) -> None:
    """Frames are RGB, in order, as drawn; with or without a length, with strange boundaries."""
    with StreamServer(60.0, **form) as server:  # type: ignore[arg-type]
        stream = _open(opened, server.uri)
        numbers = []
        for _ in range(5):
            frame = stream.read()
            assert (frame.shape, frame.dtype) == ((480, 640, 3), np.uint8)
            numbers.append(read_number(frame))
            # RGB as drawn; JPEG alters a smooth colour by little.
            drawn = np.asarray(draw(numbers[-1]), np.int16)[400, 300]
            assert np.abs(frame[400, 300] - drawn).max() <= 12
        assert numbers == sorted(set(numbers))


def test_a_frame_is_its_part_as_a_file(server: StreamServer, opened: list[HttpCamera]) -> None:
    """The decoder makes the same pixels of the frame and of the JPEG that was sent."""
    frame = _open(opened, server.uri).read()
    assert (frame == np.asarray(decode(jpeg(draw(read_number(frame)))))).all()


def test_frames_that_came_meanwhile_are_skipped(server: StreamServer, opened: list[HttpCamera]) -> None:
    """After a pause a new frame is read, not the oldest that waits."""
    stream = _open(opened, server.uri)
    first = read_number(stream.read())
    with server.sent:
        assert server.sent.wait_for(lambda: server.number >= first + 30, 20.0)
    assert read_number(stream.read()) >= first + 10


def test_a_stream_that_is_decoded_later(server: StreamServer, opened: list[HttpCamera]) -> None:
    """After a picture that could be decoded the next ones are handed over as they came, and decode to the same."""
    stream = _open(opened, server.uri)
    assert isinstance(stream.read_coded(), np.ndarray)
    for _ in range(2):
        coded = stream.read_coded()
        assert isinstance(coded, CodedPicture)
        picture = coded.decode()
        assert picture is not None
        pixels = np.asarray(picture)
        assert (pixels == np.asarray(decode(jpeg(draw(read_number(pixels)))))).all()
    assert isinstance(stream.read(), np.ndarray)


@pytest.mark.usefixtures("_short_limit")
@pytest.mark.parametrize("fault", ["garbage", "half", "bomb"])
def test_damage_that_is_found_later(fault: str, server: StreamServer, opened: list[HttpCamera]) -> None:
    """One picture that cannot be decoded is None; then each is decoded, until a stream of such ones ends."""
    stream = _open(opened, server.uri)
    stream.read_coded()
    server.fault(fault)
    with pytest.raises(UnavailableError, match=r"no picture in 1 s; the last was "):
        while True:
            coded = stream.read_coded()
            if isinstance(coded, CodedPicture) and coded.decode() is None:
                assert not isinstance(stream.read_coded(), CodedPicture)


@pytest.mark.parametrize("fault", ["garbage", "half", "zero", "bomb"])
def test_bad_parts_are_skipped(fault: str, server: StreamServer, opened: list[HttpCamera]) -> None:
    """Parts that are not pictures do not end the stream; it continues with the next picture."""
    stream = _open(opened, server.uri)
    stream.read()
    server.fault(fault)
    threading.Timer(0.2, server.end_fault).start()
    after = server.number
    while read_number(stream.read()) <= after + 6:
        pass


@pytest.mark.usefixtures("_short_limit")
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("close", "the server ended the stream"),
        ("hang", "the stream was interrupted: nothing in 1 s"),
        ("drip", "no picture in 1 s"),
        ("garbage", "no picture in 1 s; the last was not an image of a known format"),
        ("half", "no picture in 1 s; the last was (cannot be read|damaged): .*truncated"),
        ("bomb", "no picture in 1 s; the last was too large"),
        ("zero", "no picture in 1 s"),
    ],
)
def test_faults_end_in_one_line(fault: str, reason: str, server: StreamServer, opened: list[HttpCamera]) -> None:
    """A server that ends, hangs or sends only noise is an error within the time limit, with the reason."""
    stream = _open(opened, server.uri)
    server.fault(fault)
    with pytest.raises(UnavailableError, match=reason):
        while True:
            stream.read()
    stream.close()
    server.end_fault()
    stream.open()
    assert stream.read().shape == (480, 640, 3)


def test_the_size_may_change(server: StreamServer, opened: list[HttpCamera]) -> None:
    """A camera may change its resolution."""
    stream = _open(opened, server.uri)
    stream.read()
    server.fault("resize")
    while stream.read().shape != (240, 320, 3):
        pass


def test_every_fault_is_tested() -> None:
    """Every fault of the test server is in a test here or in the soak test."""
    assert set(FAULTS) == {"close", "hang", "garbage", "half", "zero", "resize", "refuse", "bomb", "drip"}


def test_passwords(opened: list[HttpCamera]) -> None:
    """User and password of the address open the stream, special characters written with %."""
    with StreamServer(60.0, user="me:s@cret/#") as server:
        address = server.uri.replace("http://", "http://me:s%40cret%2F%23@")
        assert _open(opened, address).read().shape == (480, 640, 3)
        with pytest.raises(
            ConfigurationError, match=r"the server answers 401 Unauthorized; give user:password@"
        ) as refused:
            _open(opened, server.uri)
        assert refused.value.__context__ is None or "cret" not in str(refused.value.__context__)
        with pytest.raises(ConfigurationError, match=r"the server refuses the user or the password \(401\)") as refused:
            _open(opened, address.replace("s%40", "secretest"))
        assert "cret" not in str(refused.value)


def test_a_server_that_refuses(server: StreamServer) -> None:
    """The message names the number of the server's error."""
    server.fault("refuse")
    with pytest.raises(UnavailableError, match="answers 503 Service Unavailable; check the address"):
        HttpCamera(server.uri).open()


def test_a_closed_port() -> None:
    """A closed port is reported immediately."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(UnavailableError, match="no answer: Connection refused"):
            HttpCamera(f"http://127.0.0.1:{free.getsockname()[1]}/").open()


@pytest.mark.usefixtures("_short_limit")
def test_a_server_that_is_silent() -> None:
    """A server that accepts the connection and sends nothing is an error within the time limit."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(UnavailableError, match="nothing in 1 s"):
        HttpCamera(f"http://127.0.0.1:{silent.getsockname()[1]}/").open()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", "sends 'text/html', neither an MJPEG stream nor"),
        (b"HTTP/1.0 200 OK\r\n\r\n", "sends 'text/plain', neither"),
        (b"HTTP/1.0 404 \x1b[2J\r\n\r\n", "the server answers 404 Not Found; check the address"),
        (b"SSH-2.0-OpenSSH\r\n", "no answer: BadStatusLine"),
        (b"", "no answer"),
    ],
)
def test_a_server_without_a_stream(answer: bytes, reason: str) -> None:
    """A server that sends something else than a stream has an error that says so."""

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with pytest.raises(UnavailableError, match=reason):
            HttpCamera(f"http://127.0.0.1:{listener.getsockname()[1]}/").open()
        thread.join()


def test_a_server_that_sends_one_picture(opened: list[HttpCamera]) -> None:
    """The last picture before the end of a stream is not lost with it."""
    part = jpeg(draw(7))

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n")
            connection.sendall(b"--b\r\nContent-Length: %d\r\n\r\n%b" % (len(part), part))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        stream = _open(opened, f"http://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join()
        assert read_number(stream.read()) == 7
        with pytest.raises(UnavailableError, match="the server ended the stream"):
            stream.read()
