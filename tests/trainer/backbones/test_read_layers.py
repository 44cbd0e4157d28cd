"""The layers of MobileNet out of files of weights: every form that Keras writes, and what is refused."""

from __future__ import annotations

import contextlib
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import ConfigurationError
from support.keras_files import write_keras
from trainer.backbones.architectures import Architecture
from trainer.backbones.mobilenet_v1 import convolutions
from trainer.backbones.packaged_weights import GRAPH, installed
from trainer.backbones.read_layers import layers_of, random_layers, read_layers
from trainer.backbones.tuned_weights import LAYER_PARTS

NARROW = Architecture(0.25, 128)

# Keras' MobileNet with weights that are no zeros, saved in every form; its outputs for some pictures.
KERAS_SCRIPT = """
import sys
import keras, numpy as np
folder = sys.argv[1]
keras.utils.set_random_seed(3)
model = keras.applications.MobileNet(
    input_shape=(128, 128, 3), alpha=0.25, include_top=False, pooling="avg", weights=None)
random = np.random.default_rng(3)
for layer in model.layers:
    if type(layer).__name__ == "BatchNormalization":
        draw = lambda low, high: random.uniform(low, high, layer.get_weights()[0].shape)
        layer.set_weights([draw(0.5, 2), draw(-1, 1), draw(-1, 1), draw(0.2, 3)])
for name in ("keras3.weights.h5", "whole.keras"):
    (model.save_weights if "weights" in name else model.save)(f"{folder}/{name}")
from keras.src.legacy.saving import legacy_h5_format
import h5py
with h5py.File(f"{folder}/old.h5", "w") as file:
    legacy_h5_format.save_weights_to_hdf5_group(file, model)
pictures = random.uniform(-1, 1, (4, 128, 128, 3)).astype("float32")
np.savez(f"{folder}/expected.npz", pictures=pictures, features=model.predict(pictures, verbose=0))
"""

FEATURES_SCRIPT = """
import sys
import numpy as np
from pathlib import Path
from trainer.backbones.architectures import Architecture
from trainer.backbones.folded_mobilenet import compute_features
from trainer.backbones.read_layers import read_layers
folder = Path(sys.argv[1])
pictures = (np.load(folder / "expected.npz")["pictures"] + 1) * 127.5
found = {name: compute_features(pictures, read_layers(folder / name, Architecture(0.25, 128)))
         for name in ("keras3.weights.h5", "whole.keras", "old.h5")}
np.savez(folder / "found.npz", **found)
"""


def weights(architecture: Architecture) -> dict[str, list[np.ndarray]]:
    """Kernels of ones, and batch norms that multiply by 2 and shift by 1 - 2 * 3."""
    found = {}
    for layer in convolutions(architecture):
        ones = np.ones(layer.channels, np.float32)
        found[layer.name] = [np.ones(layer.kernel, np.float32)]
        found[f"{layer.name}_bn"] = [2 * ones, ones, 3 * ones, (1 - np.float32(1e-3)) * ones]
    return found


@pytest.mark.xdist_group("tensorflow")
def test_every_form_of_keras_gives_its_network(tmp_path: Path, run_python) -> None:
    """The layers of each file compute what Keras' own model computes, to 1e-5 of the largest activation."""
    for script in (KERAS_SCRIPT, FEATURES_SCRIPT):
        done = run_python("-c", script, tmp_path)
        assert done.returncode == 0, done.stderr
    expected = np.load(tmp_path / "expected.npz")["features"]
    assert expected.max() > 0.5
    found = np.load(tmp_path / "found.npz")
    assert len(found.files) == 3
    for name in found.files:
        assert np.abs(found[name] - expected).max() < 6e-5, name


def test_batch_norms_are_folded(tmp_path: Path) -> None:
    """The factor goes into the kernel of each channel, the shift is the bias."""
    layers = read_layers(write_keras(tmp_path / "w.h5", weights(NARROW)), NARROW)
    assert list(layers) == [layer.name for layer in convolutions(NARROW)]
    for kernel, bias in layers.values():
        assert kernel.dtype == bias.dtype == np.float32
        assert np.allclose(kernel, 2) and np.allclose(bias, -5)


