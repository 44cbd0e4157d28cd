"""TFLite Metadata and the zip behind the flatbuffer."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.modelfile.metadata import BUFFER_NAME, IDENTIFIER, ImageMetadata, PackedFiles, parse_metadata, unpack_files
from edge.modelfile.structure import examine
from support import surgery
from support.surgery import MEAN, STD, with_zip

TINY = surgery.tiny("int8")
BUFFER = examine(TINY).metadata[BUFFER_NAME]


def _position(slot: int) -> int:
    """The position in the metadata at which the vector of means or of standard deviations begins."""
    position = surgery.normalization_options(BUFFER)._follow(slot)
    assert position
    return position


def _normalized(mean: float, std: float) -> bytes:
    changed = bytearray(BUFFER)
    struct.pack_into("<f", changed, _position(MEAN) + 4, mean)
    struct.pack_into("<f", changed, _position(STD) + 4, std)
    return bytes(changed)


def test_reads_what_the_trainer_wrote() -> None:
    """The tiny model's metadata has the normalisation to [-1, 1] and the name of its labels."""
    assert parse_metadata(BUFFER) == ImageMetadata(127.5, 127.5, "labels.txt")


def test_other_normalisation() -> None:
    """Mean 0 and standard deviation 255 are read as such."""
    assert parse_metadata(_normalized(0.0, 255.0)) == ImageMetadata(0.0, 255.0, "labels.txt")


@pytest.mark.parametrize(
    ("mean", "std"), [(0.0, 0.0), (0.0, -1.0), (0.0, float("nan")), (float("nan"), 1.0), (float("inf"), 1.0)]
)
def test_impossible_normalisation(mean: float, std: float) -> None:
    """A normalisation that makes no numbers of pixels is refused."""
    with pytest.raises(ModelError, match="impossible normalisation"):
        parse_metadata(_normalized(mean, std))


def test_normalisation_by_channel() -> None:
    """A normalisation that differs by channel is read as one number for each."""
    changed = bytearray(BUFFER)
    position = _position(MEAN)
    struct.pack_into("<I", changed, position, 2)  # the second is whatever lies behind the first
    second = struct.unpack_from("<f", changed, position + 8)[0]
    metadata = parse_metadata(bytes(changed))
    assert (metadata.mean, metadata.std) == ((127.5, second), 127.5)


def test_metadata_without_subgraph() -> None:
    """Metadata that says nothing of the tensors is no error."""
    empty = struct.pack("<I4sHHi", 12, IDENTIFIER, 4, 4, 4)
    assert parse_metadata(empty) == ImageMetadata(None, None, None)


@pytest.mark.parametrize(
    "content", [b"", b"M001", BUFFER[:20], b"\xff" * 4 + BUFFER[4:], BUFFER[:4] + b"M002" + BUFFER[8:]]
)
def test_damaged_metadata(content: bytes) -> None:
    """Damaged metadata is a ModelError."""
    with pytest.raises(ModelError):
        parse_metadata(content)


@given(st.lists(st.tuples(st.integers(8, len(BUFFER) - 1), st.integers(0, 255)), min_size=1, max_size=5))
def test_any_damage(changes: list[tuple[int, int]]) -> None:
    """Whatever bytes of the metadata change, it is read or refused."""
    content = bytearray(BUFFER)
    for position, value in changes:
        content[position] = value
    try:
        metadata = parse_metadata(bytes(content))
    except ModelError:
        return
    assert (metadata.mean is None) == (metadata.std is None)
    assert metadata.std is None or metadata.std > 0


def test_packed_files() -> None:
    """The zip's files come by name, and the flatbuffer ends where the zip begins."""
    packed = unpack_files(TINY)
    assert set(packed.files) == {"labels.txt", "edge_for_poets.json", "photos.bin"}
    assert packed.files["labels.txt"] == b"blue\ngreen\nred\n"
    assert TINY[packed.flatbuffer_bytes :].startswith(b"PK\x03\x04")
    assert unpack_files(TINY[: packed.flatbuffer_bytes]) == PackedFiles({}, packed.flatbuffer_bytes)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_usual_compression(compression: int) -> None:
    """Entries may be deflated, though the writers of TFLite Metadata store them."""
    content = surgery.with_zip(b"flatbuffer" * 10, {"a.txt": b"x" * 500}, compression=compression)
    assert unpack_files(content) == PackedFiles({"a.txt": b"x" * 500}, 100)


