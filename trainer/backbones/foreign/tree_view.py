"""Questions about an object tree: which operator makes a tensor, what is a constant, what an operator is called."""

from __future__ import annotations

from typing import Any

from ai_edge_litert import schema_py_generated as schema

CUSTOM = "CUSTOM"

_NAMES = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}


class TreeView:
    """The only graph of the object tree ``tree``, as it is when the view is made."""

    def __init__(self, tree: Any) -> None:
        """Look at ``tree``; a change of its operators needs another view."""
        self.tree = tree
        (self.graph,) = tree.subgraphs
        self._made_by = {index: operator for operator in self.graph.operators for index in indices(operator.outputs)}

    def name(self, operator: Any) -> str:
        """The name of ``operator`` in ``BuiltinOperator``."""
        name: str = _NAMES.get(int(self.tree.operatorCodes[operator.opcodeIndex].builtinCode), "UNKNOWN")
        return name

    def custom_name(self, operator: Any) -> str | None:
        """The name of a custom ``operator``; None for the others."""
        if self.name(operator) != CUSTOM:
            return None
        code = self.tree.operatorCodes[operator.opcodeIndex].customCode or b""
        return code.decode("utf-8", "replace") if isinstance(code, bytes) else str(code)

    def maker(self, tensor: int) -> Any | None:
        """The operator that computes ``tensor``; None for inputs and constants."""
        return self._made_by.get(tensor)

    def is_constant(self, tensor: int) -> bool:
        """Whether ``tensor`` has its values in the file, also if they are made floats first, as float16 weights are."""
        data = self.tree.buffers[self.graph.tensors[tensor].buffer].data
        if data is not None and len(data):
            return True
        maker = self.maker(tensor)
        return maker is not None and self.name(maker) == "DEQUANTIZE" and self.is_constant(int(maker.inputs[0]))

    def computed(self, operator: Any) -> list[int]:
        """The inputs of ``operator`` that depend on the picture."""
        return [index for index in indices(operator.inputs) if index >= 0 and not self.is_constant(index)]

    def shape(self, tensor: int) -> tuple[int, ...]:
        """The shape of ``tensor``."""
        shape = self.graph.tensors[tensor].shape
        return () if shape is None else tuple(indices(shape))

    def type(self, tensor: int) -> int:
        """The ``TensorType`` of ``tensor``."""
        return int(self.graph.tensors[tensor].type)

    def steps(self, tensor: int) -> tuple[float, int] | None:
        """Scale and zero point of ``tensor``; None if it is not quantized, or has several scales."""
        quantization = self.graph.tensors[tensor].quantization
        scales = None if quantization is None else quantization.scale
        if scales is None or len(scales) != 1:
            return None
        points = quantization.zeroPoint
        return float(scales[0]), int(points[0]) if points is not None and len(points) else 0


def indices(numbers: Any) -> list[int]:
    """The numbers of a vector of the tree, empty if it is absent."""
    return [] if numbers is None else [int(number) for number in numbers]
