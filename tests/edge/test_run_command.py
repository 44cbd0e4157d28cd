"""How a program ends: exit codes, one line on stderr, and pipes that close early."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import ConfigurationError, ImageError, UsageError
from edge.run_command import run_command

RUN = "import sys; from edge.run_command import run_command; sys.exit(run_command('prog', lambda: {}))"


def _raise(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (3, 3)])
def test_exit_code_of_a_command_that_returns(returned: int | None, code: int) -> None:
    """None and 0 are success, any other number is the exit code."""
    assert run_command("prog", lambda: returned) == code


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ImageError("bad photo"), 65, "prog: bad photo\n"),
        (UsageError("two\n  lines"), 2, "prog: two lines\n"),
        (ConfigurationError("pip install x"), 78, "prog: pip install x\n"),
        (OSError(28, "No space left on device"), 74, "prog: No space left on device\n"),
        (FileNotFoundError(2, "No such file or directory", "a.txt"), 74, "prog: a.txt: No such file or directory\n"),
        (OSError("disk on fire"), 74, "prog: disk on fire\n"),
        (ImageError("x" * 10_000), 65, f"prog: {'x' * 999}...{'x' * 998}\n"),
        (KeyboardInterrupt(), 130, "prog: interrupted; run the same command again to go on\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_expected_errors_are_one_line(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An expected error becomes one line on stderr, nothing on stdout, and its exit code."""
    assert run_command("prog", lambda: _raise(error)) == code
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize(("argument", "code"), [(0, 0), (2, 2), (None, 0), ("text", 1)])
def test_system_exit(argument: object, code: int) -> None:
    """A command line parser's way out is an exit code like any other."""
    assert run_command("prog", lambda: _raise(SystemExit(argument))) == code


def test_bugs_keep_their_traceback() -> None:
    """An unexpected exception is raised."""
    with pytest.raises(ZeroDivisionError):
        run_command("prog", lambda: 1 // 0)


def test_names_that_are_not_utf8_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """A surrogate, which stands for a byte that is not UTF-8, is printed with a backslash."""
    assert run_command("prog", lambda: print(os.fsdecode(b"caf\xe9.png"))) == 0
    assert capsys.readouterr().out == "caf\\udce9.png\n"


@pytest.mark.parametrize("module", ["PIL.Image", "PIL.TiffImagePlugin", "PIL.JpegImagePlugin"])
def test_pillows_warnings_are_silenced(module: str) -> None:
    """Our own error line is the only message about a picture that is too large or damaged."""
    import warnings

    warn = "warnings.warn('Corrupt EXIF data.')"
    with warnings.catch_warnings(record=True) as caught:
        assert run_command("prog", lambda: exec(warn, {"warnings": warnings, "__name__": module})) == 0
    assert caught == []


@pytest.mark.parametrize("unbuffered", [False, True])
def test_a_reader_that_leaves_ends_the_program_quietly(unbuffered: bool) -> None:
    """Writing into a closed pipe is no error: exit code 0 and no message, however stdout is buffered."""
    read, write = os.pipe()
    os.close(read)
    options = ["-u"] if unbuffered else []
    command = [sys.executable, *options, "-c", RUN.format("print('x' * 100_000)")]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_error_whose_reader_has_left_keeps_its_exit_code() -> None:
    """If stderr is closed, the exit code still says what happened."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", RUN.format("open('/nowhere/at/all')")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=write, timeout=60, check=False)
    os.close(write)
    assert (done.returncode, done.stdout) == (74, b"")


@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_an_error(unbuffered: bool) -> None:
    """Output that cannot be written ends in one line and exit code 74, not in a silent loss."""
    options = ["-u"] if unbuffered else []
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, *options, "-c", RUN.format("print('data')")]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 74
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith("No space left on device\n")


def test_a_folder_that_was_removed(tmp_path: Path) -> None:
    """A program that runs in it says so, where the system only says that something is not there."""
    code = "import os; " + RUN.format("(os.rmdir(os.getcwd()), os.path.abspath('photo'))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (74, "prog: the current folder was removed; go to another one\n")


@pytest.mark.parametrize("descriptor", [0, 1, 2])
def test_closed_streams(descriptor: int, tmp_path: Path) -> None:
    """A program started with a stream closed neither fails nor writes into the next file that it opens."""
    script = """
import contextlib, os, sys
from edge.run_command import run_command
def command():
    with open("file", "w"), contextlib.suppress(OSError):
        print("data")
        print("talk", file=sys.stderr)
        os.write(2, b"talk of C++")  # which does not look whether it was written
sys.exit(run_command("prog", command))
"""
    command = ["sh", "-c", f'exec {descriptor}>&-; exec "$@"', "sh", sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == ("" if descriptor == 1 else "data\n")
    assert done.stderr == ("" if descriptor == 2 else "talk\ntalk of C++")
    assert (tmp_path / "file").read_text() == ""
