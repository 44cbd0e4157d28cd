"""The lower bound: the time of decoding and inference of the same photos alone, on all cores."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from edge.inference.interpreter import ImageInterpreter
from edge.modelfile.model_file import ModelFile
from edge.parallel import available_cores, ordered_map
from edge.preprocess import Pixels, preprocess


def decode_s(paths: list[Path], size: tuple[int, int]) -> float:
    """Seconds to decode and resize ``paths`` to (width, height) ``size`` on every core, and nothing else."""
    started = time.perf_counter()
    for _ in ordered_map(lambda: lambda path: preprocess(path, size), paths, available_cores()):
        pass
    return time.perf_counter() - started


def inference_s(model: ModelFile, paths: list[Path], sample: int = 64) -> float:
    """Seconds to run ``model`` once for each of ``paths`` on every core, on ``sample`` pictures decoded before."""
    pictures = [preprocess(path, model.input_size) for path in paths[:sample]]

    def make_worker() -> Callable[[Pixels], object]:
        interpreter = ImageInterpreter(model)
        interpreter.raw_outputs(pictures[0])
        return interpreter.raw_outputs

    batch = [pictures[i % len(pictures)] for i in range(len(paths))]
    started = time.perf_counter()
    for _ in ordered_map(make_worker, batch, available_cores()):
        pass
    return time.perf_counter() - started
