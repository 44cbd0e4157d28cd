"""Augmented copies of a photo: mirrored, cropped, stretched, turned, in other light and colour.

Fine-tuning sees another copy of each photo in every epoch (:mod:`trainer.fine_tuning.photos`). A head sees a few
milder ones, whose bottlenecks are cached (:mod:`trainer.bottlenecks.augmented`). One matrix for all changes of colour
keeps a copy cheap beside a training step.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from edge.preprocess import Pixels, squash

AUGMENTATION_VERSION = 2
"""Goes up with any change that alters a pixel of a copy; whatever was computed from copies is bound to it."""

LUMA = (0.299, 0.587, 0.114)
"""What red, green and blue contribute to brightness: ITU-R BT.601."""

Matrix = npt.NDArray[np.float64]


class Strength(NamedTuple):
    """How much a copy may differ from its photo.

    ``least_area`` is the smallest share of the picture that a crop keeps, ``aspect`` the largest factor by which
    its width and height are stretched against each other. ``light``, ``contrast`` and ``saturation`` are the
    largest relative changes, ``tint`` that of a single channel. ``hue`` is the largest turn of the colours about grey,
    in degrees. Half of the copies are turned by up to ``turn`` degrees, and sheared by up to half of that.
    """

    least_area: float = 0.25
    aspect: float = 1.2
    light: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    tint: float = 0.12
    turn: float = 0.0
    hue: float = 0.0


def augment_picture(
    picture: Image.Image, size: tuple[int, int], strength: Strength, random: np.random.Generator
) -> Pixels:
    """An augmented copy of ``picture`` (RGB) at ``size`` (width, height): shape (height, width, 3), uint8.

    The same state of ``random`` gives the same copy.
    """
    box = crop_box(picture.size, strength, random)
    colours = colour_matrix(strength, random)
    mirrored = random.random() < 0.5
    turned = strength.turn > 0 and random.random() < 0.5
    copy = squash(turned_crop(picture, box, strength.turn, random) if turned else picture.crop(box), size)
    if mirrored:
        copy = copy.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.asarray(copy.convert("RGB", tuple(colours.ravel())), np.uint8)


def crop_box(size: tuple[int, int], strength: Strength, random: np.random.Generator) -> tuple[int, int, int, int]:
    """A random part of a picture of ``size`` (width, height): left, top, right, bottom in whole pixels, inside it."""
    area = random.uniform(strength.least_area, 1)
    stretch = math.exp(random.uniform(-1, 1) * math.log(strength.aspect) / 2)
    width, height = (size[0] * min(1, math.sqrt(area) * stretch), size[1] * min(1, math.sqrt(area) / stretch))
    left, top = random.uniform(0, size[0] - width), random.uniform(0, size[1] - height)
    right, bottom = (min(math.ceil(left + width), size[0]), min(math.ceil(top + height), size[1]))
    return math.floor(left), math.floor(top), right, bottom


def turned_crop(
    picture: Image.Image, box: tuple[int, int, int, int], turn: float, random: np.random.Generator
) -> Image.Image:
    """The part ``box`` of ``picture`` (RGB) after a random turn about its middle and a shear; see :class:`Strength`.

    What comes from outside of the picture is its mirror image.
    """
    angle, shear = math.radians(random.uniform(-turn, turn)), math.radians(random.uniform(-turn, turn) / 2)
    across, down = shear - math.sin(angle), math.sin(angle)
    middle = np.array(picture.size) / 2
    margin = math.ceil(middle.max() * max(abs(down), abs(across)))
    padded = np.pad(np.asarray(picture), ((margin, margin), (margin, margin), (0, 0)), "symmetric")
    matrix = np.array([[math.cos(angle), across], [down, math.cos(angle)]])
    start = matrix @ (np.array(box[:2]) - middle) + middle + margin
    return Image.fromarray(padded).transform(
        (box[2] - box[0], box[3] - box[1]),
        Image.Transform.AFFINE,
        tuple(np.column_stack([matrix, start]).ravel()),
        Image.Resampling.BILINEAR,
    )


def colour_matrix(strength: Strength, random: np.random.Generator) -> Matrix:
    """A random change of light, contrast, saturation, tint and hue as one matrix: (3, 4), of RGB and a constant."""
    light, contrast, saturation = (
        1 + random.uniform(-1, 1) * most for most in (strength.light, strength.contrast, strength.saturation)
    )
    tint = 1 + random.uniform(-1, 1, 3) * strength.tint
    saturate = saturation * np.eye(3) + (1 - saturation) * np.asarray(LUMA)
    if strength.hue > 0:
        saturate = saturate @ _turn_of_hue(math.radians(random.uniform(-strength.hue, strength.hue)))
    colours = light * contrast * tint[:, np.newaxis] * saturate
    # Contrast turns about the middle grey.
    return np.column_stack([colours, np.full(3, 127.5 * (1 - contrast))])


def _turn_of_hue(angle: float) -> Matrix:
    """RGB turned about the grey axis, by Rodrigues' formula."""
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    return math.cos(angle) * np.eye(3) + (1 - math.cos(angle)) / 3 + math.sin(angle) * cross
