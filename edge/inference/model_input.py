"""From pixels to a model's input tensor: grey, order of the channels, scale, and how many pictures it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import GIVEN
from edge.preprocess import Pixels


class ModelInput:
    """Makes the input tensor of one model."""

    def __init__(self, model: ModelFile) -> None:
        """Prepare what all pictures share."""
        self._image = model.image
        self._dtype = model.input.dtype
        self._mean = np.asarray(model.mean, np.float32)
        self._std = np.asarray(model.std, np.float32)
        self._steps = input_steps(model)

    def tensor(self, pixels: Pixels) -> npt.NDArray[Any]:
        """The input tensor for ``pixels`` (height, width, 3), uint8, RGB.

        A grey model gets ITU-R 601 luma, and a tensor for several pictures gets the same one in all places.
        """
        image = self._image
        if image.channels == 1:
            pixels = np.asarray(Image.fromarray(pixels).convert("L"))[..., np.newaxis]
        values = self._values(pixels)
        if image.channels_first:
            values = values.transpose(2, 0, 1)
        values = values[np.newaxis]
        return values if image.batch == 1 else np.repeat(values, image.batch, axis=0)

    def _values(self, pixels: Pixels) -> npt.NDArray[Any]:
        if self._dtype == np.float32:
            real: npt.NDArray[Any] = (pixels.astype(np.float32) - self._mean) / self._std
            return real
        if self._steps is not None:
            steps: npt.NDArray[Any] = self._steps[pixels, np.arange(pixels.shape[2])]
            return steps
        if self._dtype == np.int8:  # the whole range of the type stands for the whole range of pixels
            return (pixels.astype(np.int16) - 128).astype(np.int8)
        return pixels


def input_steps(model: ModelFile) -> npt.NDArray[Any] | None:
    """The step of an 8-bit input for each value of a pixel, (256, channels); None if they are the pixels themselves.

    A normalisation that the caller gave says which real number a pixel stands for, and the tensor's scale and zero
    point say which step that is. One in the file's TFLite Metadata does not count: by its specification, 8-bit inputs
    take the pixels.
    """
    tensor = model.input
    if tensor.dtype is None or tensor.dtype == np.float32 or model.normalization.origin != GIVEN:
        return None
    limits = np.iinfo(tensor.dtype)  # type: ignore[type-var]
    values = np.arange(256, dtype=np.float64)[:, np.newaxis].repeat(model.image.channels, axis=1)
    real = (values - np.asarray(model.mean)) / np.asarray(model.std)
    steps = np.rint(real / tensor.scale + tensor.zero_point).clip(limits.min, limits.max)
    if np.abs(steps - (values + int(limits.min))).max() <= 1:  # rounding: 127.5 and 128 mean the same
        return None
    made: npt.NDArray[Any] = steps.astype(tensor.dtype)
    return made
