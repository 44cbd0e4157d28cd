"""Weights in a file of PyTorch, read as data: only arrays and their names are built, whatever else the file asks for.

The form is that of PyTorch before 1.6: five pickles (a magic number, a version, facts of the machine, the arrays by
name, the keys of their storages), then each storage's count and bytes (torch/serialization.py, ``_legacy_load``).
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import DataError
from edge.modelfile.reading import read_bounded
from trainer.backbones.frozen_graph import Arrays
from trainer.backbones.network_graph import NetworkGraph
from trainer.backbones.tuned_weights import DAMAGED, Floats
from trainer.backbones.weights_file import LARGEST_BYTES, other_form

_MAGIC = 0x1950A86A20F9469CFC6C
_MOST_OPERATIONS = 200_000  # EfficientNet-Lite0's file has 10,696
_NORM_PARTS = ("weight", "bias", "running_mean", "running_var")


class _Storage(NamedTuple):
    key: str
    dtype: str


class _Array(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


_KNOWN = {
    ("collections", "OrderedDict"): lambda: OrderedDict(),  # empty: with values it could copy them, again and again
    ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, shape, stride, *_: _Array(
        storage, offset, shape, stride
    ),
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
}


class _Reader(pickle.Unpickler):
    """Builds dictionaries, numbers, texts and placeholders of arrays; no other class or function is ever called."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise DataError(f"it asks for {module}.{name}, which no file of weights needs")
        return _KNOWN[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        return _Storage(pid[2], pid[1])


def read_torch_weights(path: Path, graph: NetworkGraph) -> dict[str, Arrays]:
    """The weights of each layer of ``graph`` in the file ``path``, in Keras' order of axes and of arrays.

    Raises :class:`~edge.errors.DataError` if it is another kind of file, or if an array is missing.
    """
    arrays = read_torch_arrays(path)
    layers: dict[str, Arrays] = {}
    try:
        for layer in graph.convolutions:
            axes = (2, 3, 0, 1) if layer.depthwise else (2, 3, 1, 0)
            layers[layer.name] = [arrays[f"{layer.name}.weight"].transpose(axes)]
            if layer.norm:
                layers[layer.norm] = [arrays[f"{layer.norm}.{part}"] for part in _NORM_PARTS]
            else:
                layers[layer.name].append(arrays[f"{layer.name}.bias"])
    except KeyError as error:
        raise DataError(f"it has no array {error}") from None
    except ValueError:
        raise DataError(f"{layer.name} is no kernel of a convolution") from None
    return layers


def read_torch_arrays(path: Path) -> dict[str, Floats]:
    """All arrays of floats in the file ``path``, by their names.

    Raises :class:`~edge.errors.DataError` if it is another kind of file.
    """
    try:
        stream = io.BytesIO(read_bounded(path, LARGEST_BYTES, "the weights"))
        magic, _, _, named, keys = (_load(stream) for _ in range(5))
        if magic != _MAGIC:
            raise DataError("it has not PyTorch's number at its beginning")
        arrays = {name: array for name, array in named.items() if isinstance(array, _Array)}
        dtypes = {array.storage.key: np.dtype(array.storage.dtype) for array in arrays.values()}
        storages = {key: _storage(stream, dtypes[key]) for key in keys}
        floats = {name: array for name, array in arrays.items() if array.storage.dtype == "<f4"}
        return {name: _array(array, storages[array.storage.key]) for name, array in floats.items()}
    except (pickle.UnpicklingError, *DAMAGED) as error:
        raise DataError(f"no file of PyTorch's weights: {other_form(path) or error}") from None


def _load(stream: io.BytesIO) -> Any:
    """The next pickle in ``stream``, which is looked at first: a place in pickle's memory costs all those before it."""
    start = stream.tell()
    for count, (operation, argument, _) in enumerate(pickletools.genops(stream)):
        if count > _MOST_OPERATIONS or ("PUT" in operation.name and int(argument or 0) > _MOST_OPERATIONS):
            raise DataError("its pickle is longer than that of any file of weights that is known")
    stream.seek(start)
    return _Reader(stream).load()


def _storage(stream: io.BytesIO, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    (count,) = struct.unpack("<q", stream.read(8))
    return np.frombuffer(stream.read(count * dtype.itemsize), dtype)


def _array(array: _Array, storage: npt.NDArray[Any]) -> Floats:
    """``array`` out of its ``storage``: an axis may be stored in any order, but not outside of it."""
    if math.prod(array.shape) > len(storage):
        raise DataError("an array has more values than its storage")
    places = [np.arange(count) * step for count, step in zip(array.shape, array.stride, strict=True)]
    index = np.asarray(array.offset)
    for axis in places:
        index = index[..., np.newaxis] + axis
    if index.min(initial=0) < 0:
        raise DataError("an array begins before its storage")
    taken: Floats = storage[index]
    return taken
