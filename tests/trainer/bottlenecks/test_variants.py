"""Bottlenecks of variants: computed once, kept with the others, taken up after a kill."""

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

from edge.errors import DatasetError, UsageError
from edge.inference.interpreter import ImageInterpreter
from edge.modelfile.model_file import ModelFile
from edge.preprocess import decode
from support import tiny
from support.paths import PACKAGES, TESTS, python_path
from trainer.bottlenecks.cache import FILE_NAME, BottleneckCache
from trainer.bottlenecks.compute import compute_bottlenecks, load_features
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.variants import augment, compute_variants, load_with_variants, make_variant, variant_identity
from trainer.photos.augmentation import AUGMENTATION_VERSION
from trainer.photos.dataset import Dataset, assemble, list_photos
from trainer.photos.split import TRAINING, SplitRatios
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain import retrain

PHOTO = hashlib.sha256(b"photo").digest()
QUIET = Progress()
SIZE = (64, 48)

FILL_SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_variants
from support import tiny
from trainer.bottlenecks import variants
from trainer.bottlenecks.cache import BottleneckCache
variants.COMMIT_EVERY_S = 0.0  # a transaction a photo, to be killed in any of them
with BottleneckCache(Path(sys.argv[3])) as cache:
    dataset = test_variants.read(Path(sys.argv[2]), cache)
    variants.compute_variants(tiny.backbone(), dataset.photos, 4, cache, lambda count: print(count, flush=True))
"""


def read(photos: Path, cache: BottleneckCache) -> Dataset:
    """The photos with their splits; their own bottlenecks are in ``cache``."""
    listing = list_photos(photos)
    outcome = compute_bottlenecks(tiny.backbone(), listing, cache)
    return assemble(listing, outcome.identities, outcome.reasons, SplitRatios(20, 20))


def originals(dataset: Dataset, cache: BottleneckCache) -> Labelled:
    """The training photos' own bottlenecks."""
    photos = dataset.of(TRAINING)
    features = load_features(tiny.backbone(), cache, [photo.sha256 for photo in photos])
    return Labelled(features, np.array([dataset.labels.index(photo.label) for photo in photos], np.intp))


def test_each_variant_is_computed_once(photos: Path, tmp_path: Path) -> None:
    """A second run computes nothing; more variants cost only those."""
    with BottleneckCache(tmp_path) as cache:
        dataset = read(photos, cache)
        counts = [compute_variants(tiny.backbone(), dataset.photos, count, cache) for count in (2, 2, 5, 1)]
    assert counts == [72, 0, 108, 0]


def test_features_are_those_of_the_variants(photos: Path, tmp_path: Path) -> None:
    """Behind the photos come variant 1 of each in their order, then variant 2, labelled as the photos are."""
    backbone = tiny.backbone()
    with BottleneckCache(tmp_path) as cache:
        dataset = read(photos, cache)
        training, own = dataset.of(TRAINING), originals(dataset, cache)
        compute_variants(backbone, training, 2, cache)
        fitted = load_with_variants(backbone, cache, training, own, 2)
        again = load_features(backbone, cache, [variant_identity(training[3].sha256, 2)])
    count = len(training)
    assert fitted.features.shape == (3 * count, tiny.FEATURES)
    assert (fitted.features[:count] == own.features).all()
    assert fitted.labels.tolist() == own.labels.tolist() * 3
    interpreter = ImageInterpreter(backbone.model)
    pixels = make_variant(decode(training[3].path, (64, 64)), training[3].sha256, 2, (32, 32))
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
    for _ in range(10):  # the first line is of the photos that were there before
        assert child.stdout.readline()
    child.kill()
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    features = []
    for folder in ("killed", "whole"):
        with BottleneckCache(tmp_path / folder) as cache:
            dataset = read(large_photos, cache)
            computed = compute_variants(tiny.backbone(), dataset.photos, 4, cache)
            own = originals(dataset, cache)
            features.append(load_with_variants(tiny.backbone(), cache, dataset.of(TRAINING), own, 4).features)
            assert computed == 480 if folder == "whole" else 0 < computed <= 480 - 4 * 8
    assert features[0].tobytes() == features[1].tobytes()


