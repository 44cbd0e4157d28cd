"""Copies of photos as people and programs make them, for measuring whether the trainer finds them."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

Alter = Callable[[Image.Image, random.Random], Image.Image]


def _light(picture: Image.Image, brightness: float, colour: float) -> Image.Image:
    return ImageEnhance.Color(ImageEnhance.Brightness(picture).enhance(brightness)).enhance(colour)


def _turned(picture: Image.Image, degrees: float) -> Image.Image:
    return picture.rotate(degrees, Image.Resampling.BILINEAR)


def _augmented(picture: Image.Image, dice: random.Random) -> Image.Image:
    if dice.random() < 0.5:
        picture = ImageOps.mirror(picture)
    return _light(_turned(picture, dice.uniform(-12, 12)), dice.uniform(0.8, 1.2), dice.uniform(0.8, 1.2))


def _forwarded(picture: Image.Image, dice: random.Random) -> Image.Image:
    small = picture.copy()
    small.thumbnail((240, 240))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=70)
    return Image.open(file).convert("RGB")


def _next_shot(picture: Image.Image, dice: random.Random) -> Image.Image:
    pixels = np.roll(np.asarray(picture, np.int16), (dice.randint(-8, 8), dice.randint(-8, 8)), (0, 1))
    noise = np.random.default_rng(dice.randrange(2**32)).normal(0, 8, pixels.shape)
    return Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))


def _cropped(picture: Image.Image, dice: random.Random, area: float) -> Image.Image:
    width, height = (round(side * area**0.5) for side in picture.size)
    left, top = dice.randint(0, picture.width - width), dice.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height))


def _other_place(picture: Image.Image, dice: random.Random) -> Image.Image:
    """As from a step aside: each corner moves by up to 8 % of the width or height."""
    width, height = picture.size
    x, y = ([dice.uniform(0, 0.08) * side for _ in range(4)] for side in picture.size)
    corners = (x[0], y[0], x[1], height - y[1], width - x[2], height - y[2], width - x[3], y[3])
    return picture.transform(picture.size, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)


def _with_text(picture: Image.Image, dice: random.Random) -> Image.Image:
    copy, height = picture.copy(), picture.height
    pen = ImageDraw.Draw(copy)
    pen.rectangle((0, height * 0.8, copy.width, height * 0.95), "black")
    pen.text((copy.width * 0.05, height * 0.82), "HAPPY BIRTHDAY", "white", font_size=max(round(height * 0.09), 4))
    return copy


def _framed(picture: Image.Image, dice: random.Random) -> Image.Image:
    return ImageOps.expand(picture, round(min(picture.size) * 0.1), dice.choice(["white", "black"]))


def _square(picture: Image.Image, dice: random.Random) -> Image.Image:
    return ImageOps.pad(picture, (max(picture.size),) * 2, color="black")


def _all_at_once(picture: Image.Image, dice: random.Random) -> Image.Image:
    turned = _cropped(_turned(ImageOps.mirror(picture), dice.uniform(-8, 8)), dice, 0.8)
    return _forwarded(_light(turned, dice.uniform(0.8, 1.2), dice.uniform(0.8, 1.2)), dice)


ALTERED: dict[str, tuple[int, Alter]] = {
    "augmented": (3, _augmented),
    "forwarded": (1, _forwarded),
    "burst": (7, _next_shot),
    "mirrored and forwarded": (1, lambda picture, dice: _forwarded(ImageOps.mirror(picture), dice)),
    "turned by 12 degrees": (1, lambda picture, dice: _turned(picture, dice.choice([-12, 12]))),
    "mirrored, turned by 15": (1, lambda picture, dice: _turned(ImageOps.mirror(picture), dice.choice([-15, 15]))),
    "cropped to 80 %": (1, lambda picture, dice: _cropped(picture, dice, 0.8)),
    "cropped to 70 %": (1, lambda picture, dice: _cropped(picture, dice, 0.7)),
    "cropped to 50 %": (1, lambda picture, dice: _cropped(picture, dice, 0.5)),
    "light and colour 40 %": (1, lambda picture, dice: _light(picture, *(dice.choice([0.6, 1.4]) for _ in range(2)))),
    "grey": (1, lambda picture, dice: picture.convert("L").convert("RGB")),
    "a text on it": (1, _with_text),
    "a frame": (1, _framed),
    "bars to a square": (1, _square),
    "from a step aside": (1, _other_place),
    "mirrored, turned by 8, cropped, light, forwarded": (1, _all_at_once),
}
"""How many copies of each photo, and how each is made, by name. Percentages of a crop are of the area."""
