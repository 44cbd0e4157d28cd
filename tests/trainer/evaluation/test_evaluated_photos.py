"""Which photos a model is evaluated on, after any change of the folder."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import DatasetError
from edge.modelfile.model_file import ModelFile
from support import surgery, tiny
from support.gated import GATED
from support.paths import DATA
from trainer.evaluation.evaluate import evaluate
from trainer.evaluation.evaluated_photos import choose_photos
from trainer.photos.dataset import Dataset
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def model(options: RetrainOptions) -> Retrained:
    """A model trained on 24 of 36 tiny photos, chosen on 8."""
    [made] = retrain_all(options, Progress())
    return made


def sha256s(dataset: Dataset, split: str) -> set[bytes]:
    """The contents of the photos of ``split``."""
    return {photo.sha256 for photo in dataset.of(split)}


def test_test_photos_are_those_of_the_training(model: Retrained, photos: Path) -> None:
    """On the folder of the training, unseen and test are its test photos, with the manifest's accuracy."""
    for split in ("unseen", "test"):
        found = evaluate(model.path, photos, split=split)
        assert [photo.relative for photo in found.photos] == [p.relative for p in model.dataset.of("test")]
        assert (found.accuracy, found.interval, found.split) == (model.accuracy, model.interval, split)
        assert found.seen == (36, 24, 8, 0)
        assert not found.has_seen_them


def test_any_change_of_the_folder_changes_nothing(model: Retrained, photos: Path, tmp_path: Path) -> None:
    """Renamed, moved into another class or a folder below it, with more photos and another seed: photos are known."""
    changed = tmp_path / "changed"
    shutil.copytree(photos, changed)
    for place, path in enumerate(sorted((changed / "red").iterdir())):
        path.rename(changed / ("blue" if place < 3 else "red") / f"IMG_{9000 - place}.png")
    (changed / "green" / "older").mkdir()
    for path in sorted((changed / "green").glob("*.png"))[:5]:
        path.rename(changed / "green" / "older" / path.name)
    fresh = tiny.paint_folder(tmp_path / "fresh", 4, seed=55)
    for path in fresh.rglob("*.png"):
        path.rename(changed / path.parent.name / f"new-{path.name}")
    dataset = Dataset.from_folder(changed, seed=17)
    loaded = ModelFile.load(model.path)
    for split in ("training", "validation"):
        chosen = choose_photos([loaded], dataset, split)
        assert {photo.sha256 for photo in chosen.photos} == sha256s(model.dataset, split)
    for split in ("unseen", "test"):
        chosen = choose_photos([loaded], dataset, split)
        assert len(chosen.photos) == 12 + 4
        assert {photo.sha256 for photo in chosen.photos} >= sha256s(model.dataset, "test")
    assert choose_photos([loaded], dataset, "all").photos == dataset.photos
    assert chosen.seen == [(48, 24, 8, 0)]


def test_a_class_of_one_model_is_the_rest_of_the_world_of_the_other(photos: Path) -> None:
    """Its photos are not compared, and are not missing: no line says that the folder has none."""
    facts = {"label": "red", "photos": 0, "directions": 800, "drawings": 64, "source": "random"}
    models = [
        ModelFile.from_bytes(surgery.with_facts(GATED.read_bytes(), unknown=facts)),
        ModelFile.load(DATA / "tiny-int8.tflite"),
    ]
    chosen = choose_photos(models, Dataset.from_folder(photos), "all")
    assert (len(chosen.photos), len(chosen.background)) == (24, 12)
    assert chosen.classes.message(2) is None


def test_photos_that_depend_on_seen_ones_are_not_evaluated(model: Retrained, photos: Path) -> None:
    """A new photo of the group of a training photo says nothing about new photos."""
    training = model.dataset.of("training")[0]
    tiny.paint(training.label, 12345).save(training.path.with_name(training.path.stem + "_nohash_1.png"))
    training.path.rename(training.path.with_name(training.path.stem + "_nohash_0.png"))
    found = evaluate(model.path, photos)
    assert (found.count, found.seen) == (4, (37, 24, 8, 1))
    assert evaluate(model.path, photos, split="all").count == 37


