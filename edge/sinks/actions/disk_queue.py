"""A queue of messages on the disk: bounded, and still there after a restart."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import threading
from collections import deque
from pathlib import Path

from edge.errors import StorageError
from edge.files import write_whole
from edge.system.locks import try_lock

_SUFFIX = ".json"
_MESSAGE = re.compile(r"[0-9]{15}-[0-9a-f]{16}\.json")
_LONGEST = 1 << 20  # bytes of a message; ours are far shorter
_QUEUES = 16


class DiskQueue:
    """Messages in the order in which they came, one file each. Two threads may use it: one adds, one takes."""

    def __init__(self, folder: Path, *, most: int) -> None:
        """Keep at most ``most`` messages in ``folder``, or in one beside it if another process uses that one."""
        self._wanted, self._most = folder, most
        self._folder = folder
        self._names: deque[str] = deque()
        self._number = 0
        self._changed = threading.Lock()
        self._claim: int | None = None

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._names)

    def open(self) -> None:
        """Make the folder if it is missing, and read which messages are left in it. A second call does nothing.

        Raises :class:`~edge.errors.StorageError` if it cannot be used.
        """
        if self._claim is not None:
            return
        try:
            self._claim_folder()
            with os.scandir(self._folder) as entries:  # a pipe would hold up all others; a link leads somewhere else
                files = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
            found = sorted(filter(_MESSAGE.fullmatch, files))
            for name in files:
                if name.startswith("."):  # a message that was being written when the power failed
                    (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            self.close()
            raise StorageError(
                f"{self._folder}: the queue of the webhook cannot be used ({error.strerror}); set XDG_STATE_HOME to a "
                "folder that you may write to"
            ) from None
        self._names = deque(found)
        self._number = int(found[-1].partition("-")[0]) if found else 0

    def add(self, content: bytes) -> int:
        """Put ``content`` at the end; returns how many of the oldest messages were dropped for it.

        Raises :class:`~edge.errors.StorageError` if it cannot be written.
        """
        self._number += 1
        name = f"{self._number:015d}-{secrets.token_hex(8)}{_SUFFIX}"
        write_whole(self._folder / name, content, mode=0o600)
        dropped = 0
        with self._changed:
            self._names.append(name)
            while len(self._names) > self._most:
                self._unlink(self._names.popleft())
                dropped += 1
        return dropped

    def oldest(self) -> tuple[str, bytes] | None:
        """Name and content of the oldest message; None if there is none. The name is one that no other message has."""
        while self._names:
            name = self._names[0]
            try:
                with (self._folder / name).open("rb") as file:
                    content = file.read(_LONGEST)
            except FileNotFoundError:  # removed by hand
                content = b""
            except OSError:  # it stays for the next start, and must not hold up the others
                with self._changed:
                    if self._names and self._names[0] == name:
                        self._names.popleft()
                continue
            if content:
                return name.removesuffix(_SUFFIX), content
            self.remove(name.removesuffix(_SUFFIX))
        return None

    def remove(self, name: str) -> bool:
        """Remove the message ``name``; whether it was still there, and not dropped meanwhile."""
        with self._changed:
            if not self._names or self._names[0] != name + _SUFFIX:
                return False
            self._unlink(self._names.popleft())
            return True

    def close(self) -> None:
        """Let another process have the folder."""
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None

    def _unlink(self, name: str) -> None:
        with contextlib.suppress(OSError):
            (self._folder / name).unlink()

    def _claim_folder(self) -> None:
        """Take the first folder that no other process has: two watches with one webhook have a queue each."""
        for number in range(_QUEUES):
            self._folder = self._wanted.with_name(f"{self._wanted.name}-{number}")
            self._folder.mkdir(0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                if try_lock(descriptor):
                    self._claim = descriptor
                    return
            finally:
                if self._claim is None:
                    os.close(descriptor)
        raise StorageError(f"{self._wanted}: {_QUEUES} programs use queues of this webhook; end one of them")
