"""The network that fine-tuning trains: frozen layers, layers that are trained, the head, the optimiser."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import DatasetError
from trainer.backbones.architectures import Architecture
from trainer.backbones.folded_mobilenet import compute_features, convolve, in_units, run_network
from trainer.backbones.mobilenet_v1 import layer_names
from trainer.backbones.read_layers import layers_of
from trainer.backbones.tuned_weights import Layers
from trainer.fine_tuning.checkpoint import Checkpoint
from trainer.fine_tuning.job import Job
from trainer.fine_tuning.layers import with_learnt_norms
from trainer.fine_tuning.photos import Batch, batches
from trainer.fine_tuning.schedule import learning_rate
from trainer.head.calibration import calibrated_cross_entropies
from trainer.head.linear import accuracy

Report = Callable[[int], None]
"""Called with the number of training photos of each batch after it."""


class TrainedNetwork:
    """The network, of which a part is trained, and its optimiser; it needs TensorFlow."""

    def __init__(self, job: Job, first: Batch) -> None:
        """Begin with the weights of ``job``; the batch norms are made from the ``first`` batch."""
        import keras
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        self._recipe = recipe = job.recipe
        architecture = Architecture.parse(job.architecture)
        layers = in_units(layers_of(architecture, Path(job.weights) if job.weights else None))
        self._names = list(layers)
        names = layer_names(recipe.from_block)
        self._trained = with_learnt_norms(layers, names, first[0])
        self._frozen = {name: layer.folded() for name, layer in layers.items() if name not in self._trained}
        self._head = (
            tf.Variable(np.array(job.head_weights, np.float32), name="kernel"),
            tf.Variable(np.array(job.head_bias, np.float32), name="bias"),
        )
        trained = self._trained.values()
        self._variables = [*(part for layer in trained for part in layer.variables), *self._head]
        self._state = [*self._variables, *(part for layer in trained for part in layer.averages)]
        self._optimizer = keras.optimizers.AdamW(weight_decay=recipe.weight_decay)
        self._optimizer.exclude_from_weight_decay(var_names=["factor", "bias"])
        self._optimizer.build(self._variables)
        self._steps_an_epoch = batches(len(job.training), recipe.batch)
        learnt, evaluated = (
            tf.TensorSpec((None, size, size, 3), tf.uint8) for size in (recipe.picture_size, architecture.input_size)
        )
        self._step = tf.function(self._learn_from, input_signature=[learnt, tf.TensorSpec((None,), tf.int64)])
        self._evaluate = tf.function(self._logits, input_signature=[evaluated])

    def _folded(self) -> dict[str, tuple[Any, Any]]:
        folded = {name: layer.folded(name) for name, layer in self._trained.items()}
        return {name: folded.get(name) or self._frozen[name] for name in self._names}

    def _logits(self, images: Any) -> Any:
        return compute_features(images, self._folded()) @ self._head[0] + self._head[1]

    def _convolution(self, name: str, values: Any) -> Any:
        if name in self._trained:
            return self._trained[name].learn(name, values, self._recipe.momentum)
        kernel, bias = self._frozen[name]
        return convolve(name, values, kernel) + bias

    def _learn_from(self, images: Any, labels: Any) -> Any:
        """One step; returns the sum of the batch's cross entropies, and how many labels were right."""
        import tensorflow as tf

        count = len(self._head[1])
        smoothing = self._recipe.label_smoothing
        targets = tf.one_hot(labels, count) * (1 - smoothing) + smoothing / count
        with tf.GradientTape() as tape:
            logits = run_network(images, self._names, self._convolution) @ self._head[0] + self._head[1]
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        gradients = tape.gradient(loss, self._variables)
        self._optimizer.apply(gradients, self._variables)
        total = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        return total, tf.reduce_sum(tf.cast(tf.argmax(logits, 1) == labels, tf.float32))

    def learn(self, photos: Iterator[Batch], epoch: int, report: Report) -> tuple[float, float]:
        """One epoch (1 is the first); cross entropy and accuracy on its augmented copies.

        Raises :class:`~edge.errors.DatasetError` if the loss is no longer a number.
        """
        recipe, total, hits, count = self._recipe, 0.0, 0.0, 0
        steps, warm_up = recipe.epochs * self._steps_an_epoch, round(recipe.warm_up_epochs * self._steps_an_epoch)
        for index, (images, labels) in enumerate(photos):
            step = (epoch - 1) * self._steps_an_epoch + index
            self._optimizer.learning_rate = learning_rate(step, steps, warm_up, recipe.learning_rate)
            loss, right = self._step(images, labels)
            _check(float(loss), epoch)
            total, hits, count = total + float(loss), hits + float(right), count + len(labels)
            report(len(labels))
        return total / count, hits / count

    def evaluate(self, photos: Iterator[Batch], epoch: int) -> tuple[float, float, float]:
        """Cross entropy, accuracy and the former's standard error on photos as they are.

        The logits are divided by the temperature that fits best, as in a calibrated head. Without it, the weights with
        the lowest scores would be kept, not those with the fewest mistakes.

        Raises :class:`~edge.errors.DatasetError` if a logit is no longer a number.
        """
        pairs = [(self._evaluate(images).numpy().astype(np.float64), labels) for images, labels in photos]
        logits, labels = (np.concatenate(column) for column in zip(*pairs, strict=True))
        _check(float(np.abs(logits).max()), epoch)
        losses = calibrated_cross_entropies(logits, labels)
        return float(losses.mean()), accuracy(logits, labels), float(losses.std() / math.sqrt(len(losses)))

    def variables(self) -> list[Any]:
        """The present values of what is trained, and of the averages."""
        return [variable.numpy() for variable in self._state]

    def optimizer_variables(self) -> list[Any]:
        """The present state of the optimiser."""
        return [np.asarray(variable) for variable in self._optimizer.variables]

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to the state of ``checkpoint``."""
        self._assign(checkpoint.variables)
        for variable, array in zip(self._optimizer.variables, checkpoint.optimizer, strict=True):
            variable.assign(array)

    def _assign(self, values: list[Any]) -> None:
        for variable, array in zip(self._state, values, strict=True):
            variable.assign(array)

    def tuned(self, best: list[Any]) -> Layers:
        """The whole network with ``best`` in place of the variables, which it keeps; without the head."""
        self._assign(best)
        return {name: (np.asarray(kernel), np.asarray(bias)) for name, (kernel, bias) in self._folded().items()}


def _check(loss: float, epoch: int) -> None:
    if not math.isfinite(loss):
        raise DatasetError(
            f"fine-tuning diverged: the loss of epoch {epoch} is not a finite number; are the weights sound?"
        )
