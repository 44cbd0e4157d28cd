"""A delegate of our own, built by gcc, that takes over the fully connected operators: ``delegate/delegate.c``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.inference.delegate import DelegateChoice
from edge.inference.interpreter import installed_runtimes

LIBRARY = "libtestdelegate.so"
FOLDER = Path(__file__).parent / "delegate"
RUNTIMES = installed_runtimes()
FAVOURED = {"favour": "1"}
"""The option with which every picture gets the second label."""


def build_delegate(folder: Path) -> None:
    """Write the library into ``folder``; the test is skipped without gcc, and where a pointer has 32 bits.

    There the structure that is passed by value would have to be as large as that of the interpreter.
    """
    if sys.maxsize < 2**32:
        pytest.skip("the declarations in tflite_abi.h are for 64 bits")
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here to build a delegate: apt-get install gcc libc6-dev")
    command = ["gcc", "-O1", "-Wall", "-Wextra", "-shared", "-fPIC"]
    subprocess.run([*command, "-o", str(folder / LIBRARY), str(FOLDER / "delegate.c"), "-lm"], check=True)


def choice(library: Path, **options: object) -> DelegateChoice:
    """The delegate in ``library`` with ``options``, which are named in its source."""
    return DelegateChoice(str(library), tuple((key, str(value)) for key, value in options.items()))


def words(library: Path, **options: object) -> list[str]:
    """The same delegate as words of a command line."""
    return ["--delegate", str(library), *(f"--delegate-option={key}={value}" for key, value in options.items())]
