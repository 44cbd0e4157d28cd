"""What the measurement of strangers rests on: the area under the curve, and drawings that stay the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy.augment import summary
from benchmarks.accuracy.drawn_strangers import PICTURES, draw_strangers
from trainer.evaluation.auroc import auroc

FEW = st.lists(st.integers(0, 5), min_size=1, max_size=8)


@given(FEW, FEW)
def test_auroc_is_the_share_of_pairs_in_the_right_order(known: list[int], strange: list[int]) -> None:
    """Each pair of a known and a strange picture counts 1 if the known one is more familiar, half if both are equal."""
    pairs = [(k > s) + (k == s) / 2 for k in known for s in strange]
    assert auroc(np.array(known, float), np.array(strange, float)) == pytest.approx(sum(pairs) / len(pairs))


def test_strangers_are_the_same_every_time() -> None:
    """Sixty of each kind, of the model's size, drawn alike twice."""
    first, second = draw_strangers(32), draw_strangers(32)
    assert list(first) == ["noise", "plain", "clouds", "chequers", "drawn flowers"]
    for kind, pictures in first.items():
        assert len(pictures) == PICTURES
        assert {picture.shape for picture in pictures} == {(32, 32, 3)}
        assert all((one == other).all() for one, other in zip(pictures, second[kind], strict=True))
    assert all((picture == picture[0, 0]).all() for picture in first["plain"])


def test_summary() -> None:
    """A line for each architecture and quantization has means and deviations over its splits, in per cent."""
    facts = {"architecture": "a", "quantization": "int8"}
    rows = [{**facts, "photos_alone": value, "augmented": value + 0.01} for value in (0.8, 0.9)]
    assert summary(rows) == ["a int8: photos_alone 85.0 ± 7.1, augmented 86.0 ± 7.1, gain 1.0 ± 0.0"]
