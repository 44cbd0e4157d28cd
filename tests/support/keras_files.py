"""Files of Keras in its old form: a group for each layer, with its arrays under their names."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from trainer.backbones.architectures import Architecture
from trainer.backbones.mobilenet_v1 import convolutions


def write_keras(path: Path, layers: dict[str, list[np.ndarray]]) -> Path:
    """A file in Keras' old form."""
    with h5py.File(path, "w") as file:
        for name, arrays in layers.items():
            group = file.create_group(name)
            names = [f"{name}/{number}:0" for number in range(len(arrays))]
            group.attrs["weight_names"] = names
            for key, values in zip(names, arrays, strict=True):
                group[key] = values
    return path


def write_classifier(path: Path, weights: np.ndarray, name: str = "conv_preds") -> Path:
    """A file with the last layer of MobileNet v1, or that called ``name``; ``weights`` are (classes, values)."""
    kernel = weights.T if name != "conv_preds" else weights.T[np.newaxis, np.newaxis]
    return write_keras(path, {name: [kernel, np.zeros(len(weights), np.float32)]})


def plain_weights(architecture: Architecture) -> dict[str, list[np.ndarray]]:
    """Kernels of ones, and batch norms that multiply by 2 and shift by 1 - 2 * 3."""
    found = {}
    for layer in convolutions(architecture):
        ones = np.ones(layer.channels, np.float32)
        found[layer.name] = [np.ones(layer.kernel, np.float32)]
        found[f"{layer.name}_bn"] = [2 * ones, ones, 3 * ones, (1 - np.float32(1e-3)) * ones]
    return found
