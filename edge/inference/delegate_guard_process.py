"""A small process beside one that loads a delegate: it ends that one if the delegate hangs.

It is run as a file, with the number of the other process, a limit in seconds and a line as arguments. It imports
nothing of this package, so that it starts soon. The other process ends it when all is well.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time

_LOOK_EVERY_S = 1.0


def main(parent: int, limit_s: float, line: str) -> None:
    """Wait for the end of stdin, which is that of the process ``parent``; after ``limit_s`` seconds kill that process.

    ``line`` is printed on stderr before. What counts is the time in which this process was not stopped: Ctrl-Z stops
    both.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other one handles Ctrl-C
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    while limit_s > 0:
        time.sleep(min(limit_s, _LOOK_EVERY_S))
        limit_s -= _LOOK_EVERY_S
    if os.getppid() == parent:
        with contextlib.suppress(OSError):
            os.write(2, os.fsencode(line + "\n"))
        os.kill(parent, getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has one way to end a process
    os._exit(0)  # the end of Python would wait for what the thread reads


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
