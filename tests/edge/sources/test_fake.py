"""The source for tests, for this project's tests and its users'."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from edge.errors import UnavailableError
from edge.sources.fake import END, FakeSource
from edge.sources.protocol import EndOfStream, FrameSource
from support.colours import COLOURS, encoded, plain


def test_it_is_a_source() -> None:
    """It has all attributes and methods of a source."""
    source: FrameSource = FakeSource([plain("red")], uri="fake:me")
    assert (source.uri, source.ends) == ("fake:me", True)


def test_pictures_of_every_kind(tmp_path: Path) -> None:
    """Arrays, Pillow images, files and bytes are all played as RGB arrays; then it ends."""
    path = tmp_path / "red.png"
    path.write_bytes(encoded(plain("red"), "PNG"))
    source = FakeSource([np.asarray(plain("red")), plain("red").convert("RGBA"), path, str(path), path.read_bytes()])
    source.open()
    for _ in range(5):
        frame = source.read()
        assert frame is not None
        assert (frame.shape, frame.dtype, tuple(frame[0, 0])) == ((40, 48, 3), np.uint8, COLOURS["red"])
    with pytest.raises(EndOfStream):
        source.read()


def test_it_plays_its_steps() -> None:
    """An exception is raised once, END ends the stream, and an unplugged source fails until it is plugged in."""
    source = FakeSource([ValueError("step"), END], ends=False)
    source.open()
    with pytest.raises(ValueError, match="step"):
        source.read()
    with pytest.raises(EndOfStream):
        source.read()
    assert source.read() is None
    source.unplug()
    with pytest.raises(UnavailableError, match="unplugged"):
        source.read()
    source.close()
    with pytest.raises(UnavailableError, match="unplugged"):
        source.open()
    source.plug_in()
    source.open()
    source.put(plain("blue"))
    assert source.read() is not None
    source.close()
    source.close()
    assert (source.openings, source.open_now) == (2, 0)


def test_pictures_come_at_their_interval() -> None:
    """Four pictures with 20 ms between them take no less than 60."""
    source = FakeSource([plain("red")] * 4, interval_s=0.02)
    source.open()
    started_s = time.monotonic()
    assert all(source.read() is not None for _ in range(4))
    assert time.monotonic() - started_s >= 0.06
