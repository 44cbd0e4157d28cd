"""What a device does with its store when it starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import ModelError
from edge.store.activate import confirm
from edge.store.layout import Store, short
from edge.store.start import start_model
from edge.store.state import read_state
from edge.store.transaction import locked

pytestmark = pytest.mark.usefixtures("trusting")


def test_a_confirmed_model_starts_in_silence(store: Store, put: Callable[..., str], capsys) -> None:
    """The path is that of the model itself, so that what was checked is what is read."""
    sha256 = put(0)
    assert start_model(store) == start_model(store) == store.model(sha256)
    assert capsys.readouterr() == ("", "")


def test_a_crash_loop_ends_after_two_starts(store: Store, put: Callable[..., str], capsys) -> None:
    """A pending model gets one start; the next one goes back, and stays there."""
    first, second = put(0), put(1, confirmed=False)
    assert start_model(store) == store.model(second)
    assert capsys.readouterr().err == ""
    assert start_model(store) == store.model(first)
    reason = "it was started before and never confirmed"
    assert capsys.readouterr().err == f"edge: went back from {short(second)} to {short(first)}: {reason}\n"
    assert start_model(store) == store.model(first)
    assert capsys.readouterr().err == ""
    state = read_state(store)
    assert state.returned is not None and state.returned.by_itself and not state.pending


def test_a_start_that_is_confirmed_counts(store: Store, put: Callable[..., str]) -> None:
    """Once confirmed, a model may start as often as it likes."""
    put(0)
    second = put(1, confirmed=False)
    for _ in range(3):
        assert start_model(store) == store.model(second)
        confirm(store, second)


def test_the_only_model_starts_again(store: Store, put: Callable[..., str], capsys) -> None:
    """With nothing to go back to, the pending model is tried again and again, and that is said."""
    sha256 = put(0, confirmed=False)
    assert [start_model(store) for _ in range(3)] == [store.model(sha256)] * 3
    assert capsys.readouterr().err.count("there is no other model to go back to") == 2


def test_a_damaged_model_gives_way(store: Store, put: Callable[..., str], capsys) -> None:
    """A flipped bit, a missing file: the previous model runs."""
    first, second = put(0), put(1)
    store.model(second).write_bytes(store.model(second).read_bytes()[:-1] + b"x")
    assert start_model(store) == store.model(first)
    assert "it is damaged on the disk" in capsys.readouterr().err
    store.model(first).unlink()
    with pytest.raises(ModelError, match="is damaged, and no other model is whole; install one again"):
        start_model(store)


def test_nothing_to_start(store: Store, put: Callable[..., str]) -> None:
    """An empty store, and one in which nothing was activated, say what to do."""
    with pytest.raises(ModelError, match="no model is installed; run edge store install FILE --activate"):
        start_model(store)
    assert not store.root.exists()
    put(0, activate=False)
    with pytest.raises(ModelError, match="no model is current; run edge store activate SHA"):
        start_model(store)


def test_a_busy_store_is_read_as_it_is(
    store: Store, put: Callable[..., str], capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A boot does not wait for an install to the end."""
    monkeypatch.setattr("edge.store.start._WAIT_S", 0)
    sha256 = put(0)
    with locked(store, "install 0123"):
        assert start_model(store) == store.model(sha256)
    assert "this start is not counted" in capsys.readouterr().err


def test_a_read_only_store_is_read_as_it_is(
    put: Callable[..., str], store: Store, small_disk: Callable[[str], Path], capsys
) -> None:
    """On a disk that cannot be written the current model runs, or the previous one if that is damaged."""
    import shutil
    import subprocess

    first, second = put(0), put(1)
    disk = small_disk("256k")
    there = Store(disk / "store")
    shutil.copytree(store.root, there.root, symlinks=True)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert start_model(there) == there.model(second)
    assert "Read-only file system" in capsys.readouterr().err
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    there.model(second).write_bytes(b"")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert start_model(there) == there.model(first)
