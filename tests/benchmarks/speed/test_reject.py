"""What ``--reject`` costs: figures of a small model, and a model without a gate."""

from __future__ import annotations

import pytest

from benchmarks.speed.reject import compare
from edge.errors import ConfigurationError
from support.gated import GATED
from support.paths import DATA


def test_an_answer_with_a_gate_beside_one_without() -> None:
    """Times of all three, and shares that belong to them."""
    row = compare(GATED, rounds=2, seconds=0.05)
    assert 0 < row["bare_us"] < row["without_us"]
    assert row["of_answer"] == pytest.approx(row["gate_us"] / row["without_us"], rel=0.1, abs=0.01)
    assert row["of_bare"] == pytest.approx(row["gate_us"] / row["bare_us"], rel=0.1, abs=0.01)
    assert (row["model"], row["rounds"]) == (GATED.name, 2)


def test_a_model_without_a_gate() -> None:
    """It is one line."""
    with pytest.raises(ConfigurationError, match="carries no gate"):
        compare(DATA / "tiny-int8.tflite", rounds=1, seconds=0.01)
