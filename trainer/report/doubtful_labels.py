"""Photos whose own label is doubtful: label errors, and photos that are hard to label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trainer.photos.dataset import Photo
from trainer.report.measures import ScoredPhotos

_BLOCK = 4096  # photos


class DoubtfulLabel(NamedTuple):
    """A photo that got another label than its folder.

    ``own_score`` is the score (0 to 1) of the folder's label, ``answer_score`` that of the given label ``answer``.
    """

    photo: Photo
    own_score: float
    answer: str
    answer_score: float


class DoubtfulLabels(NamedTuple):
    """Of ``photos`` photos those that got a wrong label, ``ranked``: the lowest score of the folder's label first.

    ``likely_errors`` estimates how many labels are wrong or doubtful.
    """

    ranked: list[DoubtfulLabel]
    photos: int
    likely_errors: int


def find_doubtful_labels(scored: ScoredPhotos, labels: Sequence[str]) -> DoubtfulLabels:
    """Rank the photos by the score of their own label; ``labels`` are those of the model.

    The order is that of self-confidence in confident learning (C. Northcutt, L. Jiang and I. Chuang, *Confident
    Learning: Estimating Uncertainty in Dataset Labels*, 2021). The method expects scores of models that were not
    trained on the photo.
    """
    photos, truths, own, best, answers = scored.photos, scored.truths, scored.own, scored.best, scored.answers
    ranked = [
        DoubtfulLabel(photos[row], float(own[row]), labels[answers[row]], float(best[row]))
        for row in np.nonzero(answers != truths)[0].tolist()
    ]
    ranked.sort(key=lambda entry: (entry.own_score, -entry.answer_score, entry.photo.relative))
    return DoubtfulLabels(ranked, len(truths), _likely_errors(scored))


def _likely_errors(scored: ScoredPhotos) -> int:
    """The off-diagonal count of the confident joint of the same paper.

    Of the classes whose score reaches the mean score of the photos with that label, a photo counts for the one with
    the highest score.
    """
    scores, truths, own = scored.scores, scored.truths, scored.own
    labels = scores.shape[1] if scored.places is None else int(max(scored.places.max(), truths.max())) + 1
    usual = np.full(labels + 1, np.inf)  # the last one is for places without a label
    for label in np.unique(truths):
        usual[label] = own[truths == label].mean()
    least = usual[:-1] if scored.places is None else usual[scored.places]
    columns, found = np.zeros(len(truths), np.intp), np.zeros(len(truths), bool)
    for start in range(0, len(truths), _BLOCK):  # of a thousand classes, the scores of all photos take 250 MB
        some = slice(start, start + _BLOCK)
        confident = np.where(scores[some] >= (least if scored.places is None else least[some]), scores[some], -np.inf)
        columns[some], found[some] = confident.argmax(axis=1), np.isfinite(confident.max(axis=1))
    return int((found & (scored.label_at(columns) != truths)).sum())
