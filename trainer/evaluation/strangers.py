"""What a model says of strangers: pictures of other things than its classes. How many does it take for a class?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import DatasetError
from edge.inference.label_photos import label_photos
from edge.modelfile.model_file import ModelFile
from edge.types import Classification
from trainer.evaluation.auroc import auroc
from trainer.evaluation.grouped_share import GroupedShare, grouped_share
from trainer.evaluation.settings import read_answers, settings
from trainer.evaluation.shared_classes import composed
from trainer.photos.dataset import Photo
from trainer.photos.photo_files import Skipped
from trainer.photos.photo_hashes import read_photo_hashes
from trainer.photos.strange_photos import StrangePhotos, list_strangers
from trainer.progress import Progress


class Accepted(NamedTuple):
    """The pictures that get the name of a class at a ``setting``: of the strangers, and of the ``known`` photos.

    Known photos that depend on each other count as one.
    """

    setting: str
    strangers: GroupedShare
    known: GroupedShare


class Taken(NamedTuple):
    """A stranger that is taken for the class ``label``, by its path relative to the folder of the strangers.

    ``rejected`` is the gate's answer, None if the model has no gate.
    """

    path: str
    label: str
    score: float
    rejected: bool | None


class Strangers(NamedTuple):
    """How a model answers ``strangers`` strangers and ``known`` photos of its classes.

    ``unknown`` is how many strangers get the label of the model's class for the rest of the world, None if it has no
    such class. ``score_auroc`` is the chance that the best score of a class is higher for a known photo than for a
    stranger; ``familiarity_auroc`` is the same for the familiarity of the gate, None if the model has no gate.
    ``accepted`` has one entry for each setting. ``taken`` are the strangers whose best label is a class, the highest
    score first.
    """

    strangers: int
    known: int
    score_auroc: float
    familiarity_auroc: float | None
    accepted: list[Accepted]
    taken: list[Taken]
    skipped: list[Skipped]
    unknown: int | None = None


def find_strangers(
    model: ModelFile, folder: Path, photos: Path, classes: Sequence[Photo], progress: Progress
) -> StrangePhotos:
    """The pictures in ``folder`` that are strangers to ``model``; ``photos`` is the folder of the photos ``classes``.

    Those that are one of these, or that the model has seen in its training, are skipped.

    Raises the errors of :func:`~trainer.photos.strange_photos.list_strangers`.
    """
    own = {photo.sha256: f"a photo of the class {photo.label}: {photo.relative}" for photo in classes}
    hashes = read_photo_hashes(model)

    def reason(sha256: bytes) -> str | None:
        if sha256 in own:
            return own[sha256]
        seen = hashes is not None and hashes.splits_of([sha256])[0] is not None
        return "the model has seen this photo in its training" if seen else None

    return list_strangers(folder, photos, reason, progress)


def evaluate_strangers(
    model: ModelFile,
    strangers: StrangePhotos,
    known: Sequence[tuple[Photo, Classification]],
    progress: Progress,
    *,
    runtime: str | None = None,
) -> Strangers:
    """Let ``model`` answer ``strangers``, and compare with its answers to ``known`` photos.

    Of a model with a gate, these must have the gate's answer.

    Raises :class:`~edge.errors.DatasetError` if no stranger can be decoded.
    """
    gated, outside = has_gate(model), model.unknown_label
    strange: list[tuple[str, Classification]] = []
    skipped = list(strangers.skipped)
    with progress.stage("strangers", len(strangers.paths)) as advance:
        labelled = label_photos(model, strangers.paths, runtime=runtime, reject=gated)
        for path, answer, error in labelled:
            relative = strangers.relative(path)
            if answer is None:
                skipped.append(Skipped(relative, error or ""))
            else:
                strange.append((relative, answer))
            advance(1)
    if not strange:
        raise DatasetError(f"{strangers.root}: no picture in it can be decoded; give pictures of other things")
    answers = read_answers([answer for _, answer in strange], outside)
    # Labels of known photos are in the composed form.
    of_known = read_answers([answer for _, answer in known], outside and composed(outside))
    threshold = model.manifest.score_threshold if model.manifest else None
    return Strangers(
        strangers=len(strange),
        known=len(known),
        score_auroc=auroc(of_known.scores.tolist(), answers.scores.tolist()),
        familiarity_auroc=auroc([_familiarity(a) for _, a in known], [_familiarity(a) for _, a in strange])
        if gated
        else None,
        accepted=[
            Accepted(
                setting.name,
                GroupedShare(int(setting.named(answers).sum()), len(strange)),
                grouped_share(
                    (photo.group, named)
                    for (photo, _), named in zip(known, setting.named(of_known).tolist(), strict=True)
                ),
            )
            for setting in settings(threshold, gated)
        ],
        taken=sorted(
            (
                Taken(path, best.label, best.score, a.rejected)
                for path, a in strange
                for best in [a.categories[0]]
                if best.label != outside
            ),
            key=lambda taken: (-taken.score, taken.path),
        ),
        skipped=sorted(set(skipped)),
        unknown=None if outside is None else int((~answers.of_class).sum()),
    )


def has_gate(model: ModelFile) -> bool:
    """Whether ``model`` carries a gate."""
    return model.manifest is not None and model.manifest.gate is not None


def _familiarity(answer: Classification) -> float:
    assert answer.familiarity is not None
    return answer.familiarity
