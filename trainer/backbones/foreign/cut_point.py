"""Where a network that a user brings ends as a backbone: before its last layer, or at its end if it has none.

A last layer is linear, and so is the head that takes its place: nothing that the head could use is lost by cutting it
off. So it does not matter whether it gave classes or was the end of an embedder; only an activation or a pooling behind
a layer makes its outputs more than that.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ai_edge_litert import schema_py_generated as schema

from edge.errors import ModelError
from trainer.backbones.foreign.tree_view import TreeView

_PROBABILITIES = ("SOFTMAX", "LOGISTIC", "LOG_SOFTMAX")
_MOVING = ("DEQUANTIZE", "QUANTIZE", "RESHAPE", "SQUEEZE", "CAST", "EXPAND_DIMS")
_POOLING = ("MEAN", "AVERAGE_POOL_2D")  # a layer may stand before it in a classifier: SqueezeNet
_LAYERS = ("FULLY_CONNECTED", "CONV_2D")
_EIGHT_BITS = (schema.TensorType.UINT8, schema.TensorType.INT8)


class Cut(NamedTuple):
    """``tensor`` is what becomes the bottleneck. ``layer`` describes the layer behind it; None if there is none.

    ``weights`` is the tensor of that layer's weights.
    """

    tensor: int
    layer: str | None
    weights: int | None = None


def find_cut(view: TreeView) -> Cut:
    """Where the network of ``view`` is cut.

    Raises :class:`~edge.errors.ModelError` if it ends in probabilities and the layer before them is not found.
    """
    (tensor,) = map(int, view.graph.outputs)
    probabilities, pooled = None, False
    while (operator := view.maker(tensor)) is not None:
        name = view.name(operator)
        if name in _LAYERS and _is_last(view, operator, name, probabilities is not None, pooled):
            weights = int(operator.inputs[1])
            outputs = view.shape(weights)[0]
            layer = f"{name} with {outputs:,} output{'s' if outputs > 1 else ''}"
            return Cut(before_conversions(view, int(operator.inputs[0])), layer, weights)
        if name in _PROBABILITIES:
            probabilities = name
        elif name in _POOLING and probabilities is not None:
            pooled = True
        elif name not in _MOVING and not _adds_constant(view, operator, name):
            break
        tensor = int(operator.inputs[0])  # the values; a second input may be a computed shape
    if probabilities is not None:
        found = "nothing" if operator is None else view.custom_name(operator) or view.name(operator)
        raise ModelError(
            f"no place to cut its classifier off: before its {probabilities} stands {found}, and no FULLY_CONNECTED or "
            "1x1 CONV_2D; give the network without its classifier, as a feature vector"
        )
    return Cut(before_conversions(view, int(view.graph.outputs[0])), None)


def before_conversions(view: TreeView, tensor: int) -> int:
    """``tensor``, or the 8-bit one that it was converted from, which has the same values."""
    while (operator := view.maker(tensor)) is not None:
        source = int(operator.inputs[0])
        name, steps = view.name(operator), view.steps(source)
        if name not in ("DEQUANTIZE", "QUANTIZE") or view.type(source) not in _EIGHT_BITS or steps is None:
            break
        made = view.steps(tensor)
        if name == "QUANTIZE" and (made is None or made[0] != steps[0]):
            break
        tensor = source
    return tensor


def _is_last(view: TreeView, operator: Any, name: str, probabilities: bool, pooled: bool) -> bool:
    """Whether ``operator`` is a layer whose outputs are classes, or as good as classes."""
    if len(operator.inputs) < 2 or not view.is_constant(int(operator.inputs[1])):
        return False
    if view.is_constant(int(operator.inputs[0])) or (_activation(operator) and not probabilities):
        return False
    if name == "FULLY_CONNECTED":
        return True
    kernel, made = view.shape(int(operator.inputs[1])), view.shape(int(operator.outputs[0]))
    return kernel[1:3] == (1, 1) and (pooled or made[1:3] == (1, 1))


def _adds_constant(view: TreeView, operator: Any, name: str) -> bool:
    return name == "ADD" and not _activation(operator) and view.computed(operator) == [int(operator.inputs[0])]


def _activation(operator: Any) -> int:
    return int(getattr(operator.builtinOptions, "fusedActivationFunction", 0) or 0)
