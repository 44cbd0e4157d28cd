"""The flatbuffer of a model as a tree of objects: read, written, and its note of the runtime that it needs."""

from __future__ import annotations

import re
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edge.modelfile.structure import IDENTIFIER

MINIMUM_RUNTIME = "min_runtime_version"
"""Name of the metadata buffer in which the converter notes the oldest TensorFlow Lite that runs the model."""

NOT_KNOWN = b"not known"
"""The note in a model of another project that notes no such release: whatever is added to it, it stays."""

_CONVERSION = b"CONVERSION_METADATA"
_ALIGNMENT = 16  # force_align of Buffer.data in the schema
FLOAT_RUNTIME, INT8_RUNTIME = "1.5.0", "1.14.0"  # first releases with the kernel versions used below


class _AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """A buffer whose data starts at a multiple of 16 bytes, which the generated packer does not ensure."""

    def Pack(self, builder: Any) -> Any:
        if self.data is None or len(self.data) == 0:
            schema.BufferStart(builder)
            return schema.BufferEnd(builder)
        data = np.asarray(self.data, np.uint8).tobytes()
        builder.StartVector(1, len(data), _ALIGNMENT)
        builder.head -= len(data)
        builder.Bytes[builder.head : builder.head + len(data)] = data
        vector = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, vector)
        return schema.BufferEnd(builder)


def read_model(content: bytes) -> Any:
    """The flatbuffer in ``content`` as an object tree (``ModelT`` of the schema).

    Files from before TensorFlow 2.4, Google's for the Edge TPU among them, have the number of an operator in the old
    field of eight bits alone. ``builtinCode`` is the number in every tree. Weights that lie behind the flatbuffer are
    in the tree like all others.

    Raises :class:`ValueError` if more weights lie there than the file can hold.
    """
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    _take_in(model.buffers, content)
    for code in model.operatorCodes or []:
        code.builtinCode = max(code.builtinCode, code.deprecatedBuiltinCode)
    # Not needed to run the model, and it differs between otherwise equal conversions.
    for entry in model.metadata or []:
        if entry.name == _CONVERSION:
            model.buffers[entry.buffer].data = None
    model.metadata = [entry for entry in model.metadata or [] if entry.name != _CONVERSION]
    return model


def _take_in(buffers: list[Any], content: bytes) -> None:
    outside = [buffer for buffer in buffers if buffer.offset > 1]
    if sum(buffer.size for buffer in outside) > len(content):
        raise ValueError("buffers behind the flatbuffer overlap")
    for buffer in outside:
        buffer.data = np.frombuffer(content, np.uint8)[buffer.offset : buffer.offset + buffer.size]
        buffer.offset = buffer.size = 0


