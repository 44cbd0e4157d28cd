"""Reading ahead with a limit of time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.paths import PACKAGES, python_path
from trainer.cluster.readers import NoAnswerError, Readers
from trainer.photos.photo_files import FileStatus
from trainer.photos.reading import NotReadError

HANGS = """
import sys
from pathlib import Path
from trainer.cluster.readers import Readers

readers = Readers(2, 0.2)
print(readers.wait(readers.ask(Path(sys.argv[1]))))
"""


def test_photos_are_read_and_reasons_are_handed_over(tmp_path: Path) -> None:
    """Contents with their status, and why a file cannot be read."""
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"some bytes")
    readers = Readers(2)
    asked = [readers.ask(photo), readers.ask(tmp_path / "none.jpg")]
    assert readers.wait(asked[0]) == (b"some bytes", FileStatus(10, photo.stat().st_mtime_ns))
    reason = readers.wait(asked[1])
    assert isinstance(reason, NotReadError)
    assert not isinstance(reason, NoAnswerError)
    assert str(reason) == "cannot be read: No such file or directory"


def test_a_process_ends_while_a_read_hangs(tmp_path: Path) -> None:
    """A pipe that nobody writes to is opened for ever, like a file on a share that is gone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    environment = {**os.environ, "PYTHONPATH": python_path(PACKAGES)}
    run = subprocess.run(
        [sys.executable, "-c", HANGS, pipe], capture_output=True, text=True, env=environment, timeout=60
    )
    assert (run.returncode, run.stdout) == (0, "cannot be read: no answer within 0.2 s\n")
