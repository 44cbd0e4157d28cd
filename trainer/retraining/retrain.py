"""Retraining from Python: a folder of photos becomes one model file."""

from __future__ import annotations

from pathlib import Path

from edge.errors import UsageError
from edge.modelfile.normalization import PerChannel, given_normalization
from trainer.backbones.architectures import DEFAULT_ARCHITECTURE, DEFAULT_QUANTIZATIONS, Architecture
from trainer.cache_folder import default_bottleneck_dir
from trainer.fine_tuning.recipe import Recipe
from trainer.head.fit import DEFAULT_STEPS
from trainer.photos.bucket import as_place
from trainer.photos.dataset import Dataset
from trainer.photos.layout import AUTO
from trainer.photos.split import SplitRatios
from trainer.progress import ProgressLike, as_progress
from trainer.retraining.given_backbone import read_given
from trainer.retraining.options import DEFAULT_PRECISION, NO_CLASS_WEIGHTS, RetrainOptions, default_output
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained


def retrain(
    photos: Dataset | str | Path,
    *,
    architecture: Architecture | str = DEFAULT_ARCHITECTURE,
    quantization: str | None = None,
    output: str | Path | None = None,
    layout: str = AUTO,
    weights: str | Path | None = None,
    fine_tune: int | Recipe | None = None,
    training_steps: int = DEFAULT_STEPS,
    class_weights: str = NO_CLASS_WEIGHTS,
    precision: float = DEFAULT_PRECISION,
    cross_validate: bool = RetrainOptions.cross_validate,
    learning_curve: bool = RetrainOptions.learning_curve,
    groups: str = RetrainOptions.groups,
    augment: int = RetrainOptions.augment,
    final: bool = RetrainOptions.final,
    remember: int = RetrainOptions.remember,
    keep_classes: bool = RetrainOptions.keep_classes,
    backbone: str | Path | None = None,
    mean: PerChannel | None = None,
    std: PerChannel | None = None,
    input_range: tuple[float, float] | None = None,
    compiled: str | Path | None = None,
    unknown: str | None = RetrainOptions.unknown,
    background: str | Path | None = None,
    bottleneck_dir: str | Path | None = None,
    summaries_dir: str | Path | None = None,
    runtime: str | None = None,
    progress: ProgressLike = None,
) -> Retrained:
    """Retrain on ``photos``, a data set or its folder, and write one model file.

    >>> model = retrain("flower_photos", architecture="mobilenet_0.50_224")  # doctest: +SKIP
    >>> model.path, model.accuracy  # doctest: +SKIP
    (PosixPath('models/flower_photos-mobilenet_0.50_224-int8.tflite'), 0.887)

    Of a data set, the folder, its layout and the split are used; its photos are read again. Each other argument is the
    option of ``trainer retrain`` of the same name, with the same default. ``fine_tune`` is the largest number of
    epochs, or a whole :class:`~trainer.fine_tuning.recipe.Recipe`. Of a ``backbone``, a model file or a network of
    another project, architecture and quantization are used; ``mean`` and ``std``, in pixels from 0 to 255, or
    ``input_range`` are for a network that does not say how its pixels are scaled. ``unknown`` None is
    ``--no-unknown``. ``progress`` is called with each
    :class:`~trainer.progress.Stage`; None is silent. TensorFlow, if it is needed, runs in a process of its own.

    Raises the errors of :mod:`edge.errors`; the file is written whole or not at all.
    """
    chosen = Architecture.parse(architecture) if isinstance(architecture, str) else architecture
    quantizations = DEFAULT_QUANTIZATIONS if quantization is None else (quantization,)
    told = as_progress(progress)
    normalization = given_normalization(mean, std, input_range)
    if backbone is None and normalization is not None:
        raise UsageError("mean, std and input_range are for a backbone of another project; give backbone")
    given = None
    if backbone is not None:
        twin = None if compiled is None else Path(compiled)
        given = read_given(Path(backbone), normalization, twin, told.message)
    if given is not None:
        quantizations = (given.backbone.quantization,) if quantization is None else quantizations
    network = given.backbone.architecture if given else chosen
    folder, ratios = (photos.root, photos.ratios) if isinstance(photos, Dataset) else (as_place(photos), SplitRatios())
    layout = photos.layout if isinstance(photos, Dataset) else layout
    options = RetrainOptions(
        folder=folder,
        output=default_output(folder, network, quantizations) if output is None else Path(output),
        layout=layout,
        bottleneck_dir=default_bottleneck_dir() if bottleneck_dir is None else Path(bottleneck_dir),
        architecture=chosen,
        quantizations=quantizations,
        weights=None if weights is None else str(weights),
        ratios=ratios,
        training_steps=training_steps,
        summaries_dir=None if summaries_dir is None else Path(summaries_dir),
        runtime=runtime,
        class_weights=class_weights,
        precision=precision,
        cross_validate=cross_validate,
        learning_curve=learning_curve,
        groups=groups,
        augment=augment,
        final=final,
        remember=remember,
        keep_classes=keep_classes,
        backbone=None if backbone is None else Path(backbone),
        compiled=None if compiled is None else Path(compiled),
        unknown=unknown,
        background=None if background is None else Path(background),
        fine_tune=Recipe.of(chosen, fine_tune, seed=ratios.seed) if isinstance(fine_tune, int) else fine_tune,
    )
    (model,) = retrain_all(options, told, given)
    return model
