"""The parent's side of fine-tuning: what is refused before TensorFlow is loaded, and what counts as missing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigurationError, StorageError, UsageError
from support import tiny
from trainer.fine_tuning.checkpoint import Checkpoint, Epoch, write_checkpoint, write_tuned
from trainer.fine_tuning.fine_tune import check_tensorflow, find_tuned, fine_tune
from trainer.fine_tuning.job import identity_key, tuning_identity
from trainer.fine_tuning.recipe import Recipe
from trainer.head.linear import Head
from trainer.photos.dataset import Dataset, read_dataset
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

RECIPE = Recipe(epochs=3, from_block=12, picture_size=128)
HEAD = Head(np.zeros((256, 3)), np.zeros(3))
QUIET = Progress()


@pytest.fixture
def dataset(photos: Path) -> Dataset:
    """The tiny photos, split."""
    return read_dataset(photos, SplitRatios(20, 20))


def stem_of(cache: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> str:
    """The beginning of the names of this fine-tuning's files: that of the checkpoint in the job of its child."""
    jobs: list[str] = []

    def listen(*arguments: object, text: str, **options: object) -> None:
        jobs.append(text)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("trainer.fine_tuning.fine_tune.run_tensorflow", listen)
        fine_tune(cache, tiny.backbone(), dataset, RECIPE, head=HEAD, progress=QUIET)
    return jobs[0].partition('"checkpoint": "')[2].partition(".checkpoint")[0]


def test_no_tensorflow_is_said_before_the_photos_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With thousands of photos their bottlenecks take minutes; what was tuned before needs no TensorFlow."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    check_tensorflow(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"^fine-tuning needs TensorFlow: pip install .*\[trainer\]"):
        check_tensorflow(tmp_path)
    (tmp_path / "tuned").mkdir()
    (tmp_path / "tuned" / "w.npz").touch()
    check_tensorflow(tmp_path)


@pytest.mark.parametrize("change", ["architecture", "photos", "damaged"])
def test_foreign_checkpoint_is_refused_in_one_line(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A checkpoint that lies in the place of ours but is of another network, of other photos, or cut off."""
    path = Path(stem_of(tmp_path, dataset, monkeypatch) + ".checkpoint")
    names = {"architecture": "mobilenet_0.50_128"}.get(change, tiny.ARCHITECTURE.name)
    identity = tuning_identity(names, tiny.backbone().model.sha256, "other", RECIPE)
    write_checkpoint(path, Checkpoint([], [], [], [Epoch(1, 0, 0)]), identity)
    if change == "damaged":
        path.write_bytes(path.read_bytes()[:100])
    said = {"architecture": r"another fine-tuning \(other architecture, photos\)", "photos": r"\(other photos\)"}
    with pytest.raises(ConfigurationError, match=said.get(change, "a damaged checkpoint; delete it")) as refused:
        fine_tune(tmp_path, tiny.backbone(), dataset, RECIPE, head=HEAD, progress=QUIET)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


def test_photo_that_is_gone_is_a_storage_error(dataset: Dataset, tmp_path: Path) -> None:
    """What the child finds wrong with a photo comes back as one line."""
    dataset.of("validation")[0].path.unlink()
    with pytest.raises(StorageError, match="No such file"):
        fine_tune(tmp_path, tiny.backbone(), dataset, RECIPE, head=HEAD, progress=QUIET)


def test_damaged_weights_count_as_missing(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of weights is taken only while its content is the one that its name says."""
    stem = stem_of(tmp_path, dataset, monkeypatch)
    write_tuned(Path(f"{stem}-0123456789abcdef.npz"), {}, [Epoch(1, 0, 0)])
    assert find_tuned(tmp_path, tiny.backbone(), dataset, RECIPE) is None


def test_names_tell_the_architecture_and_what_it_was_made_from(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs find the same name; it begins with the architecture."""
    first, second = (Path(stem_of(tmp_path, dataset, monkeypatch)) for _ in range(2))
    assert first == second
    assert first.parent == tmp_path / "tuned"
    assert first.name.startswith(f"{tiny.ARCHITECTURE.name}-")
    assert len(first.name) == len(f"{tiny.ARCHITECTURE.name}-") + len(identity_key({}))


@pytest.mark.parametrize("name", ["cross_validate", "learning_curve"])
def test_photos_that_were_learnt_are_not_evaluated(options: RetrainOptions, name: str) -> None:
    """Every photo would be evaluated by a backbone that may have seen it."""
    both = dataclasses.replace(options, fine_tune=RECIPE, **{name: True})
    option = name.replace("_", "-")
    with pytest.raises(UsageError, match=f"--{option} would evaluate photos that --fine-tune has trained on"):
        retrain_all(both, QUIET)
