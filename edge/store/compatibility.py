"""Whether the interpreter of this device is new enough for a model.

A model names the oldest TensorFlow Lite release that has its kernels. tflite-runtime carries the number of the
TensorFlow release that it was built from; LiteRT counts anew.
"""

from __future__ import annotations

import re

from edge.errors import ModelError
from edge.inference.interpreter import choose_runtime, package_name
from edge.modelfile.model_file import ModelFile

# The TensorFlow release whose kernels every LiteRT of that major version has: the last one before its first
# release (ai-edge-litert 1.0: September 2024; 2.0: autumn 2025). It may have more; it never has fewer.
_LITERT_KERNELS = {1: (2, 17), 2: (2, 20)}
_LAST_TFLITE_RUNTIME = (2, 14)

Release = tuple[int, ...]


def runtime_version(runtime: str) -> str | None:
    """The version of ``runtime`` installed here, None where its package does not say; it is not imported."""
    import importlib.metadata  # slow to import, and only asked before a model is switched

    try:
        return importlib.metadata.version(package_name(runtime))
    except importlib.metadata.PackageNotFoundError:
        return None


def check_runtime(model: ModelFile, runtime: str | None = None) -> None:
    """Make sure that ``runtime`` (default: the one in use here) has the kernels that ``model`` says it needs.

    Raises :class:`~edge.errors.ModelError`, with the version that could run it, where it has not, and
    :class:`~edge.errors.ConfigurationError` where there is no interpreter.
    """
    runtime = choose_runtime(runtime)
    needed = _release(model.manifest.minimum_runtime) if model.manifest else None
    version = runtime_version(runtime)
    kernels = version and _kernels(runtime, version)
    if model.manifest and needed and kernels and needed[: len(kernels)] > kernels:
        raise ModelError(
            f"the model needs TensorFlow Lite {model.manifest.minimum_runtime}; {runtime} {version} here has the "
            f"kernels of {'.'.join(map(str, kernels))}: {_remedy(needed)}"
        )


def _kernels(runtime: str, version: str) -> Release | None:
    release = _release(version)
    if runtime == "litert" and release:
        return _LITERT_KERNELS.get(release[0], _LITERT_KERNELS[max(_LITERT_KERNELS)])
    return release


def _remedy(needed: Release) -> str:
    if needed[:2] <= _LAST_TFLITE_RUNTIME:
        return f"pip install 'tflite-runtime>={'.'.join(map(str, needed))}'"
    for major, kernels in sorted(_LITERT_KERNELS.items()):
        if needed[:2] <= kernels:
            return f"pip install 'ai-edge-litert>={major}.0'"
    return "upgrade ai-edge-litert and edge-for-poets, or export the model with an older TensorFlow"


def _release(version: str) -> Release | None:
    """The numbers that ``version`` begins with, None where there are none."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else None
