"""The backbone artifact: built in a child process, kept under the hash of what it was made from, checked before use."""

from __future__ import annotations

import functools
import hashlib
import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import ConfigurationError, ModelError
from edge.files import write_output
from edge.inference.interpreter import ImageInterpreter
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import DEFAULT, IN_FILE, Normalization
from edge.modelfile.structure import examine
from edge.preprocess import PREPROCESSING_VERSION, Pixels, preprocess
from edge.system.drives import ask_drive
from trainer.backbones.activation_ranges import activation_ranges
from trainer.backbones.apart import read_layers_apart
from trainer.backbones.architectures import CONVERTERS, Architecture, Network
from trainer.backbones.bias_correction import correct_biases
from trainer.backbones.foreign.network import ForeignNetwork
from trainer.backbones.network_file import write_network
from trainer.backbones.networks import network_graph
from trainer.backbones.read_layers import layers_of
from trainer.backbones.tensorflow_child import run_tensorflow
from trainer.backbones.tuned_weights import Layers
from trainer.backbones.usable import check_usable
from trainer.backbones.weights import IMAGENET, Weights, download, find_weights
from trainer.cache_folder import make_cache_folder
from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.photos.photo_hashes import PhotoHashes

RECIPE_VERSION = 2
"""Goes up with any change of the conversion that alters the artifact's outputs."""

Artifacts = dict[str, bytes]
"""Flatbuffers by their quantization."""

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
    """A network without its classifier, as a ``.tflite`` that turns a picture into its bottleneck.

    ``tuned`` is known of a backbone that was cut out of a model file, see :mod:`trainer.backbones.cut_head`.
    """

    architecture: Network
    quantization: str
    weights: Weights
    model: ModelFile
    tuned: FineTuned | None = None

    @property
    def bottleneck_size(self) -> int:
        """How many values a bottleneck has."""
        return self.model.output.shape[-1]

    @property
    def foreign(self) -> str | None:
        """How the file of another project was read whose network this is; None if it is one of ours."""
        return self.architecture.reading if isinstance(self.architecture, ForeignNetwork) else None

    def features(self, pictures: Iterable[Pixels], runtime: str | None = None) -> npt.NDArray[np.float32]:
        """The bottlenecks of ``pictures``, uint8 in the network's input size, on ``runtime``: (pictures, values).

        Raises what :class:`~edge.inference.interpreter.ImageInterpreter` raises.
        """
        interpreter = ImageInterpreter(self.model, runtime=runtime)
        return np.stack([interpreter.scores(picture) for picture in pictures])


def load_backbones(
    bottleneck_dir: Path,
    architecture: Architecture,
    choice: str | None,
    quantizations: Sequence[str],
    converter: str = CONVERTERS[0],
) -> list[Backbone]:
    """The artifacts of ``architecture`` in each of ``quantizations``; those not in ``bottleneck_dir`` are built first.

    ``choice`` is the value of ``--weights``, ``converter`` one of :data:`CONVERTERS`.

    Raises :class:`~edge.errors.ConfigurationError` if there are no weights, if they are damaged or of another network,
    if there is no TensorFlow for its converter, or if that does not have the network, and
    :class:`~edge.errors.StorageError` if ``bottleneck_dir`` cannot be written.
    """

    def settled(weights: Weights) -> bool:
        return all(_cached(bottleneck_dir, architecture, weights, name, converter) for name in quantizations)

    make_cache_folder(bottleneck_dir)
    weights = find_weights(architecture, choice, settled, download)
    return load_backbones_from(bottleneck_dir, architecture, weights, quantizations, converter)


def load_backbones_from(
    bottleneck_dir: Path,
    architecture: Architecture,
    weights: Weights,
    quantizations: Sequence[str],
    converter: str = CONVERTERS[0],
) -> list[Backbone]:
    """The artifacts with ``weights`` in each of ``quantizations``; those not in ``bottleneck_dir`` are built first.

    Raises the errors of :func:`load_backbones`.
    """
    missing = [
        quantization
        for quantization in quantizations
        if _cached(bottleneck_dir, architecture, weights, quantization, converter) is None
    ]
    if missing:
        _build(bottleneck_dir, architecture, weights, missing, converter)
    backbones = []
    for quantization in quantizations:
        content = _cached(bottleneck_dir, architecture, weights, quantization, converter)
        if content is None:
            raise ConfigurationError(
                f"{bottleneck_dir}: the backbone just built there is gone; does another program delete files there?"
            )
        model = as_model(content, _normalization(architecture))
        backbones.append(Backbone(architecture, quantization, weights, model))
    return backbones


def backbone_of_layers(architecture: Architecture, layers: Layers, quantization: str, weights: Weights) -> Backbone:
    """The backbone with ``layers``, written directly and kept nowhere; ``weights`` says where they come from.

    Raises what :func:`~trainer.backbones.bias_correction.correct_biases` raises.
    """
    artifacts = _write(architecture, layers, _with_twin([quantization]))
    content = _corrected(artifacts, quantization, architecture)
    return Backbone(architecture, quantization, weights, as_model(content, _normalization(architecture)))


