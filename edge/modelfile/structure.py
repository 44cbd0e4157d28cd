"""The structural check of a TFLite flatbuffer, made before any interpreter sees the file.

An interpreter does not check what it loads: a truncated or altered model may crash the process, or run and give
wrong scores. Field numbers are those of the public schema, ``tensorflow/lite/schema/schema.fbs`` version 3.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from edge.errors import ModelError
from edge.modelfile.dataflow import check_operators
from edge.modelfile.flatbuffer import Table
from edge.modelfile.image_shape import ImageShape
from edge.modelfile.kernels import kernel_of

IDENTIFIER = b"TFL3"
_MAX_ELEMENTS = 1 << 28  # of one tensor; far more than an image classifier has, and less than most damaged shapes
_MAX_INPUT_PIXELS = 1 << 22  # of all pictures of the input; each takes 12 bytes as float32, several times
_MAX_COMPUTED_BYTES = 128_000_000  # of one tensor that is computed; classifiers of 1 megapixel have less
_LARGEST_ITEM_BYTES = 16  # of the types that have no dtype here
_MAX_DIMENSIONS = 8  # of one tensor: as many as TFLite's kernels have
_SMALLEST_SCALE = 2.0**-126  # the smallest normal float32; LiteRT crashes on smaller ones
_IS_VARIABLE, _SIGNATURE = 5, 7  # slots of Tensor

# TensorType of the schema -> numpy dtype; types that no image classifier has as input or output are left out.
_DTYPES: dict[int, type[np.generic]] = {
    0: np.float32,
    1: np.float16,
    2: np.int32,
    3: np.uint8,
    4: np.int64,
    6: np.bool_,
    7: np.int16,
    9: np.int8,
    10: np.float64,
}
_LIMITS: dict[np.dtype[Any], tuple[int, int]] = {
    np.dtype(kind): (int(np.iinfo(kind).min), int(np.iinfo(kind).max))
    for kind in _DTYPES.values()
    if issubclass(kind, np.integer)
}


class TensorSpec(NamedTuple):
    """A tensor as the file describes it; ``scale`` is 0.0 if the tensor is not quantized.

    A quantized value ``q`` stands for the real value ``scale * (q - zero_point)``. ``dtype`` is None for a
    type that this package does not handle.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic] | None
    scale: float
    zero_point: int


class Structure(NamedTuple):
    """What an image classifier's flatbuffer must have: one input, one output, and its named metadata.

    ``outputs`` counts the scores of one picture.
    """

    input: TensorSpec
    output: TensorSpec
    outputs: int
    metadata: dict[str, bytes]


def examine(content: bytes, *, maps: bool = False) -> Structure:
    """Check the flatbuffer at the start of ``content`` and return its structure.

    With ``maps``, the output may be a map too: (pictures, height, width, values), of a network without a classifier.

    Checked: identifier, every offset, tensor shapes, finite positive scales, zero points within their type,
    buffer sizes against shapes, tensor and operator indices, one image input (:class:`ImageShape`) and one output
    with a row of scores for each picture.

    Raises :class:`~edge.errors.ModelError` with one line that names the first fault.
    """
    if content[4:8] != IDENTIFIER:
        from edge.file_kinds import why_no_model  # most files are models

        raise ModelError(why_no_model(content))
    model = Table.root(content, IDENTIFIER)
    buffers = list(model.tables(4))
    for buffer in buffers:
        _check_buffer(buffer, len(content))
    subgraphs = list(model.tables(2))
    if not subgraphs:
        raise ModelError("the model has no graph in it")
    tables = list(subgraphs[0].tables(0))
    tensors = [_check_tensor(table, buffers) for table in tables]
    image = _only(subgraphs[0], 1, len(tensors), "input")
    scores = _only(subgraphs[0], 2, len(tensors), "output")
    outputs = _check_input_and_output(tensors[image], tensors[scores], tables[image], maps)
    kernels = [kernel_of(code) for code in model.tables(1)]
    constant = [buffer.size(0) > 0 or buffer.integer(1, np.uint64) > 1 for buffer in buffers]
    if not _check_operators(subgraphs[0], tables, tensors, constant, kernels):
        raise ModelError("the model computes nothing: its graph has no operators")
    for graph in subgraphs[1:]:
        inner = list(graph.tables(0))
        _check_operators(graph, inner, [_check_tensor(table, buffers) for table in inner], constant, kernels)
    _check_signatures(model, len(tensors), len(subgraphs))
    return Structure(tensors[image], tensors[scores], outputs, _named_metadata(model, buffers))


