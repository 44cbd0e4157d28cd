"""A share that hangs or fails: a file system in user space (FUSE) that shows a folder, up to some request.

``python -m support.hanging_share FOLDER MOUNT_POINT REQUEST NUMBER ERROR`` mounts it, prints ``mounted``, and answers
until it has answered requests of that kind ``NUMBER`` times. Then it is silent if ``ERROR`` is 0; else all requests of
that kind get this error. When the process ends, all who wait get an error.

The protocol is that of Linux, ``linux/fuse.h``, version 7.31.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, INIT, OPENDIR, READDIR, FORGET_MANY = 1, 2, 3, 14, 15, 17, 26, 27, 28, 42
RELEASE, FLUSH, RELEASEDIR, INTERRUPT = 18, 25, 29, 36

_IN, _OUT = struct.Struct("<IIQQIIII"), struct.Struct("<IiQ")
_ATTRIBUTES = struct.Struct("<6Q10I")
_DIRECT, _NO_FLUSH = 1, 1 << 5
_NOTHING_TO_SAY = {FORGET, FORGET_MANY, INTERRUPT}


class _Share:
    """Answers requests about ``folder``, whose files and folders have numbers in the order in which they were seen."""

    def __init__(self, folder: str) -> None:
        self._paths = {1: folder}

    def _number(self, path: str) -> int:
        for number, known in self._paths.items():
            if known == path:
                return number
        self._paths[len(self._paths) + 1] = path
        return len(self._paths)

    def _attributes(self, number: int) -> bytes:
        found = os.lstat(self._paths[number])
        times = [int(found.st_atime), int(found.st_mtime), int(found.st_ctime)]
        return _ATTRIBUTES.pack(
            *(number, found.st_size, found.st_blocks, *times, 0, 0, 0),
            *(found.st_mode, found.st_nlink, found.st_uid, found.st_gid, 0, 4096, 0),
        )

    def answer(self, operation: int, number: int, body: bytes) -> bytes:
        """What the request asks for. Raises :class:`OSError` if there is no such thing."""
        path = self._paths.get(number, "")
        if operation == INIT:
            return struct.pack("<IIIIHHII36x", 7, 31, 1 << 16, 0, 16, 12, 1 << 16, 1)
        if operation == GETATTR:
            return struct.pack("<QII", 0, 0, 0) + self._attributes(number)
        if operation == LOOKUP:
            child = os.path.join(path, os.fsdecode(body.rstrip(b"\0")))
            os.lstat(child)
            found = self._number(child)
            return struct.pack("<QQQQII", found, 0, 0, 0, 0, 0) + self._attributes(found)
        if operation in (OPEN, OPENDIR):
            return struct.pack("<QII", 0, _DIRECT | _NO_FLUSH, 0)  # else a process that ends may wait for an answer
        if operation == READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            return Path(path).read_bytes()[offset : offset + size]
        if operation == READDIR:
            _, offset, _ = struct.unpack_from("<QQI", body)
            return b"".join(self._entries(path)) if offset == 0 else b""
        if operation == STATFS:
            return struct.pack("<5Q4I24x", 0, 0, 0, 0, 0, 4096, 255, 4096, 0)
        if operation in (RELEASE, RELEASEDIR, FLUSH):
            return b""
        raise OSError(errno.ENOSYS, "not needed here")

    def _entries(self, path: str) -> Iterator[bytes]:
        for place, name in enumerate(sorted(os.listdir(path)), 1):
            child, encoded = os.path.join(path, name), os.fsencode(name)
            kind = stat.S_IFMT(os.lstat(child).st_mode) >> 12
            entry = struct.pack("<QQII", self._number(child), place, len(encoded), kind) + encoded
            yield entry + bytes(-len(entry) % 8)


def _mount(point: str) -> int:
    """Mount at ``point``; returns what the kernel's requests are read from."""
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    libc = ctypes.CDLL(None, use_errno=True)
    read_only_and_plain = 1 | 2 | 4
    if libc.mount(b"share", os.fsencode(point), b"fuse", read_only_and_plain, options.encode()):
        raise OSError(ctypes.get_errno(), "cannot mount")
    return device


def _serve(folder: str, point: str, operation: int, number: int, failure: int) -> None:
    device, share, answered, asked = _mount(point), _Share(folder), 0, 0
    print("mounted", flush=True)
    while True:
        try:
            if (
                asked and answered == number and not failure
            ):  # what is not read can be given up by a process that ends, as with NFS
                signal.pause()
            request = os.read(device, 1 << 18)
        except OSError:  # it was unmounted
            return
        _, asked, unique, node, *_ = _IN.unpack_from(request)
        if asked in _NOTHING_TO_SAY:
            continue
        answered += asked == operation
        error, content = 0, b""
        try:
            if asked == operation and answered > number:
                raise OSError(failure, os.strerror(failure))
            content = share.answer(asked, node, request[_IN.size :])
        except OSError as found:
            error = -(found.errno or errno.EIO)
        os.write(device, _OUT.pack(_OUT.size + len(content), error, unique) + content)


@contextlib.contextmanager
def hanging_share(folder: Path, point: Path, operation: int, number: int = 0, *, error: int = 0) -> Iterator[None]:
    """Show ``folder`` at ``point``, which is made, until ``number`` requests were answered; skips if not allowed.

    Then it hangs, or answers requests of this kind with ``error``.
    """
    point.mkdir()
    numbers = [str(each) for each in (operation, number, error)]
    command = [sys.executable, "-m", "support.hanging_share", str(folder), str(point), *numbers]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "mounted\n":
            pytest.skip("this user may not mount a file system of its own")
        yield
    finally:
        process.kill()
        process.wait()
        subprocess.run(["umount", "-l", str(point)], stderr=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], *(int(number) for number in sys.argv[3:6]))
