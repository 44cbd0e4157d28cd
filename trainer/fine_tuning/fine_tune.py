"""Fine-tuning for the rest of the trainer: from photos and a head to other weights for MobileNet.

TensorFlow runs in a child process (:mod:`trainer.fine_tuning.train`). The tuned weights are kept under the hash of
what they were made from; a second run needs neither the child nor TensorFlow.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import NamedTuple

from edge.distribution import install_command
from edge.errors import ConfigurationError, StorageError
from trainer.backbones.backbone import Backbone
from trainer.backbones.tensorflow_child import run_tensorflow
from trainer.backbones.weights import Weights
from trainer.fine_tuning.checkpoint import Epoch, read_epochs
from trainer.fine_tuning.job import Job, TuningPhoto, identity_key, tuning_identity
from trainer.fine_tuning.recipe import Recipe
from trainer.fine_tuning.schedule import best_epoch
from trainer.head.linear import Head
from trainer.photos.dataset import Dataset, Photo, dataset_fingerprint
from trainer.photos.split import TRAINING, VALIDATION
from trainer.progress import Progress

_PURPOSE = "fine-tuning"


class Tuned(NamedTuple):
    """The weights of the best epoch, the recipe, and the epochs that led to them; epoch 0 is the state before."""

    weights: Weights
    recipe: Recipe
    epochs: list[Epoch]

    @property
    def best_epoch(self) -> int:
        """The epoch that the weights are of."""
        return best_epoch([epoch.loss for epoch in self.epochs])


def check_tensorflow(bottleneck_dir: Path) -> None:
    """Raise :class:`~edge.errors.ConfigurationError` if fine-tuning cannot be, before photos are read for it.

    That is if there is no TensorFlow, and nothing in ``bottleneck_dir`` that was tuned before.
    """
    if importlib.util.find_spec("tensorflow") is None and not any(_folder(bottleneck_dir).glob("*.npz")):
        raise ConfigurationError(f"{_PURPOSE} needs TensorFlow: {install_command('trainer')}")


def find_tuned(bottleneck_dir: Path, backbone: Backbone, dataset: Dataset, recipe: Recipe) -> Tuned | None:
    """The weights that an earlier run with the same arguments wrote; None if they are missing or damaged."""
    stem = _stem(backbone, dataset, recipe)
    for path in sorted(_folder(bottleneck_dir).glob(f"{stem}-*.npz")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if path.stem == f"{stem}-{digest[:16]}":
            return Tuned(Weights(f"{backbone.weights.origin}, fine-tuned", path, digest), recipe, read_epochs(path))
    return None


def fine_tune(
    bottleneck_dir: Path, backbone: Backbone, dataset: Dataset, recipe: Recipe, *, head: Head, progress: Progress
) -> Tuned:
    """Fine-tune the weights of ``backbone`` on the training photos; validation photos choose the best epoch.

    ``head`` is fitted on the bottlenecks of ``backbone``; fine-tuning starts with it. Test photos are not used. A run
    that was killed continues after its last whole epoch, and its result is the same as without the kill.

    Raises :class:`~edge.errors.ConfigurationError` if there is no TensorFlow or the checkpoint is of another
    fine-tuning, :class:`~edge.errors.DataError` if the loss is no longer a number, and
    :class:`~edge.errors.StorageError` if ``bottleneck_dir`` cannot be written, or a photo cannot be read any more.
    """
    stem = _stem(backbone, dataset, recipe)
    checkpoint, output = (_folder(bottleneck_dir) / f"{stem}.{ending}" for ending in ("checkpoint", "part"))
    index = {label: i for i, label in enumerate(dataset.labels)}

    def photos(split: str) -> list[TuningPhoto]:
        return [TuningPhoto(str(photo.path), index[photo.label]) for photo in dataset.of(split)]

    job = Job(
        architecture=backbone.architecture.name,
        weights=str(backbone.weights.path) if backbone.weights.path else None,
        recipe=recipe,
        identity=_identity(backbone, dataset, recipe),
        training=photos(TRAINING),
        validation=photos(VALIDATION),
        head_weights=head.weights.tolist(),
        head_bias=head.bias.tolist(),
        checkpoint=str(checkpoint),
        output=str(output),
    )
    total = recipe.epochs * len(job.training)
    with progress.stage("fine-tuning", total) as advance:

        def listen(line: str) -> None:
            nonlocal total
            if line.startswith("{"):
                done = json.loads(line)["photos"]
                total -= done
                advance(done)

        run_tensorflow(_PURPOSE, "trainer.fine_tuning.train", text=job.to_json(), listen=listen)
        advance(total)  # the photos of the epochs that were not needed
    try:
        digest = hashlib.sha256(output.read_bytes()).hexdigest()
        output.replace(output.with_name(f"{stem}-{digest[:16]}.npz"))
        checkpoint.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{output}: {error.strerror}; does another program delete files there?") from None
    tuned = find_tuned(bottleneck_dir, backbone, dataset, recipe)
    if tuned is None:
        raise StorageError(
            f"{bottleneck_dir}: the weights just tuned there are gone; does another program delete files there?"
        )
    return tuned


def _folder(bottleneck_dir: Path) -> Path:
    return bottleneck_dir / "tuned"


def _stem(backbone: Backbone, dataset: Dataset, recipe: Recipe) -> str:
    return f"{backbone.architecture.name}-{identity_key(_identity(backbone, dataset, recipe))}"


def _identity(backbone: Backbone, dataset: Dataset, recipe: Recipe) -> dict[str, object]:
    seen: list[Photo] = dataset.of(TRAINING) + dataset.of(VALIDATION)
    photos = dataset_fingerprint(dataset._replace(photos=seen))
    return tuning_identity(backbone.architecture.name, backbone.model.sha256, photos, recipe)
