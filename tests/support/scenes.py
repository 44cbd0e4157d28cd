"""Drawn scenes with details at all places, and what people and programs do with a photo of one."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

Alter = Callable[[Image.Image], Image.Image]


def draw_scene(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Sixty ellipses, lines and boxes on a slope of grey; another ``seed`` gives another scene."""
    random = np.random.default_rng(seed)
    width, height = size
    picture = Image.new("RGB", size)
    slope = np.linspace(random.integers(60, 110), random.integers(130, 200), height)[:, None, None]
    picture.paste(Image.fromarray(np.broadcast_to(slope, (height, width, 3)).astype(np.uint8)))
    pen = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y = random.integers(0, width), random.integers(0, height)
        w, h = random.integers(8, 60, 2)
        colour = tuple(int(part) for part in random.integers(0, 256, 3))
        box = (x - w // 2, y - h // 2, x + w // 2, y + h // 2)
        shape = random.integers(0, 3)
        if shape == 0:
            pen.ellipse(box, colour)
        elif shape == 1:
            pen.line(box, colour, int(random.integers(2, 9)))
        else:
            pen.rectangle(box, colour)
    return picture


def compressed(picture: Image.Image, longest: int, quality: int) -> Image.Image:
    """``picture`` made smaller and compressed, as a messenger does it."""
    small = picture.copy()
    small.thumbnail((longest, longest))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def noisy(picture: Image.Image, shift: int = 5) -> Image.Image:
    """The next shot of a camera: moved by ``shift`` pixels, with other noise."""
    pixels = np.roll(np.asarray(picture, np.int16), (shift, -shift), (0, 1))
    noise = np.random.default_rng(9).normal(0, 6, pixels.shape)
    return Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    """``picture`` turned, with black corners."""
    return picture.rotate(degrees, Image.Resampling.BILINEAR)


def cropped(picture: Image.Image, side: float) -> Image.Image:
    """A part of ``picture`` with ``side`` of its width and height, not from the middle."""
    width, height = int(picture.width * side), int(picture.height * side)
    left, top = (picture.width - width) // 3, (picture.height - height) * 2 // 3
    return picture.crop((left, top, left + width, top + height))


def with_text(picture: Image.Image) -> Image.Image:
    """``picture`` with a black bar that has a text on it."""
    copy = picture.copy()
    pen = ImageDraw.Draw(copy)
    pen.rectangle((0, int(picture.height * 0.8), picture.width, int(picture.height * 0.92)), "black")
    pen.text((20, int(picture.height * 0.82)), "HAPPY BIRTHDAY", "white")
    return copy


ALTERED: dict[str, Alter] = {
    "compressed": lambda picture: compressed(picture, 160, 70),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
    "darker, paler": lambda picture: ImageEnhance.Color(ImageEnhance.Brightness(picture).enhance(0.8)).enhance(0.8),
    "grey": lambda picture: picture.convert("L").convert("RGB"),
    "next shot": noisy,
    "mirrored": ImageOps.mirror,
    "turned": lambda picture: turned(picture, 12),
    "turned back": lambda picture: turned(picture, -10),
    "cropped": lambda picture: cropped(picture, 0.88),
    "text": with_text,
    "bars": lambda picture: ImageOps.expand(picture, (0, 40), "black"),
    "frame": lambda picture: ImageOps.expand(picture, 24, "white"),
    "mirrored, turned, cropped, darker, compressed": lambda picture: compressed(
        ImageEnhance.Brightness(cropped(turned(ImageOps.mirror(picture), 6), 0.92)).enhance(0.85), 200, 75
    ),
}
"""What must not hide that a photo is a copy, by name."""
