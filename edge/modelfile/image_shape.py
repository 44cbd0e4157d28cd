"""How a tensor holds pictures."""

from __future__ import annotations

from typing import NamedTuple

_CHANNELS = (3, 1)


class ImageShape(NamedTuple):
    """How the input tensor of an image classifier holds pictures: ``batch`` of them, of the same size in pixels.

    ``channels`` is 3 (red, green, blue) or 1 (grey). If ``channels_first``, the tensor is (batch, channels, height,
    width), as PyTorch's exports are, else (batch, height, width, channels).
    """

    batch: int
    height: int
    width: int
    channels: int
    channels_first: bool

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> ImageShape | None:
        """The image shape of a tensor of ``shape``; None if it does not hold pictures of 1 or 3 channels."""
        if len(shape) != 4 or min(shape) < 1:
            return None
        if shape[3] in _CHANNELS:
            return cls(*shape, False)
        if shape[1] in _CHANNELS:
            return cls(shape[0], shape[2], shape[3], shape[1], True)
        return None
