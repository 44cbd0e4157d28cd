"""Which folder is the store, and how models in it are found."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.commands.arguments import model_path
from edge.errors import UsageError
from edge.store import layout
from edge.store.layout import Store, default_root, short, store_of

pytestmark = pytest.mark.usefixtures("trusting")


def test_the_root_is_the_variable_then_the_system_then_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """$EDGE_STORE counts first; the system's folder is for those who may write there."""
    assert default_root() == tmp_path / "store"
    monkeypatch.delenv("EDGE_STORE")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_root() == layout.SYSTEM_ROOT
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_root() == Path("/data/edge")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/poet")
    assert default_root() == Path("/home/poet/.local/share/edge")
    layout.SYSTEM_ROOT.mkdir()
    assert default_root() == layout.SYSTEM_ROOT


def test_a_prefix_finds_one_model(store: Store, put: Callable[..., str]) -> None:
    """A few digits are enough; none, or a model that is not there, is a mistake that lists what is."""
    first = put(0)
    assert store.find(first[:4].upper()) == first
    for prefix in ("", "zz"):
        with pytest.raises(UsageError, match=rf"not in .*\(installed: {short(first)}\)"):
            store.find(prefix)
    store.folder(first[:4] + "0" * 60).mkdir()
    with pytest.raises(UsageError, match="2 models begin with it"):
        store.find(first[:4])


def test_links_are_relative(store: Store, put: Callable[..., str], tmp_path: Path) -> None:
    """A store on a card is the same store when the card is mounted elsewhere."""
    sha256 = put(0)
    elsewhere = Store(store.root.rename(tmp_path / "elsewhere"))
    assert elsewhere.linked("current") == sha256
    assert (elsewhere.root / "current" / "model.tflite").is_file()


def test_links_that_lead_nowhere_are_none(store: Store, put: Callable[..., str]) -> None:
    """A link to a model that is gone, to another place, or none at all is no model."""
    sha256 = put(0)
    assert store.linked("previous") is None
    store.model(sha256).unlink()
    assert store.linked("current") is None
    (store.root / "previous").symlink_to("/tmp")
    assert store.linked("previous") is None
    assert Store(store.root / "gone").installed() == []


def test_commands_take_the_current_model(
    store: Store, put: Callable[..., str], monkeypatch: pytest.MonkeyPatch, in_a_folder_with_models: None
) -> None:
    """Without --model and $EDGE_MODEL the store's current model is used, the user's before the system's."""
    system = Store(layout.SYSTEM_ROOT)
    with pytest.raises(UsageError, match="which model"):
        model_path(None)
    put(0)
    store.root.rename(system.root)
    assert model_path(None) == system.current_model
    put(1)
    assert model_path(None) == store.current_model
    monkeypatch.setenv("EDGE_MODEL", "other.tflite")
    assert model_path(None) == Path("other.tflite")
    assert model_path("named.tflite") == Path("named.tflite")


def test_the_store_of_a_path(store: Store, put: Callable[..., str], tmp_path: Path) -> None:
    """The path through the current link belongs to its store, also while it leads nowhere; others belong to none."""
    sha256 = put(0)
    assert store_of(store.current_model) == store
    store.model(sha256).unlink()
    assert store_of(store.current_model) == store
    (tmp_path / "current").mkdir()
    for path in (store.model(sha256), tmp_path / "current" / "model.tflite", store.root / "current" / "x.tflite"):
        assert store_of(path) is None
