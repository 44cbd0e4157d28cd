"""Secrets from files, links and pipes: the first line, within limits of size and time."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import cli
from edge.errors import ConfigurationError
from edge.sinks import secret_file
from edge.sinks.secret_file import is_lasting, read_secret
from support.paths import DATA, PACKAGES, python_path
from support.waits import error_of, within_limit

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on Windows")


def _read(path: Path) -> str:
    return within_limit(lambda: read_secret(path, "the token", "--token-file"))


class Pipe:
    """A pipe of this process, and its name, as a shell gives it for ``<(...)``."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        self.path = Path(f"/dev/fd/{self.reader}")


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A pipe whose writer is open."""
    made = Pipe()
    yield made
    for descriptor in (made.reader, made.writer):
        with contextlib.suppress(OSError):
            os.close(descriptor)


@pytest.mark.parametrize("ends", [True, False])
def test_a_pipe_of_a_shell(pipe: Pipe, ends: bool) -> None:
    """The first line is taken as soon as it is there; its writer may go on, or have ended before."""
    os.write(pipe.writer, b"\xef\xbb\xbfhush\nmore")
    if ends:
        os.close(pipe.writer)
    assert _read(pipe.path) == "hush"


def test_a_line_without_an_end(pipe: Pipe) -> None:
    """The end of the pipe ends it too; a second look finds nothing."""
    os.write(pipe.writer, b"hush")
    os.close(pipe.writer)
    assert _read(pipe.path) == "hush"
    assert "the first line is empty" in str(error_of(lambda: _read(pipe.path)))


def test_a_writer_that_comes_later(tmp_path: Path) -> None:
    """A pipe with a name has no writer at first."""
    os.mkfifo(tmp_path / "pipe")
    thread = threading.Thread(target=(tmp_path / "pipe").write_text, args=("hush\n",), daemon=True)
    thread.start()  # it waits for a reader
    assert _read(tmp_path / "pipe") == "hush"
    thread.join(60)


def test_nothing_comes(pipe: Pipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line after the limit, also if half a line came, and if nobody opens the pipe."""
    monkeypatch.setattr(secret_file, "PIPE_LIMIT_S", 0.01)
    os.mkfifo(tmp_path / "pipe")
    os.write(pipe.writer, b"half a line")
    for path in (pipe.path, tmp_path / "pipe"):
        error = error_of(lambda path=path: _read(path))
        assert isinstance(error, ConfigurationError)
        assert str(error) == (
            f"{path}: the token cannot be read (no line came from this pipe within 0.01 s); check --token-file"
        )


def test_a_line_that_is_too_long(pipe: Pipe) -> None:
    """A writer without an end is not read for ever."""

    def write() -> None:
        try:
            while True:
                os.write(pipe.writer, b"x" * 4096)
        except OSError:  # the reader has gone
            pass

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    assert "the first line is longer than 65,535 bytes" in str(error_of(lambda: _read(pipe.path)))
    os.close(pipe.reader)
    thread.join(60)
    assert not thread.is_alive()


def test_links_and_devices(tmp_path: Path) -> None:
    """Kubernetes gives links to links; a device is refused, and the line says what may be given."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "token").write_text("hush\n")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "token").symlink_to("..data/token")
    assert _read(tmp_path / "token") == "hush"
    assert "(a device or a socket; give a file or a pipe); check" in str(error_of(lambda: _read(Path("/dev/zero"))))


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_command_and_a_shell() -> None:
    """What a program writes for ``<(...)`` arrives; here it is no token, and the command ends with that line."""
    command = f"{sys.executable} -m edge serve 8080 --model {DATA / 'tiny-int8.tflite'} --token-file <(echo two words)"
    environment = {**os.environ, "PYTHONPATH": python_path(PACKAGES)}
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 78
    assert done.stderr == "edge: the token may have letters, digits and signs of ASCII without blanks; write another\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--serve", "8080", "--model", str(DATA / "tiny-int8.tflite"), "--token-file"],
        ["0", "--model", str(DATA / "tiny-int8.tflite"), "--mqtt", "mqtt://host/a", "--mqtt-password-file"],
        ["0", "--model", str(DATA / "tiny-int8.tflite"), "--webhook", "http://host", "--webhook-secret-file"],
    ],
)
def test_a_service_needs_a_file_that_stays(
    pipe: Pipe, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A unit that names a pipe of this shell would never start."""
    assert cli.main(["service", *arguments, str(pipe.path)]) == 2
    error = capsys.readouterr().err
    assert error.endswith(
        f"{arguments[-1]} {pipe.path}: a service reads the secret at each start; give a file that stays, no pipe\n"
    )


def test_what_stays(tmp_path: Path) -> None:
    """A file does, also one that is not there yet; what a process has open does not."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    names = ("file", "none", "pipe", "/dev/stdin", "/proc/self/fd/0")
    assert [is_lasting(tmp_path / name) for name in names] == [True, True, False, False, False]
