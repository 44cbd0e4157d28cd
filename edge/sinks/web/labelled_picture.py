"""The live picture with its label in it, for dashboards that show a stream of pictures and nothing else."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from PIL import ImageDraw, ImageFont

from edge.sinks.web.feed import Feed
from edge.sinks.web.picture import Picture, Pictures, jpeg, reduced
from edge.types import Observation

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

BOUNDARY = "edge-watch-picture"
"""What stands between two pictures of the stream."""

_AGAIN_S = 5.0  # after this time without a new picture the last one is sent again: proxies end a silent connection
_FONT = "DejaVuSans.ttf"  # it has Greek and Cyrillic letters; without it Pillow's own font, which has fewer
_BAR_SHARE = 0.09  # of the picture's height
_SMALLEST_BAR = 16  # pixels


def encode_labelled(observation: Observation) -> bytes:
    """The frame of ``observation`` as a JPEG, its label and score in a dark bar at the lower edge."""
    image = reduced(observation.frame)
    width, height = image.size
    bar = max(_SMALLEST_BAR, round(_BAR_SHARE * height))
    font = _font(round(0.7 * bar))
    score = f"  {observation.score:.2f}"
    text = _fitting(_one_line(observation.label), font, width - bar - font.getlength(score)) + score
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height - bar, width, height), fill=(24, 24, 24))
    draw.text((bar // 2, height - bar // 2), text, font=font, fill=(255, 255, 255), anchor="lm")
    return jpeg(image)


def labelled_stream(feed: Feed) -> ASGIApp:
    """The application that sends the pictures of ``feed`` with their labels, until the feed ends or the viewer leaves.

    It is MJPEG: ``multipart/x-mixed-replace``, as network cameras send it.
    """
    pictures = Pictures(feed, encode_labelled)
    headers = {"X-Accel-Buffering": "no"}
    kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.responses import Response, StreamingResponse

        if scope["method"] == "HEAD":  # its answer has no pictures, and so no end
            await Response(headers=headers, media_type=kind)(scope, receive, send)
        else:
            await StreamingResponse(_parts(feed, pictures), headers=headers, media_type=kind)(scope, receive, send)

    return application


async def _parts(feed: Feed, pictures: Pictures) -> AsyncIterator[bytes]:
    # The boundary comes with the picture before it: some viewers show a picture only when they know that it has ended.
    yield f"--{BOUNDARY}\r\n".encode()
    last: Picture | None = None
    while not feed.closed:
        last = await pictures.other(last and last.sequence, _AGAIN_S) or last
        if last is not None and not feed.closed:
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(last.jpeg)}\r\n\r\n"
            yield head.encode() + last.jpeg + f"\r\n--{BOUNDARY}\r\n".encode()


@functools.lru_cache(maxsize=4)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype(_FONT, size)
    except OSError:
        return ImageFont.load_default(size)


def _one_line(label: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in label[:200])


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    """``text``, or its first letters, not wider than ``width`` pixels."""
    while text and font.getlength(text) > width:
        text = text[:-1]
    return text
