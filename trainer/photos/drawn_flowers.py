"""Drawn photos: flowers of five kinds, drawn from a seed. Only the shape distinguishes the kinds, not the colour."""

import cmath
import colorsys
import math
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

KINDS: tuple[str, ...] = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
Ink = tuple[int, int, int]
_Draw = ImageDraw.ImageDraw
Points = NDArray[np.complex128]  # canvas pixels as x + iy: a turn is then one product
Coats = Sequence[tuple[float, float, float]]  # (fatness, reach, brightness) of a petal's layers, rim first
_GOLDEN = math.pi * (3 - math.sqrt(5))  # the angle between two leaves on a stem, and two seeds in a disc
_ARC = 0.5 - 0.5 * np.cos(np.linspace(0, math.pi, 10))  # 0..1 along a petal, dense where its outline bends
_HUES = {  # hue, saturation, value; each on petals of two kinds or more: colour alone must not decide
    "W": (0.13, 0.04, 0.97),
    "C": (0.13, 0.22, 0.97),
    "Y": (0.145, 0.82, 0.97),
    "G": (0.12, 0.9, 0.97),
    "O": (0.08, 0.85, 0.96),
    "R": (0.985, 0.85, 0.8),
    "P": (0.93, 0.42, 0.95),
    "V": (0.82, 0.45, 0.7),
}
_PETALS = dict(zip(KINDS, ("WWCYYGPV", "YYGG", "RRPWCYYO", "YGGO", "RRYGPVWO"), strict=True))
_PLACES = {  # colour at the top, colour at the bottom, number of blots
    "meadow": ((0.25, 0.5, 0.5), (0.27, 0.6, 0.35), 9),
    "sky": ((0.58, 0.5, 0.8), (0.55, 0.2, 0.92), 7),
    "soil": ((0.07, 0.4, 0.4), (0.06, 0.45, 0.28), 50),
    "wall": ((0.09, 0.15, 0.75), (0.08, 0.2, 0.6), 3),
    "bokeh": ((0.3, 0.45, 0.22), (0.22, 0.4, 0.4), 26),
    "table": ((0.1, 0.1, 0.62), (0.07, 0.5, 0.5), 0),
}


def _ink(rng: random.Random, hsv: tuple[float, float, float], wander: float = 0.02) -> Ink:
    """An RGB colour near `hsv` (each 0..1)."""
    h, s, v = (x + rng.uniform(-wander, wander) * k for x, k in zip(hsv, (0.7, 3, 2), strict=True))
    r, g, b = colorsys.hsv_to_rgb(h % 1, min(max(s, 0), 1), min(max(v, 0), 1))
    return int(r * 255), int(g * 255), int(b * 255)


def _shade(ink: Ink, gain: float) -> Ink:
    """`ink` times `gain`; what is darker is warmer too, as light that has passed through a petal."""
    r, g, b = (min(255, int(x * gain * (1 - 0.12 * k * max(0.0, 1 - gain)))) for k, x in enumerate(ink))
    return r, g, b


def _dot(draw: _Draw, at: complex, r: float, ink: Ink, alpha: int = 255) -> None:
    draw.ellipse((at.real - r, at.imag - r, at.real + r, at.imag + r), (*ink, alpha))


def _blade(draw: _Draw, foot: complex, tip: complex, width: float, ink: Ink, bend: float, taper: float = 0.6) -> None:
    """A blade of grass, a leaf or (`taper` 0) a stem; all lengths in canvas pixels."""
    side = 1j * (tip - foot) / max(abs(tip - foot), 1.0)
    spine = foot + _ARC * (tip - foot) + bend * 4 * _ARC * (1 - _ARC) * side
    half = width * 0.8 * side * (_ARC + 0.05) ** 0.5 * (1 - _ARC) ** taper
    for edge, gain in ((spine + half, 1.0), (spine, 0.8)):
        draw.polygon(np.concatenate((edge, (spine - half)[::-1])).view(float).tolist(), _shade(ink, gain))


