"""Bottlenecks of copies: computed once, kept with the others, taken up after a kill."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.errors import DatasetError, StorageError, UsageError
from edge.inference.interpreter import ImageInterpreter
from edge.modelfile.model_file import ModelFile
from edge.preprocess import decode
from support import tiny
from support.paths import PACKAGES, TESTS, python_path
from trainer.bottlenecks.augmented import compute_copies, copy_sha256, make_copy, with_copies
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.labelled import load_labelled
from trainer.photos.augmentation import AUGMENTATION_VERSION
from trainer.photos.dataset import Dataset, assemble
from trainer.photos.folder import list_photos
from trainer.photos.split import TRAINING, SplitRatios
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

PHOTO = hashlib.sha256(b"photo").digest()
QUIET = Progress()
SIZE = (64, 48)

FILL_SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_augmented
from support import tiny
from trainer.bottlenecks import augmented, fill_cache
from trainer.progress import Progress
fill_cache.COMMIT_EVERY_S = 0.0  # a transaction a photo, to be killed in any of them
folder = Path(sys.argv[3])
dataset = test_augmented.read(Path(sys.argv[2]), folder)
extractor = tiny.extractor(folder, progress=Progress(lambda stage: print(stage.done, flush=True)))
augmented.compute_copies(extractor, dataset.photos, 4)
"""


def read(photos: Path, folder: Path) -> Dataset:
    """The photos with their splits; their own bottlenecks are in the cache in ``folder``."""
    found = list_photos(photos)
    return assemble(found, compute_bottlenecks(tiny.extractor(folder), found).contents, SplitRatios(20, 20))


def test_each_copy_is_computed_once(photos: Path, tmp_path: Path) -> None:
    """A second run computes nothing; more copies cost only those."""
    dataset = read(photos, tmp_path)
    counts = [compute_copies(tiny.extractor(tmp_path), dataset.photos, count) for count in (2, 2, 5, 1)]
    assert counts == [72, 0, 108, 0]


def test_features_are_those_of_the_copies(photos: Path, tmp_path: Path) -> None:
    """Behind the photos come copy 1 of each in their order, then copy 2, labelled as the photos are."""
    extractor = tiny.extractor(tmp_path)
    dataset = read(photos, tmp_path)
    training, own = dataset.of(TRAINING), load_labelled(extractor, dataset, dataset.of(TRAINING))
    fitted = with_copies(extractor, training, own, 2)
    again = extractor.load([copy_sha256(training[3].sha256, 2)])
    count = len(training)
    assert fitted.features.shape == (3 * count, tiny.FEATURES)
    assert (fitted.features[:count] == own.features).all()
    assert fitted.labels.tolist() == own.labels.tolist() * 3
    interpreter = ImageInterpreter(extractor.backbone.model)
    pixels = make_copy(decode(training[3].path, (64, 64)), training[3].sha256, 2, (32, 32))
    assert (fitted.features[2 * count + 3] == interpreter.scores(pixels)).all()
    assert (fitted.features[2 * count + 3] == again[0]).all()


def test_killed_run_is_taken_up_where_it_stopped(large_photos: Path, tmp_path: Path) -> None:
    """After SIGKILL no more is computed than what was not committed, and the features are the same bit for bit."""
    command = [
        sys.executable,
        "-c",
        FILL_SCRIPT,
        str(TESTS / "trainer" / "bottlenecks"),
        str(large_photos),
        str(tmp_path / "killed"),
    ]
    environment = {**os.environ, "PYTHONPATH": python_path(PACKAGES, TESTS)}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert child.stdout is not None
    for _ in range(11):  # the first two lines are of the start, and of the photos that were there before
        assert child.stdout.readline()
    child.kill()
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    features = []
    for name in ("killed", "whole"):
        extractor = tiny.extractor(tmp_path / name)
        dataset = read(large_photos, tmp_path / name)
        computed = compute_copies(extractor, dataset.photos, 4)
        own = load_labelled(extractor, dataset, dataset.of(TRAINING))
        features.append(with_copies(extractor, dataset.of(TRAINING), own, 4).features)
        assert computed == 480 if name == "whole" else 0 < computed <= 480 - 4 * 8
    assert features[0].tobytes() == features[1].tobytes()


