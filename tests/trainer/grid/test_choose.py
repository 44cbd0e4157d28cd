"""The choice of a model by a budget, the reason why another is second, and the error if no model is within it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.errors import DataError, UsageError
from support.bench_files import failed_row, row, whole_grid, write_bench
from trainer.grid.budget import Budget
from trainer.grid.choose import MEASURED, PUBLISHED, Choice, choose, measured_models, published_top1

LARGE, MIDDLE, SMALL = "mobilenet_1.0_224", "mobilenet_0.50_160", "mobilenet_0.25_128"


def measured(architecture: str, accuracy: float, latency_ms: float, **changes: Any) -> dict[str, Any]:
    """A row with an accuracy measured on 10,000 photos, so that a difference of a point is not chance."""
    facts = {"accuracy": accuracy, "accuracy_photos": 10_000, "p50_ms": latency_ms}
    return row(architecture, **{**facts, **changes})


THREE = [measured(LARGE, 0.90, 20.0), measured(MIDDLE, 0.86, 4.0), measured(SMALL, 0.78, 1.0)]


def chosen(rows: list[dict[str, Any]], resolution: float = 0.0, **budget: float) -> Choice:
    """The choice among ``rows`` within the limits of ``budget``."""
    return choose(measured_models(rows), Budget(**budget), resolution=resolution)


def names(choice: Choice) -> tuple[str | None, str | None]:
    """The architectures of the best and the runner-up."""
    best, second = choice.best, choice.runner_up
    return best and best.architecture, second and second.architecture


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ({}, (LARGE, MIDDLE)),
        ({"max_latency_ms": 20.0}, (LARGE, MIDDLE)),
        ({"max_latency_ms": 19.9}, (MIDDLE, SMALL)),
        ({"max_latency_ms": 3.0}, (SMALL, None)),
        ({"max_size_kb": 1340.0}, (MIDDLE, SMALL)),
        ({"max_size_kb": 1339.0}, (SMALL, None)),
        ({"min_accuracy": 0.86}, (LARGE, MIDDLE)),
        ({"min_accuracy": 0.86, "max_latency_ms": 10.0}, (MIDDLE, None)),
    ],
)
def test_most_accurate_model_within_the_budget_wins(budget: dict[str, float], expected: tuple[str, str | None]) -> None:
    """A model exactly at a limit is within it, and the runner-up is within all limits too."""
    choice = chosen(THREE, **budget)
    assert names(choice) == expected
    assert choice.ranked_by == MEASURED
    assert choice.nearest is None


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ({"accuracy": 0.86, "p50_ms": 4.0}, "4.0 points less accurate, but 16 ms faster"),
        ({"accuracy": 0.86, "p50_ms": 25.0}, "4.0 points less accurate"),
        (
            {"accuracy": 0.86, "p50_ms": 25.0, "accuracy_photos": 50},
            "4.0 points less accurate (on 50 test photos this may be chance)",
        ),
        ({"accuracy": 0.90, "p50_ms": 25.0}, "as accurate, but 5 ms slower"),
        (
            {"accuracy": 0.90, "p50_ms": 20.5, "size_bytes": 4_250_000},
            "as accurate and, as far as this measurement shows, as fast, but 10 kB larger",
        ),
        (
            {"accuracy": 0.90, "p50_ms": 20.5},
            "as accurate and, as far as this measurement shows, as fast, but not smaller",
        ),
    ],
)
def test_reason_says_what_the_runner_up_lacks(second: dict[str, Any], why: str) -> None:
    """First accuracy, then latency if the difference is larger than the noise of the board, then size."""
    rows = [measured(LARGE, 0.90, 20.0), row(MIDDLE, **{"accuracy_photos": 10_000, **second})]
    assert chosen(rows, resolution=0.05).why == why


def test_each_model_has_its_fastest_configuration() -> None:
    """The fastest of four configurations of a model counts, or of those with the given runtime or threads."""
    settings = [("litert", 1, 8.0), ("litert", 4, 3.0), ("tflite-runtime", 1, 30.0), ("tflite-runtime", 4, 9.0)]
    rows = [measured(MIDDLE, 0.86, ms, runtime=runtime, threads=threads) for runtime, threads, ms in settings]
    assert [c.latency_ms for c in measured_models(rows)] == [3.0]
    assert [c.latency_ms for c in measured_models(rows, threads=1)] == [8.0]
    assert [c.latency_ms for c in measured_models(rows, runtime="tflite-runtime")] == [9.0]
    with pytest.raises(DataError, match="litert with 1, litert with 4, tflite-runtime with 1"):
        measured_models(rows, threads=2)


def test_rows_with_a_delegate_do_not_count() -> None:
    """What is chosen runs without one: a faster row with a delegate is not this model's."""
    rows = [measured(LARGE, 0.90, 20.0), {**measured(LARGE, 0.90, 2.0), "delegate": "libx.so"}]
    (model,) = measured_models(rows)
    assert model.latency_ms == 20.0


def test_published_top1_ranks_only_if_no_accuracy_was_measured() -> None:
    """With at least one measured accuracy, models are ranked by measurement."""
    assert published_top1(LARGE, "int8") == pytest.approx(0.697)
    assert published_top1(LARGE, "float32") == pytest.approx(0.709)
    assert published_top1(None, "int8") is None
    unmeasured = chosen([row(SMALL), row(LARGE), row(MIDDLE)])
    assert names(unmeasured) == (LARGE, MIDDLE)
    assert (unmeasured.ranked_by, unmeasured.unranked) == (PUBLISHED, 0)
    mixed = chosen([row(LARGE), measured(SMALL, 0.78, 1.0)])
    assert names(mixed) == (SMALL, None)
    assert (mixed.ranked_by, mixed.unranked) == (MEASURED, 1)


