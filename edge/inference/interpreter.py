"""The TFLite interpreters that may be installed, behind one small class that takes pixels and gives scores."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import ConfigurationError, ModelError, UsageError
from edge.modelfile.hidden_output import reveal
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import TensorSpec
from edge.preprocess import Pixels

RUNTIMES = {"litert": "ai_edge_litert.interpreter", "tflite-runtime": "tflite_runtime.interpreter"}
"""Runtime name -> the module with its ``Interpreter``, in order of preference (LiteRT is the successor)."""

RUNTIME_VARIABLE = "EDGE_RUNTIME"
"""Environment variable that chooses one of :data:`RUNTIMES` where no argument does."""

MAX_THREADS = 1024
"""The most CPU threads that may be asked for; far beyond any board, and small enough for every runtime."""

_NOISE = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
_noise_is_over = threading.Event()
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
        raise ConfigurationError(f"{name} is not installed here: pip install {package_name(name)}")
    if not installed:
        raise ConfigurationError("no TFLite interpreter is installed: pip install 'edge-for-poets[litert]'")
    return name or installed[0]


def package_name(runtime: str) -> str:
    """What ``runtime``, one of :data:`RUNTIMES`, is called on the package index."""
    return "ai-edge-litert" if runtime == "litert" else "tflite-runtime"


def check_threads(threads: int) -> None:
    """Raise :class:`~edge.errors.UsageError` where ``threads`` is not 1 to :data:`MAX_THREADS`."""
    if not 1 <= threads <= MAX_THREADS:
        raise UsageError(f"{threads} threads: give a number from 1 to {MAX_THREADS}")


class Steps(NamedTuple):
    """The three calls that one inference is made of, with nothing of this package in between."""

    set_input: Callable[[], None]
    invoke: Callable[[], None]
    get_output: Callable[[], npt.NDArray[Any]]


class Look(NamedTuple):
    """Both outputs of one inference as real numbers, float32: scores (labels,) and bottleneck (features,)."""

    scores: npt.NDArray[np.float32]
    bottleneck: npt.NDArray[np.float32]


class ImageInterpreter:
    """One interpreter with one model loaded. Not for use by two threads at once."""

    def __init__(
        self, model: ModelFile, threads: int = 1, runtime: str | None = None, with_bottleneck: bool = False
    ) -> None:
        """Load ``model``, with ``threads`` CPU threads for one inference; ``with_bottleneck`` for :meth:`look`.

        Raises :class:`~edge.errors.ConfigurationError` where no interpreter can be had,
        :class:`~edge.errors.ModelError` where this one cannot run the model, and
        :class:`~edge.errors.UsageError` where ``threads`` is not 1 to :data:`MAX_THREADS`.
        """
        check_threads(threads)
        self.runtime = choose_runtime(runtime)
        self._model = model
        revealed = reveal(model) if with_bottleneck else None
        self._bottleneck = revealed and revealed.bottleneck
        module = _import_runtime(self.runtime)
        content = revealed.content if revealed else model.content
        try:
            with _without_noise():
                self._interpreter = module.Interpreter(model_content=content, num_threads=threads)
                self._interpreter.allocate_tensors()
            self._input = self._interpreter.get_input_details()[0]["index"]
            self._output, *self._hidden = (detail["index"] for detail in self._interpreter.get_output_details())
        except (ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise ModelError(f"{self.runtime} cannot run this model ({reason})") from None
        except SystemError:  # "returned a result with an exception set": how tflite-runtime meets numpy 2
            raise ConfigurationError(_broken(self.runtime, "_ARRAY_API")) from None

    def raw_outputs(self, pixels: Pixels) -> npt.NDArray[Any]:
        """The model's output for ``pixels`` (height, width, 3), uint8: one row, in the output's own dtype."""
        self._interpreter.set_tensor(self._input, _to_input(pixels, self._model)[np.newaxis])
        try:
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise ModelError(f"{self.runtime} failed while running this model ({reason})") from None
        return np.asarray(self._interpreter.get_tensor(self._output)).reshape(-1)

    def steps(self, pixels: Pixels) -> Steps:
        """The inference of ``pixels`` (height, width, 3), uint8, as bare calls, for whoever times them.

        The pixels are normalised here, once. ``invoke`` raises what the runtime raises.
        """
        values = _to_input(pixels, self._model)[np.newaxis]
        return Steps(
            functools.partial(self._interpreter.set_tensor, self._input, values),
            self._interpreter.invoke,
            functools.partial(self._interpreter.get_tensor, self._output),
        )

    def scores(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """The model's output for ``pixels`` (height, width, 3), uint8, as real numbers: (labels,) float32."""
        return dequantize(self.raw_outputs(pixels), self._model.output)

    def look(self, pixels: Pixels) -> Look:
        """Scores and bottleneck of ``pixels`` (height, width, 3), uint8, where it was loaded ``with_bottleneck``."""
        assert self._bottleneck is not None
        scores = self.scores(pixels)
        values = np.asarray(self._interpreter.get_tensor(self._hidden[0])).reshape(-1)
        return Look(scores, dequantize(values, self._bottleneck))


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
        raise ConfigurationError(_broken(runtime, str(error))) from None


def _broken(runtime: str, reason: str) -> str:
    hint = "pip install 'numpy<2'" if "ARRAY_API" in reason else f"pip install -U {package_name(runtime)}"
    return f"{runtime} is installed but does not load ({reason}): {hint}"


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """Keep the runtime's own INFO line, written by C++ to descriptor 2, from the user; pass on the rest.

    The line comes once in a process, so that descriptor 2 is left alone as soon as it has been caught. What
    other threads write to stderr meanwhile is passed on too, a moment later.
    """
    if _noise_is_over.is_set():
        yield
        return
    with _stderr_lock:
        kept = caught = None
        try:
            with contextlib.suppress(OSError, AttributeError):  # stderr is closed, or this is not Linux
                kept = os.dup(2)
                caught = os.memfd_create("stderr")
                os.dup2(caught, 2)
            yield
        finally:
            if kept is not None:
                os.dup2(kept, 2)
                os.close(kept)
            if caught is not None:
                _pass_on(caught)


def _pass_on(caught: int) -> None:
    talk = b""
    while piece := os.pread(caught, 1 << 16, len(talk)):  # not by seeking: a thread may still be writing there
        talk += piece
    os.close(caught)
    if _NOISE in talk:
        _noise_is_over.set()
    rest = b"".join(line for line in talk.splitlines(keepends=True) if _NOISE not in line)
    with contextlib.suppress(OSError):  # nobody listens: no reason for a picture to stay without labels
        while rest:
            rest = rest[os.write(2, rest) :]
