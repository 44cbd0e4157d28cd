"""Steadiness: an average over time, not frames, and an answer that does not flicker."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.live.steadiness import MARGIN, Steadiness

pytestmark = pytest.mark.numeric

NOISE = st.lists(st.floats(-1, 1), min_size=3, max_size=3)


def _scores(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


@st.composite
def _distributions(draw: st.DrawFn, labels: int = 3) -> np.ndarray:
    """Scores of three labels that add up to 1."""
    values = np.array(draw(st.lists(st.floats(0.01, 1), min_size=labels, max_size=labels)))
    return (values / values.sum()).astype(np.float32)


def test_first_frame_is_the_first_answer() -> None:
    """The first answer is the best label of the first frame, with its own scores."""
    steady = Steadiness(smooth_s=2, score_threshold=0).update(_scores(0.2, 0.7, 0.1), 5.0)
    assert steady.label_index == 1
    assert steady.scores.tolist() == _scores(0.2, 0.7, 0.1).astype(float).tolist()


def test_a_step_is_followed_with_the_time_constant() -> None:
    """One time constant after a step the scores have moved by 1 - 1/e of it, in one frame or in fifty."""
    for frames in (1, 50):
        steadiness = Steadiness(smooth_s=2, score_threshold=0)
        steadiness.update(_scores(1, 0), 0)
        for frame in range(frames):
            steady = steadiness.update(_scores(0, 1), 2 * (frame + 1) / frames)
        assert steady.scores[1] == pytest.approx(1 - math.exp(-1))


def test_without_smoothing_each_frame_stands_alone() -> None:
    """With a time constant of 0 the scores are those of the frame."""
    steadiness = Steadiness(smooth_s=0, score_threshold=0)
    steadiness.update(_scores(1, 0), 0)
    assert steadiness.update(_scores(0, 1), 0.001).scores.tolist() == [0, 1]


def test_a_gap_makes_the_past_count_little() -> None:
    """After ten time constants without a frame only the new frame counts."""
    steadiness = Steadiness(smooth_s=1, score_threshold=0)
    steadiness.update(_scores(1, 0), 0)
    assert steadiness.update(_scores(0, 1), 10).label_index == 1


@given(_distributions(), st.floats(0, 10), st.lists(st.floats(0, 5), min_size=1, max_size=20))
def test_constant_input_is_a_fixed_point(scores: np.ndarray, smooth_s: float, steps: list[float]) -> None:
    """Constant scores stay unchanged, whenever the frames come."""
    steadiness, now_s = Steadiness(smooth_s=smooth_s, score_threshold=0), 0.0
    for step in [0.0, *steps]:
        now_s += step
        steady = steadiness.update(scores, now_s)
        assert steady.scores == pytest.approx(scores.astype(float), abs=1e-12)
        assert steady.label_index == int(np.argmax(scores))


@given(st.lists(st.tuples(_distributions(), st.floats(0, 5)), min_size=1, max_size=20), st.floats(0, 10))
def test_scores_go_on_adding_up_to_one(frames: list[tuple[np.ndarray, float]], smooth_s: float) -> None:
    """An average of scores that add up to 1 also adds up to 1, and lies between the smallest and the largest."""
    steadiness, now_s = Steadiness(smooth_s=smooth_s, score_threshold=0), 0.0
    for scores, step in frames:
        now_s += step
        steady = steadiness.update(scores, now_s)
        assert steady.scores.sum() == pytest.approx(1, abs=1e-5)
    every = np.stack([scores for scores, _ in frames])
    assert (steady.scores >= every.min(axis=0) - 1e-9).all()
    assert (steady.scores <= every.max(axis=0) + 1e-9).all()


@given(st.floats(0.05, 0.9), st.lists(NOISE, min_size=2, max_size=30), st.sampled_from([0.0, 0.5]))
def test_noise_below_the_margin_never_changes_the_answer(
    level: float, noise: list[list[float]], smooth_s: float
) -> None:
    """With three equal labels, noise of less than half a margin keeps the first answer."""
    steadiness = Steadiness(smooth_s=smooth_s, score_threshold=0)
    answers = {
        steadiness.update((level + 0.49 * MARGIN * np.array(step)).astype(np.float32), 0.1 * frame).label_index
        for frame, step in enumerate(noise)
    }
    assert len(answers) == 1


@given(_distributions(), st.lists(NOISE, min_size=2, max_size=30))
def test_noise_never_brings_an_answer_back(scores: np.ndarray, noise: list[list[float]]) -> None:
    """Noise below the margin changes the answer to a better one only, never back."""
    steadiness = Steadiness(smooth_s=0, score_threshold=0)
    answers = [
        steadiness.update((scores + 0.49 * MARGIN * np.array(step)).astype(np.float32), 0.1 * frame).label_index
        for frame, step in enumerate(noise)
    ]
    changes = [answer for before, answer in zip([None, *answers], answers, strict=False) if answer != before]
    assert len(changes) == len(set(changes))


@given(st.floats(0.2, 0.9), st.lists(st.floats(-1, 1), min_size=2, max_size=30))
def test_noise_at_the_threshold_changes_the_answer_once(threshold: float, noise: list[float]) -> None:
    """A score that varies around the threshold changes unknown to an answer once, and never back."""
    steadiness = Steadiness(smooth_s=0, score_threshold=threshold)
    answers = [
        steadiness.update(_scores(threshold + 0.49 * MARGIN * step, 0), float(frame)).label_index
        for frame, step in enumerate(noise)
    ]
    assert sorted(answers, key=lambda answer: answer is not None) == answers


def test_the_answer_changes_with_a_clear_lead() -> None:
    """Another label becomes the answer when it leads by the margin, not before."""
    steadiness = Steadiness(smooth_s=0, score_threshold=0)
    assert steadiness.update(_scores(0.5, 0.45), 0).label_index == 0
    assert steadiness.update(_scores(0.45, 0.54), 1).label_index == 0
    assert steadiness.update(_scores(0.44, 0.55), 2).label_index == 1


def test_threshold() -> None:
    """Below the threshold the answer is unknown; an answer becomes unknown a margin below it."""
    steadiness = Steadiness(smooth_s=0, score_threshold=0.6)
    assert steadiness.update(_scores(0.59, 0.41), 0).label_index is None
    assert steadiness.update(_scores(0.6, 0.4), 1).label_index == 0
    assert steadiness.update(_scores(0.51, 0.49), 2).label_index == 0
    assert steadiness.update(_scores(0.49, 0.51), 3).label_index is None


def test_a_new_answer_needs_the_threshold_too() -> None:
    """A label that leads by the margin, but below the threshold, makes the answer unknown."""
    steadiness = Steadiness(smooth_s=0, score_threshold=0.6)
    steadiness.update(_scores(0.7, 0.2, 0.1), 0)
    assert steadiness.update(_scores(0.1, 0.55, 0.35), 1).label_index is None


def test_half_of_a_low_threshold_still_counts() -> None:
    """With a threshold below the margin an answer still becomes unknown when its score is gone."""
    steadiness = Steadiness(smooth_s=0, score_threshold=0.08)
    steadiness.update(_scores(0.09, 0.0), 0)
    assert steadiness.update(_scores(0.05, 0.0), 1).label_index == 0
    assert steadiness.update(_scores(0.03, 0.0), 2).label_index is None


def test_rejected_frames_make_the_answer_unknown() -> None:
    """Without smoothing a rejected frame is unknown, with any scores; the scores stay as they are."""
    steadiness = Steadiness(smooth_s=0, score_threshold=0)
    assert steadiness.update(_scores(0.1, 0.9), 0, rejected=True).label_index is None
    steady = steadiness.update(_scores(0.1, 0.9), 1, rejected=False)
    assert steady.label_index == 1
    assert steady.scores.tolist() == _scores(0.1, 0.9).astype(float).tolist()


def test_most_of_the_recent_frames_decide_whether_the_answer_is_unknown() -> None:
    """The answer is unknown from a share of rejected frames above 0.5 until it is below 0.4."""
    steadiness = Steadiness(smooth_s=1, score_threshold=0)

    def after(times: list[float], rejected: bool) -> list[int | None]:
        return [steadiness.update(_scores(1, 0), time, rejected).label_index for time in times]

    assert after([0.0], False) == [0]
    assert after([0.5, 0.65, 0.75], True) == [0, 0, None]  # 1 - exp(-t): 0.39, 0.48, 0.53
    assert after([0.9, 1.1], False) == [None, 0]  # 0.45 and 0.37


def test_without_labels_the_answer_is_unknown() -> None:
    """No labels: no answer and no scores, frame after frame."""
    steadiness = Steadiness(smooth_s=1, score_threshold=0)
    for second in range(2):
        steady = steadiness.update(_scores(), second)
        assert steady.label_index is None
        assert steady.scores.shape == (0,)


def test_a_new_threshold_counts_from_the_next_frame() -> None:
    """A raised threshold makes the answer unknown; the average goes on."""
    steadiness = Steadiness(smooth_s=1, score_threshold=0)
    steadiness.update(_scores(1, 0), 0)
    steadiness.set_threshold(0.99)
    steady = steadiness.update(_scores(0.5, 0.5), 1)
    assert steady.label_index is None
    assert steady.scores[0] == pytest.approx(0.5 + 0.5 / math.e)
