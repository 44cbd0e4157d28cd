"""How a command line program of this project ends: data on stdout, talk on stderr, a meaningful exit code."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable

from edge.errors import EdgeError, StorageError

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT, the shell's convention."""


def run(program: str, command: Callable[[], int | None]) -> int:
    """Run ``command`` and return the exit code; an expected error becomes one line on stderr.

    A reader that closes the pipe early (``| head``) ends the program quietly. An exception that is neither
    an :class:`~edge.errors.EdgeError` nor an :class:`OSError` is a bug and is raised with its traceback.
    """
    # Pillow's own warning would be a second voice beside the one line of our ImageError.
    warnings.filterwarnings("ignore", message=".*decompression bomb.*")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a file name need not be valid UTF-8
            stream.reconfigure(errors="backslashreplace")
    try:
        code = command() or 0
        sys.stdout.flush()
        return code
    except EdgeError as error:
        return _complain(program, str(error), error.exit_code)
    except BrokenPipeError:
        # The interpreter flushes stdout once more at exit; give it somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(program, f"{where}{error.strerror or error}", StorageError.exit_code)
    except KeyboardInterrupt:
        return _complain(program, "interrupted; run the same command again to go on", INTERRUPTED)


def _complain(program: str, message: str, code: int) -> int:
    print(f"{program}: {' '.join(message.split())}", file=sys.stderr, flush=True)
    return code
