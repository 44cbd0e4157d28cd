"""A head that is fitted on a file of bottlenecks, a block at a time: nearly that of a fit in memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.errors import DatasetError, StorageError
from support.stored_fit import CLASSES, VALUES, drawn, in_file
from trainer.bottlenecks.labelled import Labelled
from trainer.head import blocked_loss, fit_checkpoint
from trainer.head.blocked_loss import BlockedLoss
from trainer.head.fit import HeadFit, fit_again, fit_head
from trainer.head.fit_checkpoint import FitCheckpoint
from trainer.head.fit_stored import StoredTraining, fit_stored, fit_stored_again
from trainer.head.lbfgs import Walk
from trainer.head.standardisation import Standardisation
from trainer.head.training_loss import training_loss
from trainer.one_thread import one_thread


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 64 photos, so that there are several."""
    monkeypatch.setattr(blocked_loss, "BLOCK", 64)


def loss_of(data: Labelled, cores: int, monkeypatch: pytest.MonkeyPatch):
    """The loss and its gradient at some head, by blocks and in memory."""
    monkeypatch.setattr(blocked_loss, "available_cores", lambda: cores)
    random = np.random.default_rng(3)
    shares = random.random(len(data.labels))
    shares /= shares.sum()
    weights, bias = random.normal(size=(VALUES, CLASSES)) / 5, random.normal(size=CLASSES)
    unit = Standardisation.of(data.features)
    with one_thread():
        first, rest = data.where(np.arange(len(data.labels)) < 300), data.where(np.arange(len(data.labels)) >= 300)
        blocked = BlockedLoss(in_file(first), rest, unit, shares, CLASSES)(weights, bias)
        return blocked, training_loss(unit.apply(data.features), data.labels, shares, weights, bias)


def test_the_loss_is_that_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loss, gradient and doubt agree to float32; photos beside the file count as those in it."""
    blocked, whole = loss_of(drawn(333, 1), 2, monkeypatch)
    assert np.abs(blocked.losses - whole.losses).max() < 1e-5
    assert (blocked.right == whole.right).mean() > 0.99
    assert np.abs(blocked.weights_gradient - whole.weights_gradient).max() < 1e-6
    assert np.abs(blocked.bias_gradient - whole.bias_gradient).max() < 1e-6
    assert blocked.doubt == pytest.approx(whole.doubt, abs=1e-6)


def test_the_number_of_cores_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums of the blocks are added in their order, whichever is ready first."""
    one, many = (loss_of(drawn(333, 1), cores, monkeypatch)[0] for cores in (1, 4))
    for name in ("losses", "right", "weights_gradient", "bias_gradient"):
        assert getattr(one, name).tobytes() == getattr(many, name).tobytes()
    assert one.doubt == many.doubt


