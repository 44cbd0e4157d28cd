"""A benchmark whose workers return fixed times immediately, for tests of all the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.bench import run
from edge.inference.interpreter import installed_runtimes

RUNTIME = installed_runtimes()[0]
QUICK = ["--seconds", "0.01", "--rounds", "2", "--threads", "1", "--runtime", RUNTIME]
BENCH = ["bench", "models", *QUICK]
"""``edge bench`` of the folder ``models``, as short as possible."""


def fake_workers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """Start no process; returns the list of the measurements that are asked for: model, runtime, threads."""
    asked: list[tuple[str, str, int]] = []

    def run_worker(request: Any) -> dict[str, Any]:
        asked.append((Path(request.path).name, request.runtime, request.threads))
        figures = {"load_ms": 1.0, "first_ms": 2.0, "end_to_end_ns": [3_000_000], "peak_memory_bytes": 4}
        return {"samples_ns": [1_000_000], **figures}

    monkeypatch.setattr(run, "run_worker", run_worker)
    return asked
