"""One model file for each architecture and quantization, so that ``edge bench`` can measure all of them on a board.

An architecture without pretrained weights on this machine gets random ones, because size and latency do not depend
on them. Its files then carry no accuracy. Nothing is downloaded here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from edge.errors import ConfigurationError, ModelError
from edge.files import check_writable, write_output
from edge.modelfile.model_file import ModelFile
from trainer.backbones.architectures import Architecture, grid
from trainer.backbones.backbone import Backbone, load_backbones
from trainer.backbones.weights import OFFLINE, RANDOM, Weights, find_weights, weights_at_hand
from trainer.bottlenecks.compute import compute_for_all
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.workers import Threads, Workers
from trainer.export.untaught import export_untaught
from trainer.photos.dataset import Dataset, dataset_fingerprint, read_dataset
from trainer.photos.folder import list_photos
from trainer.photos.layout import AUTO
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

DEFAULT_QUANTIZATIONS = ("int8", "float32")
"""The quantizations that are built by default."""

UNTRAINED_LABELS = tuple(f"class {index}" for index in range(5))
UNTRAINED_NOTE = "untrained head: right for size and latency, worthless as a classifier"


@dataclass(frozen=True)
class GridOptions:
    """The options of ``trainer grid build``; without an ``image_dir`` no model is trained."""

    folder: Path
    bottleneck_dir: Path
    image_dir: Path | None = None
    layout: str = AUTO
    architectures: tuple[Architecture, ...] = field(default_factory=lambda: tuple(grid()))
    quantizations: tuple[str, ...] = DEFAULT_QUANTIZATIONS
    runtime: str | None = None


class GridModel(NamedTuple):
    """One finished file of the grid.

    ``accuracy`` is the share (0 to 1) of ``test_photos`` that it labels correctly; None if it was not trained.
    ``kept`` tells that an earlier run made the file.
    """

    path: Path
    architecture: Architecture
    quantization: str
    weights: str
    accuracy: float | None
    test_photos: int
    size_bytes: int
    kept: bool


class Grid(NamedTuple):
    """All models, in the order of the options, and the data set that they were trained on, if there is one."""

    models: list[GridModel]
    dataset: Dataset | None


class _PlannedModel(NamedTuple):
    """One file and what it is made from; ``choice`` is the value of ``--weights``.

    ``dataset_sha256`` is None if the model is not trained.
    """

    path: Path
    architecture: Architecture
    quantization: str
    choice: str | None
    weights: Weights
    labels: tuple[str, ...]
    dataset_sha256: str | None


def build_grid(options: GridOptions, progress: Progress, workers: Workers | None = None) -> Grid:
    """Write one model file for each architecture and quantization; finished files of an earlier run are kept.

    A file is kept if its architecture, quantization, weights, labels and photos are those of this run. Every file is
    written whole or not at all. ``workers`` compute the bottlenecks of photos, those of all files that are missing
    together; None: all cores of this machine. Raises the errors of :mod:`edge.errors`.
    """
    workers = workers or Threads()
    check_writable(options.folder / "grid.tflite")
    dataset = (
        None
        if options.image_dir is None
        else read_dataset(options.image_dir, SplitRatios(), progress, training=True, layout=options.layout)
    )
    total = len(options.architectures) * len(options.quantizations)
    models: list[GridModel] = []
    planned = [_plan(architecture, dataset, options) for architecture in options.architectures]
    finished = {plan.path: _finished(plan) for plans in planned for plan in plans}
    trained = [plan for plans in planned for plan in plans if plan.dataset_sha256 and not finished[plan.path]]
    if trained:
        _fill_cache(trained, options, progress, workers)
    for plans in planned:
        for model in _build_architecture(plans, finished, options, progress, workers):
            models.append(model)
            progress.message(f"[{len(models)}/{total}] {_describe(model)}")
    order = [model_file_name(a, quantization) for a in options.architectures for quantization in options.quantizations]
    models.sort(key=lambda model: order.index(model.path.name))
    return Grid(models, dataset)


def model_file_name(architecture: Architecture, quantization: str) -> str:
    """The name of the file of a model, such as ``mobilenet_0.50_160-int8.tflite``."""
    return f"{architecture.name}-{quantization}.tflite"


def _plan(architecture: Architecture, dataset: Dataset | None, options: GridOptions) -> list[_PlannedModel]:
    """The files of ``architecture``."""
    at_hand = weights_at_hand(architecture)
    choice = {None: RANDOM, "offline extra": OFFLINE}.get(at_hand)
    weights = find_weights(architecture, choice, lambda found: True, _refuse_download)
    fingerprint = None if dataset is None or at_hand is None else dataset_fingerprint(dataset)
    labels = UNTRAINED_LABELS if dataset is None else dataset.labels
    plans = []
    for quantization in options.quantizations:
        path = options.folder / model_file_name(architecture, quantization)
        plans.append(_PlannedModel(path, architecture, quantization, choice, weights, labels, fingerprint))
    return plans


def _load_backbones(plans: list[_PlannedModel], options: GridOptions, progress: Progress) -> list[Backbone]:
    """The backbones of ``plans``, which are of one architecture; all that are missing are built by one call."""
    architecture = plans[0].architecture
    with progress.stage(f"{architecture.name} backbones"):
        quantizations = [plan.quantization for plan in plans]
        return load_backbones(options.bottleneck_dir, architecture, plans[0].choice, quantizations)


def _fill_cache(plans: list[_PlannedModel], options: GridOptions, progress: Progress, workers: Workers) -> None:
    """Compute the bottlenecks of all ``plans`` together: each photo is decoded once for each size of input."""
    assert options.image_dir is not None
    backbones = [
        backbone
        for _, same in groupby(plans, lambda plan: plan.architecture)
        for backbone in _load_backbones(list(same), options, progress)
    ]
    extractors = [
        FeatureExtractor(each, options.bottleneck_dir, options.runtime, progress, workers) for each in backbones
    ]
    said = Progress(None, lambda text: None)  # what there is to say of the folders is said when it is trained on
    compute_for_all(extractors, list_photos(options.image_dir, options.layout, said))


def _build_architecture(
    plans: list[_PlannedModel],
    finished: dict[Path, GridModel | None],
    options: GridOptions,
    progress: Progress,
    workers: Workers,
) -> Iterator[GridModel]:
    """The models of one architecture, the kept ones first."""
    yield from (kept for plan in plans if (kept := finished[plan.path]))
    missing = [plan for plan in plans if not finished[plan.path]]
    if not missing:
        return
    if missing[0].dataset_sha256 is not None:
        yield from (_train(plan, options, progress, workers) for plan in missing)
        return
    for plan, backbone in zip(missing, _load_backbones(missing, options, progress), strict=True):
        yield _write_untrained(plan, backbone, options)


def _refuse_download(architecture: Architecture) -> None:
    raise ConfigurationError(
        f"the weights of {architecture.name} were removed during this run; run the same command again"
    )


def _finished(plan: _PlannedModel) -> GridModel | None:
    """The model that an earlier run made from the same parts; None if there is none or it is damaged."""
    try:
        model = ModelFile.load(plan.path)
    except ModelError:
        return None
    manifest = model.manifest
    if manifest is None:
        return None
    found = (manifest.architecture, manifest.quantization, model.classes)
    made_from = (manifest.provenance.weights_sha256, manifest.provenance.dataset_sha256)
    wanted = (plan.architecture.name, plan.quantization, plan.labels)
    if (found, made_from) != (wanted, (plan.weights.sha256, plan.dataset_sha256)):
        return None
    return _grid_model(plan, model.size_bytes, manifest.accuracy, manifest.independent_test_photos, kept=True)


def _train(plan: _PlannedModel, options: GridOptions, progress: Progress, workers: Workers) -> GridModel:
    assert options.image_dir is not None
    (model,) = retrain_all(
        RetrainOptions(
            folder=options.image_dir,
            layout=options.layout,
            output=plan.path,
            bottleneck_dir=options.bottleneck_dir,
            architecture=plan.architecture,
            quantizations=(plan.quantization,),
            weights=plan.choice,
            runtime=options.runtime,
        ),
        progress,
        workers=workers,
    )
    return _grid_model(plan, model.size_bytes, model.accuracy, model.evaluation.independent)


def _write_untrained(plan: _PlannedModel, backbone: Backbone, options: GridOptions) -> GridModel:
    content = export_untaught(backbone, plan.labels, UNTRAINED_NOTE, runtime=options.runtime)
    write_output(plan.path, content)
    return _grid_model(plan, len(content))


def _grid_model(
    plan: _PlannedModel, size_bytes: int, accuracy: float | None = None, test_photos: int = 0, *, kept: bool = False
) -> GridModel:
    return GridModel(
        path=plan.path,
        architecture=plan.architecture,
        quantization=plan.quantization,
        weights=plan.weights.origin,
        accuracy=accuracy,
        test_photos=test_photos,
        size_bytes=size_bytes,
        kept=kept,
    )


def _describe(model: GridModel) -> str:
    accuracy = "no accuracy" if model.accuracy is None else f"{100 * model.accuracy:.1f} % of {model.test_photos}"
    return f"{model.path.name}: {accuracy}, {model.size_bytes / 1e6:.2f} MB{', kept' if model.kept else ''}"
