"""Libraries that the user names: what is no library for this machine is said so at once."""

from __future__ import annotations

import os
import socket
import struct
import sys
from pathlib import Path

import pytest

from edge.errors import ConfigurationError
from edge.inference.delegate import DelegateChoice
from edge.inference.delegate_library import LoadedDelegate
from edge.inference.shared_library import WrongFile, open_library
from edge.inference.tflite_library import load_library

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="libraries of other systems have another header")

MACHINE = struct.unpack("<H", Path("/proc/self/exe").read_bytes()[18:20])[0] if sys.platform == "linux" else 0
FOREIGN = 21 if sys.byteorder == "little" else 62


def _elf(path: Path, machine: int, *, bits: int = 64, big: bool = False) -> str:
    """A file that begins as a library for ``machine`` does."""
    ident = b"\x7fELF" + bytes([bits // 32, 1 + big, 1]) + bytes(9)
    path.write_bytes(ident + struct.pack(">HH" if big else "<HH", 3, machine) + bytes(200))
    return str(path)


def test_another_processor(tmp_path: Path) -> None:
    """Both processors are named; the file is named once."""
    path = _elf(tmp_path / "libother.so", FOREIGN)
    with pytest.raises(WrongFile) as caught:
        open_library(path)
    words = str(caught.value)
    assert words.startswith(f"{path} was built for {'ppc64' if FOREIGN == 21 else 'x86_64'}, this Python for ")
    assert words.count(path) == 1


@pytest.mark.skipif(MACHINE != 62, reason="the words are those of x86-64")
@pytest.mark.parametrize(
    ("machine", "bits", "big", "words"),
    [
        (183, 64, False, "was built for aarch64, this Python for x86_64"),
        (40, 32, False, "was built for arm (32 bits), this Python for x86_64"),
        (9999, 64, True, "was built for processor 9999, this Python for x86_64"),
        (62, 32, False, "x86_64 with 32 bits, little-endian, this Python for x86_64 with 64 bits, little-endian"),
    ],
)
def test_names(machine: int, bits: int, big: bool, words: str, tmp_path: Path) -> None:
    """The name, its number if it has none here, and bits and byte order where the processor is the same."""
    path = _elf(tmp_path / "lib.so", machine, bits=bits, big=big)
    with pytest.raises(WrongFile) as caught:
        open_library(path)
    assert str(caught.value).endswith(words)


def test_no_file(tmp_path: Path) -> None:
    """A pipe would be waited for: it, a folder and a socket are refused before they are opened."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket"))  # a longer name is refused
        for name in ("pipe", "socket"):
            with pytest.raises(WrongFile, match=f"{name} is a pipe, a device or a socket, not a library$"):
                open_library(str(tmp_path / name))
    with pytest.raises(WrongFile, match=r"is a folder, not a library$"):
        open_library(str(tmp_path))


def test_what_the_loader_says(tmp_path: Path) -> None:
    """A damaged library for this machine, a text, and one that is missing keep the words of the loader."""
    (tmp_path / "text.so").write_text("no library")
    for path in (_elf(tmp_path / "damaged.so", MACHINE), str(tmp_path / "text.so"), str(tmp_path / "gone.so")):
        with pytest.raises(OSError, match=Path(path).name) as caught:
            open_library(path)
        assert not isinstance(caught.value, WrongFile)


def test_both_who_ask(tmp_path: Path) -> None:
    """A delegate and a library of TensorFlow Lite are refused with these words, and the first says what to do."""
    path = _elf(tmp_path / "libother.so", FOREIGN)
    with pytest.raises(ConfigurationError, match=r"does not load \(.* was built .*\): give the library for this mac"):
        LoadedDelegate(DelegateChoice(path))
    with pytest.raises(ImportError, match=f"^{path} was built for "):
        load_library(path)