def as_model(content: bytes, normalization: Normalization = DEFAULT) -> ModelFile:
    """A backbone's flatbuffer as a model file without labels, for the interpreter.

    ``normalization`` says what a pixel is for a network that takes floats.
    """
    structure = examine(content)
    return ModelFile(
        content=content,
        labels=(),
        manifest=None,
        input=structure.input,
        output=structure.output,
        normalization=normalization,
    )


def _normalization(architecture: Architecture) -> Normalization:
    graph = network_graph(architecture)
    return Normalization(graph.mean, graph.std, IN_FILE)


def artifact_prefix(architecture: Architecture, weights: Weights, quantization: str, converter: str) -> str:
    """How the name of an artifact's file begins; behind it stand 16 hexadecimal digits of its hash."""
    recipe = [RECIPE_VERSION, PREPROCESSING_VERSION, architecture.name, weights.sha256, quantization, converter]
    key = hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:16]
    return f"{architecture.name}-{quantization}-{key}-"


def _cached(
    bottleneck_dir: Path, architecture: Architecture, weights: Weights, quantization: str, converter: str
) -> bytes | None:
    """The artifact's bytes, None if it is missing; so is a file whose content does not match the hash in its name."""
    prefix = artifact_prefix(architecture, weights, quantization, converter)
    folder = bottleneck_dir / "backbones"
    for path in ask_drive(folder, lambda: sorted(folder.glob(f"{prefix}*.tflite"))):
        content = ask_drive(path, path.read_bytes)
        if path.stem == prefix + hashlib.sha256(content).hexdigest()[:16]:
            return content
    return None


def _build(
    bottleneck_dir: Path, architecture: Architecture, weights: Weights, quantizations: Sequence[str], converter: str
) -> None:
    wanted = _with_twin(quantizations)
    layers = _layers(architecture, weights)  # for TensorFlow too, whose process has no limit of time
    artifacts = (
        _write(architecture, layers, wanted) if converter == CONVERTERS[0] else _convert(architecture, weights, wanted)
    )
    for quantization in quantizations:
        try:
            content = _corrected(artifacts, quantization, architecture)
            check_usable(as_model(content, _normalization(architecture)))
        except ModelError as error:
            place = weights.path or weights.origin
            raise ConfigurationError(f"{place}: no weights that {architecture.name} can use: {error}") from None
        digest = hashlib.sha256(content).hexdigest()[:16]
        name = f"{artifact_prefix(architecture, weights, quantization, converter)}{digest}.tflite"
        write_output(bottleneck_dir / "backbones" / name, content)


def _layers(architecture: Architecture, weights: Weights) -> Layers:
    """The layers of ``weights``. A file that the user names may be anything, and is tried apart."""
    if weights.path is None or weights.origin == IMAGENET:
        return layers_of(architecture, weights.path)
    return read_layers_apart(weights.path, architecture)


def _with_twin(quantizations: Sequence[str]) -> list[str]:
    """``quantizations``, and float32 if int8 is one of them: it is corrected towards its float twin."""
    return list(dict.fromkeys([*quantizations, *(["float32"] if "int8" in quantizations else [])]))


def _corrected(artifacts: Artifacts, quantization: str, architecture: Architecture) -> bytes:
    content = artifacts[quantization]
    if quantization != "int8":
        return content
    graph, pictures = network_graph(architecture), _calibration_pictures(architecture)
    return correct_biases(content, artifacts["float32"], pictures, graph.mean, graph.std)


def _write(architecture: Architecture, layers: Layers, quantizations: Sequence[str]) -> Artifacts:
    artifacts = {name: write_network(architecture, layers, name) for name in quantizations if name != "int8"}
    if "int8" in quantizations:
        graph = network_graph(architecture)
        ranges = activation_ranges(artifacts["float32"], _calibration_pictures(architecture), graph.mean, graph.std)
        artifacts["int8"] = write_network(architecture, layers, "int8", ranges)
    return artifacts


@functools.lru_cache(maxsize=1)  # ranges and biases are measured on the same pictures
def _calibration_pictures(architecture: Architecture) -> list[Pixels]:
    """Drawn flowers: the artifact depends on no user's photos; see docs/adr/0002."""
    return drawn_pictures(architecture, range(_FLOWERS_PER_KIND))


def _convert(architecture: Architecture, weights: Weights, quantizations: Sequence[str]) -> Artifacts:
    with tempfile.TemporaryDirectory() as folder:
        arguments = [architecture.name]
        if weights.path:
            arguments += ["--weights", str(weights.path)]
        for quantization in quantizations:
            arguments += ["--artifact", quantization, str(Path(folder) / quantization)]
        run_tensorflow("--converter tensorflow", "trainer.backbones.convert", arguments)
        return {quantization: (Path(folder) / quantization).read_bytes() for quantization in quantizations}


def drawn_pictures(architecture: Network, seeds: Iterable[int]) -> list[Pixels]:
    """A drawn flower of each kind and each of ``seeds``, as the network takes pictures: uint8."""
    size = (architecture.input_size, architecture.input_size)
    return [preprocess(draw_flower(kind, seed), size) for kind in KINDS for seed in seeds]
