"""The tables of the report as plain text; the page and the card mark them up."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import NamedTuple

import numpy as np

from edge.modelfile.manifest import LABELS_NAME, Manifest
from edge.modelfile.metadata import BUFFER_NAME, unpack_files
from edge.modelfile.structure import examine
from edge.sources.files import UNNAMED
from trainer.photos.split import SPLITS
from trainer.report.content import ReportContent
from trainer.report.measures import class_measures, confused_pairs
from trainer.report.number_format import counted, megabytes, one_line, percent, percent_interval
from trainer.report.photo_groups import group_title

MOST_GROUPS = 400
"""The largest number of groups of photos that are listed by name."""

_MOST_PAIRS = 5
_MOST_NAMES = 20  # photos of a group
_ARITHMETIC = {
    "int8": "8-bit integers only",
    "float32": "32-bit floats",
    "float16": "floats, with weights stored in 16 bits",
    "dynamic": "floats, with 8-bit integers inside the layers",
}


class ReportTable(NamedTuple):
    """Cells of text under ``heads``; the first cell of a row names it."""

    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]


def data_table(content: ReportContent) -> ReportTable | None:
    """The number of photos of each class in each split of the training; None if the file does not say."""
    manifest = content.model.manifest
    if manifest is None:
        return None
    rows = []
    for label, counts in manifest.photos.items():
        splits = [counts.get(split, 0) for split in SPLITS]
        rows.append((label, *(f"{count:,}" for count in splits), f"{sum(splits):,}"))
    sums = [sum(counts.get(split, 0) for counts in manifest.photos.values()) for split in SPLITS]
    rows.append(("all", *(f"{count:,}" for count in sums), f"{sum(sums):,}"))
    return ReportTable(("class", *SPLITS, "all"), rows)


def groups_table(content: ReportContent) -> ReportTable:
    """The groups of photos that depend on each other, with the names of the first photos of each."""
    found = content.photo_groups
    rows: list[tuple[str, ...]] = []
    for group in found.groups[:MOST_GROUPS]:
        names = ", ".join(photo.relative for photo in group[:_MOST_NAMES])
        more = len(group) - _MOST_NAMES
        rows.append((group_title(group, found.trained), names + (f" and {more:,} more" if more > 0 else "")))
    return ReportTable(("group", "photos"), rows)


def class_table(content: ReportContent) -> ReportTable | None:
    """Precision and recall of every class with their 95 % intervals; None if the photos do not show them."""
    if not content.has_evidence:
        return None
    rows: list[tuple[str, ...]] = [
        (
            entry.label,
            f"{entry.photos:,}",
            percent(entry.precision.share),
            percent_interval(entry.precision.interval) if entry.labelled else "-",
            percent(entry.recall.share),
            percent_interval(entry.recall.interval) if entry.photos else "-",
        )
        for entry in class_measures(content.evaluation)
    ]
    return ReportTable(("class", "photos", "precision", "95 % interval", "recall", "95 % interval"), rows)


def confused_pairs_table(content: ReportContent) -> ReportTable | None:
    """The pairs of classes that were confused most often; None if the photos do not show them."""
    if not content.has_evidence:
        return None
    found = confused_pairs(content.evaluation.confusion, content.evaluation.labels)[:_MOST_PAIRS]
    return ReportTable(
        ("class", "labelled as", "photos"), [(entry.label, entry.answer, f"{entry.photos:,}") for entry in found]
    )


def training_table(content: ReportContent) -> ReportTable | None:
    """All that the manifest says of the training."""
    if content.model.manifest is None:
        return None
    training = content.model.manifest.training
    return ReportTable(
        ("property", "value"), [(name.replace("_", " "), one_line(training[name])) for name in sorted(training)]
    )


def quantization_table(content: ReportContent) -> ReportTable | None:
    """The file beside its float head and beside the files of the same run with another quantization.

    None without a training, and if the test photos do not show how good the file is.
    """
    if content.training is None or content.model.manifest is None or not content.has_evidence:
        return None
    own = content.evaluation.accuracy

    def row(name: str, accuracy: float, size: str) -> tuple[str, ...]:
        return name, percent(accuracy, 2), f"{100 * (accuracy - own):+.2f} points", size

    rows = [
        (
            f"this file ({content.model.manifest.quantization})",
            percent(own, 2),
            "-",
            megabytes(content.model.size_bytes),
        ),
        row("its float head, on the same bottlenecks", content.training.float_head_accuracy, "-"),
        *(
            row(f"the {other.quantization} file of this run", other.accuracy, megabytes(other.size_bytes))
            for other in content.training.other_models
        ),
    ]
    return ReportTable(("model", "test accuracy", "difference", "size"), rows)


def file_table(content: ReportContent) -> ReportTable:
    """What the file is, and where it can run."""
    model, manifest = content.model, content.model.manifest
    width, height = model.input_size
    rows: list[tuple[str, ...]] = [
        ("size", f"{megabytes(model.size_bytes)} ({model.size_bytes:,} bytes)"),
        ("input", f"{model.input.dtype}, {width} x {height} pixels, {'grey' if model.image.channels == 1 else 'RGB'}"),
        ("output", f"{model.output.dtype}, {counted(len(model.labels), 'label')}"),
    ]
    if manifest is not None:
        arithmetic = _ARITHMETIC.get(manifest.quantization, manifest.quantization)
        rows += [
            ("architecture", manifest.architecture),
            *_foreign_network(manifest),
            ("arithmetic", arithmetic),
            ("oldest runtime", _oldest_runtime(manifest)),
            ("gate", _gate(manifest)),
            *_rest_of_world(manifest),
        ]
    rows += [
        (
            "interpreters",
            "tflite-runtime 2.14 (Python up to 3.11; x86-64, arm64, 32-bit Raspberry Pi OS), LiteRT (x86-64, arm64)",
        ),
        ("MediaPipe, Android", _readers(content)),
        ("self-test", _self_test(content)),
        ("sha256", model.sha256),
    ]
    return ReportTable(("property", "value"), rows)


def _oldest_runtime(manifest: Manifest) -> str:
    return f"TensorFlow Lite {manifest.minimum_runtime}" if manifest.minimum_runtime else "not known"


def _foreign_network(manifest: Manifest) -> list[tuple[str, ...]]:
    """Whose network it is, and how its file was read; nothing for one of ours."""
    provenance = manifest.provenance
    if provenance.foreign is None:
        return []
    return [("network", f"of another project, {provenance.weights}: {provenance.foreign}")]


def _gate(manifest: Manifest) -> str:
    if manifest.gate is None:
        return "none, so --reject cannot be used"
    parts = counted(manifest.gate.prototypes, "prototype")
    if manifest.distance is not None:
        parts += f", a distance in {manifest.distance.axes} directions"
    return f"{parts}; edge label and edge watch use it with --reject"


def _rest_of_world(manifest: Manifest) -> list[tuple[str, ...]]:
    """What taught the label of the rest of the world; nothing if there is none."""
    facts = manifest.unknown
    if facts is None:
        return []
    taught = f"{counted(facts.photos, 'photo')}, {counted(facts.directions, 'direction')}"
    return [
        (
            "rest of the world",
            f"the label {facts.label}, taught by {taught} ({facts.source}) and {counted(facts.drawings, 'drawing')}",
        )
    ]


def _readers(content: ReportContent) -> str:
    structure = examine(content.model.content)
    if BUFFER_NAME not in structure.metadata:
        return "cannot read its labels: it has no TFLite Metadata"
    if LABELS_NAME not in unpack_files(content.model.content).files:
        return "read its TFLite Metadata, which has no labels.txt"
    if content.model.input.dtype == np.int8:
        return "read its labels, but MediaPipe refuses int8 input"
    return "read labels and normalisation from its TFLite Metadata"


def _self_test(content: ReportContent) -> str:
    if content.self_test is None:
        return "none: trainer retrain did not write this file"
    return f"{'passed' if content.self_test.passed else 'FAILED'} on the workstation ({content.self_test.runtime})"


def skipped_table(content: ReportContent) -> ReportTable:
    """Every skipped file that is the user's, and why; hidden files and those of systems are not."""
    shown = [entry for entry in content.evaluation.skipped if entry.reason not in UNNAMED]
    return ReportTable(("file", "why"), [(inside(entry.path), entry.reason) for entry in shown])


