"""Writing TFLite Metadata, so that MediaPipe Tasks, Android and the Task Library can read our files.

The writers in mediapipe and tflite-support cannot be used (one cannot be imported, one is not maintained), so the
few tables needed are written here with ``flatbuffers``. Field numbers are those of the public schema
``tflite-support/metadata_schema.fbs``.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import flatbuffers

from edge.modelfile.gate_facts import DISTANCE_NAME, GATE_NAME
from edge.modelfile.manifest import (
    KNOWN_PHOTOS_NAME,
    LABELS_NAME,
    MANIFEST_NAME,
    REMEMBERED_NAME,
    SCHEMA_VERSION,
    Manifest,
)
from edge.modelfile.metadata import AXIS_LABELS, BUFFER_NAME, IDENTIFIER, NORMALIZATION
from edge.modelfile.normalization import PerChannel
from trainer.tflite import add_metadata

_IMAGE_PROPERTIES = 2  # ContentProperties.ImageProperties
_RGB, _GREY = 1, 2  # ColorSpaceType
_PARSER_VERSION = "1.0.0"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # fixed, so that the same inputs give the same bytes


def classifier_metadata(name: str, description: str, mean: PerChannel, std: PerChannel, *, grey: bool = False) -> bytes:
    """The ``TFLITE_METADATA`` buffer of an image classifier: RGB or ``grey`` input, normalisation, packed labels.

    ``mean`` and ``std`` normalise pixels 0..255 for float models; readers ignore them for uint8 input. They are one
    number for all channels, or one for each.
    """
    builder = flatbuffers.Builder(1024)
    colours = "grey" if grey else "RGB"
    properties = _table(builder, 2, {0: ("Int8", _GREY if grey else _RGB)})
    content = _table(builder, 3, {0: ("Uint8", _IMAGE_PROPERTIES), 1: ("Offset", properties)})
    options = _table(builder, 2, {0: ("Offset", _floats(builder, mean)), 1: ("Offset", _floats(builder, std))})
    unit = _table(builder, 2, {0: ("Uint8", NORMALIZATION), 1: ("Offset", options)})
    image = _table(
        builder,
        7,
        {
            0: ("Offset", builder.CreateString("image")),
            1: (
                "Offset",
                builder.CreateString(f"The picture to name: {colours}, squashed to the input's size."),
            ),
            3: ("Offset", content),
            4: ("Offset", _vector(builder, [unit])),
        },
    )
    labels = _table(builder, 5, {0: ("Offset", builder.CreateString(LABELS_NAME)), 2: ("Int8", AXIS_LABELS)})
    scores = _table(
        builder,
        7,
        {
            0: ("Offset", builder.CreateString("scores")),
            1: ("Offset", builder.CreateString("The probability of each label.")),
            6: ("Offset", _vector(builder, [labels])),
        },
    )
    subgraph = _table(builder, 4, {2: ("Offset", _vector(builder, [image])), 3: ("Offset", _vector(builder, [scores]))})
    model = _table(
        builder,
        8,
        {
            0: ("Offset", builder.CreateString(name)),
            1: ("Offset", builder.CreateString(description)),
            3: ("Offset", _vector(builder, [subgraph])),
            7: ("Offset", builder.CreateString(_PARSER_VERSION)),
        },
    )
    builder.Finish(model, IDENTIFIER)
    return bytes(builder.Output())


def add_description(model: Any, metadata: bytes) -> None:
    """Add ``metadata``, from :func:`classifier_metadata`, to the object tree ``model``, in place, and a mark.

    The mark inside the flatbuffer shows that a file whose zip was cut off is damaged.
    """
    add_metadata(model, BUFFER_NAME, metadata)
    add_metadata(model, MANIFEST_NAME, str(SCHEMA_VERSION).encode())


def pack_files(
    flatbuffer: bytes,
    labels: bytes,
    manifest: Manifest,
    gate: bytes | None = None,
    known_photos: bytes | None = None,
    remembered: bytes | None = None,
    distance: bytes | None = None,
) -> bytes:
    """``flatbuffer`` with a zip of labels, manifest and the other files that are given behind it.

    The same arguments give the same bytes.

    Entries are stored, not compressed, because MediaPipe and Android map them directly from the file.
    """
    content = io.BytesIO(flatbuffer)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_STORED) as archive:
        files = {
            LABELS_NAME: labels,
            MANIFEST_NAME: manifest.to_json().encode(),
            GATE_NAME: gate,
            KNOWN_PHOTOS_NAME: known_photos,
            REMEMBERED_NAME: remembered,
            DISTANCE_NAME: distance,
        }
        for name, data in files.items():
            if data is not None:
                archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), data)
    return content.getvalue()


def label_lines(labels: Sequence[str]) -> bytes:
    """The packed label file: one label a line, in the order of the outputs."""
    return "".join(f"{label}\n" for label in labels).encode("utf-8", "replace")


def _table(builder: Any, slots: int, fields: dict[int, tuple[str, int]]) -> int:
    # Everything that a table refers to is written before the table is begun; the callers do that.
    builder.StartObject(slots)
    for slot, (field_type, value) in fields.items():
        if field_type == "Offset":
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        else:
            getattr(builder, f"Prepend{field_type}Slot")(slot, value, 0)
    return int(builder.EndObject())


def _vector(builder: Any, tables: Sequence[int]) -> int:
    builder.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        builder.PrependUOffsetTRelative(table)
    return int(builder.EndVector())


def _floats(builder: Any, value: PerChannel) -> int:
    numbers = value if isinstance(value, tuple) else (value,)
    builder.StartVector(4, len(numbers), 4)
    for number in reversed(numbers):
        builder.PrependFloat32(number)
    return int(builder.EndVector())
