"""Files that are no weights, or damaged ones: each is one line, and takes no more memory than weights do."""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import ConfigurationError
from support.keras_files import plain_weights, write_keras
from trainer.backbones.architectures import Architecture
from trainer.backbones.read_layers import random_layers, read_layers
from trainer.backbones.tuned_weights import LAYER_PARTS

NARROW = Architecture(0.25, 128)


def _names_as_number(file: h5py.File) -> None:
    file["conv1"].attrs["weight_names"] = 7


def _group_for_array(file: h5py.File) -> None:
    del file["conv1/conv1/0:0"]
    file["conv1"].create_group("conv1/0:0")


def _link_to_nothing(file: h5py.File) -> None:
    del file["conv1"]
    file["conv1"] = h5py.SoftLink("/nowhere")


def _weights_as_array(file: h5py.File) -> None:
    file["model_weights"] = np.zeros(3)


def _scalar(file: h5py.File) -> None:
    del file["conv1_bn/conv1_bn/3:0"]
    file["conv1_bn/conv1_bn/3:0"] = np.float32(1)


def _text(file: h5py.File) -> None:
    del file["conv1/conv1/0:0"]
    file["conv1/conv1/0:0"] = np.array([b"a", b"b"])


def _huge(file: h5py.File) -> None:
    del file["conv1/conv1/0:0"]
    file.create_dataset("conv1/conv1/0:0", (1 << 40,), np.float32, chunks=(1 << 10,))


def _another_file(file: h5py.File) -> None:
    del file["conv1"]
    file["conv1"] = h5py.ExternalLink("/dev/zero", "/")


def _values_elsewhere(file: h5py.File) -> None:
    del file["conv1/conv1/0:0"]
    file["conv1"].create_dataset("conv1/0:0", (3, 3, 3, 8), np.float32, external=[("/dev/zero", 0, 864)])


def _packed(file: h5py.File) -> None:
    values = file["conv1/conv1/0:0"][...]
    del file["conv1/conv1/0:0"]
    file["conv1"].create_dataset("conv1/0:0", data=values, compression="gzip")


def _many_names(file: h5py.File) -> None:
    del file["conv1"].attrs["weight_names"]
    file["conv1"].attrs["weight_names"] = ["conv1/0:0"] * 500


def _zeros(file: h5py.File) -> None:
    file["conv1/conv1/0:0"][...] = 0


@pytest.mark.parametrize(
    "damage",
    [
        *(_names_as_number, _group_for_array, _link_to_nothing, _weights_as_array, _scalar, _text, _huge),
        *(_another_file, _values_elsewhere, _packed, _many_names, _zeros),
    ],
)
def test_odd_files_are_one_line(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    """Whatever stands where arrays should be, the line names the file, and no memory is taken for what it claims."""
    path = write_keras(tmp_path / "w.h5", plain_weights(NARROW))
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(ConfigurationError, match=r"w\.h5: not the weights of mobilenet_0\.25_128 \(") as caught:
        read_layers(path, NARROW)
    assert "\n" not in str(caught.value)


@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("form", ["h5", "npz"])
def test_changed_bytes_are_found_or_change_nothing(tmp_path: Path, form: str, changes: list[tuple[float, int]]) -> None:
    """A file with some changed bytes gives layers, or one line; nothing else is raised."""
    good = tmp_path / f"good.{form}"
    if not good.exists() and form == "h5":
        write_keras(good, plain_weights(NARROW))
    elif not good.exists():
        layers = random_layers(NARROW)
        parts = {
            f"{name}/{part}": value
            for name, both in layers.items()
            for part, value in zip(LAYER_PARTS, both, strict=True)
        }
        np.savez_compressed(good, facts=np.frombuffer(b"{}", np.uint8), **parts)
    content = bytearray(good.read_bytes())
    for place, change in changes:
        content[int(place * len(content))] ^= change
    path = tmp_path / f"changed.{form}"
    path.write_bytes(content)
    with contextlib.suppress(ConfigurationError):
        assert len(read_layers(path, NARROW)) == 27


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9])
def test_a_file_that_was_cut_short(tmp_path: Path, share: float) -> None:
    """A download that was cut: delete it."""
    path = write_keras(tmp_path / "w.h5", plain_weights(NARROW))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ConfigurationError, match=r"w\.h5: not the weights of .* \(.*delete it\)$"):
        read_layers(path, NARROW)


@pytest.mark.parametrize("name", ["garbage.h5", "garbage.pb", "empty.weights.h5", "model.onnx", "garbage.npz"])
def test_other_files_are_one_line(tmp_path: Path, name: str) -> None:
    """It names the file and the architecture."""
    path = tmp_path / name
    path.write_bytes(b"" if name.startswith("empty") else b"\xffgarbage")
    with pytest.raises(ConfigurationError) as caught:
        read_layers(path, NARROW)
    line = str(caught.value)
    assert f"{name}: not the weights of mobilenet_0.25_128 (" in line
    assert "\n" not in line and len(line) < 400


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("w.h5", b"version https://git-lfs.github.com/spec/v1\n", "run git lfs pull"),
        ("w.h5", b"\x1f\x8b\x08", "unpack it with gunzip"),
        ("w.h5", b"\n<!DOCTYPE html>", "it is a web page: delete it"),
        ("w.h5", b"", "it is empty: delete it"),
        ("w.h5", b"    TFL3", "give it as --backbone"),
        ("w.PB", b"\x89HDF\r\n\x1a\n", "let its name end in .h5"),
        ("w.pth", b"\x80\x02K", "damaged or cut short: delete it"),
        ("w.keras", b"PK\x03\x04", "damaged or cut short: delete it"),
    ],
)
def test_what_a_file_is_instead(tmp_path: Path, name: str, content: bytes, line: str) -> None:
    """What a download or a repository leaves in place of weights is named, with what would do."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=line):
        read_layers(tmp_path / name, NARROW)


@pytest.mark.parametrize("name", ["w.keras", "w.npz"])
def test_what_is_packed_is_small(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small zip can hold gigabytes of zeros: its table says so before they are unpacked."""
    monkeypatch.setattr("trainer.backbones.weights_file.LARGEST_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(1001))
    with pytest.raises(ConfigurationError, match="larger than any weights"):
        read_layers(tmp_path / name, NARROW)
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("model.weights.h5", b"x")
    with pytest.raises(ConfigurationError, match="packed in an unusual way"):
        read_layers(tmp_path / name, NARROW)
