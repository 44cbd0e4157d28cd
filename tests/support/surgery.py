"""Changes to the tiny models of ``tests/data``: find a field of the flatbuffer and write another value."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edge.modelfile.flatbuffer import Table
from edge.modelfile.manifest import KNOWN_PHOTOS_NAME, MANIFEST_NAME
from edge.modelfile.metadata import BUFFER_NAME, unpack_files
from edge.modelfile.metadata import IDENTIFIER as METADATA_IDENTIFIER
from edge.modelfile.structure import IDENTIFIER
from support.paths import DATA

UINT8, INT8, FLOAT32 = 3, 9, 0  # TensorType of the TFLite schema
SHAPE, TYPE, BUFFER, QUANTIZATION, SPARSITY = 0, 1, 2, 4, 6  # slots of a tensor
SCALE, ZERO_POINT = 2, 3  # slots of its quantization
MEAN, STD = 0, 1  # slots of NormalizationOptions in the metadata


def tiny(quantization: str = "int8") -> bytes:
    """The bytes of the tiny model of the three colours."""
    return (DATA / f"tiny-{quantization}.tflite").read_bytes()


def numbered(number: int, **changes: Any) -> bytes:
    """The tiny model with another sha256 for each ``number``, and ``changes`` to its manifest."""

    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        manifest.update(changes)
        manifest["training"]["number"] = number

    return repack(tiny(), change)


class Patient:
    """A model file whose bytes can be changed; ``content`` is the file as it is now."""

    def __init__(self, content: bytes) -> None:
        self._content = bytearray(content)

    @property
    def content(self) -> bytes:
        """The whole file as it is now."""
        return bytes(self._content)

    @property
    def model(self) -> Table:
        """The root table of the flatbuffer."""
        return Table.root(self.content, IDENTIFIER)

    @property
    def graph(self) -> Table:
        """The first subgraph: slot 0 has the tensors, 1 the inputs, 2 the outputs, 3 the operators."""
        return next(self.model.tables(2))

    def tensor(self, name: str) -> Table:
        """The tensor called ``name``."""
        return next(tensor for tensor in self.graph.tables(0) if tensor.text(3) == name)

    def write(self, position: int, form: str, *values: float) -> Patient:
        """Pack ``values`` at byte ``position``, with ``form`` as in :mod:`struct`; returns itself."""
        struct.pack_into(f"<{form}", self._content, position, *values)
        return self

    def set_field(self, table: Table, slot: int, form: str, value: float) -> Patient:
        """Write the scalar in ``slot`` of ``table``."""
        return self.write(_there(table._field(slot)), form, value)

    def set_item(self, table: Table, slot: int, form: str, *values: float) -> Patient:
        """Write the first items of the vector in ``slot`` of ``table``."""
        return self.write(_there(table._follow(slot)) + 4, form, *values)

    def set_length(self, table: Table, slot: int, count: int) -> Patient:
        """Claim that the vector in ``slot`` of ``table`` has ``count`` items."""
        return self.write(_there(table._follow(slot)), "I", count)

    def alias_field(self, table: Table, slot: int, other: int) -> Patient:
        """Let ``slot`` of ``table``, and of tables that share its vtable, refer to what ``other`` refers to."""
        position = table._vtable + 4 + 2 * slot
        assert 2 * slot + 6 <= table._vtable_size
        return self.write(position, "H", _there(table._field(other)) - table._position)

    def rename(self, old: str, new: str) -> Patient:
        """Replace a name everywhere; both must be of one length."""
        assert len(old) == len(new) and old.encode() in self._content
        self._content = self._content.replace(old.encode(), new.encode())
        return self

    def flip_weight(self) -> Patient:
        """Flip the last bit of the first weight of the head."""
        buffer = list(self.model.tables(4))[self.tensor("head/weights").integer(BUFFER, np.uint32)]
        first = int(buffer.array(0, np.uint8)[0])
        return self.set_item(buffer, 0, "B", first ^ 1)

    def normalize(self, mean: float, std: float) -> Patient:
        """Write another normalisation into the TFLite Metadata."""
        entry = next(entry for entry in self.model.tables(6) if entry.text(0) == BUFFER_NAME)
        buffer = list(self.model.tables(4))[entry.integer(1, np.uint32)]
        start = _there(buffer._follow(0)) + 4
        options = normalization_options(buffer.bytes(0))
        for slot, value in ((MEAN, mean), (STD, std)):
            self.write(start + _there(options._follow(slot)) + 4, "f", value)
        return self

    def foreign(self, labels: str | None = "blue\ngreen\nred\n", metadata: bool = True, **zip_options: Any) -> Patient:
        """Take the manifest away, as if another project had made the file, and pack ``labels`` anew.

        Without ``metadata`` the file has no TFLite Metadata either.
        """
        self._content = self._content[: unpack_files(self.content).flatbuffer_bytes]
        self.rename(MANIFEST_NAME, "x" * len(MANIFEST_NAME))
        if not metadata:
            self.rename(BUFFER_NAME, "x" * len(BUFFER_NAME))
        if labels is not None:
            self._content = bytearray(with_zip(self.content, {"labels.txt": labels.encode()}, **zip_options))
        return self


def write_foreign(name: str, labels: str | None = None, metadata: bool = False) -> str:
    """Write the tiny int8 model as :meth:`Patient.foreign` makes it into the file ``name``; returns ``name``."""
    Path(name).write_bytes(Patient(tiny("int8")).foreign(labels, metadata=metadata).content)
    return name


def with_zip(flatbuffer: bytes, files: dict[str, bytes], **options: Any) -> bytes:
    """``flatbuffer`` with a zip of ``files`` behind it."""
    file = io.BytesIO(flatbuffer)
    with zipfile.ZipFile(file, "a", **options) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, options.get("compression"))
    return file.getvalue()


def repack(content: bytes, change: Callable[[dict[str, Any], dict[str, bytes]], object]) -> bytes:
    """The model in ``content`` after ``change`` of its manifest and of the files in its zip."""
    packed = unpack_files(content)
    files = dict(packed.files)
    manifest = json.loads(files[MANIFEST_NAME])
    change(manifest, files)
    files[MANIFEST_NAME] = json.dumps(manifest).encode()
    return with_zip(content[: packed.flatbuffer_bytes], files)


def with_facts(content: bytes, **facts: Any) -> bytes:
    """The model in ``content`` with other ``facts`` in its manifest."""
    return repack(content, lambda manifest, files: manifest.update(facts))


def without_known_photos(content: bytes) -> bytes:
    """The model in ``content`` as a release wrote it whose files did not know their photos."""

    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        del manifest["known_photos"], files[KNOWN_PHOTOS_NAME]

    return repack(content, change)


def normalization_options(metadata: bytes) -> Table:
    """The table with mean and std in the content of a ``TFLITE_METADATA`` buffer."""
    image = next(next(Table.root(metadata, METADATA_IDENTIFIER).tables(3)).tables(2))
    options = next(image.tables(4)).table(1)
    assert options is not None
    return options


def _there(position: int | None) -> int:
    assert position is not None, "the field is absent"
    return position
