"""The one step that needs TensorFlow, and that it leaves nothing to chance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.inference.interpreter import ImageInterpreter
from edge.inference.self_test import make_patterns
from edge.preprocess import preprocess
from support import tiny
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.backbones.convert import calibration_pictures
from trainer.backbones.frozen_graph import installed_graph

GRAPH_SCRIPT = """
import sys
import numpy as np
import tensorflow as tf
graph = tf.compat.v1.GraphDef()
graph.ParseFromString(open(sys.argv[1], "rb").read())
pictures = np.load(sys.argv[2])
with tf.Graph().as_default():
    tf.import_graph_def(graph, name="")
    with tf.compat.v1.Session() as session:
        run = lambda one: session.run("MobilenetV1/Logits/AvgPool_1a/AvgPool:0", {"input:0": one[None]}).reshape(-1)
        np.save(sys.argv[3], np.stack([run(picture) for picture in pictures]))
"""

WEIGHTS_SCRIPT = """
import json, sys
from pathlib import Path
from edge.errors import EdgeError
from trainer.backbones.architectures import Architecture
from trainer.backbones.convert import build_model
said = []
for name in sys.argv[1:]:
    try:
        build_model(Architecture(0.5, 128), Path(name))
        said.append("accepted")
    except EdgeError as error:
        said.append(str(error))
print(json.dumps(said))
"""


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
    """Keras' MobileNet with the frozen constants computes what the frozen graph computes, within 1e-4."""
    photos = [preprocess(tiny.paint(label, 1, (300, 200)), (224, 224)) for label in tiny.COLOURS]
    pictures = np.stack([*make_patterns(7, (224, 224)), *photos])
    np.save(tmp_path / "pictures.npy", pictures.astype(np.float32) / np.float32(127.5) - 1)
    graph = installed_graph()
    done = run_python("-c", GRAPH_SCRIPT, graph, tmp_path / "pictures.npy", tmp_path / "features.npy")
    assert done.returncode == 0, done.stderr
    expected = np.load(tmp_path / "features.npy")
    (backbone,) = load_backbones(tmp_path / "cache", Architecture(1.0, 224), "offline", ["float32"])
    interpreter = ImageInterpreter(backbone.model, runtime="litert")
    features = np.stack([interpreter.raw_outputs(picture) for picture in pictures])
    assert features.shape == expected.shape == (7, 1024)
    assert expected.max() > 1  # the pictures do excite the network
    assert np.abs(features - expected).max() < 1e-4


@pytest.mark.xdist_group("tensorflow")
def test_wrong_weights_are_one_line_that_names_file_and_architecture(
    tmp_path: Path, offline: None, shared: Path, run_python
) -> None:
    """Garbage, an empty file, a foreign suffix and the weights of other widths are refused; the right ones are not."""
    names = ["garbage.h5", "garbage.pb", "empty.weights.h5", "model.onnx"]
    for name in names:
        (tmp_path / name).write_bytes(b"" if name.startswith("empty") else b"\xffgarbage")
    keras = shared / "keras_home" / "models"
    files = [tmp_path / name for name in names]
    files += [installed_graph(), keras / "mobilenet_2_5_128_tf_no_top.h5", keras / "mobilenet_5_0_160_tf_no_top.h5"]
    done = run_python("-c", WEIGHTS_SCRIPT, *files)
    said = json.loads(done.stdout.splitlines()[-1])
    assert said.pop() == "accepted"
    for file, line in zip(files[:-1], said, strict=True):
        assert Path(str(file)).name in line
        assert "\n" not in line
        assert len(line) < 400
    assert said[1] == "garbage.pb: not a frozen TensorFlow graph"
    assert all("not the weights of mobilenet_0.50_128" in line for line in [said[0], *said[2:]])


@pytest.mark.xdist_group("tensorflow")
def test_failed_download_ends_in_one_line_with_the_three_ways(photos: Path, tmp_path: Path, trainer) -> None:
    """Without a connection an architecture whose weights are not here is a configuration error, not a traceback."""
    refused = "http://127.0.0.1:9"  # the discard port: refused immediately, and nothing leaves this machine
    done = trainer(
        "retrain",
        photos,
        *(
            "--architecture",
            "mobilenet_0.50_128",
            "--output",
            tmp_path / "o.tflite",
            "--bottleneck-dir",
            tmp_path / "c",
        ),
        env={"KERAS_HOME": str(tmp_path / "keras"), "https_proxy": refused, "http_proxy": refused, "no_proxy": ""},
    )
    assert done.returncode == 78
    assert done.stderr.startswith("trainer: no pretrained weights for mobilenet_0.50_128 (the download failed: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not (tmp_path / "o.tflite").exists()
