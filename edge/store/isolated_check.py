"""The check of a model file in a process of its own, which may crash, hang or use too much memory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

from edge.child_process import ask
from edge.errors import ConfigurationError, ModelError, UnavailableError

COMMAND = (sys.executable, "-m", "edge.store.check_process")
PROCESSOR_LIMIT_S = 30.0
"""The most processor time of a check, in seconds; it takes about a second on a Raspberry Pi 3."""

TIME_LIMIT_S = 100.0
"""How long a check may take. A model that needs :data:`PROCESSOR_LIMIT_S` reaches that first on an idle machine."""

_MEMORY_BYTES = 512 << 20  # numpy, Pillow and an interpreter take up 120 MB of address space
_MEMORY_OF_MODEL = 16  # address space for weights, their unpacked form and tensors, in sizes of the file


class CheckedModel(NamedTuple):
    """A model file that has passed its check.

    ``sha256`` is that of the bytes that were checked. ``facts`` are ``size_bytes``, ``labels`` (how many),
    ``architecture``, ``quantization`` and ``test_accuracy``; the last three are None for a model of another project.
    ``messages`` are the lines of :meth:`edge.modelfile.model_file.ModelFile.messages`. ``self_test`` has ``runtime``,
    ``largest_difference`` and ``tolerance``; the last two are None for a model that carries no self-test.
    """

    sha256: str
    facts: dict[str, Any]
    messages: list[str]
    self_test: dict[str, Any]


def check_in_child(
    path: Path, *, processor_limit_s: float = PROCESSOR_LIMIT_S, time_limit_s: float = TIME_LIMIT_S
) -> CheckedModel:
    """Check the model file at ``path`` in a child process: its structure, its runtime, its self-test.

    The limits are in seconds.

    Raises :class:`~edge.errors.ModelError` if the file is refused, or if its check crashes or exceeds its limits of
    processor time and memory: the same file always gets this answer. Raises :class:`~edge.errors.UnavailableError` if
    there was no answer because of this machine (it is busy, or out of memory), and
    :class:`~edge.errors.ConfigurationError` if it has no interpreter that works.
    """
    request = {
        "path": str(path.absolute()),
        "memory_bytes": _MEMORY_BYTES + _MEMORY_OF_MODEL * path.stat().st_size,
        "processor_limit_s": processor_limit_s,
        "time_limit_s": time_limit_s,
    }
    # More threads of the linear algebra, and an arena of memory for each thread, would only take address space.
    environment = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    answer = ask(COMMAND, request, time_limit_s=time_limit_s, environment=environment)
    if "error" not in answer:
        return CheckedModel(**answer)
    if answer.get("again"):
        raise UnavailableError(
            f"the model could not be checked ({answer['error']}); try again when this machine is less busy"
        )
    if answer.get("exit_code") == ConfigurationError.exit_code:
        raise ConfigurationError(f"the model could not be checked: {answer['error']}")
    if "exit_code" in answer:
        raise ModelError(answer["error"])
    raise ModelError(f"refused by its check: {answer['error']}")
