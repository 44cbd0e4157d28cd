"""What ``edge bench --standard`` does beside measuring: it refuses other settings, and puts the board under load."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from edge.bench.plan import BenchSettings
from edge.bench.progress import Progress
from edge.bench.soak import WINDOW_S, soak, windows_of
from edge.bench.soak_worker import SoakRequest
from edge.bench.standard.points import POINTS, VERSION, model_file, standard_models
from edge.errors import UsageError

SOAK_MODEL = POINTS[0].name
"""What runs under load: the largest int8 file, on all threads."""

MAX_SOAK_MINUTES = 24 * 60.0

_ELSEWHERE = ("threads", "delegate", "photo", "labels", "mean", "std", "input_range")


def check_standard(options: argparse.Namespace) -> None:
    """Raise :class:`~edge.errors.UsageError` for what does not go together with ``--standard``, or needs it."""
    if not options.standard:
        if not options.models:
            raise UsageError("which models? give files or folders, or --standard for a fixed set")
        return
    if options.models:
        raise UsageError("--standard measures a fixed set of files: leave out the models")
    for option in _ELSEWHERE:
        if getattr(options, option):
            name = f"--{option.replace('_', '-')}"
            raise UsageError(f"--standard measures in a fixed way: leave out {name}")
    if not 0 < options.soak_minutes <= MAX_SOAK_MINUTES:
        raise UsageError(f"{options.soak_minutes:g} minutes: give more than 0 and at most {MAX_SOAK_MINUTES:g}")


def standard_part(settings: BenchSettings, minutes: float, photo: bytes) -> dict[str, Any]:
    """The part of a results file that only the standard set has: its version, and ``minutes`` under load.

    ``photo`` is the content of an image file.
    """
    seconds = 60 * minutes
    (model,) = (model for model in standard_models() if model.name == SOAK_MODEL)
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as name, Progress(sys.stderr, windows_of(seconds)) as shown:
        folder = Path(name)
        (folder / "photo").write_bytes(photo)
        with model_file(model, folder) as path:
            request = SoakRequest(
                path=str(path),
                runtime=settings.runtimes[0],
                threads=max(settings.threads),
                seconds=seconds,
                window_s=WINDOW_S,
                photo=str(folder / "photo"),
            )
            found = soak(request, model.name, shown)
    return {"standard": {"version": VERSION, "soak_s": seconds}, "soak": found}
