"""The tiny model with a gate, what it knows and what it does not."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO

import numpy as np

from edge.modelfile.manifest import GATE_NAME, LABELS_NAME, MANIFEST_NAME
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from edge.preprocess import Pixels
from support.colours import COLOURS
from support.paths import DATA

GATED = DATA / "tiny-gated.tflite"


def noisy(label: str, seed: int) -> Pixels:
    """A noisy picture in the colour of ``label``, as the tiny models' training photos are."""
    noise = np.random.default_rng(seed).normal(0, 30, (40, 48, 3))
    return (np.array(COLOURS[label]) + noise).clip(0, 255).astype(np.uint8)


def grey(seed: int) -> Pixels:
    """Noise without a colour: like none of the tiny models' classes."""
    return np.random.default_rng(seed).integers(0, 256, (40, 48, 3), dtype=np.uint8)


def repacked(manifest_changes: dict[str, object] | None = None, gate: bytes | None = None) -> ModelFile:
    """The gated model with other facts about its gate, or another gate file."""
    content = GATED.read_bytes()
    packed = unpack_files(content)
    manifest = json.loads(packed.files[MANIFEST_NAME])
    manifest["gate"].update(manifest_changes or {})
    file = BytesIO(content[: packed.flatbuffer_bytes])
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(zipfile.ZipInfo(LABELS_NAME), packed.files[LABELS_NAME])
        archive.writestr(zipfile.ZipInfo(MANIFEST_NAME), json.dumps(manifest))
        archive.writestr(zipfile.ZipInfo(GATE_NAME), packed.files[GATE_NAME] if gate is None else gate)
    return ModelFile.from_bytes(file.getvalue())