def test_models_of_unknown_accuracy_are_no_missed_limit() -> None:
    """Nothing was published of int8 V2: alone they are a line of their own, beside others they are counted."""
    unknown = [row("mobilenet_v2_0.35_96", p50_ms=1.0), row("mobilenet_v2_0.50_224", p50_ms=2.0)]
    with pytest.raises(DataError, match="2 models are within the limits, but nothing is known of their accuracy"):
        chosen(unknown, max_latency_ms=20.0)
    choice = chosen([*unknown, row(SMALL, p50_ms=3.0)], max_latency_ms=20.0)
    assert (names(choice), choice.ranked_by, choice.unranked) == ((SMALL, None), PUBLISHED, 2)


def test_nearest_misses_its_worst_limit_by_the_smallest_factor() -> None:
    """Twice too slow is nearer than 4.24 times too large; a model without a measured accuracy is never nearest."""
    choice = chosen(THREE, max_latency_ms=0.5, max_size_kb=1000.0)
    assert choice.best is None
    assert choice.nearest and choice.nearest.architecture == SMALL
    demanding = chosen([*THREE, row("mobilenet_1.0_192")], min_accuracy=0.95)
    assert demanding.nearest and demanding.nearest.architecture == LARGE


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_latency_ms": 0.0}, "--max-latency-ms 0 is not a positive number"),
        ({"max_size_kb": float("nan")}, "--max-size-kb nan"),
        ({"min_accuracy": 85.0}, "--min-accuracy 85 is not a fraction from 0 to 1, such as 0.85"),
    ],
)
def test_budget_refuses_a_wrong_limit(limits: dict[str, float], message: str) -> None:
    """Zero, no number, and a percentage instead of a fraction are errors that name the option."""
    with pytest.raises(UsageError, match=message):
        Budget(**limits).check()


def test_accuracy_that_was_not_measured_cannot_be_a_limit() -> None:
    """Published accuracies are of another task, and do not count for --min-accuracy."""
    with pytest.raises(DataError, match="give photos to trainer grid build"):
        chosen([row(LARGE)], min_accuracy=0.5)


def test_command_names_best_and_runner_up(trainer, tmp_path: Path) -> None:
    """Two lines on stdout and exit code 0; --json has the same values."""
    bench = write_bench(tmp_path / "bench.json", [*THREE, failed_row()])
    done = trainer("choose", bench, "--max-latency-ms", 10)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "mobilenet_0.50_160-int8.tflite (litert, 1 thread): 4 ms, 1340 kB, 86.0 % of 10000 photos",
        "runner-up: mobilenet_0.25_128-int8.tflite (litert, 1 thread): 1 ms, 470 kB, 78.0 % of 10000 photos: "
        "8.0 points less accurate, but 3 ms faster",
    ]
    facts = json.loads(trainer("choose", bench, "--max-latency-ms", 10, "--json").stdout)
    assert facts["fits"] is True
    assert facts["best"]["architecture"] == MIDDLE
    assert facts["runner_up"]["latency_ms"] == 1.0
    assert facts["ranked_by"] == MEASURED


def test_command_says_that_it_ranked_by_what_was_published(trainer, tmp_path: Path) -> None:
    """Without a measured accuracy, the third line names the published one as the reason for the order."""
    bench = write_bench(tmp_path / "bench.json", whole_grid())
    done = trainer("choose", bench, "--max-latency-ms", 5, "--runtime", "litert", "--threads", 1)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("mobilenet_1.0_128-int8.tflite (litert, 1 thread): 4.8 ms")
    reason = "because no model within the limits has a measured accuracy"
    assert lines[2] == f"ranked by published ImageNet top-1 (64.0 %), {reason}"


def test_command_warns_of_a_noisy_board(trainer, tmp_path: Path) -> None:
    """The last line of the output, and the JSON object, say that the board was too noisy."""
    noise = {"spread": 0.3, "resolution": 0.45, "too_noisy": True}
    bench = write_bench(tmp_path / "bench.json", THREE, noise=noise)
    assert "too noisy" in trainer("choose", bench).stdout.splitlines()[-1]
    assert json.loads(trainer("choose", bench, "--json").stdout)["too_noisy"] is True


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        (
            {},
            ["--max-latency-ms", 0.5],
            "no model is within --max-latency-ms 0.5; the nearest is "
            "mobilenet_0.25_128-int8.tflite (litert, 1 thread): 1 ms, 470 kB, 78.0 % of 10000 photos",
        ),
        ({"schema_version": 2}, [], "results of schema version 2"),
        ({"kind": "something"}, [], "not a results file of edge bench"),
        ({"rows": []}, [], "no model was measured in it"),
        ({}, ["--threads", 64], "nothing was measured with this runtime and number of threads"),
    ],
)
def test_command_ends_in_one_line_and_65(
    trainer, tmp_path: Path, changes: dict[str, Any], arguments: list[object], message: str
) -> None:
    """A budget that no model is within, another schema version, a foreign or empty file: one line, exit code 65."""
    bench = write_bench(tmp_path / "bench.json", **{"rows": THREE, **changes})
    done = trainer("choose", bench, *arguments)
    assert done.returncode == 65
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
