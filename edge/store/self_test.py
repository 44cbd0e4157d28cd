"""Proof that a model runs here: its self-test, in a process that may crash, hang or eat memory as it likes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from edge.child_process import ask
from edge.errors import ModelError

COMMAND = (sys.executable, "-m", "edge.store.self_test_process")
TIME_LIMIT_S = 60.0
"""Far beyond what the slowest board needs; a self-test takes about a second on a Raspberry Pi 3."""

_MEMORY_BYTES = 512 << 20  # numpy, Pillow and an interpreter take up 120 MB of address space
_MEMORY_OF_MODEL = 16  # address space for weights, their unpacked form and tensors, in sizes of the file


def prove(model: Path, time_limit_s: float | None = None) -> dict[str, Any]:
    """Run the self-test of the file ``model`` in a child process; returns its answer
    (:func:`edge.store.self_test_process.prove`).

    Raises :class:`~edge.errors.ModelError` where it fails, crashes, or exceeds its limits of time and memory.
    """
    time_limit_s = TIME_LIMIT_S if time_limit_s is None else time_limit_s
    request = {
        "path": str(model.absolute()),
        "memory_bytes": _MEMORY_BYTES + _MEMORY_OF_MODEL * model.stat().st_size,
        "time_limit_s": time_limit_s,
    }
    # Threads of the linear algebra would take address space for nothing.
    answer = ask(COMMAND, request, time_limit_s, {"OPENBLAS_NUM_THREADS": "1"})
    if "error" in answer:
        reason = str(answer["error"]).replace(f"{request['path']}: ", "")
        raise ModelError(f"refused: its self-test in a process of its own ended badly: {reason}")
    return answer
