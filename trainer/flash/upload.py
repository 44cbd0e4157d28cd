"""Uploads that go on where an interrupted one stopped.

A file is uploaded under the name of its sha256, and every writer puts the same bytes at the same places: two uploads at
once, or one that a dying connection left behind, cannot spoil each other. Whoever uses the file checks the whole hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge.errors import StorageError
from trainer.flash.ssh import Answer, Connection

BLOCK = 65536
"""Bytes of a piece; an upload goes on at a multiple of this."""

# How many bytes of $1 are there, and the hash of that prefix.
_ASK = """
mkdir -p -- "$(dirname -- "$1")" || exit 74
size=0
if [ -f "$1" ]; then size=$(wc -c < "$1"); fi
if [ "$size" -gt "$2" ]; then : > "$1"; size=0; fi
printf 'part %s ' "$size"
if [ "$size" -gt 0 ]; then sha256sum < "$1"; else echo -; fi
"""
# notrunc: where another upload of this file is further on, its bytes stay.
_WRITE = 'exec env LC_ALL=C dd of="$1" bs=65536 seek="$2" conv=notrunc'
_NO_SPACE = "No space left"
_ATTEMPTS = 3  # another upload of the same file may have found the beginning damaged, and begun anew


class Upload(NamedTuple):
    """``sent_bytes`` went over the connection; the first ``resumed_bytes`` were already there."""

    sent_bytes: int
    resumed_bytes: int


def upload(connection: Connection, content: bytes, path: str, advance: Callable[[int], None]) -> Upload:
    """Bring ``content`` to the file ``path`` on the device; ``advance`` is called with bytes that are there.

    Raises :class:`~edge.errors.UnavailableError` where the connection is lost, after which a repeat goes on from
    there, and :class:`~edge.errors.StorageError` where the device cannot write, or does not keep what it wrote.
    """
    resumed = there = present(connection, content, path)
    advance(there)
    sent = 0

    def count(size: int) -> None:
        nonlocal sent
        sent += size
        advance(size)

    for _ in range(_ATTEMPTS):
        if there == len(content):
            return Upload(sent, resumed)
        _checked(connection.send(_pieces(content, there), count, _WRITE, path, there // BLOCK))
        there = present(connection, content, path)
    raise StorageError("the device does not keep what it is sent; check its disk and run the same command again")


def present(connection: Connection, content: bytes, path: str) -> int:
    """How many of the first bytes of ``content`` are in the file ``path`` on the device: all, or whole blocks.

    Raises what :func:`upload` does.
    """
    return _resumable(content, _checked(connection.run(_ASK, path, len(content))))


def _resumable(content: bytes, answer: Answer) -> int:
    """How many of the bytes on the device are the first of ``content``, as a multiple of :data:`BLOCK`."""
    for line in answer.out.splitlines():  # a login shell may talk, too
        words = line.split()
        if words[:1] == ["part"] and len(words) >= 3 and words[1].isdecimal():
            size = int(words[1])
            if hashlib.sha256(content[:size]).hexdigest() == words[2]:
                return size if size == len(content) else size // BLOCK * BLOCK
    return 0


def _pieces(content: bytes, start: int) -> Iterator[bytes]:
    view = memoryview(content)
    for offset in range(start, len(content), BLOCK):
        yield bytes(view[offset : offset + BLOCK])


def _checked(answer: Answer) -> Answer:
    said = answer.err.strip().splitlines()
    if any(_NO_SPACE in line for line in said):
        raise StorageError("no space left on the device; remove something there and run the same command again")
    if answer.code:
        raise StorageError(f"the device cannot store the upload ({said[0] if said else f'code {answer.code}'})")
    return answer
