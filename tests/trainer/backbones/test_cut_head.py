"""A backbone out of a model file: the head is cut off, and what is left is what the head was fitted on."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ModelError
from edge.inference.interpreter import ImageInterpreter
from edge.inference.self_test import make_patterns
from edge.modelfile.manifest import KnownPhotos, Manifest
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from edge.modelfile.provenance import Provenance
from support import tiny
from trainer.backbones.architectures import QUANTIZATIONS
from trainer.backbones.backbone import Backbone, as_model
from trainer.backbones.cut_head import cut_head
from trainer.export.export import export_unmeasured
from trainer.export.metadata import label_lines, pack_files
from trainer.head.linear import Head
from trainer.photos.photo_hashes import PhotoHashes
from trainer.retraining.given_backbone import read_given
from trainer.retraining.retrained import Retrained
from trainer.tflite import read_model, write_model

LABELS = ("blue", "green", "red")
WEIGHTS = tiny.RANDOM._replace(origin="imagenet", sha256="ab" * 32)


def artifact(quantization: str, *, raw: bool = False) -> Backbone:
    """The tiny backbone, laid out as the trainer writes an int8 artifact; ``raw``: with names of its own."""
    tree = read_model(tiny.backbone_bytes("int8" if quantization == "int8" else "float32"))
    if not raw:
        tree.subgraphs[0].tensors[int(tree.subgraphs[0].inputs[0])].name = b"image"
        tree.signatureDefs = []
    return Backbone(tiny.ARCHITECTURE, quantization, WEIGHTS, as_model(write_model(tree)))


def head(seed: int = 0, *, spread: float = 1.0) -> Head:
    """A head of random weights; a large ``spread`` makes one weight so large that an int8 head needs factors."""
    weights = np.random.default_rng(seed).normal(0, 0.3, (tiny.FEATURES, len(LABELS)))
    weights[0] *= spread
    return Head(weights, np.array([0.1, -0.2, 0.1]))


def samples(backbone: Backbone) -> np.ndarray:
    """Bottlenecks of drawn patterns, of which the first value is nearly dead: (patterns, values), float32."""
    patterns = [pattern for seed in range(20) for pattern in make_patterns(seed, backbone.model.input_size)]
    rows = outputs(backbone, patterns).reshape(len(patterns), -1)
    rows[:, 0] = 0.02
    return rows


def outputs(backbone: Backbone, patterns: list) -> np.ndarray:
    """The bottlenecks of ``patterns``, float32."""
    interpreter = ImageInterpreter(backbone.model)
    return np.stack([interpreter.scores(pattern) for pattern in patterns])


def export(backbone: Backbone, fitted: Head, **facts: object) -> ModelFile:
    """The model file of ``backbone`` and ``fitted``, with ``facts`` in its provenance."""
    provenance = Provenance(
        backbone_sha256=backbone.model.sha256, weights=WEIGHTS.origin, weights_sha256=WEIGHTS.sha256, **facts
    )
    content = export_unmeasured(backbone, fitted, samples=samples(backbone), labels=LABELS, provenance=provenance)
    return ModelFile.from_bytes(content)


def flatbuffer(model: ModelFile) -> bytes:
    """The bytes before the zip."""
    return model.content[: unpack_files(model.content).flatbuffer_bytes]


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
@pytest.mark.parametrize("spread", [1.0, 400.0])
def test_the_same_head_on_the_cut_backbone_gives_the_same_file(quantization: str, spread: float) -> None:
    """Cutting and splicing again gives every byte of the flatbuffer, with and without factors of the features."""
    given = artifact(quantization, raw=True)
    model = export(given, head(spread=spread))
    names = {tensor.name for tensor in read_model(flatbuffer(model)).subgraphs[0].tensors}
    assert (b"head/factors" in names) == (quantization == "int8" and spread > 1)
    cut = cut_head(model)
    assert flatbuffer(export(cut, head(spread=spread))) == flatbuffer(model)
    assert cut_head(export(cut, head(3))).model.sha256 == cut.model.sha256


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_the_cut_backbone_computes_what_the_artifact_computes(quantization: str) -> None:
    """Its bottlenecks are equal bit for bit, and what is known of the backbone comes from the manifest."""
    given = artifact(quantization)
    cut = cut_head(export(given, head()))
    patterns = make_patterns(7, given.model.input_size)
    assert np.array_equal(outputs(cut, patterns), outputs(given, patterns))
    assert (cut.architecture, cut.quantization, cut.weights) == (tiny.ARCHITECTURE, quantization, WEIGHTS)
    assert (cut.bottleneck_size, cut.tuned) == (tiny.FEATURES, None)


def test_the_cut_int8_backbone_is_the_artifact() -> None:
    """An artifact that the trainer wrote comes out byte for byte, so that it has the same bottlenecks in the cache."""
    given = artifact("int8")
    assert cut_head(export(given, head())).model.content == given.model.content


@pytest.mark.xdist_group("tensorflow")
def test_the_artifacts_of_real_networks_come_out_again(trained: dict[str, Retrained]) -> None:
    """Trained files of MobileNet 1.0_128, in every quantization, give the artifact itself."""
    for quantization, model in trained.items():
        given, cut = model.backbone, read_given(model.path).backbone
        patterns = make_patterns(7, given.model.input_size)
        assert np.array_equal(outputs(cut, patterns), outputs(given, patterns))
        assert cut.model.sha256 == given.model.sha256, quantization
        assert (cut.architecture, cut.weights.origin) == (given.architecture, given.weights.origin)
        fitted = Head(np.random.default_rng(0).normal(0, 0.05, (given.bottleneck_size, 3)), np.zeros(3))
        rows = outputs(given, patterns).reshape(len(patterns), -1)
        first, again = (
            export_unmeasured(each, fitted, samples=rows, labels=LABELS, provenance=Provenance())
            for each in (given, cut)
        )
        assert flatbuffer(ModelFile.from_bytes(again)) == flatbuffer(ModelFile.from_bytes(first))


def test_a_fine_tuned_backbone_says_so() -> None:
    """Epochs and first block come from the provenance; the weights of before fine-tuning are not fine-tuned."""
    tuned = cut_head(export(artifact("int8"), head(), fine_tune=20, fine_tune_from=3, fine_tune_best_epoch=12)).tuned
    assert tuned is not None
    assert tuned == (20, 3, 12, None)
    assert cut_head(export(artifact("int8"), head(), fine_tune=20, fine_tune_best_epoch=0)).tuned is None


def resealed(model: ModelFile, content: bytes, **changes: object) -> ModelFile:
    """``content`` with the manifest of ``model``, its hashes set right again: what a forger would write."""
    assert model.manifest is not None
    manifest: Manifest = dataclasses.replace(
        model.manifest, model_sha256=hashlib.sha256(content).hexdigest(), **changes
    )
    return ModelFile.from_bytes(pack_files(content, label_lines(model.labels), manifest))


def test_other_files_are_refused_with_one_line(tmp_path: Path) -> None:
    """A damaged file, an adopted one, other architectures and other last operators: one line, exit code 65."""
    model = export(artifact("int8"), head())
    path = tmp_path / "model.tflite"
    path.write_bytes(model.content[:-200])
    with pytest.raises(ModelError, match=r"model\.tflite: "):
        read_given(path)
    tree = read_model(flatbuffer(model))
    tree.subgraphs[0].operators[-2].inputs = tree.subgraphs[0].operators[-3].inputs
    reasons = {
        "architecture is not one of ours; give a model": resealed(model, flatbuffer(model), architecture="adopted"),
        "its architecture is not one of ours": resealed(model, flatbuffer(model), architecture="mobilenet_2.00_999"),
        "its quantization is not one of ours": resealed(model, flatbuffer(model), quantization="int2"),
        "its last operators are not those": resealed(model, flatbuffer(model), quantization="float32"),
    }
    for reason, other in reasons.items():
        path.write_bytes(other.content)
        with pytest.raises(ModelError, match=reason) as raised:
            read_given(path)
        assert raised.value.exit_code == 65
        assert "\n" not in str(raised.value)


def test_a_head_with_bytes_changed_never_gives_a_traceback() -> None:
    """600 files with a few bytes of the flatbuffer changed: a backbone or a ModelError, nothing else."""
    model = export(artifact("int8"), head())
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(600):
        content = bytearray(flatbuffer(model))
        for position in random.integers(8, len(content), 3):
            content[position] = random.integers(0, 256)
        try:
            cut_head(resealed(model, bytes(content)))
        except ModelError:
            refused += 1
    assert 50 < refused < 600


def test_the_photos_that_fine_tuning_used_are_known() -> None:
    """The short hashes of a fine-tuned file come with the backbone."""
    model = export(artifact("int8"), head(), fine_tune=2, fine_tune_best_epoch=1)
    seen = PhotoHashes.of([b"\1" * 32], [b"\2" * 32])
    assert model.manifest is not None
    facts = KnownPhotos(hashlib.sha256(seen.to_bytes()).hexdigest(), training=1, validation=1)
    manifest = dataclasses.replace(model.manifest, known_photos=facts)
    content = pack_files(flatbuffer(model), label_lines(model.labels), manifest, None, seen.to_bytes())
    tuned = cut_head(ModelFile.from_bytes(content)).tuned
    assert tuned is not None and tuned.photos is not None
    assert tuned.photos.splits_of([b"\1" * 32, b"\2" * 32, b"\3" * 32]) == ["training", "validation", None]
