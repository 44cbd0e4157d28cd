"""The head in 8-bit integers, with ranges chosen so that the scores stay closest to those of the float head.

The arithmetic is that of the TFLite quantization specification: int8 weights with one scale, int32 bias at
``input scale * weight scale``, int8 logits, and a softmax whose output has scale 1/256.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.modelfile.structure import TensorSpec
from trainer.head.fit import Head, Matrix, softmax
from trainer.one_thread import one_thread

SOFTMAX_SCALE = 1 / 256
"""The output scale that TFLite's int8 softmax kernel demands; its zero point is -128."""

_MARGINS = (4.0, 6.0, 8.0, 12.0, 16.0)  # nats below the best label that the logits' range still resolves
_CEILINGS = (1.0, 0.9, 0.75, 0.5)  # quantile of the best logits above which the range may clip


class QuantizedHead(NamedTuple):
    """``weights`` (labels, values) int8, ``bias`` (labels,) int32, and their scales.

    A logit is ``logit_scale * (q - logit_zero_point)``.
    """

    weights: npt.NDArray[np.int8]
    weight_scale: float
    bias: npt.NDArray[np.int32]
    logit_scale: float
    logit_zero_point: int


def quantize_head(head: Head, features: npt.NDArray[np.float32], tensor: TensorSpec) -> QuantizedHead:
    """Quantize ``head`` for bottlenecks that come out of ``tensor``, guided by sample ``features``.

    ``features`` (photos, values) are dequantized bottlenecks. Softmax depends on differences of logits
    alone. So the mean over the labels is subtracted first, and a logit far below the best one may be clipped: that
    leaves finer steps for the labels with the best scores. The range whose scores have the least mean square difference
    from the float head's is chosen. docs/adr/0003 says what else was tried.
    """
    weights = head.weights - head.weights.mean(axis=1, keepdims=True)
    bias = head.bias - head.bias.mean()
    weight_scale = float(np.float32((float(np.abs(weights).max()) or 1.0) / 127))
    whole_weights = np.rint(weights.T / weight_scale).clip(-127, 127).astype(np.int8)
    bias_scale = tensor.scale * weight_scale
    whole_bias = np.rint(bias / bias_scale).clip(-(2**31), 2**31 - 1).astype(np.int32)
    with one_thread():  # one order of addition on any number of cores: the same head gives the same integers
        logits = features.astype(np.float64) @ (whole_weights.T * weight_scale) + whole_bias * bias_scale
        wanted = softmax(head.logits(features))
    scale, zero_point = min(map(_scale, _ranges(logits)), key=lambda candidate: _error(logits, wanted, *candidate))
    return QuantizedHead(whole_weights, weight_scale, whole_bias, scale, zero_point)


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
