"""Backbone and head become the model file: spliced, described, measured on the test photos, then sealed."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.inference.classifier import Classifier
from edge.inference.gate import Gate
from edge.inference.self_test import pattern_scores
from edge.modelfile.gate_facts import DISTANCE_NAME, GATE_NAME
from edge.modelfile.manifest import KNOWN_PHOTOS_NAME, REMEMBERED_NAME, Manifest, SelfTest
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from edge.modelfile.provenance import Provenance
from edge.preprocess import PREPROCESSING_VERSION
from trainer.backbones.backbone import Backbone
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.remembered import Remembered
from trainer.bottlenecks.stored import Stored
from trainer.evaluation.background import evaluate_background
from trainer.evaluation.evaluate import Evaluation, evaluate_photos
from trainer.evaluation.score_bottlenecks import score_bottlenecks
from trainer.export.hidden_output import write_with_hidden_output
from trainer.export.metadata import add_description, classifier_metadata, label_lines, pack_files
from trainer.export.packed_facts import distance_facts, gate_facts, known_photos, seen_by
from trainer.export.quantized_head import quantize_head
from trainer.export.self_test_patterns import FIRST_SEED, steady_seed
from trainer.export.splice import splice_head
from trainer.head.calibration import Calibration
from trainer.head.linear import Head
from trainer.photos.dataset import Dataset
from trainer.photos.photo_hashes import PhotoHashes
from trainer.photos.split import SPLITS, TEST
from trainer.tflite import noted_runtime, read_model
from trainer.unknown.outside import UnknownClass

OTHER_TOLERANCE = {"int8": 0.1, "dynamic": 0.1}
"""Largest difference of a score on another interpreter, for quantizations with 8-bit arithmetic; see docs/adr/0007."""

_FLOAT_TYPES = {0, 1, 10, 18}  # TensorType FLOAT32, FLOAT16, FLOAT64, BFLOAT16
_SCORE_DIGITS = 7


class Export(NamedTuple):
    """The bytes of a finished model file, and its evaluation on the held-out test photos."""

    content: bytes
    evaluation: Evaluation


def export_model(
    backbone: Backbone,
    calibration: Calibration,
    *,
    samples: npt.NDArray[np.float32],
    dataset: Dataset,
    provenance: Provenance,
    gate: Gate | None = None,
    remembered: Remembered | None = None,
    unknown: UnknownClass | None = None,
    runtime: str | None = None,
    advance: Callable[[int], None] = lambda count: None,
    tested: Labelled | Stored | None = None,
    write_message: Callable[[str], None] = lambda line: None,
) -> Export:
    """Splice the head of ``calibration`` onto ``backbone``, evaluate the file on the test photos, seal its manifest.

    ``samples`` (photos, values) are dequantized bottlenecks that an int8 head's ranges are chosen on.
    ``provenance`` goes into the manifest: what is needed to train the same model again. On one machine
    the same arguments give the same bytes. ``gate`` and ``remembered`` are packed too if they are given. The manifest
    has no accuracy if the test photos do not show it: see :attr:`~trainer.photos.dataset.Dataset.has_evidence`.
    ``unknown`` is the class of the last column of the head, None if all columns are those of the data set's labels.
    ``tested`` are the bottlenecks of the test photos, if they are known: then the head of the file computes the scores,
    see :mod:`trainer.evaluation.score_bottlenecks`, which may write a message.
    """
    draft = _draft(
        backbone,
        calibration.head,
        samples,
        dataset.labels,
        dataset.counts(),
        provenance,
        gate,
        seen_by(backbone, dataset, unknown),
        remembered,
        unknown,
    )
    photos, scored = dataset.test_photos, None
    if tested is not None:
        paths = [photo.path for photo in photos]
        scored = score_bottlenecks(draft, paths, tested, runtime=runtime, write_message=write_message)
    evaluation = dataclasses.replace(
        evaluate_photos(draft, photos, advance, runtime=runtime, scored=scored),
        background=None if unknown is None else evaluate_background(draft, unknown.held_back, advance, runtime=runtime),
        split=TEST,
        skipped=dataset.skipped,
        trained_on_these=True,
    )
    measured = evaluation if dataset.has_evidence else None
    return Export(seal(draft, measured, runtime, calibration.score_threshold), evaluation)


def export_final(
    backbone: Backbone,
    calibration: Calibration,
    *,
    samples: npt.NDArray[np.float32],
    dataset: Dataset,
    provenance: Provenance,
    evaluation: Evaluation,
    gate: Gate | None = None,
    remembered: Remembered | None = None,
    unknown: UnknownClass | None = None,
    runtime: str | None = None,
) -> bytes:
    """The bytes of the model file whose head was fitted on all photos of ``dataset``; see :func:`export_model`.

    ``evaluation`` is that of its twin, whose head was fitted on the training photos alone.
    """
    seen = seen_by(backbone, dataset, unknown, all_trained=True)
    draft = _draft(
        backbone,
        calibration.head,
        samples,
        dataset.labels,
        dataset.counts(),
        provenance,
        gate,
        seen,
        remembered,
        unknown,
    )
    return seal(draft, evaluation if dataset.has_evidence else None, runtime, calibration.score_threshold)


def export_unmeasured(
    backbone: Backbone,
    head: Head,
    *,
    samples: npt.NDArray[np.float32],
    labels: tuple[str, ...],
    provenance: Provenance,
    score_threshold: float | None = None,
    runtime: str | None = None,
) -> bytes:
    """The bytes of a model file that is not evaluated: its manifest's accuracy is None.

    It is as large and as fast as a trained one and passes its self-test; see :func:`export_model`.
    """
    counts = {label: dict.fromkeys(SPLITS, 0) for label in labels}
    return seal(_draft(backbone, head, samples, labels, counts, provenance), None, runtime, score_threshold)


def _draft(
    backbone: Backbone,
    head: Head,
    samples: npt.NDArray[np.float32],
    labels: tuple[str, ...],
    photos: dict[str, dict[str, int]],
    provenance: Provenance,
    gate: Gate | None = None,
    seen: PhotoHashes | None = None,
    remembered: Remembered | None = None,
    unknown: UnknownClass | None = None,
) -> ModelFile:
    """The model without what only running it can show; its flatbuffer is the final one already."""
    if unknown is not None:
        labels = (*labels, unknown.facts.label)
        samples = np.concatenate([samples, unknown.samples]).astype(np.float32, copy=False)
    flatbuffer, bottleneck, oldest = _spliced(backbone, head, samples)
    packed_gate = None if gate is None else gate.to_bytes()
    distance = None if gate is None else gate.distance
    packed_seen = None if seen is None else seen.to_bytes()
    bottlenecks = None if remembered is None else remembered.of_labels(labels).packed(backbone.model.output)
    lines = label_lines(labels)
    manifest = Manifest(
        architecture=backbone.architecture.name,
        quantization=backbone.quantization,
        input_size=backbone.architecture.input_size,
        preprocessing_version=PREPROCESSING_VERSION,
        model_sha256=hashlib.sha256(flatbuffer).hexdigest(),
        labels_sha256=hashlib.sha256(lines).hexdigest(),
        minimum_runtime=oldest,
        photos=photos,
        accuracy=None,
        test_photos=0,
        training=provenance.to_training(),
        self_test=SelfTest(FIRST_SEED, []),
        gate=None if gate is None else gate_facts(gate, bottleneck),
        known_photos=None if seen is None else known_photos(seen),
        remembered=bottlenecks and bottlenecks.facts,
        distance=distance and distance_facts(distance),
        unknown=None if unknown is None else unknown.facts,
    )
    packed = packed_gate, packed_seen, bottlenecks and bottlenecks.content, distance and distance.to_bytes()
    return ModelFile.from_bytes(pack_files(flatbuffer, lines, manifest, *packed))


def seal(
    draft: ModelFile, evaluation: Evaluation | None, runtime: str | None, score_threshold: float | None = None
) -> bytes:
    """The bytes of ``draft``, whose flatbuffer is final, with its self-test and, if it was evaluated, the result."""
    assert draft.manifest is not None
    classifier = Classifier(draft, runtime=runtime)
    other_tolerance = OTHER_TOLERANCE.get(draft.manifest.quantization)
    seed = FIRST_SEED if other_tolerance is None else steady_seed(classifier, other_tolerance / 2)
    expected = [[round(float(s), _SCORE_DIGITS) for s in row] for row in pattern_scores(classifier, seed)]
    self_test = SelfTest(seed, expected, classifier.runtime)
    if other_tolerance is not None:
        self_test = self_test._replace(other_tolerance=other_tolerance)
    sealed = dataclasses.replace(
        draft.manifest,
        accuracy=None if evaluation is None else round(evaluation.accuracy, 6),
        test_photos=0 if evaluation is None else evaluation.count,
        self_test=self_test,
        score_threshold=None if score_threshold is None else round(score_threshold, _SCORE_DIGITS),
    )
    flatbuffer = draft.content[: unpack_files(draft.content).flatbuffer_bytes]
    packed = (draft.packed.get(name) for name in (GATE_NAME, KNOWN_PHOTOS_NAME, REMEMBERED_NAME, DISTANCE_NAME))
    return pack_files(flatbuffer, label_lines(draft.labels), sealed, *packed)


def _spliced(backbone: Backbone, head: Head, samples: npt.NDArray[np.float32]) -> tuple[bytes, int, str]:
    """The flatbuffer, the index of its bottleneck, and the oldest runtime that runs it, empty if that is not known."""
    model = read_model(backbone.model.content)
    bottleneck = int(model.subgraphs[0].outputs[0])
    int8 = backbone.quantization == "int8"
    floats = len(float_tensors(model))
    splice_head(model, quantize_head(head, samples, backbone.model.output) if int8 else head)
    if int8:
        added = len(float_tensors(model)) - floats
        assert not added, f"the int8 head computes in floats: {float_tensors(model)[-added:]}"
    name = f"{backbone.architecture.name} ({backbone.quantization})"
    description = "Image classifier retrained with Edge for Poets"
    grey = backbone.model.image.channels == 1
    metadata = classifier_metadata(name, description, backbone.model.mean, backbone.model.std, grey=grey)
    add_description(model, metadata)
    return write_with_hidden_output(model, bottleneck), bottleneck, noted_runtime(model) or ""


def float_tensors(model: Any) -> list[str]:
    """The names of all floating-point tensors of an object tree, from its input to its output."""
    return [tensor.name.decode() for tensor in model.subgraphs[0].tensors if tensor.type in _FLOAT_TYPES]
