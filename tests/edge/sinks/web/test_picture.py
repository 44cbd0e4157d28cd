"""The live picture."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
from PIL import Image

from edge.sinks.web import picture
from edge.sinks.web.feed import Feed
from edge.sinks.web.picture import Picture, Pictures, encode
from edge.types import Frame, Observation
from support.web_stream import CARD


def _frame(sequence: int, size: tuple[int, int] = (8, 6)) -> Frame:
    return Frame(np.full((size[1], size[0], 3), (200, 40, 90), np.uint8), 0.0, sequence)


def _put(feed: Feed, sequence: int) -> None:
    feed.put(Observation(_frame(sequence), "red", 0.5, (), (), 0.0, 0.0, 0.0, False, None, CARD))


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((640, 480), (640, 480)),
        ((960, 10), (960, 10)),
        ((961, 480), (481, 240)),
        ((1080, 1920), (540, 960)),
        ((1, 1), (1, 1)),
    ],
)
def test_a_large_frame_is_reduced(size: tuple[int, int], shown: tuple[int, int]) -> None:
    """A frame is a JPEG in its own colours, reduced by a whole factor if it is large."""
    image = Image.open(io.BytesIO(encode(_frame(0, size))))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", shown)
    assert np.abs(np.asarray(image).astype(int) - (200, 40, 90)).max() <= 4


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the frames that were encoded."""
    numbers: list[int] = []

    def listed(frame: Frame) -> bytes:
        numbers.append(frame.sequence)
        return encode(frame)

    monkeypatch.setattr(picture, "encode", listed)
    return numbers


def test_viewers_share_a_picture(encoded: list[int]) -> None:
    """For ten viewers at the same time a frame is encoded once, and all get the same bytes."""
    feed = Feed()
    _put(feed, 3)

    async def look() -> list[Picture | None]:
        pictures = Pictures(feed)
        return await asyncio.gather(*(pictures.other(None, 60.0) for _ in range(10)))

    seen = asyncio.run(look())
    assert encoded == [3]
    assert all(one is not None and one is seen[0] for one in seen)


def test_without_a_viewer(encoded: list[int]) -> None:
    """Frames without a request are not encoded; a late viewer gets only the newest."""
    feed = Feed()
    for sequence in range(50):
        _put(feed, sequence)
    assert encoded == []
    seen = asyncio.run(Pictures(feed).other(None, 60.0))
    assert seen is not None and seen.sequence == 49
    assert encoded == [49]


def test_the_rate_is_capped(monkeypatch: pytest.MonkeyPatch, encoded: list[int]) -> None:
    """Within the time of one picture a new viewer gets the current one, even if newer frames have come."""
    monkeypatch.setattr(picture, "PICTURES_PER_S", 1 / 3600)
    feed = Feed()

    async def look() -> list[int]:
        pictures = Pictures(feed)
        numbers = []
        for sequence in range(5):
            _put(feed, sequence)
            seen = await pictures.other(None, 60.0)
            assert seen is not None
            numbers.append(seen.sequence)
        return numbers

    assert asyncio.run(look()) == [0, 0, 0, 0, 0]
    assert encoded == [0]


def test_no_other_picture(encoded: list[int]) -> None:
    """A viewer that has the newest picture, or waits for the first, gets None after its time limit."""
    feed = Feed()
    assert asyncio.run(Pictures(feed).other(None, 0.01)) is None
    _put(feed, 1)
    assert asyncio.run(Pictures(feed).other(1, 0.01)) is None
    assert encoded == []
