"""``--backbone``: the backbone of a model file, and which photos it was fine-tuned on before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.errors import ModelError, UsageError
from edge.modelfile.manifest import MANIFEST_NAME
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import Normalization
from edge.modelfile.reading import MAX_MODEL_BYTES, read_bounded
from trainer.backbones.apart import check_usable_apart
from trainer.backbones.backbone import Backbone
from trainer.backbones.cut_head import cut_head
from trainer.backbones.foreign.compiled import CompiledNetwork, compiled_network
from trainer.backbones.foreign.foreign_backbone import foreign_backbone
from trainer.backbones.weights import Weights
from trainer.bottlenecks.remembered import Remembered, read_remembered, require_remembered
from trainer.evaluation.seen_photos import sights
from trainer.photos.dataset import Dataset
from trainer.photos.split import TEST
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions


class Given(NamedTuple):
    """A ``backbone`` that is there already, and what its file remembers of its classes; None: nothing.

    ``compiled`` is the same network, compiled for an Edge TPU.
    """

    backbone: Backbone
    remembered: Remembered | None = None
    compiled: CompiledNetwork | None = None


def read_given(
    path: Path,
    normalization: Normalization | None = None,
    compiled: Path | None = None,
    write_message: Callable[[str], None] = lambda line: None,
) -> Given:
    """What the file at ``path`` gives: a model file of ours, or a network of another project.

    ``normalization`` is for a network that does not say how its pixels are scaled. ``compiled`` is the file that
    Google's compiler made of it. ``write_message`` gets lines that say how a network of another project was read.

    Raises :class:`~edge.errors.ModelError` if a file is damaged, or if no backbone can be taken from it.
    """
    content = read_bounded(path, MAX_MODEL_BYTES, "the backbone")
    try:
        if MANIFEST_NAME.encode() in content:
            given = _read_own(content, normalization)
        else:
            brought = foreign_backbone(content, path.name, normalization, check=check_usable_apart)
            for line in brought.messages:
                write_message(f"{path}: {line}")
            given = Given(brought.backbone)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    if compiled is None:
        return given
    content = read_bounded(compiled, MAX_MODEL_BYTES, "the compiled network")
    try:
        return given._replace(compiled=compiled_network(content, compiled.name, given.backbone))
    except ModelError as error:
        raise ModelError(f"{compiled}: {error}") from None


def _read_own(content: bytes, normalization: Normalization | None) -> Given:
    model = ModelFile.from_bytes(content, None, normalization)
    provenance = model.manifest.provenance if model.manifest else None
    if provenance is None or provenance.adopted_from is None or provenance.weights is not None:
        return Given(cut_head(model), read_remembered(model))
    # An adopted file is still what another project made, with our borders.
    backbone = foreign_backbone(content, provenance.adopted_from, model.normalization).backbone
    origin = Weights(provenance.adopted_from, None, provenance.adopted_sha256 or "")
    return Given(backbone._replace(weights=origin))


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
        return given._replace(remembered=None)
    return given._replace(remembered=require_remembered(given.remembered, str(options.backbone)))


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
