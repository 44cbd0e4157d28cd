"""``trainer backbone``: a backbone in a model file, for devices that are to learn by themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edge.files import check_writable, write_output
from trainer.backbones.architectures import CONVERTERS, DEFAULT_QUANTIZATIONS, Architecture
from trainer.backbones.backbone import load_backbones
from trainer.cache_folder import default_bottleneck_dir
from trainer.commands.options import AsJson, BottleneckDir, Converter, ConverterChoice, Quantization, WeightsChoice
from trainer.export.untaught import export_untaught
from trainer.terminal.progress_bars import TerminalProgress

LABELS = ("untaught 1", "untaught 2", "untaught 3", "untaught 4")
NOTE = "a backbone with an untaught head: its labels mean nothing; teach it, or give it to trainer retrain --backbone"

_NEVER = 1.0  # the recommended threshold: every answer of this head is unknown


def backbone_command(
    architecture: Annotated[
        str,
        typer.Argument(
            metavar="ARCHITECTURE", help="The network: mobilenet_0.50_224, or what trainer architectures lists."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option(help="The model file (default: ARCHITECTURE-backbone.tflite in the folder models).")
    ] = None,
    quantization: Annotated[Quantization, typer.Option(help="How the model computes.")] = Quantization[
        DEFAULT_QUANTIZATIONS[0]
    ],
    weights: WeightsChoice = None,
    converter: ConverterChoice = Converter[CONVERTERS[0]],
    bottleneck_dir: BottleneckDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a model file with an untaught head that carries the backbone ARCHITECTURE to where photos are.

    It is the FILE of trainer teach --backbone and of trainer retrain --backbone. It can be flashed, bundled and
    installed like every model; until it is taught, each of its answers is unknown.
    """
    chosen = Architecture.parse(architecture)
    path = output or Path("models") / f"{chosen.name}-backbone.tflite"
    check_writable(path)
    with TerminalProgress().stage("backbone"):
        (backbone,) = load_backbones(
            bottleneck_dir or default_bottleneck_dir(), chosen, weights, (quantization.value,), converter.value
        )
    content = export_untaught(backbone, LABELS, NOTE, score_threshold=_NEVER)
    write_output(path, content)
    if as_json:
        facts = {
            "path": str(path),
            "architecture": chosen.name,
            "quantization": backbone.quantization,
            "weights": backbone.weights.origin,
            "backbone_sha256": backbone.model.sha256,
            "size_bytes": len(content),
        }
        print(json.dumps(facts))
    else:
        print(
            f"{chosen.name} ({backbone.quantization}), weights: {backbone.weights.origin}, {len(content) / 1e6:.2f} MB"
        )
        print(path)
