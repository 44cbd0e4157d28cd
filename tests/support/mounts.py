"""Programs that see other mounts than this process."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

TIME_LIMIT_S = 120


def in_own_mounts(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the shell ``script`` in ``folder``, with mounts of its own; skips the test if that is not allowed here."""
    unshare = ["unshare", "--mount", "--map-root-user"]
    try:
        allowed = subprocess.run(
            [*unshare, "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True, timeout=TIME_LIMIT_S
        )
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if allowed.returncode:
        pytest.skip("this user may not mount anything, not even in a namespace of its own")
    return subprocess.run(
        [*unshare, "sh", "-c", script], capture_output=True, text=True, cwd=folder, timeout=TIME_LIMIT_S
    )
