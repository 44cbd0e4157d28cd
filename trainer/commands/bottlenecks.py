"""``trainer bottlenecks``: fill the cache before the training."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from edge.errors import UsageError
from trainer.backbones.architectures import CONVERTERS, DEFAULT_ARCHITECTURE, Architecture
from trainer.backbones.backbone import load_backbones
from trainer.bottlenecks.compute import compute_for_all
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.cache_folder import default_bottleneck_dir
from trainer.cluster.connect import connected
from trainer.commands.options import (
    AsJson,
    BackboneFile,
    BottleneckDir,
    Converter,
    ConverterChoice,
    ImageDir,
    InputRange,
    Layout,
    LayoutChoice,
    Mean,
    Quantizations,
    RayAddress,
    Std,
    WeightsChoice,
    chosen_quantizations,
    normalization_of,
)
from trainer.commands.skipped_files import name_skipped
from trainer.photos.dataset import assemble
from trainer.photos.folder import list_photos
from trainer.photos.layout import AUTO
from trainer.photos.split import SplitRatios
from trainer.retraining.given_backbone import read_given
from trainer.terminal.progress_bars import TerminalProgress
from trainer.terminal.tables import print_table


def bottlenecks_command(
    context: typer.Context,
    image_dir: ImageDir,
    layout: LayoutChoice = Layout[AUTO],
    architecture: Annotated[
        list[str] | None,
        typer.Option(
            help="The network: mobilenet_0.50_224, or what trainer architectures lists; may be repeated: each photo is "
            f"then read once for all of them (default: {DEFAULT_ARCHITECTURE.name}).",
        ),
    ] = None,
    quantization: Quantizations = None,
    weights: WeightsChoice = None,
    converter: ConverterChoice = Converter[CONVERTERS[0]],
    backbone: BackboneFile = None,
    input_range: InputRange = None,
    mean: Mean = None,
    std: Std = None,
    bottleneck_dir: BottleneckDir = None,
    ray: RayAddress = None,
    as_json: AsJson = False,
) -> None:
    """Fill the bottleneck cache for IMAGE_DIR, so that a later retrain starts quickly."""
    progress = TerminalProgress()
    cache = bottleneck_dir or default_bottleneck_dir()
    normalization = normalization_of(backbone, mean, std, input_range)
    if backbone is not None:
        for name in ("architecture", "quantization", "weights", "converter"):
            source = context.get_parameter_source(name)
            if source is not None and source.name != "DEFAULT":
                raise UsageError(
                    f"--backbone FILE says the network, its weights and how it computes; leave out --{name}"
                )
    given = None if backbone is None else read_given(backbone, normalization, write_message=progress.message).backbone
    folder = list_photos(image_dir, layout.value, progress)
    if given is not None:
        backbones = [given]
    else:
        chosen = chosen_quantizations(quantization)
        named = dict.fromkeys(Architecture.parse(name) for name in architecture or [DEFAULT_ARCHITECTURE.name])
        with progress.stage("backbone"):
            backbones = [
                made for each in named for made in load_backbones(cache, each, weights, chosen, converter.value)
            ]
    with connected(ray, progress) as workers:
        extractors = [FeatureExtractor(each, cache, progress=progress, workers=workers) for each in backbones]
        extracted = compute_for_all(extractors, folder)
    dataset = assemble(folder, extracted[0].contents, SplitRatios(), training=False)
    skipped = dataset.skipped
    rows = [
        {
            "architecture": network.architecture.name,
            "quantization": network.quantization,
            "photos": len(dataset.photos),
            "computed": one.computed,
            "cache": str(cache),
        }
        for network, one in zip(backbones, extracted, strict=True)
    ]
    name_skipped(skipped, progress)
    if as_json:
        print(json.dumps({"bottlenecks": rows, "skipped": [entry._asdict() for entry in skipped]}))
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])
