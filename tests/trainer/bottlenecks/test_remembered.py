"""Remembered bottlenecks: which are chosen, how they are packed, and what a file with them says."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DataError, ModelError, UsageError
from edge.modelfile.gate_facts import GATE_NAME
from edge.modelfile.manifest import KNOWN_PHOTOS_NAME, MANIFEST_NAME, REMEMBERED_NAME
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import TensorSpec
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import load_labelled
from trainer.bottlenecks.remembered import Remembered, read_remembered, remember, require_remembered
from trainer.export.metadata import label_lines, pack_files
from trainer.photos.split import TRAINING
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

INT8 = TensorSpec("bottleneck", (1, 4), np.dtype(np.int8), 6 / 255, -128)
FLOAT = TensorSpec("bottleneck", (1, 4), np.dtype(np.float32), 0.0, 0)


@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 5))
def test_the_mean_of_the_chosen_stays_near_the_mean_of_the_class(count: int, photos: int, seed: int) -> None:
    """At most ``count`` of each label are chosen, each once; their mean is nearer than that of the first ones."""
    rng = np.random.default_rng(seed)
    indices = np.repeat([0, 1], [photos, 2 * photos])
    features = rng.gamma(1.0, 1.0, (len(indices), 4)).astype(np.float32)
    found = remember(features, indices, ("a", "b"), count)
    assert found.counts == {"a": min(count, photos), "b": min(count, 2 * photos)}
    assert len({row.tobytes() for row in found.features}) == len(found.features)
    for label in (0, 1):
        own, kept = features[indices == label], found.features[found.indices == label]
        assert {row.tobytes() for row in kept} <= {row.tobytes() for row in own}

        off = np.linalg.norm(kept.mean(axis=0) - own.mean(axis=0))
        nearest = np.linalg.norm(own - own.mean(axis=0), axis=1).min()
        assert (
            off <= nearest + 1e-5
            if count == 1
            else off <= np.linalg.norm(own[: len(kept)].mean(axis=0) - own.mean(axis=0)) + 0.25
        )


@given(st.integers(0, 3))
def test_an_int8_artifacts_bottlenecks_are_kept_exactly(seed: int) -> None:
    """What an int8 tensor holds comes back as it was; floats from 0 to 6 are off by half a step at most."""
    rng = np.random.default_rng(seed)
    indices = np.array([0, 1, 1, 0, 1])
    exact = (rng.integers(-128, 128, (5, 4)).astype(np.float32) + 128) * np.float32(6 / 255)
    for features, output, off in (
        (exact, INT8, 0.0),
        (rng.uniform(-1, 5, (5, 4)).astype(np.float32), FLOAT, 3.01 / 255),
    ):
        packed = Remembered(("a", "b"), features, indices).packed(output)
        assert (packed.facts.counts, packed.facts.features, len(packed.content)) == ([2, 3], 4, 20)
        rows = np.frombuffer(packed.content, np.int8).reshape(5, 4).astype(np.float32)
        back = (rows - packed.facts.zero_point) * np.float32(packed.facts.scale)
        assert np.abs(back - features[[0, 3, 1, 2, 4]]).max() <= off


def test_too_many_bottlenecks_name_the_most() -> None:
    """A number that would not fit into the file is an error that names the largest one."""
    with pytest.raises(UsageError, match=r"--remember 2000 would take 16.4 MB .* give at most 1536"):
        remember(np.zeros((16_000, 1024), np.int8), np.arange(16_000) % 8, list("abcdefgh"), 2000)


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_a_file_remembers_photos_that_trained_it(options: RetrainOptions, final: bool, quantization: str) -> None:
    """The file has N bottlenecks of each class: of the training photos, or of all with --final; else it is the same."""
    plain = dataclasses.replace(options, quantizations=(quantization,), final=final)
    (before,) = retrain_all(plain, Progress())
    without = before.path.read_bytes()
    (model,) = retrain_all(dataclasses.replace(plain, remember=3), Progress())
    file = ModelFile.load(model.path)
    remembered = require_remembered(read_remembered(file), "tiny.tflite")
    assert remembered.counts == {"blue": 3, "green": 3, "red": 3}
    assert remembered.labels == file.labels
    extractor = FeatureExtractor(model.backbone, options.bottleneck_dir)
    photos = [photo for photo in model.dataset.by_split() if final or photo.split == TRAINING]
    data = load_labelled(extractor, model.dataset, photos)
    for row, index in zip(remembered.features, remembered.indices, strict=True):
        distances = np.abs(data.features[data.labels == index] - row).max(axis=1)
        assert distances.min() <= (0 if quantization == "int8" else 1.01 / 255)
    assert (
        file.content[: unpack_files(file.content).flatbuffer_bytes] == without[: unpack_files(without).flatbuffer_bytes]
    )
    assert "remembered" not in json.loads(unpack_files(without).files[MANIFEST_NAME])


def test_a_file_that_remembers_nothing_says_how_it_could(options: RetrainOptions) -> None:
    """The message names the file and the option."""
    (model,) = retrain_all(options, Progress())
    file = ModelFile.load(model.path)
    assert read_remembered(file) is None
    with pytest.raises(DataError, match=r"tiny\.tflite: does not remember its classes.*--remember 40"):
        require_remembered(read_remembered(file), "tiny.tflite")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": [3, 3]}, "do not have the size"),
        ({"counts": [3, 3, 3, 0]}, "do not fit its labels"),
        ({"counts": [3, 3, -1]}, "manifest is damaged"),
        ({"features": 0}, "manifest is damaged"),
        ({"scale": float("nan")}, "manifest is damaged"),
        ({"scale": -1.0}, "manifest is damaged"),
        ({"zero_point": 300}, "manifest is damaged"),
        ({"sha256": "0" * 64}, "not those that were exported"),
    ],
)
def test_facts_that_do_not_fit_are_refused(options: RetrainOptions, changes: dict[str, object], message: str) -> None:
    """A file whose manifest says something else of its remembered bottlenecks is damaged."""
    (model,) = retrain_all(dataclasses.replace(options, remember=3), Progress())
    file = ModelFile.load(model.path)
    assert file.manifest is not None and file.manifest.remembered is not None
    changed = dataclasses.replace(
        file.manifest,
        remembered=file.manifest.remembered._replace(**changes),  # type: ignore[arg-type]
    )
    flatbuffer = file.content[: unpack_files(file.content).flatbuffer_bytes]
    packed = (file.packed.get(name) for name in (GATE_NAME, KNOWN_PHOTOS_NAME, REMEMBERED_NAME))
    with pytest.raises(ModelError, match=message):
        ModelFile.from_bytes(pack_files(flatbuffer, label_lines(file.labels), changed, *packed))
