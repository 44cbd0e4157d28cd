"""``trainer bottlenecks``: fill the cache before the training."""

from __future__ import annotations

import json

from trainer.backbones.architectures import CONVERTERS, DEFAULT_ARCHITECTURE, Architecture
from trainer.backbones.backbone import load_backbones
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.cache_folder import default_bottleneck_dir
from trainer.commands.options import (
    ArchitectureName,
    AsJson,
    BottleneckDir,
    Converter,
    ConverterChoice,
    ImageDir,
    Layout,
    LayoutChoice,
    Quantizations,
    WeightsChoice,
    chosen_quantizations,
)
from trainer.commands.skipped_files import name_skipped
from trainer.photos.dataset import assemble
from trainer.photos.folder import list_photos
from trainer.photos.layout import AUTO
from trainer.photos.photo_files import Skipped
from trainer.photos.split import SplitRatios
from trainer.terminal.progress_bars import TerminalProgress
from trainer.terminal.tables import print_table


def bottlenecks_command(
    image_dir: ImageDir,
    layout: LayoutChoice = Layout[AUTO],
    architecture: ArchitectureName = DEFAULT_ARCHITECTURE.name,
    quantization: Quantizations = None,
    weights: WeightsChoice = None,
    converter: ConverterChoice = Converter[CONVERTERS[0]],
    bottleneck_dir: BottleneckDir = None,
    as_json: AsJson = False,
) -> None:
    """Fill the bottleneck cache for IMAGE_DIR, so that a later retrain starts quickly."""
    progress = TerminalProgress()
    cache = bottleneck_dir or default_bottleneck_dir()
    folder = list_photos(image_dir, layout.value, progress)
    chosen = chosen_quantizations(quantization)
    with progress.stage("backbone"):
        backbones = load_backbones(cache, Architecture.parse(architecture), weights, chosen, converter.value)
    rows = []
    skipped: list[Skipped] = []
    for backbone in backbones:
        extracted = compute_bottlenecks(FeatureExtractor(backbone, cache, progress=progress), folder)
        dataset = assemble(folder, extracted.contents, SplitRatios(), training=False)
        skipped = dataset.skipped
        rows.append(
            {
                "architecture": backbone.architecture.name,
                "quantization": backbone.quantization,
                "photos": len(dataset.photos),
                "computed": extracted.computed,
                "cache": str(cache),
            }
        )
    name_skipped(skipped, progress)
    if as_json:
        print(json.dumps({"bottlenecks": rows, "skipped": [entry._asdict() for entry in skipped]}))
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])
