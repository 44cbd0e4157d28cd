"""Zips with a model in them, such as Teachable Machine's ``converted_tflite.zip``: ``model.tflite``, ``labels.txt``."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import NamedTuple

from edge.errors import ModelError
from edge.modelfile.reading import MAX_LABEL_BYTES, MAX_MODEL_BYTES


class ZippedModel(NamedTuple):
    """The bytes of the model in a zip, and content and name of the label file beside it, if there is one."""

    content: bytes
    labels: tuple[bytes, str] | None


def model_of_zip(content: bytes) -> ZippedModel:
    """The one model in the zip ``content``, with the labels beside it.

    Raises :class:`~edge.errors.ModelError` if there is no model in it, or several, or the zip is damaged.
    """
    entries = _entries(content)
    models = [name for name in entries if name.lower().endswith((".tflite", ".lite"))]
    if len(models) != 1:
        found = f"{len(models)} models ({', '.join(models[:3])})" if models else "no .tflite file"
        raise ModelError(f"a zip with {found} in it; unpack it and give one model file")
    texts = _label_files(entries)
    labels = (_read(content, texts[0], MAX_LABEL_BYTES), texts[0]) if len(texts) == 1 else None
    return ZippedModel(_read(content, models[0], MAX_MODEL_BYTES), labels)


def labels_of_zip(content: bytes) -> tuple[bytes, str]:
    """Content and name of the label file in the zip ``content``.

    Raises :class:`~edge.errors.ModelError` if there is none in it, or several, or the zip is damaged.
    """
    texts = _label_files(_entries(content))
    if len(texts) != 1:
        raise ModelError(f"a zip with {len(texts)} text files in it; unpack it and give the one with the labels")
    return _read(content, texts[0], MAX_LABEL_BYTES), texts[0]


def _label_files(names: list[str]) -> list[str]:
    texts = [name for name in names if name.lower().endswith(".txt")]
    exact = [name for name in texts if name.lower().rpartition("/")[2] in ("labels.txt", "labelmap.txt")]
    return exact if len(exact) == 1 else texts


def _entries(content: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [entry.filename for entry in archive.infolist() if entry.filename]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError) as error:
        raise ModelError(f"a damaged zip ({error}); copy it again") from None
    hidden = ("__MACOSX/", ".")
    return [name for name in names if not (name.startswith(hidden) or name.endswith("/") or "/." in name)]


def _read(content: bytes, name: str, largest: int) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.getinfo(name).file_size > largest:
                raise ModelError(f"{name} in the zip has more than {largest >> 20} MB")
            return archive.read(name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise ModelError(f"{name} in the zip cannot be read ({error}); copy it again") from None
    except (OverflowError, OSError, MemoryError):
        raise ModelError(f"{name} in the zip cannot be read; copy it again") from None
