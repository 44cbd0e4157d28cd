"""``--backbone``: a head on the backbone of a model file."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from edge.errors import UsageError
from edge.modelfile.manifest import KnownPhotos
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from edge.modelfile.provenance import Provenance
from trainer.export.metadata import label_lines, pack_files
from trainer.photos.photo_hashes import PhotoHashes, read_photo_hashes
from trainer.progress import SILENT, Progress, Stage
from trainer.retraining.given_backbone import read_given
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain import retrain
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained


class Heard(Progress):
    """Keeps the messages."""

    def __init__(self) -> None:
        """Start without any."""
        super().__init__()
        self.lines: list[str] = []

    def message(self, text: str) -> None:
        """Keep a line."""
        self.lines.append(text)


@pytest.fixture
def options(options: RetrainOptions) -> RetrainOptions:
    """The tiny photos and the tiny backbone; the head of the file is fitted on all photos."""
    return dataclasses.replace(options, final=True)


def on_backbone(options: RetrainOptions, file: Path, progress: Progress = SILENT, **changes: object) -> Retrained:
    """One retraining on the backbone of ``file``."""
    chosen = dataclasses.replace(
        options, backbone=file, weights=None, output=options.output.with_name("again.tflite"), **changes
    )
    (model,) = retrain_all(chosen, progress)
    return model


def fine_tuned(path: Path, seen: PhotoHashes | None) -> Path:
    """``path``, rewritten as a file that was fine-tuned for 3 epochs on the photos ``seen``."""
    model = ModelFile.load(path)
    assert model.manifest is not None
    facts = seen and KnownPhotos(
        hashlib.sha256(seen.to_bytes()).hexdigest(), training=len(seen.training), validation=len(seen.validation)
    )
    training = {**model.manifest.training, "fine_tune": 3, "fine_tune_from": 2, "fine_tune_best_epoch": 1}
    manifest = dataclasses.replace(model.manifest, training=training, known_photos=facts, gate=None)
    flatbuffer = model.content[: unpack_files(model.content).flatbuffer_bytes]
    path.write_bytes(pack_files(flatbuffer, label_lines(model.labels), manifest, None, seen and seen.to_bytes()))
    return path


def provenance_of(path: Path) -> Provenance:
    """What the file says of its training."""
    manifest = ModelFile.load(path).manifest
    assert manifest is not None
    return manifest.provenance


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_a_head_on_the_backbone_of_a_file_has_the_same_accuracy_labels_and_penalty(
    options: RetrainOptions, quantization: str
) -> None:
    """The backbone of a file computes the same, so the same photos give the same head; a third file is the second."""
    options = dataclasses.replace(options, quantizations=(quantization,))
    (first,) = retrain_all(options, SILENT)
    second = on_backbone(options, first.path)
    content = second.path.read_bytes()
    assert second.fit.l2 == first.fit.l2
    assert (second.fit.head.weights == first.fit.head.weights).all()
    assert second.accuracy == first.accuracy
    assert second.backbone.architecture == first.backbone.architecture
    third = on_backbone(options, second.path)
    assert (third.path.read_bytes(), third.computed_bottlenecks) == (content, 0)


def test_an_int8_backbone_shares_the_bottlenecks_of_its_artifact_once_it_was_cut(
    options: RetrainOptions,
) -> None:
    """The file of a cut backbone has its sha256 in the manifest, and cutting it again gives that backbone."""
    (first,) = retrain_all(options, SILENT)
    second = on_backbone(options, first.path)
    cut = read_given(second.path).backbone
    assert provenance_of(second.path).backbone_sha256 == cut.model.sha256


def test_options_that_exclude_each_other(options: RetrainOptions, tmp_path: Path) -> None:
    """Weights, fine-tuning and another quantization cannot be chosen beside a backbone."""
    (first,) = retrain_all(options, SILENT)
    with pytest.raises(UsageError, match="leave out --weights"):
        dataclasses.replace(options, backbone=first.path).check()
    with pytest.raises(UsageError, match="leave out --quantization"):
        on_backbone(options, first.path, quantizations=("float32",))
    made = retrain(options.folder, backbone=first.path, bottleneck_dir=tmp_path / "c", output=tmp_path / "m.tflite")
    assert made.backbone.architecture == options.architecture


def test_photos_that_fine_tuned_the_backbone_are_no_evidence(options: RetrainOptions) -> None:
    """A line says how many test photos trained the backbone; evaluating all photos is refused; the hashes are kept."""
    (first,) = retrain_all(options, SILENT)
    tests = [photo.sha256 for photo in first.dataset.test_photos]
    other = b"\7" * 32
    file = fine_tuned(first.path, PhotoHashes.of([*tests[:2], other], []))
    heard = Heard()
    second = on_backbone(options, file, heard)
    line = f"the backbone was fine-tuned on 2 of the {len(tests)} test photos, or on photos like them"
    assert [text for text in heard.lines if line in text]
    kept = provenance_of(second.path)
    assert (kept.fine_tune, kept.fine_tune_from, kept.fine_tune_best_epoch) == (3, 2, 1)
    assert kept.note is not None
    assert line in kept.note
    seen = read_photo_hashes(ModelFile.load(second.path))
    assert seen is not None
    assert seen.splits_of([other]) == ["training"]
    for name in ("cross_validate", "learning_curve"):
        with pytest.raises(UsageError, match="was fine-tuned on; leave it out"):
            on_backbone(options, file, **{name: True})


def test_a_fine_tuned_backbone_whose_test_photos_are_new_has_no_note(options: RetrainOptions) -> None:
    """The usual case: the same split as in the fine-tuning."""
    (first,) = retrain_all(options, SILENT)
    trained = [photo.sha256 for photo in first.dataset.photos if photo.split != "test"]
    assert provenance_of(on_backbone(options, fine_tuned(first.path, PhotoHashes.of(trained, []))).path).note is None
    unknown = on_backbone(options, fine_tuned(first.path, None))
    assert "perhaps on test photos" in (provenance_of(unknown.path).note or "")


def test_stages_are_those_of_every_retraining(options: RetrainOptions) -> None:
    """The backbone is a stage here too, so that the progress looks the same."""
    (first,) = retrain_all(options, SILENT)
    stages: list[Stage] = []
    on_backbone(options, first.path, Progress(stages.append))
    assert stages[0].name == "backbone"
