"""The tiny model with a gate, what it knows and what it does not."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.modelfile.gate_facts import DISTANCE_NAME, GATE_NAME
from edge.modelfile.model_file import ModelFile
from edge.preprocess import Pixels
from support.colours import COLOURS
from support.paths import DATA
from support.surgery import repack

GATED = DATA / "tiny-gated.tflite"


def noisy(label: str, seed: int) -> Pixels:
    """A noisy picture in the colour of ``label``, as the tiny models' training photos are."""
    noise = np.random.default_rng(seed).normal(0, 30, (40, 48, 3))
    return (np.array(COLOURS[label]) + noise).clip(0, 255).astype(np.uint8)


def grey(seed: int) -> Pixels:
    """Noise without a colour: like none of the tiny models' classes."""
    return np.random.default_rng(seed).integers(0, 256, (40, 48, 3), dtype=np.uint8)


def repacked(
    manifest_changes: dict[str, object] | None = None, gate: bytes | None = None, *, distance: bool = True
) -> ModelFile:
    """The gated model with other facts about its gate, another gate file, or without distance, as it once was."""

    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        manifest["gate"].update(manifest_changes or {})
        if gate is not None:
            files[GATE_NAME] = gate
        if not distance:
            del manifest["distance"], files[DISTANCE_NAME]

    return ModelFile.from_bytes(repack(GATED.read_bytes(), change))
