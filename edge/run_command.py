"""How a command of this project ends: data on stdout, messages on stderr, an exit code that says what happened."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Callable

from edge.errors import EdgeError, StorageError
from edge.exit_codes import INTERRUPTED
from edge.printable import printable
from edge.shorten import shorten
from edge.system.file_changes import is_closed_pipe

LONGEST_LINE = 2000
"""The most characters of an error in one line. Messages shorten the names in them; this is for those that do not."""


def run_command(program: str, command: Callable[[], int | None]) -> int:
    """Run ``command`` and return the exit code; an expected error becomes one line on stderr.

    If the reader closes the pipe early (``| head``), the program ends without a message. An exception that is neither
    an :class:`~edge.errors.EdgeError` nor an :class:`OSError` is a bug and is raised with its traceback.
    """
    # Pillow's own warnings would be more messages beside the one line of our ImageError.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    _prepare_streams()
    return _flush(program, _exit_code(program, command))


def _exit_code(program: str, command: Callable[[], int | None]) -> int:
    try:
        return command() or 0
    except SystemExit as exit:  # how a command line parser ends, after its own message
        return exit.code if isinstance(exit.code, int) else int(exit.code is not None)
    except EdgeError as error:
        return _print_error(program, str(error), error.exit_code)
    except OSError as error:
        if is_closed_pipe(error):
            return 0
        return _print_error(program, _text(error), StorageError.exit_code)
    except KeyboardInterrupt:
        return _print_error(program, "interrupted; run the same command again to go on", INTERRUPTED)


def _prepare_streams() -> None:
    """Open /dev/null for the streams that are closed, and make all of them able to print any file name.

    Otherwise the next opened file would get the number of the closed stream, and output would be written into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    # If a library has already opened a file under the closed descriptor (libffi 3.5 does), that file stays there.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a file name need not be valid UTF-8
            stream.reconfigure(errors="backslashreplace")
            if sys.platform == "win32":  # else a pipe or a file gets the code page of the system
                stream.reconfigure(encoding="utf-8")


def _flush(program: str, code: int) -> int:
    """The exit code once all output is written: ``code``, or that of a write that failed."""
    for descriptor, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            stream.flush()
        except OSError as error:
            # The interpreter flushes once more at exit; without this it would fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
            if code == 0 and not is_closed_pipe(error):
                code = _print_error(program, f"output: {_text(error)}", StorageError.exit_code)
    return code


def _text(error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and error.filename is None and _is_nowhere():
        return "the current folder was removed; go to another one"
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def _is_nowhere() -> bool:
    """Whether the current folder is gone: relative paths cannot be made absolute then."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _print_error(program: str, message: str, code: int) -> int:
    with contextlib.suppress(OSError):  # stderr is closed; the exit code still says what happened
        print(f"{program}: {printable(shorten(' '.join(message.split()), LONGEST_LINE))}", file=sys.stderr, flush=True)
    return code