def _grass(draw: _Draw, rng: random.Random, count: int, width: float) -> None:
    """`count` blades from the lower edge of the canvas, `width` is a share of it."""
    (w, h), green = draw.im.size, _ink(rng, (0.25, 0.55, 0.48), 0.06)
    for _ in range(count):
        foot, tall = complex(rng.uniform(0, w), 1.02 * h), rng.uniform(0.2, 0.9) * h
        tip, ink = foot + tall * complex(rng.uniform(-0.4, 0.4), -1), _shade(green, rng.uniform(0.6, 1.3))
        _blade(draw, foot, tip, width * w, ink, 0.1 * tall)


@dataclass(frozen=True)
class _Flower:
    """One flower and its place: centre and radius of its head in canvas pixels, angles in radians."""

    draw: _Draw
    rng: random.Random
    at: complex
    radius: float
    tilt: float  # 0: the head looks into the camera, pi/2: it looks along `lean`
    lean: float  # the turn of the head's axis in the picture, 0 is upright

    def project(self, x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]) -> Points:
        """Head coordinates, unit radius, axis z, to canvas pixels."""
        y = y * math.cos(self.tilt) - z * math.sin(self.tilt)
        return self.at + (x + 1j * y) * cmath.rect(self.radius, self.lean)

    def whorl(self, count: int, petal: Sequence[float], ink: Ink, coats: Coats, untidy: float = 0.1) -> None:
        """Draw `count` petals round the axis, the far ones first (as far as they are tidy).

        `petal`, in head radii: length, half width, tip (0.2 blunt to 1 pointed), gap to the axis, lift, curl.
        """
        rng, layers, (length, width, tip, gap, lift, curl) = self.rng, [], petal
        profile = (_ARC + 0.02) ** 0.5 * (1.001 - _ARC) ** tip
        edge = np.concatenate((profile, -profile[::-1])) * width / profile.max()
        wander = np.array([[rng.gauss(0, 1), rng.uniform(-1, 0.6), rng.random()] for _ in range(count)])
        azimuth = rng.uniform(0, math.tau) + math.tau / count * (np.arange(count) + untidy * wander[:, 0])
        c, s, scale = np.cos(azimuth)[:, None], np.sin(azimuth)[:, None], 1 + untidy * wander[:, 1, None]
        for fat, reach, _ in coats:
            t = np.concatenate((_ARC, _ARC[::-1])) * reach
            x, y = (gap + length * t * (1 - curl * t)) * scale, edge * fat * scale
            layers.append(self.project(x * c - y * s, x * s + y * c, lift * t * scale))
        # Far petals of a tilted head turn their shaded inside to the camera.
        lit = 1.1 - 0.15 * wander[:, 2] - 0.16 * math.sin(self.tilt) * (1 - s[:, 0])
        for i in np.argsort(s[:, 0] + 6 * untidy * wander[:, 2]).tolist():
            for points, (_, _, gain) in zip(layers, coats, strict=True):
                self.draw.polygon(points[i].view(float).tolist(), _shade(ink, gain * lit[i]))

    def disc(self, radius: float, seeds: int, inks: Sequence[Ink]) -> None:
        """A disc of seeds on Vogel's spiral, coloured from the middle to the rim, over its own shadow."""
        turn, base = np.linspace(0, math.tau, 40), _shade(inks[-1], 0.7)
        for grow, ink, alpha in ((1.22, (40, 20, 0), 40), (1.1, (40, 20, 0), 60), (1.0, base, 255)):
            ring = self.project(np.cos(turn) * radius * grow, np.sin(turn) * radius * grow, 0 * turn)
            self.draw.polygon(ring.view(float).tolist(), (*ink, alpha))
        q = np.sqrt((np.arange(seeds) + 0.5) / seeds)
        x, y = (radius * q * f(np.arange(seeds) * _GOLDEN) for f in (np.cos, np.sin))
        for k, at in enumerate(self.project(x, y, 0.35 * radius * (1 - q * q)).tolist()):
            ink = _shade(inks[int(q[k] * len(inks))], self.rng.uniform(0.72, 1.2))
            _dot(self.draw, at, self.radius * radius * 0.95 / math.sqrt(seeds), ink)

    def daisy(self, ink: Ink) -> None:
        rng, count, lift = self.rng, self.rng.randint(11, 24), self.rng.uniform(-0.3, 0.4)
        for length, gain in ((0.82, 0.86), (0.76, 1.0)):
            petal = (length, 1.75 / count + 0.02, rng.uniform(0.25, 0.5), 0.18, lift, 0)
            self.whorl(count, petal, _shade(ink, gain), ((1, 1, 0.8), (0.8, 0.97, 1), (0.35, 0.8, 1.05)))
        yolk = _ink(rng, (0.115, 0.92, rng.uniform(0.55, 0.95)), 0.03)
        self.disc(rng.uniform(0.22, 0.4), 90, (_shade(yolk, 0.8), yolk, _shade(yolk, 0.85)))

    def dandelion(self, ink: Ink) -> None:
        young, rows = self.rng.uniform(0.2, 0.6), self.rng.choice((0, 5, 6))
        if rows == 0:
            self.clock(self.rng.randint(195, 255))
        for k in range(rows):
            petal, fade = (1 - 0.9 * k / rows, 0.06, 0.12, 0, 0.1 + young * k / 3, 0), (k - 2) ** 2
            self.whorl(32 - 4 * k, petal, _shade(ink, 1.04 - fade / 25), ((1, 1, 0.78), (0.6, 0.97, 1)), 0.22)

    def clock(self, tone: int) -> None:
        """The seed head of a dandelion: a ball of parachutes, `tone` 0..255."""
        draw, at, r, hairs = self.draw, self.at, self.radius, np.exp(1j * np.linspace(0, math.tau, 11))
        _dot(draw, at, 0.95 * r, (tone, tone, tone), 40)
        for k, z in enumerate(np.linspace(-1, 1, 80).tolist()):
            out, light = cmath.rect(math.sqrt(1 - z * z) * r, k * _GOLDEN), int(tone * (0.87 + 0.12 * z))
            tips, hub = at + out + 0.26 * r * hairs, at + 0.7 * out
            draw.line((at.real, at.imag, hub.real, hub.imag), (170, 160, 130, 130))
            fan = np.stack((0 * tips + hub, tips), axis=-1).ravel().view(float).tolist()
            draw.line(fan, (light, light, light, 95), max(1, round(r / 130)))
            _dot(draw, hub, 0.018 * r, (120, 85, 50))
        _dot(draw, at, 0.13 * r, (150, 130, 85))

    def rose(self, ink: Ink) -> None:
        facing, cup = replace(self, tilt=0.75 * self.tilt), self.rng.uniform(0.08, 0.19)
        for k, reach in enumerate((1.0, 0.86, 0.71, 0.57, 0.45, 0.34, 0.24, 0.14)):
            petal = (reach, reach * (0.62 + 0.05 * k), 0.28, 0, cup * k + 0.1, 0)
            coats = ((1.02, 1.015, 0.66), (1, 1, 1.18), (0.93, 0.95, 1), (0.8, 0.82, 0.84))
            facing.whorl(5 - k // 3, petal, _shade(ink, 1 - 0.055 * k), coats, untidy=0.14)

    def sunflower(self, ink: Ink) -> None:
        rng, face, count = self.rng, self.rng.uniform(0.3, 0.55), self.rng.randint(14, 24)
        for length, gain in ((1.0, 0.82), (0.95, 1.0)):
            petal = (length - face * 0.8, 0.13, rng.uniform(0.6, 0.8), face * 0.8, rng.uniform(-0.1, 0.35), 0)
            self.whorl(count, petal, _shade(ink, gain), ((1, 1, 0.72), (0.75, 0.97, 1), (0.2, 0.7, 0.86)))
        brown = _ink(rng, (0.07, 0.62, rng.uniform(0.2, 0.5)))
        core = rng.choice((_shade(brown, 0.8), _ink(rng, (0.17, 0.5, 0.42))))
        self.disc(face, 190, (core, core, brown, _shade(brown, 0.75), _shade(brown, 1.5)))

    def tulip(self, ink: Ink) -> None:
        rng, tilt = self.rng, self.rng.uniform(0.6, 1.5)
        petal = (rng.uniform(0.85, 1.2), rng.uniform(0.4, 0.5), 0.55, 0, 1.5, rng.uniform(0.4, 0.7))
        cup = replace(self, tilt=tilt, at=self.at + 0.7j * math.sin(tilt) * self.radius)
        cup.whorl(6, petal, ink, ((1, 1, 0.8), (0.9, 0.98, 1.02), (0.5, 0.92, 1.1), (0.1, 0.85, 0.9)), 0.05)

    def paint(self, kind: str, ink: Ink) -> None:
        """Stem and leaves, then the head in front of them."""
        at, r, rng, green = self.at, self.radius, self.rng, _ink(self.rng, (0.27, 0.55, 0.45), 0.04)
        foot = at + r * complex(rng.uniform(-0.3, 0.3) - 5 * math.sin(self.lean), 5)
        _blade(self.draw, foot, at, (0.05 if kind[0] == "d" else 0.08) * r, green, self.lean * r, taper=0)
        broad = kind in ("roses", "sunflowers")  # broad leaves hang on the stem, others rise from the ground
        for _ in range(4 if broad else 2):
            base, width, bend = (at + 0.3j * r, 0.5, 0.1) if broad else (foot - 1.5j * r, 0.3, 0.5)
            tip, leaf = at + r * (0.4j + cmath.rect(1.3, rng.uniform(0, math.pi))), rng.uniform(0.75, 1.2)
            _blade(self.draw, base, tip, width * r * leaf, _shade(green, leaf), rng.uniform(-bend, bend) * r)
        (self.daisy, self.dandelion, self.rose, self.sunflower, self.tulip)[KINDS.index(kind)](ink)


def _backdrop(rng: random.Random, w: int, h: int) -> Image.Image:
    """A background out of focus, w by h pixels, with other flowers far away that are not the picture's class."""
    place = rng.choice(("meadow", "meadow", *_PLACES))
    first, last = (_ink(rng, hsv, 0.08) for hsv in _PLACES[place][:2])
    fade = np.linspace(0, 1, h) if place != "table" else np.arange(h) > rng.uniform(0.45, 0.75) * h
    column = np.array(first) + fade[:, None, None] * np.subtract(last, first)
    scene = Image.fromarray(column.astype(np.uint8)).resize((w, h))
    draw = ImageDraw.Draw(scene, "RGBA")
    _grass(draw, rng, 30 if place == "meadow" else 0, 0.04)
    for _ in range(_PLACES[place][2]):
        ink = _shade((200, 220, 240) if place == "sky" else last, rng.uniform(0.6, 1.5))
        _dot(draw, complex(rng.uniform(0, w), rng.uniform(0, h)), rng.uniform(0.02, 0.09) * w, ink, 110)
    for kind in rng.choices(KINDS, k=rng.choice((0, 1, 2, 3))):
        at, ink = complex(rng.uniform(0, w), rng.uniform(0, h)), _ink(rng, _HUES[rng.choice(_PETALS[kind])])
        _Flower(draw, rng, at, w * rng.uniform(0.05, 0.15), rng.random(), 0).paint(kind, ink)
    return scene.filter(ImageFilter.BoxBlur(rng.uniform(0.8, 2.5) * w / 320))


def _develop(canvas: Image.Image, rng: random.Random) -> Image.Image:
    """The canvas at half its size, with the light (slope, vignette, cast) and the camera (focus, grain) of a photo."""
    photo = canvas.reduce(2).filter(ImageFilter.GaussianBlur(canvas.width * max(0, rng.uniform(-1, 1)) / 400))
    x, y = (np.linspace(-1, 1, n, dtype=np.float32) for n in photo.size)
    a, steep, dusk, warm = (rng.uniform(*r) for r in ((0, math.tau), (0, 0.35), (0, 0.25), (-0.14, 0.15)))
    light = rng.uniform(0.62, 1.3) * (1 + steep * (math.cos(a) * x + math.sin(a) * y[:, None]))
    light = (light * (1 - dusk * (x * x + (y * y)[:, None])))[:, :, None]
    # randbytes and not numpy's normal(): the standard library promises that its stream of bits stays the same
    grain = np.frombuffer(rng.randbytes(light.size), np.int8).reshape(light.shape)
    pixels = np.asarray(photo) * (light * np.array([1 + warm, 1, 1 - warm], np.float32))
    pixels += grain * np.float32(0.1 * rng.random() ** 2)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def draw_flower(kind: str, seed: int, size: int = 320) -> Image.Image:
    """Draw one picture of a flower of `kind`, one of KINDS; `size` is the longer side in pixels, 32 or more.

    Returns an RGB image of (size, 3/4 size) pixels, one in five upright. The same arguments give the same
    pixels. Raises ValueError for an unknown kind or a smaller size.
    """
    if kind not in KINDS or size < 32:
        raise ValueError(f"cannot draw {kind!r} at {size} pixels, but {', '.join(KINDS)} from 32 pixels")
    rng = random.Random(f"{kind} {seed}")
    w, h = (size, size * 3 // 4) if rng.random() < 0.8 else (size * 3 // 4, size)
    canvas = _backdrop(rng, w, h).resize((2 * w, 2 * h), Image.Resampling.BILINEAR)  # halved at the end
    draw = ImageDraw.Draw(canvas, "RGBA")
    _grass(draw, rng, rng.choice((0, 0, 6, 14, 24)), 0.02)
    blooms, hue = rng.choice((1, 1, 1, 2, 2, 3)), _HUES[rng.choice(_PETALS[kind])]
    for i in range(blooms):
        radius = min(w, h) * (rng.uniform(0.3, 1.0) if blooms == 1 else rng.uniform(0.24, 0.54))
        x = 2 * w * (rng.uniform(0.15, 0.85) if blooms == 1 else (i + rng.uniform(0.3, 0.7)) / blooms)
        at, tilt = complex(x, 2 * h * rng.uniform(0.2, 0.7)), rng.uniform(0, 1.35) * rng.random() ** 0.5
        _Flower(draw, rng, at, radius, tilt, rng.gauss(0, 0.35)).paint(kind, _ink(rng, hue))
    _grass(draw, rng, rng.choice((0, 0, 1, 3, 5)), 0.04)
    return _develop(canvas, rng)


def draw_flower_folder(folder: Path, per_kind: int = 40, seed: int = 0, size: int = 320) -> Iterator[Path]:
    """Write `per_kind` JPEG pictures of every kind as folder/<kind>/<kind>_000.jpg and on; yield each path.

    A picture that is there already is kept and yielded; a new one appears whole or not at all.
    Raises ValueError as draw_flower does, OSError if the folder cannot be written.
    """
    for kind in KINDS:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for path in (folder / kind / f"{kind}_{i:03d}.jpg" for i in range(per_kind)):
            if not path.exists():
                rng, part = random.Random(f"{path.name} {seed}"), path.with_suffix(".part")
                draw_flower(kind, rng.getrandbits(63), size).save(part, "JPEG", quality=rng.randint(70, 95))
                os.replace(part, path)
            yield path
