"""What a fit depends on beside its data: the code, the libraries that compute, and the processor.

The same numbers give the same fit, bit by bit, only if all of this is the same. So it is part of the name under which
a fit is kept.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_info

import edge.errors
import trainer.one_thread
from trainer.one_thread import one_thread

SETTLED_S = 10.0
"""A source file that changed less than so many seconds ago may have changed since the process has read it."""


class Arithmetic(NamedTuple):
    """What a fit depends on, as two SHA-256: that of the ``code``, and that of all else."""

    code: bytes
    rest: bytes

    @property
    def is_still_true(self) -> bool:
        """Whether no source file has changed since: a module that was loaded later may have come from another file."""
        return _code() == self.code


def arithmetic_of_new_process() -> Arithmetic | None:
    """What a fit in this process depends on; None if it is not known what code the process runs.

    Call it only in a process that began a few seconds ago: what one that runs for longer has loaded may be gone from
    the disk. The result is None if a source file cannot be read, or has changed in the last :data:`SETTLED_S`.
    """
    code = _code(time.time_ns() - int(SETTLED_S * 1e9))
    if code is None:
        return None
    return Arithmetic(code, hashlib.sha256(repr(_libraries()).encode() + _computed()).digest())


def _code(latest_ns: int | None = None) -> bytes | None:
    """The SHA-256 of the source files of this program: whatever changes in one of them, no fit from before is used.

    None if one of them cannot be read, or has changed after ``latest_ns``.
    """
    digest = hashlib.sha256()
    try:
        for module in (edge.errors, trainer.one_thread):
            root = os.path.dirname(str(module.__file__))
            for path in _sources(root):
                with io.FileIO(path) as file:
                    status, content = os.fstat(file.fileno()), file.readall()
                # Where another file is moved to its place, the second one alone says when.
                if latest_ns is not None and max(status.st_mtime_ns, status.st_ctime_ns) > latest_ns:
                    return None
                name = path.removeprefix(os.path.dirname(root))
                digest.update(repr((name, len(content))).encode() + content)
    except OSError:  # the program is in an archive, for example
        return None
    return digest.digest()


def _sources(folder: str) -> Iterator[str]:
    """The paths of all source files under ``folder``, as text: a thousand objects would take longer than the files."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir():
            yield from _sources(entry.path)
        elif entry.name.endswith(".py"):
            yield entry.path


def _libraries() -> tuple[object, ...]:
    """Python, NumPy and its linear algebra, and which instructions of the processor they use."""
    core: Any = sys.modules.get("numpy._core._multiarray_umath") or sys.modules["numpy.core._multiarray_umath"]
    compiled = Path(core.__file__)
    status = compiled.stat()
    algebra = [
        sorted((name, str(value)) for name, value in library.items() if name != "num_threads")
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]
    # SciPy may bring a library of its own, if it is loaded; no fit computes with it.
    own = [library for library in algebra if any(name == "filepath" and "numpy" in value for name, value in library)]
    confstr = getattr(os, "confstr", None)  # Windows has none
    libc = confstr("CS_GNU_LIBC_VERSION") if confstr and "CS_GNU_LIBC_VERSION" in os.confstr_names else None
    return (
        sys.version,
        platform.machine(),
        libc,
        np.__version__,
        (str(compiled), status.st_size, status.st_mtime_ns),
        sorted(core.__cpu_features__.items()),
        sorted(own or algebra),
    )


def _computed() -> bytes:
    """The bits of a few results: what no version says, such as another emulator, shows there."""
    numbers = np.random.default_rng(0).standard_normal((61, 47))
    found: list[npt.NDArray[np.floating[Any]]] = []
    with one_thread():
        for some in (numbers, numbers.astype(np.float32)):
            found += [some.T @ some, np.exp(some), np.log(np.abs(some)), some.sum(axis=0), some.sum(axis=1)]
        found += [np.tanh(numbers), numbers.std(axis=0), *np.linalg.eigh(numbers.T @ numbers)]
        found.append(np.exp(numbers - 745) * 0.5)  # so small that some processors are told to take 0
    return b"".join(number.tobytes() for number in found)
