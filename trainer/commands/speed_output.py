"""What ``trainer retrain`` says about the speed of its files on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.bench.ranking import ranking_text
from edge.inference.interpreter import choose_runtime, installed_runtimes
from edge.inference.slow_kernels import slow_kernels, slow_kernels_fix
from edge.modelfile.model_file import ModelFile
from trainer.evaluation.speed import THREADS, Speed, time_models
from trainer.progress import Progress
from trainer.retraining.retrained import Retrained


def report_slow(quantizations: Sequence[str], progress: Progress, *, changeable: bool = True) -> None:
    """Say in a message if the only one of ``quantizations`` is known to be slow with the interpreter in use here.

    Several are timed instead, by :func:`time_retrained`. A given backbone's quantization is not ``changeable``.
    """
    slow = slow_kernels(quantizations[0], choose_runtime()) if len(quantizations) == 1 else None
    if slow is not None:
        other = ", or --quantization float32" if changeable else ""
        progress.message(f"{slow}; {slow_kernels_fix(installed_runtimes())}{other}")


def time_retrained(models: Sequence[Retrained], progress: Progress) -> Speed | None:
    """How fast the files of ``models`` are here, by quantization; None if there is one, which has none to compare."""
    if len(models) < 2:
        return None
    return time_models({model.backbone.quantization: ModelFile.load(model.path) for model in models}, progress)


def speed_json(speed: Speed | None) -> dict[str, Any] | None:
    """The object ``speed`` that ``trainer retrain --json`` prints."""
    return speed and {"runtime": speed.runtime, "threads": THREADS, **speed.comparison.as_json()}


def speed_line(speed: Speed, models: Sequence[Retrained]) -> str:
    """One sentence: which file of ``models`` to take on this machine, and that another one may differ."""
    paths = {model.backbone.quantization: model.path.name for model in models}
    ranking = speed.comparison.ranking
    words = ranking_text(
        [paths[name] for name in ranking.fastest], {name: (factor, factor) for name, factor in ranking.slower.items()}
    )
    return f"on this machine ({speed.runtime}, {THREADS} thread), {words}; a device may differ: run edge bench there"
