"""Cameras that answer each request with one picture, and answers that are none."""

from __future__ import annotations

import numpy as np
import pytest

from edge.errors import UnavailableError
from edge.sources import http_camera
from edge.sources.http_camera import HttpCamera
from support.colours import COLOURS, encoded, plain
from support.http_cameras import failure_of, first_colour
from support.scripted_server import ScriptedServer, picture


def test_single_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that answers with one picture is asked again, at the time that is asked for."""
    slept: list[float] = []
    monkeypatch.setattr(http_camera, "_LONGEST_WAIT_S", 0.01)
    colours = iter(["red", "green", "blue"])
    with ScriptedServer(lambda request: picture(encoded(plain(next(colours)), "JPEG"))) as server:
        camera = HttpCamera(server.uri, every_s=0.2)
        camera.open()
        seen = []
        while len(seen) < 3:
            pixels = camera.read()
            slept.append(0 if pixels is not None else 1)
            if pixels is not None:
                seen.append(pixels)
        camera.close()
        assert len(server.requests) == 3
    for pixels, name in zip(seen, ("red", "green", "blue"), strict=True):
        assert np.abs(pixels[0, 0].astype(int) - COLOURS[name]).max() <= 8
    assert sum(slept) >= 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (picture(b"no picture"), "sends no picture that can be used: not an image of a known format"),
        (picture(b""), "sends no picture that can be used"),
        (picture(b"\xff\xd8\xff"), "sends no picture that can be used"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\n\r\nx",
            "sends no picture that can be used",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "answers 204 No Content"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "interrupted"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "no answer: HTTPException"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n", "no answer: LineTooLong"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, "no answer"),
    ],
)
def test_answers_that_are_no_picture(answer: bytes, reason: str) -> None:
    """Each is one line, and the stream tries again."""
    with ScriptedServer(lambda request: answer) as server:
        failure = failure_of(server.uri)
    assert isinstance(failure, UnavailableError)
    assert reason in str(failure)


@pytest.mark.parametrize(
    "content_type", ["", "Content-Type: application/octet-stream\r\n", "Content-Type: text/html\r\n"]
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_sent_counts(content_type: str, stream: bool) -> None:
    """Some cameras name no type or a wrong one: the first bytes say what it is."""
    content = encoded(plain("red"), "PNG")
    if stream:
        content = b"--b\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(content), content)
    with ScriptedServer(lambda request: f"HTTP/1.0 200 OK\r\n{content_type}\r\n".encode() + content) as server:
        assert first_colour(HttpCamera(server.uri)) == COLOURS["red"]
