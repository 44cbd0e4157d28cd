"""What is known of a file of weights before a reader sees it: how large it may be, and what else it may be."""

from __future__ import annotations

import zipfile
from pathlib import Path

from edge.errors import DataError
from edge.modelfile.structure import IDENTIFIER

LARGEST_BYTES = 100_000_000
"""The largest file of weights, and the largest file in a zip of them: the largest that is known has 17 MB."""

_BEGINNINGS = (
    (b"version https://git-lfs", "it is a pointer of Git LFS, not the file itself: run git lfs pull"),
    (b"\x1f\x8b", "it is compressed: unpack it with gunzip"),
)
_OWN = (
    (b"PK\x03\x04", (".keras", ".npz"), "it is a zip: give the file of weights in it"),
    (b"\x89HDF", (".h5", ".hdf5", ".keras"), "it is a file of Keras: let its name end in .h5"),
    (b"\x80\x02", (".pth",), "it is a file of PyTorch: let its name end in .pth"),
)
_DAMAGED = "it is damaged or cut short: delete it"


def other_form(path: Path) -> str | None:
    """What the file ``path`` is, which its reader could not read, and what would do; None if that is not seen."""
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError:
        return None
    if not start:
        return "it is empty: delete it"
    if start[4:8] == IDENTIFIER:
        return "it is a TFLite model: give it as --backbone"
    if start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a web page: delete it, and download the file again"
    for beginning, suffixes, text in _OWN:
        if start.startswith(beginning):
            return _DAMAGED if path.suffix.lower() in suffixes else text
    return next((text for beginning, text in _BEGINNINGS if start.startswith(beginning)), None)


def check_zip(archive: zipfile.ZipFile) -> None:
    """Check that the files in ``archive`` are no larger than weights are, and packed in the usual ways.

    Raises :class:`~edge.errors.DataError` if they are not: reading them would fill the memory.
    """
    entries = archive.infolist()
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise DataError("it is a zip that is packed in an unusual way: store its files")
    if sum(entry.file_size for entry in entries) > LARGEST_BYTES:
        raise DataError("what is packed in it is larger than any weights that are known")
