"""Answers in arrays: what was put in comes out, and of many labels the best ones and the photo's own are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.inference.classifier import GatedScores
from edge.types import Category, Classification, LabelledPhoto
from support.evaluations import evaluation_of
from trainer.evaluation import photo_answers
from trainer.evaluation.photo_answers import PhotoAnswers
from trainer.evaluation.score_photos import ScoredPhoto
from trainer.photos.dataset import Photo
from trainer.report.doubtful_labels import find_doubtful_labels
from trainer.report.measures import class_measures, operating_curve, scored_photos

LABELS = tuple(f"label{number:02}" for number in range(20))


def photo(number: int, label: str) -> Photo:
    """A photo that nobody reads."""
    name = f"{label}/{number}.jpg"
    return Photo(Path(name), name, label, b"", "test", name)


def answers_to(photos: list[Photo], random: np.random.Generator) -> list[LabelledPhoto]:
    """An answer to each of ``photos`` with scores of all labels, mostly right; one photo in ten has none."""
    results = []
    for place, each in enumerate(photos):
        if place % 10 == 9:
            results.append(LabelledPhoto(each.path, None, "damaged"))
            continue
        logits = random.normal(size=len(LABELS)) * 2
        logits[LABELS.index(each.label)] += 3
        scores = (np.exp(logits) / np.exp(logits).sum()).astype(np.float32)
        categories = tuple(Category(int(i), LABELS[i], float(scores[i])) for i in np.argsort(-scores, kind="stable"))
        results.append(LabelledPhoto(each.path, Classification(categories, 1.5, bool(place % 2), 0.5 - place % 2)))
    return results


@pytest.fixture
def photos() -> list[Photo]:
    """Two hundred photos of twenty classes."""
    return [photo(number, LABELS[number % len(LABELS)]) for number in range(200)]


def put(photos: list[Photo], results: list[LabelledPhoto]) -> PhotoAnswers:
    """All ``results`` in arrays."""
    answers = PhotoAnswers(photos, LABELS)
    for place, (path, answer, error) in enumerate(results):
        if answer is None:
            assert answers.put(place, ScoredPhoto(None, error=error), 0) is None
            continue
        scores = np.zeros(len(LABELS), np.float32)
        scores[[category.index for category in answer.categories]] = [category.score for category in answer.categories]
        scored = ScoredPhoto(GatedScores(scores, answer.familiarity), answer.latency_ms)
        own = LABELS.index(path.parent.name)
        assert answers.put(place, scored, own) == answer.categories[0].index
    return answers


def test_what_was_put_in_comes_out(photos: list[Photo]) -> None:
    """Categories, time, answer and familiarity of the gate, and the error of a photo without an answer."""
    results = answers_to(photos, np.random.default_rng(0))
    answers = put(photos, results)
    assert answers.is_whole
    assert list(answers) == results
    assert answers[-1] == results[-1]
    assert answers[3:5] == results[3:5]
    assert next((each.relative, error) for each, error in answers.failed()) == (photos[9].relative, "damaged")
    assert answers.answered.tolist() == [result.error is None for result in results]


def test_a_gate_that_was_not_asked_stays_so(photos: list[Photo]) -> None:
    """None comes out as None."""
    answers = PhotoAnswers(photos, LABELS)
    answers.put(0, ScoredPhoto(GatedScores(np.linspace(1, 0, len(LABELS), dtype=np.float32), None), 2.0), 0)
    assert (answers[0].classification.rejected, answers[0].classification.familiarity) == (None, None)
    assert answers[0].classification.best == Category(0, LABELS[0], 1.0)
    assert answers[1] == LabelledPhoto(photos[1].path, None, None)


def test_of_many_labels_the_best_and_the_own_are_kept(photos: list[Photo], monkeypatch: pytest.MonkeyPatch) -> None:
    """The best ones in their order, then the photo's own label if it is not among them."""
    monkeypatch.setattr(photo_answers, "MOST_SCORES", 100)
    monkeypatch.setattr(photo_answers, "BEST", 3)
    results = answers_to(photos, np.random.default_rng(0))
    for each, result, kept in zip(photos, results, put(photos, results), strict=True):
        if result.classification is None:
            assert kept == result
            continue
        categories = result.classification.categories
        own = next(category for category in categories if category.label == each.label)
        wanted = categories[:3] + ((own,) if own not in categories[:4] else categories[3:4])
        assert kept.classification == result.classification._replace(categories=wanted)


def test_a_report_of_kept_scores_says_the_same(photos: list[Photo], monkeypatch: pytest.MonkeyPatch) -> None:
    """Measures, curve and doubtful labels of the kept scores are those of all scores."""
    results = answers_to(photos, np.random.default_rng(0))
    base = evaluation_of(LABELS, [(each.label, each.label) for each in photos])
    whole = replace(base, photos=photos, results=put(photos, results))
    monkeypatch.setattr(photo_answers, "MOST_SCORES", 100)
    part = replace(whole, results=put(photos, results))
    whole.__dict__["confusion"] = part.__dict__["confusion"] = np.eye(len(LABELS), dtype=np.intp) * 9
    scored, kept = scored_photos(whole), scored_photos(part)
    assert (scored.scores.shape[1], kept.scores.shape[1]) == (20, photo_answers.BEST + 1)
    assert [getattr(kept, name).tolist() for name in ("answers", "best", "own", "truths")] == [
        getattr(scored, name).tolist() for name in ("answers", "best", "own", "truths")
    ]
    assert find_doubtful_labels(kept, LABELS) == find_doubtful_labels(scored, LABELS)
    assert find_doubtful_labels(kept, LABELS).likely_errors > 0
    assert operating_curve(kept) == operating_curve(scored)
    assert class_measures(part) == class_measures(whole)
    assert part.accuracy == whole.accuracy
