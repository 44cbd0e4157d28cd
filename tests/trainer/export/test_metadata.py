"""TFLite Metadata as the edge package, MediaPipe and Android read it."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.modelfile.gate_facts import GATE_NAME
from edge.modelfile.manifest import KNOWN_PHOTOS_NAME, LABELS_NAME, MANIFEST_NAME, Manifest, SelfTest
from edge.modelfile.metadata import parse_metadata, unpack_files
from support import tiny
from trainer.export.metadata import classifier_metadata, label_lines, pack_files

MANIFEST = Manifest(
    architecture="mobilenet_0.25_128",
    quantization="int8",
    input_size=128,
    preprocessing_version=1,
    model_sha256="0" * 64,
    labels_sha256="1" * 64,
    minimum_runtime="1.14.0",
    photos={"rose": {"training": 1, "validation": 1, "test": 1}},
    accuracy=0.5,
    test_photos=2,
    training={"seed": 0},
    self_test=SelfTest(1, [[0.25, 0.75]]),
)
LABEL = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20)


@given(st.text(max_size=40), st.text(max_size=40), st.floats(0, 255, width=32), st.floats(0.5, 255, width=32))
def test_normalisation_and_label_file_are_read_back(name: str, description: str, mean: float, std: float) -> None:
    """Whatever the names, the edge package's parser finds the normalisation and the label file."""
    found = parse_metadata(classifier_metadata(name, description, mean, std))
    assert (found.mean, found.std, found.labels_name) == (mean, std, "labels.txt")


def test_buffer_is_a_metadata_flatbuffer_with_its_texts() -> None:
    """The identifier is that of TFLite Metadata, and the texts for people are inside."""
    buffer = classifier_metadata("flowers", "what blooms", 127.5, 127.5)
    assert buffer[4:8] == b"M001"
    for text in (b"flowers", b"what blooms", b"image", b"scores", b"labels.txt"):
        assert text in buffer
    assert buffer == classifier_metadata("flowers", "what blooms", 127.5, 127.5)


@given(st.lists(LABEL, min_size=1, max_size=30))
def test_packed_files_are_stored_and_dated_1980(labels: list[str]) -> None:
    """MediaPipe maps entries straight out of the file: no compression, no date of today, nothing before the model."""
    flatbuffer = tiny.backbone_bytes()
    content = pack_files(flatbuffer, label_lines(labels), MANIFEST)
    assert content.startswith(flatbuffer)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        assert [entry.filename for entry in entries] == [LABELS_NAME, MANIFEST_NAME]
        for entry in entries:
            assert entry.compress_type == zipfile.ZIP_STORED
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert entry.compress_size == entry.file_size
            assert archive.read(entry) in content
        assert archive.testzip() is None
        assert archive.read(LABELS_NAME).decode().split("\n") == [*labels, ""]
    assert content == pack_files(flatbuffer, label_lines(labels), MANIFEST)


def test_edge_reads_back_what_was_packed() -> None:
    """The edge package finds both files, the manifest's facts, and where the flatbuffer ends."""
    flatbuffer = tiny.backbone_bytes()
    packed = unpack_files(pack_files(flatbuffer, label_lines(["rose", "Gänseblümchen"]), MANIFEST))
    assert packed.flatbuffer_bytes == len(flatbuffer)
    assert packed.files[LABELS_NAME] == "rose\nGänseblümchen\n".encode()
    assert Manifest.from_json(packed.files[MANIFEST_NAME].decode()) == MANIFEST


@pytest.mark.parametrize(
    ("gate", "known_photos", "names"),
    [(b"g", None, [GATE_NAME]), (None, b"p", [KNOWN_PHOTOS_NAME]), (b"g", b"p", [GATE_NAME, KNOWN_PHOTOS_NAME])],
)
def test_gate_and_known_photos_are_packed_if_given(
    gate: bytes | None, known_photos: bytes | None, names: list[str]
) -> None:
    """They stand behind labels and manifest, each with its own bytes."""
    files = unpack_files(pack_files(tiny.backbone_bytes(), b"rose\n", MANIFEST, gate, known_photos)).files
    assert list(files) == [LABELS_NAME, MANIFEST_NAME, *names]
    assert (files.get(GATE_NAME), files.get(KNOWN_PHOTOS_NAME)) == (gate, known_photos)


@pytest.mark.parametrize("labels", [["rose"], ["a", "b"]])
def test_label_lines_end_each_label(labels: list[str]) -> None:
    """One line a label, the last one ended too."""
    assert label_lines(labels).count(b"\n") == len(labels)
