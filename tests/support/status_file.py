"""The status file of a stream, as ``edge watch`` writes it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path


def write_status(
    path: Path,
    sha256: str,
    frames: int = 1,
    pid: int | None = None,
    age_s: float = 0.0,
    every_s: float = 0.0,
    **more: object,
) -> None:
    """Write the status file ``path``, whole, as it was ``age_s`` seconds ago.

    ``frames`` were labelled by the model ``sha256`` in the process ``pid`` (default: this one), one in ``every_s``
    seconds. ``more`` are other fields.
    """
    record = {"pid": pid or os.getpid(), "model_sha256": sha256, "frames_labelled": frames, "every_s": every_s}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({**record, "monotonic_s": time.monotonic() - age_s, **more}))
    fresh.replace(path)
