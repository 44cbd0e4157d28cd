"""A painted garden: flowers of five kinds drawn from a seed, so that a first lesson needs no download.

Every picture is a small stage: a blurred backdrop, clutter, one to three blooms posed in space, then light and
a camera. The kinds share their colours, places and light; only the build of the flower tells them apart.
"""

import colorsys
import math
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

KINDS: tuple[str, ...] = ("daisy", "dandelion", "roses", "sunflowers", "tulips")

Ink = tuple[int, int, int]
Points = NDArray[np.float64]
_GOLDEN = math.pi * (3 - math.sqrt(5))  # the angle between two leaves on a stem, and two seeds in a disc
_ARC = 0.5 - 0.5 * np.cos(np.linspace(0, math.pi, 10))  # 0..1 along a petal, dense where its outline bends
# Hue, saturation, value of petals. Each range is shared by at least two kinds: colour alone must not decide.
_WHITE, _CREAM, _YELLOW, _GOLD = (0.13, 0.04, 0.97), (0.13, 0.22, 0.97), (0.145, 0.82, 0.97), (0.115, 0.90, 0.97)
_ORANGE, _RED, _PINK, _PURPLE = (0.06, 0.82, 0.95), (0.985, 0.85, 0.80), (0.93, 0.42, 0.95), (0.82, 0.45, 0.70)
_PETALS = {
    "daisy": (_WHITE, _WHITE, _WHITE, _CREAM, _YELLOW, _GOLD, _PINK, _PURPLE),
    "dandelion": (_YELLOW, _YELLOW, _GOLD),
    "roses": (_RED, _RED, _PINK, _WHITE, _CREAM, _YELLOW, _ORANGE, _PURPLE),
    "sunflowers": (_YELLOW, _GOLD, _GOLD, _ORANGE),
    "tulips": (_RED, _RED, _YELLOW, _GOLD, _PINK, _PURPLE, _WHITE, _ORANGE),
}


def _ink(rng: random.Random, hsv: tuple[float, float, float], wander: float = 0.02) -> Ink:
    """An RGB colour near `hsv` (each 0..1)."""
    h, s, v = (x + rng.uniform(-1, 1) * wander * k for x, k in zip(hsv, (0.7, 3, 2), strict=True))
    r, g, b = colorsys.hsv_to_rgb(h % 1, min(max(s, 0), 1), min(max(v, 0), 1))
    return int(r * 255), int(g * 255), int(b * 255)


def _shade(ink: Ink, gain: float, warm: float = 0.0) -> Ink:
    """`ink` times `gain`; `warm` lowers green and blue, as light does that passed through a petal."""
    r, g, b = ink
    return min(255, int(r * gain)), min(255, int(g * gain * (1 - warm))), min(255, int(b * gain * (1 - 2 * warm)))


@dataclass(frozen=True)
class _Pose:
    """Where a flower head stands: centre and radius in canvas pixels, angles in radians."""

    x: float
    y: float
    radius: float
    tilt: float  # 0: the head looks into the camera, pi/2: it looks along `lean`
    lean: float  # the turn of the head's axis in the picture, 0 is upright
    sun: float  # azimuth of the light on the head

    def project(self, points: Points) -> NDArray[np.float64]:
        """Head coordinates (..., 3), unit radius, axis z, to canvas pixels (..., 2)."""
        x, z = points[..., 0], points[..., 2]
        y = points[..., 1] * math.cos(self.tilt) - z * math.sin(self.tilt)
        c, s = math.cos(self.lean) * self.radius, math.sin(self.lean) * self.radius
        return np.stack((self.x + x * c - y * s, self.y + x * s + y * c), axis=-1)


@dataclass(frozen=True)
class _Petal:
    """The build of one petal in head radii."""

    length: float
    width: float  # half of it
    tip: float  # 0.2 is blunt, 1 is pointed
    base: float = 0.5  # how slowly it widens from its foot
    foot: float = 0.0  # distance of its foot from the axis
    lift: float = 0.0  # height of the tip along the axis
    curl: float = 0.0  # how far the tip bends back down


