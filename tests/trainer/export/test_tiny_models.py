"""The models in tests/data are what tests/support/make_data.py makes of today's code.

They were made on one machine. Another processor adds up in another order, so that its numbers are others in the last
digits: they are compared within a tolerance, and hashes of bytes that are made of them are not compared.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.inference.classifier import Classifier
from edge.inference.self_test import run_self_test
from edge.modelfile.manifest import Manifest
from edge.modelfile.model_file import ModelFile
from support import bad_models, make_data
from support.foreign_models import MODELS, foreign_model

RELATIVE = 1e-3
"""Of the numbers that a training finds. The largest difference seen between processors is 3e-7; see
``docs/reproducibility.md``."""

SCORES = 2 / 255
"""Of a score: what a self-test allows between two processors."""

TRAINED = ("temperature", "steps", "dataset_sha256")
"""The last is of PNG files, which each zlib packs in its own way; so are the hashes of the known photos."""

GATE = ("prototype_scale", "confidence_weight", "nearness_weight", "threshold")
DISTANCE = ("axes_scale", "rest", "corner", "weight", "threshold")


def _facts(manifest: Manifest) -> Manifest:
    """What is the same on every machine: all but the numbers that the training finds, and their hashes."""
    gate = manifest.gate and manifest.gate._replace(sha256="", **dict.fromkeys(GATE, 0.0))
    distance = manifest.distance and manifest.distance._replace(sha256="", **dict.fromkeys(DISTANCE, 0.0))
    known_photos = manifest.known_photos and manifest.known_photos._replace(sha256="")
    return dataclasses.replace(
        manifest,
        model_sha256="",
        training={name: value for name, value in manifest.training.items() if name not in TRAINED},
        self_test=manifest.self_test._replace(expected=[]),
        score_threshold=None,
        gate=gate,
        distance=distance,
        known_photos=known_photos,
    )


def _numbers(manifest: Manifest) -> dict[str, float]:
    """The numbers that the training finds, but for the scores."""
    found = {"temperature": manifest.training["temperature"]}
    if manifest.score_threshold is not None:
        found["score_threshold"] = manifest.score_threshold
    if manifest.gate is not None:
        found |= {name: getattr(manifest.gate, name) for name in GATE}
    if manifest.distance is not None:
        found |= {f"distance {name}": getattr(manifest.distance, name) for name in DISTANCE}
    return found


@pytest.mark.parametrize("name", make_data.KINDS)
def test_committed_model_is_up_to_date(name: str, tmp_path: Path) -> None:
    """Labels, manifest and scores of the committed file are those of a file made now."""
    committed = ModelFile.load(make_data.DATA / f"tiny-{name}.tflite")
    made = ModelFile.from_bytes(make_data.make(tmp_path, name))
    assert run_self_test(Classifier(made)).passed
    assert committed.labels == made.labels == ("blue", "green", "red")
    assert committed.manifest is not None
    assert made.manifest is not None
    assert _facts(committed.manifest) == _facts(made.manifest)
    assert _numbers(committed.manifest) == pytest.approx(_numbers(made.manifest), rel=RELATIVE)
    assert (made.manifest.gate is not None) == (made.manifest.distance is not None) == (name == "gated")
    expected, now = (np.array(manifest.self_test.expected) for manifest in (committed.manifest, made.manifest))
    assert np.abs(expected - now).max() <= SCORES


@pytest.mark.parametrize("name", make_data.KINDS)
def test_committed_model_passes_its_self_test(name: str) -> None:
    """The file computes here what its manifest expects."""
    assert run_self_test(Classifier.load(make_data.DATA / f"tiny-{name}.tflite")).passed


@pytest.mark.parametrize("bad", [bad_models.hanging, bad_models.crashing])
def test_committed_bad_model_is_up_to_date(bad: Callable[[], bytes]) -> None:
    """The committed file has the bytes that are made now: no number in it is computed."""
    assert (make_data.DATA / f"{bad.__name__}.tflite").read_bytes() == bad()


@pytest.mark.parametrize("name", MODELS)
def test_committed_foreign_model_is_up_to_date(name: str) -> None:
    """The committed file has the bytes that are made now: no number in it is computed."""
    assert (make_data.DATA / "foreign" / f"{name}.tflite").read_bytes() == foreign_model(**MODELS[name])
