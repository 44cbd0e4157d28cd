"""The TFLite interpreters that may be installed, behind one small class that takes pixels and gives scores."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import ConfigurationError, ModelError, UsageError
from edge.modelfile import ModelFile
from edge.preprocess import Pixels
from edge.structure import TensorSpec

RUNTIMES = {"litert": "ai_edge_litert.interpreter", "tflite-runtime": "tflite_runtime.interpreter"}
"""Runtime name -> the module with its ``Interpreter``, in order of preference (LiteRT is the successor)."""

RUNTIME_VARIABLE = "EDGE_RUNTIME"
"""Environment variable that chooses one of :data:`RUNTIMES` where no argument does."""

_NOISE = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
_stderr_lock = threading.Lock()


def installed_runtimes() -> list[str]:
    """The names of the runtimes installed here, preferred first; none of them is imported."""
    return [name for name, module in RUNTIMES.items() if importlib.util.find_spec(module.split(".")[0])]


def choose_runtime(name: str | None = None) -> str:
    """``name``, else the one in ``$EDGE_RUNTIME``, else the preferred runtime that is installed.

    Raises :class:`~edge.errors.UsageError` for an unknown name and
    :class:`~edge.errors.ConfigurationError` where the runtime, or any runtime at all, is not installed.
    """
    name = name or os.environ.get(RUNTIME_VARIABLE)
    if name and name not in RUNTIMES:
        raise UsageError(f"unknown runtime {name!r}; known are {', '.join(RUNTIMES)}")
    installed = installed_runtimes()
    if name and name not in installed:
        raise ConfigurationError(f"{name} is not installed here: pip install {_package(name)}")
    if not installed:
        raise ConfigurationError("no TFLite interpreter is installed: pip install 'edge-for-poets[litert]'")
    return name or installed[0]


def _package(runtime: str) -> str:
    return "ai-edge-litert" if runtime == "litert" else "tflite-runtime"


class ImageInterpreter:
    """One interpreter with one model loaded. Not for use by two threads at once."""

    def __init__(self, model: ModelFile, threads: int = 1, runtime: str | None = None) -> None:
        """Load ``model``, with ``threads`` CPU threads for one inference.

        Raises :class:`~edge.errors.ConfigurationError` where no interpreter can be had and
        :class:`~edge.errors.ModelError` where this one cannot run the model.
        """
        self.runtime = choose_runtime(runtime)
        self._model = model
        module = _import_runtime(self.runtime)
        try:
            with _without_noise():
                self._interpreter = module.Interpreter(model_content=model.content, num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise ModelError(f"{self.runtime} cannot run this model ({reason})") from None
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def raw_outputs(self, pixels: Pixels) -> npt.NDArray[Any]:
        """The model's output for ``pixels`` (height, width, 3), uint8: one row, in the output's own dtype."""
        self._interpreter.set_tensor(self._input, _to_input(pixels, self._model)[np.newaxis])
        try:
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise ModelError(f"{self.runtime} failed while running this model ({reason})") from None
        return np.asarray(self._interpreter.get_tensor(self._output)).reshape(-1)

    def scores(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """The model's output for ``pixels`` (height, width, 3), uint8, as real numbers: (labels,) float32."""
        return dequantize(self.raw_outputs(pixels), self._model.output)


def dequantize(values: npt.NDArray[Any], tensor: TensorSpec) -> npt.NDArray[np.float32]:
    """The real numbers that quantised ``values`` stand for: ``scale * (q - zero_point)``, float32."""
    if not tensor.scale:
        return values.astype(np.float32, copy=False)
    return (values.astype(np.float32) - np.float32(tensor.zero_point)) * np.float32(tensor.scale)


def _to_input(pixels: Pixels, model: ModelFile) -> npt.NDArray[Any]:
    if model.input.dtype == np.float32:
        return (pixels.astype(np.float32) - np.float32(model.mean)) / np.float32(model.std)
    if model.input.dtype == np.int8:  # the whole range of the type stands for the whole range of pixels
        return (pixels.astype(np.int16) - 128).astype(np.int8)
    return pixels


def _import_runtime(runtime: str) -> Any:
    try:
        return importlib.import_module(RUNTIMES[runtime])
    except (ImportError, AttributeError) as error:
        hint = "pip install 'numpy<2'" if "ARRAY_API" in str(error) else f"pip install -U {_package(runtime)}"
        raise ConfigurationError(f"{runtime} is installed but does not load ({error}): {hint}") from None


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """Keep the runtime's own INFO line, written by C++ to descriptor 2, from the user; pass on the rest."""
    if not hasattr(os, "memfd_create"):
        yield
        return
    with _stderr_lock:
        try:
            kept, caught = os.dup(2), os.memfd_create("stderr")
        except OSError:  # stderr is closed: nothing to keep quiet
            yield
            return
        os.dup2(caught, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.lseek(caught, 0, os.SEEK_SET)
            talk = os.read(caught, 1 << 20)
            os.close(caught)
            os.close(kept)
            rest = [line for line in talk.splitlines(keepends=True) if _NOISE not in line]
            if rest:
                os.write(2, b"".join(rest))
