"""Files that are not what they should be: pipes, devices, folders, files that are too large."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.errors import ModelError
from edge.modelfile.labels import read_labels
from edge.modelfile.model_file import ModelFile
from edge.modelfile.reading import MAX_LABEL_BYTES, MAX_MODEL_BYTES, read_bounded


def test_a_whole_file(tmp_path: Path) -> None:
    """A file of up to the largest size is read whole, also if its size is not known before."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * 200_000)
    assert read_bounded(path, 200_000, "the file") == b"x" * 200_000
    assert read_bounded(Path("/proc/self/status"), 1 << 20, "the file").startswith(b"Name:")


@pytest.mark.parametrize("read", [ModelFile.load, read_labels])
def test_a_pipe_and_a_device(read, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """A named pipe and a device are refused without being opened."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(ModelError, match="a device, a pipe or a socket"):
            read(path)


@pytest.mark.parametrize(("read", "largest"), [(ModelFile.load, MAX_MODEL_BYTES), (read_labels, MAX_LABEL_BYTES)])
def test_a_file_that_is_too_large(read, largest: int, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """A file above the largest size is refused without being read; it takes no room on the disk here."""
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, largest + 1)
    with pytest.raises(ModelError, match=f"it has more than {largest >> 20} MB"):
        read(path)


def test_a_name_that_no_file_can_have() -> None:
    """A zero byte in a name is an error of one line."""
    with pytest.raises(ModelError, match="cannot read the model"):
        ModelFile.load("a\0b")
