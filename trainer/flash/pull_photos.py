"""Photos of a device: those that are taught there are copied here, for training on this machine."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from edge.errors import DatasetError, ImageError, UnavailableError
from edge.files import free_path, write_output
from edge.parallel import available_cores, ordered_map
from edge.pictures.bounded_file import MAX_FILE_BYTES
from edge.printable import printable
from edge.shorten import shorten
from edge.sources.files import UNNAMED, reason_to_ignore, walk_files
from edge.system.file_names import why_windows_refuses
from trainer.flash.device_answers import whole_number
from trainer.flash.ssh_connection import SshConnection
from trainer.photos.photo_files import Skipped
from trainer.photos.reading import read_photo
from trainer.progress import SILENT, Progress

_LISTING_S = 600.0  # every photo is read for its hash; an SD card reads some 40 MB a second
_LISTING_BYTES = 64 << 20
_BATCH_BYTES = 4 << 20  # photos are fetched in parts of this size, or one at a time if they are larger
_BATCH_S = 300.0
_BATCH_NAMES_BYTES = 32 << 10  # they go into the command line
_BLOCK = 512  # of tar; a file has a header and is filled up to whole blocks; long names have two headers more

# The photos below $1, without hidden files and folders: size and path, then hash and path, each ended by a zero byte.
_LIST = """
[ -d "$1" ] || { echo no such folder >&2; exit 1; }
cd -- "$1" || exit 1
find . -mindepth 1 -name '.*' -prune -o -type f -printf '%s %p\\0' || exit 1
printf '\\0'
find . -mindepth 1 -name '.*' -prune -o -type f -print0 | xargs -0 -r sha256sum -z --
"""
_SEND = 'cd -- "$1" || exit 1\nshift\nexec tar -cf - --format=gnu --no-recursion -- "$@"'


class Pulled(NamedTuple):
    """What a pull did: photos ``copied``, those that were ``here`` already, and those that were skipped and why."""

    copied: int
    here: int
    skipped: list[Skipped]


class _DevicePhoto(NamedTuple):
    relative: str
    size_bytes: int
    sha256: bytes


def pull_photos(connection: SshConnection, source: str, folder: Path, progress: Progress = SILENT) -> Pulled:
    """Copy the photos below the folder ``source`` of the device into ``folder``, each into the class that it has there.

    A photo whose bytes are in ``folder`` already, in whatever class, is not copied; nothing in ``folder`` is changed or
    overwritten. If it is interrupted, a second pull copies the rest.

    Raises :class:`~edge.errors.UnavailableError` if the device cannot be reached or cannot send them,
    :class:`~edge.errors.DatasetError` if it has no such folder, and :class:`~edge.errors.StorageError` if ``folder``
    cannot be written.
    """
    found, skipped = _list(connection, source)
    with progress.stage("photos here"):
        here = _hashes(folder)
    wanted = [photo for photo in found if photo.sha256 not in here]
    copied = 0
    with progress.stage("photos copied", len(wanted)) as advance:
        for batch in _batches(wanted):
            contents = _fetch(connection, source, batch)
            for photo in batch:
                content = contents.get(photo.relative)
                if content is None or hashlib.sha256(content).digest() != photo.sha256:
                    skipped.append(Skipped(photo.relative, "it was changed while it was copied; pull again"))
                else:
                    write_output(free_path(folder / photo.relative), content)
                    copied += 1
            advance(len(batch))
    return Pulled(copied, len(found) - len(wanted), skipped)


def _list(connection: SshConnection, source: str) -> tuple[list[_DevicePhoto], list[Skipped]]:
    """The photos of the device, each content once, and what is skipped: the names come from another machine."""
    try:
        answer = connection.fetch(_LIST, source, limit_s=_LISTING_S, max_bytes=_LISTING_BYTES)
    except UnavailableError as error:
        if "no such folder" in str(error):
            raise DatasetError(f"{printable(source)}: there is no such folder on the device") from None
        raise
    sizes_part, _, hashes_part = answer.partition(b"\0\0")
    sizes = dict(_pairs(sizes_part, " "))
    photos: dict[bytes, _DevicePhoto] = {}
    skipped = []
    for relative, sha256 in _pairs(hashes_part, "  "):
        size, reason = whole_number(sizes.get(relative, "")), _refusal(relative)
        if size is None or len(sha256) != 64:
            reason = "it was changed while the photos were listed; pull again"
        elif size > MAX_FILE_BYTES:
            reason = f"a file of {size >> 20} MB"
        if reason:
            skipped.append(Skipped(shorten(printable(relative)), reason))
            continue
        assert size is not None
        digest = bytes.fromhex(sha256)
        photos.setdefault(digest, _DevicePhoto(relative, size, digest))
    return sorted(photos.values()), skipped


def _pairs(text: bytes, separator: str) -> Iterator[tuple[str, str]]:
    """Path -> value of the parts ``VALUE PATH`` of a listing."""
    for part in text.split(b"\0"):
        value, found, path = part.decode("utf-8", "surrogateescape").partition(separator)
        if found and path.startswith("./"):
            yield path[2:], value


def _refusal(relative: str) -> str | None:
    """Why a photo with this path is not copied; None if it may be: its class is the first part of its path."""
    parts = PurePosixPath(relative).parts
    if len(parts) < 2:
        return "not in a class folder"
    if any(part in ("..", "/") or not part.isprintable() or len(os.fsencode(part)) > 255 for part in parts):
        return "its path cannot be used here"
    if sys.platform == "win32" and any(why_windows_refuses(part) for part in parts):
        return "Windows keeps no file of this name"
    if any(reason_to_ignore(part) in UNNAMED for part in parts):
        return "hidden"
    return None


def _hashes(folder: Path) -> set[bytes]:
    """The content hash of every file of ``folder`` that can be read."""
    if not folder.is_dir():
        return set()
    paths = walk_files(folder, lambda path, reason: None)
    return {sha256 for sha256 in ordered_map(lambda: _hash, paths, available_cores()) if sha256 is not None}


def _hash(path: Path) -> bytes | None:
    try:
        content, _ = read_photo(path)
    except ImageError:
        return None
    return hashlib.sha256(content).digest()


def _batches(photos: list[_DevicePhoto]) -> Iterator[list[_DevicePhoto]]:
    batch: list[_DevicePhoto] = []
    size = names = 0
    for photo in photos:
        name = len(os.fsencode(photo.relative))
        if batch and (size + photo.size_bytes > _BATCH_BYTES or names + name > _BATCH_NAMES_BYTES):
            yield batch
            batch, size, names = [], 0, 0
        batch.append(photo)
        size, names = size + photo.size_bytes, names + name
    if batch:
        yield batch


def _fetch(connection: SshConnection, source: str, batch: list[_DevicePhoto]) -> dict[str, bytes]:
    """The bytes of the photos of ``batch`` that the device sends, by their path."""
    most = sum(photo.size_bytes + 8 * _BLOCK for photo in batch) + 20 * _BLOCK
    answer = connection.fetch(
        _SEND, source, *(f"./{photo.relative}" for photo in batch), limit_s=_BATCH_S, max_bytes=most
    )
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(answer), errors="surrogateescape") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isreg() else None
                if file is not None:
                    contents[member.name.removeprefix("./")] = file.read()
    except (tarfile.TarError, EOFError) as error:
        raise UnavailableError(f"it sent no archive of its photos ({error}); pull again") from None
    return contents
