"""Model files timed in turn, with a clock that the test sets."""

from __future__ import annotations

from typing import Any

import pytest

from edge.bench.ranking import Ranking
from edge.modelfile.model_file import ModelFile
from support.paths import DATA
from trainer.evaluation import speed
from trainer.progress import SILENT, Progress, Stage


@pytest.fixture
def models() -> dict[str, ModelFile]:
    """The tiny models by quantization."""
    return {name: ModelFile.load(DATA / f"tiny-{name}.tflite") for name in ("int8", "float32")}


def test_in_turn_and_without_the_first_round(models: dict[str, ModelFile], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every second round runs backwards, the first one only warms up, and the medians are those of the rest."""
    timed: list[Any] = []

    def time_invocations(steps: Any, seconds: float, *, min_runs: int) -> list[int]:
        timed.append(steps)
        slow = 10 if len(timed) <= 2 else 1
        return [slow * (1_000_000 if steps is timed[0] else 3_000_000)] * min_runs

    monkeypatch.setattr(speed, "time_invocations", time_invocations)
    stages: list[Stage] = []
    found = speed.time_models(models, Progress(stages.append))
    first, second = timed[:2]
    assert timed[:6] == [first, second, second, first, first, second]
    assert found.runtime == "litert"
    assert found.comparison.median_ms == {"int8": 1.0, "float32": 3.0}
    assert found.comparison.ranking == Ranking(("int8",), {"float32": 3.0})
    assert stages[-1] == Stage("speed", 6, 6)


def test_a_real_clock(models: dict[str, ModelFile], monkeypatch: pytest.MonkeyPatch) -> None:
    """Real inferences of both models: each has a time and a place."""
    monkeypatch.setattr(speed, "_ROUND_S", 0.001)
    found = speed.time_models(models, SILENT)
    assert set(found.comparison.median_ms) == {"int8", "float32"}
    assert all(value > 0 for value in found.comparison.median_ms.values())
