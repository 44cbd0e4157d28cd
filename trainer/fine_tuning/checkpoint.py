"""Files of fine-tuning: weights with batch norm folded in, and checkpoints from which a killed run continues."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import ConfigurationError, DataError
from edge.files import write_whole
from trainer.backbones.tuned_weights import DETAILS, LAYER_PARTS, Floats, Layers, read_arrays
from trainer.fine_tuning.schedule import Loss

_LISTS = ("variables", "best", "optimizer")


class Epoch(NamedTuple):
    """How an epoch ended: cross entropy (nats) and accuracy (0..1).

    The validation cross entropy is taken with the temperature that fits best; ``validation_error`` is its standard
    error. Those of training are of the augmented copies of the epoch; None before the first epoch.
    """

    validation_cross_entropy: float
    validation_accuracy: float
    validation_error: float
    training_cross_entropy: float | None = None
    training_accuracy: float | None = None

    @property
    def loss(self) -> Loss:
        """What chooses the epoch."""
        return Loss(self.validation_cross_entropy, self.validation_error)


class Checkpoint(NamedTuple):
    """The state after an epoch: ``variables`` now, ``best`` so far, those of the ``optimizer``, and all epochs."""

    variables: list[Floats]
    best: list[Floats]
    optimizer: list[npt.NDArray[Any]]
    epochs: list[Epoch]


def write_tuned(path: Path, layers: Layers, epochs: Sequence[Epoch]) -> None:
    """Write tuned weights, with the epochs that led to them; the same arguments give the same bytes.

    Raises :class:`~edge.errors.StorageError` if ``path`` cannot be written.
    """
    arrays = {
        f"{name}/{part}": array for name, pair in layers.items() for part, array in zip(LAYER_PARTS, pair, strict=True)
    }
    _write(path, arrays, {"epochs": epochs})


def read_epochs(path: Path) -> list[Epoch]:
    """The epochs that led to the tuned weights in ``path``.

    Raises :class:`~edge.errors.DataError` if it is not a file of :func:`write_tuned`.
    """
    _, details = read_arrays(path)
    return [Epoch(*epoch) for epoch in details["epochs"]]


def write_checkpoint(path: Path, checkpoint: Checkpoint, identity: dict[str, Any]) -> None:
    """Write ``checkpoint`` of the fine-tuning with this ``identity``.

    Raises :class:`~edge.errors.StorageError` if ``path`` cannot be written.
    """
    arrays = {f"{name}/{index}": array for name in _LISTS for index, array in enumerate(getattr(checkpoint, name))}
    _write(path, arrays, {"epochs": checkpoint.epochs, "of": identity})


def read_checkpoint(path: Path, identity: dict[str, Any]) -> Checkpoint | None:
    """The checkpoint in ``path``, None if there is no file.

    Raises :class:`~edge.errors.ConfigurationError` if it is damaged, or of a fine-tuning with another
    ``identity``.
    """
    if not path.exists():
        return None
    try:
        arrays, details = read_arrays(path)
        epochs, of = [Epoch(*epoch) for epoch in details["epochs"]], details["of"]
    except (DataError, KeyError, TypeError):
        raise ConfigurationError(f"{path}: a damaged checkpoint; delete it to fine-tune from the beginning") from None
    other = [name for name, value in identity.items() if of.get(name) != value]
    if other:
        raise ConfigurationError(
            f"{path}: a checkpoint of another fine-tuning (other {', '.join(other)}); "
            "delete it to fine-tune from the beginning"
        )
    lists = {name: [arrays[key] for key in _numbered(arrays, name)] for name in _LISTS}
    return Checkpoint(epochs=epochs, **lists)


def _numbered(arrays: dict[str, Any], name: str) -> list[str]:
    return [f"{name}/{index}" for index in range(sum(key.startswith(f"{name}/") for key in arrays))]


def _write(path: Path, arrays: dict[str, npt.NDArray[Any]], details: dict[str, Any]) -> None:
    content = io.BytesIO()
    np.savez(content, **arrays, **{DETAILS: np.frombuffer(json.dumps(details).encode(), np.uint8)})
    write_whole(path, content.getvalue())
