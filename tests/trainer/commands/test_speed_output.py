"""What ``trainer retrain`` says about the speed of its files."""

from __future__ import annotations

import dataclasses

import pytest

from edge.bench.ranking import compare
from edge.inference import slow_kernels
from support.messages import Messages
from trainer.commands.speed_output import report_slow, speed_json, speed_line, time_retrained
from trainer.evaluation.speed import Speed
from trainer.progress import SILENT
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

MEASURED = Speed("litert", compare({"int8": [1.0, 1.0, 1.01], "float32": [2.8, 2.8, 2.81]}))


def test_a_kind_that_is_slow_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """One quantization without fast kernels is named before the work, with what ends it; of several none is."""
    monkeypatch.setattr(slow_kernels.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr("trainer.commands.speed_output.choose_runtime", lambda: "tflite-runtime")
    monkeypatch.setattr("trainer.commands.speed_output.installed_runtimes", lambda: ["litert", "tflite-runtime"])
    progress = Messages()
    report_slow(["int8"], progress)
    assert progress.lines == [
        "tflite-runtime has no fast 8-bit kernels for x86-64: it computes int8 several times slower than float32; "
        "EDGE_RUNTIME=litert, or --quantization float32"
    ]
    for quantizations in (["float32"], ["int8", "float32"]):
        report_slow(quantizations, progress)
    monkeypatch.setattr(slow_kernels.platform, "machine", lambda: "aarch64")
    report_slow(["int8"], progress)
    assert len(progress.lines) == 1


def test_the_file_to_take(options: RetrainOptions) -> None:
    """The sentence names the file, the factor, and where to measure for a device."""
    models = retrain_all(dataclasses.replace(options, quantizations=("int8", "float32")), SILENT)
    assert speed_line(MEASURED, models) == (
        "on this machine (litert, 1 thread), take tiny-int8.tflite: 2.8 times as fast as float32; a device may differ: "
        "run edge bench there"
    )
    same = Speed("litert", compare({"int8": [1.0, 1.2, 0.9], "float32": [1.0, 1.1, 1.0]}))
    assert "tiny-int8.tflite and tiny-float32.tflite are about the same within the noise; " in speed_line(same, models)


def test_times_do_not_reach_the_files(options: RetrainOptions) -> None:
    """The files are timed after they are written: their bytes are those before, and one file is not timed."""
    models = retrain_all(dataclasses.replace(options, quantizations=("int8", "float32")), SILENT)
    before = [model.path.read_bytes() for model in models]
    found = time_retrained(models, SILENT)
    assert found is not None and set(found.comparison.median_ms) == {"int8", "float32"}
    assert [model.path.read_bytes() for model in models] == before
    assert time_retrained(models[:1], SILENT) is None


def test_numbers_for_scripts() -> None:
    """``--json`` has the medians in milliseconds and the factors; null for one file."""
    assert speed_json(MEASURED) == {
        "runtime": "litert",
        "threads": 1,
        "median_ms": {"int8": 1.0, "float32": 2.8},
        "fastest": ["int8"],
        "times_as_long": {"float32": 2.8},
    }
    assert speed_json(None) is None
