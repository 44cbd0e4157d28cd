"""A command of the trainer as a process of its own: how long it takes, and how much memory."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import IO, NamedTuple

# Linux counts the memory of the program that starts another one as memory of that one. So a small program does it.
_LAUNCHER = """
import os, sys, time
usage = int(os.environ.pop("MEASURED_USAGE"))
started = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
seconds = time.perf_counter() - started
busy = used.ru_utime + used.ru_stime
os.write(usage, f"{os.waitstatus_to_exitcode(status)} {seconds} {used.ru_maxrss} {busy}".encode())
"""


class Usage(NamedTuple):
    """Seconds from start to end, and the peak resident memory in bytes of its largest process, children included.

    ``processor_seconds`` are those of all its threads together: other programs on the machine change them little.
    """

    seconds: float
    peak_memory_bytes: int
    processor_seconds: float


def run_trainer(*arguments: str, output: IO[bytes] | None = None, messages: IO[bytes] | None = None) -> Usage:
    """Run ``trainer`` with ``arguments``. ``output`` gets its stdout and ``messages`` its stderr; None: they are lost.

    Raises :class:`RuntimeError` if it does not end with 0.
    """
    # An installed package has its bytecode. Without it, to compile the modules would be a part of what is measured.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-I", "-S", "-c", _LAUNCHER, sys.executable, "-m", "trainer", *arguments]
    read, written = os.pipe()
    printed, told_to = (subprocess.DEVNULL if file is None else file for file in (output, messages))
    environment["MEASURED_USAGE"] = str(written)
    with open(read) as usage:  # noqa: PTH123  # a descriptor
        child = subprocess.Popen(command, stdout=printed, stderr=told_to, env=environment, pass_fds=(written,))
        os.close(written)
        told = usage.read().split()
    child.wait()
    code, seconds, peak = int(told[0]), float(told[1]), int(told[2])
    if code:
        raise RuntimeError(f"trainer {arguments[0]} ended with {code}")
    return Usage(seconds, peak * 1024, float(told[3]))
