"""All photos of the classes as a zip that is made while it is sent: no temporary file, and one photo in memory."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable, Generator, Iterable

from trainer.teach.state import TaughtPhoto

_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip can say
_PIECE_BYTES = 256 << 10
_UNSAFE = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|\ud800-\udfff]')  # on some system, or not Unicode


class _Window(io.BytesIO):
    """A file of which only the newest part is in memory: what was taken out cannot be changed any more.

    ``zipfile`` goes back to the header of an entry to write its size and sum. So all that it writes for one entry stays
    here until the entry is complete.
    """

    _start = 0

    def tell(self) -> int:
        return self._start + super().tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        super().seek(offset - self._start if whence == io.SEEK_SET else offset, whence)
        return self.tell()

    def take(self) -> bytes:
        """Take out what is complete."""
        taken = self.getvalue()
        self._start += len(taken)
        super().seek(0)
        self.truncate()
        return taken


def zip_photos(
    photos: Iterable[TaughtPhoto], folder: str, newest: Callable[[str], TaughtPhoto | None]
) -> Generator[bytes, None, None]:
    """The pieces of a zip with the files of ``photos``, not compressed, as ``folder/CLASS/NAME``.

    A photo that was moved meanwhile is read where ``newest`` says that it is now; one that is gone is skipped.
    """
    window, names = _Window(), set[str]()
    with zipfile.ZipFile(window, "w", zipfile.ZIP_STORED) as archive:
        for photo in photos:
            content = _read(photo, newest)
            if content is None:
                continue
            entry = zipfile.ZipInfo(_free(f"{safe_name(folder)}/{safe_name(photo.relative)}", names), _date(photo))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
            taken = window.take()
            yield from (taken[start : start + _PIECE_BYTES] for start in range(0, len(taken), _PIECE_BYTES))
    yield window.take()


def safe_name(path: str) -> str:
    """``path``, with forward slashes, without characters that some systems do not allow in the name of a file."""
    return _UNSAFE.sub("_", path)


def _read(photo: TaughtPhoto | None, newest: Callable[[str], TaughtPhoto | None]) -> bytes | None:
    for _ in range(2):
        if photo is None:
            break
        try:
            return photo.path.read_bytes()
        except OSError:
            photo = newest(photo.id)
    return None


def _free(name: str, names: set[str]) -> str:
    stem, dot, suffix = name.rpartition(".")
    number = 1
    while name.casefold() in names:
        number += 1
        name = f"{stem}-{number}{dot}{suffix}"
    names.add(name.casefold())
    return name


def _date(photo: TaughtPhoto) -> tuple[int, int, int, int, int, int]:
    moment = time.gmtime(max(photo.added_s, 0))[:6]
    return max(_EARLIEST, moment) if moment[0] < 2108 else _EARLIEST
