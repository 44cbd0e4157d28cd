"""The TFLite interpreters that may be installed, behind one small class: pixels in, scores out."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import math
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.distribution import install_command, installed_version
from edge.errors import ConfigurationError, ModelError, UsageError
from edge.inference.delegate import DelegateChoice, guarded
from edge.inference.model_input import ModelInput
from edge.inference.needless_line import without_needless_line
from edge.inference.processor import check_processor
from edge.inference.refusals import RUN_ERRORS, cannot_run, reason_of
from edge.inference.steps import Steps
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import TensorSpec
from edge.preprocess import Pixels

RUNTIMES = {
    "litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
    "tflite-c": "edge.inference.tflite_c",
}
"""Runtime name -> the module with its ``Interpreter``, in order of preference (LiteRT is the successor)."""

PACKAGES = {"litert": "ai-edge-litert", "tflite-runtime": "tflite-runtime"}
"""Runtime name -> its name on the package index. ``tflite-c`` has none: it is a library of the system."""

LIBRARY_VARIABLE = "EDGE_TFLITE_LIBRARY"
"""Environment variable with the library of ``tflite-c``: a path, or a name that the system's loader finds."""

NUMPY_FIX = "pip install 'numpy<2'"
"""What makes tflite-runtime load again: it was built for numpy 1."""

RUNTIME_VARIABLE = "EDGE_RUNTIME"
"""Environment variable that chooses one of :data:`RUNTIMES` if no argument does."""

MAX_THREADS = 1024
"""The largest number of CPU threads: more than any board has, and small enough for every runtime."""

_C_LIBRARY = "tflite-c"


def installed_runtimes() -> list[str]:
    """The names of the runtimes installed here, preferred first; none of them is imported."""
    found = [name for name in PACKAGES if importlib.util.find_spec(RUNTIMES[name].split(".")[0])]
    return [*found, _C_LIBRARY] if os.environ.get(LIBRARY_VARIABLE) else found


def runtime_version(name: str) -> str | None:
    """The version of the runtime ``name``; None if it does not say.

    That of ``tflite-c`` is asked of its library, in a child process: a library that crashes ends the child alone.
    """
    if name != _C_LIBRARY:
        return installed_version(PACKAGES[name])
    import subprocess  # no other runtime needs it

    code = f"from {RUNTIMES[name]} import library_version; print(library_version())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return (done.stdout.strip() or None) if done.returncode == 0 else None


def runtime_fix(name: str, *options: str) -> str:
    """What to do if the runtime ``name`` is not there, or with the ``options`` of pip ``-U`` does not load."""
    if name == _C_LIBRARY:
        return f"set {LIBRARY_VARIABLE} to a TensorFlow Lite library with the C API, such as libtensorflowlite_c.so"
    return " ".join(["pip install", *options, PACKAGES[name]])


def missing_fix() -> str:
    """What to do if no interpreter is installed: for 32 bits there are wheels up to Python 3.11 alone."""
    if sys.maxsize > 2**32:
        return install_command("litert")
    return runtime_fix("tflite-runtime" if sys.version_info < (3, 12) else _C_LIBRARY)


def choose_runtime(name: str | None = None) -> str:
    """``name``, else the one in ``$EDGE_RUNTIME``, else the preferred runtime that is installed.

    Raises :class:`~edge.errors.UsageError` for an unknown name and
    :class:`~edge.errors.ConfigurationError` if the runtime, or every runtime, is not installed.
    """
    name = name or os.environ.get(RUNTIME_VARIABLE)
    if name and name not in RUNTIMES:
        raise UsageError(f"unknown runtime {name!r}; known are {', '.join(RUNTIMES)}")
    installed = installed_runtimes()
    if name and name not in installed:
        raise ConfigurationError(f"{name} is not installed here: {runtime_fix(name)}")
    if not installed:
        raise ConfigurationError(f"no TFLite interpreter is installed: {missing_fix()}")
    return name or installed[0]


def check_threads(threads: int) -> None:
    """Raise :class:`~edge.errors.UsageError` if ``threads`` is not 1 to :data:`MAX_THREADS`."""
    if not 1 <= threads <= MAX_THREADS:
        raise UsageError(f"{threads} threads: give a number from 1 to {MAX_THREADS}")


