"""Reading what a model file carries beside the network: TFLite Metadata and the files zipped after the flatbuffer.

Table and field numbers are those of the public schema ``tflite-support/metadata_schema.fbs``.
"""

from __future__ import annotations

import io
import math
import re
from typing import NamedTuple

import numpy as np

from edge.errors import ModelError
from edge.modelfile.flatbuffer import Table
from edge.modelfile.normalization import PerChannel, collapsed

BUFFER_NAME = "TFLITE_METADATA"
IDENTIFIER = b"M001"
NORMALIZATION = 1  # ProcessUnitOptions.NormalizationOptions
AXIS_LABELS = 2  # AssociatedFileType.TENSOR_AXIS_LABELS
_MAX_PACKED_BYTES = 16 << 20  # labels and manifest together; keeps a zip bomb out of memory
_END, _END_BYTES = b"PK\x05\x06", 22  # the record at the end of a zip, before its comment
# The beginning of a zip entry with the version it needs (1.0, 2.0 or 4.5): long enough not to occur in weights.
_ENTRY = re.compile(rb"PK\x03\x04[\x0a\x14\x2d]\x00")


class ImageMetadata(NamedTuple):
    """Normalisation of the input, ``(pixel - mean) / std``, and the name of the packed label file.

    ``mean`` and ``std`` are one number for all channels, or one for each if they differ; None if the metadata has none.
    """

    mean: PerChannel | None
    std: PerChannel | None
    labels_name: str | None


def parse_metadata(buffer: bytes) -> ImageMetadata:
    """What the content of the ``TFLITE_METADATA`` buffer says of an image classifier.

    Raises :class:`~edge.errors.ModelError` if it is damaged, or its normalisation makes no sense.
    """
    subgraph = next(Table.root(buffer, IDENTIFIER).tables(3), None)
    if subgraph is None:
        return ImageMetadata(None, None, None)
    means: list[float] = []
    stds: list[float] = []
    labels_name = None
    for tensor in subgraph.tables(2):
        for unit in tensor.tables(4):
            options = unit.table(1)
            if unit.integer(0, np.uint8) == NORMALIZATION and options is not None:
                means = options.array(0, np.float32).tolist() or means
                stds = options.array(1, np.float32).tolist() or stds
    for tensor in subgraph.tables(3):
        for file in tensor.tables(6):
            if file.integer(2, np.int8) == AXIS_LABELS and labels_name is None:
                labels_name = file.text(0)
    if not (means and stds):
        return ImageMetadata(None, None, labels_name)
    if not (all(map(math.isfinite, [*means, *stds])) and min(stds) > 0):
        raise ModelError(f"the model's metadata has the impossible normalisation ({means}, {stds})")
    return ImageMetadata(collapsed(tuple(means)), collapsed(tuple(stds)), labels_name)


class PackedFiles(NamedTuple):
    """The files zipped after a flatbuffer, by name, and where the flatbuffer ends (in bytes)."""

    files: dict[str, bytes]
    flatbuffer_bytes: int


def unpack_files(content: bytes) -> PackedFiles:
    """The files in the zip archive that follows the flatbuffer in ``content``; none is not an error.

    Raises :class:`~edge.errors.ModelError` if there is an archive and it is damaged, has two files of one name, or has
    bytes behind its end.
    """
    import zipfile  # slow to import, and needed only to load a model
    import zlib

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > _MAX_PACKED_BYTES:
                raise ModelError("the files packed into the model are too large to be labels")
            if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
                raise ModelError("the files packed into the model are packed in an unusual way; store them")
            if len({entry.filename for entry in entries}) < len(entries):
                raise ModelError("two of the files packed into the model have one name; copy it again")
            if content.rfind(_END) + _END_BYTES + len(archive.comment) != len(content):
                raise ModelError("the model file has bytes behind its end; copy it again")
            start = min((entry.header_offset for entry in entries), default=len(content))
            return PackedFiles({entry.filename: archive.read(entry) for entry in entries}, start)
    except zipfile.BadZipFile as error:
        if zipfile.is_zipfile(io.BytesIO(content)) or _ENTRY.search(content, max(0, len(content) - _MAX_PACKED_BYTES)):
            raise ModelError(f"the labels packed into the model are damaged ({error}); copy it again") from None
        return PackedFiles({}, len(content))
    except (NotImplementedError, RuntimeError, EOFError, ValueError, OSError, OverflowError, zlib.error) as error:
        raise ModelError(f"the labels packed into the model cannot be read ({error}); copy it again") from None
