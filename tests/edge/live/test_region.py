"""The part of a frame that is labelled."""

from __future__ import annotations

import numpy as np
import pytest

from edge.errors import UsageError
from edge.live.region import Region


def test_crop() -> None:
    """The first and third number count columns, the second and fourth rows."""
    pixels = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    assert Region.parse("1, 2,5,3").crop(pixels).tolist() == pixels[2:5, 1:6].tolist()
    assert Region(0, 0, 8, 6).crop(pixels).tolist() == pixels.tolist()


@pytest.mark.parametrize("region", [Region(1, 0, 8, 6), Region(0, 1, 8, 6), Region(9, 9, 1, 1)])
def test_outside(region: Region) -> None:
    """A region that is not wholly within the frame is refused, with the size of the frame."""
    with pytest.raises(UsageError, match="outside the frame of 8 x 6 pixels"):
        region.crop(np.zeros((6, 8, 3), np.uint8))


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "0.1,0,1,1", "-1,0,5,5", "a,b,c,d", "0,0,0,5", "0,0,5,0"])
def test_not_a_region(text: str) -> None:
    """Anything but four whole numbers with an area is refused."""
    with pytest.raises(ValueError, match=r"x,y,w,h|no area"):
        Region.parse(text)
