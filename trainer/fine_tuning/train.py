"""Fine-tuning, in a process of its own (``python -m trainer.fine_tuning.train``): it trains MobileNet on the photos.

It takes a :class:`~trainer.fine_tuning.job.Job` as JSON on stdin and reports each batch as a line of JSON on stdout.
It keeps TensorFlow out of the process that trains the head.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

from trainer.backbones.architectures import Architecture
from trainer.backbones.tensorflow_child import end_child
from trainer.fine_tuning.checkpoint import Checkpoint, Epoch, read_checkpoint, write_checkpoint, write_tuned
from trainer.fine_tuning.job import Job
from trainer.fine_tuning.network import Report, TrainedNetwork
from trainer.fine_tuning.photos import TuningPhotos, load_training, plain_batches, training_batches
from trainer.fine_tuning.schedule import Loss, best_epoch, has_stopped


def tune(job: Job, report: Report) -> None:
    """Fine-tune as ``job`` says, continue from its checkpoint if there is one, and write the best weights.

    Raises :class:`~edge.errors.ConfigurationError` if the checkpoint is of another fine-tuning,
    :class:`~edge.errors.DatasetError` if the loss is no longer a number, and
    :class:`~edge.errors.StorageError` if a file cannot be written.
    """
    checkpoint = read_checkpoint(Path(job.checkpoint), job.identity)
    recipe, size = job.recipe, Architecture.parse(job.architecture).input_size
    validation = TuningPhotos(job.validation, size)
    training = load_training(job.training, recipe.picture_size)
    network = TrainedNetwork(job, next(training_batches(training, recipe, 0)))
    if checkpoint is None:
        epochs = [Epoch(*network.evaluate(plain_batches(validation, recipe.batch), 0))]
        best = network.variables()
    else:
        network.restore(checkpoint)
        epochs, best = checkpoint.epochs, checkpoint.best
        report((len(epochs) - 1) * len(job.training))
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


def main() -> int:
    """Fine-tune as the job on stdin says; other output goes to stderr."""
    job = Job.from_json(sys.stdin.read())
    return end_child(lambda: tune(job, lambda photos: print(json.dumps({"photos": photos}), flush=True)))


if __name__ == "__main__":
    sys.exit(main())
