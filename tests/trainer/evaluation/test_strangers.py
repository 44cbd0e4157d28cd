"""Strangers from Python: what they are compared with, and which files are none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from edge.errors import DatasetError, UsageError
from edge.inference.classifier import Classifier
from edge.modelfile.model_file import ModelFile
from support import tiny
from support.gated import GATED, grey
from support.paths import DATA
from support.surgery import without_known_photos
from trainer.evaluation.auroc import auroc
from trainer.evaluation.evaluate import evaluate
from trainer.evaluation.strangers import Strangers

LOOSE = ("a.png", "deep/er/b.png", "deep/c.png", "daisy/d.png")


@pytest.fixture
def things(tmp_path: Path) -> Path:
    """Four pictures without a colour, at several depths."""
    root = tmp_path / "things"
    for seed, name in enumerate(LOOSE):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(grey(seed)).save(root / name)
    return root


def answered(model: ModelFile, photos: Path, things: Path) -> Strangers:
    """What ``model`` says of ``things`` beside all ``photos``."""
    strangers = evaluate(model, photos, split="all", groups="off", strangers=things).strangers
    assert strangers is not None
    return strangers


def test_the_figures_are_those_of_the_classifier(photos: Path, things: Path) -> None:
    """Shares and AUROC follow from the answers that the edge package gives each picture, with and without the gate."""
    model = ModelFile.load(GATED)
    found = answered(model, photos, things)
    classifier = Classifier(model, reject=True)
    strange = [classifier.classify(things / name) for name in LOOSE]
    known = [classifier.classify(path) for path in sorted(photos.rglob("*.png"))]
    assert (found.strangers, found.known) == (4, 36)
    assert found.score_auroc == auroc([a.best.score for a in known], [a.best.score for a in strange])
    assert found.familiarity_auroc == auroc([a.familiarity for a in known], [a.familiarity for a in strange])
    shares = {entry.setting: (entry.strangers.right, entry.known.right) for entry in found.accepted}
    assert shares["every answer"] == (4, 36)
    assert shares["--reject"] == (sum(not a.rejected for a in strange), sum(not a.rejected for a in known))
    assert shares["score of 0.9 or more"] == tuple(sum(a.best.score >= 0.9 for a in each) for each in (strange, known))
    assert [taken.score for taken in found.taken] == sorted((a.best.score for a in strange), reverse=True)
    assert {taken.path for taken in found.taken} == set(LOOSE)


def test_a_model_without_a_gate_has_no_familiarity(photos: Path, things: Path) -> None:
    """There is no setting for a gate then, and no AUROC of its familiarity."""
    found = answered(ModelFile.load(DATA / "tiny-int8.tflite"), photos, things)
    assert found.familiarity_auroc is None
    assert "--reject" not in {entry.setting for entry in found.accepted}
    assert {taken.rejected for taken in found.taken} == {None}


def test_what_is_no_stranger_is_named(photos: Path, things: Path) -> None:
    """Photos of the classes, copies and files that are no pictures are skipped, each with its reason."""
    shutil.copyfile(photos / "red" / "001.png", things / "mine.png")
    shutil.copyfile(things / "a.png", things / "z.png")
    (things / "broken.png").write_bytes((things / "a.png").read_bytes()[:200])
    (things / "empty.jpg").touch()
    found = answered(ModelFile.load(GATED), photos, things)
    reasons = dict(found.skipped)
    assert found.strangers == 4
    assert set(reasons) == {"mine.png", "z.png", "broken.png", "empty.jpg"}
    assert reasons["mine.png"] == "a photo of the class red: red/001.png"
    assert (reasons["z.png"], reasons["empty.jpg"]) == ("the same photo as a.png", "an empty file")


def test_photos_of_a_class_that_the_model_does_not_have_are_strangers(photos: Path) -> None:
    """They may lie in the folder of the classes: a class folder without a label is a folder of other things."""
    (photos / "red").rename(photos / "violet")
    model = ModelFile.from_bytes(without_known_photos(GATED.read_bytes()))
    found = answered(model, photos, photos / "violet")
    assert (found.strangers, found.known) == (12, 24)


def test_photos_that_the_model_has_seen_are_no_strangers(photos: Path, tmp_path: Path) -> None:
    """A photo that trained the model is skipped, wherever it lies now."""
    fresh = tiny.paint_folder(tmp_path / "fresh", 2, seed=55)
    found = answered(ModelFile.load(GATED), fresh, photos)
    assert found.strangers == 4
    assert set(dict(found.skipped).values()) == {"the model has seen this photo in its training"}


def test_folders_without_strangers(photos: Path, things: Path, tmp_path: Path) -> None:
    """Each of these ends in one line: the folder of the classes, one of its classes, no folder, and no picture."""
    model = ModelFile.load(GATED)
    with pytest.raises(UsageError, match="is the folder of the classes; give a folder with pictures of other things"):
        answered(model, photos, photos)
    with pytest.raises(DatasetError, match="none of its 12 files is a picture of another thing"):
        answered(model, photos, photos / "red")
    with pytest.raises(DatasetError, match="no such folder"):
        answered(model, photos, tmp_path / "nowhere")
    (tmp_path / "none").mkdir()
    with pytest.raises(DatasetError, match="no photos in it"):
        answered(model, photos, tmp_path / "none")
    (tmp_path / "none" / "notes.txt").write_text("no picture")
    with pytest.raises(DatasetError, match="no picture in it can be decoded"):
        answered(model, photos, tmp_path / "none")
