"""Tiny models as other projects make them: they average each colour of the picture, and weigh the averages.

Each is a real flatbuffer of about a kilobyte that both interpreters run. ``tests/data/foreign`` has them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from trainer.tflite import add_operator, add_tensor, new_model, write_model

SIZE = (6, 8)
"""Height and width of the input."""

LABELS = ("blue", "green", "red")
WEIGHTS = np.array([[0, 0, 4], [0, 4, 0], [4, 0, 0]], "<f4")
"""(labels, channels): an output is four times the average of a colour."""

_VERSIONS = {"DEQUANTIZE": 2, "QUANTIZE": 1, "MUL": 1, "ADD": 1, "MEAN": 1, "FULLY_CONNECTED": 1, "CONV_2D": 1}
_VERSIONS |= {"SOFTMAX": 1, "LOGISTIC": 1, "LOG_SOFTMAX": 1, "RESHAPE": 1, "SQRT": 1}
_TYPES = {"float32": schema.TensorType.FLOAT32, "uint8": schema.TensorType.UINT8, "int8": schema.TensorType.INT8}


def foreign_model(
    *,
    ending: str | None = "SOFTMAX",
    outputs: int = 3,
    channels: int = 3,
    channels_first: bool = False,
    batch: int = 1,
    dtype: str = "float32",
    scale: float = 1 / 255,
    zero_point: int = 0,
    scaling: tuple[float, float] | None = None,
    quantized: tuple[float, int] | None = None,
    convolution: float | None = None,
    activation: int = 0,
    weights: np.ndarray[Any, Any] | None = None,
    output_dtype: str = "float32",
    output_scale: float = 1 / 256,
    output_zero_point: int = 0,
) -> bytes:
    """A model that ends in the operator ``ending``.

    ``scaling`` is a factor and a summand for its input, ``quantized`` scale and zero point with which a float input is
    quantized first, ``convolution`` the weight of each colour in a first convolution, ``activation`` that of the layer.
    """
    model, graph = new_model("foreign")
    size = (channels, *SIZE) if channels_first else (*SIZE, channels)
    steps = (scale, zero_point) if dtype != "float32" else (0.0, 0)
    tensor = image = add_tensor(model, graph, "image", (batch, *size), _TYPES[dtype], *steps)
    floats = schema.TensorType.FLOAT32

    def apply(name: str, inputs: list[int], shape: tuple[int, ...], *options: Any) -> int:
        made = add_tensor(model, graph, f"{name}{len(graph.tensors)}", shape, floats)
        add_operator(model, graph, name, _VERSIONS, inputs, made, *options)
        return made

    def constant(value: Any, kind: Any = floats) -> int:
        return add_tensor(model, graph, f"constant{len(graph.tensors)}", np.asarray(value), kind)

    if dtype != "float32":
        tensor = apply("DEQUANTIZE", [tensor], (batch, *size))
    if scaling is not None:
        options = schema.BuiltinOptions
        factor, summand = (np.full((1,), value, "<f4") for value in scaling)
        tensor = apply("MUL", [tensor, constant(factor)], (batch, *size), options.MulOptions, schema.MulOptionsT())
        tensor = apply("ADD", [tensor, constant(summand)], (batch, *size), options.AddOptions, schema.AddOptionsT())
    if quantized is not None:
        made = add_tensor(model, graph, "steps", (batch, *size), _TYPES["int8"], *quantized)
        add_operator(model, graph, "QUANTIZE", _VERSIONS, [tensor], made)
        tensor = apply("DEQUANTIZE", [made], (batch, *size))
    if convolution is not None:
        convolving = schema.Conv2DOptionsT()
        convolving.strideW = convolving.strideH = convolving.dilationWFactor = convolving.dilationHFactor = 1
        kernel = constant((convolution * np.eye(3)).astype("<f4").reshape(3, 1, 1, 3))
        inputs = [tensor, kernel, constant(np.zeros(3, "<f4"))]
        tensor = apply("CONV_2D", inputs, (batch, *size), schema.BuiltinOptions.Conv2DOptions, convolving)
    axes = constant(np.array([2, 3] if channels_first else [1, 2], "<i4"), schema.TensorType.INT32)
    reducing = schema.ReducerOptionsT()
    tensor = apply("MEAN", [tensor, axes], (batch, channels), schema.BuiltinOptions.ReducerOptions, reducing)
    values = (WEIGHTS[:outputs, :channels] if weights is None else weights).astype("<f4")
    bias = constant(np.zeros(outputs, "<f4"))
    dense = (schema.BuiltinOptions.FullyConnectedOptions, schema.FullyConnectedOptionsT())
    dense[1].fusedActivationFunction = activation
    tensor = apply("FULLY_CONNECTED", [tensor, constant(values), bias], (batch, outputs), *dense)
    if ending is not None:
        tensor = apply(ending, [tensor], (batch, outputs), *_options(ending))
    if output_dtype != "float32":
        kind = _TYPES[output_dtype]
        made = add_tensor(model, graph, "scores", (batch, outputs), kind, output_scale, output_zero_point)
        add_operator(model, graph, "QUANTIZE", _VERSIONS, [tensor], made)
        tensor = made
    graph.inputs, graph.outputs = np.array([image], np.int32), np.array([tensor], np.int32)
    return write_model(model)


def _options(ending: str) -> tuple[Any, ...]:
    if ending == "SOFTMAX":
        softmax = schema.SoftmaxOptionsT()
        softmax.beta = 1.0
        return schema.BuiltinOptions.SoftmaxOptions, softmax
    if ending == "LOG_SOFTMAX":
        return schema.BuiltinOptions.LogSoftmaxOptions, schema.LogSoftmaxOptionsT()
    return ()


MODELS: dict[str, dict[str, Any]] = {
    "softmax": {},
    "logits": {"ending": None},
    "logsoftmax": {"ending": "LOG_SOFTMAX"},
    "sigmoids": {"ending": "LOGISTIC"},
    "sigmoid": {"ending": "LOGISTIC", "outputs": 1, "weights": np.array([[4, 0, -4]])},
    "logit": {"ending": None, "outputs": 1, "weights": np.array([[4, 0, -4]])},
    "root": {"ending": "SQRT"},
    "rescaling": {"scaling": (1 / 127.5, -1.0)},
    "float-io": {"quantized": (1 / 255, -128)},
    "folded": {"convolution": 1 / 127.5},
    "relu6": {"ending": None, "activation": 3, "weights": np.eye(3) / 4},
    "nchw": {"channels_first": True, "ending": None},
    "batch": {"batch": 4, "ending": None},
    "grey": {"channels": 1, "weights": np.array([[-4], [0], [4]])},
    "int8": {"dtype": "int8", "scale": 2 / 255, "zero_point": 0},
    "int8-range": {"dtype": "int8", "scale": 4.8 / 255, "zero_point": -14, "ending": None},
    "uint8": {"dtype": "uint8", "scale": 2 / 255, "zero_point": 128, "output_dtype": "uint8"},
    "int8-logits": {
        "dtype": "int8",
        "zero_point": -128,
        "ending": None,
        "output_dtype": "int8",
        "output_scale": 1 / 16,
    },
    "infinite": {"ending": None, "weights": np.full((3, 3), np.inf)},
}
"""Name -> arguments of :func:`foreign_model`."""
