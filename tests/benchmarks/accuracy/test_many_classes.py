"""The drawn parts of the benchmark of many classes, and its summary by value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.accuracy.many_classes import SHOTS, draw_parts, summary


def test_parts_are_mosaics_that_vary_a_little(tmp_path: Path) -> None:
    """Photos of one part differ by at most 50 in each colour, those of two parts by more; the bytes stay the same."""
    draw_parts(tmp_path / "one", 3)
    draw_parts(tmp_path / "other", 3)
    files = sorted((tmp_path / "one").glob("*/*.png"))
    assert len(files) == 3 * SHOTS
    for path in files:
        assert path.read_bytes() == (tmp_path / "other" / path.parent.name / path.name).read_bytes()
    pixels = np.stack([np.asarray(Image.open(path), np.int16) for path in files]).reshape(3, SHOTS, 160, 160, 3)
    assert np.abs(pixels[:, 1:] - pixels[:, :1]).max() <= 50
    assert np.abs(pixels[1:] - pixels[:-1]).mean() > 50
    assert len(np.unique(pixels[0, 0].reshape(-1, 3), axis=0)) == 16


def test_summary_has_the_means_over_the_splits() -> None:
    """One line for each number of classes and quantization."""
    rows = [
        {"classes": 9, "seed": seed, "quantization": quantization, "head_in_floats": share, "litert": share - 0.1}
        for quantization, shares in (("int8", (0.8, 0.9)), ("float32", (1.0, 1.0)))
        for seed, share in enumerate(shares)
    ]
    assert summary(rows) == [
        "9 classes, int8: head_in_floats 85.0 %, litert 75.0 %",
        "9 classes, float32: head_in_floats 100.0 %, litert 90.0 %",
    ]