def test_nothing_unseen_ends_in_one_line(model: Retrained, photos: Path) -> None:
    """If all photos were seen, the line says what to do; asked for all of them, they are evaluated."""
    for photo in model.dataset.of("test"):
        photo.path.unlink()
    with pytest.raises(DatasetError) as caught:
        evaluate(model.path, photos)
    assert str(caught.value) == (
        "no photo is left to evaluate: 24 of these 32 photos trained the model, 8 chose its settings; give photos that "
        "are new to the model, or --split all to evaluate these all the same"
    )
    everything = evaluate(model.path, photos, split="all")
    assert (everything.count, everything.has_seen_them, everything.split) == (32, True, "all")


def test_no_training_photo_ends_in_one_line(model: Retrained, tmp_path: Path) -> None:
    """In a folder of new photos there is none of the training."""
    fresh = tiny.paint_folder(tmp_path / "fresh", 4, seed=55)
    with pytest.raises(DatasetError, match="none of these 12 photos is a training photo; give the folder of the"):
        evaluate(model.path, fresh, split="training")
    found = evaluate(model.path, fresh)
    assert (found.count, found.seen, found.trained_on_these) == (12, (12, 0, 0, 0), False)


def test_a_model_that_does_not_know_its_photos(model: Retrained, photos: Path) -> None:
    """Its unseen photos are all photos, and its test photos those of its split, as far as it can be repeated."""
    old = ModelFile.from_bytes(surgery.without_known_photos(model.path.read_bytes()))
    found = evaluate(old, photos)
    assert (found.count, found.split, found.seen, found.has_seen_them) == (36, "all", None, True)
    tested = evaluate(old, photos, split="test")
    assert (tested.accuracy, tested.count, tested.seen) == (model.accuracy, 4, None)


def test_comparison_with_a_model_that_does_not_know_its_photos(model: Retrained, photos: Path, tmp_path: Path) -> None:
    """Photos are test photos by the split of the one and unseen by the other; a model of others has no split."""
    new, old = (
        ModelFile.from_bytes(content)
        for content in (model.path.read_bytes(), surgery.without_known_photos(model.path.read_bytes()))
    )
    dataset = Dataset.from_folder(photos, validation_percentage=30, testing_percentage=50, seed=3)
    chosen = choose_photos([new, old], dataset, "test")
    expected = sha256s(model.dataset, "test") & sha256s(dataset, "test")
    assert {photo.sha256 for photo in chosen.photos} == expected
    assert 0 < len(expected) < 4
    assert (chosen.seen, chosen.split_again) == ([(36, 24, 8, 0), None], True)
    foreign = ModelFile.from_bytes(surgery.Patient(surgery.tiny()).foreign().content)
    chosen = choose_photos([foreign, new], dataset, "test")
    assert {photo.sha256 for photo in chosen.photos} == sha256s(model.dataset, "test")
    assert not chosen.split_again
    chosen = choose_photos([foreign, old], dataset, "test")
    assert {photo.sha256 for photo in chosen.photos} == sha256s(dataset, "test")


def test_the_command_prints_counts_of_seen_photos(model: Retrained, photos: Path, trainer: Command) -> None:
    """On stderr in words, in the JSON as numbers; the figure is that of the unseen photos."""
    done = trainer("evaluate", model.path, photos, "--json")
    assert done.stderr == (
        "trainer: 24 of these 36 photos trained the model, 8 chose its settings: not evaluated; --split all evaluates "
        "them too\n"
    )
    printed = json.loads(done.stdout)
    assert printed["seen"] == {"photos": 36, "trained": 24, "chosen": 8, "dependent": 0}
    assert (printed["split"], printed["judged"], printed["accuracy"]) == ("unseen", 4, model.accuracy)
