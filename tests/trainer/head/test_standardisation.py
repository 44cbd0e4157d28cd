"""Features in units of their own deviation: units change nothing, dead features count little."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.blobs import blobs
from trainer.bottlenecks.labelled import Labelled
from trainer.head import penalty as penalty_module
from trainer.head import standardisation
from trainer.head.fit import fit_head
from trainer.head.linear import accuracy, cross_entropy, softmax
from trainer.head.standardisation import feature_deviation

SEEDS = st.integers(0, 10_000)


@given(SEEDS, st.integers(-8, 8), st.integers(-64, 64))
@settings(max_examples=20)
def test_scaling_and_shifting_the_features_changes_no_score(seed: int, exponent: int, shift: int) -> None:
    """Standardisation is folded back: features in other units give another head with the same scores."""
    training, validation = blobs(seed, distance=2), blobs(seed + 1, distance=2)

    def moved(data: Labelled) -> Labelled:
        return data._replace(features=data.features.astype(np.float64) * 2.0**exponent + shift)

    plain, other = fit_head(training, validation, 3), fit_head(moved(training), moved(validation), 3)
    logits = plain.head.logits(validation.features), other.head.logits(moved(validation).features)
    losses = [cross_entropy(each, validation.labels) for each in logits]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    if other.l2 == plain.l2:  # if two penalties are equally good, the last digits choose one
        assert np.abs(softmax(logits[0]) - softmax(logits[1])).max() < 1e-3


def test_folded_head_gives_the_recorded_scores() -> None:
    """The last step, recorded on standardised features, is what the folded head gives on raw ones."""
    training, validation = blobs(4, distance=1), blobs(5, distance=1)
    fit = fit_head(training, validation, 3)
    last = fit.steps[-1]
    for data, right, loss in (
        (training, last.training_accuracy, last.training_cross_entropy),
        (validation, last.validation_accuracy, last.validation_cross_entropy),
    ):
        assert accuracy(fit.head.logits(data.features), data.labels) == right
        assert cross_entropy(fit.head.logits(data.features), data.labels) == pytest.approx(loss, abs=1e-9)


def test_dead_features_get_no_weight() -> None:
    """A feature that never moves neither divides by zero nor decides anything."""
    training, validation = blobs(1), blobs(2)
    dead = [
        Labelled(np.c_[data.features, np.full(60, 3.0), np.zeros(60)], data.labels) for data in (training, validation)
    ]
    fit, plain = fit_head(*dead, 3), fit_head(training, validation, 3)
    assert np.isfinite(fit.head.weights).all()
    assert np.abs(fit.head.weights[-2:]).max() < 1e-9
    assert (
        np.abs(softmax(fit.head.logits(dead[1].features)) - softmax(plain.head.logits(validation.features))).max()
        < 0.05
    )


@pytest.mark.parametrize("floor", [0.1, 0.3])
def test_deviation_has_a_floor(floor: float) -> None:
    """A nearly dead feature counts as if it varied by a share of what features usually vary; the others stay."""
    signs = np.tile([1.0, -1.0], 10)[:, np.newaxis]
    found = feature_deviation(signs * [2.0, 0.0, 1.0, 0.02, 4.0, 0.5, 3.0], floor)
    np.testing.assert_allclose(found, [2, floor, 1, floor, 4, 0.5, 3], rtol=1e-8)


def test_nearly_dead_features_count_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """The unit of a feature does not matter, until it varies by less than 0.3 of what features usually vary."""
    monkeypatch.setattr(penalty_module, "L2_GRID", (0.3,))
    training, validation = blobs(1, 80, 6, 3, 1.5), blobs(2, 80, 6, 3, 1.5)
    effects = []
    for unit in (1.0, 0.5, 0.15):
        units = np.array([1, 1, unit, 1, 1, 1])
        parts = [Labelled(part.features * units, part.labels) for part in (training, validation)]
        effects.append(np.abs(fit_head(*parts, 3).head.weights[2]).max() * unit)
    assert effects[1] == pytest.approx(effects[0], rel=1e-3)
    assert effects[2] < 0.8 * effects[0]


@given(SEEDS, st.integers(1, 40), st.integers(2, 9), st.sampled_from([np.float32, np.float64]))
@settings(max_examples=30)
def test_deviations_in_blocks_have_the_bits_of_numpy(
    seed: int, photos: int, values: int, dtype: type[np.floating]
) -> None:
    """However many blocks there are: a head must not change because its photos were read in parts."""
    features = np.random.default_rng(seed).normal(size=(photos, values)).astype(dtype)
    deviation = features.std(axis=0, dtype=np.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standardisation, "_BLOCK", 7)
        assert np.array_equal(feature_deviation(features, 0.0), deviation + (deviation < 1e-9) * (1e-9 - deviation))
