"""Altered copies for the measurement of groups: pictures of their own, the same for the same dice."""

from __future__ import annotations

import random

import numpy as np
import pytest

from benchmarks.accuracy.altered_copies import ALTERED
from trainer.photos.drawn_flowers import draw_flower


@pytest.mark.parametrize("name", ALTERED)
def test_a_copy_is_another_picture(name: str) -> None:
    """RGB, not the bytes of the original, and made again from the same seed."""
    count, alter = ALTERED[name]
    original = draw_flower("daisy", 3, 160)
    copies = [alter(original, random.Random(seed)) for seed in (1, 1, 2)]
    assert count > 0
    assert all(copy.mode == "RGB" and copy.tobytes() != original.tobytes() for copy in copies)
    assert np.array_equal(copies[0], copies[1])
