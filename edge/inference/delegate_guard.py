"""A limit of time for a delegate in this process, after its trial in another one.

It is loaded by code that holds Python's own lock: if that hangs, no thread of this process runs any more, no exception
can be raised, and no handler of a signal is called. Only another process can say so, and end this one.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from edge.system.resource_limits import ends_in_time

LIMIT_S = 60.0
"""How long a delegate may take to load, and for its first inference, in seconds."""

_PROGRAM = Path(__file__).with_name("delegate_guard_process.py")


@contextlib.contextmanager
def limited(library: str) -> Iterator[None]:
    """In the block, the delegate ``library`` may take :data:`LIMIT_S`; then this process is ended, by SIGKILL.

    A line on stderr says why. A process that has a limit of its own needs no other:
    :func:`edge.system.resource_limits.end_after`.
    """
    if ends_in_time():
        yield
        return
    line = (
        f"edge: {library} hangs: it has passed its trial, but gives no answer here within {LIMIT_S:g} s; "
        "connect its device again, and start again"
    )
    command = [sys.executable, "-I", "-S", str(_PROGRAM), str(os.getpid()), str(LIMIT_S), line]
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    except OSError:  # no process can be started now: then there is no limit
        yield
        return
    try:
        yield
    finally:
        process.kill()
        process.communicate()