def _outline(petal: _Petal, fat: float, reach: float = 1.0) -> Points:
    """A closed outline (20, 3) along +x; `fat` and `reach` shrink it for the paler middle of the petal."""
    profile = (_ARC + 0.02) ** petal.base * (1.001 - _ARC) ** petal.tip
    half = petal.width * fat * profile / profile.max()
    t = np.concatenate((_ARC, _ARC[::-1])) * reach
    lateral = np.concatenate((half, -half[::-1]))
    return np.stack((petal.foot + t * petal.length, lateral, petal.lift * t - petal.curl * t * t), axis=-1)


def _whorl(draw: ImageDraw.ImageDraw, pose: _Pose, rng: random.Random, count: int, petal: _Petal, ink: Ink,
           coats: Sequence[tuple[float, float, float]], untidy: float = 0.1, spin: float | None = None) -> None:
    """Draw `count` petals round the axis, far ones first; a coat is (fat, reach, gain) from the rim inwards."""
    spin = rng.uniform(0, math.tau) if spin is None else spin
    azimuth = spin + math.tau * (np.arange(count) + untidy * np.array([rng.gauss(0, 1) for _ in range(count)])) / count
    scale = np.array([1 + untidy * rng.uniform(-1, 0.6) for _ in range(count)])[:, None]
    layers = []
    for fat, reach, _ in coats:
        p = _outline(petal, fat, reach)
        c, s = np.cos(azimuth)[:, None], np.sin(azimuth)[:, None]
        x, y = p[:, 0] * scale, p[:, 1] * (0.6 + 0.4 * scale)
        layers.append(pose.project(np.stack((x * c - y * s, x * s + y * c, p[:, 2] * scale), axis=-1)))
    order = np.argsort(np.sin(azimuth) + 0.6 * np.array([rng.random() for _ in range(count)]))
    for i in order.tolist():
        lit = 1 + 0.13 * math.cos(azimuth[i] - pose.sun) + rng.uniform(-0.07, 0.05)
        for points, (_, _, gain) in zip(layers, coats, strict=True):
            draw.polygon(points[i].ravel().tolist(), fill=_shade(ink, gain * lit, 0.12 * max(0.0, 1 - gain)))


def _disc(draw: ImageDraw.ImageDraw, pose: _Pose, rng: random.Random, radius: float, seeds: int, dome: float,
          inks: Sequence[Ink]) -> None:
    """A disc of seeds on Vogel's spiral, coloured from the middle (`inks[0]`) to the rim, over its own shadow."""
    turn = np.linspace(0, math.tau, 40)
    ring = np.stack((np.cos(turn), np.sin(turn), 0 * turn), axis=-1)
    for grow, alpha in ((1.22, 40), (1.1, 60)):
        draw.polygon(pose.project(ring * radius * grow).ravel().tolist(), fill=(40, 20, 0, alpha))
    draw.polygon(pose.project(ring * radius).ravel().tolist(), fill=_shade(inks[-1], 0.7))
    i = np.arange(seeds) + 0.5
    r = np.sqrt(i / seeds)
    spots = np.stack((np.cos(i * _GOLDEN) * r * radius, np.sin(i * _GOLDEN) * r * radius, dome * (1 - r * r)), axis=-1)
    dot = pose.radius * radius * 0.95 / math.sqrt(seeds)
    for (x, y), q in zip(pose.project(spots).tolist(), r.tolist(), strict=True):
        ink = _shade(inks[min(int(q * len(inks)), len(inks) - 1)], rng.uniform(0.72, 1.2))
        draw.ellipse((x - dot, y - dot, x + dot, y + dot), fill=ink)


def _blade(draw: ImageDraw.ImageDraw, foot: tuple[float, float], tip: tuple[float, float], width: float, ink: Ink,
           bend: float = 0.0, point: float = 1.0, alpha: int = 255) -> None:
    """A stem (`point` 0), a grass blade or a leaf from foot to tip, `width` pixels at its widest."""
    (x0, y0), (x1, y1) = foot, tip
    along, side = np.array([x1 - x0, y1 - y0]), np.array([y0 - y1, x1 - x0])
    side = side / max(float(np.hypot(*side)), 1.0)
    spine = np.array(foot) + _ARC[:, None] * along + (bend * 4 * _ARC * (1 - _ARC))[:, None] * side
    half = (width / 2 * ((_ARC + 0.05) ** 0.5 * (1 - _ARC) ** 0.6 * 1.6 if point else 1 + 0 * _ARC))[:, None] * side
    draw.polygon(np.concatenate((spine + half, (spine - half)[::-1])).ravel().tolist(), fill=(*ink, alpha))
    draw.polygon(np.concatenate((spine, (spine - half)[::-1])).ravel().tolist(), fill=(*_shade(ink, 0.8), alpha))