def write_model(model: Any) -> bytes:
    """The object tree ``model`` as a flatbuffer, every buffer aligned; the same tree gives the same bytes."""
    for index, buffer in enumerate(model.buffers):
        aligned = _AlignedBuffer()
        aligned.data = buffer.data
        model.buffers[index] = aligned
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def new_model(description: str) -> tuple[Any, Any]:
    """An empty model, and its only graph."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.description = 3, description.encode()
    model.buffers, model.metadata, model.operatorCodes = [schema.BufferT()], [], []  # the first buffer is empty
    graph.name, graph.tensors, graph.operators = b"main", [], []
    model.subgraphs, model.signatureDefs = [graph], []
    return model, graph


def add_metadata(model: Any, name: str, content: bytes) -> None:
    """Add the named metadata buffer ``name`` to ``model``, in place, replacing one of that name."""
    for entry in model.metadata:
        if entry.name == name.encode():
            model.buffers[entry.buffer].data = np.frombuffer(content, np.uint8)
            return
    entry = schema.MetadataT()
    entry.name = name.encode()
    entry.buffer = add_buffer(model, np.frombuffer(content, np.uint8))
    model.metadata.append(entry)


def set_signature(model: Any, name: str) -> None:
    """Give ``model``, in place, the one signature ``name``: the tensors of the first graph's borders, by their names.

    A program can then ask an interpreter for tensors by name (``get_signature_runner()``) instead of by position.
    """
    graph = model.subgraphs[0]
    signature = schema.SignatureDefT()
    signature.signatureKey = name.encode()
    signature.subgraphIndex = 0
    signature.inputs = [_named(graph, int(index)) for index in graph.inputs]
    signature.outputs = [_named(graph, int(index)) for index in graph.outputs]
    model.signatureDefs = [signature]


def _named(graph: Any, index: int) -> Any:
    entry = schema.TensorMapT()
    entry.name = graph.tensors[index].name
    entry.tensorIndex = index
    return entry


def minimum_runtime(model: Any) -> str:
    """The oldest TensorFlow Lite release with every kernel that ``model`` needs, as the file says it."""
    return noted_runtime(model) or FLOAT_RUNTIME


def noted_runtime(model: Any) -> str | None:
    """The release that the converter noted in ``model``; None if it noted none, or something else."""
    for entry in model.metadata:
        if entry.name == MINIMUM_RUNTIME.encode() and model.buffers[entry.buffer].data is not None:
            text = bytes(model.buffers[entry.buffer].data).rstrip(b"\0").decode("ascii", "replace")
            return text if re.fullmatch(r"\d{1,4}(\.\d{1,4}){1,3}", text) else None
    return None


def _data(model: Any, entry: Any) -> bytes:
    data = model.buffers[entry.buffer].data
    return b"" if data is None else bytes(data)


def add_buffer(model: Any, data: npt.NDArray[np.uint8] | None) -> int:
    """Append a buffer with ``data``, (bytes,) or None for an empty one, to ``model``, in place; returns its index."""
    buffer = schema.BufferT()
    buffer.data = data
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def raise_runtime(model: Any, needed: str) -> None:
    """Note in ``model``, in place, that it needs TensorFlow Lite ``needed`` or what it needed before, if newer.

    If it is noted that this is not known, that stays.
    """
    if any(entry.name == MINIMUM_RUNTIME.encode() and _data(model, entry) == NOT_KNOWN for entry in model.metadata):
        return
    newest = max(minimum_runtime(model), needed, key=lambda version: [int(part) for part in version.split(".")])
    add_metadata(model, MINIMUM_RUNTIME, newest.encode().ljust(16, b"\0"))


def add_tensor(
    model: Any,
    graph: Any,
    name: str,
    data_or_shape: npt.NDArray[np.generic] | tuple[int, ...],
    dtype: int,
    scale: float | npt.NDArray[np.float32] = 0.0,
    zero_point: int = 0,
    axis: int = 0,
) -> int:
    """Append a tensor of the type ``dtype`` (``TensorType``) to ``graph``, in place; returns its index.

    ``data_or_shape`` is the value of a constant, or the shape of a tensor that is computed. ``scale`` 0: not quantized;
    an array is a scale for each place along ``axis``.
    """
    tensor = schema.TensorT()
    tensor.name = name.encode()
    tensor.type = dtype
    tensor.hasRank = True
    if isinstance(data_or_shape, np.ndarray):
        tensor.shape = np.array(data_or_shape.shape, np.int32)
        content = np.frombuffer(np.ascontiguousarray(data_or_shape).tobytes(), np.uint8)
        tensor.buffer = add_buffer(model, content)
    else:
        tensor.shape = np.array(data_or_shape, np.int32)
        tensor.buffer = add_buffer(model, None)
    scales = np.atleast_1d(np.asarray(scale, np.float32))
    if scales.any():
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = scales
        tensor.quantization.zeroPoint = np.full(len(scales), zero_point, np.int64)
        tensor.quantization.quantizedDimension = axis
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def add_operator(
    model: Any,
    graph: Any,
    name: str,
    versions: dict[str, int],
    inputs: list[int],
    output: int,
    options_type: int = 0,
    options: Any = None,
) -> None:
    """Append the operator ``name`` (of ``BuiltinOperator``), in its version of ``versions``, to ``graph``, in place.

    ``inputs`` and ``output`` are indices of tensors; ``options_type`` (of ``BuiltinOptions``) names the type of
    ``options``.
    """
    operator = schema.OperatorT()
    operator.opcodeIndex = _operator_code(model, getattr(schema.BuiltinOperator, name), versions[name])
    operator.inputs = np.array(inputs, np.int32)
    operator.outputs = np.array([output], np.int32)
    operator.builtinOptionsType = options_type
    operator.builtinOptions = options
    graph.operators.append(operator)


def _operator_code(model: Any, builtin: int, version: int) -> int:
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == builtin and code.version == version:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode = builtin
    code.deprecatedBuiltinCode = min(builtin, 127)
    code.version = version
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1
