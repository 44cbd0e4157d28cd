"""``--backbone``: the backbone of a model file, and which photos it was fine-tuned on before."""

from __future__ import annotations

from typing import NamedTuple

from edge.errors import UsageError
from edge.modelfile.model_file import ModelFile
from trainer.backbones.backbone import Backbone
from trainer.backbones.cut_head import read_backbone
from trainer.bottlenecks.remembered import Remembered, require_remembered
from trainer.evaluation.seen_photos import sights
from trainer.photos.dataset import Dataset
from trainer.photos.split import TEST
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions


class Given(NamedTuple):
    """A ``backbone`` that is there already, and the bottlenecks of classes that stay, None: there are none."""

    backbone: Backbone
    remembered: Remembered | None = None


def read_given(options: RetrainOptions) -> Given | None:
    """What the model file ``options.backbone`` gives; None without that option.

    Raises the errors of :func:`given_backbone` and :func:`kept_classes`.
    """
    return None if options.backbone is None else Given(given_backbone(options), kept_classes(options))


def given_backbone(options: RetrainOptions) -> Backbone:
    """The backbone of the model file ``options.backbone``.

    Raises the errors of :func:`~trainer.backbones.cut_head.read_backbone`, and :class:`~edge.errors.UsageError` if it
    has another quantization than the options, or if photos that it was fine-tuned on would be evaluated.
    """
    assert options.backbone is not None
    backbone = read_backbone(options.backbone)
    if options.quantizations != (backbone.quantization,):
        raise UsageError(
            f"--quantization {', '.join(options.quantizations)}: {options.backbone} is {backbone.quantization}, which "
            "cannot be changed; leave out --quantization"
        )
    for chosen, name in ((options.cross_validate, "cross-validate"), (options.learning_curve, "learning-curve")):
        if chosen and backbone.tuned:
            raise UsageError(f"--{name} would evaluate photos that {options.backbone} was fine-tuned on; leave it out")
    return backbone


def kept_classes(options: RetrainOptions) -> Remembered | None:
    """The bottlenecks of the classes that stay, which the file of the backbone remembers; None without that option.

    Raises :class:`~edge.errors.ModelError` and :class:`~edge.errors.DataError` if the file has none.
    """
    if not options.keep_classes:
        return None
    assert options.backbone is not None
    return require_remembered(ModelFile.load(options.backbone), str(options.backbone))


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