def _daisy(draw: ImageDraw.ImageDraw, pose: _Pose, rng: random.Random, ink: Ink) -> None:
    lift, count = rng.uniform(-0.1, 0.3), rng.randint(13, 24)
    for length, gain in ((0.82, 0.86), (0.76, 1.0)):
        petal = _Petal(length, 1.75 / count + 0.02, 0.3, 0.45, foot=0.18, lift=lift, curl=lift)
        _whorl(draw, pose, rng, count, petal, ink, ((1, 1, 0.8 * gain), (0.8, 0.97, gain), (0.35, 0.8, 1.05 * gain)))
    yolk = _ink(rng, (0.125, 0.92, 0.93))
    _disc(draw, pose, rng, rng.uniform(0.22, 0.32), 90, 0.1, (_shade(yolk, 0.85), yolk, _shade(yolk, 0.9, 0.1)))


def _dandelion(draw: ImageDraw.ImageDraw, pose: _Pose, rng: random.Random, ink: Ink) -> None:
    if rng.random() < 0.3:
        return _clock(draw, pose, rng)
    young = rng.uniform(0.2, 0.45)
    for k in range(7):
        petal = _Petal(1 - 0.13 * k, 0.055, 0.12, 0.15, lift=0.1 + young * k / 3, curl=0.05)
        gain = (0.82, 0.92, 1.0, 1.04, 1.0, 0.93, 0.86)[k]
        _whorl(draw, pose, rng, 34 - 3 * k, petal, ink, ((1, 1, 0.78 * gain), (0.6, 0.97, gain)), untidy=0.22)
    return None


def _clock(draw: ImageDraw.ImageDraw, pose: _Pose, rng: random.Random) -> None:
    """The seed head of a dandelion: a ball of parachutes, a few of them flown away."""
    for k in range(6):
        r = pose.radius * (0.95 - 0.12 * k)
        draw.ellipse((pose.x - r, pose.y - r, pose.x + r, pose.y + r), fill=(235, 235, 230, 16))
    line = max(1, round(pose.radius / 130))
    bald = rng.uniform(0, math.tau) if rng.random() < 0.4 else None
    for i in range(90):
        z = 1 - 2 * (i + 0.5) / 90
        a, r = i * _GOLDEN, math.sqrt(1 - z * z)
        x, y = r * math.cos(a) * pose.radius, r * math.sin(a) * pose.radius
        if bald is not None and math.cos(math.atan2(y, x) - bald) > 0.7 and r > 0.3:
            continue
        hub, light = (pose.x + 0.7 * x, pose.y + 0.7 * y), 190 + int(60 * (z + 1) / 2)
        draw.line((pose.x, pose.y, *hub), fill=(170, 160, 130, 130), width=line)
        for j in range(9):
            b, spread = math.tau * j / 9 + a, 0.26 * pose.radius
            tip = (pose.x + x + spread * math.cos(b), pose.y + y + spread * math.sin(b))
            draw.line((*hub, *tip), fill=(light, light, light - 6, 120), width=line)
        s = pose.radius * 0.018
        draw.ellipse((hub[0] - s, hub[1] - s, hub[0] + s, hub[1] + s), fill=(120, 85, 50))
    s = pose.radius * 0.13
    draw.ellipse((pose.x - s, pose.y - s, pose.x + s, pose.y + s), fill=(150, 130, 85))


def _rose(draw: ImageDraw.ImageDraw, pose: _Pose, rng: random.Random, ink: Ink) -> None:
    spin, depth = rng.uniform(0, math.tau), rng.uniform(0.04, 0.07)
    for k, count in enumerate((5, 5, 5, 4, 4, 3, 3, 2)):
        reach = (1.0, 0.86, 0.71, 0.57, 0.45, 0.34, 0.24, 0.14)[k]
        petal = _Petal(reach, reach * (0.62 + 0.05 * k), 0.28, 0.6, lift=0.09 * k + 0.1, curl=0.12 if k < 2 else 0)
        gain = 1.04 - depth * k
        coats = ((1.03, 1.02, 0.55 * gain), (1, 1, 1.12 * gain), (0.93, 0.95, 0.95 * gain), (0.8, 0.82, 0.8 * gain))
        spin += _GOLDEN
        _whorl(draw, pose, rng, count, petal, ink, coats, untidy=0.14, spin=spin)


