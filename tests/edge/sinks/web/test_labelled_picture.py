"""The stream with its labels, read as a dashboard reads it."""

from __future__ import annotations

import http.client
import io
from contextlib import ExitStack

import numpy as np
import pytest
from PIL import Image

import edge.sinks.web.labelled_picture
from edge.sinks.web.application import STREAMS
from edge.sinks.web.labelled_picture import BOUNDARY, encode_labelled
from edge.sinks.web.sink import WebSink
from edge.sources.uri import open_source
from support.observed import observe, plain
from support.waiting import wait_for
from support.web_client import asking, get, port_of
from support.web_stream import Camera

pytest.importorskip("starlette", reason="the extra 'web' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")


def next_part(answer: http.client.HTTPResponse) -> bytes:
    """The next picture, with the boundary that ends it."""
    lines = dict(line.split(": ") for line in iter(lambda: answer.readline().decode().strip(), ""))
    assert lines["Content-Type"] == "image/jpeg"
    content = answer.read(int(lines["Content-Length"]))
    assert answer.readline() == b"\r\n" and answer.readline() == f"--{BOUNDARY}\r\n".encode()
    return content


def test_each_picture_ends_at_once(sink: WebSink) -> None:
    """A picture comes with the boundary behind it, in the size of the frame; the same frame does not come twice."""
    camera = Camera()
    with asking(sink, "/labelled.mjpg") as answer:
        assert answer.headers["Content-Type"] == f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        assert answer.headers["X-Accel-Buffering"] == "no" and answer.headers["Cache-Control"] == "no-store"
        assert answer.readline() == f"--{BOUNDARY}\r\n".encode()
        pictures = []
        for colour in ("red", "blue"):
            sink.write(camera.observe(colour))
            pictures.append(Image.open(io.BytesIO(next_part(answer))))
    assert [picture.size for picture in pictures] == [(320, 240)] * 2
    red, blue = (np.asarray(picture)[100, 160] for picture in pictures)
    assert red[0] > 150 > red[2] and blue[2] > 150 > blue[0]


def test_another_edge_watch_can_read_it(sink: WebSink) -> None:
    """It is what network cameras send."""
    sink.write(Camera().observe("green"))
    source = open_source(f"http://127.0.0.1:{port_of(sink)}/labelled.mjpg")
    source.open()
    try:
        pixels = source.read()
    finally:
        source.close()
    assert pixels is not None and pixels.shape == (240, 320, 3) and pixels[100, 160, 1] > 150


def test_the_last_picture_comes_again(sink: WebSink, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream without new frames is not silent: a proxy would end it."""
    monkeypatch.setattr(edge.sinks.web.labelled_picture, "_AGAIN_S", 0.05)
    sink.write(Camera().observe("red"))
    with asking(sink, "/labelled.mjpg") as answer:
        answer.readline()
        assert next_part(answer) == next_part(answer)


def test_viewers_are_limited_and_a_head_has_an_end(sink: WebSink) -> None:
    """The ninth viewer is asked to come later; when one has left there is room again."""
    sink.write(Camera().observe("red"))
    with ExitStack() as viewers:
        answers = [viewers.enter_context(asking(sink, "/labelled.mjpg")) for _ in range(STREAMS)]
        assert [answer.status for answer in answers] == [200] * STREAMS
        assert get(sink, "/labelled.mjpg")[0] == 503
    connection = http.client.HTTPConnection("127.0.0.1", port_of(sink), timeout=20)

    def status() -> bool:
        connection.request("HEAD", "/labelled.mjpg")
        answer = connection.getresponse()
        return answer.read() == b"" and answer.status == 200

    wait_for(status)
    connection.close()


@pytest.mark.parametrize("label", ["daisy", "a\x1b[2J\n\u202eb", "x" * 5000, "猫 бегемот", "half \ud83d", ""])
@pytest.mark.parametrize("size", [(320, 240), (1, 1), (2000, 3), (16, 900)])
def test_any_label_on_any_frame(label: str, size: tuple[int, int]) -> None:
    """The bar is at the lower edge; a long label is cut; nothing fails."""
    picture = Image.open(io.BytesIO(encode_labelled(observe(0, label, pixels=plain(255, size)))))
    assert max(picture.size) <= 960
    pixels = np.asarray(picture)
    if size == (320, 240):
        assert pixels[:200].min() > 240 and np.median(pixels[225:]) < 60
        assert pixels[225:].max() > 150  # the score is there whatever the label is
