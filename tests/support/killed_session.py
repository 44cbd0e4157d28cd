"""A teaching session that is killed at its N-th change of the disk, run in a child process of its own for each N.

``python -m support.killed_session TEMPLATE FOLDER INBOXES FIRST STEP`` copies TEMPLATE/photos to FOLDER/N/photos and
TEMPLATE/inbox to INBOXES/N for N = FIRST, FIRST + STEP, ... until a session ends before its N-th change. It forks, so
that no import is repeated. It prints each N.
FOLDER/N/acts has a line for each act that had ended.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from support.pictures import noise_picture
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.state import CLASS, INBOX, Hold

_CHANGING = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.utime"})


def act(photos: Path, inbox: Path, acts: int) -> None:
    """All kinds of actions; a line for each that has ended goes to the descriptor ``acts``."""

    def ended(name: str) -> None:
        os.writev(acts, [f"{name}\n".encode()])  # os.write is counted

    folders = ClassFolders(photos, inbox)
    ended("open")
    for number in range(4):
        added = folders.add(noise_picture(1000 + number), "rose", hold=Hold("held", 1_795_728_930.5))
        ended(f"add {added.photo.id}")
    ended(f"add {folders.add(noise_picture(2000, 'PNG'), 'tulip', name='upload.png').photo.id}")
    folders.add_class("daisy")
    folders.assign([photo.id for photo in folders.of(INBOX)], "daisy")
    ended("assign from the inbox")
    folders.assign([photo.id for photo in folders.of(CLASS, "rose")[:4]], "tulip")
    folders.rename_class("tulip", "lily")
    ended("rename")
    folders.delete([photo.id for photo in folders.of(CLASS, "lily")[2:5]])
    folders.merge_class("daisy", "lily")
    ended("merge")
    folders.delete_class("rose")
    for _ in range(4):
        assert folders.undoable and folders.undo(folders.undoable.id)
    ended("undo")
    for _ in range(2):
        assert folders.redoable and folders.redo(folders.redoable.id)
    ended("redo")
    folders.close()


def kill_at(number: int) -> None:
    """Kill this process at its ``number``-th change of the disk from now on; a write then stops in its middle."""
    left = number

    def count() -> bool:
        nonlocal left
        left -= 1
        return left == 0

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in _CHANGING or writing) and count():
            die()

    write = os.write

    def counted_write(descriptor: int, content: Any) -> int:
        if count():
            write(descriptor, content[: len(content) // 2])
            die()
        return write(descriptor, content)

    def counted_fsync(descriptor: int) -> None:
        if count():
            die()  # a kill loses nothing that was not synced, so the rest of the call would only take time

    os.write, os.fsync = counted_write, counted_fsync
    sys.addaudithook(hook)


def run_killed(number: int, run: Callable[[], object]) -> bool:
    """Call ``run`` in a process that is killed at its ``number``-th change of the disk; whether it came to that."""
    process = os.fork()
    if process == 0:
        kill_at(number)
        run()
        os._exit(0)
    status = os.waitpid(process, 0)[1]
    assert os.WIFSIGNALED(status) or status == 0, status
    return os.WIFSIGNALED(status)


def main() -> None:
    """Run sessions, each killed STEP changes later than the one before, until one is not killed."""
    template, folder, inboxes = map(Path, sys.argv[1:4])
    first, step = map(int, sys.argv[4:])
    for number in itertools.count(first, step):
        place, inbox = folder / str(number), inboxes / str(number)
        shutil.copytree(template / "photos", place / "photos")
        shutil.copytree(template / "inbox", inbox)
        acts = os.open(place / "acts", os.O_WRONLY | os.O_CREAT, 0o600)
        killed = run_killed(number, partial(act, place / "photos", inbox, acts))
        os.close(acts)
        # The next session, which finishes what was begun, is killed too, early.
        run_killed(number % 7 + 1, partial(ClassFolders, place / "photos", inbox))
        print(number, flush=True)
        if not killed:
            break


if __name__ == "__main__":
    main()
