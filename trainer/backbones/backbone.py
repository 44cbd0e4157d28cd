"""The backbone artifact: built in a child process, kept under the hash of what it was made from, checked before use."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import ConfigurationError, ModelError
from edge.files import write_whole
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import examine
from edge.preprocess import PREPROCESSING_VERSION, Pixels, preprocess
from trainer.backbones.architectures import Architecture
from trainer.backbones.bias_correction import correct_biases
from trainer.backbones.tensorflow_child import run_tensorflow
from trainer.backbones.weights import Weights, find_weights
from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.photos.photo_hashes import PhotoHashes

RECIPE_VERSION = 1
"""Goes up with any change of the conversion that alters the artifact's outputs."""

_FLOWERS_PER_KIND = 5


class FineTuned(NamedTuple):
    """How the weights of a backbone were fine-tuned before it was cut out of a model file.

    ``epochs``, ``from_block`` and ``best_epoch`` are those of the file's provenance. ``photos`` are those that trained
    it or chose its settings; None if the file does not say.
    """

    epochs: int
    from_block: int | None
    best_epoch: int | None
    photos: PhotoHashes | None


class Backbone(NamedTuple):
    """MobileNet without its classifier, as a ``.tflite`` that turns a picture into its bottleneck.

    ``tuned`` is known of a backbone that was cut out of a model file, see :mod:`trainer.backbones.cut_head`.
    """

    architecture: Architecture
    quantization: str
    weights: Weights
    model: ModelFile
    tuned: FineTuned | None = None

    @property
    def bottleneck_size(self) -> int:
        """How many values a bottleneck has: 1024 times the width multiplier."""
        return self.model.output.shape[-1]


def load_backbones(
    bottleneck_dir: Path, architecture: Architecture, choice: str | None, quantizations: Sequence[str]
) -> list[Backbone]:
    """The artifacts of ``architecture`` in each of ``quantizations``; those not in ``bottleneck_dir`` are built first.

    ``choice`` is the value of ``--weights``. TensorFlow runs in a child process, and only if something is missing.

    Raises :class:`~edge.errors.ConfigurationError` if there are no weights or no TensorFlow, and
    :class:`~edge.errors.StorageError` if ``bottleneck_dir`` cannot be written.
    """

    def settled(weights: Weights) -> bool:
        return all(_cached(bottleneck_dir, architecture, weights, quantization) for quantization in quantizations)

    return load_backbones_from(
        bottleneck_dir, architecture, find_weights(architecture, choice, settled, _download), quantizations
    )


def load_backbones_from(
    bottleneck_dir: Path, architecture: Architecture, weights: Weights, quantizations: Sequence[str]
) -> list[Backbone]:
    """The artifacts with ``weights`` in each of ``quantizations``; those not in ``bottleneck_dir`` are built first.

    Raises the errors of :func:`load_backbones`.
    """
    missing = [
        quantization
        for quantization in quantizations
        if _cached(bottleneck_dir, architecture, weights, quantization) is None
    ]
    if missing:
        _build(bottleneck_dir, architecture, weights, missing)
    backbones = []
    for quantization in quantizations:
        content = _cached(bottleneck_dir, architecture, weights, quantization)
        if content is None:
            raise ConfigurationError(
                f"{bottleneck_dir}: the backbone just built there is gone; does another program delete files there?"
            )
        backbones.append(Backbone(architecture, quantization, weights, as_model(content)))
    return backbones


def as_model(content: bytes) -> ModelFile:
    """A backbone's flatbuffer as a model file without labels, for the interpreter."""
    structure = examine(content)
    return ModelFile(
        content=content,
        labels=(),
        manifest=None,
        input=structure.input,
        output=structure.output,
    )


def _key(architecture: Architecture, weights: Weights, quantization: str) -> str:
    recipe = [RECIPE_VERSION, PREPROCESSING_VERSION, architecture.name, weights.sha256, quantization]
    return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:16]


def _cached(bottleneck_dir: Path, architecture: Architecture, weights: Weights, quantization: str) -> bytes | None:
    """The artifact's bytes, None if it is missing; so is a file whose content does not match the hash in its name."""
    prefix = f"{architecture.name}-{quantization}-{_key(architecture, weights, quantization)}-"
    for path in sorted((bottleneck_dir / "backbones").glob(f"{prefix}*.tflite")):
        content = path.read_bytes()
        if path.stem == prefix + hashlib.sha256(content).hexdigest()[:16]:
            return content
    return None


def _build(bottleneck_dir: Path, architecture: Architecture, weights: Weights, quantizations: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [architecture.name]
        if weights.path:
            command += ["--weights", str(weights.path)]
        # An int8 artifact is corrected towards its float twin.
        built = dict.fromkeys([*quantizations, *(["float32"] if "int8" in quantizations else [])])
        for quantization in built:
            command += ["--artifact", quantization, str(Path(folder) / quantization)]
        _run_tensorflow(command)
        artifacts = {quantization: (Path(folder) / quantization).read_bytes() for quantization in built}
        for quantization in quantizations:
            content = artifacts[quantization]
            try:
                if quantization == "int8":
                    content = correct_biases(content, artifacts["float32"], _calibration(architecture))
                examine(content)
            except ModelError as error:
                raise ConfigurationError(
                    f"TensorFlow's converter wrote a backbone that is not a valid model: {error}"
                ) from None
            digest = hashlib.sha256(content).hexdigest()[:16]
            name = f"{architecture.name}-{quantization}-{_key(architecture, weights, quantization)}-{digest}.tflite"
            write_whole(bottleneck_dir / "backbones" / name, content)


def _calibration(architecture: Architecture) -> list[Pixels]:
    """Drawn flowers for the bias correction: the artifact depends on no user's photos; see docs/adr/0002."""
    size = (architecture.input_size, architecture.input_size)
    return [preprocess(draw_flower(kind, seed), size) for kind in KINDS for seed in range(_FLOWERS_PER_KIND)]


def _download(architecture: Architecture) -> None:
    _run_tensorflow([architecture.name, "--download"])


def _run_tensorflow(arguments: list[str]) -> None:
    run_tensorflow("building a backbone", "trainer.backbones.convert", arguments)
