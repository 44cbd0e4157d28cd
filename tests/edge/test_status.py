"""The status file of a stream."""

from __future__ import annotations

import json
import os
from pathlib import Path

from edge.statistics import StreamStatistics
from edge.status import StatusFile
from support.observed import observe


def test_every_user_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    """A service's umask hides its files; what this one says is for other programs."""
    path = tmp_path / "watch.json"
    before = os.umask(0o077)
    try:
        StatusFile(path, StreamStatistics()).write(observe())
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
    assert json.loads(path.read_bytes())["pid"] == os.getpid()
