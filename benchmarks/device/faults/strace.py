"""System calls of a command, seen and tampered with by strace."""

from __future__ import annotations

import ast
import re
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.device.faults.scene import Scene
from edge.store.layout import Store

CHANGES = (
    *("openat", "write", "pwrite64", "ftruncate", "chmod", "fchmod", "fsync", "fdatasync", "flock"),
    *("mkdir", "mkdirat", "rename", "renameat", "renameat2", "symlink", "symlinkat"),
    *("unlink", "unlinkat", "rmdir"),
)
"""The calls by which a process changes what is on a disk."""

_LINE = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+|\?)")
_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|<((?:[^>\\]|\\.)*)>|[^,"<]+|,')


class Call(NamedTuple):
    """One system call: ``ordinal`` counts from 1 the calls of that ``name``; ``arguments`` as strace shows them."""

    name: str
    ordinal: int
    arguments: list[str | bytes]

    def __str__(self) -> str:
        last = [part.decode("utf-8", "replace") for part in self.arguments if isinstance(part, bytes)][:1]
        return f"{self.name} {self.ordinal}{' ' if last else ''}{''.join(Path(text).name for text in last)}"


def trace(scene: Scene, store: Store) -> list[Call]:
    """Run the command of ``scene`` on ``store`` and return the calls that changed something in the store, in order.

    Strings among the arguments are bytes, as are the paths that descriptors stand for.
    """
    with tempfile.NamedTemporaryFile() as log:
        done = scene.run(store, "strace", "-y", "-x", "-s", "1000000", "-o", log.name, "-e", f"trace={_set(CHANGES)}")
        if done.returncode:
            raise RuntimeError(f"the traced command failed: {done.stderr}")
        lines = Path(log.name).read_text(encoding="latin-1").splitlines()
    counts: dict[str, int] = {}
    calls = []
    root = bytes(store.root)
    for line in lines:
        found = _LINE.match(line)
        if not found:
            continue
        name = found[1]
        counts[name] = counts.get(name, 0) + 1
        arguments = _split(found[2])
        here = any(isinstance(part, bytes) and part.startswith(root) for part in arguments)
        makes = name != "openat" or any(isinstance(part, str) and "O_CREAT" in part for part in arguments)
        if here and makes and found[3] not in ("?", "-1"):
            calls.append(Call(name, counts[name], arguments))
    return calls


def tamper(scene: Scene, store: Store, call: Call, fault: str) -> subprocess.CompletedProcess[str]:
    """Run the command of ``scene`` on ``store`` with ``fault`` (``signal=KILL``, ``error=EIO``) in place of ``call``.

    A killed process never makes the call, a failing call changes nothing.

    Raises :class:`RuntimeError` if the fault was not injected.
    """
    with tempfile.NamedTemporaryFile() as log:
        inject = f"inject={call.name}:{fault}:when={call.ordinal}"
        done = scene.run(store, "strace", "-o", log.name, "-e", f"trace={call.name}", "-e", inject)
        said = Path(log.name).read_text(encoding="latin-1")
    if not ("killed by SIGKILL" in said if fault == "signal=KILL" else "(INJECTED)" in said):
        raise RuntimeError(f"{call}: {fault} was not injected")
    return done


def _set(names: tuple[str, ...]) -> str:
    return ",".join(f"?{name}" for name in names)


def _split(text: str) -> list[str | bytes]:
    parts: list[str | bytes] = []
    for found in _PART.finditer(re.sub(r"AT_FDCWD<[^>]*>", "AT_FDCWD", text)):
        quoted = found[1] if found[1] is not None else found[2]
        if quoted is not None:
            parts.append(ast.literal_eval(f'b"{quoted}"'))
        elif found[0].strip(", "):
            parts.append(found[0].strip())
    return parts
