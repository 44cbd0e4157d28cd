"""The layers of MobileNet out of files of weights: every form that Keras writes, and networks that they are not of."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigurationError
from support.keras_files import plain_weights, write_keras
from trainer.backbones.architectures import Architecture
from trainer.backbones.mobilenet_v1 import convolutions
from trainer.backbones.packaged_weights import GRAPH, installed
from trainer.backbones.read_layers import layers_of, random_layers, read_layers

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
    layers = read_layers(write_keras(tmp_path / "w.h5", plain_weights(NARROW)), NARROW)
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
    path = write_keras(tmp_path / "w.h5", plain_weights(Architecture(0.5, 128)))
    line = r"w\.h5: not the weights of mobilenet_0\.25_128 \(conv1 has the shape .* instead of .*: another width\)"
    with pytest.raises(ConfigurationError, match=line):
        read_layers(path, NARROW)


def test_a_value_that_is_no_number_is_refused(tmp_path: Path) -> None:
    """One NaN in one kernel is found and its layer named."""
    broken = plain_weights(NARROW)
    broken["conv_pw_5"][0][0, 0, 3, 4] = np.nan
    with pytest.raises(ConfigurationError, match=r"conv_pw_5 has values that are no finite numbers"):
        read_layers(write_keras(tmp_path / "w.h5", broken), NARROW)


def test_a_missing_layer_is_named(tmp_path: Path) -> None:
    """A network that names its layers otherwise has no conv_dw_7."""
    broken = plain_weights(NARROW)
    del broken["conv_dw_7_bn"]
    with pytest.raises(ConfigurationError, match=r"not the weights of .* \(it has no layer conv_dw_7_bn\)"):
        read_layers(write_keras(tmp_path / "w.h5", broken), NARROW)


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
    path = write_keras(tmp_path / "w.h5", plain_weights(Architecture(0.5, 128)))
    for other in (NARROW, Architecture(0.35, 128, "mobilenet_v2")):
        with pytest.raises(ConfigurationError, match=r"\); they fit mobilenet_0\.50_128$"):
            read_layers(path, other)


@pytest.mark.filterwarnings("error")
def test_a_negative_variance_is_no_number(tmp_path: Path) -> None:
    """It is refused in one line, without a warning of NumPy."""
    broken = plain_weights(NARROW)
    broken["conv1_bn"][3][2] = -1
    with pytest.raises(ConfigurationError, match="conv1 has values that are no finite numbers"):
        read_layers(write_keras(tmp_path / "w.h5", broken), NARROW)
