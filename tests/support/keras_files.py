"""Files of Keras in its old form: a group for each layer, with its arrays under their names."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np


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
