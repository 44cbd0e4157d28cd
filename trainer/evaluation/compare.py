"""Is one model really better than another? A paired comparison on the same photos, with McNemar's test."""

from __future__ import annotations

from typing import NamedTuple

from edge.errors import DatasetError
from trainer.evaluation.evaluate import Evaluation


class Disagreement(NamedTuple):
    """A photo that just one of two models named rightly."""

    path: str
    label: str
    first: str
    second: str


class Comparison(NamedTuple):
    """How two models fared on the same ``photos``.

    ``both`` counts the photos that both named rightly, ``only_first`` and ``only_second`` those that just one
    did, ``neither`` the rest. ``p_value`` is the probability of so uneven a pair of ``only_`` counts, or a more
    uneven one, between two models that are equally good. ``disagreements`` are the photos, by path relative
    to the folder, that just one of them named rightly, with both answers.
    """

    photos: int
    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float
    disagreements: list[Disagreement]

    @property
    def first_accuracy(self) -> float:
        """The fraction of photos that the first model named rightly."""
        return (self.both + self.only_first) / self.photos

    @property
    def second_accuracy(self) -> float:
        """The fraction of photos that the second model named rightly."""
        return (self.both + self.only_second) / self.photos


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare two models' evaluations of the same photos; photos that either could not decode are left out.

    The test is McNemar's, exact: under equally good models each disagreement favours either one with
    probability 1/2 (Q. McNemar, 1947).

    Raises :class:`~edge.errors.DatasetError` where no photo was judged by both.
    """
    from scipy.stats import binomtest

    assert first.photos == second.photos
    counts = {(a, b): 0 for a in (True, False) for b in (True, False)}
    disagreements = []
    for photo, one, other in zip(first.photos, first.outcomes, second.outcomes, strict=True):
        if one.classification is None or other.classification is None:
            continue
        answers = [outcome.classification.categories[0].label for outcome in (one, other) if outcome.classification]
        right = (answers[0] == photo.label, answers[1] == photo.label)
        counts[right] += 1
        if right[0] != right[1]:
            disagreements.append(Disagreement(photo.relative, photo.label, *answers))
    photos = sum(counts.values())
    if not photos:
        raise DatasetError("no photo was judged by both models; give a folder of photos of their classes")
    only_first, only_second = counts[True, False], counts[False, True]
    uneven = only_first + only_second
    p_value = float(binomtest(only_first, uneven).pvalue) if uneven else 1.0
    return Comparison(photos, counts[True, True], only_first, only_second, counts[False, False], p_value, disagreements)
