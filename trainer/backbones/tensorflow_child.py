"""Running a module that needs TensorFlow in a process of its own, and raising its errors here."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.distribution import install_command
from edge.errors import ConfigurationError, DataError, EdgeError, StorageError
from edge.system.signals import crash_name

_ERRORS = {error.exit_code: error for error in (DataError, StorageError, ConfigurationError)}


def run_tensorflow(
    purpose: str,
    module: str,
    arguments: Sequence[str] = (),
    text: str = "",
    listen: Callable[[str], None] = lambda line: None,
) -> None:
    """Run ``python -m module arguments`` with ``text`` on its stdin; ``listen`` gets each line of its stdout.

    ``purpose`` says in an error what TensorFlow is needed for. When this function ends, also with an exception, the
    child has ended too.

    Raises the :class:`~edge.errors.EdgeError` that the child ended with, :class:`~edge.errors.ConfigurationError`
    if TensorFlow is not installed, and :class:`RuntimeError` for a bug or a crash.
    """
    # The child must import this package, from whatever folder the parent was started.
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with (
        tempfile.TemporaryFile("w+") as text_file,
        tempfile.TemporaryFile("w+", errors="replace") as errors,
        tempfile.TemporaryDirectory(prefix="edge-tensorflow-") as scratch,  # TensorFlow leaves files behind
    ):
        environment["TMPDIR"] = scratch
        text_file.write(text)
        text_file.seek(0)
        command = [sys.executable, "-m", module, *arguments]
        child = subprocess.Popen(
            command, stdin=text_file, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        )
        assert child.stdout is not None
        try:
            for line in child.stdout:
                listen(line)
        except BaseException:
            child.kill()
            raise
        finally:
            child.stdout.close()
            code = child.wait()
        errors.seek(0)
        if code:
            _raise(purpose, code, errors.read().strip())


def _raise(purpose: str, code: int, output: str) -> None:
    if "No module named 'tensorflow'" in output or "No module named 'keras'" in output:
        raise ConfigurationError(f"{purpose} needs TensorFlow: {install_command('trainer')}")
    if code == EdgeError.exit_code or crash_name(code):
        raise RuntimeError(f"TensorFlow ended with {code}:\n{output[-4000:]}")
    raise _ERRORS.get(code, ConfigurationError)(output.splitlines()[-1] if output else f"TensorFlow ended with {code}")


def end_child(work: Callable[[], None]) -> int:
    """Do ``work`` in the child and return its exit code; an expected error is the last line of its stderr."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    try:
        work()
    except EdgeError as error:
        print(f"\n{error}", file=sys.stderr)
        return error.exit_code
    return 0