def inside(path: str) -> str:
    """``path``, but of one that leads out of the folder of the photos only the file's name: a report names no place."""
    parts = PurePath(path)
    return parts.name if parts.is_absolute() or ".." in parts.parts else path


def doubtful_labels_note(content: ReportContent) -> str:
    """How the doubtful labels were found, and how many there may be."""
    found = content.doubtful_labels
    counts = f"{len(found.ranked):,} of {counted(found.photos, 'photo')}" if content.has_evidence else "These photos"
    counts += " got another label than their folder"
    if content.training is not None and content.training.cross_validation is not None:
        model = "from heads that were not fitted on them"
    elif content.evaluation.has_seen_them:
        model = "from this file, which was trained on some of them and has learned their wrong labels too"
    else:
        model = "from this file"
    return (
        f"{counts}, {model}. The photos whose folder has the lowest score come first: their label is wrong, or "
        f"they are hard to label. About {counted(found.likely_errors, 'label')} may be wrong or doubtful."
    )


def doubtful_labels_table(content: ReportContent, first: int, most: int) -> ReportTable:
    """At most ``most`` of the doubtful labels, from index ``first`` on."""
    return ReportTable(
        ("photo", "folder", "model (score)", "score of the folder"),
        [
            (
                entry.photo.relative,
                entry.photo.label,
                f"{entry.answer} ({percent(entry.answer_score)})",
                percent(entry.own_score),
            )
            for entry in content.doubtful_labels.ranked[first : first + most]
        ],
    )


def commands(content: ReportContent) -> list[str]:
    """Commands that use the file, to be run in its folder."""
    name = shlex.quote(content.name if not content.name.startswith("-") else f"./{content.name}")
    if content.model.manifest is None:
        labels = "" if LABELS_NAME in unpack_files(content.model.content).files else " --labels labels.txt"
        return [f"edge label --model {name}{labels} photo.jpg"]
    return [
        f"edge inspect {name}",
        f"edge label --model {name} photo.jpg",
        f"edge bench {name} --output board.json",
        f"trainer evaluate {name} PHOTOS",
    ]