def _sunflower(draw: ImageDraw.ImageDraw, pose: _Pose, rng: random.Random, ink: Ink) -> None:
    face, count = rng.uniform(0.36, 0.52), rng.randint(16, 24)
    for length, gain in ((1.0, 0.82), (0.95, 1.0)):
        petal = _Petal(length - face * 0.8, 0.13, 0.75, 0.5, foot=face * 0.8, lift=rng.uniform(-0.05, 0.2))
        _whorl(draw, pose, rng, count, petal, ink, ((1, 1, 0.72 * gain), (0.75, 0.97, gain), (0.2, 0.7, 0.86 * gain)))
    brown = _ink(rng, (0.07, 0.62, rng.uniform(0.2, 0.4)))
    core = _shade(brown, 0.8) if rng.random() < 0.6 else _ink(rng, (0.17, 0.5, 0.42))
    _disc(draw, pose, rng, face, 260, 0.08, (core, core, brown, _shade(brown, 0.75), _shade(brown, 1.5)))


def _tulip(draw: ImageDraw.ImageDraw, pose: _Pose, rng: random.Random, ink: Ink) -> None:
    pose = replace(pose, tilt=rng.uniform(1.15, 1.5), y=pose.y + 0.6 * pose.radius)
    gape, slim = rng.uniform(-0.1, 0.35), rng.uniform(0.42, 0.56)
    #        sideways, lean out, depth, width, gain: far petals first
    build = ((-0.22, 0.5, -0.3, 0.9, 0.66), (0.22, 0.5, -0.3, 0.9, 0.7), (0.0, 0.0, -0.35, 0.95, 0.6),
             (-0.3, 1.0, 0.1, 1.0, 0.9), (0.3, 1.0, 0.1, 1.0, 0.86), (rng.uniform(-0.1, 0.1), 0.0, 0.3, 1.05, 1.05))
    for side, out, depth, width, gain in build:
        petal = _Petal(1.5 * rng.uniform(0.93, 1.05), slim * width, 0.5, 0.42)
        for fat, reach, tone in ((1.0, 1.0, 0.78), (0.88, 0.98, 1.0), (0.5, 0.92, 1.07), (0.1, 0.85, 0.88)):
            p = _outline(petal, fat, reach)
            t = p[:, 0] / petal.length
            x = side * np.sin(t * 2.2) + p[:, 1] + math.copysign(gape * out, side) * t * t
            y = depth * np.sin(t * 2.4)
            draw.polygon(pose.project(np.stack((x, y, p[:, 0]), axis=-1)).ravel().tolist(),
                         fill=_shade(ink, gain * tone * rng.uniform(0.97, 1.03), 0.1 * max(0.0, 1 - gain * tone)))


_Painter = Callable[[ImageDraw.ImageDraw, _Pose, random.Random, Ink], None]
_PAINTERS: dict[str, _Painter] = dict(zip(KINDS, (_daisy, _dandelion, _rose, _sunflower, _tulip), strict=True))


def _plant(draw: ImageDraw.ImageDraw, kind: str, pose: _Pose, rng: random.Random, ink: Ink) -> None:
    """Stem and leaves behind the head, then the head."""
    green, r = _ink(rng, (0.27, 0.55, 0.45), 0.04), pose.radius
    foot = (pose.x - math.sin(pose.lean) * 3.2 * r + rng.uniform(-0.3, 0.3) * r, pose.y + 3.2 * r)
    thick = r * {"daisy": 0.07, "dandelion": 0.09, "roses": 0.11, "sunflowers": 0.14, "tulips": 0.15}[kind]
    _blade(draw, foot, (pose.x, pose.y), thick, green, rng.uniform(-0.2, 0.2) * r, point=0)
    for _ in range({"daisy": 1, "dandelion": 2, "roses": 5, "sunflowers": 3, "tulips": 3}[kind]):
        a, leaf = rng.uniform(0, math.tau), _shade(green, rng.uniform(0.75, 1.2))
        if kind in ("roses", "sunflowers"):
            tip = (pose.x + math.cos(a) * 1.5 * r, pose.y + 0.4 * r + abs(math.sin(a)) * 1.1 * r)
            _blade(draw, (pose.x, pose.y + 0.3 * r), tip, rng.uniform(0.4, 0.6) * r, leaf, rng.uniform(-0.1, 0.1) * r)
        else:
            tip = (pose.x + rng.choice((-1, 1)) * rng.uniform(0.4, 1.5) * r, pose.y + rng.uniform(0.2, 1.6) * r)
            _blade(draw, foot, tip, rng.uniform(0.2, 0.4) * r, leaf, rng.uniform(-0.5, 0.5) * r)
    _PAINTERS[kind](draw, pose, rng, ink)


