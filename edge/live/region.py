"""The part of a frame that is labelled."""

from __future__ import annotations

from typing import NamedTuple

from edge.errors import UsageError
from edge.preprocess import Pixels


class Region(NamedTuple):
    """A rectangle in a frame: its upper left corner and its size, in pixels of the frame."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> Region:
        """The region of the text ``x,y,w,h``.

        Raises :class:`ValueError` if that is not four whole numbers, or has no area.
        """
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 4 or not all(part.isascii() and part.isdecimal() for part in parts):
            raise ValueError(f"{text!r} is not x,y,w,h in whole pixels, such as 80,0,480,480")
        region = cls(*map(int, parts))
        if not (region.width and region.height):
            raise ValueError(f"{text!r} has no area; the third and fourth number are its width and height")
        return region

    def crop(self, pixels: Pixels) -> Pixels:
        """The region of ``pixels`` (height, width, 3), as a view.

        Raises :class:`~edge.errors.UsageError` if it does not lie within ``pixels``.
        """
        height, width = pixels.shape[:2]
        if self.x + self.width > width or self.y + self.height > height:
            text = ",".join(map(str, self))
            raise UsageError(f"--region {text} reaches outside the frame of {width} x {height} pixels; make it smaller")
        return pixels[self.y : self.y + self.height, self.x : self.x + self.width]
