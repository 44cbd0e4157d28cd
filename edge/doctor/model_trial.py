"""Try a model in a process of its own, because on some machines the interpreter crashes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from edge.child_process import ask
from edge.inference.delegate import DelegateChoice, for_child

COMMAND = (sys.executable, "-m", "edge.doctor.model_process")
TIME_LIMIT_S = 60.0
"""Far more than the slowest board needs; a self-test takes about a second on a Raspberry Pi 3."""


class ModelTrial(NamedTuple):
    """What came of a model: one of ``runtime``, ``refused`` and ``crashed`` is not None.

    ``runtime`` is the interpreter that ran it, ``self_test`` whether the model carries a self-test, and
    ``quantization`` what its manifest says, if it has one. ``delegate_parts`` is that of
    :class:`~edge.inference.classifier.Classifier`. ``refused`` is why the model cannot be used, ``crashed``
    how the process ended instead of answering.
    """

    runtime: str | None = None
    self_test: bool = False
    quantization: str | None = None
    delegate_parts: int | None = None
    refused: str | None = None
    crashed: str | None = None


def try_model(
    path: Path,
    labels: str | None,
    runtime: str | None,
    threads: int,
    pixels: Mapping[str, Any] | None = None,
    delegate: DelegateChoice | None = None,
) -> ModelTrial:
    """Load the model at ``path`` in a child process and run its self-test.

    ``labels``, ``runtime``, ``threads`` and ``delegate`` are those of
    :meth:`edge.inference.classifier.Classifier.load`, and so are ``mean``, ``std`` and ``input_range`` in ``pixels``.
    """
    request = {
        "path": str(path.absolute()),
        "labels": labels and os.path.abspath(labels),
        "runtime": runtime,
        "threads": threads,
        "pixels": {name: value for name, value in (pixels or {}).items() if value is not None},
        "delegate": for_child(delegate),
        "time_limit_s": TIME_LIMIT_S,
    }
    answer = ask(COMMAND, request, time_limit_s=TIME_LIMIT_S)
    if "error" in answer:
        return ModelTrial(crashed=answer["error"])
    if "refused" in answer:
        return ModelTrial(refused=answer["refused"].replace(str(path.absolute()), str(path)))
    return ModelTrial(answer["runtime"], answer["self_test"], answer["quantization"], answer["delegate_parts"])
