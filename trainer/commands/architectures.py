"""``trainer architectures``: the known networks and their published figures."""

from __future__ import annotations

import json

from trainer.backbones.architectures import Architecture, architectures, published
from trainer.backbones.weights import has_keras_weights, weights_at_hand
from trainer.commands.options import AsJson
from trainer.terminal.tables import print_table


def architectures_command(as_json: AsJson = False) -> None:
    """List the networks with their published figures, and which of them need no download of weights."""
    rows = []
    for architecture in architectures():
        figures = published()[architecture]
        rows.append(
            {
                "architecture": architecture.name,
                "million_macs": figures.million_macs,
                "million_parameters": figures.million_parameters,
                "imagenet_top1": figures.top1_float,
                "imagenet_top1_quantized": figures.top1_quantized,
                "weights": weights_at_hand(architecture) or _missing(architecture),
            }
        )
    if as_json:
        print(json.dumps(rows))
        return
    heads = ["architecture", "M MACs", "M params", "top-1 %", "top-1 int8 %", "weights"]
    print_table(heads, [["" if value is None else value for value in row.values()] for row in rows])
    print("MACs, parameters and ImageNet top-1 of the originals, as their authors published them: models/README.md")


def _missing(architecture: Architecture) -> str:
    return "download" if has_keras_weights(architecture) else "not installed: the extra offline"
