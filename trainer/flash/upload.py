"""Uploads that continue at the place where an interrupted one stopped.

A file is uploaded under the name of its sha256, and every upload writes the same bytes at the same places. So two
uploads at the same time cannot damage the file. The code that uses the file checks the whole hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge.errors import StorageError
from edge.shorten import plain_text
from trainer.flash.device_answers import whole_number
from trainer.flash.ssh_connection import Answer, SshConnection

BLOCK = 65536
"""Size of a piece in bytes; an upload continues at a multiple of it."""

# Print how many bytes of the file $1 are there, and their hash; empty the file if it is longer than $2 bytes.
_READ_PART = """
mkdir -p -- "$(dirname -- "$1")" || exit 74
size=0
if [ -f "$1" ]; then size=$(wc -c < "$1"); fi
if [ "$size" -gt "$2" ]; then : > "$1"; size=0; fi
printf 'part %s ' "$size"
if [ "$size" -gt 0 ]; then sha256sum < "$1"; else echo -; fi
"""
# notrunc: if another upload of this file has written more bytes already, they stay.
_WRITE = 'exec env LC_ALL=C dd of="$1" bs=65536 seek="$2" conv=notrunc'
_NO_SPACE = "No space left"
_ATTEMPTS = 3  # another upload of the same file may find its beginning damaged and start it again


class Upload(NamedTuple):
    """``sent_bytes`` went over the connection; the first ``resumed_bytes`` were already on the device."""

    sent_bytes: int
    resumed_bytes: int


def upload(connection: SshConnection, content: bytes, path: str, advance: Callable[[int], None]) -> Upload:
    """Write ``content`` to the file ``path`` on the device; ``advance`` is called with the number of new bytes there.

    Raises :class:`~edge.errors.UnavailableError` if the connection is lost; a repeat then continues. Raises
    :class:`~edge.errors.StorageError` if the device cannot write, or reads other bytes than it wrote.
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
    raise StorageError(
        "the device does not keep the bytes that it writes; check its disk and run the same command again"
    )


def present(connection: SshConnection, content: bytes, path: str) -> int:
    """How many bytes of ``content``, from its beginning, are in the file ``path`` on the device: all, or whole blocks.

    Raises what :func:`upload` does.
    """
    return _resumable(content, _checked(connection.run(_READ_PART, path, len(content))))


def _resumable(content: bytes, answer: Answer) -> int:
    """How many bytes of ``content``, from its beginning, the ``answer`` reports: all, or whole blocks."""
    for line in answer.out.splitlines():  # the login shell may print other lines
        words = line.split()
        size = whole_number(words[1]) if words[:1] == ["part"] and len(words) >= 3 else None
        if size is not None and size <= len(content) and hashlib.sha256(content[:size]).hexdigest() == words[2]:
            return size if size == len(content) else size // BLOCK * BLOCK
    return 0


def _pieces(content: bytes, start: int) -> Iterator[bytes]:
    view = memoryview(content)
    for offset in range(start, len(content), BLOCK):
        yield bytes(view[offset : offset + BLOCK])


def _checked(answer: Answer) -> Answer:
    lines = answer.err.strip().splitlines()
    if any(_NO_SPACE in line for line in lines):
        raise StorageError("no space left on the device; remove something there and run the same command again")
    if answer.code:
        raise StorageError(
            f"the device cannot store the upload ({plain_text(lines[0]) if lines else f'code {answer.code}'})"
        )
    return answer
