"""What the child process gets to fine-tune, and what makes two fine-tunings the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from edge.preprocess import PREPROCESSING_VERSION
from trainer.fine_tuning.recipe import TUNING_VERSION, Recipe
from trainer.photos.augmentation import AUGMENTATION_VERSION, Strength


class TuningPhoto(NamedTuple):
    """A photo for the child process: its path and the index of its label."""

    path: str
    label: int


@dataclass(frozen=True)
class Job:
    """One fine-tuning. ``identity`` distinguishes it from others; ``weights`` is a file's path or None for random ones.

    ``head_weights`` (values, labels) and ``head_bias`` (labels,) are the head that fine-tuning starts with.
    Progress is kept in the file ``checkpoint``, the tuned weights are written to ``output``.
    """

    architecture: str
    weights: str | None
    recipe: Recipe
    identity: dict[str, Any]
    training: list[TuningPhoto]
    validation: list[TuningPhoto]
    head_weights: list[list[float]]
    head_bias: list[float]
    checkpoint: str
    output: str

    def to_json(self) -> str:
        """The job as JSON text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Job:
        """The job in ``text``, as :meth:`to_json` wrote it."""
        fields = json.loads(text)
        recipe = fields.pop("recipe")
        recipe["strength"] = Strength(*recipe["strength"])
        for split in ("training", "validation"):
            fields[split] = [TuningPhoto(*photo) for photo in fields[split]]
        return cls(recipe=Recipe(**recipe), **fields)


def tuning_identity(architecture: str, backbone_sha256: str, dataset_sha256: str, recipe: Recipe) -> dict[str, Any]:
    """What must be the same for two fine-tunings to give the same weights, as JSON keeps it.

    ``backbone_sha256`` is that of the artifact, which stands for the pretrained weights and for the bottlenecks
    that the first head was fitted on.
    """
    identity = {
        "architecture": architecture,
        "weights": backbone_sha256,
        "photos": dataset_sha256,
        "options": asdict(recipe),
        "versions": [TUNING_VERSION, PREPROCESSING_VERSION, AUGMENTATION_VERSION],
    }
    parsed: dict[str, Any] = json.loads(json.dumps(identity))
    return parsed


def identity_key(identity: dict[str, Any]) -> str:
    """A short name for ``identity``: 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
