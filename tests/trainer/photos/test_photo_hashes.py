"""The hashes by which a model file knows the photos that it has seen."""

from __future__ import annotations

import dataclasses
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.modelfile.manifest import KNOWN_PHOTOS_NAME
from edge.modelfile.model_file import ModelFile
from support import surgery
from trainer.photos import photo_hashes
from trainer.photos.dataset import Dataset
from trainer.photos.photo_hashes import PhotoHashes, read_photo_hashes, seen_photos

HEADER_BYTES = 20
DIGESTS = st.lists(st.binary(min_size=32, max_size=32), max_size=30, unique_by=lambda digest: digest[:6])
A, B, C, D = (hashlib.sha256(name).digest() for name in (b"a", b"b", b"c", b"d"))


@given(DIGESTS, st.data())
def test_each_photo_is_found_in_its_set_and_no_other(digests: list[bytes], data: st.DataObject) -> None:
    """Written and read again, the hashes tell training, validation and all other photos apart, in any order."""
    splits = [data.draw(st.sampled_from(["training", "validation", None])) for _ in digests]
    training, validation = (
        [digest for digest, split in zip(digests, splits, strict=True) if split == wanted]
        for wanted in ("training", "validation")
    )
    content = PhotoHashes.of(training, validation).to_bytes()
    assert content == PhotoHashes.of(reversed(training), [*validation, *validation]).to_bytes()
    assert len(content) == HEADER_BYTES + 6 * (len(training) + len(validation))
    assert PhotoHashes.from_bytes(content).splits_of(digests) == splits


def test_the_bytes_of_the_file() -> None:
    """Magic, version, bytes of a hash, both counts, then the first six bytes of each sha256 in order."""
    first, second = sorted([A[:6], B[:6]])
    header = b"EFPPHOTO" + struct.pack("<HHII", 1, 6, 2, 1)
    assert PhotoHashes.of([A, B], [C]).to_bytes() == header + first + second + C[:6]


def test_a_photo_of_both_sets_is_a_training_photo() -> None:
    """Training says more than validation, so it is answered if two hashes are equal."""
    assert PhotoHashes.of([A], [A, B]).splits_of([A, B, C]) == ["training", "validation", None]
    assert PhotoHashes.of([], []).splits_of([A]) == [None]


def _with_counts(content: bytes, training: int, validation: int) -> bytes:
    return content[:12] + struct.pack("<II", training, validation) + content[20:]


GOOD = PhotoHashes.of([A, B, C], [D]).to_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        GOOD[:19],
        GOOD[:-1],
        GOOD[:-6],
        GOOD + b"\0",
        GOOD + GOOD[-6:],
        b"X" + GOOD[1:],
        _with_counts(GOOD, 4, 1),
        _with_counts(GOOD, 2**32 - 1, 2**32 - 1),
        GOOD[:20] + GOOD[26:32] + GOOD[20:26] + GOOD[32:],  # not in order
        GOOD[:20] + GOOD[20:26] * 2 + GOOD[32:],  # twice
    ],
)
def test_damaged_files_are_refused(content: bytes) -> None:
    """Cut off, too long, with other counts, unsorted or repeated: one line says that the file is damaged."""
    with pytest.raises(ModelError, match="known photos are damaged; copy the model file again"):
        PhotoHashes.from_bytes(content)


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_any_changed_byte_is_an_error_or_other_hashes(position: int, change: int) -> None:
    """A changed byte never ends in a traceback; the sha256 in the manifest finds what this does not."""
    damaged = bytearray(GOOD)
    damaged[position] ^= change
    try:
        found = PhotoHashes.from_bytes(bytes(damaged))
    except ModelError:
        return
    assert [len(keys) for keys in found] == [3, 1]


def test_another_version_asks_for_an_upgrade() -> None:
    """A later release may store other hashes."""
    with pytest.raises(ModelError, match=r"written by another release \(version 2, known: 1\); upgrade"):
        PhotoHashes.from_bytes(GOOD[:8] + b"\2" + GOOD[9:])


def test_a_model_file_knows_its_photos() -> None:
    """The tiny model has 24 training and 8 validation photos; one of another project says nothing."""
    model = ModelFile.from_bytes(surgery.tiny())
    found = read_photo_hashes(model)
    assert found is not None
    assert [len(keys) for keys in found] == [24, 8]
    foreign = surgery.Patient(surgery.tiny()).foreign().content
    assert read_photo_hashes(ModelFile.from_bytes(foreign)) is None


def test_counts_are_those_of_the_manifest() -> None:
    """Whole hashes of other photos under the manifest of this model are refused."""
    model = ModelFile.from_bytes(surgery.tiny())
    with pytest.raises(ModelError, match="known photos are damaged"):
        read_photo_hashes(dataclasses.replace(model, packed={KNOWN_PHOTOS_NAME: GOOD}))


def test_seen_photos_are_those_of_training_and_validation(photos: Path) -> None:
    """Test photos are in neither set."""
    dataset = Dataset.from_folder(photos, validation_percentage=20, testing_percentage=20)
    found = seen_photos(dataset)
    assert found is not None
    splits = found.splits_of(photo.sha256 for photo in dataset.photos)
    assert splits == [None if photo.split == "test" else photo.split for photo in dataset.photos]
    assert None in splits


def test_too_many_photos_are_not_stored(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit a model file knows no photos, as one of an older release."""
    dataset = Dataset.from_folder(photos)
    seen = len(dataset.of("training")) + len(dataset.of("validation"))
    monkeypatch.setattr(photo_hashes, "MOST_PHOTOS", seen)
    assert seen_photos(dataset) is not None
    monkeypatch.setattr(photo_hashes, "MOST_PHOTOS", seen - 1)
    assert seen_photos(dataset) is None


def test_a_million_photos_take_six_megabytes() -> None:
    """The most photos that are stored take 6 bytes each, and are read back."""
    keys = np.arange(photo_hashes.MOST_PHOTOS, dtype=np.uint64) * np.uint64(7)
    content = PhotoHashes(keys, keys[:0]).to_bytes()
    assert len(content) == HEADER_BYTES + 6_000_000
    assert (PhotoHashes.from_bytes(content).training == keys).all()
