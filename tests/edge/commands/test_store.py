"""``edge store`` as a user and a script meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cli import main
from edge.store.compatibility import runtime_here
from edge.store.layout import Store

SUBCOMMANDS = ["install", "list", "verify", "activate", "rollback", "gc", "confirm", "current"]


def _json(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, object]:
    assert main(["store", *arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_help_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The example names the command."""
    assert main(["store", name, "--help"]) == 0
    assert f"example: edge store {name}" in " ".join(capsys.readouterr().out.split())


def test_a_model_from_file_to_current_and_back(
    store: Store, model: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole walk, for people, with real self-tests."""
    assert main(["store", "install", str(model(0)), "--activate"]) == 0
    first = capsys.readouterr().out.split()[0]
    assert main(["store", "install", str(model(1)), "--activate"]) == 0
    out = capsys.readouterr().out
    second = out.split()[0]
    assert out == f"{second} installed, confirmed by the self-test\n"
    assert main(["store", "install", str(model(1)), "--activate"]) == 0
    assert capsys.readouterr().out == f"{second} is current already, unchanged\n"
    assert main(["store", "current"]) == 0
    assert capsys.readouterr().out == f"{store.model(second)}\n"
    assert main(["store", "list"]) == 0
    facts = f"mobilenet_0.25_128 int8 {model(1).stat().st_size} bytes"
    assert capsys.readouterr().out == f"{second}  {facts}  current\n{first}  {facts}  previous\n"
    assert main(["store", "rollback"]) == 0
    assert capsys.readouterr() == (f"{first} is current\n", "")
    assert main(["store", "activate", second[:8]]) == 0
    assert capsys.readouterr().out == f"{second} is current, confirmed by the self-test\n"
    assert main(["store", "activate", first[:8]]) == 2
    assert "give --allow-older to activate it" in capsys.readouterr().err
    assert main(["store", "gc", "--keep", "1"]) == 0
    assert capsys.readouterr().out == "removed 0\n"


@pytest.mark.usefixtures("trusting")
def test_json(store: Store, model: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Every change answers with the situation after it."""
    first = _json(capsys, "install", str(model(0)), "--activate")
    sha256 = first["sha256"]
    assert first == {
        "sha256": sha256,
        "size_bytes": model(0).stat().st_size,
        "outcome": "installed",
        "signer": None,
        "self_test": {"runtime": "none"},
        "removed": [],
        "root": str(store.root),
        "current": sha256,
        "path": str(store.model(str(sha256))),
        "previous": None,
        "pending": False,
        "returned": None,
        "confirmed_by": "self-test",
    }
    second = _json(capsys, "install", str(model(1)), "--activate", "--health-window", "0")
    assert (second["pending"], second["confirmed_by"], second["previous"]) == (True, None, sha256)
    assert [entry["marks"] for entry in _json(capsys, "list")["models"]] == [["current", "pending"], ["previous"]]  # type: ignore[union-attr, index, attr-defined]
    assert _json(capsys, "list")["interpreter"] == runtime_here()._asdict()
    assert _json(capsys, "confirm")["pending"] is False
    back = _json(capsys, "rollback")
    assert back["returned"] == {
        "source": second["sha256"],
        "target": sha256,
        "reason": "edge store rollback was run",
        "by_itself": False,
    }
    assert _json(capsys, "current")["current"] == sha256
    assert _json(capsys, "gc")["removed"] == []
    assert _json(capsys, "activate", str(second["sha256"]))["current"] == second["sha256"]


@pytest.mark.usefixtures("trusting")
def test_verify(store: Store, put: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each model is whole or has its fault; one fault is exit code 65."""
    first, second = sorted((put(0), put(1)))
    assert main(["store", "verify"]) == 0
    assert capsys.readouterr().out == f"{first}  whole\n{second}  whole\n"
    store.model(second).write_bytes(b"x")
    assert main(["store", "verify", first]) == 0
    capsys.readouterr()
    answer = _json(capsys, "verify", code=65)
    fault = f"{second[:12]}: damaged on the disk; install it again"
    assert answer == {"models": [{"sha256": first, "fault": None}, {"sha256": second, "fault": fault}]}


def test_a_store_named_on_the_command_line(
    tmp_path: Path, model: Callable[..., Path], capsys: pytest.CaptureFixture[str], trusting: None
) -> None:
    """--root counts before $EDGE_STORE."""
    other = tmp_path / "card" / "var" / "lib" / "edge"
    assert main(["store", "--root", str(other), "install", str(model()), "--activate"]) == 0
    assert Store(other).linked("current")
    capsys.readouterr()
    assert main(["store", "current"]) == 65
    assert "no model is current; run edge store install FILE --activate" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["-1", "soon", "nan"])
def test_impossible_windows(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A window is a number of seconds."""
    assert main(["store", "activate", "00", f"--health-window={seconds}"]) == 2
    assert "is not a number of seconds, 0 or more" in capsys.readouterr().err


def test_two_installs_at_once(store: Store, model: Callable[..., Path]) -> None:
    """Two processes with two models: both succeed, one of the models is current, the other one previous."""
    files = [model(0), model(1)]
    command = [sys.executable, "-m", "edge", "store", "--root", str(store.root), "install", "--activate"]
    environment = {**os.environ, "EDGE_STATUS": os.devnull}
    processes = [
        subprocess.Popen([*command, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        for file in files
    ]
    for process in processes:
        _, err = process.communicate(timeout=120)
        assert process.returncode in (0, 65), err  # 65: the other one was activated before it was confirmed
    assert store.linked("current") in store.installed()
    assert len(store.installed()) == 2


def test_a_list_of_nothing(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty store is named, with what puts a model into it; stdout stays empty for scripts."""
    assert main(["store", "list"]) == 0
    line = f"edge: {store.root}: no model is installed; edge store install FILE --activate does it\n"
    assert capsys.readouterr() == ("", line)
