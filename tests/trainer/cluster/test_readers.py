"""Reading ahead with a limit of time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from edge.errors import NotReadError, StorageError, UnavailableError
from support.hanging_share import OPEN, hanging_share
from support.paths import PACKAGES, python_path
from trainer.cluster.readers import NoAnswerError, Readers, how_to_reach
from trainer.photos.bucket import as_place
from trainer.photos.photo_files import FileStatus

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
    """To open a file on a share that is gone takes for ever."""
    (tmp_path / "empty").mkdir()
    environment = {**os.environ, "PYTHONPATH": python_path(PACKAGES)}
    command = [sys.executable, "-c", HANGS, tmp_path / "share" / "a.jpg"]
    with hanging_share(tmp_path / "empty", tmp_path / "share", OPEN):
        run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert (run.returncode, run.stdout) == (0, "cannot be read: no answer within 0.2 s\n")


def test_what_ends_a_run_says_what_to_do() -> None:
    """A drive is mended, a server is asked again; a node needs the folder, or a key for the bucket."""
    photo, in_bucket = Path("/share/a.jpg"), as_place("s3://bucket/a.jpg")
    late = NoAnswerError("cannot be read: no answer within 60 s")
    assert isinstance(late.ending(photo), StorageError)
    assert str(late.ending(photo)) == f"/share/a.jpg: {late}; mend the drive and run again to go on"
    assert isinstance(late.ending(in_bucket), UnavailableError)
    assert str(late.ending(in_bucket)) == f"s3://bucket/a.jpg: {late}; run again to go on"
    silent = UnavailableError("s3://bucket/a.jpg: its server does not answer; run again to go on")
    assert NoAnswerError(str(silent), silent).ending(in_bucket) is silent
    assert how_to_reach(photo) == "mount the photos there under the same path"
    assert how_to_reach(in_bucket) == "let it reach the bucket, with a key that may read it"
