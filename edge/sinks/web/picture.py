"""The live picture: the newest frame as a JPEG, made only if a page asks for it, and once for all pages."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from edge.sinks.web.feed import Feed
from edge.types import Frame, Observation

PICTURES_PER_S = 10
"""The most pictures that are encoded each second, for any number of frames and viewers."""
LONG_SIDE = 960
"""The longest side of a picture, in pixels; a larger frame is reduced by a whole factor."""

_QUALITY = 80


class Picture(NamedTuple):
    """One frame as ``jpeg`` bytes; ``sequence`` and ``timestamp_s`` are the frame's."""

    sequence: int
    timestamp_s: float
    jpeg: bytes


def encode(frame: Frame) -> bytes:
    """``frame`` as a JPEG whose longer side has at most :data:`LONG_SIDE` pixels."""
    return jpeg(reduced(frame))


def reduced(frame: Frame) -> Image.Image:
    """A picture of ``frame`` whose longer side has at most :data:`LONG_SIDE` pixels."""
    image = Image.fromarray(frame.pixels)
    factor = -(-max(image.size) // LONG_SIDE)
    return image.reduce(factor) if factor > 1 else image


def jpeg(image: Image.Image) -> bytes:
    """``image`` as the bytes of a JPEG."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


class Pictures:
    """Gives the newest picture to any number of viewers; each asks for the next one when it has shown the last.

    So a slow viewer skips pictures and gets no old ones, and a closed page costs nothing.
    """

    def __init__(self, feed: Feed, encode_one: Callable[[Observation], bytes] | None = None) -> None:
        """Encode the frames of ``feed``; ``encode_one`` makes the JPEG of an observation, None: its frame alone."""
        self._feed = feed
        self._encode = encode_one or (lambda observation: encode(observation.frame))
        self._lock = asyncio.Lock()
        self._picture: Picture | None = None
        self._next_s = 0.0

    async def other(self, shown: int | None, timeout_s: float) -> Picture | None:
        """The newest picture, as soon as it is not number ``shown``; None after ``timeout_s`` without one."""
        await self._feed.wait_for_other(shown, timeout_s)
        loop = asyncio.get_running_loop()
        async with self._lock:
            early_s = self._next_s - loop.time()
            if self._picture is not None and self._picture.sequence != shown and early_s > 0:
                return self._picture
            await asyncio.sleep(max(early_s, 0))
            newest = self._feed.newest
            if newest is None or newest.frame.sequence == shown or self._feed.closed:
                return None
            frame = newest.frame
            if self._picture is None or self._picture.sequence != frame.sequence:
                self._next_s = loop.time() + 1 / PICTURES_PER_S
                encoded = await asyncio.to_thread(self._encode, newest)
                self._picture = Picture(frame.sequence, frame.timestamp_s, encoded)
            return self._picture
