"""The exported files: both interpreters run them, they keep their promise, and they contain nothing private."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edge.inference.classifier import Classifier
from edge.inference.label_photos import label_photos
from edge.inference.self_test import PATTERNS, make_patterns, run_self_test
from edge.modelfile.metadata import BUFFER_NAME, parse_metadata
from edge.modelfile.model_file import ModelFile
from support import tiny
from support.user_name import rare_user_name
from trainer.backbones.architectures import QUANTIZATIONS
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.export.export import float_tensors
from trainer.head.linear import softmax
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained
from trainer.tflite import read_model

pytestmark = pytest.mark.xdist_group("tensorflow")
EACH_QUANTIZATION = pytest.mark.parametrize("quantization", QUANTIZATIONS)


def labels_by_file(model: Retrained) -> list[str]:
    """What the exported file calls each photo of its data set, on LiteRT."""
    loaded = ModelFile.load(model.path)
    paths = [photo.path for photo in model.dataset.photos]
    return [outcome.classification.best.label for outcome in label_photos(loaded, paths, runtime="litert")]


@EACH_QUANTIZATION
def test_file_keeps_what_the_bottlenecks_promised(
    trained: dict[str, Retrained], drawn_options: RetrainOptions, quantization: str
) -> None:
    """The file names every photo as the float head on its bottlenecks does, but for ties; int8 may differ on one of 60.

    NumPy computes the one and the interpreter the other: two scores within 1e-4 of each other may change places.
    """
    model = trained[quantization]
    extractor = FeatureExtractor(model.backbone, drawn_options.bottleneck_dir)
    features = extractor.load([photo.sha256 for photo in model.dataset.photos])
    scores = softmax(model.fit.head.logits(features))
    promised = np.array(model.dataset.labels)[scores.argmax(axis=1)]
    differing = promised != labels_by_file(model)
    ties = np.diff(np.sort(scores, axis=1)[:, -2:], axis=1)[:, 0] < 1e-4
    assert ties.sum() <= 1
    assert (differing & ~ties).sum() <= (1 if quantization == "int8" else 0)
    if quantization != "int8":
        evaluated = len(model.dataset.of("test"))
        assert abs(model.evaluation.accuracy - model.promised_accuracy) <= ties.sum() / evaluated


@EACH_QUANTIZATION
def test_tflite_runtime_runs_the_file_and_agrees(
    trained: dict[str, Retrained], drawn_photos: Path, quantization: str, edge
) -> None:
    """The last tflite-runtime labels every photo as LiteRT does, but for near ties; the self-test comes close."""
    pytest.importorskip("tflite_runtime")
    old = {"EDGE_RUNTIME": "tflite-runtime"}
    runs = {}
    for name, env in (("litert", {"EDGE_RUNTIME": "litert"}), ("tflite-runtime", old)):
        done = edge("label", "--model", trained[quantization].path, "--json", "--top-k", 5, drawn_photos, env=env)
        assert done.returncode == 0, done.stderr
        runs[name] = {(r := json.loads(line))["path"]: r for line in done.stdout.splitlines()}
    assert len(runs["litert"]) == 60
    assert runs["litert"].keys() == runs["tflite-runtime"].keys()
    differing = 0
    for path, one in runs["litert"].items():
        other = dict(zip(runs["tflite-runtime"][path]["labels"], runs["tflite-runtime"][path]["scores"], strict=True))
        differing += one["labels"][0] != runs["tflite-runtime"][path]["labels"][0]
        if quantization == "float32":
            assert (
                max(abs(other[name] - score) for name, score in zip(one["labels"], one["scores"], strict=True)) < 1e-3
            )
    assert differing <= 2
    inspected = edge("inspect", "--json", trained[quantization].path, env=old)
    facts = json.loads(inspected.stdout)
    assert facts["runtime"] == "tflite-runtime"
    # Its int8 and hybrid kernels round activations differently, and the patterns' scores are far from certain.
    assert facts["self_test"]["passed"] is True
    assert facts["self_test"]["largest_difference"] < (0.06 if quantization in ("int8", "dynamic") else 1e-5)
    if quantization in ("float32", "float16"):
        assert (inspected.returncode, facts["self_test"]["passed"]) == (0, True)


@EACH_QUANTIZATION
def test_self_test_passes_here_and_fails_for_another_head(trained: dict[str, Retrained], quantization: str) -> None:
    """Four rows of scores that sum to one are expected, and the file computes them exactly where it was made."""
    model = ModelFile.load(trained[quantization].path)
    assert model.manifest is not None
    expected = np.array(model.manifest.self_test.expected)
    assert expected.shape == (PATTERNS, 5)
    assert np.abs(expected.sum(axis=1) - 1).max() < 0.02
    assert run_self_test(Classifier(model, runtime="litert")).largest_difference < 1e-6
    assert np.abs(expected - expected[::-1]).max() > model.manifest.self_test.tolerance


def test_int8_file_has_no_float_between_input_and_output(trained: dict[str, Retrained]) -> None:
    """Every tensor of the graph is an integer; the float models are not, so that the check can fail."""
    model = read_model(trained["int8"].path.read_bytes())
    integers = {schema.TensorType.INT8, schema.TensorType.UINT8, schema.TensorType.INT32}
    assert {tensor.type for tensor in model.subgraphs[0].tensors} <= integers
    assert len(model.subgraphs) == 1
    assert float_tensors(model) == []
    assert "scores" in float_tensors(read_model(trained["float32"].path.read_bytes()))


def test_borders_are_what_readers_expect(trained: dict[str, Retrained]) -> None:
    """uint8 in and out for int8, since MediaPipe rejects int8; float32 in and out for the others."""
    for quantization, model in trained.items():
        loaded = ModelFile.load(model.path)
        dtype = np.dtype(np.uint8 if quantization == "int8" else np.float32)
        assert loaded.input.dtype == loaded.output.dtype == dtype
        assert loaded.input.shape == (1, 128, 128, 3)
        assert loaded.output.shape == (1, 5)


@EACH_QUANTIZATION
def test_metadata_is_what_mediapipe_reads(trained: dict[str, Retrained], quantization: str) -> None:
    """Normalisation and label file are in the TFLITE_METADATA buffer; the zip is stored and dated 1980."""
    content = trained[quantization].path.read_bytes()
    model = read_model(content)
    buffers = {entry.name.decode(): bytes(model.buffers[entry.buffer].data) for entry in model.metadata}
    found = parse_metadata(buffers[BUFFER_NAME])
    assert (found.mean, found.std, found.labels_name) == (127.5, 127.5, "labels.txt")
    assert "CONVERSION_METADATA" not in buffers
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {(e.compress_type, e.date_time) for e in archive.infolist()} == {(0, (1980, 1, 1, 0, 0, 0))}
        assert archive.read("labels.txt") == b"daisy\ndandelion\nroses\nsunflowers\ntulips\n"


@EACH_QUANTIZATION
def test_file_has_no_path_and_no_user(
    trained: dict[str, Retrained], drawn_options: RetrainOptions, quantization: str
) -> None:
    """Neither the photos' folder nor the cache's, the home or the user's name is in the bytes or the manifest."""
    content = trained[quantization].path.read_bytes()
    paths = [drawn_options.folder, drawn_options.bottleneck_dir, drawn_options.output, Path.home(), Path.cwd()]
    for path in [*paths, *(photo.path for photo in trained[quantization].dataset.photos[:3])]:
        if len(path.parts) > 1:
            assert str(path).encode() not in content
    for name in ("drawn-photos", *(photo.path.name for photo in trained[quantization].dataset.photos)):
        assert name.encode() not in content
    manifest = ModelFile.load(trained[quantization].path).manifest
    assert manifest is not None
    words = json.dumps({**manifest.training, "rest": [manifest.architecture, manifest.minimum_runtime]})
    assert rare_user_name() not in words
    assert "/" not in words


