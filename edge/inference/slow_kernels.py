"""Where an interpreter is known to be slow: a quantization that it has no fast kernels for on a processor."""

from __future__ import annotations

import platform
from collections.abc import Collection

from edge.distribution import install_command
from edge.inference.interpreter import RUNTIME_VARIABLE

_EIGHT_BITS = ("int8", "dynamic")
_X86_64 = ("x86_64", "AMD64")


def slow_kernels(quantization: str | None, runtime: str, machine: str | None = None) -> str | None:
    """One sentence if ``runtime`` is known to be slow with a file of ``quantization`` on ``machine``, else None.

    ``machine`` is what :func:`platform.machine` says, by default here. Measured on x86-64: docs/measurements.md, "The
    grid". No other processor was measured.
    """
    machine = platform.machine() if machine is None else machine
    if runtime != "tflite-runtime" or quantization not in _EIGHT_BITS or machine not in _X86_64:
        return None
    return (
        f"{runtime} has no fast 8-bit kernels for x86-64: it computes {quantization} several times slower than float32"
    )


def slow_kernels_fix(installed: Collection[str]) -> str:
    """What to do where :func:`slow_kernels` holds, if the runtimes ``installed`` are there."""
    return f"{RUNTIME_VARIABLE}=litert" if "litert" in installed else install_command("litert")
