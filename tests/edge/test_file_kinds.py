"""What a file is that was given in place of a model or a photo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.file_kinds import PHOTO, kind_of, why_no_model, why_no_photo
from support.colours import encoded, plain
from support.paths import DATA

GRAPH = b"\n\x40\n\x05input\x12\x0bPlaceholder*\x0b\n\x05dtype\x12\x020\x01"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 9\n"


@pytest.mark.parametrize(
    ("head", "name", "fix"),
    [
        (b"\x89HDF\r\n\x1a\n", "a file of Keras (HDF5)", "convert it with tf.lite.TFLiteConverter"),
        (b"\x08\x01\x12\x99\x01", "a saved model of TensorFlow", "convert it with tf.lite.TFLiteConverter"),
        (b"\x08\x07\x12\x07pytorch\x1a\x032.0", "an ONNX model", "convert it to .tflite, or export it as .tflite"),
        (GRAPH, "a TensorFlow graph", "trainer adopt makes a model of the codelab's graph"),
        (POINTER, "a pointer of Git LFS", "git lfs pull fetches the file itself"),
        (b"\n<!DOCTYPE html><title>404</title>", "a web page", "download the file itself"),
        (b"\x1f\x8b\x08", "a gzip archive", "unpack it first"),
        (bytes(257) + b"ustar\x00", "a tar archive", "unpack it first"),
        (encoded(plain("red"), "JPEG"), "a photo", "give the file of the model, whose name ends in .tflite"),
        (encoded(plain("red"), "WEBP"), "a photo", "give the file of the model, whose name ends in .tflite"),
    ],
)
def test_a_file_in_place_of_a_model(head: bytes, name: str, fix: str) -> None:
    """Its kind is named, and how it becomes a model, or how the model is found."""
    assert why_no_model(head) == f"not a TFLite model, but {name}; {fix}"


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"PK\x03\x04", "a zip archive, not a photo; unpack it first"),
        (POINTER, "a pointer of Git LFS, not a photo; git lfs pull fetches the file itself"),
        ((DATA / "tiny-int8.tflite").read_bytes(), "a TFLite model, not a photo"),
        (encoded(plain("red"), "PNG")[:40], None),
    ],
)
def test_a_file_in_place_of_a_photo(head: bytes, why: str | None) -> None:
    """A photo that cannot be read is damaged, which others say better."""
    assert why_no_photo(head) == why


@pytest.mark.parametrize("text", ["", "\n\n\npath,label\na/1.jpg,a\n", "daisy\nroses\n", "version 2\n", '{"a": 1}'])
def test_a_text_has_no_kind(text: str) -> None:
    """Neither a list of photos nor a file of labels is taken for something else."""
    assert kind_of(text.encode()) is None
    assert why_no_model(text.encode()).startswith("not a TFLite model (no TFL3 identifier)")


@given(st.binary(max_size=300), st.sampled_from([b"", b"\n", b"\n\x05\n", b"\x08\x03\x12", b"RIFF"]))
def test_any_bytes_have_an_answer(content: bytes, start: bytes) -> None:
    """Whatever the bytes are, nothing is raised."""
    kind = kind_of(start + content)
    assert kind is None or kind is PHOTO or kind.name
