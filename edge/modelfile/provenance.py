"""What a manifest says of the training: all that is needed to train the same model again, and no path or name."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from edge.errors import ModelError


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """How a model came to be; None for what does not apply or what an older release did not write.

    ``weights`` says in words where the backbone's weights come from, ``weights_sha256`` is that of their file and
    ``backbone_sha256`` that of the artifact. ``dataset_sha256`` stands for the photos with their classes and splits.
    The percentages and the ``seed`` are those of the split. ``l2`` is the penalty on the head's weights, ``steps`` the
    number of its iterations. ``augment`` counts the augmented copies of each photo, ``fine_tune`` the epochs of
    fine-tuning from the block ``fine_tune_from`` on. ``threshold_precision`` is the share of right answers above the
    recommended threshold. ``groups`` says how photos that depend on each other were found, ``independent_photos`` is
    the number of groups, ``independent_test_photos`` that among the test photos. ``cross_validated_photos`` counts
    groups too, and ``cross_validated_right`` is the sum, over these groups, of the share labelled correctly.
    ``final`` is true if the head was fitted on all photos in the end: what was measured and chosen is then that of its
    twin, whose head was fitted on the training photos alone.
    ``foreign`` says how the file of another project whose network this is was read: where it was cut, and how its
    pixels are scaled; ``weights`` is the name of that file then.
    ``adopted_from`` and ``adopted_sha256`` are name and hash of a file of another project, whose training is not known.
    """

    backbone_sha256: str | None = None
    weights: str | None = None
    weights_sha256: str | None = None
    dataset_sha256: str | None = None
    validation_percentage: float | None = None
    testing_percentage: float | None = None
    seed: int | None = None
    l2: float | None = None
    steps: int | None = None
    augment: int | None = None
    augmentation_version: int | None = None
    class_weights: str | None = None
    temperature: float | None = None
    threshold_precision: float | None = None
    groups: str | None = None
    independent_photos: int | None = None
    independent_test_photos: int | None = None
    cross_validated_right: float | None = None
    cross_validated_photos: int | None = None
    fine_tune: int | None = None
    fine_tune_from: int | None = None
    fine_tune_best_epoch: int | None = None
    final: bool | None = None
    foreign: str | None = None
    adopted_from: str | None = None
    adopted_sha256: str | None = None
    note: str | None = None

    @classmethod
    def read(cls, training: dict[str, Any]) -> Provenance:
        """The record in a manifest's ``training``; entries that this release does not know are ignored.

        Raises :class:`~edge.errors.ModelError` if a value has another type.
        """
        known = {name: training[name] for name in _TYPES if name in training}
        for name, value in known.items():
            other_type = not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and bool not in _TYPES[name])
            if value is not None and other_type:
                raise ModelError(f"the model's manifest is damaged ({name} of its training); copy the model file again")
        return cls(**known)

    def to_training(self) -> dict[str, Any]:
        """What goes into a manifest's ``training``: the entries that are not None."""
        return {name: value for name in _TYPES if (value := getattr(self, name)) is not None}


_KINDS: dict[str, tuple[type, ...]] = {
    "str | None": (str,),
    "int | None": (int,),
    "float | None": (int, float),
    "bool | None": (bool,),
}
_TYPES = {field.name: _KINDS[str(field.type)] for field in fields(Provenance)}
