"""The evidence of pixels: copies are found however they are altered, other pictures are not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image

from support import tiny
from support.scenes import ALTERED, Alter, draw_scene
from trainer.groups.evidence import PixelComparison
from trainer.groups.find_groups import LEAST_EVIDENCE
from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.photos.look import make_look

SCENES = 12


def compare(pictures: list[Image.Image], pairs: list[tuple[int, int]]) -> np.ndarray:
    """The evidence that the pictures of each pair show the same."""
    return PixelComparison(np.stack([make_look(picture).pixels for picture in pictures])).evidence(pairs)


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED.keys())
def test_altered_copies_are_found(alter: Alter) -> None:
    """The evidence for a copy is far above what is needed."""
    scenes = [draw_scene(seed) for seed in range(SCENES)]
    copies = [alter(scene) for scene in scenes]
    pairs = [(index, SCENES + index) for index in range(SCENES)]
    evidence = compare([*scenes, *copies], pairs)
    # One in twelve may be lost: the map between the two is searched for, not known.
    assert np.sort(evidence)[1] > 1.2 * LEAST_EVIDENCE


def test_different_drawings_are_not() -> None:
    """No two scenes, flowers of a kind or painted photos come near."""
    for pictures in (
        [draw_scene(seed) for seed in range(40)],
        [draw_flower(kind, seed, 160) for kind in KINDS for seed in range(10)],
        [tiny.paint(label, index) for label in tiny.COLOURS for index in range(12)],
    ):
        evidence = compare(pictures, list(itertools.combinations(range(len(pictures)), 2)))
        assert evidence.max() < 0.5 * LEAST_EVIDENCE


def test_pictures_with_nothing_in_them_are_no_evidence() -> None:
    """Plain, nearly plain and noisy pictures, and slopes of grey: nothing to compare."""
    random = np.random.default_rng(3)
    slope = np.linspace(0, 255, 200)[:, None, None] + np.zeros((200, 200, 3))
    pictures = [Image.new("RGB", (200, 200), grey) for grey in ("white", "black", "#808080", "#818181")]
    pictures += [Image.fromarray((100 + random.normal(0, 2, (200, 200, 3))).astype(np.uint8)) for _ in range(4)]
    pictures += [Image.fromarray(slope.astype(np.uint8)), Image.fromarray(slope[::-1].astype(np.uint8))]
    pairs = [(i, j) for i in range(len(pictures)) for j in range(len(pictures))]
    assert compare(pictures, pairs).max() < 0.5 * LEAST_EVIDENCE


def test_things_of_one_design_in_other_light_are_not_copies() -> None:
    """Mosaics of one pattern whose tiles differ a little from shot to shot are shots of their own."""
    random = np.random.default_rng(7)
    shots, parts = 4, 30
    pictures = []
    for _ in range(parts):
        tiles = random.integers(0, 256, (4, 4, 3))
        for _ in range(shots):
            shown = (tiles + random.integers(-25, 26, tiles.shape)).clip(0, 255).astype(np.uint8)
            pictures.append(Image.fromarray(shown).resize((160, 160), Image.Resampling.NEAREST))
    one_part = [(i, j) for i, j in itertools.combinations(range(len(pictures)), 2) if i // shots == j // shots]
    two_parts = [(i, j) for i, j in itertools.combinations(range(0, len(pictures), shots), 2)]
    assert (compare(pictures, one_part) > LEAST_EVIDENCE).mean() < 0.15
    assert (compare(pictures, two_parts) > LEAST_EVIDENCE).mean() < 0.02


def test_no_pairs_and_a_photo_with_itself() -> None:
    """Nothing to compare is no error; a picture is its own best copy."""
    scene = draw_scene(1)
    assert compare([scene], []).shape == (0,)
    (itself,) = compare([scene], [(0, 0)])
    assert itself > 80


def test_other_pairs_beside_it_change_nothing() -> None:
    """The evidence of a pair is the same alone and among others, and in either order, bit for bit."""
    pictures = [draw_scene(seed) for seed in range(20)]
    pictures += [ALTERED["turned"](picture) for picture in pictures]
    pairs = [(index, 20 + index) for index in range(20)] + [(0, index) for index in range(1, 20)]
    together = compare(pictures, pairs)
    alone = [compare(pictures, [pair])[0] for pair in pairs[:5]]
    assert together[:5].tolist() == alone
    assert compare(pictures, [pair[::-1] for pair in pairs]).tolist() == together.tolist()


def test_one_pair_at_a_time() -> None:
    """Pairs that differ at the first, the second or the last sight are no error if nothing else is compared."""
    pictures = [draw_flower(kind, seed, 160) for kind in KINDS[:3] for seed in range(6)]
    for pair in itertools.combinations(range(len(pictures)), 2):
        (evidence,) = compare([pictures[index] for index in pair], [(0, 1)])
        assert evidence < 0.5 * LEAST_EVIDENCE