def _backdrop(rng: random.Random, width: int, height: int, kind: str) -> Image.Image:
    """A place out of focus, painted small and blurred, with small strange flowers far behind; canvas pixels."""
    w, h = width // 4, height // 4
    place = rng.choice(("meadow", "meadow", "meadow", "sky", "soil", "wall", "bokeh", "table"))
    top, low = {"meadow": ((0.25, 0.5, 0.5), (0.27, 0.6, 0.35)), "sky": ((0.58, 0.5, 0.8), (0.55, 0.2, 0.92)),
                "soil": ((0.07, 0.4, 0.4), (0.06, 0.45, 0.28)), "wall": ((0.09, 0.15, 0.75), (0.08, 0.2, 0.6)),
                "bokeh": ((0.3, 0.45, 0.22), (0.22, 0.4, 0.4)), "table": ((0.1, 0.1, 0.62), (0.07, 0.5, 0.5))}[place]
    first, last = _ink(rng, top, 0.08), _ink(rng, low, 0.08)
    fade = np.linspace(0, 1, h)[:, None, None] if place != "table" else (np.arange(h) > 0.55 * h)[:, None, None] * 1.0
    field = (np.array(first) * (1 - fade) + np.array(last) * fade) * np.ones((h, w, 1))
    scene = Image.fromarray(field.astype(np.uint8))
    draw = ImageDraw.Draw(scene, "RGBA")
    for _ in range({"meadow": 60, "sky": 7, "soil": 50, "wall": 10, "bokeh": 26, "table": 8}[place]):
        x, y, s = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.02, 0.09) * w
        ink = _shade(last if rng.random() < 0.7 else first, rng.uniform(0.6, 1.5))
        if place == "meadow":
            _blade(draw, (x, y + 4 * s), (x + rng.uniform(-2, 2) * s, y - 2 * s), s * 0.5, ink, alpha=200)
        elif place in ("wall", "table"):
            y = y if place == "wall" else (0.55 + 0.45 * rng.random()) * h
            draw.line((0, y, w, y + rng.uniform(-2, 2)), fill=(*_shade(ink, 0.8), 90), width=1)
        else:
            draw.ellipse((x - s, y - s * 0.8, x + s, y + s * 0.8), fill=(*((250, 250, 250) if place == "sky" else ink), 110))
    for _ in range(rng.choice((0, 0, 2, 4, 7)) if place in ("meadow", "bokeh", "soil") else 0):
        other = rng.choice(KINDS)
        pose = _Pose(rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.03, 0.09) * w, rng.uniform(0, 1), 0, 0)
        _PAINTERS[other](draw, pose, rng, _ink(rng, rng.choice(_PETALS[other])))
    return scene.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 2.5))).resize((width, height), Image.Resampling.BICUBIC)


def _clutter(draw: ImageDraw.ImageDraw, rng: random.Random, width: int, height: int) -> None:
    """Grass, fallen leaves and stones, in focus, as canvas pixels."""
    green, gray = _ink(rng, (0.25, 0.55, 0.5), 0.06), _ink(rng, (0.09, 0.15, 0.55), 0.06)
    for _ in range(rng.choice((0, 0, 6, 14, 24))):
        x, tall = rng.uniform(0, width), rng.uniform(0.2, 0.7) * height
        _blade(draw, (x, height * 1.02), (x + rng.uniform(-0.4, 0.4) * tall, height - tall), 0.02 * width,
               _shade(green, rng.uniform(0.6, 1.2)), rng.uniform(-0.1, 0.1) * tall)
    for _ in range(rng.choice((0, 0, 0, 5))):
        x, y, s = rng.uniform(0, width), rng.uniform(0.7, 1) * height, rng.uniform(0.01, 0.05) * width
        draw.ellipse((x - s, y - 0.4 * s, x + s, y + 0.9 * s), fill=(20, 15, 10, 90))
        draw.ellipse((x - s, y - 0.6 * s, x + s, y + 0.6 * s), fill=_shade(gray, rng.uniform(0.7, 1.2)))


