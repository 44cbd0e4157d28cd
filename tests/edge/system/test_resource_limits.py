"""Limits of a process."""

from __future__ import annotations

import signal

import pytest

SHOW = """
import resource
from edge.system.resource_limits import end_after, limit_resources
limit_resources(memory_bytes=1 << 40, processor_s=2.5)
print([resource.getrlimit(limit) for limit in (resource.RLIMIT_CORE, resource.RLIMIT_AS, resource.RLIMIT_CPU)])
"""
END = """
import sys
sys.platform = {system!r}
from edge.system.resource_limits import end_after
end_after(0.1)
while True:
    pass
"""


def test_limits_are_set(python) -> None:
    """No core file, the address space, and the processor time in whole seconds."""
    assert python("-c", SHOW).stdout == f"[(0, 0), ({1 << 40}, {1 << 40}), (3, 8)]\n"


def test_lower_limits_stay(python) -> None:
    """What ``ulimit`` has set for the shell is not raised, which only root may do, and is no error."""
    before = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 36, 1 << 38))"
    before += "; resource.setrlimit(resource.RLIMIT_CPU, (2, 7))"
    assert python("-c", before + SHOW).stdout == f"[(0, 0), ({1 << 36}, {1 << 38}), (2, 7)]\n"


@pytest.mark.parametrize(("system", "code"), [("linux", -signal.SIGALRM), ("win32", 124)])
def test_a_process_ends_itself(python, system: str, code: int) -> None:
    """By a timer of the kernel, on Windows by a thread."""
    assert python("-c", END.format(system=system)).returncode == code
