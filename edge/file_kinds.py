"""What a file is that was given in place of another kind of file, by its first bytes, and what to do about it."""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_BYTES = 1024
"""How many bytes of a file are enough here."""


class FileKind(NamedTuple):
    """A kind of file: its ``name`` with an article.

    ``fetch`` says how to get at the file that was meant, ``convert`` how a model of this kind becomes a TFLite model;
    both are empty if there is no such way.
    """

    name: str
    fetch: str = ""
    convert: str = ""


PHOTO = FileKind("a photo")
MODEL = FileKind("a TFLite model")

_UNPACK, _CONVERT = "unpack it first", "convert it with tf.lite.TFLiteConverter"

_WEB_PAGE = FileKind("a web page", "download the file itself")
_ONNX_MODEL = FileKind("an ONNX model", convert="convert it to .tflite, or export it as .tflite")
_GRAPH = FileKind("a TensorFlow graph", convert="trainer adopt makes a model of the codelab's graph")

_SIGNATURES = (
    (b"\xff\xd8\xff", PHOTO),  # JPEG
    (b"\x89PNG\r\n\x1a\n", PHOTO),
    (b"GIF8", PHOTO),
    (b"PK\x03\x04", FileKind("a zip archive", _UNPACK)),
    (b"\x1f\x8b", FileKind("a gzip archive", _UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", FileKind("a 7z archive", _UNPACK)),
    (b"Rar!\x1a\x07", FileKind("a RAR archive", _UNPACK)),
    (b"version https://git-lfs.github.com/", FileKind("a pointer of Git LFS", "git lfs pull fetches the file itself")),
    (b"\x89HDF\r\n\x1a\n", FileKind("a file of Keras (HDF5)", convert=_CONVERT)),
    (b"\x08\x01\x12", FileKind("a saved model of TensorFlow", convert=_CONVERT)),
)
# The release of ONNX's form, then the name of the program that wrote it, which is text.
_ONNX = re.compile(rb"\x08[\x02-\x20]\x12[\x01-\x7f][ -~]{2}")
# A node of a graph: its length, the length of its name, the name, and then the mark of its operator.
_NODE, _OPERATOR = re.compile(rb"\n[\x01-\xff]{1,3}?\n(?P<length>[\x01-\x7f])[\w./-]"), 0x12
_TAR_AT, _TAR = 257, b"ustar"


def kind_of(head: bytes) -> FileKind | None:
    """What a file is that begins with ``head``; None if that is not known."""
    if head[4:8] == b"TFL3":
        return MODEL
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return PHOTO
    if _ONNX.match(head):
        return _ONNX_MODEL
    if head[_TAR_AT:].startswith(_TAR):
        return FileKind("a tar archive", _UNPACK)
    if _begins_graph(head):
        return _GRAPH
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return _WEB_PAGE if text.startswith((b"<!doctype html", b"<html")) else None


def _begins_graph(head: bytes) -> bool:
    node = _NODE.match(head)
    return node is not None and head[node.end() - 1 + node["length"][0] :][:1] == bytes([_OPERATOR])


def why_no_model(content: bytes) -> str:
    """Why ``content``, the whole file or its first bytes, is no TFLite model, and what to do."""
    kind = kind_of(content[:HEAD_BYTES])
    if kind is None:
        return "not a TFLite model (no TFL3 identifier); check the file's name and copy it again"
    fix = kind.fetch or kind.convert or "give the file of the model, whose name ends in .tflite"
    return f"not a TFLite model, but {kind.name}; {fix}"


def why_no_photo(head: bytes) -> str | None:
    """Why a file that begins with ``head`` and cannot be read as a photo is none; None if that is not known."""
    kind = kind_of(head)
    if kind is None or kind is PHOTO:
        return None
    return f"{kind.name}, not a photo{'; ' * bool(kind.fetch)}{kind.fetch}"
