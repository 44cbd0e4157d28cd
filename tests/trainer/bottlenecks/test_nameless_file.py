"""Files without a name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.bottlenecks.nameless_file import NamelessFile


def test_a_disk_that_becomes_full_is_said(small_disk: Callable[[str], Path]) -> None:
    """The system takes as many bytes as there is room for, and that alone is no error: they would be lost unseen."""
    with pytest.raises(OSError, match="No space left on device"):
        NamelessFile(small_disk("64k")).write(bytes(100_000), 0)
