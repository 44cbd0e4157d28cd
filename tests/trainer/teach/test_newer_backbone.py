"""Another backbone in the store: when a session is told of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edge.errors import StorageError
from edge.store.activate import rollback
from edge.store.install import InstallRequest, install
from edge.store.layout import Store
from edge.store.state import read_state, write_state
from support import tiny
from trainer.progress import Progress
from trainer.retraining.given_backbone import Given, read_given
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.teach.newer_backbone import BackboneWatch


class Watched:
    """A watch of a session with the backbone of the file ``path``, without its thread; and what it has said."""

    def __init__(self, store: Store, path: Path) -> None:
        self.used: list[Given] = []
        self.messages: list[str] = []
        backbone = read_given(path).backbone
        self.watch = BackboneWatch(store, store.linked("current"), backbone, self.use, self.messages.append)
        self.watch.close()
        self.trouble: Exception | None = None
        self.named = False

    def use(self, given: Given) -> bool:
        """Fail once if there is trouble; else go on with ``given``, or with what it was if the user has named it."""
        trouble, self.trouble = self.trouble, None
        if trouble is not None:
            raise trouble
        self.used.append(given)
        return not self.named


@pytest.fixture
def models(options: RetrainOptions, tmp_path: Path) -> dict[str, Path]:
    """Two model files, whose backbones differ in their quantization."""
    tiny.write_backbone(options.bottleneck_dir, "float32")
    made = {}
    for name in ("int8", "float32"):
        output = tmp_path / f"{name}.tflite"
        (model,) = retrain_all(dataclasses.replace(options, quantizations=(name,), output=output), Progress())
        made[name] = model.path
    return made


def make_current(store: Store, path: Path, *, pending: bool = False) -> None:
    """Make the model at ``path`` the current one."""
    install(store, InstallRequest(path, activate=True))
    write_state(store, dataclasses.replace(read_state(store), pending=pending))


def test_only_another_backbone_counts(models: dict[str, Path], tmp_path: Path) -> None:
    """A model with the session's backbone changes nothing; one with another is told once, and so is the way back."""
    store = Store(tmp_path / "store")
    watched = Watched(store, models["int8"])
    watched.watch.look()
    make_current(store, models["int8"])
    watched.watch.look()
    assert watched.used == []
    make_current(store, models["float32"])
    watched.watch.look()
    watched.watch.look()
    assert [given.backbone.quantization for given in watched.used] == ["float32"]
    rollback(store)
    watched.watch.look()
    assert [given.backbone.quantization for given in watched.used] == ["float32", "int8"]
    assert watched.messages == []


def test_a_model_counts_when_it_is_confirmed(models: dict[str, Path], tmp_path: Path) -> None:
    """While the store may still go back, the session stays as it is."""
    store = Store(tmp_path / "store")
    watched = Watched(store, models["int8"])
    make_current(store, models["float32"], pending=True)
    watched.watch.look()
    assert watched.used == []
    write_state(store, dataclasses.replace(read_state(store), pending=False))
    watched.watch.look()
    assert len(watched.used) == 1


def test_a_model_that_cannot_teach(models: dict[str, Path], tmp_path: Path) -> None:
    """A damaged file is one line, once; the session keeps its backbone."""
    store = Store(tmp_path / "store")
    watched = Watched(store, models["int8"])
    make_current(store, models["float32"])
    file = store.model(read_state(store).current or "")
    file.chmod(0o600)
    file.write_bytes(b"damaged")
    watched.watch.look()
    watched.watch.look()
    assert watched.used == []
    (line,) = watched.messages
    assert line.startswith("the store's new model cannot teach, the session keeps its backbone: ")


@pytest.mark.parametrize("trouble", [StorageError("the disk is full"), OSError("gone"), MemoryError()])
def test_what_may_pass_is_tried_again(models: dict[str, Path], tmp_path: Path, trouble: Exception) -> None:
    """A full disk, a file that is gone for a moment: one line, and the next look goes on."""
    store = Store(tmp_path / "store")
    watched = Watched(store, models["int8"])
    make_current(store, models["float32"])
    watched.trouble = trouble
    watched.watch.look()
    assert watched.used == []
    watched.watch.look()
    assert len(watched.used) == 1
    (line,) = watched.messages
    assert line.startswith("the store's new model is not used yet: ")


def test_the_way_back_to_the_sessions_own_backbone_is_no_news(models: dict[str, Path], tmp_path: Path) -> None:
    """If the session keeps its backbone, a store that goes back to a model with that one changes nothing."""
    store = Store(tmp_path / "store")
    make_current(store, models["int8"])
    watched = Watched(store, models["int8"])
    watched.named = True
    make_current(store, models["float32"])
    watched.watch.look()
    rollback(store)
    watched.watch.look()
    assert [given.backbone.quantization for given in watched.used] == ["float32"]
