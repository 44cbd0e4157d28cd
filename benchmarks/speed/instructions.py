"""How many instructions a command runs: a figure that other programs on the machine do not change.

Where the processor counts them, ``perf stat`` asks it; a virtual machine often has no such counter. Valgrind computes
the program instruction by instruction, which takes about thirty times as long, and counts all of them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_TIME_LIMIT_S = 300
_COLLECTED = re.compile(r"Collected : (\d+)")


class Instructions(NamedTuple):
    """How many, and the program that counted: ``perf`` or ``valgrind``. Figures of the two are not compared."""

    count: int
    counter: str


def count_instructions(command: Sequence[str]) -> Instructions | None:
    """The instructions of ``command`` in user mode, its threads included; None if nothing here can count them.

    Its output is thrown away. Raises :class:`RuntimeError` if it does not end with 0.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _by_perf(command, Path(folder)) or _by_valgrind(command, Path(folder))


def _by_perf(command: Sequence[str], folder: Path) -> Instructions | None:
    if shutil.which("perf") is None:
        return None
    told = folder / "perf.csv"
    if _run(["perf", "stat", "-x", ",", "-e", "instructions:u", "-o", str(told), "--", "true"], check=False):
        return None
    if _perf_count(told) is None:
        return None
    _run(["perf", "stat", "-x", ",", "-e", "instructions:u", "-o", str(told), "--", *command])
    count = _perf_count(told)
    return None if count is None else Instructions(count, "perf")


def _perf_count(path: Path) -> int | None:
    for line in path.read_text(encoding="utf-8").splitlines():
        value, _, rest = line.partition(",")
        if "instructions" in rest:
            return int(value) if value.isdecimal() else None
    return None


def _by_valgrind(command: Sequence[str], folder: Path) -> Instructions | None:
    if shutil.which("valgrind") is None:
        return None
    log = folder / "log"
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", f"--log-file={log}"]
    _run([*tool, *command])
    found = _COLLECTED.search(log.read_text(encoding="utf-8", errors="replace"))
    return Instructions(int(found[1]), "valgrind") if found else None


def _run(command: Sequence[str], *, check: bool = True) -> int:
    # The order of sets of texts would change from run to run; without bytecode the modules would be compiled each time.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONHASHSEED"] = "0"
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=_TIME_LIMIT_S)
    if check and done.returncode:
        reason = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise RuntimeError(f"{command[0]} ended with {done.returncode} ({reason})")
    return done.returncode
