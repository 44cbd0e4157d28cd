"""``python -m benchmarks.device.hostile.file_process``: the ``edge`` command on many files, one after the other.

The list of commands comes as JSON on stdin. For each, a line ``begin`` and a line of JSON go to the descriptor that was
stdout: exit code, stderr, processor time in s and the largest memory in bytes while it ran.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from benchmarks.device.hostile.case import peak_bytes


def main() -> None:
    """Run the commands on stdin."""
    from edge.cli import main as edge

    commands = json.load(sys.stdin)
    trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)  # of glibc
    answers = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        for command in commands:
            for file in (out, err):
                file.truncate(0)
                os.lseek(file.fileno(), 0, os.SEEK_SET)
            print("begin", file=answers, flush=True)
            gc.collect()
            trim(0)  # so that what earlier files left does not count for this one
            Path("/proc/self/clear_refs").write_text("5")  # begins a new measurement of the largest memory
            started = time.process_time()
            try:
                code = edge(command)
            except BaseException:
                code = 1
                traceback.print_exc()
            seconds = time.process_time() - started
            sys.stdout.flush()
            sys.stderr.flush()
            err.seek(0)
            text = err.read(100_000).decode("utf-8", "replace")
            print(json.dumps([code, text, seconds, peak_bytes()]), file=answers, flush=True)


if __name__ == "__main__":
    main()
