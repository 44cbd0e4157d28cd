"""The weights of the layer that is cut off a network of another project: what its own classes look for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.errors import EdgeError
from edge.modelfile.model_file import ModelFile
from trainer.backbones.foreign.cut_point import find_cut
from trainer.backbones.foreign.read_file import read_checked, read_foreign
from trainer.backbones.foreign.tree_view import TreeView
from trainer.backbones.tuned_weights import Floats

_DTYPES = {
    schema.TensorType.FLOAT32: "<f4",
    schema.TensorType.FLOAT16: "<f2",
    schema.TensorType.INT8: "<i1",
    schema.TensorType.UINT8: "<u1",
}


def read_last_layer(content: bytes) -> Floats | None:
    """The weights (outputs, features) of the layer that is cut off the ``.tflite`` in ``content``, dequantized.

    None if it is an embedder, which is used whole, or if its weights are stored in another form than arrays of floats
    or 8-bit integers.

    Raises :class:`~edge.errors.ModelError` if the file is damaged.
    """
    view = TreeView(read_foreign(content).tree)
    weights = read_checked(lambda: find_cut(view)).weights
    return None if weights is None else read_checked(lambda: _floats(view, weights))


def read_labels(content: bytes) -> tuple[str, ...]:
    """The labels that the file in ``content`` carries; none if it carries none or cannot be used as it is."""
    try:
        return ModelFile.from_bytes(content).labels
    except EdgeError:
        return ()


def _floats(view: TreeView, tensor: int) -> Floats | None:
    maker = view.maker(tensor)
    if maker is not None:  # float16 weights, made floats
        return _floats(view, int(maker.inputs[0])) if view.name(maker) == "DEQUANTIZE" else None
    stored = view.graph.tensors[tensor]
    dtype, shape = _DTYPES.get(view.type(tensor)), view.shape(tensor)
    if dtype is None or stored.sparsity is not None:
        return None
    data = np.asarray(view.tree.buffers[stored.buffer].data, np.uint8).tobytes()
    values = np.frombuffer(data, dtype)[: math.prod(shape)].reshape(shape[0], -1).astype(np.float32)
    return values if dtype in ("<f4", "<f2") else _dequantized(values, stored.quantization)


def _dequantized(values: Floats, quantization: Any) -> Floats:
    """``values`` (outputs, features) as they are meant: one scale and zero point for all, or for each output."""
    scales = np.asarray(quantization.scale, np.float32).reshape(-1, 1)
    points = np.asarray(0 if quantization.zeroPoint is None else quantization.zeroPoint, np.float32).reshape(-1, 1)
    meant: Floats = (values - points) * scales
    return meant
