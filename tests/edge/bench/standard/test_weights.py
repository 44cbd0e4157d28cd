"""Weights are made from integers: the same on every processor."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest

from edge.bench.standard.weights import halved, halvings, seeded_integers


def test_numbers_are_bytes_of_shake() -> None:
    """They can be made without numpy; -128 is not used."""
    drawn = seeded_integers("a layer", (1, 3, 3, 40))
    stream = hashlib.shake_256(b"edge-for-poets standard 1 a layer").digest(360)
    signed = [byte - 256 if byte > 127 else byte for byte in stream]
    assert drawn.shape == (1, 3, 3, 40)
    assert drawn.ravel().tolist() == [max(-127, number) for number in signed]
    assert seeded_integers("another", (360,)).tolist() != drawn.ravel().tolist()


@pytest.mark.parametrize("inputs", [9, 27, 64, 1024])
def test_weights_have_the_size_that_a_sum_needs(inputs: int) -> None:
    """Their standard deviation is that of He within the factor that whole halvings allow."""
    weights = halved(seeded_integers("size", (10_000,)), halvings(inputs))
    assert 1 / 2 < weights.std() / math.sqrt(2 / inputs) < 2


def test_halving_is_exact() -> None:
    """A float weight is the integer again after as many doublings."""
    numbers = np.arange(-127, 128, dtype=np.int8)
    assert (halved(numbers, 11) * 2.0**11 == numbers).all()
