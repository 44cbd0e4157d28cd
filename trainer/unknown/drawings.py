"""Drawn pictures of nothing in particular: noise, walls, gradients and text. They teach what no class looks like.

A class for the rest of the world that is taught by photos of things alone takes noise and bare walls for a class: see
docs/adr/0021. No photo is needed for these pictures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from edge.preprocess import Pixels

DRAWINGS_VERSION = 1
"""Goes up with every change of a drawing: the cache knows them by it."""

PER_KIND = 16
"""How many drawings of each kind teach."""

TEACHING, JUDGING = range(PER_KIND), range(PER_KIND, PER_KIND + 8)
"""The numbers of the drawings of each kind that teach, and of those that judge what was taught."""

_LETTERS = "the quick brown fox jumps over a lazy dog 0123456789 Menu Open 24h Exit "
_Random = np.random.Generator


def drawing_hashes(size: tuple[int, int], numbers: Iterable[int] = TEACHING) -> list[bytes]:
    """What the cache calls the drawings of (width, height) ``size``: a sha256 (32 bytes) for each, in their order.

    ``numbers`` are those of the drawings of each kind.
    """
    return [_hash(kind, index, size) for kind in _KINDS for index in numbers]


def draw(size: tuple[int, int], numbers: Iterable[int] = TEACHING) -> Iterator[Pixels]:
    """The drawings, uint8 (height, width, 3), RGB, for a network of (width, height) ``size``: always the same.

    ``numbers`` are those of the drawings of each kind.
    """
    for place, paint in enumerate(_KINDS.values()):
        for index in numbers:
            yield paint(np.random.default_rng([DRAWINGS_VERSION, place, index]), size)


def _hash(kind: str, index: int, size: tuple[int, int]) -> bytes:
    width, height = size
    return hashlib.sha256(f"drawing {DRAWINGS_VERSION} {kind} {index} {width} {height}".encode()).digest()


def _noise(random: _Random, size: tuple[int, int]) -> Pixels:
    """Noise, in colours or grey, with grains of one to a few pixels, as strong as there is or weak on one colour."""
    grain = int(random.integers(1, 5))
    few = [max(1, -(-length // grain)) for length in size]
    channels = 3 if random.random() < 0.7 else 1
    grains = random.integers(0, 256, (few[1], few[0], channels), dtype=np.uint8).repeat(3 // channels, axis=2)
    picture = np.asarray(Image.fromarray(grains).resize(size, Image.Resampling.NEAREST), np.float64)
    strength = random.uniform(0.3, 1)
    return _pixels(picture * strength + _colour(random) * (1 - strength))


def _wall(random: _Random, size: tuple[int, int]) -> Pixels:
    """One colour, evenly lit or darker to one side, with the grain of a camera or without."""
    slope = random.uniform(0, 0.4) * random.integers(0, 2)
    grain = random.normal(0, random.uniform(0, 6), (size[1], size[0], 1)) * random.integers(0, 2)
    return _pixels(_colour(random) * (1 - slope * _ramp(random, size)) + grain)


def _gradient(random: _Random, size: tuple[int, int]) -> Pixels:
    """One colour that turns into another, along a line, or smooth clouds of a few colours."""
    if random.random() < 0.5:
        ramp = _ramp(random, size)
        return _pixels(_colour(random) * ramp + _colour(random) * (1 - ramp))
    few = random.integers(0, 256, (*random.integers(2, 7, 2), 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(few).resize(size, Image.Resampling.BICUBIC))


def _text(random: _Random, size: tuple[int, int]) -> Pixels:
    """Lines of letters on one colour."""
    paper = _colour(random)
    ink = np.where(paper > 127, paper * 0.2, 255 - (255 - paper) * 0.2)
    picture = Image.fromarray(_pixels(np.broadcast_to(paper, (size[1], size[0], 3))))
    height = max(6, int(size[1] * random.uniform(0.05, 0.25)))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(height)
    for top in range(0, size[1], int(height * 1.3) + 1):
        start = int(random.integers(len(_LETTERS)))
        line = (_LETTERS[start:] + _LETTERS) * 2
        pen.text((-random.integers(height), top), line, tuple(map(int, ink)), font)
    return np.asarray(picture)


def _ramp(random: _Random, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """From 0 to 1 along a random line: (height, width, 1)."""
    turn = random.uniform(0, 2 * np.pi)
    x, y = np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1])
    along = np.cos(turn) * x[np.newaxis] + np.sin(turn) * y[:, np.newaxis]
    ramp: npt.NDArray[np.float64] = ((along - along.min()) / max(float(np.ptp(along)), 1e-9))[..., np.newaxis]
    return ramp


def _colour(random: _Random) -> npt.NDArray[np.float64]:
    return random.uniform(0, 255, 3)


def _pixels(values: npt.NDArray[np.float64]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


_KINDS: dict[str, Callable[[_Random, tuple[int, int]], Pixels]] = {
    "noise": _noise,
    "wall": _wall,
    "gradient": _gradient,
    "text": _text,
}
