"""What the Python examples of the docs find in their folder: photos, models, a store, and weights of a tiny network.

This folder has no ``__init__.py``: ``docs`` must mean the docs, never this folder.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from edge.store.install import InstallRequest, install
from edge.store.layout import Store
from support import tiny
from trainer import Dataset, retrain
from trainer.backbones.architectures import Architecture
from trainer.backbones.weights import Weights, keras_cache_file
from trainer.photos.drawn_flowers import KINDS, draw_flower

ARCHITECTURE = Architecture(0.50, 224)
"""The architecture that the examples name; the tiny backbone stands for it."""


@pytest.fixture(scope="session")
def example_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the examples name; nothing in it is downloaded, and TensorFlow is not needed.

    The file in Keras' cache is not a file of weights. The trainer only reads its hash, because a backbone that was
    made from it is in the cache folder already.
    """
    root = tmp_path_factory.mktemp("examples")
    for folder, first_seed in {"flower_photos": 0, "other_photos": 100}.items():
        for kind in KINDS:
            (root / folder / kind).mkdir(parents=True)
            for seed in range(first_seed, first_seed + 12):
                draw_flower(kind, seed, 64).save(root / folder / kind / f"{seed}.png")
    draw_flower("roses", 200).save(root / "rose.jpg")
    draw_flower("daisy", 200).save(root / "daisy.jpg")
    with pytest.MonkeyPatch.context() as patch:
        use_folder(patch, root)
        weights = keras_cache_file(ARCHITECTURE)
        weights.parent.mkdir(parents=True)
        weights.write_bytes(b"the tiny backbone has no weights")
        sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
        tiny.write_backbone(
            root / "cache" / "edge-for-poets",
            architecture=ARCHITECTURE,
            weights=Weights("imagenet", weights, sha256),
        )
        photos = Dataset.from_folder("flower_photos")
        for name in ("flowers.tflite", "last_year.tflite"):
            retrain(photos, architecture=ARCHITECTURE, output=name)
        install(Store(root / "store"), InstallRequest(Path("flowers.tflite"), activate=True))
    return root


@pytest.fixture
def example_folder(example_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder, in which the test starts."""
    folder = tmp_path / "folder"
    shutil.copytree(example_files, folder, symlinks=True)
    use_folder(monkeypatch, folder)
    return folder


def use_folder(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Start in ``folder``, with its cache, its store and its Keras home."""
    patch.chdir(folder)
    patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    patch.setenv("KERAS_HOME", str(folder / "keras"))
    patch.setenv("EDGE_STORE", str(folder / "store"))
    for name in ("EDGE_MODEL", "EDGE_RUNTIME"):
        patch.delenv(name, raising=False)