class ImageInterpreter:
    """One interpreter with one model loaded. Two threads must not use it at the same time."""

    def __init__(
        self,
        model: ModelFile,
        *,
        threads: int = 1,
        runtime: str | None = None,
        with_bottleneck: bool = False,
        delegate: DelegateChoice | None = None,
    ) -> None:
        """Load ``model``, with ``threads`` CPU threads for one inference.

        ``with_bottleneck`` is for ``read_bottleneck()``, which gives that of the last picture, (1, features), as the
        tensor ``bottleneck`` holds it. If ``delegate`` crashes, so does this process; if it hangs while it is loaded or
        in its first inference, this process is ended (:mod:`edge.inference.delegate_guard`).

        Raises :class:`~edge.errors.ConfigurationError` if no interpreter is installed, it or the delegate does not
        load, or it would crash (:func:`~edge.inference.processor.check_processor`), :class:`~edge.errors.ModelError` if
        it cannot run the model, and :class:`~edge.errors.UsageError` if ``threads`` is not 1 to :data:`MAX_THREADS`.
        """
        check_threads(threads)
        self.runtime = choose_runtime(runtime)
        check_processor()
        self._model = model
        self._make_input = ModelInput(model).tensor
        revealed = None
        if with_bottleneck:
            from edge.modelfile.hidden_output import reveal  # for the gate, which most users have not

            revealed = reveal(model)
        self.bottleneck = revealed and revealed.bottleneck
        if model.transform is not None:
            from edge.inference.scores import to_scores  # models that this project exported need none

            self._to_scores = to_scores
        self._unproven = delegate
        with guarded(delegate):
            self._interpreter = open_interpreter((revealed or model).content, threads, self.runtime, delegate)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output, *hidden = (detail["index"] for detail in self._interpreter.get_output_details())
        self._read_outputs = self._reader(self._output, model.output)
        if revealed is not None:
            self.read_bottleneck = self._reader(hidden[0], revealed.bottleneck)

    def raw_outputs(self, pixels: Pixels) -> npt.NDArray[Any]:
        """The model's outputs for ``pixels`` (height, width, 3), uint8: one row, in the output's own dtype."""
        try:
            self._interpreter.set_tensor(self._input, self._make_input(pixels))
            if self._unproven is None:
                self._interpreter.invoke()
            else:
                with guarded(self._unproven):
                    self._interpreter.invoke()
                self._unproven = None
            outputs = self._read_outputs().reshape(-1)
        except RUN_ERRORS as error:
            raise ModelError(f"{self.runtime} failed while running this model ({reason_of(error)})") from None
        batch = self._model.image.batch
        return outputs if batch == 1 else outputs[: len(outputs) // batch]

    def _reader(self, index: int, tensor: TensorSpec) -> Callable[[], npt.NDArray[Any]]:
        """What reads the values of the tensor ``index``, or raises :class:`ModelError` if its file describes others."""
        read, size, dtype, runtime = self._interpreter.get_tensor, math.prod(tensor.shape), tensor.dtype, self.runtime

        def values() -> npt.NDArray[Any]:
            found: npt.NDArray[Any] = read(index)
            if found.size != size or found.dtype != dtype:
                reason = f"{found.size} values of {found.dtype} come out, and its file says {tensor.shape}"
                raise ModelError(f"{runtime} failed while running this model ({reason})")
            return found

        return values

    def steps(self, pixels: Pixels) -> Steps:
        """The inference of ``pixels`` (height, width, 3), uint8, as bare calls, to measure their time.

        The pixels are normalised here, once. ``invoke`` raises what the runtime raises.
        """
        values = self._make_input(pixels)
        return Steps(
            functools.partial(self._interpreter.set_tensor, self._input, values),
            self._interpreter.invoke,
            functools.partial(self._interpreter.get_tensor, self._output),
        )

    def scores(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """The scores of ``pixels`` (height, width, 3), uint8: (labels,) float32.

        Raises :class:`~edge.errors.ModelError` if the outputs of a model of another project are no probabilities and
        cannot be made such.
        """
        outputs = dequantize(self.raw_outputs(pixels), self._model.output)
        return outputs if self._model.transform is None else self._to_scores(outputs, self._model.transform)


def open_interpreter(
    content: bytes,
    threads: int,
    runtime: str,
    delegate: DelegateChoice | None = None,
    *,
    before_allocation: Callable[[Any], None] = lambda interpreter: None,
) -> Any:
    """The interpreter of ``runtime``, one of :data:`RUNTIMES`, with the flatbuffer ``content`` and its memory.

    ``before_allocation`` gets it before its memory is planned.

    Raises :class:`~edge.errors.ConfigurationError` if the runtime or ``delegate`` does not load, and
    :class:`~edge.errors.ModelError` if it cannot run the model.
    """
    module = _import_runtime(runtime)
    given = {}
    if delegate is not None:
        from edge.inference.delegate_library import LoadedDelegate  # few users have one

        given["experimental_delegates"] = [LoadedDelegate(delegate)]
    try:
        with without_needless_line():
            interpreter = module.Interpreter(model_content=content, num_threads=threads, **given)
            before_allocation(interpreter)
            interpreter.allocate_tensors()
            return interpreter
    except RUN_ERRORS as error:
        raise cannot_run(runtime, error, delegate) from None
    except SystemError:  # "returned a result with an exception set": tflite-runtime with numpy 2
        raise ConfigurationError(_does_not_load(runtime, "_ARRAY_API")) from None


def dequantize(values: npt.NDArray[Any], tensor: TensorSpec) -> npt.NDArray[np.float32]:
    """The real numbers that quantized ``values`` stand for: ``scale * (q - zero_point)``, float32."""
    if not tensor.scale:
        return values.astype(np.float32, copy=False)
    real = values.astype(np.float32)
    real -= np.float32(tensor.zero_point)
    real *= np.float32(tensor.scale)
    return real


def _import_runtime(runtime: str) -> Any:
    try:
        return importlib.import_module(RUNTIMES[runtime])
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(_does_not_load(runtime, str(error))) from None


def _does_not_load(runtime: str, reason: str) -> str:
    fix = NUMPY_FIX if "ARRAY_API" in reason else runtime_fix(runtime, "-U")
    return f"{runtime} is installed but does not load ({reason}): {fix}"
