"""Figures of a session: how good the model is on photos that did not teach it, and what to show it next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from trainer.backbones.backbone import FineTuned
from trainer.bottlenecks.beside import with_remembered
from trainer.bottlenecks.labelled import Labelled
from trainer.evaluation.interval import wilson_interval
from trainer.head.calibration import with_temperature
from trainer.head.class_weights import weights_beside
from trainer.head.fit import DEFAULT_STEPS, fit_again
from trainer.head.folds import Folds, assign_folds
from trainer.head.learning_curve import learning_curve
from trainer.head.learning_curve_text import curve_sentences
from trainer.head.linear import Matrix, softmax
from trainer.photos.split import SplitRatios
from trainer.report.doubtful_labels import find_doubtful_labels
from trainer.report.measures import ScoredPhotos
from trainer.teach.learning.advice import class_advice, worth
from trainer.teach.learning.evidence import Evidence, find_evidence
from trainer.teach.learning.examples import Examples, Snapshot
from trainer.teach.learning.taught_head import Choice
from trainer.teach.state import Figures, Mix, Right

_MOST_MIXED = 6
_TOLERANCE = 1e-4  # of the heads of the cross-validation
_SURE = 0.5  # the least score of another class for a label to be doubtful


class Abandoned(Exception):
    """There is a newer state, so that the figures of this one are not needed."""


def make_figures(
    snapshot: Snapshot,
    examples: Examples | None,
    choice: Choice,
    check: Callable[[], None],
    tuned: FineTuned | None = None,
) -> Figures:
    """The figures of ``snapshot``; ``examples`` are the same photos as a data set, None if there are too few.

    Every part of the photos is labelled by a head that is fitted on the others, with penalty and temperature of the
    head of all photos. Photos that depend on each other are in one part and count as one. A class counts if it has at
    least three independent photos; those on which the backbone was ``tuned``, and photos like them, do not count.
    ``check`` is called now and then; it raises :class:`Abandoned` to end this.
    """
    if examples is None:
        return Figures(snapshot.version, None, {}, worth(snapshot, None, None))
    evidence = find_evidence(examples, tuned)
    scores = _fold_scores(examples, choice, check)
    data, labels = examples.data, examples.labels
    counted = [label for label in labels if label in evidence.labels]
    by_class = {label: _right(data, scores, evidence.shown & (data.labels == labels.index(label))) for label in counted}
    right = _right(data, scores, evidence.shown) if evidence.enough else None
    return Figures(
        snapshot.version,
        right,
        by_class,
        worth(snapshot, evidence, right),
        mixed=_mixed(examples, scores, evidence.shown),
        doubtful=_doubtful(examples, scores, evidence.shown),
        advice=tuple(_curve_advice(examples, evidence, choice.l2, check)) if right else (),
        class_advice=class_advice(snapshot, evidence, by_class),
    )


def _fold_scores(examples: Examples, choice: Choice, check: Callable[[], None]) -> Matrix:
    """The scores (photos, labels) that heads gave which had not seen the photo, in the order of the data."""
    data, labels = examples.data, examples.labels
    assigned, number = assign_folds(examples.dataset.by_split(), SplitRatios().seed)
    scores = np.zeros((len(data.labels), len(labels)))
    head = None
    for part in range(number):
        check()
        tested = assigned == part
        training = with_remembered(data.where(~tested), labels, examples.remembered)
        if tested.any() and len(training.labels):
            # The head of another part is near.
            weights = weights_beside(training.labels, len(labels), examples.remembered)
            head = fit_again(training, len(labels), choice.l2, DEFAULT_STEPS, weights, start=head, tolerance=_TOLERANCE)
            scores[tested] = softmax(with_temperature(head, choice.temperature).logits(data.features[tested]))
    return scores


def _right(data: Labelled, scores: Matrix, chosen: npt.NDArray[np.bool_]) -> Right:
    right = data.where(chosen).right(scores[chosen])
    return Right(float(right.mean()), *wilson_interval(float(right.sum()), len(right)), len(right))


def _mixed(examples: Examples, scores: Matrix, shown: npt.NDArray[np.bool_]) -> tuple[Mix, ...]:
    """Which classes are taken for which, the most frequent first."""
    pairs: dict[tuple[int, int], list[str]] = defaultdict(list)
    rows = zip(examples.ids, examples.data.labels, scores.argmax(axis=1), shown, strict=True)
    for id_, truth, answer, counts in rows:
        if counts and truth != answer:
            pairs[int(truth), int(answer)].append(id_)
    ranked = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    labels = examples.labels
    return tuple(Mix(labels[truth], labels[answer], tuple(ids)) for (truth, answer), ids in ranked[:_MOST_MIXED])


def _doubtful(examples: Examples, scores: Matrix, shown: npt.NDArray[np.bool_]) -> tuple[tuple[str, float], ...]:
    photos = examples.dataset.by_split()
    ids = {photo.relative: id_ for photo, id_ in zip(photos, examples.ids, strict=True)}
    chosen = [photo for photo, counts in zip(photos, shown, strict=True) if counts]
    scored = ScoredPhotos(chosen, scores[shown], examples.data.labels[shown])
    ranked = find_doubtful_labels(scored, examples.labels).ranked if chosen else []
    return tuple((ids[entry.photo.relative], entry.answer_score) for entry in ranked if entry.answer_score >= _SURE)


def _curve_advice(examples: Examples, evidence: Evidence, l2: float, check: Callable[[], None]) -> list[str]:
    """What the learning curve says; nothing if there are too few independent photos."""
    assigned, number = assign_folds(examples.dataset.by_split(), SplitRatios().seed)
    folds = Folds(
        examples.data,
        assigned,
        number,
        labels=len(examples.labels),
        max_steps=DEFAULT_STEPS,
        counted=evidence.shown,
    )
    curve = learning_curve(folds, l2, SplitRatios().seed, lambda count: check())
    return curve_sentences(curve, examples.labels) if curve else []
