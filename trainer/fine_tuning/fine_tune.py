"""Fine-tuning as the rest of the trainer sees it: photos and a warmed head in, other weights for MobileNet out.

TensorFlow runs in a child process (:mod:`trainer.fine_tuning.train`). The tuned weights are kept by what they were made
from; a second run needs neither the child nor TensorFlow.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from edge.errors import StorageError
from trainer.backbones.backbone import Backbone
from trainer.backbones.tensorflow_child import run_tensorflow
from trainer.backbones.weights import Weights
from trainer.fine_tuning.checkpoint import Epoch, read_epochs
from trainer.fine_tuning.job import Job, TuningPhoto, facts_key, identifying_facts
from trainer.fine_tuning.recipe import Recipe
from trainer.fine_tuning.schedule import best_epoch
from trainer.head.fit import Head
from trainer.photos.dataset import Dataset, Photo, dataset_fingerprint
from trainer.photos.split import TRAINING, VALIDATION
from trainer.progress import Progress


class Tuned(NamedTuple):
    """The weights of the best epoch, the recipe, and the epochs that led to them; epoch 0 is the state before."""

    weights: Weights
    recipe: Recipe
    epochs: list[Epoch]

    @property
    def best_epoch(self) -> int:
        """The epoch that the weights are of."""
        return best_epoch([epoch.loss for epoch in self.epochs])


def find_tuned(cache: Path, backbone: Backbone, dataset: Dataset, recipe: Recipe) -> Tuned | None:
    """The weights that an earlier run in folder ``cache`` tuned alike; a damaged file counts as missing."""
    stem = _stem(backbone, dataset, recipe)
    for path in sorted(_folder(cache).glob(f"{stem}-*.npz")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if path.stem == f"{stem}-{digest[:16]}":
            return Tuned(Weights(f"{backbone.weights.origin}, fine-tuned", path, digest), recipe, read_epochs(path))
    return None


def fine_tune(
    cache: Path, backbone: Backbone, dataset: Dataset, head: Head, recipe: Recipe, progress: Progress
) -> Tuned:
    """Fine-tune the weights of ``backbone`` on the training photos; validation photos choose the best epoch.

    ``head`` is the warmed head, fitted on the bottlenecks of ``backbone``. Test photos are not looked at. A run
    that was killed goes on after its last whole epoch, and ends as it would have ended.

    Raises :class:`~edge.errors.ConfigurationError` where there is no TensorFlow or the checkpoint is of another
    fine-tuning, :class:`~edge.errors.DataError` where the loss is no longer a number, and
    :class:`~edge.errors.StorageError` where ``cache`` cannot be written.
    """
    stem = _stem(backbone, dataset, recipe)
    checkpoint, output = (_folder(cache) / f"{stem}.{kind}" for kind in ("checkpoint", "part"))
    index = {label: i for i, label in enumerate(dataset.labels)}

    def photos(split: str) -> list[TuningPhoto]:
        return [TuningPhoto(str(photo.path), index[photo.label]) for photo in dataset.of(split)]

    job = Job(
        architecture=backbone.architecture.name,
        weights=str(backbone.weights.path) if backbone.weights.path else None,
        recipe=recipe,
        facts=_facts(backbone, dataset, recipe),
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

        run_tensorflow("fine-tuning", "trainer.fine_tuning.train", text=job.to_json(), listen=listen)
        advance(total)  # what early stopping saved
    try:
        digest = hashlib.sha256(output.read_bytes()).hexdigest()
        output.replace(output.with_name(f"{stem}-{digest[:16]}.npz"))
        checkpoint.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{output}: {error.strerror}; is something cleaning {cache}?") from None
    tuned = find_tuned(cache, backbone, dataset, recipe)
    if tuned is None:
        raise StorageError(f"{cache}: the weights just tuned there are gone; is something cleaning it?")
    return tuned


def _folder(cache: Path) -> Path:
    return cache / "tuned"


def _stem(backbone: Backbone, dataset: Dataset, recipe: Recipe) -> str:
    return f"{backbone.architecture.name}-{facts_key(_facts(backbone, dataset, recipe))}"


def _facts(backbone: Backbone, dataset: Dataset, recipe: Recipe) -> dict[str, object]:
    seen: list[Photo] = dataset.of(TRAINING) + dataset.of(VALIDATION)
    photos = dataset_fingerprint(dataset._replace(photos=seen))
    return identifying_facts(backbone.architecture.name, backbone.model.sha256, photos, recipe)
