"""The convolutions of MobileNet v1 with their batch norms folded in, read from any file of weights as data.

In inference mode a batch norm is a factor and a shift for each channel: the factor goes into the kernel, the shift is
the bias.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import ConfigurationError, DataError
from trainer.backbones.architectures import Architecture
from trainer.backbones.frozen_graph import Arrays, read_graph_weights
from trainer.backbones.mobilenet_v1 import BATCH_NORM_EPSILON, Convolution, convolutions
from trainer.backbones.tuned_weights import DAMAGED, Layers, read_tuned

_LARGEST = 1024 * 1024  # values of an array of MobileNet


def layers_of(architecture: Architecture, weights: Path | None) -> Layers:
    """The layers in the file ``weights``, see :func:`read_layers`; None: random ones.

    Raises :class:`~edge.errors.ConfigurationError` as :func:`read_layers` does.
    """
    return random_layers(architecture) if weights is None else read_layers(weights, architecture)


def read_layers(path: Path, architecture: Architecture) -> Layers:
    """The layers of ``architecture`` in ``path``: weights of Keras, a frozen graph (``.pb``) or fine-tuned (``.npz``).

    Raises :class:`~edge.errors.ConfigurationError` if the file is damaged, or has other weights.
    """
    try:
        if path.suffix == ".npz":
            layers = read_tuned(path)
        else:
            read = read_graph_weights if path.suffix == ".pb" else _read_keras
            layers = fold(read(path), architecture)
        check_layers(layers, architecture)
    except (DataError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigurationError(f"{path}: not the weights of {architecture.name} ({reason})") from None
    return layers


def random_layers(architecture: Architecture) -> Layers:
    """Layers that were never trained, always the same ones: for measuring size and latency.

    Kernels have He's deviation, sqrt(2 / inputs), so that activations neither vanish nor saturate.
    """
    random = np.random.default_rng(0)
    layers = {}
    for layer in convolutions(architecture):
        inputs = int(np.prod(layer.kernel[:2])) * (1 if layer.depthwise else layer.kernel[2])
        kernel = random.normal(0, np.sqrt(2 / inputs), layer.kernel)
        layers[layer.name] = kernel.astype(np.float32), random.normal(0, 0.5, layer.channels).astype(np.float32)
    return layers


def fold(weights: dict[str, Arrays], architecture: Architecture) -> Layers:
    """The layers of ``weights``: kernels by layer, and gamma, beta, mean and variance by layer with ``_bn``.

    Raises :class:`ValueError` if a layer is missing or has another shape.
    """
    layers = {}
    for layer in convolutions(architecture):
        for name in (layer.name, f"{layer.name}_bn"):
            if name not in weights:
                raise ValueError(f"it has no layer {name}")
        (kernel,) = weights[layer.name]
        if kernel.shape != layer.kernel:
            raise ValueError(f"{layer.name} has the shape {kernel.shape} instead of {layer.kernel}: another width")
        gamma, beta, mean, variance = norms = weights[f"{layer.name}_bn"]
        if any(values.shape != (layer.channels,) for values in norms):
            raise ValueError(f"{layer.name}_bn has other shapes than its convolution")
        # Rounded to float32 where TensorFlow's converter rounds: most constants are the same bits then.
        with np.errstate(all="ignore"):  # what becomes no number is refused by check_layers
            deviation = np.sqrt((variance + np.float32(BATCH_NORM_EPSILON)).astype(np.float64))
            factor = (1 / deviation).astype(np.float32) * gamma
            kernel = kernel * (factor[:, np.newaxis] if layer.depthwise else factor)
            layers[layer.name] = kernel, beta - mean * factor
    return layers


def check_layers(layers: Layers, architecture: Architecture) -> None:
    """Raise :class:`ValueError` if ``layers`` are not those of ``architecture``, or have values that are no numbers."""
    wanted = convolutions(architecture)
    if list(layers) != [layer.name for layer in wanted]:
        raise ValueError("it has other layers")
    for layer in wanted:
        kernel, bias = layers[layer.name]
        if kernel.shape != layer.kernel or bias.shape != (layer.channels,):
            raise ValueError(f"{layer.name} has the shape {kernel.shape} instead of {layer.kernel}: another width")
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise ValueError(f"{layer.name} has values that are no finite numbers")


def _read_keras(path: Path) -> dict[str, Arrays]:
    """The weights of each layer in a file of Keras 1 to 3: ``.h5``, ``.weights.h5`` or ``.keras``.

    Raises :class:`~edge.errors.DataError` if it is none.
    """
    import h5py

    try:
        content: Any = path
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                content = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(content) as file:
            return _by_class(file["layers"]) if "layers" in file else _by_name(file)
    except DataError:
        raise
    except (OSError, *DAMAGED) as error:  # h5py checks little: a changed byte can raise any of these
        reason = "it is cut short; delete it" if "truncated" in str(error) else str(error) or type(error).__name__
        raise DataError(f"no file of Keras' weights: {reason}") from None


def _by_name(file: Any) -> dict[str, Arrays]:
    """Keras' old form: a group for each layer, with the names of its arrays in their order."""
    groups = file.get("model_weights", file)
    names = [name for layer in _order() for name in (layer.name, f"{layer.name}_bn") if name in groups]
    return {name: [_array(groups[name][key]) for key in groups[name].attrs["weight_names"]] for name in names}


def _by_class(groups: Any) -> dict[str, Arrays]:
    """Keras 3's own form: layers are counted for each class; here, in the order of the network."""

    def arrays(kind: str, number: int) -> Arrays:
        group = groups[f"{kind}_{number}" if number else kind]["vars"]
        return [_array(group[key]) for key in sorted(group, key=int)]

    weights: dict[str, Arrays] = {}
    counts = {"conv2d": 0, "depthwise_conv2d": 0}
    for place, layer in enumerate(_order()):
        kind = "depthwise_conv2d" if layer.depthwise else "conv2d"
        weights[layer.name] = arrays(kind, counts[kind])
        weights[f"{layer.name}_bn"] = arrays("batch_normalization", place)
        counts[kind] += 1
    return weights


def _array(dataset: Any) -> npt.NDArray[np.float32]:
    """The floats of ``dataset``; what a file claims is checked before it takes memory."""
    if dataset.dtype.kind != "f" or dataset.size > _LARGEST:
        raise DataError(f"{dataset.name} is no array of floats that MobileNet has")
    return np.asarray(dataset, np.float32)


def _order() -> list[Convolution]:
    """The convolutions in their order, of the largest width."""
    return convolutions(Architecture(1.0, 224))
