"""The layers that are trained, each with a batch norm that learns.

Batch norm is that of Ioffe and Szegedy 2015, arXiv:1502.03167. The weights come with it folded in, from whatever file.
So the norms are made from photos: factor and shift are those with which the network computes what it computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trainer.backbones.folded_mobilenet import Layer, convolve, run_network
from trainer.backbones.mobilenet_v1 import BATCH_NORM_EPSILON


class LearntNorm(NamedTuple):
    """A convolution with its batch norm, as TensorFlow's variables.

    ``kernel`` has channels of unit size; ``factor`` and ``bias`` (channels,) are learnt too. ``mean`` and ``variance``
    (channels,) are moving averages over the batches, of what comes out of the convolution.
    """

    kernel: Any
    factor: Any
    bias: Any
    mean: Any
    variance: Any

    @property
    def variables(self) -> list[Any]:
        """What is trained."""
        return [self.kernel, self.factor, self.bias]

    @property
    def averages(self) -> list[Any]:
        """What moves without being trained."""
        return [self.mean, self.variance]

    def learn(self, name: str, values: Any, momentum: float) -> Any:
        """What the layer ``name`` makes of a batch's ``values``, normalised over this batch; the averages move.

        ``momentum`` (0 to 1) is how much of an average stays.
        """
        import tensorflow as tf

        values, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            convolve(name, values, self.kernel), self.factor, self.bias, epsilon=BATCH_NORM_EPSILON, is_training=True
        )
        for average, new in ((self.mean, mean), (self.variance, variance)):
            average.assign(momentum * average + (1 - momentum) * new)
        return values

    def folded(self, name: str) -> tuple[Any, Any]:
        """The kernel and the bias of the layer ``name``, with the averages in place of a batch's own numbers."""
        factor = self.factor / (self.variance + BATCH_NORM_EPSILON) ** 0.5
        kernel = self.kernel * (factor[:, np.newaxis] if "_dw_" in name else factor)
        return kernel, self.bias - self.mean * factor


def with_learnt_norms(layers: dict[str, Layer], names: Sequence[str], images: Any) -> dict[str, LearntNorm]:
    """The layers ``names``, the last ones of ``layers``, with batch norms that learn.

    The averages are those of ``images`` (photos, size, size, 3), uint8. Before it learns, each layer computes what it
    computed, to the last bits of a float.
    """
    import tensorflow as tf

    normalised = {}

    def convolution(name: str, values: Any) -> Any:
        kernel, scale, bias = layers[name]
        output, sizes = convolve(name, values, kernel), np.ravel(scale)
        if name in names:
            mean, variance = (moment.numpy() for moment in tf.nn.moments(output, [0, 1, 2]))
            factor = sizes * np.sqrt(variance + BATCH_NORM_EPSILON)
            parts = {"kernel": kernel, "factor": factor, "bias": bias + sizes * mean, "mean": mean}
            normalised[name] = LearntNorm(
                **{
                    part: tf.Variable(array.astype(np.float32), name=part)
                    for part, array in {**parts, "variance": variance}.items()
                }
            )
        return output * sizes + bias

    run_network(images, layers, convolution)
    return normalised
