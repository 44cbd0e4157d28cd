"""Files of fine-tuning: weights with batch norm folded in, and checkpoints from which a killed run goes on."""

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
from trainer.backbones.tuned_weights import FACTS, LAYER_PARTS, Floats, Layers, read_arrays
from trainer.fine_tuning.schedule import Loss

_LISTS = ("variables", "best", "optimizer")


class Epoch(NamedTuple):
    """How an epoch ended: cross entropy (nats) and accuracy (0..1).

    The validation cross entropy is taken with the temperature that fits best; ``validation_error`` is its standard
    error. Those of the training photos are of augmented ones, met during the epoch; None before the first.
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

    Raises :class:`~edge.errors.StorageError` where ``path`` cannot be written.
    """
    arrays = {
        f"{name}/{part}": array for name, pair in layers.items() for part, array in zip(LAYER_PARTS, pair, strict=True)
    }
    _write(path, arrays, {"epochs": epochs})


def read_epochs(path: Path) -> list[Epoch]:
    """The epochs that led to the tuned weights in ``path``.

    Raises :class:`~edge.errors.DataError` where it is no file of :func:`write_tuned`.
    """
    _, facts = read_arrays(path)
    return [Epoch(*epoch) for epoch in facts["epochs"]]


def write_checkpoint(path: Path, checkpoint: Checkpoint, facts: dict[str, Any]) -> None:
    """Write ``checkpoint`` of the fine-tuning that ``facts`` identify.

    Raises :class:`~edge.errors.StorageError` where ``path`` cannot be written.
    """
    arrays = {f"{kind}/{index}": array for kind in _LISTS for index, array in enumerate(getattr(checkpoint, kind))}
    _write(path, arrays, {"epochs": checkpoint.epochs, "of": facts})


def read_checkpoint(path: Path, facts: dict[str, Any]) -> Checkpoint | None:
    """The checkpoint in ``path``, None where there is no such file.

    Raises :class:`~edge.errors.ConfigurationError` where it is damaged, or of another fine-tuning than the one
    that ``facts`` identify.
    """
    if not path.exists():
        return None
    try:
        arrays, found = read_arrays(path)
        epochs, of = [Epoch(*epoch) for epoch in found["epochs"]], found["of"]
    except (DataError, KeyError, TypeError):
        raise ConfigurationError(f"{path}: a damaged checkpoint; delete it to fine-tune from the beginning") from None
    other = [name for name, value in facts.items() if of.get(name) != value]
    if other:
        raise ConfigurationError(
            f"{path}: a checkpoint of another fine-tuning (other {', '.join(other)}); "
            "delete it to fine-tune from the beginning"
        )
    lists = {kind: [arrays[name] for name in _numbered(arrays, kind)] for kind in _LISTS}
    return Checkpoint(epochs=epochs, **lists)


def _numbered(arrays: dict[str, Any], kind: str) -> list[str]:
    return [f"{kind}/{index}" for index in range(sum(name.startswith(f"{kind}/") for name in arrays))]


def _write(path: Path, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
    content = io.BytesIO()
    np.savez(content, **arrays, **{FACTS: np.frombuffer(json.dumps(facts).encode(), np.uint8)})
    write_whole(path, content.getvalue())
