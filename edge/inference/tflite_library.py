"""The functions of a TensorFlow Lite library that the runtime ``tflite-c`` calls.

They are those of its C API that take and return no struct by value: opaque pointers, numbers and strings, which are the
same in 2.14 and 2.17, that were tried (tensorflow/lite/core/c/c_api.h).
"""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, c_char_p, c_int, c_int32, c_size_t, c_void_p

from edge.inference.shared_library import open_library

ERROR_REPORTER = CFUNCTYPE(None, c_void_p, c_char_p, c_void_p)
"""A function that gets user data, a format as of ``printf``, and its ``va_list``.

On x86-64 and on Arm with 32 and 64 bits a ``va_list`` is passed as one pointer.
"""

_FUNCTIONS = {
    "TfLiteVersion": (c_char_p,),
    "TfLiteModelCreate": (c_void_p, c_char_p, c_size_t),
    "TfLiteModelDelete": (None, c_void_p),
    "TfLiteInterpreterOptionsCreate": (c_void_p,),
    "TfLiteInterpreterOptionsSetNumThreads": (None, c_void_p, c_int32),
    "TfLiteInterpreterOptionsSetErrorReporter": (None, c_void_p, ERROR_REPORTER, c_void_p),
    "TfLiteInterpreterOptionsAddDelegate": (None, c_void_p, c_void_p),
    "TfLiteInterpreterOptionsDelete": (None, c_void_p),
    "TfLiteInterpreterCreate": (c_void_p, c_void_p, c_void_p),
    "TfLiteInterpreterDelete": (None, c_void_p),
    "TfLiteInterpreterAllocateTensors": (c_int, c_void_p),
    "TfLiteInterpreterInvoke": (c_int, c_void_p),
    "TfLiteInterpreterGetInputTensorCount": (c_int32, c_void_p),
    "TfLiteInterpreterGetInputTensor": (c_void_p, c_void_p, c_int32),
    "TfLiteInterpreterGetOutputTensorCount": (c_int32, c_void_p),
    "TfLiteInterpreterGetOutputTensor": (c_void_p, c_void_p, c_int32),
    "TfLiteTensorType": (c_int, c_void_p),
    "TfLiteTensorNumDims": (c_int32, c_void_p),
    "TfLiteTensorDim": (c_int32, c_void_p, c_int32),
    "TfLiteTensorByteSize": (c_size_t, c_void_p),
    "TfLiteTensorCopyFromBuffer": (c_int, c_void_p, c_void_p, c_size_t),
    "TfLiteTensorCopyToBuffer": (c_int, c_void_p, c_void_p, c_size_t),
}
"""The name of each function -> the types of its result and of its arguments."""


def load_library(name: str) -> ctypes.CDLL:
    """The shared library ``name``, a path or what the system's loader finds, with typed functions.

    Raises :class:`ImportError` if it does not load, or lacks one of the functions.
    """
    try:
        library = open_library(name)
    except OSError as error:
        raise ImportError(f"{name}: {error}" if name not in str(error) else str(error)) from None
    for function, (result, *arguments) in _FUNCTIONS.items():
        try:
            symbol = getattr(library, function)
        except AttributeError:
            raise ImportError(f"{name} is no library of TensorFlow Lite: it has no function {function}") from None
        symbol.restype, symbol.argtypes = result, arguments
    return library
