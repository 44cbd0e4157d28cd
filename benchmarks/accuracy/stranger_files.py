"""Strangers and whole int8 files, on each interpreter: without the class for the rest of the world, and with it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.drawn_strangers import draw_strangers
from benchmarks.accuracy.familiarity import passing
from benchmarks.accuracy.splits import retrain_options
from benchmarks.accuracy.strangers import halves
from edge.inference.classifier import Classifier
from edge.inference.gate import SMALLEST_SCORE
from edge.inference.interpreter import installed_runtimes
from edge.modelfile.model_file import ModelFile
from edge.preprocess import Pixels, preprocess
from trainer.backbones.architectures import Architecture
from trainer.evaluation.auroc import auroc
from trainer.fine_tuning.recipe import Recipe
from trainer.photos.strange_photos import list_strangers
from trainer.progress import Progress
from trainer.retraining.options import UNKNOWN, RetrainOptions
from trainer.retraining.retrain_all import retrain_all

DEFAULTS = (
    "mobilenet_0.25_128",
    "mobilenet_0.25_160",
    "mobilenet_0.50_192",
    "mobilenet_0.75_224",
    "mobilenet_1.0_224",
    "mobilenet_v2_0.35_224",
)
"""The architectures that are measured if none is given."""

KNOWN, STRANGERS = "known", "strangers"


class Said(NamedTuple):
    """What a file says of pictures: ``scores`` (pictures, labels), and by how much the gate knows them, (pictures,).

    ``unknown`` is the place of the label for the rest of the world, None if there is none; it is the last.
    """

    scores: npt.NDArray[np.float32]
    familiarity: npt.NDArray[np.float64]
    unknown: int | None

    @property
    def labels(self) -> npt.NDArray[np.intp]:
        """The place of the best label: (pictures,)."""
        return self.scores.argmax(axis=1)

    @property
    def among(self) -> npt.NDArray[np.intp]:
        """The place of the best class: (pictures,)."""
        return self.scores[:, : self.unknown].argmax(axis=1)

    @property
    def lead(self) -> npt.NDArray[np.float64]:
        """How far the best class is before the rest of the world, else its score: (pictures,).

        Scores of the file have steps of 1/256; of two that are alike, the higher score of a class counts.
        """
        best = self.scores[:, : self.unknown].max(axis=1).astype(np.float64)
        if self.unknown is None:
            return best
        lead: npt.NDArray[np.float64] = np.log((best + SMALLEST_SCORE) / (self.scores[:, -1] + SMALLEST_SCORE))
        return lead

    @property
    def named(self) -> npt.NDArray[np.bool_]:
        """Which pictures get the name of a class: (pictures,)."""
        named: npt.NDArray[np.bool_] = self.labels != (-1 if self.unknown is None else self.unknown)
        return named


def measure(
    image_dir: Path,
    strangers: Path,
    architectures: list[Architecture],
    seeds: list[int],
    fine_tune: int,
    cache: Path,
    progress: Progress,
) -> list[dict[str, Any]]:
    """A row for each architecture, split, file and interpreter: 30 % test photos, and half of the ``strangers``.

    ``accepted`` is the share of strangers, and ``drawn`` that of each kind of drawing, that is as far before the rest
    of the world (of a file without that class: has as high a score) as 95 % of the test photos. ``accuracy`` is that
    of the classes among themselves, ``accuracy_with_class`` counts a photo that is answered ``unknown`` as wrong.
    ``named`` are the shares that get the name of a class, ``gate`` those that the gate lets through,
    ``gate_accepted`` and ``gate_auroc`` go by its familiarity.
    ``other_label`` and ``other_gate`` count the pictures, photos and strangers together, of which the first interpreter
    says something else. With ``fine_tune`` epochs the backbone is trained first.
    """
    found = list_strangers(strangers, image_dir, lambda sha256: None, progress)
    teaching, judging = halves(len(found.paths))
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        teach = [found.paths[place] for place in teaching]
        for architecture in architectures:
            size = (architecture.input_size, architecture.input_size)
            pictures = {STRANGERS: [preprocess(found.paths[place], size) for place in judging]}
            pictures |= draw_strangers(architecture.input_size)
            for seed in seeds:
                options = retrain_options(image_dir, scratch, cache, architecture, seed, ("int8",))
                if fine_tune:
                    options = replace(options, fine_tune=Recipe.of(architecture, fine_tune, seed=seed))
                for name, chosen in ways(options, teach, Path(scratch)):
                    facts = {"architecture": architecture.name, "fine_tune": fine_tune, "seed": seed, "file": name}
                    rows += [{**facts, **row} for row in _rows(chosen, pictures, progress)]
                progress.message(f"{architecture.name}, split {seed}")
    return rows


def ways(options: RetrainOptions, teaching: list[Path], scratch: Path) -> Iterator[tuple[str, RetrainOptions]]:
    """What a file may know of the rest of the world: nothing, what needs no photos, and photos of ``teaching`` too.

    Copies of these are put into a folder in ``scratch``.
    """
    background = scratch / "other things"
    background.mkdir(exist_ok=True)
    for path in teaching:
        shutil.copy(path, background)
    yield "without the class", options
    yield "from directions and drawings", replace(options, unknown=UNKNOWN)
    yield f"from {len(teaching)} photos too", replace(options, unknown=UNKNOWN, background=background)


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each architecture, file and interpreter: means over the splits."""
    lines = []
    for key in dict.fromkeys((row["architecture"], row["file"], row["runtime"]) for row in rows):
        its_rows = [row for row in rows if (row["architecture"], row["file"], row["runtime"]) == key]
        parts = []
        for name, value in its_rows[0].items():
            if isinstance(value, float):
                parts.append(f"{name} {mean(row[name] for row in its_rows):.3f}")
            elif isinstance(value, dict):
                means = [f"{kind} {mean(row[name][kind] for row in its_rows):.3f}" for kind in value]
                parts.append(f"{name}: {' '.join(means)}")
        others = [sum(row[name] for row in its_rows) for name in ("other_label", "other_gate", "pictures")]
        lines.append(f"{' '.join(key)}: {', '.join(parts)}, other label {others[0]}, gate {others[1]} of {others[2]}")
    return lines