def test_manifest_says_how_to_train_the_model_again(trained: dict[str, Retrained]) -> None:
    """Architecture, weights, split, penalty and steps are in the manifest, with the hashes of backbone and photos."""
    for quantization, model in trained.items():
        manifest = ModelFile.load(model.path).manifest
        assert manifest is not None
        assert (manifest.architecture, manifest.quantization, manifest.input_size) == (
            "mobilenet_1.0_128",
            quantization,
            128,
        )
        assert manifest.training["backbone_sha256"] == model.backbone.model.sha256
        assert manifest.training["weights_sha256"] == model.backbone.weights.sha256
        assert (manifest.training["l2"], manifest.training["steps"]) == (model.fit.l2, len(model.fit.steps) - 1)
        split = [manifest.training[name] for name in ("validation_percentage", "testing_percentage", "seed")]
        assert split == [20, 20, 0]
    fingerprints = {ModelFile.load(model.path).manifest.training["dataset_sha256"] for model in trained.values()}
    assert len(fingerprints) == 1


def test_another_folder_and_another_cache_give_the_same_bytes(
    trained: dict[str, Retrained], drawn_photos: Path, tmp_path: Path, trainer
) -> None:
    """Backbone, bottlenecks, head and file are made again from scratch, in other places: no byte differs."""
    photos = tmp_path / "somewhere" / "else"
    shutil.copytree(drawn_photos, photos)
    done = trainer(
        "retrain",
        photos,
        *("--architecture", "mobilenet_1.0_128", "--weights", "offline", "--bottleneck-dir", tmp_path / "cache"),
        *("--output", tmp_path / "m.tflite", "--testing-percentage", 20, "--validation-percentage", 20),
        *("--quantization", "int8", "--quantization", "float32", "--no-unknown"),
    )
    assert done.returncode == 0, done.stderr
    for quantization in ("int8", "float32"):
        assert (tmp_path / f"m-{quantization}.tflite").read_bytes() == trained[quantization].path.read_bytes()


def test_tiny_export_says_what_it_needs(options: RetrainOptions) -> None:
    """The smallest runtime of an int8 file is that of its newest kernel, and stands in file and manifest."""
    (model,) = retrain_all(options, Progress())
    manifest = ModelFile.load(model.path).manifest
    assert manifest is not None
    assert manifest.minimum_runtime == "1.14.0"
    assert manifest.self_test.tolerance == pytest.approx(2 / 255)
    assert manifest.architecture == tiny.ARCHITECTURE.name


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_the_self_test_notices_swapped_colour_channels(trained: dict[str, Retrained], quantization: str) -> None:
    """A device that mixes up RGB and BGR differs by several times what the self-test allows; a float32 one anywhere."""
    classifier = Classifier.load(trained[quantization].path)
    manifest = classifier.model.manifest
    assert manifest is not None
    patterns = make_patterns(manifest.self_test.seed, classifier.model.input_size)
    swapped = np.stack([classifier.scores(np.ascontiguousarray(pattern[:, :, ::-1])) for pattern in patterns])
    difference = np.abs(swapped - np.array(manifest.self_test.expected)).max()
    assert difference > 4 * manifest.self_test.tolerance
    assert quantization == "int8" or difference > manifest.self_test.other_tolerance