def test_random_layers_are_the_same_every_time() -> None:
    """They need no file, and keep activations in range: the deviation of a kernel is He's."""
    first, second = random_layers(NARROW), layers_of(NARROW, None)
    for name, (kernel, bias) in first.items():
        assert np.array_equal(kernel, second[name][0]) and np.array_equal(bias, second[name][1])
    kernel = first["conv_pw_13"][0]
    assert kernel.std() == pytest.approx(np.sqrt(2 / 256), rel=0.02)


def test_weights_of_another_width_are_named(tmp_path: Path) -> None:
    """The line says which layer has which shape."""
    path = write_keras(tmp_path / "w.h5", weights(Architecture(0.5, 128)))
    line = r"w\.h5: not the weights of mobilenet_0\.25_128 \(conv1 has the shape .* instead of .*: another width\)"
    with pytest.raises(ConfigurationError, match=line):
        read_layers(path, NARROW)


def test_a_value_that_is_no_number_is_refused(tmp_path: Path) -> None:
    """One NaN in one kernel is found and its layer named."""
    broken = weights(NARROW)
    broken["conv_pw_5"][0][0, 0, 3, 4] = np.nan
    with pytest.raises(ConfigurationError, match=r"conv_pw_5 has values that are no finite numbers"):
        read_layers(write_keras(tmp_path / "w.h5", broken), NARROW)


def test_a_missing_layer_is_named(tmp_path: Path) -> None:
    """A network that names its layers otherwise has no conv_dw_7."""
    broken = weights(NARROW)
    del broken["conv_dw_7_bn"]
    with pytest.raises(ConfigurationError, match=r"not the weights of .* \(it has no layer conv_dw_7_bn\)"):
        read_layers(write_keras(tmp_path / "w.h5", broken), NARROW)


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
    path = write_keras(tmp_path / "w.h5", weights(NARROW))
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
        write_keras(good, weights(NARROW))
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
    path = write_keras(tmp_path / "w.h5", weights(NARROW))
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


def test_real_weights(shared: Path, offline: None) -> None:
    """Keras' files and the graph of the offline extra fit their width and no other."""
    models = shared / "keras_home" / "models"
    files = {0.25: models / "mobilenet_2_5_128_tf_no_top.h5", 0.5: models / "mobilenet_5_0_160_tf_no_top.h5"}
    for alpha, path in files.items():
        layers = read_layers(path, Architecture(alpha, 128))
        # As Keras counts the parameters; a batch norm has four for each channel.
        assert (
            sum(kernel.size + 4 * bias.size for kernel, bias in layers.values()) == {0.25: 218_544, 0.5: 829_536}[alpha]
        )
        with pytest.raises(ConfigurationError, match="another width"):
            read_layers(path, Architecture(0.75, 128))
    graph = installed(GRAPH)
    assert graph is not None
    assert json.dumps(len(read_layers(graph, Architecture(1.0, 224)))) == "27"


def test_other_widths_and_families_are_named(tmp_path: Path) -> None:
    """The line says which network the weights fit."""
    path = write_keras(tmp_path / "w.h5", weights(Architecture(0.5, 128)))
    for other in (NARROW, Architecture(0.35, 128, "mobilenet_v2")):
        with pytest.raises(ConfigurationError, match=r"\); they fit mobilenet_0\.50_128$"):
            read_layers(path, other)


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


@pytest.mark.filterwarnings("error")
def test_a_negative_variance_is_no_number(tmp_path: Path) -> None:
    """It is refused in one line, without a warning of NumPy."""
    broken = weights(NARROW)
    broken["conv1_bn"][3][2] = -1
    with pytest.raises(ConfigurationError, match="conv1 has values that are no finite numbers"):
        read_layers(write_keras(tmp_path / "w.h5", broken), NARROW)
