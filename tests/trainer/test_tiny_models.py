"""The models in tests/data are what tests/make_data.py makes of today's code."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import bad_models
import make_data
import numpy as np
import pytest

from edge.classifier import Classifier
from edge.modelfile import ModelFile
from edge.selftest import run_self_test

# They follow the flatbuffer's bytes or the photos', where the linear algebra of another processor may round.
HASHES = {"model_sha256": "", "self_test": None, "training": {}, "gate": None}


@pytest.mark.parametrize("kind", make_data.KINDS)
def test_committed_model_is_up_to_date(kind: str, tmp_path: Path) -> None:
    """Labels, manifest and scores of the committed file are those of a file made now."""
    committed = ModelFile.load(make_data.DATA / f"tiny-{kind}.tflite")
    made = ModelFile.from_bytes(make_data.make(tmp_path, kind))
    assert run_self_test(Classifier(made)).passed
    assert committed.labels == made.labels == ("blue", "green", "red")
    manifests = committed.manifest, made.manifest
    assert manifests[0] is not None
    assert manifests[1] is not None
    plain = [dataclasses.replace(manifest, **HASHES) for manifest in manifests]  # type: ignore[arg-type]
    assert plain[0] == plain[1]
    training = [{k: v for k, v in m.training.items() if k != "steps"} for m in manifests]
    assert training[0] == training[1]
    assert (manifests[0].gate is None) == (manifests[1].gate is None) == (kind != "gated")
    expected, now = (np.array(manifest.self_test.expected) for manifest in manifests)
    assert np.abs(expected - now).max() <= 1 / 255


@pytest.mark.parametrize("kind", make_data.KINDS)
def test_committed_model_passes_its_self_test(kind: str) -> None:
    """The file computes here what its manifest expects."""
    assert run_self_test(Classifier.load(make_data.DATA / f"tiny-{kind}.tflite")).passed


@pytest.mark.parametrize("bad", [bad_models.hanging, bad_models.crashing])
def test_committed_bad_model_is_up_to_date(bad: Callable[[], bytes]) -> None:
    """The committed file has the bytes that are made now."""
    assert (make_data.DATA / f"{bad.__name__}.tflite").read_bytes() == bad()
