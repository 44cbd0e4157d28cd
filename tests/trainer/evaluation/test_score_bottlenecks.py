"""The head of a file alone gives the scores of the whole file, and what happens if it does not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.inference.interpreter import dequantize, open_interpreter
from edge.modelfile.hidden_output import with_declared_outputs
from edge.modelfile.model_file import ModelFile
from edge.modelfile.provenance import Provenance
from edge.modelfile.structure import TensorSpec
from edge.preprocess import preprocess
from support import tiny
from trainer.backbones.architectures import QUANTIZATIONS
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled, load_labelled
from trainer.evaluation.score_bottlenecks import CHECKED, cut_head, quantize, score_bottlenecks
from trainer.evaluation.score_photos import score_photos
from trainer.export.export import export_model
from trainer.export.hidden_output import write_with_hidden_output
from trainer.export.quantized_head import QuantizedHead
from trainer.export.splice import splice_head
from trainer.head.calibration import Calibration
from trainer.head.gate import fit_gate_beside
from trainer.head.linear import Head
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrained import Retrained
from trainer.tflite import read_model

PICTURES = [np.asarray(tiny.paint(label, 7, (32, 32))) for label in tiny.COLOURS]


class Gated:
    """A file with a gate and a random head behind the real backbone of ``model``, its photos and bottlenecks."""

    def __init__(self, model: Retrained, options: RetrainOptions, seed: int = 0) -> None:
        dataset, quantization = model.dataset, model.backbone.quantization
        extractor = FeatureExtractor(model.backbone, options.bottleneck_dir)
        self.data = load_labelled(extractor, dataset, dataset.photos)
        self.paths = [photo.path for photo in dataset.photos]
        labels = len(dataset.labels)
        weights = np.random.default_rng(seed).normal(0, 0.2, (self.data.features.shape[1], labels))
        calibration = Calibration(Head(weights, np.zeros(labels)), 1.0, None, 0.95)
        gate = fit_gate_beside(self.data, calibration, self.data, labels, quantization)
        exported = export_model(
            model.backbone,
            calibration,
            samples=self.data.features.astype(np.float32),
            dataset=dataset,
            provenance=Provenance(backbone_sha256=model.backbone.model.sha256),
            gate=gate,
        )
        self.model = ModelFile.from_bytes(exported.content)


@pytest.fixture(scope="module")
def gated(trained: dict[str, Retrained], drawn_options: RetrainOptions) -> Gated:
    """The int8 one."""
    return Gated(trained["int8"], drawn_options)


@pytest.mark.xdist_group("tensorflow")
@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_same_scores_as_the_whole_file(
    trained: dict[str, Retrained], drawn_options: RetrainOptions, quantization: str
) -> None:
    """Of every kind and every photo, bit by bit."""
    case, messages = Gated(trained[quantization], drawn_options, seed=1), list[str]()
    scored = score_bottlenecks(case.model, case.paths, case.data, write_message=messages.append)
    assert scored is not None, messages
    for found, wanted in zip(scored, score_photos(case.model, case.paths), strict=True):
        assert found.gated is not None and wanted.gated is not None
        assert found.gated.scores.tobytes() == wanted.gated.scores.tobytes()
        assert np.isnan(found.latency_ms)


@given(seed=st.integers(0, 2**31), kind=st.sampled_from(["float32", "int8", "int8 with factors"]))
def test_cut_head_computes_the_same(seed: int, kind: str) -> None:
    """Whatever the head is, its operators alone make of the bottleneck what the whole file makes of the picture."""
    random = np.random.default_rng(seed)
    head: Head | QuantizedHead = Head(random.normal(0, 3, (tiny.FEATURES, 3)), random.normal(0, 1, 3))
    if kind != "float32":
        factors = random.integers(1, 64, tiny.FEATURES).astype(np.int8) if kind.endswith("factors") else None
        weights = random.integers(-127, 128, (3, tiny.FEATURES)).astype(np.int8)
        head = QuantizedHead(weights, 0.02, random.integers(-5000, 5000, 3, np.int32), 0.1, 3, factors)
    tree = read_model(tiny.backbone_bytes(kind.partition(" ")[0]))
    bottleneck = int(tree.subgraphs[0].outputs[0])
    splice_head(tree, head)
    revealed = with_declared_outputs(write_with_hidden_output(tree, bottleneck), 2)
    whole, alone = (open_interpreter(content, 1, "litert") for content in (revealed, cut_head(revealed)))
    (image,), (scores, hidden) = whole.get_input_details(), whole.get_output_details()
    (taken,), (given_,) = alone.get_input_details(), alone.get_output_details()
    for picture in PICTURES:
        pixels = picture if image["dtype"] == np.uint8 else picture.astype(np.float32) / 127.5 - 1
        whole.set_tensor(image["index"], pixels[np.newaxis])
        whole.invoke()
        alone.set_tensor(taken["index"], whole.get_tensor(hidden["index"]))
        alone.invoke()
        assert alone.get_tensor(given_["index"]).tobytes() == whole.get_tensor(scores["index"]).tobytes()


@given(
    st.sampled_from([np.int8, np.uint8]),
    st.floats(2.0**-40, 2.0**40, width=32),
    st.integers(0, 255),
)
def test_quantize_finds_every_value_again(dtype: type[np.integer], scale: float, zero: int) -> None:
    """Of all 256 values, whatever scale and zero point are; floats stay as they are."""
    limits = np.iinfo(dtype)
    tensor = TensorSpec("bottleneck", (1, 256), np.dtype(dtype), scale, limits.min + zero)
    values = np.arange(limits.min, limits.max + 1).astype(dtype)
    found = quantize(dequantize(values, tensor), tensor)
    assert found.dtype == dtype
    assert (found == values).all()
    floats = np.float32([scale, -0.0, zero])
    as_floats = TensorSpec("bottleneck", (1, 3), np.dtype(np.float32), 0.0, 0)
    assert quantize(floats, as_floats).tobytes() == floats.tobytes()


@pytest.mark.xdist_group("tensorflow")
def test_one_other_byte_is_noticed(gated: Gated) -> None:
    """If one value of a photo that is checked is another one, the whole file must compute; a line says it once."""
    features = gated.data.features.copy()
    features[0, 5] += 0.5
    messages: list[str] = []
    changed = Labelled(features, gated.data.labels)
    assert score_bottlenecks(gated.model, gated.paths, changed, write_message=messages.append) is None
    assert len(messages) == 1 and messages[0].startswith(f"{gated.paths[0]}: ")


@pytest.mark.xdist_group("tensorflow")
def test_a_photo_that_has_gone_is_left_to_the_whole_file(gated: Gated, tmp_path: Path) -> None:
    """The evaluation of the whole file names it, so that it is not counted from the cache."""
    paths = [tmp_path / "gone.jpg", *gated.paths[1:]]
    messages: list[str] = []
    assert score_bottlenecks(gated.model, paths, gated.data, write_message=messages.append) is None
    assert "gone.jpg" in messages[0]


@pytest.mark.xdist_group("tensorflow")
def test_without_a_gate_the_whole_file_computes(gated: Gated) -> None:
    """The gate's facts say where the bottleneck is; a file of a few photos has no gate, and no photos need no head."""
    assert gated.model.manifest is not None
    plain = dataclasses.replace(gated.model, manifest=dataclasses.replace(gated.model.manifest, gate=None))
    assert score_bottlenecks(plain, gated.paths, gated.data) is None
    assert score_bottlenecks(gated.model, [], gated.data.where(np.zeros(len(gated.paths), bool))) is None


@pytest.mark.xdist_group("tensorflow")
@pytest.mark.parametrize("count", [1, CHECKED - 1, CHECKED + 1])
def test_any_number_of_photos(gated: Gated, count: int) -> None:
    """Fewer photos than are checked are checked all; each gets its scores once, in order."""
    scored = score_bottlenecks(gated.model, gated.paths[:count], gated.data.where(np.arange(count)))
    assert scored is not None
    whole = score_photos(gated.model, gated.paths[:count])
    for found, wanted in zip(scored, whole, strict=True):
        assert found.gated is not None and wanted.gated is not None
        assert (found.gated.scores == wanted.gated.scores).all()


def test_pictures_are_what_the_backbone_takes() -> None:
    """The pictures of these tests need no resizing."""
    assert all((preprocess(picture, (tiny.INPUT_SIZE, tiny.INPUT_SIZE)) == picture).all() for picture in PICTURES)
