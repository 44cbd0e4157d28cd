"""A small fit on stored photos; as a program, one that stops in the middle and waits to be killed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np

from edge.modelfile.structure import TensorSpec
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.nameless_file import NamelessFile
from trainer.bottlenecks.stored import Stored, StoredFeatures
from trainer.head import blocked_loss, fit_checkpoint
from trainer.head.fit import HeadFit
from trainer.head.fit_stored import StoredTraining, fit_stored

VALUES, CLASSES = 24, 5


def drawn(photos: int, seed: int) -> Labelled:
    """Photos of five classes that overlap."""
    labels = np.arange(photos) % CLASSES
    centres = np.random.default_rng(0).normal(size=(CLASSES, VALUES)) * 0.7
    features = np.random.default_rng(seed).normal(size=(photos, VALUES)) + centres[labels]
    return Labelled(features.astype(np.float32), labels)


def in_file(data: Labelled) -> Stored:
    """``data`` in a file, as it is made of a cache of floats."""
    file = NamelessFile()
    file.write(data.features.astype(np.float32).tobytes(), 0)
    features = StoredFeatures(file, VALUES, TensorSpec("bottleneck", (1, VALUES), np.dtype(np.float32), 0.0, 0))
    return Stored(features, np.arange(len(data.labels)), data.labels)


def fit(folder: Path | None, advance: Callable[[int], None]) -> HeadFit:
    """A fit on 2,000 photos in blocks of 64, whose checkpoint is written into ``folder`` after each step."""
    training, validation = drawn(2000, 1), drawn(300, 2)
    sample = training.where(np.arange(2000) < 200)
    with patch.object(blocked_loss, "BLOCK", 64), patch.object(fit_checkpoint, "EVERY_S", 0.0):
        stored = StoredTraining(in_file(training), None, sample, folder, b"key")
        return fit_stored(stored, validation, CLASSES, 500, lambda labels: None, advance)


def _wait_after(blocks: int) -> Callable[[int], None]:
    left = iter(range(blocks))

    def advance(count: int) -> None:
        if next(left, None) is None:
            print("waiting", flush=True)
            threading.Event().wait()

    return advance


if __name__ == "__main__":
    fit(Path(sys.argv[1]), _wait_after(int(sys.argv[2])))
