"""Many photos through many interpreters: order, thresholds, errors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge import Classifier, ModelFile
from edge.errors import ConfigurationError, UsageError
from edge.inference.label_photos import label_photos
from support.colours import COLOURS, encoded, fill, plain

pytestmark = pytest.mark.numeric


def test_labels_many_photos(tmp_path: Path, any_model: Path) -> None:
    """Photos are labelled in order, as one by one; a bad one carries its error and the rest go on."""
    names = [f"{label}-{number:02d}.png" for number in range(10) for label in COLOURS]
    folder = fill(tmp_path / "photos", *names)
    (folder / "red-05.png").write_bytes(encoded(plain("red"), "PNG")[:-30])
    (folder / "blue-03.png").write_text("no picture")
    photos = [folder / name for name in names] + [tmp_path / "gone.png"]
    model = ModelFile.load(any_model)
    alone = Classifier(model)
    results = list(label_photos(model, photos, threads=3, top_k=2))
    assert [result.path for result in results] == photos
    for result in results:
        if result.path.name in ("red-05.png", "blue-03.png", "gone.png"):
            assert result.classification is None
            assert result.error and "\n" not in result.error
        else:
            assert result.error is None and result.classification is not None
            assert result.classification.categories == alone.classify(result.path, top_k=2).categories
            assert result.classification.best and result.path.name.startswith(result.classification.best.label)


def test_threshold_is_passed_on(tmp_path: Path, int8_model: Path) -> None:
    """The threshold holds for every photo."""
    photo = fill(tmp_path, "green.png") / "green.png"
    (result,) = label_photos(ModelFile.load(int8_model), [photo], score_threshold=0.9)
    assert result.classification is not None
    assert [category.label for category in result.classification.categories] == ["green"]


@pytest.mark.parametrize("threads", [0, -1, 1025])
def test_impossible_threads(threads: int, int8_model: Path) -> None:
    """A number of threads that makes no sense is refused before any photo is read."""
    with pytest.raises(UsageError, match="give a number from 1 to 1024"):
        label_photos(ModelFile.load(int8_model), [], threads=threads)


def test_runtime_that_is_missing(tmp_path: Path, int8_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no interpreter is installed, that is not a fault of a photo: it ends the run."""
    monkeypatch.setattr("edge.inference.interpreter.installed_runtimes", list)
    photo = fill(tmp_path, "green.png") / "green.png"
    with pytest.raises(ConfigurationError, match="no TFLite interpreter is installed"):
        list(label_photos(ModelFile.load(int8_model), [photo]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_photo_that_has_become_a_pipe_is_skipped(tmp_path: Path, any_model: Path) -> None:
    """Nobody waits for its writer, and the photos behind it are labelled."""
    folder = fill(tmp_path / "photos", "red.png")
    os.mkfifo(folder / "pipe.png")
    model = ModelFile.load(any_model)
    found = list(label_photos(model, [folder / "pipe.png", folder / "red.png"], threads=1))
    assert found[0].error == "not a regular file"
    assert found[1].error is None
