"""TensorFlow's converter as the reference, and TensorFlow itself as that of frozen graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.inference.interpreter import ImageInterpreter
from edge.inference.self_test import make_patterns
from edge.preprocess import preprocess
from support import tiny
from support.frozen_graphs import run_graph
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.backbones.convert import calibration_pictures
from trainer.backbones.packaged_weights import GRAPH, installed


def test_calibration_pictures_span_exactly_minus_one_to_one() -> None:
    """A hundred pictures, every one with the full range, so that no set of photos can rescale the pixels."""
    pictures = list(calibration_pictures(128))
    assert len(pictures) == 100
    assert {(picture.shape, picture.dtype.name) for picture in pictures} == {((1, 128, 128, 3), "float32")}
    assert {(float(picture.min()), float(picture.max())) for picture in pictures} == {(-1.0, 1.0)}


def test_calibration_pictures_are_the_same_every_time_and_differ_from_each_other() -> None:
    """The artifact does not depend on when or where it is built."""
    first, second = (np.concatenate(list(calibration_pictures(32))) for _ in range(2))
    assert (first == second).all()
    assert len(np.unique(first, axis=0)) == 100
    values = first[:, 1:].ravel()  # without the two pinned values in the first row
    assert abs(values.mean()) < 0.05
    assert 0.5 < values.std() < 0.65  # uniform colours have 0.577


@pytest.mark.xdist_group("tensorflow")
def test_offline_weights_give_the_features_of_the_graph_itself(offline: None, tmp_path: Path, run_python) -> None:
    """The file with the frozen constants computes what the frozen graph computes, within 1e-4."""
    photos = [preprocess(tiny.paint(label, 1, (300, 200)), (224, 224)) for label in tiny.COLOURS]
    pictures = np.stack([*make_patterns(7, (224, 224)), *photos])
    graph = installed(GRAPH)
    assert graph is not None
    expected = run_graph(run_python, graph, "MobilenetV1/Logits/AvgPool_1a/AvgPool:0", pictures, tmp_path)
    (backbone,) = load_backbones(tmp_path / "cache", Architecture(1.0, 224), "offline", ["float32"])
    interpreter = ImageInterpreter(backbone.model, runtime="litert")
    features = np.stack([interpreter.raw_outputs(picture) for picture in pictures])
    assert features.shape == expected.shape == (7, 1024)
    assert expected.max() > 1  # the pictures do excite the network
    assert np.abs(features - expected).max() < 1e-4
