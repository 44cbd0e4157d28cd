"""``--backbone``: the backbone of a model file, and which photos it was fine-tuned on before."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge.errors import ModelError, UsageError
from edge.modelfile.model_file import ModelFile
from trainer.backbones.backbone import Backbone
from trainer.backbones.cut_head import cut_head
from trainer.bottlenecks.remembered import Remembered, read_remembered, require_remembered
from trainer.evaluation.seen_photos import sights
from trainer.photos.dataset import Dataset
from trainer.photos.split import TEST
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions


class Given(NamedTuple):
    """A ``backbone`` that is there already, and what its file remembers of its classes; None: nothing."""

    backbone: Backbone
    remembered: Remembered | None = None


def read_given(path: Path) -> Given:
    """What the model file at ``path`` gives.

    Raises :class:`~edge.errors.ModelError` if the file is damaged, or if no backbone can be taken from it.
    """
    model = ModelFile.load(path)
    try:
        return Given(cut_head(model), read_remembered(model))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def as_options_say(given: Given, options: RetrainOptions) -> Given:
    """``given``, the content of the file ``options.backbone``; what it remembers only if its classes are kept.

    Raises :class:`~edge.errors.UsageError` if it has another quantization than the options, or if photos that it was
    fine-tuned on would be evaluated, and :class:`~edge.errors.DataError` if it remembers no classes to keep.
    """
    backbone = given.backbone
    if options.quantizations != (backbone.quantization,):
        raise UsageError(
            f"--quantization {', '.join(options.quantizations)}: {options.backbone} is {backbone.quantization}, which "
            "cannot be changed; leave out --quantization"
        )
    for chosen, name in ((options.cross_validate, "cross-validate"), (options.learning_curve, "learning-curve")):
        if chosen and backbone.tuned:
            raise UsageError(f"--{name} would evaluate photos that {options.backbone} was fine-tuned on; leave it out")
    if not options.keep_classes:
        return Given(backbone)
    return Given(backbone, require_remembered(given.remembered, str(options.backbone)))


def report_seen_tests(backbone: Backbone, dataset: Dataset, progress: Progress) -> str | None:
    """A line for the provenance if the backbone may have seen test photos of ``dataset``; it is a message too."""
    if backbone.tuned is None:
        return None
    if backbone.tuned.photos is None:
        line = "the backbone was fine-tuned, perhaps on test photos: the accuracy may be too high"
    else:
        found = sights(backbone.tuned.photos, dataset.photos)
        seen = {photo.relative for photo, sight in zip(dataset.photos, found, strict=True) if sight != TEST}
        tests = dataset.test_photos
        count = sum(photo.relative in seen for photo in tests)
        if not count:
            return None
        line = (
            f"the backbone was fine-tuned on {count} of the {len(tests)} test photos, or on photos like them: the "
            "accuracy may be too high"
        )
    progress.message(line)
    return line
