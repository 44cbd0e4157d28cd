"""The public API as a program uses it. It is not run: mypy checks that each call has the types that a user expects."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from typing_extensions import assert_type

from edge import Category, Classification, Classifier, DelegateChoice, EdgeError, LabelledPhoto, ModelFile
from edge.errors import UnavailableError
from edge.sinks import ObservationSink, SinkClosed
from edge.sources import END, HANG, EndOfStream, FakeSource, FrameSource, open_source
from edge.store import Store, confirm, default_root, start_model
from edge.types import Observation
from trainer import (
    Architecture,
    Comparison,
    Dataset,
    Evaluation,
    Interval,
    Photo,
    Progress,
    Recipe,
    Retrained,
    Skipped,
    Stage,
    compare,
    evaluate,
    retrain,
)


def label_pictures(path: Path, pixels: npt.NDArray[np.uint8]) -> list[str]:
    """Label a photo by its path, its bytes, as a Pillow image and as an array."""
    classifier = Classifier.load(path, threads=2, runtime="litert", reject=True)
    found = [
        classifier.classify("rose.jpg", top_k=3, score_threshold=0.5),
        classifier.classify(path),
        classifier.classify(path.read_bytes()),
        classifier.classify(Image.new("RGB", (8, 8))),
        classifier.classify(pixels),
    ]
    assert_type(found, list[Classification])
    assert_type(found[0].best, Category | None)
    assert_type(found[0].categories, tuple[Category, ...])
    assert_type(found[0].latency_ms, float)
    assert_type(found[0].rejected, bool | None)
    assert_type(classifier.scores(pixels), npt.NDArray[np.float32])
    return [classification.label for classification in found]


def read_model(path: str) -> Classifier | None:
    """Check a model file once, and make a classifier for each thread from it."""
    try:
        model = ModelFile.load(path, labels="labels.txt")
    except EdgeError as error:
        assert_type(error.exit_code, int)
        return None
    assert_type(model.labels, tuple[str, ...])
    assert_type(model.input_size, tuple[int, int])
    assert_type(model.sha256, str)
    if model.manifest is not None:
        assert_type(model.manifest.provenance.seed, int | None)
    return Classifier(model, threads=1, delegate=DelegateChoice("libx.so", (("device", "usb"),)))


def name_photo(photo: LabelledPhoto) -> str:
    """Say what became of a photo: its label, or why it was skipped."""
    if photo.classification is None:
        return f"{photo.path.name}: {photo.error}"
    (best, *_) = photo.classification.categories
    assert_type(best.index, int)
    return f"{photo.path.name}: {best.label} {best.score:.2f}"


class Snapshots:
    """A source of one's own: three attributes and three methods."""

    uri = "snapshots:"
    ends = False
    time_limit_s = 5.0

    def open(self) -> None:
        """Connect."""

    def read(self) -> npt.NDArray[np.uint8] | None:
        """Give a picture, or none yet."""
        if time.monotonic() < 0:
            raise UnavailableError(f"{self.uri}: no answer")
        return np.zeros((4, 4, 3), np.uint8)

    def close(self) -> None:
        """Disconnect."""


def read_frames(source: FrameSource) -> int:
    """Count the pictures of a stream."""
    count = 0
    source.open()
    try:
        while True:
            picture = source.read()
            assert_type(picture, npt.NDArray[np.uint8] | None)
            count += picture is not None
    except EndOfStream:
        return count
    finally:
        source.close()


def all_sources() -> list[int]:
    """Every source is used in the same way: of an address, of one's own, and for tests."""
    fake = FakeSource([np.zeros((4, 4, 3), np.uint8), "rose.jpg", UnavailableError("unplugged"), HANG], interval_s=0.5)
    fake.put(Image.new("RGB", (4, 4)), END)
    fake.release()
    assert_type(fake.openings, int)
    return [read_frames(source) for source in (open_source("picamera2:"), Snapshots(), fake)]


class LogFile:
    """A sink of one's own: one attribute and three methods."""

    name = "log"

    def open(self) -> None:
        """Get ready."""

    def write(self, observation: Observation) -> None:
        """Print one label."""
        try:
            print(f"{observation.label} {observation.score:.2f}")
        except BrokenPipeError:
            raise SinkClosed from None

    def close(self) -> None:
        """Release everything."""


def all_sinks() -> list[ObservationSink]:
    """A class of one's own is a sink."""
    return [LogFile()]


def run_for_weeks(messages: list[str]) -> Classifier:
    """Start with the model of the store, and confirm it when it has labelled something."""
    store = Store(default_root())
    path = start_model(store, messages.append)
    assert_type(path, Path)
    classifier = Classifier.load(start_model(store))
    state = confirm(store, classifier.model.sha256)
    assert_type(state.current, str | None)
    assert_type(store.installed(), list[str])
    return classifier


def read_photos(folder: str | Path) -> Dataset:
    """Read a folder of photos, and look at what is in it."""
    photos = Dataset.from_folder(folder, validation_percentage=15, testing_percentage=20.0, seed=1, progress=print)
    assert_type(photos.labels, tuple[str, ...])
    assert_type(photos.photos, list[Photo])
    assert_type(photos.skipped, list[Skipped])
    assert_type(photos.of("test"), list[Photo])
    assert_type(photos.counts(), dict[str, dict[str, int]])
    print([photo.path for photo in photos.photos], [f"{entry.path}: {entry.reason}" for entry in photos.skipped])
    return photos


def show(stage: Stage) -> None:
    """Print how far a stage is."""
    assert_type(stage.total, int | None)
    print(f"{stage.name}: {stage.done} of {stage.total}")


def train(photos: Dataset) -> list[Retrained]:
    """Retrain on a data set and on a folder, with few options and with all."""
    architecture = Architecture.parse("mobilenet_0.50_224")
    recipe = Recipe.of(architecture, epochs=10, from_block=6, seed=1)
    models = [
        retrain(photos),
        retrain("flower_photos", architecture="mobilenet_0.50_224", quantization="float32", fine_tune=5, progress=show),
        retrain(
            Path("flower_photos"),
            architecture=architecture,
            quantization="int8",
            output="flowers.tflite",
            weights=Path("weights.h5"),
            fine_tune=recipe,
            training_steps=100,
            class_weights="auto",
            precision=0.9,
            cross_validate=False,
            augment=2,
            bottleneck_dir="cache",
            summaries_dir=Path("summaries"),
            runtime="litert",
            progress=Progress(show),
        ),
    ]
    assert_type(models[0].path, Path)
    assert_type(models[0].accuracy, float | None)
    assert_type(models[0].interval, Interval | None)
    assert_type(models[0].evaluation, Evaluation)
    return models


def measure(photos: Dataset) -> bool:
    """Evaluate a model, and compare it with another one."""
    found = evaluate("flowers.tflite", photos, split="test", progress=show)
    again = evaluate(ModelFile.load("flowers.tflite"), "flower_photos", labels="labels.txt", runtime="litert")
    assert_type(found, Evaluation)
    assert_type(again.count, int)
    assert_type(found.confusion, npt.NDArray[np.intp])
    assert_type(found.interval.low, float)
    comparison = compare("old.tflite", ModelFile.load("new.tflite"), photos, split="all", progress=Progress())
    assert_type(comparison, Comparison)
    assert_type(comparison.p_value, float)
    return comparison.is_significant