def tensor_at(content: bytes, index: int) -> TensorSpec:
    """The tensor ``index`` of the graph in ``content``, whose structure has been examined.

    Raises :class:`~edge.errors.ModelError` if there is no such tensor, or it is damaged.
    """
    model = Table.root(content, IDENTIFIER)
    tensors = [table for graph in list(model.tables(2))[:1] for table in graph.tables(0)]
    if not 0 <= index < len(tensors):
        raise ModelError(f"the model has no tensor {index}; the model file is damaged")
    return _check_tensor(tensors[index], list(model.tables(4)))


def _check_buffer(buffer: Table, content_bytes: int) -> None:
    data_bytes = buffer.size(0)
    # Models above 2 GB keep their data after the flatbuffer, at an absolute offset.
    offset, size_bytes = buffer.integer(1, np.uint64), buffer.integer(2, np.uint64)
    if data_bytes == 0 and offset > 1 and offset + size_bytes > content_bytes:
        raise ModelError("the model file is truncated: its weights lie beyond its end; copy it again")


def _check_tensor(table: Table, buffers: list[Table]) -> TensorSpec:
    name = table.text(3)
    sizes = table.array(0, np.int32)
    if len(sizes) > _MAX_DIMENSIONS:
        raise ModelError(f"tensor {name!r} has {len(sizes):,} dimensions; the model file is damaged")
    shape = tuple(int(size) for size in sizes)
    if any(size < 0 for size in shape) or math.prod(shape) > _MAX_ELEMENTS:
        raise ModelError(f"tensor {name!r} has the impossible shape {shape}; the model file is damaged")
    number_type = _DTYPES.get(table.integer(1, np.int8))
    dtype = np.dtype(number_type) if number_type else None
    buffer = table.integer(2, np.uint32)
    if buffer >= len(buffers):
        raise ModelError(f"tensor {name!r} refers to a buffer that is not there; the model file is damaged")
    data_bytes = buffers[buffer].size(0)
    sparse = table.table(6) is not None  # only the values that are not zero are stored
    if dtype and data_bytes and not sparse and data_bytes != math.prod(shape) * dtype.itemsize:
        raise ModelError(f"tensor {name!r} has {data_bytes} bytes of data, which does not fit its shape {shape}")
    scale, zero_point = _check_quantization(name, dtype, table.table(4))
    return TensorSpec(name, shape, dtype, scale, zero_point)


def _check_operators(
    graph: Table, tables: list[Table], tensors: list[TensorSpec], constant: list[bool], kernels: list[int]
) -> int:
    """Check the sizes of the ``tensors`` that ``graph`` computes, and its operators; returns how many there are.

    The other tensors, which ``tables`` describe too, are constants, variables, or have no elements. ``constant`` says
    of each buffer of the model whether it has values.
    """
    stored = []
    for table, tensor in zip(tables, tensors, strict=True):
        size_bytes = math.prod(tensor.shape) * (tensor.dtype.itemsize if tensor.dtype else _LARGEST_ITEM_BYTES)
        is_constant = constant[table.integer(2, np.uint32)]
        if size_bytes > _MAX_COMPUTED_BYTES and not is_constant:
            raise ModelError(
                f"tensor {tensor.name!r} of the model takes {size_bytes // 1_000_000:,} MB, more than "
                f"{_MAX_COMPUTED_BYTES // 1_000_000}; the model file is damaged"
            )
        stored.append(is_constant or size_bytes == 0 or table.integer(_IS_VARIABLE, np.uint8) > 0)
    return check_operators(graph, [tensor.shape for tensor in tensors], stored, kernels)


