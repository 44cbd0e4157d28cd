"""What fits depend on beside their data is the same in each process of a machine, and other if anything is other."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer import one_thread
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.retraining import arithmetic
from trainer.retraining.arithmetic import arithmetic_of_new_process

Command = Callable[..., "subprocess.CompletedProcess[str]"]

PRINT = """
from trainer.retraining import arithmetic
arithmetic.SETTLED_S = 0.0
found = arithmetic.arithmetic_of_new_process()
print(found.code.hex(), found.rest.hex())
"""


def test_other_kernels(run_python: Command) -> None:
    """Two processes have the same; without some instructions of the processor NumPy's part is another one."""
    core: Any = getattr(np, "_core", None) or np.core
    umath = core._multiarray_umath
    chosen = [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name]]
    if not chosen:
        pytest.skip("NumPy has no kernels to choose from on this processor")
    first, again = (run_python("-c", PRINT).stdout.split() for _ in range(2))
    other = run_python("-c", PRINT, env={"NPY_DISABLE_CPU_FEATURES": " ".join(chosen)}).stdout.split()
    assert first == again
    assert (other[0], other[1] != first[1]) == (first[0], True)


def test_other_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another release of NumPy, other linear algebra for another processor, and other bits of results count."""
    monkeypatch.setattr(arithmetic, "SETTLED_S", 0.0)
    found = arithmetic_of_new_process()
    assert found is not None
    assert arithmetic_of_new_process() == found
    library = {"user_api": "blas", "filepath": "/numpy.libs/blas.so", "version": "1", "architecture": "Zen"}
    changes: list[tuple[Any, str, Any]] = [
        (np, "__version__", "1.0"),
        (arithmetic, "threadpool_info", lambda: [library]),
        (arithmetic, "threadpool_info", lambda: [{**library, "architecture": "Haswell"}]),
        (arithmetic, "_computed", lambda: b"other"),
    ]
    rests = {found.rest}
    for place, name, value in changes:
        with monkeypatch.context() as patch:
            patch.setattr(place, name, value)
            other = arithmetic_of_new_process()
        assert other is not None
        assert other.code == found.code
        rests.add(other.rest)
    assert len(rests) == 1 + len(changes)


def test_libraries_of_others_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The linear algebra that SciPy brings, the number of threads, and libraries for threads change nothing."""
    own = {"user_api": "blas", "filepath": "/numpy.libs/blas.so", "num_threads": 2}
    scipy = {"user_api": "blas", "filepath": "/scipy.libs/blas.so", "num_threads": 2}
    threads = {"user_api": "openmp", "filepath": "/libgomp.so", "num_threads": 2}
    found = []
    for libraries in ([own], [scipy, {**own, "num_threads": 1}, threads]):
        monkeypatch.setattr(arithmetic, "threadpool_info", lambda libraries=libraries: libraries)
        found.append(arithmetic._libraries())
    assert found[0] == found[1]


def test_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed, a new, a renamed and a lost source file is other code; one that has just changed is not known."""
    package = tmp_path / "trainer"
    (package / "head").mkdir(parents=True)
    for name in ("one_thread.py", "head/fit.py", "head/notes.txt"):
        (package / name).write_text(name)
    monkeypatch.setattr(one_thread, "__file__", str(package / "one_thread.py"))
    assert arithmetic_of_new_process() is None
    monkeypatch.setattr(arithmetic, "SETTLED_S", -3600.0)
    first = arithmetic_of_new_process()
    assert first is not None
    assert first.is_still_true
    changes: list[Callable[[], object]] = [
        lambda: (package / "head/fit.py").write_text("other"),
        lambda: (package / "head/new.py").write_text(""),
        lambda: (package / "head/new.py").rename(package / "new.py"),
        lambda: (package / "new.py").unlink(),
    ]
    codes = [first.code]
    for change in changes:
        change()
        assert not first.is_still_true
        found = arithmetic_of_new_process()
        assert found is not None
        codes.append(found.code)
    assert len(set(codes)) == 4
    assert codes[1] == codes[4]
    (package / "head/notes.txt").write_text("other")
    assert arithmetic_of_new_process() == found
    monkeypatch.setattr(one_thread, "__file__", str(tmp_path / "archive.zip" / "one_thread.py"))
    assert arithmetic_of_new_process() is None


def test_command_keeps(trainer: Command, tiny_arguments: list[object], cache: Path, tmp_path: Path) -> None:
    """``trainer retrain`` keeps what it has fitted, and a second run with another output has the same bytes."""
    if arithmetic_of_new_process() is None:
        pytest.skip("a source file has just changed")
    outputs = [tmp_path / "one.tflite", tmp_path / "two.tflite"]
    for output in outputs:
        assert trainer("retrain", *tiny_arguments, "--output", output).returncode == 0
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    with contextlib.closing(sqlite3.connect(cache / FILE_NAME)) as database:
        assert database.execute("SELECT count(*) FROM fits").fetchone() == (2,)