def _rows(options: RetrainOptions, pictures: dict[str, list[Pixels]], progress: Progress) -> Iterator[dict[str, Any]]:
    [trained] = retrain_all(options, progress)
    model = ModelFile.load(trained.path)
    size = model.input_size
    photos = [photo for photo, _ in trained.evaluation.classified()]
    right = np.array([model.classes.index(photo.label) for photo in photos], np.intp)
    pictures = {KNOWN: [preprocess(photo.path, size) for photo in photos], **pictures}
    first: dict[str, Said] = {}
    for runtime in installed_runtimes():
        classifier = Classifier(model, runtime=runtime, reject=True)
        said = {kind: _said(classifier, each) for kind, each in pictures.items()}
        first = first or said
        yield {"runtime": runtime, **figures(said, right), **differences(said, first)}


def _said(classifier: Classifier, pictures: list[Pixels]) -> Said:
    answers = [classifier.gated_scores(picture) for picture in pictures]
    familiarity = np.array([answer.familiarity for answer in answers], np.float64)
    return Said(np.stack([answer.scores for answer in answers]), familiarity, classifier.model.unknown_index)


def figures(said: dict[str, Said], right: npt.NDArray[np.intp]) -> dict[str, Any]:
    """The figures of one file on one interpreter; ``right`` (photos,) are the places of the labels of known photos."""
    known, strange = said[KNOWN], said[STRANGERS]
    return {
        "auroc": round(auroc(known.lead, strange.lead), 4),
        "accepted": passing(strange.lead, known.lead),
        "accuracy": round(float((known.among == right).mean()), 4),
        "accuracy_with_class": round(float((known.labels == right).mean()), 4),
        "gate_auroc": round(auroc(known.familiarity, strange.familiarity), 4),
        "gate_accepted": passing(strange.familiarity, known.familiarity),
        "named": {kind: round(float(each.named.mean()), 4) for kind, each in said.items()},
        "gate": {kind: round(float((each.familiarity >= 0).mean()), 4) for kind, each in said.items()},
        "drawn": {
            kind: passing(each.lead, known.lead) for kind, each in said.items() if kind not in (KNOWN, STRANGERS)
        },
    }


def differences(said: dict[str, Said], first: dict[str, Said]) -> dict[str, int]:
    """How many known photos and strangers are asked, and get another answer than from the ``first`` interpreter."""
    pairs = [(said[kind], first[kind]) for kind in (KNOWN, STRANGERS)]
    return {
        "pictures": sum(len(one.labels) for one, _ in pairs),
        "other_label": sum(int((one.labels != other.labels).sum()) for one, other in pairs),
        "other_gate": sum(int(((one.familiarity < 0) != (other.familiarity < 0)).sum()) for one, other in pairs),
    }