def _check_quantization(name: str, dtype: np.dtype[np.generic] | None, quantization: Table | None) -> tuple[float, int]:
    if quantization is None:
        return 0.0, 0
    scales = quantization.array(2, np.float32).astype(np.float32)
    smallest = _SMALLEST_SCALE if len(scales) == 1 else 0
    if len(scales) and not (0 < scales.min() >= smallest and scales.max() < math.inf):  # comparisons with NaN are false
        raise ModelError(f"tensor {name!r} has a quantization scale that is not a positive number")
    zero_points = quantization.array(3, np.int64).astype(np.int64)
    if len(zero_points) not in (0, 1, len(scales)):
        raise ModelError(f"tensor {name!r} has {len(scales)} scales but {len(zero_points)} zero points")
    if dtype is None or dtype.kind not in "iu":  # float tensors may keep the range they were trained with
        return 0.0, 0
    smallest_point, largest_point = _LIMITS[dtype]
    if len(zero_points) and not smallest_point <= zero_points.min() <= zero_points.max() <= largest_point:
        raise ModelError(f"tensor {name!r} has a zero point that {dtype} cannot hold; the model file is damaged")
    if len(scales) != 1:
        return 0.0, 0
    return float(scales[0]), int(zero_points[0]) if len(zero_points) else 0


def _check_signatures(model: Table, tensors: int, graphs: int) -> None:
    """Check the names of inputs and outputs for programs, which an interpreter reads when it loads a model."""
    for signature in model.tables(7):
        signature.text(2)
        indices = []
        for entry in (entry for slot in (0, 1) for entry in signature.tables(slot)):
            entry.text(0)
            indices.append(entry.integer(1, np.uint32))
        graph = signature.integer(4, np.uint32)
        if graph >= graphs or (graph == 0 and any(index >= tensors for index in indices)):
            raise ModelError("a signature of the model refers to a tensor that is not there; the file is damaged")


def _only(graph: Table, slot: int, tensors: int, role: str) -> int:
    indices = graph.array(slot, np.int32)
    if len(indices) != 1:
        raise ModelError(f"not an image classifier: it has {len(indices)} {role}s instead of one")
    if not 0 <= int(indices[0]) < tensors:
        raise ModelError(f"the model's {role} is a tensor that is not there; the model file is damaged")
    return int(indices[0])


def _check_input_and_output(image: TensorSpec, scores: TensorSpec, table: Table, maps: bool) -> int:
    """The number of scores of one picture, or of values in a map."""
    shape = ImageShape.of(image.shape)
    if shape is None:
        raise ModelError(
            f"not an image classifier: its input is {image.shape}, not (1, height, width, 3), with 3 channels (RGB) or "
            "1 (grey)"
        )
    pixels = shape.batch * shape.height * shape.width
    if pixels > _MAX_INPUT_PIXELS:
        raise ModelError(f"the model's input {image.shape} has {pixels:,} pixels, more than {_MAX_INPUT_PIXELS:,}")
    signature = tuple(int(size) for size in table.array(_SIGNATURE, np.int32)[:_MAX_DIMENSIONS])
    if any(open_size == -1 and size == 1 for open_size, size in zip(signature[1:], image.shape[1:], strict=False)):
        raise ModelError(f"the size of the model's input is not fixed {signature}; convert it with a fixed size")
    rows, row = scores.shape[:-1], scores.shape[-1:]
    if len(scores.shape) > 1:
        rows, row = scores.shape[:1], scores.shape[1:]
    outputs = math.prod(row)
    is_row = row and max(row) == outputs
    if not (is_row or (maps and len(row) == 3)) or math.prod(rows) != shape.batch or outputs < 1:
        raise ModelError(
            f"not an image classifier: its output is {scores.shape}, not one row of scores for each of "
            f"{shape.batch} pictures"
            if shape.batch > 1
            else f"not an image classifier: its output is {scores.shape}, not one row of scores"
        )
    for role, tensor in (("input", image), ("output", scores)):
        if tensor.dtype not in (np.float32, np.uint8, np.int8):
            raise ModelError(f"the model's {role} is neither float32, uint8 nor int8; export it again")
        if tensor.dtype != np.float32 and not tensor.scale:
            raise ModelError(f"the model's {role} is quantized but has no scale; export it again")
    return outputs


def _named_metadata(model: Table, buffers: list[Table]) -> dict[str, bytes]:
    named = {}
    for entry in model.tables(6):
        index = entry.integer(1, np.uint32)
        if index < len(buffers):
            named[entry.text(0)] = buffers[index].bytes(0)
    return named
