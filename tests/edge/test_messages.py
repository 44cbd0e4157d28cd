"""What a stream says on stderr, beside the line that is redrawn."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from edge.messages import print_message

SAY = [
    sys.executable,
    "-c",
    "from edge.messages import print_message; print_message('camera lost'); print_message('back')",
]


def test_lines_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    """Away from a terminal it is plain lines, and stdout stays clean."""
    print_message("camera lost")
    assert capfd.readouterr() == ("", "edge: camera lost\n")


def test_a_terminal_loses_the_redrawn_line() -> None:
    """On a terminal the line that stands there is cleared first."""
    master, slave = pty.openpty()
    subprocess.run(SAY, stdout=slave, stderr=slave, check=True)
    content = b""
    while not content.endswith(b"back\r\n"):  # a terminal hands over what it has, in parts
        content += os.read(master, 1000)
    assert content == b"\r\x1b[Kedge: camera lost\r\n\r\x1b[Kedge: back\r\n"
    os.close(master)
    os.close(slave)


def test_a_closed_stderr() -> None:
    """A closed stderr does not end the stream."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run([*SAY[:2], SAY[2] + "; import os; os._exit(7)"], stderr=writer)
    os.close(writer)
    assert process.returncode == 7
