"""Which backbone a session uses."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from pathlib import Path

import pytest

from edge.errors import ConfigurationError, ModelError, UsageError
from edge.live.watch import WatchSettings
from edge.modelfile.normalization import given_normalization
from edge.sinks.make_sinks import SinkOptions
from edge.sources.uri import open_source
from edge.store.layout import Store
from support import tiny, toy_networks
from support.paths import DATA
from trainer.backbones.architectures import Architecture
from trainer.retraining.given_backbone import read_given
from trainer.teach.choose_backbone import choose_backbone
from trainer.teach.options import TeachOptions

MODEL, FLOAT_MODEL = DATA / "tiny-int8.tflite", DATA / "tiny-float32.tflite"
FOREIGN = DATA / "hanging.tflite"


@pytest.fixture
def given(tmp_path: Path) -> TeachOptions:
    """The options without a backbone, with a cache that has the tiny artifact."""
    tiny.write_backbone(tmp_path / "cache")
    return TeachOptions(
        source=open_source("0"),
        folder=tmp_path / "photos",
        settings=WatchSettings(0.0, None, 0.5, None, None, ()),
        sinks=SinkOptions(),
        address=("127.0.0.1", 0),
        token=None,
        max_frame_age_s=1.0,
        retries=None,
        threads=1,
        status=None,
        runtime=None,
        backbone=None,
        architecture=None,
        weights=None,
        bottleneck_dir=tmp_path / "cache",
        inbox=None,
        store=Store(tmp_path / "store"),
    )


def install(store: Store, path: Path) -> None:
    """Make the file ``path`` the current model of ``store``."""
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    store.folder(sha256).mkdir(parents=True)
    shutil.copy(path, store.model(sha256))
    (store.root / "current").symlink_to(store.folder(sha256))


def test_without_a_store_it_is_the_artifact(given: TeachOptions) -> None:
    """Without a model file it is the int8 artifact of the architecture, out of the cache."""
    messages: list[str] = []
    chosen = choose_backbone(
        dataclasses.replace(given, architecture=tiny.ARCHITECTURE, weights="random"), messages.append
    )
    assert chosen.backbone.model.sha256 == tiny.backbone().model.sha256
    assert messages == []


def test_the_stores_current_model(given: TeachOptions) -> None:
    """The model that the device runs gives its backbone, unless another one is chosen."""
    install(given.store, MODEL)
    assert choose_backbone(given, print).backbone.model.sha256 == read_given(MODEL).backbone.model.sha256
    other = dataclasses.replace(given, architecture=tiny.ARCHITECTURE, weights="random")
    assert choose_backbone(other, print).backbone.model.sha256 == tiny.backbone().model.sha256
    named = dataclasses.replace(given, backbone=FLOAT_MODEL)
    assert choose_backbone(named, print).backbone.quantization == "float32"


def test_a_foreign_model_in_the_store(given: TeachOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of another project may have no backbone: a message names it, and the artifact is used."""
    install(given.store, FOREIGN)
    monkeypatch.setattr("trainer.teach.choose_backbone.DEFAULT_ARCHITECTURE", tiny.ARCHITECTURE)
    monkeypatch.setenv("KERAS_HOME", str(given.folder))

    def refuse(architecture: Architecture) -> None:
        raise ConfigurationError("the download failed: no connection")

    monkeypatch.setattr("trainer.backbones.backbone.download", refuse)
    messages: list[str] = []
    with pytest.raises(ConfigurationError, match=r"no pretrained weights for .*; or give --backbone FILE"):
        choose_backbone(given, messages.append)
    assert len(messages) == 1
    assert messages[0].startswith("the store's current model is not used as the backbone: ")


def test_a_file_without_a_backbone(given: TeachOptions) -> None:
    """A file that is named must have a backbone."""
    with pytest.raises(ModelError, match=r"hanging\.tflite: it has 3 graphs"):
        choose_backbone(dataclasses.replace(given, backbone=FOREIGN), print)


def test_a_network_of_another_project(given: TeachOptions, tmp_path: Path) -> None:
    """It is read with the range that the options give, and a line says how."""
    (tmp_path / "theirs.tflite").write_bytes(toy_networks.classifier())
    messages: list[str] = []
    options = dataclasses.replace(
        given, backbone=tmp_path / "theirs.tflite", normalization=given_normalization(input_range=(0, 1))
    )
    chosen = choose_backbone(options.check(), messages.append)
    assert (chosen.backbone.architecture.name, chosen.backbone.model.std) == ("theirs", 255)
    assert len(messages) == 1 and "pixels are scaled to 0..1; a bottleneck has 16 values" in messages[0]
    with pytest.raises(UsageError, match="are for the network of --backbone FILE"):
        dataclasses.replace(options, backbone=None).check()
