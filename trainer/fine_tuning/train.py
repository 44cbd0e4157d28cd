"""Fine-tuning, in a process of its own (``python -m trainer.fine_tuning.train``): it trains MobileNet on the photos.

It takes a :class:`~trainer.fine_tuning.job.Job` as JSON on stdin and reports each batch as a line of JSON on stdout.
It keeps TensorFlow out of the process that trains the head.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import DatasetError
from trainer.backbones.architectures import Architecture
from trainer.backbones.folded_mobilenet import Layer, compute_features, in_units
from trainer.backbones.mobilenet_v1 import layer_names
from trainer.backbones.read_layers import layers_of
from trainer.backbones.tensorflow_child import end_child
from trainer.backbones.tuned_weights import Layers
from trainer.fine_tuning.checkpoint import Checkpoint, Epoch, read_checkpoint, write_checkpoint, write_tuned
from trainer.fine_tuning.job import Job
from trainer.fine_tuning.photos import Batch, TuningPhotos, batches, load_training, plain_batches, training_batches
from trainer.fine_tuning.schedule import Loss, best_epoch, has_stopped, learning_rate
from trainer.head.calibration import calibrated_cross_entropies
from trainer.head.linear import accuracy

Report = Callable[[int], None]
"""Called with the number of training photos of each batch after it."""


def tune(job: Job, report: Report) -> None:
    """Fine-tune as ``job`` says, continue from its checkpoint if there is one, and write the best weights.

    Raises :class:`~edge.errors.ConfigurationError` if the checkpoint is of another fine-tuning,
    :class:`~edge.errors.DatasetError` if the loss is no longer a number, and
    :class:`~edge.errors.StorageError` if a file cannot be written.
    """
    checkpoint = read_checkpoint(Path(job.checkpoint), job.identity)
    recipe, size = job.recipe, Architecture.parse(job.architecture).input_size
    validation = TuningPhotos(job.validation, size)
    network = _Network(job)
    if checkpoint is None:
        epochs = [Epoch(*network.evaluate(plain_batches(validation, recipe.batch), 0))]
        best = network.variables()
    else:
        network.restore(checkpoint)
        epochs, best = checkpoint.epochs, checkpoint.best
        report((len(epochs) - 1) * len(job.training))
    training = load_training(job.training, recipe.picture_size)
    patience = max(1, math.ceil(recipe.patience * recipe.epochs))
    while len(epochs) <= recipe.epochs and not has_stopped(_losses(epochs), patience):
        epoch = len(epochs)
        learnt = network.learn(training_batches(training, recipe, epoch), epoch, report)
        epochs.append(Epoch(*network.evaluate(plain_batches(validation, recipe.batch), epoch), *learnt))
        if best_epoch(_losses(epochs)) == epoch:
            best = network.variables()
        checkpoint = Checkpoint(network.variables(), best, network.optimizer_variables(), epochs)
        write_checkpoint(Path(job.checkpoint), checkpoint, job.identity)
    write_tuned(Path(job.output), network.tuned(best), epochs)


def _losses(epochs: list[Epoch]) -> list[Loss]:
    return [epoch.loss for epoch in epochs]


def _check(loss: float, epoch: int) -> None:
    if not math.isfinite(loss):
        raise DatasetError(
            f"fine-tuning diverged: the loss of epoch {epoch} is not a finite number; are the weights sound?"
        )


class _Network:
    """The folded network and its head, the part of it that is trained, and the optimiser."""

    def __init__(self, job: Job) -> None:
        import keras
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        self._recipe = job.recipe
        weights = Path(job.weights) if job.weights else None
        self._layers = in_units(layers_of(Architecture.parse(job.architecture), weights))
        self._trained = layer_names(job.recipe.from_block)
        for name in self._trained:
            kernel, factor, bias = self._layers[name]
            self._layers[name] = Layer(tf.Variable(kernel, name="kernel"), factor, tf.Variable(bias, name="bias"))
        self._head = (
            tf.Variable(np.array(job.head_weights, np.float32), name="kernel"),
            tf.Variable(np.array(job.head_bias, np.float32), name="bias"),
        )
        trained = [self._layers[name] for name in self._trained]
        self._variables = [*(part for layer in trained for part in (layer.kernel, layer.bias)), *self._head]
        self._optimizer = keras.optimizers.AdamW(weight_decay=job.recipe.weight_decay)
        self._optimizer.exclude_from_weight_decay(var_names=["bias"])
        self._optimizer.build(self._variables)
        self._steps_an_epoch = batches(len(job.training), job.recipe.batch)
        learnt, evaluated = (
            tf.TensorSpec((None, size, size, 3), tf.uint8)
            for size in (job.recipe.picture_size, Architecture.parse(job.architecture).input_size)
        )
        self._step = tf.function(self._learn_from, input_signature=[learnt, tf.TensorSpec((None,), tf.int64)])
        self._evaluate = tf.function(self._logits, input_signature=[evaluated])

    def _logits(self, images: Any) -> Any:
        folded = {name: layer.folded() for name, layer in self._layers.items()}
        return compute_features(images, folded) @ self._head[0] + self._head[1]

    def _learn_from(self, images: Any, labels: Any) -> Any:
        """One step; returns the sum of the batch's cross entropies, and how many labels were right."""
        import tensorflow as tf

        count = len(self._head[1])
        smoothing = self._recipe.label_smoothing
        targets = tf.one_hot(labels, count) * (1 - smoothing) + smoothing / count
        with tf.GradientTape() as tape:
            logits = self._logits(images)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        gradients = tape.gradient(loss, self._variables)
        self._optimizer.apply(gradients, self._variables)
        total = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        return total, tf.reduce_sum(tf.cast(tf.argmax(logits, 1) == labels, tf.float32))

    def learn(self, photos: Iterator[Batch], epoch: int, report: Report) -> tuple[float, float]:
        """One epoch (1 is the first); cross entropy and accuracy on its augmented copies."""
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
        """
        pairs = [(self._evaluate(images).numpy().astype(np.float64), labels) for images, labels in photos]
        logits, labels = (np.concatenate(column) for column in zip(*pairs, strict=True))
        _check(float(np.abs(logits).max()), epoch)
        losses = calibrated_cross_entropies(logits, labels)
        return float(losses.mean()), accuracy(logits, labels), float(losses.std() / math.sqrt(len(losses)))

    def variables(self) -> list[Any]:
        """The present values of what is trained."""
        return [variable.numpy() for variable in self._variables]

    def optimizer_variables(self) -> list[Any]:
        """The present state of the optimiser."""
        return [np.asarray(variable) for variable in self._optimizer.variables]

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to the state of ``checkpoint``."""
        for variable, array in zip(self._variables, checkpoint.variables, strict=True):
            variable.assign(array)
        for variable, array in zip(self._optimizer.variables, checkpoint.optimizer, strict=True):
            variable.assign(array)

    def tuned(self, best: list[Any]) -> Layers:
        """The whole network with ``best`` in place of the variables; without the head."""
        layers = dict(self._layers)
        for name, kernel, bias in zip(self._trained, best[:-2:2], best[1:-2:2], strict=True):
            layers[name] = layers[name]._replace(kernel=kernel, bias=bias)
        return {name: layer.folded() for name, layer in layers.items()}


def main() -> int:
    """Fine-tune as the job on stdin says; other output goes to stderr."""
    job = Job.from_json(sys.stdin.read())
    return end_child(lambda: tune(job, lambda photos: print(json.dumps({"photos": photos}), flush=True)))


if __name__ == "__main__":
    sys.exit(main())
