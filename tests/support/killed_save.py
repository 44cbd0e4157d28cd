"""A session that is killed while it saves its model, at its N-th change of the disk, in a child process for each N.

``python -m support.killed_save TEMPLATE FOLDER STEP`` copies the folder TEMPLATE to FOLDER/N for N = 1, 1 + STEP, ...
and saves there until a save ends before its N-th change. TEMPLATE has the folders photos, cache and store. It forks, so
that no import is repeated. It prints each N.
"""

from __future__ import annotations

import itertools
import shutil
import sys
from functools import partial
from pathlib import Path

from edge.store.layout import Store
from support import tiny
from support.killed_session import run_killed
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.teach.handover import ModelHandover
from trainer.teach.state import ModelState


def save(place: Path) -> ModelState:
    """Save the model of ``place``/photos, and put it into the store ``place``/store; what became of it."""
    options = RetrainOptions(
        folder=place / "photos",
        output=place / "taught.tflite",
        bottleneck_dir=place / "cache",
        architecture=tiny.ARCHITECTURE,
        weights="random",
        ratios=SplitRatios(20, 20),
        final=True,
        unknown=None,
    )
    handover = ModelHandover(
        options, announce=lambda: None, store=Store(place / "store"), status=None, progress=Progress(), window_s=30.0
    )
    handover.save()
    handover.wait()
    return handover.state


def main() -> None:
    """Save again and again, each time killed STEP changes later than before, until one is not killed."""
    template, folder, step = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    for number in itertools.count(1, step):
        place = folder / str(number)
        shutil.copytree(template, place, symlinks=True)
        killed = run_killed(number, partial(save, place))
        print(number, flush=True)
        if not killed:
            break


if __name__ == "__main__":
    main()