def _develop(canvas: Image.Image, rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """Light (slope, vignette, exposure, cast) and camera (focus, grain) over the drawing, scaled to `size`."""
    photo = canvas.resize(size, Image.Resampling.LANCZOS)
    if rng.random() < 0.6:
        photo = photo.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 1.0) * max(size) / 320))
    x, y = (np.linspace(-1, 1, n, dtype=np.float32) for n in size)
    a, steep, dusk = rng.uniform(0, math.tau), rng.uniform(0, 0.28), rng.uniform(0, 0.25)
    light = rng.uniform(0.75, 1.18) * (1 + steep * (math.cos(a) * x[None, :] + math.sin(a) * y[:, None]))
    light *= 1 - dusk * (x[None, :] ** 2 + y[:, None] ** 2)
    warm = rng.uniform(-0.1, 0.12)
    cast = np.array([1 + warm, 1, 1 - warm], dtype=np.float32)
    # randbytes and not numpy's normal(): the standard library promises that its stream of bits stays the same
    grain = np.frombuffer(rng.randbytes(size[0] * size[1]), dtype=np.int8).reshape(size[1], size[0], 1)
    pixels = np.asarray(photo, dtype=np.float32) * light[:, :, None] * cast + grain * np.float32(rng.uniform(0, 0.11))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def draw_flower(kind: str, seed: int, size: int = 320) -> Image.Image:
    """Draw one picture of a flower.

    `kind` is one of KINDS, `size` the longer side in pixels (at least 32). Returns an RGB image of
    (size, 3/4 size) pixels, one in five upright. The same arguments give the same pixels.
    Raises ValueError for an unknown kind or a smaller size.
    """
    if kind not in KINDS:
        raise ValueError(f"no flower is called {kind!r}; the garden grows {', '.join(KINDS)}")
    if size < 32:
        raise ValueError(f"a picture needs a side of 32 pixels or more, not {size}")
    rng = random.Random(f"{kind} {seed}")
    width, height = (size, size * 3 // 4) if rng.random() < 0.8 else (size * 3 // 4, size)
    w, h = 2 * width, 2 * height
    canvas = _backdrop(rng, w, h, kind)
    draw = ImageDraw.Draw(canvas, "RGBA")
    _clutter(draw, rng, w, h)
    blooms, ink, sun = rng.choice((1, 1, 1, 2, 3)), rng.choice(_PETALS[kind]), rng.uniform(0, math.tau)
    for i in range(blooms):
        radius = min(w, h) * (rng.uniform(0.24, 0.5) if blooms == 1 else rng.uniform(0.15, 0.3))
        x = w * (rng.uniform(0.25, 0.75) if blooms == 1 else (i + rng.uniform(0.3, 0.7)) / blooms)
        tilt = rng.uniform(0, 1.1) * rng.random() ** 0.5
        pose = _Pose(x, h * rng.uniform(0.3, 0.65), radius, tilt, rng.gauss(0, 0.3), sun)
        _plant(draw, kind, pose, rng, _ink(rng, ink))
    return _develop(canvas, rng, (width, height))


def plant_garden(folder: Path, per_kind: int = 40, seed: int = 0, size: int = 320) -> Iterator[Path]:
    """Write `per_kind` JPEG pictures of every kind as folder/<kind>/<kind>_000.jpg and on; yield each path.

    A picture that is there already is kept and yielded; a new one appears whole or not at all.
    Raises ValueError as draw_flower does, OSError where the folder cannot be written.
    """
    for kind in KINDS:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for i in range(per_kind):
            path = folder / kind / f"{kind}_{i:03d}.jpg"
            if not path.exists():
                rng = random.Random(f"{kind} {seed} {i}")
                part = path.with_suffix(".part")
                draw_flower(kind, rng.getrandbits(63), size).save(part, "JPEG", quality=rng.randint(70, 95))
                os.replace(part, path)
            yield path
