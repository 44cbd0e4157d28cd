"""The files of directions that come with the trainer: what they hold, and that the script makes these very files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.paths import REPOSITORY
from trainer.backbones.architectures import Architecture
from trainer.backbones.networks import network_graph
from trainer.unknown.packaged_directions import (
    Factors,
    imagenet_names,
    packaged_directions,
    packaged_networks,
    unit_rows,
)

SHIPPED = REPOSITORY / "models" / "directions"
NETWORKS = [
    *(f"mobilenet_{width}_{size}" for width in ("0.25", "0.50") for size in (128, 160, 192)),
    *(f"mobilenet_0.75_{size}" for size in (128, 160, 192, 224)),
    "mobilenet_1.0_224",
]
COSINES = {"0.25": (0.839, 0.71), "0.50": (0.725, 0.53), "0.75": (0.662, 0.50), "1.0": (0.617, 0.45)}
"""Width -> how near the directions are to those of the whole classifier, in the mean and at least."""


def test_eleven_networks_have_directions() -> None:
    """All files together have less than 1.7 MB."""
    assert packaged_networks() == NETWORKS
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) == 1_693_730


@pytest.mark.parametrize("network", NETWORKS)
def test_directions_have_the_size_of_the_bottleneck(network: str) -> None:
    """A file has int8 matrices of rank 96; they give a thousand rows of unit length."""
    with np.load(SHIPPED / f"{network}.npz") as file:
        factors = Factors(*(file[name] for name in Factors._fields))
    values = network_graph(Architecture.parse(network)).convolutions[-1].channels
    assert (factors.classes.shape, factors.axes.shape, factors.steps.shape) == ((1000, 96), (96, values), (96,))
    assert (factors.classes.dtype, factors.axes.dtype, factors.steps.dtype) == (np.int8, np.int8, np.float32)
    vectors = packaged_directions(network)
    assert vectors.dtype == np.float32 and vectors.shape == (1000, values)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(1000), abs=1e-5)


def test_names_are_those_of_imagenet() -> None:
    """A thousand, in ImageNet's order, without the background."""
    names = imagenet_names()
    assert len(names) == 1000
    assert [names[place] for place in (0, 1, 281, 985, 999)] == ["tench", "goldfish", "tabby", "daisy", "toilet tissue"]
    assert len(set(names)) == 998


def test_rows_of_zeros_stay() -> None:
    """Other rows get unit length."""
    assert np.array_equal(unit_rows(np.array([[3, 4], [0, 0]], np.float32)), np.array([[0.6, 0.8], [0, 0]], np.float32))


@pytest.fixture(scope="module")
def made(shared: Path, command_line, once) -> Path:  # type: ignore[no-untyped-def]
    """What the script makes of the classifiers."""
    classifiers = sorted((shared / "imagenet_classifiers").glob("*.npz"))
    if [path.stem for path in classifiers] != NETWORKS:
        pytest.skip("no ImageNet classifiers in the folder of real photos and weights")

    def fill(folder: Path) -> None:
        labels = shared / "tflite" / "imagenet_labels.txt"
        done = command_line(REPOSITORY / "models" / "make_directions.py", folder, labels, *classifiers)
        assert done.returncode == 0, done.stderr
        assert "mobilenet_0.25_160: 121,710 bytes, cosine 0.842 in the mean, 0.720 at least" in done.stdout

    folder: Path = once("directions", fill)
    return folder


def test_the_script_makes_the_files(made: Path) -> None:
    """Texts are the same; so are numbers, but for the rounding of another processor."""
    assert sorted(path.name for path in made.iterdir()) == sorted(path.name for path in SHIPPED.iterdir())
    for path in made.iterdir():
        shipped = SHIPPED / path.name
        if path.suffix != ".npz":
            assert path.read_bytes() == shipped.read_bytes(), path.name
            continue
        # The arrays, not the bytes: each Python writes the head of a zip file in its own way.
        with np.load(path) as now, np.load(shipped) as then:
            assert now.files == then.files
            for name in now.files:
                assert now[name].dtype == then[name].dtype
                step = 1 if now[name].dtype == np.int8 else 1e-5 * np.abs(then[name]).max()
                assert np.abs(now[name].astype(np.float64) - then[name].astype(np.float64)).max() <= step


@pytest.mark.parametrize("network", NETWORKS)
def test_directions_are_near_those_of_the_classifier(shared: Path, made: Path, network: str) -> None:
    """The cosines are those that the documentation tells."""
    weights = np.load(shared / "imagenet_classifiers" / f"{network}.npz")["weights"].astype(np.float32).T[1:]
    cosines = (packaged_directions(network) * unit_rows(weights)).sum(axis=1)
    mean, least = COSINES[network.split("_")[1]]
    assert mean < cosines.mean() < mean + 0.01
    assert cosines.min() > least
