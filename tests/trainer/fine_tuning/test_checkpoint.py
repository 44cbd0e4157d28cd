"""Files of fine-tuning: what is written comes back, the same bytes from the same arrays, foreign ones refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigurationError, DataError
from trainer.backbones.tuned_weights import read_tuned
from trainer.fine_tuning.checkpoint import (
    Checkpoint,
    Epoch,
    read_checkpoint,
    read_epochs,
    write_checkpoint,
    write_tuned,
)

EPOCHS = [Epoch(0.5, 0.8, 0.04), Epoch(0.4, 0.85, 0.03, 0.6, 0.75)]
IDENTITY = {"architecture": "mobilenet_0.25_128", "photos": "ab", "options": {"epochs": 3}}


def some(*shape: int) -> np.ndarray:
    """Random float32 numbers."""
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def checkpoint() -> Checkpoint:
    """Twelve variables, so that their order as text differs from that as numbers."""
    variables = [some(2, index + 1) for index in range(12)]
    return Checkpoint(variables, [2 * array for array in variables], [np.int64(7), np.float32(0.1)], EPOCHS)


def test_tuned_weights_come_back_with_their_epochs_and_the_same_bytes(tmp_path: Path) -> None:
    """Layers keep their order and values; writing twice gives equal files, for their name is their content's hash."""
    layers = {"conv1": (some(3, 3, 3, 8), some(8)), "conv_dw_1": (some(3, 3, 8, 1), some(8))}
    for name in ("a.npz", "b.npz"):
        write_tuned(tmp_path / name, layers, EPOCHS)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = read_tuned(tmp_path / "a.npz")
    assert list(found) == ["conv1", "conv_dw_1"]
    for name, pair in layers.items():
        assert all((one == other).all() for one, other in zip(found[name], pair, strict=True))
    assert read_epochs(tmp_path / "a.npz") == EPOCHS


def test_checkpoint_comes_back_whole(tmp_path: Path) -> None:
    """Every list in its order, scalars included."""
    written = checkpoint()
    write_checkpoint(tmp_path / "c", written, IDENTITY)
    found = read_checkpoint(tmp_path / "c", IDENTITY)
    assert found is not None
    assert found.epochs == EPOCHS
    for kind in ("variables", "best", "optimizer"):
        pairs = list(zip(getattr(written, kind), getattr(found, kind), strict=True))
        assert all(np.array_equal(one, other) and one.dtype == other.dtype for one, other in pairs)


def test_no_checkpoint_is_none(tmp_path: Path) -> None:
    """A first run has nothing to go on from."""
    assert read_checkpoint(tmp_path / "c", IDENTITY) is None


@pytest.mark.parametrize("name", list(IDENTITY))
def test_checkpoint_of_another_fine_tuning_is_refused_by_name(tmp_path: Path, name: str) -> None:
    """Another architecture, other photos or options are named in one line."""
    write_checkpoint(tmp_path / "c", checkpoint(), {**IDENTITY, name: "other"})
    with pytest.raises(
        ConfigurationError, match=rf"c: a checkpoint of another fine-tuning \(other {name}\); delete it"
    ):
        read_checkpoint(tmp_path / "c", IDENTITY)


@pytest.mark.parametrize("damage", ["cut", "empty", "garbage", "tuned"])
def test_damaged_checkpoint_is_one_line(tmp_path: Path, damage: str) -> None:
    """Cut off, empty, garbage, or another kind of file: refused, and never unpickled."""
    path = tmp_path / "c"
    write_checkpoint(path, checkpoint(), IDENTITY)
    content = path.read_bytes()
    if damage == "tuned":
        write_tuned(path, {"conv1": (some(1), some(1))}, EPOCHS)
    else:
        path.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "garbage": b"\x80\x04garbage"}[damage])
    with pytest.raises(ConfigurationError, match=r"c: a damaged checkpoint; delete it to fine-tune from the beginning"):
        read_checkpoint(path, IDENTITY)


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04"])
def test_foreign_file_is_no_tuned_weights(tmp_path: Path, content: bytes) -> None:
    """Bytes that numpy cannot read, or would unpickle, are a data error."""
    (tmp_path / "w.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"^w\.npz: not a file of fine-tuning"):
        read_tuned(tmp_path / "w.npz")
