"""Models that pass every check of the file and then do an interpreter harm: one never ends, one crashes."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.surgery import with_zip
from trainer.tflite import write_model

_IMAGE = (1, 4, 4, 3)
_VALUES = 48
_LABELS = "".join(f"label {index}\n" for index in range(_VALUES)).encode()
_FLOAT, _BOOL = schema.TensorType.FLOAT32, schema.TensorType.BOOL


def hanging() -> bytes:
    """A loop whose condition is a constant: true."""
    return _loop(body=2)


def crashing() -> bytes:
    """A loop whose body is the very graph that it stands in: the stack fills up."""
    return _loop(body=0)


def _loop(body: int) -> bytes:
    model = _Model()
    image, looped = model.tensor(0, "image", _IMAGE), model.tensor(0, "looped", _IMAGE)
    model.operator(0, "WHILE", image, looped, "WhileOptions", condSubgraphIndex=1, bodySubgraphIndex=body)
    scores = model.tensor(0, "scores", (1, _VALUES))
    shape = np.array([1, _VALUES], np.int32)
    model.operator(0, "RESHAPE", looped, scores, "ReshapeOptions", newShape=shape)
    model.borders(0, image, scores)
    condition = model.tensor(1, "condition", _IMAGE)
    model.borders(1, condition, model.tensor(1, "always", (1,), _BOOL, np.array([1], np.uint8)))
    before, after = model.tensor(2, "before", _IMAGE), model.tensor(2, "after", _IMAGE)
    model.operator(2, "ABS", before, after)
    model.borders(2, before, after)
    return model.content()


class _Model:
    def __init__(self) -> None:
        self._model = schema.ModelT()
        self._model.version, self._model.description = 3, b"bad"
        self._model.buffers, self._model.operatorCodes, self._model.metadata = [schema.BufferT()], [], []
        self._model.subgraphs = []
        for name in (b"main", b"condition", b"body"):
            graph = schema.SubGraphT()
            graph.name, graph.tensors, graph.operators, graph.inputs, graph.outputs = name, [], [], [], []
            self._model.subgraphs.append(graph)

    def tensor(self, graph: int, name: str, shape: tuple[int, ...], of: int = _FLOAT, data: Any = None) -> int:
        made = schema.TensorT()
        made.name, made.type, made.hasRank, made.buffer = name.encode(), of, True, 0
        made.shape = np.array(shape, np.int32)
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = data
            self._model.buffers.append(buffer)
            made.buffer = len(self._model.buffers) - 1
        self._model.subgraphs[graph].tensors.append(made)
        return len(self._model.subgraphs[graph].tensors) - 1

    def operator(self, graph: int, name: str, source: int, output: int, options: str = "", **values: Any) -> None:
        code = schema.OperatorCodeT()
        code.builtinCode, code.version = getattr(schema.BuiltinOperator, name), 1
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        self._model.operatorCodes.append(code)
        made = schema.OperatorT()
        made.opcodeIndex = len(self._model.operatorCodes) - 1
        made.inputs, made.outputs = np.array([source], np.int32), np.array([output], np.int32)
        if options:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            made.builtinOptions = getattr(schema, f"{options}T")()
            for field, value in values.items():
                setattr(made.builtinOptions, field, value)
        self._model.subgraphs[graph].operators.append(made)

    def borders(self, graph: int, image: int, output: int) -> None:
        self._model.subgraphs[graph].inputs = np.array([image], np.int32)
        self._model.subgraphs[graph].outputs = np.array([output], np.int32)

    def content(self) -> bytes:
        return with_zip(write_model(self._model), {"labels.txt": _LABELS})
