"""Files of fine-tuning: weights with batch norm folded in, and checkpoints from which a killed run goes on."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import ConfigurationError, DataError
from edge.files import write_whole
from trainer.schedule import Loss

_PARTS = ("kernel", "bias")
_LISTS = ("variables", "best", "optimizer")
_FACTS = "facts"  # the name of the array that holds JSON

Floats = npt.NDArray[np.float32]
Layers = dict[str, tuple[Floats, Floats]]
"""Kernel and bias of each convolution by its name in Keras' MobileNet: conv1, conv_dw_1, conv_pw_1 ..."""


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
        f"{name}/{part}": array for name, pair in layers.items() for part, array in zip(_PARTS, pair, strict=True)
    }
    _write(path, arrays, {"epochs": epochs})


def read_tuned(path: Path) -> Layers:
    """The weights in a file that :func:`write_tuned` wrote.

    Raises :class:`~edge.errors.DataError` where it is none.
    """
    arrays, _ = _read(path)
    names = dict.fromkeys(name.partition("/")[0] for name in arrays)
    try:
        return {name: (arrays[f"{name}/{_PARTS[0]}"], arrays[f"{name}/{_PARTS[1]}"]) for name in names}
    except KeyError as error:
        raise DataError(f"{path.name}: no array {error}; not fine-tuned weights") from None


def read_epochs(path: Path) -> list[Epoch]:
    """The epochs that led to the tuned weights in ``path``.

    Raises :class:`~edge.errors.DataError` where it is no file of :func:`write_tuned`.
    """
    _, facts = _read(path)
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
        arrays, found = _read(path)
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
    np.savez(content, **arrays, **{_FACTS: np.frombuffer(json.dumps(facts).encode(), np.uint8)})
    write_whole(path, content.getvalue())


def _read(path: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        facts = json.loads(arrays.pop(_FACTS).tobytes())
    except (OSError, ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path.name}: not a file of fine-tuning ({' '.join(str(error).split())[:80]})") from None
    return arrays, facts