def test_zip_whose_offsets_count_from_its_own_start() -> None:
    """A zip that was made by itself and then appended is found all the same."""
    assert unpack_files(b"flatbuffer" * 10 + surgery.with_zip(b"", {"a.txt": b"x"})) == PackedFiles(
        {"a.txt": b"x"}, 100
    )


def test_no_zip_is_no_error() -> None:
    """A bare flatbuffer has no files, even if its weights hold the four bytes that begin a zip entry."""
    bare = b"weights PK\x03\x04\xff\xff weights" * 9
    assert unpack_files(bare) == PackedFiles({}, len(bare))


@pytest.mark.parametrize("cut", [1, 22, 60, 200, 1200])
def test_truncated_zip(cut: int) -> None:
    """A zip that lost its end is damage, not a model without labels."""
    with pytest.raises(ModelError, match="copy it again"):
        unpack_files(TINY[:-cut])


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression(compression: int) -> None:
    """Labels are not packed with bzip2 or LZMA: such a zip is refused, and their decoders are not used."""
    with pytest.raises(ModelError, match="packed in an unusual way"):
        unpack_files(surgery.with_zip(b"", {"a.txt": b"x" * 500}, compression=compression))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_any_changed_byte_of_a_zip(compression: int) -> None:
    """With any one byte of it changed a zip gives the same files or a ModelError, however it is compressed."""
    text = b"".join(b"%d " % (i * i) for i in range(30))
    content = surgery.with_zip(b"flatbuffer" * 10, {"a.txt": text}, compression=compression)
    for position in range(100, len(content)):
        for change in (0x01, 0x80, 0xFF):
            damaged = bytearray(content)
            damaged[position] ^= change
            with contextlib.suppress(ModelError):
                assert unpack_files(bytes(damaged)).files.get("a.txt", text) == text


def test_zip_bomb() -> None:
    """Files that would unpack to more than 16 MB are not unpacked."""
    with pytest.raises(ModelError, match="too large to be labels"):
        unpack_files(surgery.with_zip(b"", {"a.txt": bytes(17 << 20)}, compression=zipfile.ZIP_DEFLATED))


def test_encrypted_zip() -> None:
    """An entry that asks for a password cannot be read, and says so."""
    content = bytearray(surgery.with_zip(b"", {"a.txt": b"x"}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    with pytest.raises(ModelError, match="cannot be read"):
        unpack_files(bytes(content))


def test_unpacking_leaves_the_content_alone() -> None:
    """The bytes of the model are only read."""
    content = bytes(bytearray(TINY))
    unpack_files(content)
    assert content == TINY
    assert zipfile.is_zipfile(io.BytesIO(content))


def test_two_files_of_one_name() -> None:
    """A zip with two entries of one name is refused: readers would choose different ones."""
    content = with_zip(b"TFL3", {"labels.txt": b"a"})
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("labels.txt", b"b")
    with pytest.raises(ModelError, match="have one name"):
        unpack_files(file.getvalue())


@pytest.mark.parametrize("behind", [b"\0", b"rubbish"])
def test_bytes_behind_the_end(behind: bytes) -> None:
    """Bytes behind the zip are refused; a comment of the zip is part of it."""
    content = with_zip(b"TFL3", {"labels.txt": b"a"})
    with pytest.raises(ModelError, match="bytes behind its end"):
        unpack_files(content + behind)
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"made by a test"
    assert unpack_files(file.getvalue()).files == {"labels.txt": b"a"}


def test_an_entry_at_an_impossible_place() -> None:
    """A zip64 entry whose offset is larger than a number of this machine is refused in one line."""
    extra = struct.pack("<HHQ", 1, 8, (1 << 64) - 1)
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 45, 45, 0, 0, 0, 0, 0, 1, 1, 5, 12, 0, 0, 0, 0, 0xFFFFFFFF)
    directory = entry + b"a.txt" + extra
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), 100, 0)
    with pytest.raises(ModelError, match=r"cannot be read|are damaged"):
        unpack_files(bytes(100) + directory + end)
