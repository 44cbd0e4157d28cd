"""A model of another project becomes a file of ours: labels, pixels, scores, manifest, self-test, accuracy."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edge.errors import ModelError
from edge.inference.classifier import Classifier
from edge.inference.self_test import pattern_scores
from edge.modelfile.foreign import blank_label
from edge.modelfile.manifest import ADOPTED, Manifest, SelfTest
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import GUESSED
from edge.modelfile.provenance import Provenance
from edge.preprocess import PREPROCESSING_VERSION
from trainer.adopt.graph import adopted_tree
from trainer.backbones.foreign.arithmetic import arithmetic
from trainer.evaluation.evaluate import Evaluation, evaluate
from trainer.evaluation.evaluated_photos import ALL
from trainer.export.export import seal
from trainer.export.metadata import add_description, classifier_metadata, label_lines, pack_files
from trainer.export.self_test_patterns import FIRST_SEED
from trainer.groups.modes import GROUPS_AUTO
from trainer.photos.layout import AUTO
from trainer.photos.split import LEAST_GROUPS
from trainer.progress import Progress, ProgressLike, as_progress
from trainer.tflite import noted_runtime, write_model

NOTE = "made by another project: its training is not known, so any photos may have trained it"
"""What the provenance of an adopted file says."""

_LARGEST_DIFFERENCE = 0.02  # of a score, between the given model and the adopted file


class Adopted(NamedTuple):
    """The bytes of the finished file, and its evaluation; None if no photos were given."""

    content: bytes
    evaluation: Evaluation | None


def adopt(
    model: ModelFile,
    name: str,
    photos: str | Path | None = None,
    *,
    layout: str = AUTO,
    groups: str = GROUPS_AUTO,
    runtime: str | None = None,
    progress: ProgressLike = None,
) -> Adopted:
    """Make a file of ours of ``model``, a model of another project that was loaded with its labels and pixels.

    ``name`` is the name of its file. If ``photos`` are given, the accuracy on all of them goes into the manifest. They
    may have trained the model, which is not known; the file's provenance says so. ``layout`` and ``groups`` are those
    of :func:`~trainer.evaluation.evaluate.evaluate`. On one machine the same arguments give the same bytes.

    Raises :class:`~edge.errors.ModelError` if the model is a file of ours, or cannot be adopted, and the errors of
    :func:`~trainer.evaluation.evaluate.evaluate`.
    """
    progress = as_progress(progress)
    if model.manifest is not None:
        raise ModelError("this file was made by this project: there is nothing to adopt")
    check_named(model.labels)
    draft = _draft(model, name)
    _check_scores(model, draft, runtime)
    return measured(draft, photos, layout=layout, groups=groups, runtime=runtime, progress=progress)


def check_named(labels: Sequence[str]) -> None:
    """Raise :class:`~edge.errors.ModelError` if a class has no name: the adopted file would keep that for ever."""
    blank = blank_label(labels)
    if blank:
        raise ModelError(f"{blank}: each class needs a name; write it into the file of --labels")


def measured(
    draft: ModelFile, photos: str | Path | None, *, layout: str, groups: str, runtime: str | None, progress: Progress
) -> Adopted:
    """``draft`` with a self-test and, if ``photos`` are given, its accuracy on all of them: see :func:`adopt`."""
    evaluation = None
    if photos is not None:
        evaluation = evaluate(
            draft, photos, split=ALL, layout=layout, groups=groups, runtime=runtime, progress=progress
        )
        draft = _with_provenance(draft, groups=groups, independent_test_photos=evaluation.independent)
    enough = evaluation is not None and evaluation.independent >= LEAST_GROUPS
    return Adopted(seal(draft, evaluation if enough else None, runtime), evaluation)


def _draft(model: ModelFile, name: str) -> ModelFile:
    """The adopted model without a self-test; its flatbuffer is the final one already."""
    tree = adopted_tree(model)
    description = "Image classifier of another project, adopted by Edge for Poets"
    metadata = classifier_metadata(Path(name).stem, description, model.mean, model.std, grey=model.image.channels == 1)
    add_description(tree, metadata)
    flatbuffer, lines = write_model(tree), label_lines(model.labels)
    manifest = Manifest(
        architecture=ADOPTED,
        quantization=arithmetic(tree, int(tree.subgraphs[0].inputs[0])),
        input_size=max(model.input_size),
        preprocessing_version=PREPROCESSING_VERSION,
        model_sha256=hashlib.sha256(flatbuffer).hexdigest(),
        labels_sha256=hashlib.sha256(lines).hexdigest(),
        minimum_runtime=noted_runtime(tree) or "",
        photos={},
        accuracy=None,
        test_photos=0,
        training=_provenance(model, name).to_training(),
        self_test=SelfTest(FIRST_SEED, []),
    )
    return ModelFile.from_bytes(pack_files(flatbuffer, lines, manifest))


def _provenance(model: ModelFile, name: str) -> Provenance:
    note = NOTE
    if model.input.dtype == np.float32 and model.normalization.origin == GUESSED:
        note += f"; that it takes pixels of {model.normalization.text} is a guess"
    return Provenance(adopted_from=name, adopted_sha256=model.sha256, note=note)


def _with_provenance(draft: ModelFile, **facts: Any) -> ModelFile:
    assert draft.manifest is not None
    provenance = dataclasses.replace(draft.manifest.provenance, **facts)
    return dataclasses.replace(draft, manifest=dataclasses.replace(draft.manifest, training=provenance.to_training()))


def _check_scores(model: ModelFile, draft: ModelFile, runtime: str | None) -> None:
    """Check that the adopted file gives the scores of the given model.

    Raises :class:`~edge.errors.ModelError` if it does not.
    """
    before, after = (pattern_scores(Classifier(each, runtime=runtime), FIRST_SEED) for each in (model, draft))
    difference = float(np.abs(before - after).max())
    if not difference <= _LARGEST_DIFFERENCE:
        raise ModelError(
            f"the adopted file would give other scores (by up to {difference:.3f}) than the model; use the model with "
            "--labels instead"
        )
