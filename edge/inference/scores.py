"""From the outputs of a model of another project to scores: probabilities from 0 to 1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge.errors import ModelError
from edge.modelfile.foreign import Function, ScoreTransform

_ROUNDING = 0.01  # by which a probability that an 8-bit output stands for may lie outside 0..1


def to_scores(outputs: npt.NDArray[np.float32], transform: ScoreTransform) -> npt.NDArray[np.float32]:
    """The scores that ``transform`` makes of ``outputs`` (outputs,), real numbers: (labels,) float32, 0 to 1.

    Raises :class:`~edge.errors.ModelError` if they are not numbers, or not from 0 to 1 and nothing is known of them.
    """
    if not np.isfinite(outputs).all():
        raise ModelError("the model's scores are not numbers for this picture; convert the model again")
    scores = _probabilities(outputs.astype(np.float64), transform.function)
    if scores.min() < -_ROUNDING or scores.max() > 1 + _ROUNDING:
        raise ModelError(
            f"the model's outputs lie between {scores.min():.3g} and {scores.max():.3g} and are no probabilities, and "
            "the end of its graph is not known; convert it with a softmax at its end"
        )
    scores = scores.clip(0, 1)
    if transform.pair:
        scores = np.concatenate([1 - scores, scores])
    return scores.astype(np.float32)


def _probabilities(outputs: npt.NDArray[np.float64], function: Function) -> npt.NDArray[np.float64]:
    scores = outputs
    if function is Function.SOFTMAX:
        powers = np.exp(outputs - outputs.max())
        scores = powers / powers.sum()
    elif function is Function.SIGMOID:
        scores = 1 / (1 + np.exp(-outputs.clip(-500, 500)))
    elif function is Function.EXPONENTIAL:
        scores = np.exp(outputs.clip(-500, 0.005))
    return scores
