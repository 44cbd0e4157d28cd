"""The scores that a model file should give for bottlenecks, computed by numpy from the numbers of its head."""

from __future__ import annotations

import numpy as np

from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import TensorSpec
from trainer.export.compiled import read_head
from trainer.export.quantized_head import SOFTMAX_SCALE, multiply_features
from trainer.head.linear import Head, softmax
from trainer.tflite import read_model

INT8_ATOL = 3 * SOFTMAX_SCALE
"""How far a score of an int8 head may be off: a logit or a score on the border between two steps rounds either way."""


def head_scores(model: ModelFile, head: Head, features: np.ndarray, bottleneck: TensorSpec) -> np.ndarray:
    """The scores of ``features`` (pictures, values) out of ``bottleneck``: of the int8 head in ``model``, or ``head``.

    An int8 head is computed with the integers in the file: features times factors, logits and scores in steps.
    """
    if bottleneck.dtype != np.int8:
        return softmax(head.logits(features))
    found = read_head(read_model(model.content[: unpack_files(model.content).flatbuffer_bytes]))
    if found.factors is not None:
        features = multiply_features(features, found.factors, bottleneck)
    scale = np.float64(bottleneck.scale) * found.weight_scale
    steps = np.rint(features.astype(np.float64) / bottleneck.scale)
    logits = (steps @ found.weights.T.astype(np.float64) + found.bias) * scale
    whole = (np.rint(logits / found.logit_scale) + found.logit_zero_point).clip(-128, 127)
    scores = softmax((whole - found.logit_zero_point) * found.logit_scale)
    return np.minimum(np.rint(scores / SOFTMAX_SCALE), 255) * SOFTMAX_SCALE
