"""The status file of a stream, as ``edge watch`` writes it."""

from __future__ import annotations

import json
import os
from pathlib import Path


def write_status(path: Path, sha256: str, frames: int = 1, pid: int | None = None) -> None:
    """Write the status file ``path``, whole: ``frames`` labelled by the model ``sha256`` (``pid``: this process)."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"pid": pid or os.getpid(), "model_sha256": sha256, "frames_labelled": frames}))
    fresh.replace(path)