def test_photo_that_changed_meanwhile(photos: Path, tmp_path: Path) -> None:
    """A photo that is not what was hashed, or is gone, ends in one line that names it."""
    with BottleneckCache(tmp_path) as cache:
        dataset = read(photos, cache)
        victim = dataset.photos[7].path
        tiny.paint("red", 999).save(victim)
        with pytest.raises(DatasetError, match=f"{victim.name}: was changed while training"):
            compute_variants(tiny.backbone(), dataset.photos, 1, cache)
        victim.unlink()
        with pytest.raises(DatasetError, match=f"{victim.name}: cannot be read"):
            compute_variants(tiny.backbone(), dataset.photos, 1, cache)


def test_corrupt_cache_is_set_aside(photos: Path, tmp_path: Path) -> None:
    """A cache that is damaged between the photos and their variants costs the variants, not the run."""
    with BottleneckCache(tmp_path) as cache:
        dataset = read(photos, cache)
        own = originals(dataset, cache)
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 100)
    fitted = augment(tiny.backbone(), dataset, own, 2, tmp_path, QUIET)
    assert len(fitted.labels) == 3 * len(own.labels)
    assert (tmp_path / f"{FILE_NAME}.corrupt").exists()


def test_retrain_fits_the_head_on_variants_too(options: RetrainOptions) -> None:
    """The file says how many variants there were; none is what it always was; a negative number is refused."""
    models = []
    for count in (0, 3):
        (model,) = retrain(dataclasses.replace(options, augment=count), QUIET)
        manifest = ModelFile.load(model.path).manifest
        assert manifest is not None
        assert manifest.training["augment"] == count
        models.append(model)
    plain, augmented = models
    assert plain.fit.head.weights.tolist() != augmented.fit.head.weights.tolist()
    assert augmented.dataset.counts() == plain.dataset.counts()
    with pytest.raises(UsageError, match="--augment -1"):
        retrain(dataclasses.replace(options, augment=-1), QUIET)


def corners() -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", (120, 90), (200, 40, 40))
    picture.paste((40, 40, 200), (60, 0, 120, 90))
    return picture


def test_identity() -> None:
    """The identity of a variant follows from the photo's hash, the version and the number, and from nothing else."""
    assert AUGMENTATION_VERSION == 2
    assert variant_identity(PHOTO, 3) == hashlib.sha256(PHOTO + b"augmentation 2 3").digest()


def test_the_same_variant_every_time() -> None:
    """The same arguments give the same pixels; another number or another photo gives others."""
    first = make_variant(corners(), PHOTO, 1, SIZE)
    assert first.dtype == np.uint8
    assert first.shape == (48, 64, 3)
    assert (make_variant(corners(), PHOTO, 1, SIZE) == first).all()
    assert (make_variant(corners(), PHOTO, 2, SIZE) != first).any()
    assert (make_variant(corners(), hashlib.sha256(b"other").digest(), 1, SIZE) != first).any()


def test_variants_are_mirrored_and_lit_as_often_as_not() -> None:
    """Of 200 variants about half are mirrored, and about half are brighter than the photo."""
    variants = [make_variant(corners(), PHOTO, number, SIZE).astype(float) for number in range(1, 201)]
    mirrored = sum(variant[:, 0, 2].mean() > variant[:, 0, 0].mean() for variant in variants)
    brighter = sum(variant[:, 0].max() > 200 for variant in variants)
    assert 75 <= mirrored <= 125
    assert 50 <= brighter <= 150


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (7, 3)])
def test_photo_smaller_than_the_model(size: tuple[int, int]) -> None:
    """A photo of hardly any pixels has variants too."""
    assert make_variant(Image.new("RGB", size), PHOTO, 1, SIZE).shape == (48, 64, 3)
