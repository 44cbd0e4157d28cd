"""The unit of ``edge serve``: what it runs, and what it may do."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge import cli
from edge.store.layout import Store
from support.printed_unit import printed_unit

pytestmark = pytest.mark.usefixtures("in_a_folder_with_models")
_MODELS = ("--model", "models/tiny-int8.tflite", "--model=f=models/tiny-float32.tflite")


@pytest.fixture(autouse=True)
def _no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)


def _unit(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, list[str]]:
    """The settings of the printed unit, each with all its values."""
    return printed_unit(capsys, "--serve", "--user", "pi", *arguments)


def test_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Models keep their names and have absolute paths; the token is a credential and stands nowhere in the unit."""
    (tmp_path / "token").write_text("hush\n")
    unit = _unit(capsys, "0.0.0.0:8080", *_MODELS, "--token-file", "token", "--top-k=3")
    assert shlex.split(unit["ExecStart"][0]) == [
        *(sys.executable, "-m", "edge", "serve", "0.0.0.0:8080"),
        *("--model", f"tiny-int8={tmp_path}/models/tiny-int8.tflite"),
        f"--model=f={tmp_path}/models/tiny-float32.tflite",
        *("--token-file", "${CREDENTIALS_DIRECTORY}/token", "--top-k=3"),
    ]
    assert unit["LoadCredential"] == [f"token:{tmp_path}/token"]
    assert unit["RequiresMountsFor"] == [f"{tmp_path}/models/tiny-{name}.tflite" for name in ("int8", "float32")]
    assert unit["Description"] == ["Edge for Poets: label pictures over HTTP"]
    assert unit["RuntimeDirectory"] == ["edge-serve"]
    assert unit["RestrictAddressFamilies"] == ["AF_UNIX AF_INET AF_INET6"]
    assert unit["PrivateDevices"] == ["yes"]
    assert (unit["WatchdogSec"], unit["TimeoutStartSec"]) == (["60"], ["infinity"])
    assert unit["TimeoutStopSec"] == ["15"]  # longer than requests are still answered


@pytest.mark.usefixtures("trusting")
def test_the_stores_model(capsys: pytest.CaptureFixture[str], store: Store, put: Callable[..., str]) -> None:
    """Without ``--model`` the unit names the link of the store, and lets the service write there."""
    put(0)
    unit = _unit(capsys, "8080")
    assert unit["ExecStart"][0].endswith(f"serve 8080 --model current={store.root}/current/model.tflite")
    assert unit["ReadWritePaths"] == [f"-{store.root}"]


def test_messages_and_refusals(capsys: pytest.CaptureFixture[str]) -> None:
    """Other machines need a token; two models of one name, two programs and a bad name are refused with one line."""
    assert cli.main(["service", "--serve", "--user", "pi", "0.0.0.0:8080", *_MODELS]) == 0
    assert "requests need a token: write EDGE_SERVE_TOKEN=... into /etc/edge-serve.env" in capsys.readouterr().err
    for arguments, words in (
        (("--serve", "8080", "--model", "a=x", "--model", "a=y"), "two models are called a"),
        (("--serve", "--teach", "8080"), "not allowed with argument"),
        (("--serve", "--name", "a b", "8080", *_MODELS), "--name a b: use letters"),
    ):
        assert cli.main(["service", *arguments]) == 2
        assert words in capsys.readouterr().err
