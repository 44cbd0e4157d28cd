"""Faults injected into the store: a few of each kind, and the order of its system calls."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.device.faults import kinds
from benchmarks.device.faults.power_loss import LOSSES, Disk
from benchmarks.device.faults.run import as_table, count_by_kind
from benchmarks.device.faults.scene import FaultResult, Scene, make_scenes
from benchmarks.device.faults.strace import Call, trace


def _strace_works() -> bool:
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


with_strace = pytest.mark.skipif(not _strace_works(), reason="there is no strace here, or it may not trace")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    """The stores that faults are injected into."""
    return make_scenes(tmp_path_factory.mktemp("scenes"))


@pytest.fixture(scope="module")
def calls(scenes: dict[str, Scene]) -> list[Call]:
    """The changes that installing and activating a model makes, in order."""
    with scenes["install"].store() as store:
        return trace(scenes["install"], store)


def _at(calls: list[Call], name: str, ending: str, begin: int = 0) -> int:
    """The first of ``calls`` from ``begin`` on with this name and this end of its last path."""
    for number, call in enumerate(calls[begin:], begin):
        paths = [part for part in call.arguments if isinstance(part, bytes)]
        if call.name == name and paths and paths[-1].endswith(ending.encode()):
            return number
    raise AssertionError(f"no {name} of {ending} from call {begin} on")


@with_strace
def test_the_order_of_what_reaches_the_disk(scenes: dict[str, Scene], calls: list[Call]) -> None:
    """Model, state and link: content synced before the name, the folder synced before the next step."""
    new = scenes["install"].new
    named = _at(calls, "rename", "/model.tflite")
    temporary = next(part for part in calls[named].arguments if isinstance(part, bytes)).decode()
    synced = _at(calls, "fsync", temporary)
    in_folder = _at(calls, "fsync", f".new-{new}", named)
    placed = _at(calls, "rename", f"models/{new}", in_folder)
    in_models = _at(calls, "fsync", "/models", placed)
    stated = _at(calls, "rename", "/state.json", in_models)
    in_root = _at(calls, "fsync", "/store", stated)
    linked = _at(calls, "rename", "/current", in_root)
    link_synced = _at(calls, "fsync", "/store", linked)
    back = _at(calls, "rename", "/previous", link_synced)
    assert synced < named < in_folder < placed < in_models < stated < in_root < linked < link_synced < back
    for number, call in enumerate(calls):
        if call.name == "rename" and str(call).split()[-1].startswith(".state.json"):
            source = next(part for part in call.arguments if isinstance(part, bytes)).decode()
            assert _at(calls, "fsync", source) < number


@with_strace
@pytest.mark.parametrize("kind", [kinds.killed, kinds.failed])
def test_interrupted_and_failing_steps(
    kind: Callable[[Scene], Iterator[FaultResult]],
    scenes: dict[str, Scene],
    calls: list[Call],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Around the switch of the link: old or new is current, and a repeat succeeds."""
    switch = _at(calls, "rename", "/current")
    some = [calls[switch], calls[switch + 1]]
    monkeypatch.setattr(kinds, "_calls", lambda scene: some)
    results = list(kind(scenes["install"]))
    assert [result.violation for result in results] == [None] * 2
    assert [result.current for result in results] == ["old", "new"]


@with_strace
def test_power_cuts(scenes: dict[str, Scene], calls: list[Call]) -> None:
    """On a disk that keeps only what was synced, the new model is current only once all of it is there."""
    results = list(itertools.islice(kinds.power_lost(scenes["rollback"]), 0, None, 9))
    assert [result.violation for result in results] == [None] * len(results)
    assert {"old", "new"} == {result.current for result in results}


def test_the_disk_model_forgets(scenes: dict[str, Scene], tmp_path: Path) -> None:
    """Written but not synced is lost; renamed in a folder that was not synced is not renamed."""
    with scenes["first"].store() as store:
        disk = Disk(store)
        root = str(store.root).encode()
        steps: list[tuple[str, list[str | bytes]]] = [
            ("openat", ["AT_FDCWD", root + b"/a", "O_CREAT"]),
            ("write", ["3", root + b"/a", b"text", "4"]),
            ("fsync", ["3", root]),
            ("rename", [root + b"/a", root + b"/b"]),
        ]
        for name, arguments in steps:
            disk.apply(Call(name, 1, arguments))
        kept = disk.write_to(tmp_path / "names", LOSSES[0]).root
        assert {path.name: path.read_bytes() for path in kept.iterdir()} == {"a": b""}
        kept = disk.write_to(tmp_path / "content", LOSSES[1]).root
        assert {path.name: path.read_bytes() for path in kept.iterdir()} == {"b": b""}
        disk.apply(Call("fsync", 1, ["3", root + b"/b"]))
        disk.apply(Call("fsync", 1, ["3", root]))
        kept = disk.write_to(tmp_path / "synced", LOSSES[0]).root
        assert {path.name: path.read_bytes() for path in kept.iterdir()} == {"b": b"text"}
        with pytest.raises(ValueError, match="not a call of this model"):
            disk.apply(Call("mknod", 1, []))


@pytest.mark.parametrize("kind", [kinds.truncated, kinds.flipped, kinds.decayed, kinds.full, kinds.together])
def test_damage_and_full_disks(kind: Callable[[Scene], Iterator[FaultResult]], scenes: dict[str, Scene]) -> None:
    """The first of each kind holds what is promised."""
    results = list(itertools.islice(kind(scenes["install"]), 1))
    if kind is kinds.full and not results:
        pytest.skip("mounting a small disk needs root")
    assert [result.violation for result in results] == [None]


def test_never_confirmed(scenes: dict[str, Scene]) -> None:
    """A model that edge watch never reports, and one that crashes at every start, give way."""
    results = list(kinds.never_confirmed(scenes["install"]))
    assert [(result.current, result.violation) for result in results] == [("old", None), ("old", None)]


def test_table() -> None:
    """One row a kind, in the order of their first fault, and the sum."""
    results = [FaultResult("a", "1", "old"), FaultResult("b", "1", "new"), FaultResult("a", "2", "new", "bad")]
    assert as_table(count_by_kind(results)).splitlines()[2:] == [
        "| a | 2 | 1 | 1 | 0 | 1 |",
        "| b | 1 | 0 | 1 | 0 | 0 |",
        "| **all** | **3** | **1** | **2** | **0** | **1** |",
    ]
