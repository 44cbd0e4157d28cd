"""The summary of the fine-tuning benchmark, by value."""

from __future__ import annotations

from benchmarks.accuracy.fine_tuning import summarise


def test_summary_pairs_the_runs_of_a_split() -> None:
    """Gain and loss are differences within a split, so that splits that are easier for both do not widen them."""
    rows = [
        {"head_float32": 0.80, "head_int8": 0.80, "tuned_float32": 0.86, "tuned_int8": 0.85},
        {"head_float32": 0.90, "head_int8": 0.90, "tuned_float32": 0.96, "tuned_int8": 0.95},
    ]
    summary = summarise(rows)
    assert summary["head_int8"] == {"mean": 0.85, "deviation": 0.0707}
    assert summary["gain_int8"] == {"mean": 0.05, "deviation": 0.0}
    assert summary["quantisation_loss"] == {"mean": 0.01, "deviation": 0.0}
    assert summarise(rows[:1])["gain_int8"] == {"mean": 0.05, "deviation": 0.0}