def test_photo_that_changed_meanwhile(photos: Path, tmp_path: Path) -> None:
    """A photo that is not what was hashed, or is gone, ends in one line that names it."""
    dataset = read(photos, tmp_path)
    victim = dataset.photos[7].path
    tiny.paint("red", 999).save(victim)
    with pytest.raises(DatasetError, match=f"{victim.name}: was changed while training"):
        compute_copies(tiny.extractor(tmp_path), dataset.photos, 1)
    victim.unlink()
    with pytest.raises(StorageError, match=f"{victim.name}: cannot be read"):
        compute_copies(tiny.extractor(tmp_path), dataset.photos, 1)


def test_corrupt_cache_is_set_aside(photos: Path, tmp_path: Path) -> None:
    """A cache that is damaged between the photos and their copies costs the copies, not the run."""
    extractor = tiny.extractor(tmp_path)
    dataset = read(photos, tmp_path)
    own = load_labelled(extractor, dataset, dataset.of(TRAINING))
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 100)
    fitted = with_copies(extractor, dataset.of(TRAINING), own, 2)
    assert len(fitted.labels) == 3 * len(own.labels)
    assert (tmp_path / f"{FILE_NAME}.corrupt").exists()


def test_retrain_fits_the_head_on_copies_too(options: RetrainOptions) -> None:
    """The file says how many copies there were; none is what it always was; a negative number is refused."""
    models = []
    for count in (0, 3):
        (model,) = retrain_all(dataclasses.replace(options, augment=count), QUIET)
        manifest = ModelFile.load(model.path).manifest
        assert manifest is not None
        assert manifest.training["augment"] == count
        models.append(model)
    plain, augmented = models
    assert plain.fit.head.weights.tolist() != augmented.fit.head.weights.tolist()
    assert augmented.dataset.counts() == plain.dataset.counts()
    with pytest.raises(UsageError, match="--augment -1"):
        retrain_all(dataclasses.replace(options, augment=-1), QUIET)


def corners() -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", (120, 90), (200, 40, 40))
    picture.paste((40, 40, 200), (60, 0, 120, 90))
    return picture


def test_identity() -> None:
    """The identity of a copy follows from the photo's hash, the version and the number, and from nothing else."""
    assert AUGMENTATION_VERSION == 2
    assert copy_sha256(PHOTO, 3) == hashlib.sha256(PHOTO + b"augmentation 2 3").digest()


def test_the_same_copy_every_time() -> None:
    """The same arguments give the same pixels; another number or another photo gives others."""
    first = make_copy(corners(), PHOTO, 1, SIZE)
    assert first.dtype == np.uint8
    assert first.shape == (48, 64, 3)
    assert (make_copy(corners(), PHOTO, 1, SIZE) == first).all()
    assert (make_copy(corners(), PHOTO, 2, SIZE) != first).any()
    assert (make_copy(corners(), hashlib.sha256(b"other").digest(), 1, SIZE) != first).any()


def test_copies_are_mirrored_and_lit_as_often_as_not() -> None:
    """Of 200 copies about half are mirrored, and about half are brighter than the photo."""
    copies = [make_copy(corners(), PHOTO, number, SIZE).astype(float) for number in range(1, 201)]
    mirrored = sum(copy[:, 0, 2].mean() > copy[:, 0, 0].mean() for copy in copies)
    brighter = sum(copy[:, 0].max() > 200 for copy in copies)
    assert 75 <= mirrored <= 125
    assert 50 <= brighter <= 150


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (7, 3)])
def test_photo_smaller_than_the_model(size: tuple[int, int]) -> None:
    """A photo of hardly any pixels has copies too."""
    assert make_copy(Image.new("RGB", size), PHOTO, 1, SIZE).shape == (48, 64, 3)
