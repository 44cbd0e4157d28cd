"""The self-test of a model in a process of its own, which may crash, hang or use too much memory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from edge.child_process import ask
from edge.errors import ModelError

COMMAND = (sys.executable, "-m", "edge.store.self_test_process")
TIME_LIMIT_S = 60.0
"""Far more than the slowest board needs; a self-test takes about a second on a Raspberry Pi 3."""

_MEMORY_BYTES = 512 << 20  # numpy, Pillow and an interpreter take up 120 MB of address space
_MEMORY_OF_MODEL = 16  # address space for weights, their unpacked form and tensors, in sizes of the file


def self_test_in_child(model: Path, *, time_limit_s: float = TIME_LIMIT_S) -> dict[str, Any]:
    """Run the self-test of the file ``model`` in a child process.

    Returns ``runtime``, ``largest_difference`` and ``tolerance``; the last two are None for a model that carries no
    self-test.

    Raises :class:`~edge.errors.ModelError` if the self-test fails, crashes, or exceeds its limits of time and memory.
    """
    request = {
        "path": str(model.absolute()),
        "memory_bytes": _MEMORY_BYTES + _MEMORY_OF_MODEL * model.stat().st_size,
        "time_limit_s": time_limit_s,
    }
    # More threads of the linear algebra would only take address space.
    answer = ask(COMMAND, request, time_limit_s=time_limit_s, environment={"OPENBLAS_NUM_THREADS": "1"})
    if "error" in answer:
        reason = str(answer["error"]).replace(f"{request['path']}: ", "")
        raise ModelError(f"refused by its self-test: {reason}")
    return answer
