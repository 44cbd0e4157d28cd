"""``trainer bottlenecks``: fill the cache ahead of time."""

from __future__ import annotations

import json

from trainer.backbones.architectures import DEFAULT_ARCHITECTURE, Architecture
from trainer.backbones.backbone import ensure_backbones
from trainer.bottlenecks.labelled import cached_bottlenecks
from trainer.cache_folder import default_cache
from trainer.commands.options import (
    ArchitectureName,
    AsJson,
    BottleneckDir,
    ImageDir,
    Kinds,
    WeightsChoice,
    chosen_kinds,
)
from trainer.commands.skipped import name_skipped
from trainer.photos.dataset import Skipped, assemble, list_photos
from trainer.photos.split import SplitRatios
from trainer.terminal.progress import TerminalProgress
from trainer.terminal.tables import print_table


def bottlenecks_command(
    image_dir: ImageDir,
    architecture: ArchitectureName = DEFAULT_ARCHITECTURE.name,
    quantization: Kinds = None,
    weights: WeightsChoice = None,
    bottleneck_dir: BottleneckDir = None,
    as_json: AsJson = False,
) -> None:
    """Fill the bottleneck cache for IMAGE_DIR, so that a later retrain starts at once."""
    progress = TerminalProgress()
    cache = bottleneck_dir or default_cache()
    kinds = chosen_kinds(quantization)
    listing = list_photos(image_dir)
    with progress.stage("backbone"):
        backbones = ensure_backbones(cache, Architecture.parse(architecture), weights, kinds)
    rows = []
    skipped: list[Skipped] = []
    for backbone in backbones:
        outcome = cached_bottlenecks(backbone, listing, cache, progress)
        dataset = assemble(listing, outcome.identities, outcome.reasons, SplitRatios(), training=False)
        skipped = dataset.skipped
        rows.append(
            {
                "architecture": backbone.architecture.name,
                "quantization": backbone.quantization,
                "photos": len(dataset.photos),
                "computed": outcome.computed,
                "cache": str(cache),
            }
        )
    name_skipped(skipped, progress)
    if as_json:
        print(json.dumps({"bottlenecks": rows, "skipped": [entry._asdict() for entry in skipped]}))
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])
