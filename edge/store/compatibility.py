"""Whether the interpreter of this device is new enough for a model.

A model names the oldest TensorFlow Lite release that has its kernels. tflite-runtime carries the number of the
TensorFlow release that it was built from; LiteRT has version numbers of its own.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from edge.errors import ModelError
from edge.inference.interpreter import LIBRARY_VARIABLE, choose_runtime, runtime_version
from edge.modelfile.model_file import ModelFile

# The TensorFlow release whose kernels every LiteRT of that major version has: the last one before its first
# release (ai-edge-litert 1.0: September 2024; 2.0: autumn 2025). It may have more, never fewer.
_LITERT_KERNELS = {1: (2, 17), 2: (2, 20)}
_LAST_TFLITE_RUNTIME = (2, 14)

Release = tuple[int, ...]


class Runtime(NamedTuple):
    """A runtime of a device: ``name`` is one of :data:`edge.inference.interpreter.RUNTIMES`.

    ``version`` is that of its package, for ``tflite-c`` that of its library; None if that does not say.
    """

    name: str
    version: str | None


def runtime_here() -> Runtime:
    """The runtime in use here; it is not imported.

    Raises what :func:`edge.inference.interpreter.choose_runtime` raises.
    """
    name = choose_runtime()
    return Runtime(name, runtime_version(name))


def check_runtime(model: ModelFile, runtime: Runtime | None = None) -> None:
    """Make sure that ``runtime`` (default: the one in use here) has the kernels that ``model`` says it needs.

    Raises :class:`~edge.errors.ModelError`, with the version that could run it, if it has not, and what
    :func:`runtime_here` raises.
    """
    name, version = runtime or runtime_here()
    needed = _release(model.manifest.minimum_runtime) if model.manifest else None
    kernels = version and _kernels(name, version)
    if model.manifest and needed and kernels and needed[: len(kernels)] > kernels:
        raise ModelError(
            f"the model needs TensorFlow Lite {model.manifest.minimum_runtime}; {name} {version} here has the "
            f"kernels of {'.'.join(map(str, kernels))}: {_fix(needed, name)}"
        )


def _kernels(runtime: str, version: str) -> Release | None:
    release = _release(version)
    if runtime == "litert" and release:
        return _LITERT_KERNELS.get(release[0], _LITERT_KERNELS[max(_LITERT_KERNELS)])
    return release


def _fix(needed: Release, runtime: str) -> str:
    if runtime == "tflite-c":
        return f"set {LIBRARY_VARIABLE} to a library of that release or a newer one"
    if needed[:2] <= _LAST_TFLITE_RUNTIME:
        return f"pip install 'tflite-runtime>={'.'.join(map(str, needed))}'"
    for major, kernels in sorted(_LITERT_KERNELS.items()):
        if needed[:2] <= kernels:
            return f"pip install 'ai-edge-litert>={major}.0'"
    return "upgrade ai-edge-litert and edge-for-poets, or export the model with an older TensorFlow"


def _release(version: str) -> Release | None:
    """The numbers that ``version`` begins with, None if there are none."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else None
