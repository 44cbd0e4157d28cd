"""Photos whose own label is hard to believe: label errors first, then photos that are hard to name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.head.fit import Matrix
from trainer.photos.dataset import Photo


class DoubtfulLabel(NamedTuple):
    """A photo that was named otherwise than its folder says.

    ``own_score`` is the score of the folder's label, ``answer_score`` that of the ``answer``.
    """

    photo: Photo
    own_score: float
    answer: str
    answer_score: float


class DoubtfulLabels(NamedTuple):
    """The photos that were named wrongly, the least believable label first, of ``judged`` photos.

    ``likely_errors`` estimates how many labels are wrong or doubtful.
    """

    ranked: list[DoubtfulLabel]
    judged: int
    likely_errors: int


def find_doubtful_labels(
    photos: Sequence[Photo], labels: Sequence[str], scores: Matrix, truths: npt.NDArray[np.intp]
) -> DoubtfulLabels:
    """Rank ``photos`` by how little ``scores`` (photos, labels) believe their own labels ``truths`` (photos,).

    The order is that of self-confidence in confident learning (C. Northcutt, L. Jiang and I. Chuang, *Confident
    Learning: Estimating Uncertainty in Dataset Labels*, 2021), which wants scores by models that have not
    seen the photo.
    """
    own = scores[np.arange(len(truths)), truths]
    answers = scores.argmax(axis=1)
    wrong = np.nonzero(answers != truths)[0]
    order = sorted(wrong, key=lambda row: (own[row], -scores[row, answers[row]], photos[row].relative))
    ranked = [
        DoubtfulLabel(photos[row], float(own[row]), labels[answers[row]], float(scores[row, answers[row]]))
        for row in order
    ]
    return DoubtfulLabels(ranked, len(truths), _likely_errors(scores, truths))


def _likely_errors(scores: Matrix, truths: npt.NDArray[np.intp]) -> int:
    """Off-diagonal count of the confident joint of the same paper.

    A photo counts for the class it resembles most, of those whose score reaches what is usual among the
    photos that carry that class's label.
    """
    usual = np.full(scores.shape[1], np.inf)
    for label in np.unique(truths):
        usual[label] = scores[truths == label, label].mean()
    confident = np.where(scores >= usual, scores, -np.inf)
    taken_for = confident.argmax(axis=1)
    return int((np.isfinite(confident.max(axis=1)) & (taken_for != truths)).sum())
