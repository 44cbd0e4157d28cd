"""Tiny models for tests: a backbone that averages colours over a 4 x 4 grid, and heads spliced onto it.

They are real flatbuffers that both interpreters run, a few kilobytes large, made without TensorFlow.
"""

from __future__ import annotations

import colorsys
import functools
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from PIL import Image

from edge.files import write_whole
from trainer.backbones.architectures import CONVERTERS, Architecture
from trainer.backbones.backbone import Backbone, artifact_prefix, as_model
from trainer.backbones.weights import Weights
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.progress import SILENT, Progress
from trainer.tflite import new_model, write_model

INPUT_SIZE = 32
CELLS = 4
FEATURES = CELLS * CELLS * 3
ARCHITECTURE = Architecture(0.25, 128)
RANDOM = Weights("random", None, "")
COLOURS = {"blue": 0.62, "green": 0.36, "red": 0.0}
"""Class name -> hue, for :func:`paint`."""


@functools.cache
def backbone_bytes(quantization: str = "int8") -> bytes:
    """A backbone (1, 32, 32, 3) -> (1, 48): uint8 in and int8 out for int8, else float32 in and out."""
    int8 = quantization == "int8"
    model, graph = new_model("tiny")
    kind = schema.TensorType.INT8 if int8 else schema.TensorType.FLOAT32

    def tensor(name: str, shape: tuple[int, ...], of: int = kind, zero_point: int = -1) -> int:
        made = schema.TensorT()
        made.name, made.type, made.hasRank = name.encode(), of, True
        made.shape, made.buffer = np.array(shape, np.int32), 0
        if int8:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale = np.array([2 / 255], np.float32)
            made.quantization.zeroPoint = np.array([zero_point], np.int64)
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    def operator(name: str, inputs: list[int], output: int, version: int, options: str = "", **values: Any) -> None:
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = version
        model.operatorCodes.append(code)
        made = schema.OperatorT()
        made.opcodeIndex = len(model.operatorCodes) - 1
        made.inputs, made.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
        made.builtinOptionsType = getattr(schema.BuiltinOptions, options) if options else 0
        if options:
            made.builtinOptions = getattr(schema, f"{options}T")()
            for field, value in values.items():
                setattr(made.builtinOptions, field, value)
        graph.operators.append(made)

    step = INPUT_SIZE // CELLS
    image = tensor("x", (1, INPUT_SIZE, INPUT_SIZE, 3), schema.TensorType.UINT8 if int8 else kind, 127)
    pixels = image
    if int8:
        pixels = tensor("pixels", (1, INPUT_SIZE, INPUT_SIZE, 3))
        operator("QUANTIZE", [image], pixels, 1)
    cells = tensor("cells", (1, CELLS, CELLS, 3))
    pool = {"padding": schema.Padding.VALID, "strideW": step, "strideH": step}
    pool |= {"filterWidth": step, "filterHeight": step}
    operator("AVERAGE_POOL_2D", [pixels], cells, 2 if int8 else 1, "Pool2DOptions", **pool)
    features = tensor("bottleneck", (1, FEATURES))
    operator("RESHAPE", [cells], features, 1, "ReshapeOptions", newShape=np.array([1, FEATURES], np.int32))
    graph.inputs, graph.outputs = np.array([image], np.int32), np.array([features], np.int32)
    return write_model(model)


def backbone(
    quantization: str = "int8", *, architecture: Architecture = ARCHITECTURE, weights: Weights = RANDOM
) -> Backbone:
    """The tiny backbone as the trainer knows it, under the name of a real architecture."""
    return Backbone(architecture, quantization, weights, as_model(backbone_bytes(quantization)))


def extractor(folder: Path, quantization: str = "int8", progress: Progress = SILENT) -> FeatureExtractor:
    """The tiny backbone with its cache in ``folder``."""
    return FeatureExtractor(backbone(quantization), folder, progress=progress)


def write_backbone(
    bottleneck_dir: Path,
    quantization: str = "int8",
    *,
    architecture: Architecture = ARCHITECTURE,
    weights: Weights = RANDOM,
) -> None:
    """Write the tiny backbone to where the trainer finds it for these weights, so that no TensorFlow runs."""
    made = backbone(quantization, architecture=architecture, weights=weights)
    name = artifact_prefix(architecture, weights, quantization, CONVERTERS[0]) + made.model.sha256[:16]
    write_whole(bottleneck_dir / "backbones" / f"{name}.tflite", made.model.content)


def paint(label: str, seed: int, size: tuple[int, int] = (48, 40)) -> Image.Image:
    """A noisy picture in the colour of ``label``, one of :data:`COLOURS`; the same seed gives the same picture."""
    random = np.random.default_rng([seed, *label.encode()])
    hue = COLOURS[label] + random.normal(0, 0.03)
    rgb = np.array(colorsys.hsv_to_rgb(hue % 1, random.uniform(0.4, 1), random.uniform(0.4, 1)))
    noise = random.normal(0, 30, (size[1], size[0], 3))
    return Image.fromarray((255 * rgb + noise).clip(0, 255).astype(np.uint8))


def paint_folder(root: Path, per_class: int = 12, seed: int = 0) -> Path:
    """Fill ``root`` with one folder a colour, ``per_class`` PNG files each; returns ``root``."""
    for label in COLOURS:
        (root / label).mkdir(parents=True, exist_ok=True)
        for index in range(per_class):
            paint(label, seed * 1000 + index).save(root / label / f"{index:03d}.png")
    return root
