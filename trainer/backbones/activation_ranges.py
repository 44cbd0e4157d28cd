"""The ranges of a network's activations, measured on pictures: what 8 bits must be able to stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edge.inference.interpreter import choose_runtime, open_interpreter
from edge.inference.processor import check_processor
from edge.parallel import available_cores
from edge.preprocess import Pixels
from trainer.tflite import read_model, write_model


def activation_ranges(
    float32: bytes, pictures: Sequence[Pixels], mean: float, std: float
) -> dict[str, tuple[float, float]]:
    """The lowest and the highest value of each tensor that the float network computes, by the tensor's name.

    ``pictures`` are (height, width, 3), uint8, in the network's input size; a pixel goes in as ``(p - mean) / std``.
    Those that end at 6 are left out, for their range is known, and so is the output.

    The preferred interpreter runs the network. Raises what :func:`~edge.inference.interpreter.choose_runtime` raises.
    """
    model = read_model(float32)
    graph = model.subgraphs[0]
    outputs = [int(operator.outputs[0]) for operator in graph.operators[:-1] if not ends_at_6(operator)]
    if not outputs:
        return {}
    check_processor()
    graph.outputs = np.array(outputs, np.int32)
    interpreter = open_interpreter(write_model(model), available_cores(), choose_runtime())
    indices = [detail["index"] for detail in interpreter.get_output_details()]
    lowest, highest = np.full(len(outputs), np.inf), np.full(len(outputs), -np.inf)
    for values in normalized(pictures, mean, std):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values[np.newaxis])
        interpreter.invoke()
        found = [interpreter.get_tensor(index) for index in indices]
        lowest = np.minimum(lowest, [values.min() for values in found])
        highest = np.maximum(highest, [values.max() for values in found])
    names = [graph.tensors[index].name.decode() for index in outputs]
    return {name: (float(low), float(high)) for name, low, high in zip(names, lowest, highest, strict=True)}


def normalized(pictures: Sequence[Pixels], mean: float, std: float) -> list[npt.NDArray[np.float32]]:
    """``pictures`` (height, width, 3), uint8, as a network in floats takes them: a pixel p is ``(p - mean) / std``."""
    return [picture.astype(np.float32) / np.float32(std) - np.float32(mean / std) for picture in pictures]


def ends_at_6(operator: Any) -> bool:
    """Whether the outputs of ``operator`` of an object tree lie between 0 and 6."""
    options = operator.builtinOptions
    return bool(getattr(options, "fusedActivationFunction", None) == schema.ActivationFunctionType.RELU6)