def test_the_head_is_nearly_that_of_a_fit_in_memory() -> None:
    """With the penalty that was found, it labels unseen photos as a fit in memory does, and as well as fit_head."""
    training, validation, unseen = drawn(2000, 1), drawn(500, 2), drawn(2000, 4)
    sample = training.where(np.arange(2000) < 400)
    found = fit_stored(StoredTraining(in_file(training), None, sample), validation, CLASSES, 500, lambda labels: None)
    assert found.l2 == fit_head(sample, validation, CLASSES).l2
    in_memory = fit_again(training, CLASSES, found.l2, 500)
    scores, wanted = (head.logits(unseen.features) for head in (found.head, in_memory))
    assert (scores.argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.99
    best = fit_head(training, validation, CLASSES).head.logits(unseen.features)
    right, best_right = (float((each.argmax(axis=1) == unseen.labels).mean()) for each in (scores, best))
    assert right == pytest.approx(best_right, abs=0.01)
    assert found.steps[-1].training_cross_entropy <= found.steps[0].training_cross_entropy


def test_a_second_fit_starts_where_the_first_ended() -> None:
    """From a finished head with the same penalty nothing is left to do, whatever else is read."""
    training = drawn(600, 1)
    stored = StoredTraining(in_file(training), None, training)
    first = fit_stored_again(stored, CLASSES, 0.01, 500, lambda labels: None, fit_again(training, CLASSES, 0.01, 500))
    second = fit_again(training, CLASSES, 0.01, 500)
    assert np.abs(first.weights - second.weights).max() < 1e-3 * np.abs(second.weights).max()


class Killed(Exception):
    """The end of a run, somewhere."""


@pytest.mark.parametrize("after", [1, 2, 5, 9])
def test_a_killed_fit_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """The head and the steps have the bytes of a fit that was not killed, and nothing is left in the folder."""
    monkeypatch.setattr(fit_checkpoint, "EVERY_S", 0.0)
    training, validation = drawn(2000, 1), drawn(300, 2)
    sample = training.where(np.arange(2000) < 200)
    stored = StoredTraining(in_file(training), None, sample, tmp_path, b"key")

    def fit(advance: Callable[[int], None] = lambda count: None) -> HeadFit:
        return fit_stored(stored, validation, CLASSES, 500, lambda labels: None, advance)

    whole, saves = fit(), []
    save = FitCheckpoint.save

    def save_and_die(*arguments: object) -> None:
        save(*arguments)
        saves.append(arguments)
        if len(saves) == after:
            raise Killed

    monkeypatch.setattr(FitCheckpoint, "save", save_and_die)
    with pytest.raises(Killed):
        fit()
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(FitCheckpoint, "save", save)
    computed: list[int] = []
    again = fit(computed.append)
    assert again.head.weights.tobytes() == whole.head.weights.tobytes()
    assert again.steps == whole.steps
    assert list(tmp_path.iterdir()) == []
    full: list[int] = []
    fit(full.append)
    assert sum(computed) < sum(full)


def test_a_damaged_checkpoint_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is cut short, or of another fit, is as if there were none."""
    monkeypatch.setattr(fit_checkpoint, "EVERY_S", 0.0)
    walk = Walk(np.ones((3, 2)), ((np.ones((3, 2)), np.zeros((3, 2))),), 4)
    checkpoint = FitCheckpoint(tmp_path, "some")
    checkpoint.save(1, walk, [(1.0, 2.0, 3.0, 4.0)])
    found = checkpoint.load()
    assert (found.part, found.walk.iterations, found.steps) == (1, 4, [(1.0, 2.0, 3.0, 4.0)])
    assert np.array_equal(found.walk.pairs[0][0], walk.pairs[0][0])
    (path,) = tmp_path.iterdir()
    for content in (path.read_bytes()[:-40], b"", b"nonsense"):
        path.write_bytes(content)
        assert checkpoint.load() is None
    assert FitCheckpoint(tmp_path, "other").load() is None


def test_what_killed_runs_left_goes_after_a_week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint, and one that was being written: when another fit ends, those of a week ago are deleted."""
    monkeypatch.setattr(fit_checkpoint, "EVERY_S", 0.0)
    walk = Walk(np.ones((3, 2)), (), 4)
    with monkeypatch.context() as killed:
        killed.setattr(fit_checkpoint, "replace", lambda *paths: (_ for _ in ()).throw(Killed))
        killed.setattr(Path, "unlink", lambda *arguments, **named: None)
        with pytest.raises(Killed):
            FitCheckpoint(tmp_path, "one").save(1, walk, [])
    FitCheckpoint(tmp_path, "two").save(1, walk, [])
    FitCheckpoint(tmp_path, "other").remove()
    assert len(list(tmp_path.iterdir())) == 2
    for path in tmp_path.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    FitCheckpoint(tmp_path, "other").remove()
    assert list(tmp_path.iterdir()) == []


def test_weights_of_the_classes_count() -> None:
    """A class with a hundred times the weight takes photos from its neighbours."""
    training = drawn(600, 1)
    stored = StoredTraining(in_file(training), None, training)
    heads = [
        fit_stored(stored, training, CLASSES, 100, lambda labels, heavy=heavy: np.array([heavy, 1, 1, 1, 1])).head
        for heavy in (1.0, 100.0)
    ]
    few, many = ((head.logits(training.features).argmax(axis=1) == 0).sum() for head in heads)
    assert many > few


def test_a_bottleneck_that_is_no_number_is_named() -> None:
    """It is found in the file too, not in the sample alone."""
    training = drawn(600, 1)
    sample = training.where(np.arange(600) < 100)
    training.features[555, 3] = np.nan
    with pytest.raises(DatasetError, match="not a finite number"):
        fit_stored(StoredTraining(in_file(training), None, sample), sample, CLASSES, 100, lambda labels: None)


def test_a_file_that_became_shorter_is_named() -> None:
    """Rows that cannot be read are one line, not wrong numbers."""
    stored = in_file(drawn(200, 1))
    stored.features.file.truncate(100 * VALUES * 4)
    with pytest.raises(StorageError, match="shorter"):
        stored.read()
