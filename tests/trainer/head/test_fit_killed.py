"""A fit on stored photos whose process is killed: at most what was computed since the last checkpoint is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from support import stored_fit

_KILLED_AFTER = 150  # blocks of 64 photos, of some 230: in the fit on all photos


def test_a_killed_process_loses_one_step(tmp_path: Path) -> None:
    """The next run ends with the bytes of one that was not killed, after fewer blocks; the folder is empty then."""
    blocks: list[int] = []
    whole = stored_fit.fit(None, blocks.append)
    with subprocess.Popen(
        [sys.executable, stored_fit.__file__, str(tmp_path), str(_KILLED_AFTER)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"waiting\n"
        child.kill()
    assert [path.suffix for path in tmp_path.iterdir()] == [".fit"]
    left: list[int] = []
    again = stored_fit.fit(tmp_path, left.append)
    assert again.head.weights.tobytes() == whole.head.weights.tobytes()
    assert again.head.bias.tobytes() == whole.head.bias.tobytes()
    assert np.array_equal(again.steps, whole.steps)
    one_step = 2000 // 64 + 1  # each evaluation of all photos
    assert len(blocks) - len(left) >= _KILLED_AFTER - 2 * one_step
    assert list(tmp_path.iterdir()) == []
