"""A lock that only one process has."""

from __future__ import annotations

import os
from pathlib import Path

from edge.system.locks import try_lock


def test_the_second_one_does_not_get_it(tmp_path: Path) -> None:
    """Until the first one closes the file; a folder can be locked too."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path):
        first, second = os.open(path, os.O_RDONLY), os.open(path, os.O_RDONLY)
        assert (try_lock(first), try_lock(second)) == (True, False)
        os.close(first)
        assert try_lock(second)
        os.close(second)
