"""Operators that no interpreter here has: select TensorFlow operators, those of the Edge TPU, and others."""

from __future__ import annotations

from edge.errors import ModelError
from trainer.backbones.foreign.tree_view import TreeView

EDGE_TPU = "edgetpu-custom-op"
"""The one operator that Google's compiler makes of what runs on an Edge TPU."""

_FLEX = "Flex"


def check_custom_operators(view: TreeView, allowed: str | None = None) -> None:
    """Raise :class:`~edge.errors.ModelError` if the graph of ``view`` has another custom operator than ``allowed``."""
    for operator in view.graph.operators:
        name = view.custom_name(operator)
        if name in (None, allowed):
            continue
        assert name is not None
        if name == EDGE_TPU:
            raise ModelError(
                "it was compiled for an Edge TPU and cannot run on this processor; give the file that it was compiled "
                "from, and this one with trainer retrain --compiled"
            )
        if name.startswith(_FLEX):
            raise ModelError(
                f"it needs {name}, an operator of the whole TensorFlow; convert it with the built-in operators of "
                "TFLite alone (TFLITE_BUILTINS)"
            )
        raise ModelError(f"it needs the custom operator {name!r}, which no interpreter here has; convert it without")
