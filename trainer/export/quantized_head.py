"""The head in 8-bit integers, with ranges chosen so that the scores stay closest to those of the float head.

The arithmetic is that of the TFLite quantization specification: int8 weights with one scale, int32 bias at
``input scale * weight scale``, int8 logits, and a softmax whose output has scale 1/256. If the weights of nearly dead
features are so large that one scale is too coarse for the others, these features are multiplied before the head.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.modelfile.structure import TensorSpec
from trainer.head.linear import Head, Matrix, softmax
from trainer.one_thread import one_thread

SOFTMAX_SCALE = 1 / 256
"""The output scale that TFLite's int8 softmax kernel demands; its zero point is -128."""

LARGEST_FACTOR = 63
"""Of a feature. A factor is written as int8 with the scale 1/2, so that kernels multiply by less than 1 at the end."""

_MARGINS = (4.0, 6.0, 8.0, 12.0, 16.0)  # nats below the best label that the logits' range still resolves
_CEILINGS = (1.0, 0.9, 0.75, 0.5)  # quantile of the best logits above which the range may clip
_HEADROOM = 1.5  # times the largest value in the samples: larger ones of other photos are clipped
_FINE = 3e-4  # squared distance of a photo's scores from the float head's: up to this, no further operator is needed
_SCORES = 4_000_000  # the largest number of scores that the choice compares; a thousand labels have too many samples


class QuantizedHead(NamedTuple):
    """``weights`` (labels, values) int8, ``bias`` (labels,) int32, and their scales.

    A logit is ``logit_scale * (q - logit_zero_point)``. ``factors`` (values,) int8, 1 to :data:`LARGEST_FACTOR`, are
    what the bottleneck is multiplied by before the weights, clipped at the range of its own tensor; None if all are 1.
    """

    weights: npt.NDArray[np.int8]
    weight_scale: float
    bias: npt.NDArray[np.int32]
    logit_scale: float
    logit_zero_point: int
    factors: npt.NDArray[np.int8] | None = None


def quantize_head(head: Head, features: npt.NDArray[np.float32], tensor: TensorSpec) -> QuantizedHead:
    """Quantize ``head`` for bottlenecks that come out of ``tensor``, guided by sample ``features``.

    ``features`` (photos, values) are dequantized bottlenecks. Softmax depends on differences of logits
    alone. So the mean over the labels is subtracted first, and a logit far below the best one may be clipped: that
    leaves finer steps for the labels with the best scores. The range whose scores have the least mean square difference
    from the float head's is chosen. If that difference is large, the head with factors is chosen, if its own is less.
    docs/adr/0003 says what else was tried.
    """
    samples = features[:: max(1, -(-features.shape[0] * len(head.bias) // _SCORES))]
    weights = head.weights - head.weights.mean(axis=1, keepdims=True)
    bias = head.bias - head.bias.mean()
    with one_thread():  # one order of addition on any number of cores: the same head gives the same integers
        wanted = softmax(head.logits(samples))
        plain, error = _quantize(weights, bias, samples, tensor.scale, wanted)
        factors = feature_factors(weights, features, tensor)
        if len(bias) * error <= _FINE or (factors == 1).all():
            return plain
        multiplied = multiply_features(samples, factors, tensor)
        scaled, scaled_error = _quantize(weights / factors[:, np.newaxis], bias, multiplied, tensor.scale, wanted)
    return scaled._replace(factors=factors) if scaled_error < error else plain


def feature_factors(
    weights: Matrix, features: npt.NDArray[np.floating[Any]], tensor: TensorSpec
) -> npt.NDArray[np.int8]:
    """The factor of each feature with which the largest of ``weights`` (values, labels) becomes as small as possible.

    A feature may be multiplied as far as :data:`_HEADROOM` times its largest value in ``features`` (photos, values),
    dequantized bottlenecks out of ``tensor``, stays inside the range of ``tensor``. No factor is larger than needed.
    """
    lowest, highest = _range(tensor)
    above = np.maximum(np.rint(features.max(axis=0) / tensor.scale), 1)
    below = np.maximum(-np.rint(features.min(axis=0) / tensor.scale), 0)
    room = np.minimum(highest / above, np.divide(-lowest, below, out=np.full(len(below), np.inf), where=below > 0))
    possible = np.floor(room / _HEADROOM).clip(1, LARGEST_FACTOR)
    largest = np.abs(weights).max(axis=1)
    goal = float((largest / possible).max()) or 1.0
    factors: npt.NDArray[np.int8] = np.ceil(largest / goal).clip(1, possible).astype(np.int8)
    return factors


def multiply_features(
    features: npt.NDArray[np.floating[Any]], factors: npt.NDArray[np.int8], tensor: TensorSpec
) -> npt.NDArray[np.float32]:
    """``features`` (photos, values) out of ``tensor``, multiplied and clipped as the model's MUL does it."""
    multiplied = (np.rint(features / tensor.scale) * factors).clip(*_range(tensor))
    scaled: npt.NDArray[np.float32] = (multiplied * tensor.scale).astype(np.float32)
    return scaled


def _range(tensor: TensorSpec) -> tuple[int, int]:
    return -128 - tensor.zero_point, 127 - tensor.zero_point


def _quantize(
    weights: Matrix, bias: npt.NDArray[np.float64], features: npt.NDArray[np.float32], scale: float, wanted: Matrix
) -> tuple[QuantizedHead, float]:
    """The head for ``features`` in steps of ``scale``, and the mean square difference of its scores from ``wanted``."""
    weight_scale = float(np.float32((float(np.abs(weights).max()) or 1.0) / 127))
    whole_weights = np.rint(weights.T / weight_scale).clip(-127, 127).astype(np.int8)
    bias_scale = scale * weight_scale
    whole_bias = np.rint(bias / bias_scale).clip(-(2**31), 2**31 - 1).astype(np.int32)
    logits = features.astype(np.float64) @ (whole_weights.T * weight_scale) + whole_bias * bias_scale
    candidates = [(_error(logits, wanted, *found), *found) for found in map(_scale, _ranges(logits))]
    error, logit_scale, zero_point = min(candidates, key=lambda candidate: candidate[0])
    return QuantizedHead(whole_weights, weight_scale, whole_bias, logit_scale, zero_point), error


def _ranges(logits: Matrix) -> list[tuple[float, float]]:
    lowest, best = float(logits.min()), logits.max(axis=1)
    ranges = [(lowest, float(best.max()))]
    for ceiling in _CEILINGS:
        high = float(np.quantile(best, ceiling))
        ranges += [(max(float(best.min()) - margin, lowest), high) for margin in _MARGINS]
    return ranges


def _scale(limits: tuple[float, float]) -> tuple[float, int]:
    low, high = min(limits[0], 0.0), max(limits[1], 0.0)
    scale = float(np.float32(max(high - low, 1e-6) / 255))
    return scale, round(-128 - low / scale)


def _error(logits: Matrix, wanted: Matrix, scale: float, zero_point: int) -> float:
    quantized = (np.rint(logits / scale) + zero_point).clip(-128, 127)
    scores = np.rint(softmax((quantized - zero_point) * scale) / SOFTMAX_SCALE) * SOFTMAX_SCALE
    return float(((scores - wanted) ** 2).mean())
