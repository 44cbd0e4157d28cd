"""A model of another project becomes a file of ours that gives the same scores to every reader."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edge.errors import ModelError
from edge.inference.classifier import Classifier
from edge.inference.interpreter import RUNTIMES, installed_runtimes
from edge.inference.self_test import pattern_scores, run_self_test
from edge.modelfile.graph import Ending, Graph
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import given_normalization
from edge.preprocess import preprocess
from support import surgery, tiny
from support.foreign_models import LABELS, MODELS, foreign_model
from support.toy_networks import with_outside_weights
from trainer.adopt.adopt import adopt
from trainer.tflite import read_model, write_model

PAIR = ("not red", "red")
WORKING = [name for name in MODELS if name not in ("infinite", "root")]
RANDOM = np.random.default_rng(1).integers(0, 256, (5, 20, 30, 3), np.uint8)
MEAN, STD = (123.7, 116.3, 103.5), (58.4, 57.1, 57.4)


def load(name: str, **given: Any) -> ModelFile:
    """The foreign model ``name``; ``given`` are arguments of :func:`given_normalization`."""
    labels = PAIR if name in ("sigmoid", "logit") else LABELS
    return ModelFile.from_bytes(foreign_model(**MODELS[name]), labels, given_normalization(**given))


def adopted(model: ModelFile) -> ModelFile:
    """The finished file, read again."""
    return ModelFile.from_bytes(adopt(model, "some.tflite").content)


@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize("name", WORKING)
def test_the_same_scores_without_options(name: str, runtime: str) -> None:
    """The file passes its self-test on both interpreters and gives the scores of the model that it was made of."""
    for given in ({}, {"input_range": (0, 1)}):
        model = load(name, **given)
        made = adopted(model)
        assert run_self_test(Classifier(made, runtime=runtime)).passed
        before, after = (Classifier(each, runtime=runtime) for each in (model, made))
        for picture in RANDOM:
            np.testing.assert_allclose(after.scores(picture), before.scores(picture), atol=0.006)


@pytest.mark.parametrize("name", ["softmax", "nchw", "int8-range", "uint8"])
def test_mean_and_std_by_channel(name: str) -> None:
    """Three values are written into the metadata of a float model, and into the graph of one with 8-bit input."""
    model = load(name, mean=MEAN, std=STD)
    made = adopted(model)
    for picture in RANDOM:
        np.testing.assert_allclose(Classifier(made).scores(picture), Classifier(model).scores(picture), atol=0.02)
    if name in ("softmax", "nchw"):
        assert (made.mean, made.std) == (pytest.approx(MEAN), pytest.approx(STD))
    else:
        assert (made.input.dtype, made.input.scale) == (np.uint8, 1.0)


@pytest.mark.parametrize("name", ["int8", "int8-range", "uint8", "int8-logits"])
@pytest.mark.parametrize("runtime", installed_runtimes())
def test_a_bare_interpreter_takes_the_pixels(name: str, runtime: str) -> None:
    """Whoever gives uint8 pixels to an adopted 8-bit file as they are gets the scores."""
    made = adopted(load(name, input_range=(-0.9, 1)))
    assert made.input.dtype == np.uint8
    interpreter = importlib.import_module(RUNTIMES[runtime]).Interpreter(model_content=made.content)
    interpreter.allocate_tensors()
    pixels = preprocess(RANDOM[0], made.input_size)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels[np.newaxis])
    interpreter.invoke()
    raw = interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).reshape(-1)
    real = raw * made.output.scale if made.output.scale else raw
    np.testing.assert_allclose(real, Classifier(made, runtime=runtime).scores(RANDOM[0]), atol=1e-6)


def test_what_the_file_says() -> None:
    """Manifest, metadata and signature are those of our files; the network is not called MobileNet."""
    model = load("logits", input_range=(0, 1))
    made = adopted(model)
    manifest = made.manifest
    assert manifest is not None
    assert (manifest.architecture, manifest.quantization, manifest.input_size) == ("adopted", "float32", 8)
    assert (manifest.accuracy, manifest.test_photos, manifest.minimum_runtime) == (None, 0, "")
    assert manifest.provenance.adopted_from == "some.tflite"
    assert manifest.provenance.adopted_sha256 == model.sha256
    assert manifest.provenance.note is not None and "training is not known" in manifest.provenance.note
    assert "guess" not in manifest.provenance.note
    assert (made.labels, made.mean, made.std, made.transform) == (LABELS, 0.0, 255.0, None)
    assert Graph(made.content).ending() is Ending.SOFTMAX
    (signature,) = read_model(made.content).signatureDefs
    assert (signature.signatureKey, signature.inputs[0].name) == (b"serving_default", b"image")
    assert signature.outputs[0].name == b"scores"


def test_a_guess_is_written_down() -> None:
    """If nothing said how pixels are scaled, the provenance says that it is a guess."""
    manifest = adopted(load("softmax")).manifest
    assert manifest is not None and manifest.provenance.note is not None
    assert manifest.provenance.note.endswith("that it takes pixels of -1..1 is a guess")


@pytest.mark.parametrize(
    ("name", "quantization"), [("softmax", "float32"), ("int8", "int8"), ("uint8", "int8"), ("grey", "float32")]
)
def test_quantization(name: str, quantization: str) -> None:
    """An 8-bit input counts as int8."""
    manifest = adopted(load(name)).manifest
    assert manifest is not None and manifest.quantization == quantization


def test_a_noted_runtime_is_kept() -> None:
    """The release that the converter noted is raised to that of the new operators; nonsense counts as not noted."""
    for text, release in ((b"1.5.0", "1.14.0"), (b"2.17.0", "2.17.0"), (b"newest", "")):
        tree = read_model(foreign_model())
        entry, buffer = schema.MetadataT(), schema.BufferT()
        entry.name, entry.buffer = b"min_runtime_version", len(tree.buffers)
        buffer.data = np.frombuffer(text.ljust(16, b"\0"), np.uint8)
        tree.buffers.append(buffer)
        tree.metadata.append(entry)
        manifest = adopted(ModelFile.from_bytes(write_model(tree), LABELS)).manifest
        assert manifest is not None and manifest.minimum_runtime == release


def test_the_same_bytes() -> None:
    """The same model and options give the same bytes."""
    assert adopt(load("logits"), "a").content == adopt(load("logits"), "a").content


@pytest.mark.parametrize("name", ["infinite", "root"])
def test_models_without_scores(name: str) -> None:
    """A model whose scores are not numbers cannot be adopted."""
    with pytest.raises(ModelError, match="not numbers"):
        adopt(load(name), "a")


def test_a_file_of_ours() -> None:
    """A file of this project is not adopted again."""
    with pytest.raises(ModelError, match="nothing to adopt"):
        adopt(ModelFile.from_bytes(surgery.tiny()), "a")
    with pytest.raises(ModelError, match="nothing to adopt"):
        adopt(adopted(load("softmax")), "a")
    with pytest.raises(ModelError, match="label 1 is blank: each class needs a name"):
        adopt(ModelFile.from_bytes(foreign_model(**MODELS["softmax"]), ("", "green", "red")), "a")


def test_weights_behind_the_flatbuffer() -> None:
    """A model whose weights lie behind the flatbuffer, as those above 2 GB, is adopted like any other."""
    inside = foreign_model()
    found = [adopt(ModelFile.from_bytes(content, LABELS), "a") for content in (inside, with_outside_weights(inside))]
    first, second = (pattern_scores(Classifier(ModelFile.from_bytes(each.content)), 1) for each in found)
    assert np.abs(first - second).max() == 0


def test_measured_on_photos(tmp_path: Path) -> None:
    """The accuracy on the photos goes into the manifest."""
    folder = tiny.paint_folder(tmp_path / "photos", 4)
    made = adopt(load("logits"), "a", folder, groups="off")
    assert made.evaluation is not None
    manifest = ModelFile.from_bytes(made.content).manifest
    assert manifest is not None
    assert (manifest.accuracy, manifest.test_photos) == (round(made.evaluation.accuracy, 6), 12)
    assert made.evaluation.accuracy > 0.9
    assert manifest.provenance.independent_test_photos == 12


def test_too_few_photos(tmp_path: Path) -> None:
    """Two photos do not show an accuracy, so the manifest has none."""
    folder = tiny.paint_folder(tmp_path / "photos", 1)
    (folder / "red" / "000.png").unlink()
    made = adopt(load("logits"), "a", folder, groups="off")
    assert made.evaluation is not None and made.evaluation.count == 2
    manifest = ModelFile.from_bytes(made.content).manifest
    assert manifest is not None and (manifest.accuracy, manifest.test_photos) == (None, 0)
