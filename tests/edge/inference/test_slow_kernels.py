"""Where an interpreter is known to be slow."""

from __future__ import annotations

import pytest

from edge.inference.slow_kernels import slow_kernels, slow_kernels_fix


@pytest.mark.parametrize("quantization", ["int8", "dynamic"])
def test_only_what_was_measured_is_called_slow(quantization: str) -> None:
    """8-bit arithmetic of tflite-runtime on x86-64; on Arm it was not measured."""
    line = slow_kernels(quantization, "tflite-runtime", "x86_64")
    assert line is not None and line.startswith("tflite-runtime has no fast 8-bit kernels for x86-64")
    for machine in ("aarch64", "armv7l"):
        assert slow_kernels(quantization, "tflite-runtime", machine) is None
    assert slow_kernels(quantization, "litert", "x86_64") is None


@pytest.mark.parametrize("quantization", ["float32", "float16", None])
def test_floats_are_not_slow(quantization: str | None) -> None:
    """Floats have fast kernels in both interpreters; of a model without a manifest nothing is known."""
    assert slow_kernels(quantization, "tflite-runtime", "x86_64") is None


def test_what_is_installed_is_not_installed_again() -> None:
    """The fix names the variable if LiteRT is there, else the command that installs it."""
    assert slow_kernels_fix(["litert", "tflite-runtime"]) == "EDGE_RUNTIME=litert"
    assert slow_kernels_fix(["tflite-runtime"]) == "pip install 'edge-for-poets[litert]'"
