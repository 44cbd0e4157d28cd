"""The convolutions of a network with their batch norms folded in, read from any file of weights as data.

In inference mode a batch norm is a factor and a shift for each channel: the factor goes into the kernel, the shift is
the bias.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.errors import ConfigurationError, DataError
from trainer.backbones.architectures import Architecture, architectures
from trainer.backbones.frozen_graph import Arrays, read_graph_weights
from trainer.backbones.keras_file import read_keras_weights
from trainer.backbones.network_graph import LINEAR, Convolution, NetworkGraph
from trainer.backbones.networks import network_graph
from trainer.backbones.torch_weights import read_torch_weights
from trainer.backbones.tuned_weights import Floats, Layers, read_tuned


def layers_of(architecture: Architecture, weights: Path | None) -> Layers:
    """The layers in the file ``weights``, see :func:`read_layers`; None: random ones.

    Raises :class:`~edge.errors.ConfigurationError` as :func:`read_layers` does.
    """
    return random_layers(architecture) if weights is None else read_layers(weights, architecture)


def read_layers(path: Path, architecture: Architecture) -> Layers:
    """The layers of ``architecture`` in the file ``path``.

    It has weights of Keras, of PyTorch (``.pth``), a frozen graph (``.pb``), or fine-tuned weights (``.npz``).

    Raises :class:`~edge.errors.ConfigurationError` if the file is damaged, or has other weights.
    """
    try:
        return _read_layers(path, architecture)
    except (DataError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
    fits = next((other.name for other in _others(architecture) if _can_be(path, other)), None)
    hint = f"; they fit {fits}" if fits else ""
    raise ConfigurationError(f"{path}: not the weights of {architecture.name} ({reason}){hint}")


def _read_layers(path: Path, architecture: Architecture) -> Layers:
    if path.suffix.lower() == ".npz":
        layers = read_tuned(path)
    else:
        layers = fold(_read_weights(path, network_graph(architecture)), architecture)
    check_layers(layers, architecture)
    return layers


def _others(architecture: Architecture) -> list[Architecture]:
    """One network of each family and width, in the size of ``architecture`` if there is one, but not that width."""
    same_size = [other for other in architectures() if other.input_size == architecture.input_size]
    found = {(other.family, other.alpha): other for other in (*architectures(), *same_size)}
    return [other for key, other in found.items() if key != (architecture.family, architecture.alpha)]


def _can_be(path: Path, architecture: Architecture) -> bool:
    try:
        _read_layers(path, architecture)
    except (DataError, ValueError):
        return False
    return True


def _read_weights(path: Path, graph: NetworkGraph) -> dict[str, Arrays]:
    suffix = path.suffix.lower()
    if suffix == ".pb":
        return read_graph_weights(path)
    return read_torch_weights(path, graph) if suffix == ".pth" else read_keras_weights(path, graph)


def random_layers(architecture: Architecture) -> Layers:
    """Layers that were never trained, always the same ones: for measuring size and latency.

    Kernels have He's deviation, sqrt(2 / inputs), and sqrt(1 / inputs) without an activation, so that
    activations neither vanish nor saturate.
    """
    random = np.random.default_rng(0)
    layers = {}
    for layer in network_graph(architecture).convolutions:
        inputs = int(np.prod(layer.kernel[:2])) * (1 if layer.depthwise else layer.kernel[2])
        deviation = np.sqrt((1 if layer.activation == LINEAR else 2) / inputs) * layer.factor
        kernel = random.normal(0, deviation, layer.kernel).astype(np.float32)
        layers[layer.name] = kernel, random.normal(layer.shift, 0.5, layer.channels).astype(np.float32)
    return layers


def fold(weights: dict[str, Arrays], architecture: Architecture) -> Layers:
    """The layers of ``weights``: kernels by layer, and gamma, beta, mean and variance by the name of the batch norm.

    A layer without a batch norm has a kernel and a bias. Raises :class:`ValueError` if a layer is missing or has
    another shape.
    """
    graph, layers = network_graph(architecture), {}
    for layer in graph.convolutions:
        for name in (layer.name, layer.norm):
            if name and name not in weights:
                raise ValueError(f"it has no layer {name}")
        kernel, *biases = weights[layer.name]
        if kernel.shape != layer.kernel:
            raise ValueError(f"{layer.name} has the shape {kernel.shape} instead of {layer.kernel}: another width")
        if layer.norm is None:
            (bias,) = biases
        else:
            kernel, bias = _folded(kernel, weights[layer.norm], layer, graph.epsilon)
        if layer.factor != 1:
            kernel = kernel * np.float32(layer.factor)
        layers[layer.name] = kernel, bias + np.float32(layer.shift) if layer.shift else bias
    return layers


def _folded(kernel: Floats, norms: Arrays, layer: Convolution, epsilon: float) -> tuple[Floats, Floats]:
    if any(values.shape != (layer.channels,) for values in norms):
        raise ValueError(f"{layer.norm} has other shapes than its convolution")
    gamma, beta, mean, variance = norms
    # Rounded to float32 where TensorFlow's converter rounds: most constants are the same bits then.
    with np.errstate(all="ignore"):  # what becomes no number is refused by check_layers
        deviation = np.sqrt((variance + np.float32(epsilon)).astype(np.float64))
        factor = (1 / deviation).astype(np.float32) * gamma
        return kernel * (factor[:, np.newaxis] if layer.depthwise else factor), beta - mean * factor


def check_layers(layers: Layers, architecture: Architecture) -> None:
    """Raise :class:`ValueError` if ``layers`` are not those of ``architecture``, or have values that are no numbers."""
    wanted = network_graph(architecture).convolutions
    if list(layers) != [layer.name for layer in wanted]:
        raise ValueError("it has other layers")
    for layer in wanted:
        kernel, bias = layers[layer.name]
        if kernel.shape != layer.kernel or bias.shape != (layer.channels,):
            raise ValueError(f"{layer.name} has the shape {kernel.shape} instead of {layer.kernel}: another width")
        if not kernel.any():
            raise ValueError(f"{layer.name} has only zeros: was it trained?")
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise ValueError(f"{layer.name} has values that are no finite numbers")
