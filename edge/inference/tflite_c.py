"""The runtime ``tflite-c``: an ``Interpreter`` like that of LiteRT, which calls a C library of TensorFlow Lite.

It is for systems for which no wheel of an interpreter is made. ``$EDGE_TFLITE_LIBRARY`` names the library; the import
of this module loads it, and raises :class:`ImportError` if that fails, as the import of the other runtimes does.
"""

from __future__ import annotations

import ctypes
import os
import sys
import weakref
from collections import deque
from collections.abc import Sequence
from ctypes import c_char_p, c_void_p, create_string_buffer
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.inference.interpreter import LIBRARY_VARIABLE
from edge.inference.tflite_library import ERROR_REPORTER, load_library

if sys.platform == "win32":
    raise ImportError("tflite-c is not for Windows")
_library = load_library(os.environ.get(LIBRARY_VARIABLE) or "libtensorflowlite_c.so")
_print_to_memory = ctypes.CDLL(None).vsnprintf
_print_to_memory.argtypes = [c_char_p, ctypes.c_size_t, c_char_p, c_void_p]

# Numbers of TfLiteType in tensorflow/lite/core/c/c_api_types.h.
_DTYPES = {
    1: np.float32,
    2: np.int32,
    3: np.uint8,
    4: np.int64,
    6: np.bool_,
    7: np.int16,
    9: np.int8,
    10: np.float16,
    11: np.float64,
}
_MESSAGES, _MESSAGE_BYTES = 4, 1024  # the last ones are kept, and cut at this length


def library_version() -> str:
    """The release of TensorFlow Lite that the library says it is, such as ``2.17.1``."""
    version: bytes = _library.TfLiteVersion()
    return version.decode(errors="replace")


class Interpreter:
    """One interpreter of the library. Two threads must not use it at the same time.

    Only inputs and outputs can be reached: the ``index`` in their details is a number of this class.
    """

    def __init__(
        self, model_content: bytes, num_threads: int = 1, experimental_delegates: Sequence[Any] | None = None
    ) -> None:
        """Load the flatbuffer ``model_content``; raises :class:`ValueError` if the library cannot.

        ``experimental_delegates``, named as in LiteRT, take over operators, the first one first.
        """
        delegates = tuple(experimental_delegates or ())
        self._content = model_content  # the library reads the model from here, as long as it lives
        self._messages: deque[str] = deque(maxlen=_MESSAGES)
        self._reporter = _reporter(self._messages)
        self._tensors: list[int] = []
        self._inputs = 0
        model = _library.TfLiteModelCreate(model_content, len(model_content))
        if not model:
            raise ValueError("it is no model that this library can read")
        options = _library.TfLiteInterpreterOptionsCreate()
        _library.TfLiteInterpreterOptionsSetNumThreads(options, num_threads)
        _library.TfLiteInterpreterOptionsSetErrorReporter(options, self._reporter, None)
        for delegate in delegates:
            _library.TfLiteInterpreterOptionsAddDelegate(options, delegate._get_native_delegate_pointer())
        self._handle = _library.TfLiteInterpreterCreate(model, options)
        _library.TfLiteInterpreterOptionsDelete(options)
        kept = (self._content, self._reporter, delegates)
        weakref.finalize(self, _delete, self._handle, model, kept).atexit = False
        if not self._handle:
            raise ValueError(self._reason("it makes no interpreter of this model"))

    def allocate_tensors(self) -> None:
        """Plan the memory of all tensors; raises :class:`RuntimeError` with what the library says."""
        if _library.TfLiteInterpreterAllocateTensors(self._handle):
            raise RuntimeError(self._reason("it cannot plan the memory of this model"))
        self._inputs = _library.TfLiteInterpreterGetInputTensorCount(self._handle)
        outputs = _library.TfLiteInterpreterGetOutputTensorCount(self._handle)
        self._tensors = [_library.TfLiteInterpreterGetInputTensor(self._handle, at) for at in range(self._inputs)]
        self._tensors += [_library.TfLiteInterpreterGetOutputTensor(self._handle, at) for at in range(outputs)]

    def get_input_details(self) -> list[dict[str, Any]]:
        """The ``index``, ``shape`` and ``dtype`` of each input."""
        return [self._details(index) for index in range(self._inputs)]

    def get_output_details(self) -> list[dict[str, Any]]:
        """The ``index``, ``shape`` and ``dtype`` of each output."""
        return [self._details(index) for index in range(self._inputs, len(self._tensors))]

    def set_tensor(self, index: int, values: npt.NDArray[Any]) -> None:
        """Give the input ``index`` its values; raises :class:`ValueError` for another dtype or size."""
        tensor = self._tensors[index]
        packed = np.ascontiguousarray(values)
        dtype = _dtype(tensor)
        if packed.dtype != dtype:
            raise ValueError(f"the input is {dtype}, and {packed.dtype} is given")
        if _library.TfLiteTensorCopyFromBuffer(tensor, packed.ctypes.data, packed.nbytes):
            size = _library.TfLiteTensorByteSize(tensor)
            raise ValueError(f"the input has {size} bytes, and {packed.nbytes} are given")

    def invoke(self) -> None:
        """Run one inference; raises :class:`RuntimeError` with what the library says."""
        if _library.TfLiteInterpreterInvoke(self._handle):
            raise RuntimeError(self._reason("the inference failed"))

    def get_tensor(self, index: int) -> npt.NDArray[Any]:
        """A copy of the values of the input or output ``index``; raises :class:`ValueError` if it has none."""
        tensor = self._tensors[index]
        values = np.empty(_shape(tensor), _dtype(tensor))
        if _library.TfLiteTensorCopyToBuffer(tensor, values.ctypes.data, values.nbytes):
            raise ValueError(f"a tensor of {values.nbytes} bytes has {_library.TfLiteTensorByteSize(tensor)}")
        return values

    def _details(self, index: int) -> dict[str, Any]:
        tensor = self._tensors[index]
        return {"index": index, "shape": np.array(_shape(tensor), np.int32), "dtype": _dtype(tensor).type}

    def _reason(self, otherwise: str) -> str:
        """What the library reported since the last call, ``otherwise`` if that was nothing."""
        said = " ".join(self._messages) or otherwise
        self._messages.clear()
        return said


def _reporter(messages: deque[str]) -> Any:
    """A function for the library, which adds to ``messages`` what it reports."""

    def report(_: int | None, text: bytes, values: int | None) -> None:
        message = create_string_buffer(_MESSAGE_BYTES)
        _print_to_memory(message, _MESSAGE_BYTES, text, values)
        messages.append(message.value.decode(errors="replace"))

    return ERROR_REPORTER(report)


def _delete(handle: int | None, model: int, kept: object) -> None:
    """Free an interpreter and its model; ``kept`` is what the library used until now."""
    if handle:
        _library.TfLiteInterpreterDelete(handle)
    _library.TfLiteModelDelete(model)


def _shape(tensor: int) -> tuple[int, ...]:
    return tuple(_library.TfLiteTensorDim(tensor, at) for at in range(_library.TfLiteTensorNumDims(tensor)))


def _dtype(tensor: int) -> np.dtype[Any]:
    number = _library.TfLiteTensorType(tensor)
    if number not in _DTYPES:
        raise ValueError(f"a tensor has the type {number}, which has no numbers")
    return np.dtype(_DTYPES[number])
